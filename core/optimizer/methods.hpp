// The lists of methods and wrappers. Adding one touches its header, this list and its test.
#pragma once

#include <tuple>

#include "core/optimizer/lamb.hpp"
#include "core/optimizer/lookahead.hpp"

namespace thalweg {

/// In the order of the menu, after the rules.
using Methods = std::tuple<Lamb>;

/// In the order of the menu.
using Wrappers = std::tuple<Lookahead>;

}  // namespace thalweg

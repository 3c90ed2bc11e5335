// The lists of methods and wrappers. Adding one touches its header, this list and its test.
#pragma once

#include <tuple>

#include "core/optimizer/delayed.hpp"
#include "core/optimizer/lamb.hpp"
#include "core/optimizer/lars.hpp"
#include "core/optimizer/local.hpp"
#include "core/optimizer/lookahead.hpp"
#include "core/optimizer/muon.hpp"
#include "core/optimizer/sam.hpp"
#include "core/optimizer/sophia.hpp"

namespace thalweg {

/// In the order of the menu, after the rules.
using Methods = std::tuple<Lars, Lamb, Muon, Sophia>;

/// In the order of the menu.
using Wrappers = std::tuple<Sam, Lookahead, Delayed, Local>;

}  // namespace thalweg

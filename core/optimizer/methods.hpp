// The lists of methods and wrappers. Adding one touches its header, this list and its test.
#pragma once

#include <tuple>

#include "core/optimizer/conjugate_gradient.hpp"
#include "core/optimizer/delayed.hpp"
#include "core/optimizer/gauss_newton.hpp"
#include "core/optimizer/lamb.hpp"
#include "core/optimizer/lars.hpp"
#include "core/optimizer/lbfgs.hpp"
#include "core/optimizer/local.hpp"
#include "core/optimizer/lookahead.hpp"
#include "core/optimizer/muon.hpp"
#include "core/optimizer/newton.hpp"
#include "core/optimizer/sam.hpp"
#include "core/optimizer/sophia.hpp"
#include "core/optimizer/spsa.hpp"

namespace thalweg {

/// In the order of the menu, after the rules.
using Methods =
    std::tuple<Lars, Lamb, Muon, Sophia, ConjugateGradient, Lbfgs, Newton, GaussNewton, Spsa>;

/// In the order of the menu.
using Wrappers = std::tuple<Sam, Lookahead, Delayed, Local>;

}  // namespace thalweg

// The list of element-wise rules, and a way to run one without virtual calls.
// Adding a rule touches its header, this list and its test.
#pragma once

#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "core/optimizer/adabelief.hpp"
#include "core/optimizer/adadelta.hpp"
#include "core/optimizer/adagrad.hpp"
#include "core/optimizer/adam.hpp"
#include "core/optimizer/adam_l2.hpp"
#include "core/optimizer/adamax.hpp"
#include "core/optimizer/adamw.hpp"
#include "core/optimizer/adan.hpp"
#include "core/optimizer/amsgrad.hpp"
#include "core/optimizer/asgd.hpp"
#include "core/optimizer/gradient_descent.hpp"
#include "core/optimizer/lion.hpp"
#include "core/optimizer/momentum.hpp"
#include "core/optimizer/nadam.hpp"
#include "core/optimizer/nesterov.hpp"
#include "core/optimizer/radam.hpp"
#include "core/optimizer/rmsprop.hpp"
#include "core/optimizer/rprop.hpp"
#include "core/optimizer/schedule_free.hpp"
#include "core/optimizer/signsgd.hpp"

namespace thalweg {

/// In the order of the menu.
using Rules = std::tuple<GradientDescent, Momentum, Nesterov, Adagrad, Adadelta, Rmsprop, Rprop, Adam, AdamL2,
                         AdamW, AmsGrad, Adamax, NAdam, RAdam, AdaBelief, Adan, Lion, SignSgd, Asgd,
                         ScheduleFreeSgd, ScheduleFreeAdamW>;

/// The place of the rule called `id` in Rules, or -1. optimizers.cpp answers it from the descriptors.
int rule_index(std::string_view id);

/// Calls `visitor(std::type_identity<Rule>{})` for the rule called `id`, for loops compiled for one
/// rule. Returns false, without a call, if there is none.
template <class Visitor>
bool visit_rule(std::string_view id, Visitor&& visitor) {
  const int wanted = rule_index(id);
  const auto visit = [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    return ((static_cast<int>(kIndex) == wanted &&
             (visitor(std::type_identity<std::tuple_element_t<kIndex, Rules>>{}), true)) ||
            ...);
  };
  return visit(std::make_index_sequence<std::tuple_size_v<Rules>>{});
}

}  // namespace thalweg

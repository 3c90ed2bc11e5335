// An element-wise rule at work on a small vector in double precision: the Stepper of every rule.
// Callers that want no virtual call use RuleStepper<Rule> itself (see visit_rule in rules.hpp).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "core/optimizer/optimizer.hpp"
#include "core/optimizer/rule.hpp"

namespace thalweg {

template <UpdateRule R>
class RuleStepper final : public Stepper {
  using Progress = typename R::Progress;
  static_assert(std::is_trivially_copyable_v<Progress>);
  static_assert(std::is_empty_v<Progress> || sizeof(Progress) % sizeof(double) == 0,
                "Progress is saved as doubles");
  static constexpr std::size_t kProgress = std::is_empty_v<Progress> ? 0 : sizeof(Progress) / sizeof(double);

 public:
  /// `spec` has passed check(); `dim` > 0.
  RuleStepper(const Spec& spec, int dim)
      : hyper_(R::hyper(spec)), dim_(dim), slots_(static_cast<std::size_t>(dim) * R::kSlots) {
    for (int i = 0; i < dim_; ++i) init_slots<R>(hyper_, slots_of(i));
  }

  void step(double* theta, double* gradient, double learning_rate) override {
    const auto constants = R::template prepare<double>(hyper_, learning_rate, ++steps_, progress_);
    last_ = constants;
    // Two dimensions unrolled: nearly every call, and the square roots and divisions of both elements
    // overlap.
    if (dim_ == 2) {
      R::update(theta[0], gradient[0], slots_of(0), constants);
      R::update(theta[1], gradient[1], slots_of(1), constants);
      return;
    }
    for (int i = 0; i < dim_; ++i) R::update(theta[i], gradient[i], slots_of(i), constants);
  }

  /// Throws std::logic_error if the change would give the state another meaning (the form of
  /// momentum); parameters marked live never do.
  void set(const Spec& spec) override {
    const auto next = R::hyper(spec);
    if constexpr (requires { R::keeps_state(hyper_, next); }) {
      if (!R::keeps_state(hyper_, next))
        throw std::logic_error("'" + spec.id + "' cannot change this setting while it runs");
    }
    hyper_ = next;
  }

  std::int64_t steps() const override { return steps_; }

  /// The step count, then the rule's Progress, then the slots of each element in turn.
  std::vector<double> save() const override {
    std::vector<double> state(1 + kProgress + slots_.size());
    state[0] = static_cast<double>(steps_);
    if constexpr (kProgress > 0)
      std::ranges::copy(std::bit_cast<std::array<double, kProgress>>(progress_), state.begin() + 1);
    std::ranges::copy(slots_, state.begin() + 1 + kProgress);
    return state;
  }

  /// Throws std::invalid_argument, and changes nothing, if `state` is not of this rule and dimension.
  void load(std::span<const double> state) override {
    constexpr double kMostSteps = 9007199254740992.0;  // 2^53: beyond it a double skips integers
    if (state.size() != 1 + kProgress + slots_.size() || !(state[0] >= 0.0 && state[0] <= kMostSteps) ||
        state[0] != std::floor(state[0]))
      throw std::invalid_argument("optimizer state does not belong to this rule and dimension");
    steps_ = static_cast<std::int64_t>(state[0]);
    if constexpr (kProgress > 0) {
      std::array<double, kProgress> numbers;
      std::ranges::copy(state.subspan(1, kProgress), numbers.begin());
      progress_ = std::bit_cast<Progress>(numbers);
    }
    std::ranges::copy(state.subspan(1 + kProgress), slots_.begin());
  }

  /// Those of the rule, then the rate in force where the rule has one.
  std::vector<StateQuantity> quantities() const override {
    std::vector<StateQuantity> out;
    if constexpr (HasState<R>) out = R::quantities(hyper_);
    if constexpr (HasEffectiveRate<R>) out.push_back({"ηᵢ", "effective rate", true, false});
    return out;
  }

  void look(std::span<double> out) const override {
    const auto dim = static_cast<std::size_t>(dim_);
    const std::size_t count = out.size() / dim;
    std::vector<double> values(count);
    for (std::size_t i = 0; i < dim; ++i) {
      const double* slots = slots_.data() + i * R::kSlots;
      if constexpr (HasState<R>) R::look(hyper_, progress_, last_, slots, values.data());
      if constexpr (HasEffectiveRate<R>)
        values.back() = steps_ > 0 ? R::effective_rate(slots, last_) : std::nan("");
      for (std::size_t k = 0; k < count; ++k) out[k * dim + i] = values[k];
    }
  }

 private:
  double* slots_of(int i) { return slots_.data() + static_cast<std::size_t>(i) * R::kSlots; }

  typename R::Hyper hyper_;
  [[no_unique_address]] Progress progress_ = {};
  typename R::template Step<double> last_ = {};  ///< the constants of the last step, for look()
  std::int64_t steps_ = 0;
  int dim_;
  std::vector<double> slots_;
};

}  // namespace thalweg

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

  void step(double* theta, double* gradient, double learning_rate, Objective<double>* = nullptr) override {
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

  void set(const Spec& spec) override {
    const auto next = R::hyper(spec);
    if constexpr (requires { R::keeps_state(hyper_, next); }) {
      if (!R::keeps_state(hyper_, next))
        throw std::logic_error("'" + spec.id + "' cannot change this setting while it runs");
    }
    hyper_ = next;
  }

  void shift(const double* by) override {
    if constexpr (HasPositions<R>)
      for (int i = 0; i < dim_; ++i) R::shift(by[i], slots_of(i), hyper_);
    else
      (void)by;
  }

  std::int64_t steps() const override { return steps_; }

  bool averages() const override { return HasAverage<R>; }
  void average(const double* theta, double* out) const override {
    for (int i = 0; i < dim_; ++i) {
      out[i] = theta[i];
      if constexpr (HasAverage<R>)
        if (steps_ > 0) out[i] = R::average(theta[i], slots_.data() + std::ptrdiff_t{i} * R::kSlots, hyper_);
    }
  }

  /// The step count and the rule's Progress; the slots of each element in turn.
  void write(StepperState<double>& out) const override {
    out.put(static_cast<double>(steps_));
    if constexpr (kProgress > 0)
      for (const double number : std::bit_cast<std::array<double, kProgress>>(progress_)) out.put(number);
    out.put(slots_);
  }

  void read(StateReader<double>& in) override {
    steps_ = in.count();
    if constexpr (kProgress > 0) {
      std::array<double, kProgress> numbers;
      for (double& number : numbers) number = in.scalar();
      progress_ = std::bit_cast<Progress>(numbers);
    }
    in.numbers(slots_);
  }

  /// Those of the rule, then the rate in force where the rule has one.
  std::vector<StateQuantity> quantities() const override {
    std::vector<StateQuantity> out;
    if constexpr (HasState<R>) out = R::quantities(hyper_);
    if constexpr (HasEffectiveRate<R>) out.push_back(kEffectiveRate);
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

  std::vector<Insight> insight() const override {
    const auto dim = static_cast<std::size_t>(dim_);
    std::vector<Insight> out;
    for (const StateQuantity& each : quantities())
      out.push_back({each.symbol, each.label, std::vector<double>(dim), each.positive, each.corrected});
    std::vector<double> values(out.size() * dim);
    look(values);
    for (std::size_t k = 0; k < out.size(); ++k)
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(k * dim), dim, out[k].values.begin());
    return out;
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

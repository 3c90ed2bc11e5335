// What the host keeps of an element-wise rule at work, whichever device its elements are on: settings,
// scalars that go on from step to step, the constants of one step.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "core/optimizer/rule.hpp"

namespace thalweg {

template <UpdateRule R>
class RuleState {
  using Progress = typename R::Progress;
  static constexpr std::size_t kProgress = std::is_empty_v<Progress> ? 0 : sizeof(Progress) / sizeof(double);

 public:
  explicit RuleState(const Spec& spec) : hyper_(R::hyper(spec)) {}

  const typename R::Hyper& hyper() const { return hyper_; }
  const typename R::template Step<float>& constants() const { return constants_; }

  /// Constants of step t = 1, 2, ...; once per step.
  void prepare(double learning_rate, std::int64_t t) {
    constants_ = R::template prepare<float>(hyper_, learning_rate, t, progress_);
  }

  /// False, and nothing changes, if the state would lose its meaning.
  bool set(const Spec& spec) {
    const auto next = R::hyper(spec);
    if constexpr (requires { R::keeps_state(hyper_, next); }) {
      if (!R::keeps_state(hyper_, next)) return false;
    }
    hyper_ = next;
    return true;
  }

  std::vector<double> save() const {
    if constexpr (kProgress == 0) {
      return {};
    } else {
      const auto numbers = std::bit_cast<std::array<double, kProgress>>(progress_);
      return {numbers.begin(), numbers.end()};
    }
  }

  bool load(std::span<const double> progress) {
    if (progress.size() != kProgress) return false;
    if constexpr (kProgress > 0) {
      std::array<double, kProgress> numbers;
      std::ranges::copy(progress, numbers.begin());
      progress_ = std::bit_cast<Progress>(numbers);
    }
    return true;
  }

 private:
  typename R::Hyper hyper_;
  [[no_unique_address]] Progress progress_ = {};
  typename R::template Step<float> constants_ = {};
};

}  // namespace thalweg

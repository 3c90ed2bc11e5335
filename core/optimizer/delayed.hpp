// Delayed gradients: each step is made with the gradient of τ steps ago, as by workers that compute while
// others update:  base.step(θₜ, g(θ_{t−τ})),  θₛ = θ₀ for s < 0.
//
// J. Langford, A. J. Smola, M. Zinkevich, "Slow learners are fast", NeurIPS 2009, Algorithm 1; F. Niu, B.
// Recht, C. Ré, S. J. Wright, "Hogwild!", NeurIPS 2011. Gradient descent on ½aθ² is stable as long as ηa < 2
// sin(π/(2(2τ+1))): 2, 1, 0.618, ... for τ = 0, 1, 2. A gradient keeps the sample that it was taken of
// (batch, noise); in the first τ steps the first one is made use of over and over.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/optimizer/wrapper.hpp"

namespace thalweg {

struct Delayed {
  static constexpr bool kAsksMore = false;

  static Descriptor describe() {
    return {.id = "delayed",
            .label = "Delayed gradient",
            .summary = "Every step is made with the gradient of some steps ago, as asynchronous workers do.",
            .formula = "g ← g(θ_{t−τ})",
            .reference = "Langford, Smola & Zinkevich 2009, Algorithm 1; Niu et al. 2011",
            .conventions =
                "In the first τ steps the first gradient is used over and over. A gradient keeps the sample "
                "that it was taken of. Around SPSA, which looks at no gradient, it changes nothing.",
            .parameters = {
                {.key = "delay",
                 .symbol = "τ",
                 .label = "delay",
                 .kind = Kind::kInteger,
                 .default_value = 1.0,
                 .min = 0.0,
                 .max = 64.0,
                 .soft_min = 0.0,
                 .soft_max = 16.0,
                 .unit = "steps",
                 .help = "How many steps old each gradient is. The largest stable rate shrinks with it, "
                         "about as π/(2τ+1)."}}};
  }

  static std::vector<std::string> pseudocode() {
    return {"waiting.append(g)", "if len(waiting) > τ + 1: waiting.pop(0)", "base.step(waiting[0])"};
  }

  template <class T>
  class At final : public Around<T> {
    using Around<T>::base_;

   public:
    At(const Spec& spec, const Layout& layout, const MakeBase<T>& make_base)
        : Around<T>(make_base()),
          delay_(static_cast<std::int64_t>(spec.number("delay"))),
          size_(static_cast<std::size_t>(size_of(layout))),
          waiting_(size_ * static_cast<std::size_t>(delay_)) {}

    void step(T* theta, T* gradient, double learning_rate, Objective<T>* objective) override {
      if (delay_ > 0) exchange(gradient);
      base_->step(theta, gradient, learning_rate, objective);
    }

    /// Throws std::logic_error for another delay, which has room for other gradients.
    void set(const Spec& spec) override {
      if (static_cast<std::int64_t>(spec.number("delay")) != delay_)
        throw std::logic_error("'" + spec.id + "' cannot change its delay while it runs");
      base_->set(spec);
    }

    void write(StepperState<T>& out) const override { this->write_with(out, waiting_); }
    void read(StateReader<T>& in) override { this->read_with(in, waiting_); }

   private:
    /// Leaves the gradient in the place of the oldest, and takes that.
    void exchange(T* gradient) {
      const std::int64_t t = base_->steps();
      T* const oldest = waiting_.data() + static_cast<std::size_t>(t % delay_) * size_;
      if (t == 0)
        for (std::int64_t i = 0; i < delay_; ++i)
          std::copy_n(gradient, size_, waiting_.begin() + i * static_cast<std::int64_t>(size_));
      std::swap_ranges(gradient, gradient + size_, oldest);
    }

    std::int64_t delay_;
    std::size_t size_;
    std::vector<T> waiting_;  ///< the last τ gradients, that of step t at t mod τ
  };
};

}  // namespace thalweg

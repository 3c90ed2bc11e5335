// SAM: the step that the inner optimizer makes with the gradient from the worst point near by:
//   ε = ρ g/‖g‖;  g' = ∇f(θ + ε);  base.step(θ, g').
// Adaptive (ASAM), the neighbourhood stretches with the weights: T = |θ| + 0.01, ε = ρ T²g/‖Tg‖.
//
// P. Foret, A. Kleiner, H. Mobahi, B. Neyshabur, "Sharpness-aware minimization for efficiently improving
// generalization", ICLR 2021, Algorithm 1 with p = 2. J. Kwon, J. Kim, H. Park, I. K. Choi, "ASAM", ICML
// 2021, Algorithm 1; 0.01 is its η, here for all parameters, where its code leaves biases and scales at T
// = 1. Norms are over all parameters. ε = 0 where g = 0 (codes add 1e-12 to the norm instead). Both gradients
// are of the same batch, dropout masks and noise; running statistics move with the first pass alone.
#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "core/optimizer/sums.hpp"
#include "core/optimizer/wrapper.hpp"

namespace thalweg {

struct Sam {
  static constexpr bool kAsksMore = true;
  static constexpr double kStabiliser = 0.01;  ///< of ASAM

  static Descriptor describe() {
    return {
        .id = "sam",
        .label = "SAM",
        .summary = "The gradient is taken uphill, at the worst point of a small ball: flat minima win.",
        .formula = "ε = ρ g/‖g‖,  g ← ∇f(θ + ε)",
        .reference = "Foret, Kleiner, Mobahi & Neyshabur 2021, Algorithm 1; Kwon et al. 2021, Algorithm 1",
        .conventions =
            "Norms are over all parameters. ε = 0 where g = 0, where codes add 1e-12 to the norm. Both "
            "gradients are of the same batch, dropout masks and noise. ASAM's η is 0.01, here for all "
            "parameters. Around SPSA, which looks at no gradient, it changes nothing.",
        .parameters = {
            {.key = "sam_rho",
             .symbol = "ρ",
             .label = "radius",
             .default_value = 0.05,
             .min = 0.0,
             .max = 1e3,
             .soft_min = 1e-3,
             .soft_max = 2.0,
             .scale = Scale::kLog,
             .help = "How far uphill the gradient is taken; 0: where the weights are.",
             .live = true},
            {.key = "adaptive",
             .symbol = "",
             .label = "adaptive",
             .kind = Kind::kBoolean,
             .default_value = 0.0,
             .help = "Stretches the ball along large weights, so that scaling a layer up and the "
                     "next one down changes nothing (ASAM; it takes a radius ten times as large)."}}};
  }

  static std::vector<std::string> pseudocode() {
    return {"g = ∇f(θ)", "T = |θ| + 0.01 if adaptive else 1", "ε = ρ T² g / ‖T g‖",
            "g = ∇f(θ + ε)  # the same batch", "base.step(g)  # at θ"};
  }

  template <class T>
  class At final : public Around<T> {
    using Around<T>::base_;

   public:
    At(const Spec& spec, const Layout& layout, const MakeBase<T>& make_base)
        : Around<T>(make_base()), shift_(static_cast<std::size_t>(size_of(layout))), there_(shift_.size()) {
      take(spec);
    }

    void step(T* theta, T* gradient, double learning_rate, Objective<T>* objective) override {
      Objective<T>& loss = asked(objective);
      climb(theta, gradient);
      loss.gradient(there_.data(), gradient);
      base_->step(theta, gradient, learning_rate, objective);
    }

    void set(const Spec& spec) override {
      base_->set(spec);
      take(spec);
    }
    /// It is the way uphill, also around a base that looks at none.
    bool uses_gradient() const override { return true; }

    std::vector<Insight> insight() const override {
      std::vector<Insight> out = base_->insight();
      out.push_back({"ε", "way uphill", {shift_.begin(), shift_.end()}});
      return out;
    }

    void write(StepperState<T>& out) const override { this->write_with(out, shift_); }
    void read(StateReader<T>& in) override { this->read_with(in, shift_); }

   private:
    T stretch(T weight) const {
      using std::abs;
      return adaptive_ ? abs(weight) + static_cast<T>(kStabiliser) : T(1);
    }

    void climb(const T* theta, const T* gradient) {
      double sum = 0.0;
      for (std::size_t i = 0; i < shift_.size(); ++i) {
        const double stretched = static_cast<double>(stretch(theta[i]) * gradient[i]);
        sum += stretched * stretched;
      }
      // Written so that a gradient that is NaN gives NaN.
      const T part = sum == 0.0 ? T(0) : static_cast<T>(rho_ / std::sqrt(sum));
      for (std::size_t i = 0; i < shift_.size(); ++i) {
        const T t = stretch(theta[i]);
        shift_[i] = part * (t * t * gradient[i]);
        there_[i] = theta[i] + shift_[i];
      }
    }

    void take(const Spec& spec) {
      rho_ = spec.number("sam_rho");
      adaptive_ = spec.flag("adaptive");
    }

    std::vector<T> shift_;  ///< ε of the last step
    std::vector<T> there_;  ///< θ + ε
    double rho_ = 0.0;
    bool adaptive_ = false;
  };
};

}  // namespace thalweg

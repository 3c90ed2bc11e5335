// Sophia: momentum over the diagonal of the Hessian, each coordinate's step clipped:
//   m ← β₁m + (1−β₁)g;  every k steps h ← β₂h + (1−β₂)ĥ;  θ ← (1−ηλ)θ − η clip(m/max(γh, ε), ρ).
//
// H. Liu, Z. Li, D. Hall, P. Liang, T. Ma, "Sophia: a scalable stochastic second-order optimizer for language
// model pre-training", ICLR 2024, Algorithm 3, where ρ is 1 (the first version has ρ and no γ). ĥ is exact on
// a surface; on a network Hutchinson's estimate or that of Gauss, Newton and Bartlett (Algorithms 1 and 2),
// of the whole batch. m and h start at 0 and are not corrected; h is estimated first at step 1. Where the
// curvature is negative or tiny, the step is η ρ in the direction of the momentum's sign. Decay is decoupled.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/optimizer/hyperparameters.hpp"
#include "core/optimizer/method.hpp"

namespace thalweg {

struct Sophia {
  static constexpr bool kAsksMore = true;

  static constexpr const char* kTraining = "lr=0.0002";

  static Descriptor describe() {
    Parameter epsilon = epsilon_parameter(1e-12);
    epsilon.min_open = true;
    epsilon.help = "The least curvature: below it a step is that of the momentum's sign.";
    return {
        .id = "sophia",
        .label = "Sophia",
        .summary = "Momentum divided by a running Hessian diagonal, and every coordinate's step clipped.",
        .formula = "θ ← (1−ηλ)θ − η clip(m / max(γh, ε), ρ),  every k steps h ← β₂h + (1−β₂) diag H",
        .reference = "Liu, Li, Hall, Liang & Ma 2024, Algorithm 3",
        .conventions =
            "The Hessian's diagonal is exact on a surface and an estimate on a network. The moments start at "
            "0 and are not corrected. ρ and γ are both there, as in the paper's two versions. Weight decay "
            "is decoupled.",
        .parameters = {
            learning_rate_parameter(0.01, 1e-5, 1.0),
            decay_rate_parameter("beta1", "β₁", "first moment", 0.96,
                                 "Memory of the mean gradient: about 1/(1−β₁) updates."),
            decay_rate_parameter("beta2", "β₂", "curvature", 0.99,
                                 "Memory of the Hessian's diagonal: about 1/(1−β₂) estimates."),
            Parameter{.key = "gamma",
                      .symbol = "γ",
                      .label = "curvature scale",
                      .default_value = 0.05,
                      .min = 0.0,
                      .max = 1e3,
                      .soft_min = 1e-3,
                      .soft_max = 1.0,
                      .scale = Scale::kLog,
                      .help =
                          "What the curvature is multiplied by: smaller clips more steps. The paper has 0.01 "
                          "with Hutchinson's estimate and 0.05 with that of Gauss, Newton and Bartlett.",
                      .live = true},
            Parameter{.key = "rho",
                      .symbol = "ρ",
                      .label = "longest step",
                      .default_value = 1.0,
                      .min = 0.0,
                      .max = 1e3,
                      .min_open = true,
                      .soft_min = 0.01,
                      .soft_max = 10.0,
                      .scale = Scale::kLog,
                      .help = "No coordinate moves by more than ηρ.",
                      .live = true},
            Parameter{.key = "period",
                      .symbol = "k",
                      .label = "estimate every",
                      .kind = Kind::kInteger,
                      .default_value = 10.0,
                      .min = 1.0,
                      .max = 1e6,
                      .soft_min = 1.0,
                      .soft_max = 100.0,
                      .unit = "steps",
                      .help = "Steps from one look at the curvature to the next."},
            epsilon, decoupled_decay_parameter(),
            Parameter{.key = "estimate",
                      .symbol = "",
                      .label = "estimate",
                      .kind = Kind::kChoice,
                      .default_value = std::string("gauss_newton_bartlett"),
                      .help =
                          "How a network's diagonal is found: from gradients of labels that the model itself "
                          "draws, or from the Hessian times random signs. On a surface it is exact.",
                      .choices = {"gauss_newton_bartlett", "hutchinson"}}}};
  }

  static std::vector<std::string> pseudocode() {
    return {"m ← β₁m + (1−β₁)g",
            "if t mod k = 1 (or k = 1):",
            "    ĥ = u ⊙ Hu of random u  (Hutchinson)",
            "    or B ĝ ⊙ ĝ, ĝ the gradient with labels drawn from the model  (Gauss-Newton-Bartlett)",
            "    h ← β₂h + (1−β₂)ĥ",
            "θ ← (1 − ηλ)θ",
            "θ ← θ − η clip(m / max(γh, ε), −ρ, ρ)"};
  }

  template <class T>
  class At final : public BasicStepper<T> {
   public:
    At(const Spec& spec, const Layout& layout)
        : m_(static_cast<std::size_t>(size_of(layout))), h_(m_.size()), estimate_(m_.size()) {
      set(spec);
    }

    void step(T* theta, T* gradient, double learning_rate, Objective<T>* objective) override {
      Objective<T>& loss = asked(objective);
      if (steps_ % period_ == 0) look(theta, loss);
      ++steps_;
      const T keep = static_cast<T>(beta1_), gain = static_cast<T>(1.0 - beta1_),
              gamma = static_cast<T>(gamma_),
              eps = std::max(static_cast<T>(eps_), std::numeric_limits<T>::min()),
              longest = static_cast<T>(rho_), rate = static_cast<T>(learning_rate),
              shrink = static_cast<T>(1.0 - learning_rate * decay_);
      for (std::size_t i = 0; i < m_.size(); ++i) {
        m_[i] = keep * m_[i] + gain * gradient[i];
        theta[i] = shrink * theta[i] - rate * clipped(m_[i], gamma * h_[i], eps, longest);
      }
    }

    void set(const Spec& spec) override {
      beta1_ = spec.number("beta1");
      beta2_ = spec.number("beta2");
      gamma_ = spec.number("gamma");
      rho_ = spec.number("rho");
      eps_ = spec.number("eps");
      decay_ = spec.number("weight_decay");
      period_ = static_cast<std::int64_t>(spec.number("period"));
      how_ = spec.text("estimate") == "hutchinson" ? DiagonalEstimate::kHutchinson
                                                   : DiagonalEstimate::kGaussNewtonBartlett;
    }
    std::int64_t steps() const override { return steps_; }

    std::vector<Insight> insight() const override {
      return {{"m", "first moment", {m_.begin(), m_.end()}}, {"h", "curvature", {h_.begin(), h_.end()}}};
    }

    void write(StepperState<T>& out) const override {
      out.put(static_cast<double>(steps_));
      out.put(m_);
      out.put(h_);
    }
    void read(StateReader<T>& in) override {
      steps_ = in.count();
      in.numbers(m_);
      in.numbers(h_);
    }

   private:
    /// Comparisons are written so that NaN passes; what is infinite gives NaN, or clipping would hide it.
    static T clipped(T m, T curvature, T eps, T longest) {
      const T step = m / (curvature < eps ? eps : curvature);
      return (step > longest ? longest : step < -longest ? -longest : step) + (m - m);
    }

    void look(const T* theta, Objective<T>& objective) {
      objective.hessian_diagonal(theta, how_, estimate_.data());
      const T keep = static_cast<T>(beta2_), gain = static_cast<T>(1.0 - beta2_);
      for (std::size_t i = 0; i < h_.size(); ++i) h_[i] = keep * h_[i] + gain * estimate_[i];
    }

    double beta1_ = 0.0, beta2_ = 0.0, gamma_ = 0.0, rho_ = 0.0, eps_ = 0.0, decay_ = 0.0;
    std::int64_t period_ = 1;
    DiagonalEstimate how_ = DiagonalEstimate::kGaussNewtonBartlett;
    std::int64_t steps_ = 0;
    std::vector<T> m_, h_, estimate_;
  };
};

}  // namespace thalweg

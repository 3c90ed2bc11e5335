// Newton's method: to the stationary point of the quadratic that has the function's slope and curvature here,
//   θ ← θ + η d,  (C + λI) d = −g,  in one of three forms:
//
//   plain        C = H: to the nearest stationary point of the quadratic whatever it is, a saddle or a
//   maximum,
//                too. Nocedal & Wright, Numerical Optimization (2006), section 3.3.
//   damped       the same direction, but halved until the loss has fallen by at least 10⁻⁴ of what the slope
//                promises (Armijo); where the direction leads uphill −g takes its place. Boyd & Vandenberghe,
//                Convex Optimization (2004), section 9.5.2; Nocedal & Wright, section 3.1.
//   saddle_free  C = |H|: H with the magnitudes of its eigenvalues, so that every direction leads downhill.
//                Y. Dauphin et al., "Identifying and attacking the saddle point problem in high-dimensional
//                non-convex optimization", NeurIPS 2014, section 6.
//
// λ is Levenberg's shift (Quart. Appl. Math. 2 (1944) 164–168); 0: none. A large one turns the step into that
// of gradient descent with the rate η/λ. The system is solved in the basis of H's eigenvectors. Where an
// eigenvalue (with λ) is 0 to rounding there is no Newton step along its vector, and none is made: the
// least-squares solution of least length (dense.hpp). Where no number of halvings helps the damped form stays
// where it is. Each step asks for the Hessian, which counts as one evaluation though it costs about n
// gradients.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/optimizer/dense.hpp"
#include "core/optimizer/hyperparameters.hpp"
#include "core/optimizer/method.hpp"
#include "core/optimizer/sums.hpp"

namespace thalweg {

struct Newton {
  static constexpr bool kAsksMore = true;

  static Descriptor describe() {
    return {
        .id = "newton",
        .label = "Newton",
        .summary = "One step solves a quadratic bowl: the gradient divided by the whole curvature.",
        .formula = "θ ← θ − η (H + λI)⁻¹ g",
        .reference =
            "Nocedal & Wright 2006, sections 3.1 and 3.3; saddle-free: Dauphin et al. 2014; λ: "
            "Levenberg 1944",
        .parameters = {learning_rate_parameter(1.0, 0.01, 2.0),
                       {.key = "form",
                        .symbol = "",
                        .label = "form",
                        .kind = Kind::kChoice,
                        .default_value = std::string("plain"),
                        .help = "plain: the step as it is, drawn to saddles, too; damped: halved until the "
                                "loss falls enough; saddle_free: with |H| for H.",
                        .choices = {"plain", "damped", "saddle_free"}},
                       {.key = "shift",
                        .symbol = "λ",
                        .label = "Levenberg's shift",
                        .default_value = 0.0,
                        .min = 0.0,
                        .max = 1e9,
                        .soft_min = 1e-4,
                        .soft_max = 1e3,
                        .scale = Scale::kLog,
                        .help = "Added to every curvature: between Newton's step (0) and gradient descent "
                                "(large).",
                        .live = true}}};
  }

  static std::vector<std::string> pseudocode() {
    return {"H ← ∇²f(θ)  (saddle_free: with the magnitudes of its eigenvalues)", "solve (H + λI) d = −g",
            "damped: if gᵀd ≥ 0: d ← −g; while f(θ + ηd) > f(θ) + 10⁻⁴ η gᵀd: η ← η / 2", "θ ← θ + η d"};
  }

  static std::string not_on_networks() {
    return "solves a system with the whole Hessian, n² numbers for n weights; gauss_newton and lbfgs do "
           "without";
  }

  template <class T>
  class At final : public BasicStepper<T> {
   public:
    At(const Spec& spec, const Layout& layout)
        : n_(static_cast<std::size_t>(size_of(layout))),
          asked_hessian_(n_ * n_),
          hessian_(n_ * n_),
          g_(n_),
          d_(n_),
          trial_(n_) {
      set(spec);
    }

    void step(T* theta, T* gradient, double learning_rate, Objective<T>* objective) override {
      Objective<T>& loss = asked(objective);
      if (!loss.hessian(theta, asked_hessian_.data()))
        throw std::logic_error("there is no Hessian to be had");
      hessian_.assign(asked_hessian_.begin(), asked_hessian_.end());
      g_.assign(gradient, gradient + n_);
      solve_symmetric(hessian_, g_, form_ == Form::kSaddleFree ? Curvature::kAbsolute : Curvature::kSigned,
                      shift_, d_);
      double rate = learning_rate;
      if (form_ == Form::kDamped) rate = backtrack(loss, theta, learning_rate);
      for (std::size_t i = 0; i < n_; ++i) theta[i] += static_cast<T>(rate * d_[i]);
      rate_ = rate;
      ++steps_;
    }

    void set(const Spec& spec) override {
      const std::string& form = spec.text("form");
      form_ = form == "damped" ? Form::kDamped : form == "saddle_free" ? Form::kSaddleFree : Form::kPlain;
      shift_ = spec.number("shift");
    }
    std::int64_t steps() const override { return steps_; }

    std::vector<Insight> insight() const override {
      return {{"d", "direction", d_}, {"η", "step size taken", std::vector<double>(n_, rate_)}};
    }

    void write(StepperState<T>& out) const override {
      out.put(static_cast<double>(steps_));
      out.put(rate_);
      for (const double x : d_) out.put(x);
    }
    void read(StateReader<T>& in) override {
      steps_ = in.count();
      rate_ = in.scalar();
      for (double& x : d_) x = in.scalar();
    }

   private:
    enum class Form { kPlain, kDamped, kSaddleFree };

    /// The first of rate, rate/2, rate/4, ... that lowers the loss enough; 0 if none does.
    double backtrack(Objective<T>& loss, const T* theta, double rate) {
      constexpr double kShare = 1e-4;
      constexpr int kMostHalvings = 60;
      const auto n = static_cast<std::int64_t>(n_);
      double slope = dot(g_.data(), d_.data(), n);
      if (slope >= 0.0) {
        for (std::size_t i = 0; i < n_; ++i) d_[i] = -g_[i];
        slope = -dot(g_.data(), g_.data(), n);
      }
      const double here = loss.loss_here();
      for (int k = 0; k <= kMostHalvings; ++k, rate *= 0.5) {
        for (std::size_t i = 0; i < n_; ++i) trial_[i] = theta[i] + static_cast<T>(rate * d_[i]);
        if (loss.loss(trial_.data()) <= here + kShare * rate * slope) return rate;
      }
      return 0.0;
    }

    std::size_t n_;
    Form form_ = Form::kPlain;
    double shift_ = 0.0;
    std::int64_t steps_ = 0;
    double rate_ = 0.0;  ///< of the last step
    std::vector<T> asked_hessian_;
    std::vector<double> hessian_, g_, d_;
    std::vector<T> trial_;
  };
};

}  // namespace thalweg

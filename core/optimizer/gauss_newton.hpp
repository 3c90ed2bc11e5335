// Gauss-Newton with Levenberg's and Marquardt's damping: Newton's step without the second derivatives of the
// model inside the loss, so that the curvature is never negative:
//   θ ← θ + η d,  (G + λI) d = −g,  G = Jᵀ H_L J
// with J the Jacobian of what the loss L is a function of, and H_L its Hessian by that.
//
// On a surface that is a sum of squares f = Σ rᵢ² that is G = 2 JᵀJ, solved as it is (dense.hpp; without
// damping a direction along which G is 0 is not gone): K. Levenberg, Quart. Appl. Math. 2 (1944) 164–168; D.
// Marquardt, J. SIAM 11 (1963) 431–441. On a network J is that of the outputs (N. Schraudolph, Neural
// Computation 14 (2002) 1723–1738), and G is never written down: a few iterations of linear conjugate
// gradient with products G v, begun at d = 0 (J. Martens, "Deep learning via Hessian-free optimization", ICML
// 2010, section 3). For cross-entropy on softmax outputs, and for the squared error, G is the Fisher matrix
// of the model's own predictions, so that this is the natural gradient (S. Amari, Neural Computation 10
// (1998) 251–276; J. Martens, "New insights and perspectives on the natural gradient method", JMLR 21 (2020),
// section 9). Products are of the evaluation mode.
//
// The damping follows how well the quadratic has foretold the loss, ρ = (f(θ) − f(θ + ηd)) / (its fall by the
// quadratic without λ), Martens 2010, section 4.1: λ ← λ/ν where ρ > ¾, λ ← νλ where ρ < ¼. Where the loss
// has not fallen at all nothing moves (Marquardt), and λ grows until it does. ν = 1 leaves λ alone: then
// every step is made and the loss is not asked for. Differs: Martens has ν = 3/2 throughout, begins conjugate
// gradient with the last d, and preconditions; the setting is λ at first, and a change of it scales the λ of
// the moment.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "core/optimizer/dense.hpp"
#include "core/optimizer/hyperparameters.hpp"
#include "core/optimizer/method.hpp"
#include "core/optimizer/sums.hpp"

namespace thalweg {

struct GaussNewton {
  static constexpr bool kAsksMore = true;
  static constexpr bool kNeedsSquares = true;

  static constexpr const char* kTraining = "lr=0.2,damping=1,adaptation=1,cg_iterations=5";

  static Descriptor describe();
  static std::vector<std::string> pseudocode() {
    return {"solve (G + λI) d = −g  (on a network: by a few conjugate gradient iterations with products G v)",
            "ρ ← (f(θ) − f(θ + ηd)) / −(η gᵀd + ½ η² dᵀGd)", "if ρ > 0: θ ← θ + η d",
            "if ρ > ¾: λ ← λ/ν;  if not ρ ≥ ¼: λ ← νλ"};
  }

  template <class T>
  class At final : public BasicStepper<T> {
   public:
    At(const Spec& spec, const Layout& layout)
        : n_(size_of(layout)), g_(count()), d_(count()), trial_(count()), residual_(count()) {
      set(spec);
    }

    void step(T* theta, T* gradient, double learning_rate, Objective<T>* objective) override {
      Objective<T>& loss = asked(objective);
      g_.assign(gradient, gradient + n_);
      const double lambda = damping_ * factor_;
      solve(loss, theta, lambda);
      for (std::size_t i = 0; i < d_.size(); ++i)
        trial_[i] = theta[i] + static_cast<T>(learning_rate) * d_[i];
      if (foretold(loss, learning_rate, lambda)) std::copy(trial_.begin(), trial_.end(), theta);
      ++steps_;
    }

    void set(const Spec& spec) override {
      damping_ = spec.number("damping");
      adaptation_ = spec.number("adaptation");
      iterations_ = static_cast<std::int64_t>(spec.number("cg_iterations"));
    }
    std::int64_t steps() const override { return steps_; }

    std::vector<Insight> insight() const override {
      return {{"d", "direction", {d_.begin(), d_.end()}},
              {"λ", "damping", std::vector<double>(count(), damping_ * factor_)},
              {"ρ", "fall of the loss, of that foretold", std::vector<double>(count(), ratio_)}};
    }

    void write(StepperState<T>& out) const override {
      out.put(static_cast<double>(steps_));
      out.put(factor_);
      out.put(ratio_);
      out.put(d_);
    }
    void read(StateReader<T>& in) override {
      steps_ = in.count();
      factor_ = in.scalar();
      ratio_ = in.scalar();
      in.numbers(d_);
    }

   private:
    std::size_t count() const { return static_cast<std::size_t>(n_); }
    double product(const std::vector<T>& a, const std::vector<T>& b) const {
      return dot(a.data(), b.data(), n_);
    }

    void solve(Objective<T>& loss, const T* theta, double lambda) {
      if constexpr (std::is_same_v<T, double>) {
        matrix_.resize(count() * count());
        if (loss.gauss_newton(theta, matrix_.data())) {
          solve_symmetric(matrix_, g_, Curvature::kSigned, lambda, d_);
          return;
        }
      }
      iterate(loss, theta, lambda);
    }

    /// Linear conjugate gradient from d = 0; Nocedal & Wright 2006, Algorithm 5.2.
    void iterate(Objective<T>& loss, const T* theta, double lambda) {
      constexpr double kSmallEnough = 1e-6;  // of the residual, against g
      std::ranges::fill(d_, T(0));
      for (std::size_t i = 0; i < g_.size(); ++i) residual_[i] = -g_[i];
      along_ = residual_;
      image_.resize(count());
      const double first = product(g_, g_);
      double square = first;
      for (std::int64_t k = 0; k < iterations_ && !(square <= kSmallEnough * kSmallEnough * first); ++k) {
        if (!loss.gauss_newton_product(theta, along_.data(), image_.data()))
          throw std::logic_error("there is no Gauss-Newton matrix to be had");
        const double bent = product(along_, image_) + lambda * product(along_, along_);
        if (bent == 0.0) return;  // flat, and nothing holds it back
        const double t = square / bent;
        for (std::size_t i = 0; i < d_.size(); ++i) {
          d_[i] += static_cast<T>(t) * along_[i];
          residual_[i] -= static_cast<T>(t) * (image_[i] + static_cast<T>(lambda) * along_[i]);
        }
        const double next = product(residual_, residual_);
        const T beta = static_cast<T>(next / square);
        for (std::size_t i = 0; i < d_.size(); ++i) along_[i] = residual_[i] + beta * along_[i];
        square = next;
      }
    }

    /// Whether to go to trial_; brings the damping up to date.
    bool foretold(Objective<T>& loss, double rate, double lambda) {
      if (adaptation_ == 1.0) return true;
      const double slope = product(g_, d_);
      if (slope == 0.0) return true;  // at a minimum to the last bit: nothing is foretold
      const double bent = -slope - lambda * product(d_, d_);  // dᵀGd, since (G + λI) d = −g
      const double fall = loss.loss_here() - loss.loss(trial_.data());
      ratio_ = fall / -(rate * slope + 0.5 * rate * rate * bent);
      if (fall > 0.0 && ratio_ > 0.75)
        factor_ = std::max(factor_ / adaptation_, kLeastFactor);
      else if (!(fall > 0.0 && ratio_ >= 0.25))
        factor_ = std::min(factor_ * adaptation_, 1.0 / kLeastFactor);
      return fall > 0.0;
    }

    static constexpr double kLeastFactor = 1e-30;

    std::int64_t n_;
    double damping_ = 0.0, adaptation_ = 1.0;
    std::int64_t iterations_ = 1;

    std::int64_t steps_ = 0;
    double factor_ = 1.0;  ///< the damping of the moment, of that set
    double ratio_ = 0.0;   ///< ρ of the last step
    std::vector<T> g_, d_;

    // Of the step that is made.
    std::vector<double> matrix_;
    std::vector<T> trial_, residual_, along_, image_;
  };
};

}  // namespace thalweg

// LARS: momentum whose rate is, tensor by tensor, in proportion to the weights' length over the gradient's:
//   r = τ‖θ‖ / (‖g‖ + λ‖θ‖);  v ← μv + η r (g + λθ);  θ ← θ − v.
//
// Y. You, I. Gitman, B. Ginsburg, "Large batch training of convolutional networks", 2017, Algorithm 1 (the
// paper writes η for our τ, γ for our η, β for our λ). Weight decay stands in the ratio, so that r‖g + λθ‖ is
// at most τ‖θ‖. The velocity carries the rate that was in force, as in the paper; some implementations keep
// it out of v, which is the same while the rate stays. The ratio is 1 where ‖θ‖ or ‖g‖ is 0: else a bias that
// begins at 0 would never move (the paper does not say).
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "core/optimizer/hyperparameters.hpp"
#include "core/optimizer/method.hpp"
#include "core/optimizer/sums.hpp"
#include "core/optimizer/torch_classes.hpp"

namespace thalweg {

struct Lars {
  static constexpr bool kAsksMore = false;

  static constexpr const char* kTraining = "lr=1";

  static Descriptor describe() {
    return {
        .id = "lars",
        .label = "LARS",
        .summary = "Momentum whose step is, tensor by tensor, a fixed share of the weights' length.",
        .formula = "v ← μv + η τ‖θ‖/(‖g‖ + λ‖θ‖) (g + λθ),  θ ← θ − v",
        .reference = "You, Gitman & Ginsburg 2017, Algorithm 1",
        .conventions =
            "The paper writes η for our τ, γ for our η and β for our λ. The velocity carries the rate, as in "
            "the paper. The ratio is 1 where weights or gradient have no length.",
        .parameters = {learning_rate_parameter(2.0, 1e-3, 100.0), momentum_parameter(0.9),
                       Parameter{.key = "trust_coefficient",
                                 .symbol = "τ",
                                 .label = "trust coefficient",
                                 .default_value = 0.001,
                                 .min = 0.0,
                                 .max = 1e3,
                                 .min_open = true,
                                 .soft_min = 1e-4,
                                 .soft_max = 1.0,
                                 .scale = Scale::kLog,
                                 .help = "Length of a step with η = 1, as a share of the weights' length.",
                                 .live = true},
                       l2_parameter()}};
  }

  static TorchCall torch(const Spec& spec, bool) {
    TorchCall call{
        "LARS",
        {torch_argument("lr", spec.number("lr")), torch_argument("momentum", spec.number("momentum")),
         torch_argument("trust_coefficient", spec.number("trust_coefficient")),
         torch_argument("weight_decay", spec.number("weight_decay"), 0.0)}};
    call.definition = element_class(
        "LARS", "You, Gitman & Ginsburg 2017, Algorithm 1: each tensor has a rate of its own.",
        "momentum=0.9, trust_coefficient=0.001, weight_decay=0",
        "momentum=momentum, trust_coefficient=trust_coefficient, weight_decay=weight_decay", {"v"},
        {"decay, length, slope = group[\"weight_decay\"], p.norm(), g.norm()",
         "trust = group[\"trust_coefficient\"] * length / (slope + decay * length) if length > 0 and slope > "
         "0 else 1",
         "s[\"v\"] = group[\"momentum\"] * s[\"v\"] + lr * trust * (g + decay * p)", "p -= s[\"v\"]"});
    return call;
  }

  template <class T>
  class At final : public BasicStepper<T> {
   public:
    At(const Spec& spec, const Layout& layout)
        : layout_(layout), v_(static_cast<std::size_t>(size_of(layout))), trust_(layout.size()) {
      set(spec);
    }

    void step(T* theta, T* gradient, double learning_rate, Objective<T>*) override {
      ++steps_;
      for (std::size_t i = 0; i < layout_.size(); ++i)
        trust_[i] = step(layout_[i], theta, gradient, learning_rate);
    }

    void set(const Spec& spec) override {
      momentum_ = spec.number("momentum");
      coefficient_ = spec.number("trust_coefficient");
      decay_ = spec.number("weight_decay");
    }
    std::int64_t steps() const override { return steps_; }

    std::vector<Insight> insight() const override {
      return {{"v", "velocity", {v_.begin(), v_.end()}},
              {"r", "trust ratio", by_coordinate(layout_, trust_)}};
    }

    void write(StepperState<T>& out) const override {
      out.put(static_cast<double>(steps_));
      for (const double ratio : trust_) out.put(ratio);
      out.put(v_);
    }
    void read(StateReader<T>& in) override {
      steps_ = in.count();
      for (double& ratio : trust_) ratio = in.scalar();
      in.numbers(v_);
    }

   private:
    /// Returns the trust ratio.
    double step(const TensorShape& tensor, T* theta, const T* gradient, double learning_rate) {
      const std::int64_t first = tensor.offset, last = first + tensor.size();
      const double length = norm(theta + first, tensor.size());
      const double slope = norm(gradient + first, tensor.size());
      // Written so that NaN is not taken for a reason to leave the ratio alone.
      const double trust =
          length == 0.0 || slope == 0.0 ? 1.0 : coefficient_ * length / (slope + decay_ * length);
      const T rate = static_cast<T>(learning_rate * trust), keep = static_cast<T>(momentum_),
              decay = static_cast<T>(decay_);
      for (std::int64_t i = first; i < last; ++i) {
        T& v = v_[static_cast<std::size_t>(i)];
        v = keep * v + rate * (gradient[i] + decay * theta[i]);
        theta[i] -= v;
      }
      return trust;
    }

    Layout layout_;
    double momentum_ = 0.0, coefficient_ = 0.0, decay_ = 0.0;
    std::int64_t steps_ = 0;
    std::vector<T> v_;
    std::vector<double> trust_;  ///< of the last step, tensor by tensor
  };
};

}  // namespace thalweg

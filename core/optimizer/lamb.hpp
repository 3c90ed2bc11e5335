// LAMB: Adam's step, with decay, scaled tensor by tensor to a share of the weights' own length:
//   m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  u = m̂ / (√v̂ + ε) + λθ,  θ ← θ − η (‖θ‖/‖u‖) u.
//
// Y. You et al., "Large batch optimization for deep learning: training BERT in 76 minutes", ICLR 2020,
// Algorithm 2, with φ(z) = z. The trust ratio ‖θ‖/‖u‖ is 1 where either norm is 0: else a bias that begins at
// 0 would never move (the paper does not say; its code does the same). ε outside the root, after the bias
// correction. The learning rate is a share of the norm: η = 0.01 moves each tensor by 1 % of its length.
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/optimizer/adam_moments.hpp"
#include "core/optimizer/method.hpp"
#include "core/optimizer/sums.hpp"

namespace thalweg {

struct Lamb {
  static constexpr bool kAsksMore = false;

  static constexpr const char* kTraining = "lr=0.005";

  static Descriptor describe() {
    return {.id = "lamb",
            .label = "LAMB",
            .summary = "Adam whose step is, tensor by tensor, a fixed share of the weights' length.",
            .formula = "u = m̂ / (√v̂ + ε) + λθ,  θ ← θ − η (‖θ‖/‖u‖) u",
            .reference = "You et al. 2020, Algorithm 2",
            .conventions =
                "The trust ratio is 1 where the weights or the step have no length, and φ(z) = z. Weights "
                "and biases each have a ratio of their own.",
            .parameters = {learning_rate_parameter(0.02, 1e-4, 1.0), beta1_parameter(), beta2_parameter(),
                           epsilon_parameter(1e-6), decoupled_decay_parameter(0.01),
                           bias_correction_parameter()}};
  }

  static TorchCall torch(const Spec& spec, bool) {
    TorchCall call = adam_torch("LAMB", spec);
    call.callee = "LAMB";
    call.arguments.push_back(torch_argument("weight_decay", spec.number("weight_decay")));
    const bool corrected = spec.flag("bias_correction");
    call.definition =
        element_class("LAMB", "You et al. 2020, Algorithm 2: each tensor moves by a share of its length.",
                      "betas=(0.9, 0.999), eps=1e-6, weight_decay=0",
                      "betas=betas, eps=eps, weight_decay=weight_decay", {"m", "v"},
                      {"b1, b2 = group[\"betas\"]", "s[\"m\"] = b1 * s[\"m\"] + (1 - b1) * g",
                       "s[\"v\"] = b2 * s[\"v\"] + (1 - b2) * g**2",
                       corrected ? "u = s[\"m\"] / (1 - b1**t) / ((s[\"v\"] / (1 - b2**t)).sqrt() + "
                                   "group[\"eps\"])"
                                 : "u = s[\"m\"] / (s[\"v\"].sqrt() + group[\"eps\"])",
                       "u = u + group[\"weight_decay\"] * p", "length, move = p.norm(), u.norm()",
                       "p -= lr * (length / move if length > 0 and move > 0 else 1) * u"});
    return call;
  }

  template <class T>
  class At final : public BasicStepper<T> {
   public:
    At(const Spec& spec, const Layout& layout)
        : hyper_(adam_hyper(spec, AdamDecay::kNone)),
          layout_(layout),
          m_(static_cast<std::size_t>(size_of(layout))),
          v_(m_.size()),
          u_(m_.size()),
          trust_(layout.size(), 1.0) {}

    void step(T* theta, T* gradient, double learning_rate, Objective<T>*) override {
      const auto constants = prepare_adam<T>(hyper_, 1.0, ++steps_, progress_);
      for (std::size_t i = 0; i < layout_.size(); ++i)
        trust_[i] = step(layout_[i], theta, gradient, learning_rate, constants);
    }

    void set(const Spec& spec) override { hyper_ = adam_hyper(spec, AdamDecay::kNone); }
    std::int64_t steps() const override { return steps_; }

    std::vector<Insight> insight() const override {
      return {{"m", "first moment", {m_.begin(), m_.end()}},
              {"v", "second moment", {v_.begin(), v_.end()}, true},
              {"‖θ‖/‖u‖", "trust ratio", by_coordinate(layout_, trust_), true}};
    }

    void write(StepperState<T>& out) const override {
      out.put(static_cast<double>(steps_));
      for (const double number : {progress_.beta1, progress_.beta2, progress_.power1, progress_.power2})
        out.put(number);
      for (const double ratio : trust_) out.put(ratio);
      out.put(m_);
      out.put(v_);
    }
    void read(StateReader<T>& in) override {
      steps_ = in.count();
      for (double* number : {&progress_.beta1, &progress_.beta2, &progress_.power1, &progress_.power2})
        *number = in.scalar();
      for (double& ratio : trust_) ratio = in.scalar();
      in.numbers(m_);
      in.numbers(v_);
    }

   private:
    double step(const TensorShape& tensor, T* theta, const T* gradient, double learning_rate,
                const AdamStep<T>& constants) {
      const std::int64_t first = tensor.offset, last = first + tensor.size();
      for (std::int64_t i = first; i < last; ++i) {
        const auto k = static_cast<std::size_t>(i);
        update_moments(gradient[i], m_[k], v_[k], constants);
        u_[k] = adam_move(m_[k], v_[k], constants) + static_cast<T>(hyper_.weight_decay) * theta[i];
      }
      const double length = norm(theta + first, tensor.size());
      const double move = norm(u_.data() + first, tensor.size());
      // Written so that NaN is not taken for a reason to leave the ratio alone.
      const double trust = length == 0.0 || move == 0.0 ? 1.0 : length / move;
      const T rate = static_cast<T>(learning_rate * trust);
      for (std::int64_t i = first; i < last; ++i) theta[i] -= rate * u_[static_cast<std::size_t>(i)];
      return trust;
    }

    AdamHyper hyper_;
    AdamProgress progress_;
    std::int64_t steps_ = 0;
    Layout layout_;
    std::vector<T> m_, v_;
    std::vector<T> u_;           ///< of the step that is made
    std::vector<double> trust_;  ///< of the last step, tensor by tensor
  };
};

}  // namespace thalweg

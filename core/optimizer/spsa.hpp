// SPSA: the slope along one random direction Δ, from two values of the loss, takes the gradient's place:
//   ĝ = (f(θ + c_k Δ) − f(θ − c_k Δ)) / (2 c_k) · Δ,  θ ← θ − a_k ĝ,  k = 0, 1, 2, ...
//   a_k = η (A + 1)^α / (k + 1 + A)^α,  c_k = c / (k + 1)^γ.
//
// J. C. Spall, "Multivariate stochastic approximation using a simultaneous perturbation gradient
// approximation", IEEE Trans. Automatic Control 37 (1992) 332–341, eqs. (2.1)-(2.2): Δ of random signs, whose
// inverses are themselves. Gains: J. C. Spall, "Implementation of the simultaneous perturbation algorithm for
// stochastic optimization", IEEE Trans. Aerospace Electronic Systems 34 (1998) 817–823, section III, who
// advises α = 0.602, γ = 0.101, A a tenth of the steps. With normal numbers for Δ and α = γ = 0 it is MeZO:
// S. Malladi et al., "Fine-tuning language models with just forward passes", NeurIPS 2023, Algorithm 1.
//
// Differs: a_0 is η itself, whatever A (Spall's a is η (A + 1)^α), so that the rate that a schedule gives is
// the one in force. The directions come by counter from the run's seed; both values are of the same sample,
// which is Spall's common random numbers and MeZO's one batch. θ is kept while the loss is looked at, where
// MeZO goes there and back and saves the memory. The gradient is neither asked for nor used: clipping does
// nothing.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/optimizer/hyperparameters.hpp"
#include "core/optimizer/method.hpp"
#include "core/random/philox.hpp"

namespace thalweg {

struct Spsa {
  static constexpr bool kAsksMore = true;

  static Descriptor describe() {
    return {
        .id = "spsa",
        .label = "SPSA (MeZO)",
        .summary = "No gradient: two values of the loss, on either side along a random direction.",
        .formula = "ĝ = (f(θ + cΔ) − f(θ − cΔ)) / 2c · Δ,  θ ← θ − η ĝ",
        .reference = "Spall 1992, eqs. (2.1)-(2.2), and 1998; as MeZO: Malladi et al. 2023, Algorithm 1",
        .parameters = {learning_rate_parameter(5e-4, 1e-5, 0.1),
                       {.key = "perturbation",
                        .symbol = "c",
                        .label = "perturbation",
                        .default_value = 1e-3,
                        .min = 0.0,
                        .max = 1e3,
                        .min_open = true,
                        .soft_min = 1e-5,
                        .soft_max = 1.0,
                        .scale = Scale::kLog,
                        .help = "How far to either side the loss is looked at: far averages noise and bends "
                                "out, near loses digits.",
                        .live = true},
                       {.key = "direction",
                        .symbol = "Δ",
                        .label = "directions",
                        .kind = Kind::kChoice,
                        .default_value = std::string("rademacher"),
                        .help = "rademacher: random signs, as Spall; gaussian: normal numbers, as MeZO.",
                        .choices = {"rademacher", "gaussian"}},
                       {.key = "gain_decay",
                        .symbol = "α",
                        .label = "decay of the rate",
                        .default_value = 0.0,
                        .min = 0.0,
                        .max = 1.0,
                        .soft_min = 0.0,
                        .soft_max = 1.0,
                        .help = "The rate falls as (k + 1 + A) to the power −α; Spall's value is 0.602.",
                        .live = true},
                       {.key = "perturbation_decay",
                        .symbol = "γ",
                        .label = "decay of the perturbation",
                        .default_value = 0.0,
                        .min = 0.0,
                        .max = 0.5,
                        .soft_min = 0.0,
                        .soft_max = 0.5,
                        .help = "The perturbation falls as (k + 1) to the power −γ; Spall's value is 0.101.",
                        .live = true},
                       {.key = "stability",
                        .symbol = "A",
                        .label = "stability constant",
                        .default_value = 0.0,
                        .min = 0.0,
                        .max = 1e9,
                        .soft_min = 0.0,
                        .soft_max = 1000.0,
                        .unit = "steps",
                        .help = "Puts off the decay of the rate: a tenth of the steps, says Spall.",
                        .live = true}}};
  }

  static std::vector<std::string> pseudocode() {
    return {"Δ ← random signs (or normal numbers)", "c ← c₀ / (k + 1)^γ",
            "slope ← (f(θ + cΔ) − f(θ − cΔ)) / 2c", "θ ← θ − η ((A + 1) / (k + 1 + A))^α slope Δ"};
  }

  template <class T>
  class At final : public BasicStepper<T> {
   public:
    At(const Spec& spec, const Layout& layout)
        : direction_(static_cast<std::size_t>(size_of(layout))), probe_(direction_.size()) {
      set(spec);
    }

    void step(T* theta, T*, double learning_rate, Objective<T>* objective) override {
      Objective<T>& loss = asked(objective);
      const auto k = static_cast<double>(steps_);
      draw(loss.seed());
      const double c = c_ / std::pow(k + 1.0, gamma_);
      const double ahead = look(loss, theta, c);
      const double behind = look(loss, theta, -c);
      slope_ = (ahead - behind) / (2.0 * c);
      const double rate = learning_rate * std::pow((stability_ + 1.0) / (k + 1.0 + stability_), alpha_);
      const T move = static_cast<T>(rate * slope_);
      for (std::size_t i = 0; i < direction_.size(); ++i) theta[i] -= move * direction_[i];
      ++steps_;
    }

    void set(const Spec& spec) override {
      c_ = spec.number("perturbation");
      gaussian_ = spec.text("direction") == "gaussian";
      alpha_ = spec.number("gain_decay");
      gamma_ = spec.number("perturbation_decay");
      stability_ = spec.number("stability");
    }
    std::int64_t steps() const override { return steps_; }
    bool uses_gradient() const override { return false; }

    std::vector<Insight> insight() const override {
      std::vector<double> estimate;
      for (const T x : direction_) estimate.push_back(slope_ * static_cast<double>(x));
      return {{"Δ", "direction", {direction_.begin(), direction_.end()}},
              {"ĝ", "estimate of the gradient", std::move(estimate)}};
    }

    void write(StepperState<T>& out) const override {
      out.put(static_cast<double>(steps_));
      out.put(slope_);
      out.put(direction_);
    }
    void read(StateReader<T>& in) override {
      steps_ = in.count();
      slope_ = in.scalar();
      in.numbers(direction_);
    }

   private:
    void draw(std::uint64_t seed) {
      const auto step = static_cast<std::uint64_t>(steps_);
      if (gaussian_) {
        for (std::size_t i = 0; i < direction_.size(); i += 2) {
          const auto pair =
              normal_pair(seed, RandomStream::kPerturbation, step, static_cast<std::uint32_t>(i / 2));
          direction_[i] = static_cast<T>(pair[0]);
          if (i + 1 < direction_.size()) direction_[i + 1] = static_cast<T>(pair[1]);
        }
        return;
      }
      for (std::size_t i = 0; i < direction_.size(); i += 128) {
        const PhiloxBlock words =
            random_words(seed, RandomStream::kPerturbation, step, static_cast<std::uint32_t>(i / 128));
        for (std::size_t k = i; k < std::min(i + 128, direction_.size()); ++k)
          direction_[k] = (words[(k - i) / 32] >> ((k - i) % 32)) & 1u ? T(1) : T(-1);
      }
    }

    double look(Objective<T>& loss, const T* theta, double far) {
      for (std::size_t i = 0; i < probe_.size(); ++i)
        probe_[i] = theta[i] + static_cast<T>(far) * direction_[i];
      return loss.loss(probe_.data());
    }

    double c_ = 1e-3, alpha_ = 0.0, gamma_ = 0.0, stability_ = 0.0;
    bool gaussian_ = false;
    std::int64_t steps_ = 0;
    double slope_ = 0.0;  ///< along the last direction
    std::vector<T> direction_;
    std::vector<T> probe_;  ///< of the step that is made
  };
};

}  // namespace thalweg

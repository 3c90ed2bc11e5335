// Lookahead: every k steps of the inner optimizer the slow weights φ go a part of the way to where it has
// come, and it starts again from there:  φ ← φ + α(θ − φ),  θ ← φ.
//
// M. Zhang, J. Lucas, G. Hinton, J. Ba, "Lookahead optimizer: k steps forward, 1 step back", NeurIPS 2019,
// Algorithm 1. The inner optimizer keeps its state when θ is set back (the paper's default); positions that
// it has in mind (θ₋₁ of Polyak's heavy ball, z of Schedule-Free) move along with θ. In between θ is what is
// seen and evaluated.
#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/optimizer/wrapper.hpp"

namespace thalweg {

struct Lookahead {
  static constexpr bool kAsksMore = false;

  static Descriptor describe() {
    return {
        .id = "lookahead",
        .label = "Lookahead",
        .summary = "Every few steps the weights fall back to a point on the way from where they began.",
        .formula = "every k steps: φ ← φ + α(θ − φ),  θ ← φ",
        .reference = "Zhang, Lucas, Hinton & Ba 2019, Algorithm 1",
        .conventions =
            "The inner optimizer keeps its state when θ is set back, which is the paper's default. Between "
            "two synchronisations the fast weights are what is seen.",
        .parameters = {{.key = "sync_period",
                        .symbol = "k",
                        .label = "synchronisation period",
                        .kind = Kind::kInteger,
                        .default_value = 5.0,
                        .min = 1.0,
                        .max = 1e6,
                        .soft_min = 1.0,
                        .soft_max = 50.0,
                        .unit = "steps",
                        .help = "Steps of the inner optimizer from one step of the slow weights to the next.",
                        .live = true},
                       {.key = "slow_step",
                        .symbol = "α",
                        .label = "slow weights step size",
                        .default_value = 0.5,
                        .min = 0.0,
                        .max = 1.0,
                        .min_open = true,
                        .soft_min = 0.05,
                        .soft_max = 1.0,
                        .help = "How far the slow weights go towards the fast ones; 1: all the way.",
                        .live = true}}};
  }

  static std::vector<std::string> pseudocode() {
    return {"base.step(g)", "if t mod k = 0:", "    φ ← φ + α(θ − φ)", "    θ ← φ"};
  }

  template <class T>
  class At final : public Around<T> {
    using Around<T>::base_;

   public:
    At(const Spec& spec, const Layout& layout, const MakeBase<T>& make_base)
        : Around<T>(make_base()), slow_(static_cast<std::size_t>(size_of(layout))), back_(slow_.size()) {
      take(spec);
    }

    void step(T* theta, T* gradient, double learning_rate, Objective<T>* objective) override {
      if (base_->steps() == 0) std::copy_n(theta, slow_.size(), slow_.begin());
      base_->step(theta, gradient, learning_rate, objective);
      if (base_->steps() % period_ != 0) return;
      for (std::size_t i = 0; i < slow_.size(); ++i) {
        slow_[i] += part_ * (theta[i] - slow_[i]);
        back_[i] = slow_[i] - theta[i];
        theta[i] = slow_[i];
      }
      base_->shift(back_.data());
    }

    void set(const Spec& spec) override {
      base_->set(spec);
      take(spec);
    }
    void shift(const T* by) override {
      base_->shift(by);
      for (std::size_t i = 0; i < slow_.size(); ++i) slow_[i] += by[i];
    }

    std::vector<Insight> insight() const override {
      std::vector<Insight> out = base_->insight();
      out.push_back({"φ", "slow weights", {slow_.begin(), slow_.end()}});
      // They begin where θ does, which is known from the first step on.
      if (this->steps() == 0) std::ranges::fill(out.back().values, std::numeric_limits<double>::quiet_NaN());
      return out;
    }

    void write(StepperState<T>& out) const override { this->write_with(out, slow_); }
    void read(StateReader<T>& in) override { this->read_with(in, slow_); }

   private:
    void take(const Spec& spec) {
      period_ = static_cast<std::int64_t>(spec.number("sync_period"));
      part_ = static_cast<T>(spec.number("slow_step"));
    }

    std::vector<T> slow_;
    std::vector<T> back_;  ///< how far θ goes when it is set back
    std::int64_t period_ = 1;
    T part_ = T(1);
  };
};

}  // namespace thalweg

// L-BFGS: the gradient times an inverse Hessian that fits the last m steps s = Δθ and changes y = Δg of the
// gradient, by the two-loop recursion; then θ ← θ + t d, with t = η or found by a line search.
//
// D. C. Liu & J. Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical
// Programming 45 (1989) 503–528; Nocedal & Wright, Numerical Optimization (2006), Algorithms 7.4 and 7.5,
// with the initial matrix γI, γ = sᵀy/yᵀy, eq. (7.20). The same numbers as torch.optim.LBFGS 1.13:
//   - the first direction is −g, and its first t is η min(1, 1/‖g‖₁); after that t begins with η;
//   - a pair with sᵀy ≤ 10⁻¹⁰ is left out;
//   - one step makes up to max_iter iterations and stops between them where max_eval evaluations were made
//   (the
//     gradient that the step is handed is the first), where no component of the gradient is above
//     tolerance_grad, none of the move above tolerance_change, or the loss changed by less than that;
//   - where max|g| ≤ tolerance_grad, or gᵀd > −tolerance_change, it stays where it is.
//
// Other defaults than PyTorch's: one iteration a step (20 there), so that a step is a step; the line search
// is on (off there), the last 10 pairs are kept (100 there), and the tolerances are 0 (10⁻⁷ and 10⁻⁹): when a
// run ends is the run's to say. The line search differs only where a loss is not finite (line_search.hpp).
// Sums are taken in double on networks, too. Meant for the whole data set or large batches: y of two
// different batches is mostly noise.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "core/optimizer/hyperparameters.hpp"
#include "core/optimizer/line_search.hpp"
#include "core/optimizer/method.hpp"
#include "core/optimizer/sums.hpp"

namespace thalweg {

struct Lbfgs {
  static constexpr bool kAsksMore = true;

  static Descriptor describe();
  static TorchCall torch(const Spec& spec, bool);

  template <class T>
  class At final : public BasicStepper<T> {
   public:
    At(const Spec& spec, const Layout& layout)
        : n_(size_of(layout)),
          history_(static_cast<std::size_t>(spec.number("history_size"))),
          gradient_(count()),
          before_(count()),
          d_(count()),
          s_(history_ + 1, std::vector<T>(count())),
          y_(history_ + 1, std::vector<T>(count())),
          inverse_(history_ + 1, 0.0),
          share_(history_, 0.0),
          search_(count()) {
      set(spec);
    }

    void step(T* theta, T* gradient, double learning_rate, Objective<T>* objective) override {
      Objective<T>& loss = asked(objective);
      gradient_.assign(gradient, gradient + n_);
      loss_ = loss.loss_here();
      evaluations_ = 1;
      ++steps_;
      if (largest(gradient_) <= tolerance_grad_) return;
      for (std::int64_t i = 1; i <= max_iter_; ++i)
        if (!iterate(theta, learning_rate, loss, i == max_iter_)) return;
    }

    void set(const Spec& spec) override {
      if (static_cast<std::size_t>(spec.number("history_size")) != history_)
        throw std::logic_error("the history keeps its size");
      max_iter_ = static_cast<std::int64_t>(spec.number("max_iter"));
      max_eval_ =
          static_cast<std::int64_t>(spec.number_or("max_eval", static_cast<double>(max_iter_ * 5 / 4)));
      tolerance_grad_ = spec.number("tolerance_grad");
      tolerance_change_ = spec.number("tolerance_change");
      searches_ = spec.text("line_search_fn") == "strong_wolfe";
    }
    std::int64_t steps() const override { return steps_; }

    std::vector<Insight> insight() const override {
      const auto all = [&](double value) { return std::vector<double>(count(), value); };
      return {{"d", "direction", {d_.begin(), d_.end()}},
              {"t", "step length along it", all(t_)},
              {"γ", "scale of the inverse Hessian", all(scale_)},
              {"m", "pairs kept", all(static_cast<double>(pairs_))}};
    }

    void write(StepperState<T>& out) const override {
      out.put(static_cast<double>(steps_));
      out.put(static_cast<double>(iterations_));
      out.put(static_cast<double>(pairs_));
      out.put(t_);
      out.put(scale_);
      for (std::size_t i = 0; i < history_; ++i) out.put(inverse_[i]);
      out.put(before_);
      out.put(d_);
      for (std::size_t i = 0; i < history_; ++i) {
        out.put(s_[i]);
        out.put(y_[i]);
      }
    }
    void read(StateReader<T>& in) override {
      steps_ = in.count();
      iterations_ = in.count();
      pairs_ = static_cast<std::size_t>(in.count());
      if (pairs_ > history_) StateReader<T>::fail();
      t_ = in.scalar();
      scale_ = in.scalar();
      for (std::size_t i = 0; i < history_; ++i) inverse_[i] = in.scalar();
      in.numbers(before_);
      in.numbers(d_);
      for (std::size_t i = 0; i < history_; ++i) {
        in.numbers(s_[i]);
        in.numbers(y_[i]);
      }
    }

   private:
    std::size_t count() const { return static_cast<std::size_t>(n_); }
    double product(const std::vector<T>& a, const std::vector<T>& b) const {
      return dot(a.data(), b.data(), n_);
    }
    static double largest(const std::vector<T>& x, double factor = 1.0) {
      double out = 0.0;
      for (const T each : x) {
        const double size = std::abs(static_cast<double>(each) * factor);
        if (!(size <= out)) out = size;  // NaN, too
      }
      return out;
    }
    void add(double factor, const std::vector<T>& x, std::vector<T>& out) const {
      const T f = static_cast<T>(factor);
      for (std::size_t i = 0; i < out.size(); ++i) out[i] += f * x[i];
    }

    /// Where to go, and how far at first.
    double direct(double learning_rate) {
      if (iterations_++ == 0) {
        double sum = 0.0;
        for (std::size_t i = 0; i < d_.size(); ++i) {
          d_[i] = -gradient_[i];
          sum += std::abs(static_cast<double>(gradient_[i]));
        }
        scale_ = 1.0;
        return std::min(1.0, 1.0 / sum) * learning_rate;
      }
      remember();
      recur();
      return learning_rate;
    }

    /// Takes up the pair of the last iteration, unless the curvature along it is too small; the oldest makes
    /// room.
    void remember() {
      std::vector<T>&s = s_[pairs_], &y = y_[pairs_];  // one place more than there are pairs
      for (std::size_t i = 0; i < d_.size(); ++i) {
        y[i] = gradient_[i] - before_[i];
        s[i] = d_[i] * static_cast<T>(t_);
      }
      const double curvature = product(y, s);
      if (!(curvature > 1e-10)) return;
      inverse_[pairs_] = 1.0 / curvature;
      scale_ = curvature / product(y, y);
      if (pairs_ < history_) {
        ++pairs_;
        return;
      }
      std::rotate(s_.begin(), s_.begin() + 1, s_.end());
      std::rotate(y_.begin(), y_.begin() + 1, y_.end());
      std::rotate(inverse_.begin(), inverse_.begin() + 1, inverse_.end());
    }

    /// d = −H g by the two loops.
    void recur() {
      for (std::size_t i = 0; i < d_.size(); ++i) d_[i] = -gradient_[i];
      for (std::size_t i = pairs_; i-- > 0;) {
        share_[i] = product(s_[i], d_) * inverse_[i];
        add(-share_[i], y_[i], d_);
      }
      for (T& x : d_) x *= static_cast<T>(scale_);
      for (std::size_t i = 0; i < pairs_; ++i) add(share_[i] - product(y_[i], d_) * inverse_[i], s_[i], d_);
    }

    /// Moves once. False: the step ends here.
    bool iterate(T* theta, double learning_rate, Objective<T>& objective, bool last) {
      t_ = direct(learning_rate);
      before_ = gradient_;
      const double loss_before = loss_;
      if (product(gradient_, d_) > -tolerance_change_) return false;
      if (searches_) {
        const auto found = search_.search(objective, theta, d_.data(), t_, loss_, gradient_, {});
        t_ = found.t;
        loss_ = found.loss;
        gradient_ = search_.gradient();
        evaluations_ += found.evaluations;
      }
      const T t = static_cast<T>(t_);
      for (std::size_t i = 0; i < d_.size(); ++i) theta[i] += t * d_[i];
      if (!searches_ && !last) {
        loss_ = objective.gradient(theta, gradient_.data());
        ++evaluations_;
      }
      return !last && evaluations_ < max_eval_ && !(largest(gradient_) <= tolerance_grad_) &&
             !(largest(d_, t_) <= tolerance_change_) && !(std::abs(loss_ - loss_before) < tolerance_change_);
    }

    std::int64_t n_;
    std::size_t history_;
    std::int64_t max_iter_ = 1, max_eval_ = 1;
    double tolerance_grad_ = 0.0, tolerance_change_ = 0.0;
    bool searches_ = true;

    std::int64_t steps_ = 0;
    std::int64_t iterations_ = 0;
    std::size_t pairs_ = 0;  ///< of them the first in s_, y_ and inverse_ are in use, the oldest first
    double t_ = 0.0;         ///< of the last iteration
    double scale_ = 1.0;     ///< γ
    std::vector<T> gradient_, before_, d_;
    std::vector<std::vector<T>> s_, y_;
    std::vector<double> inverse_;  ///< 1 / sᵀy

    // Of the step that is made.
    double loss_ = 0.0;
    std::int64_t evaluations_ = 0;
    std::vector<double> share_;
    WolfeSearch<T> search_;
  };
};

}  // namespace thalweg

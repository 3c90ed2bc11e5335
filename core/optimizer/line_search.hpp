// A step length t along a direction d that fulfils the strong Wolfe conditions, φ(t) = f(θ + td):
//   φ(t) ≤ φ(0) + c₁ t φ′(0)  (the loss falls enough)  and  |φ′(t)| ≤ c₂ |φ′(0)|  (the slope is nearly gone).
//
// Nocedal & Wright, Numerical Optimization (2006), section 3.5, Algorithms 3.5 (bracket) and 3.6 (zoom), with
// the cubic through two points, eq. (3.59). Where they leave a choice this does what torch.optim.LBFGS 1.13
// does, so that the two come to the same numbers: while bracketing the next t lies within 1 % beyond the last
// and ten times it; while zooming a point within a tenth of the bracket's length of an end is moved there if
// the one before was, too; at most 25 evaluations of the loss.
//
// A gradient that is clipped is not that of the loss: where it is clipped the search crawls or finds nothing, as
// PyTorch's does. Clipping is for methods without one.
//
// Differs in one thing: a loss that is not a number counts as too high, so that the search turns back into
// the function's domain, and where it finds none that is finite nothing moves; PyTorch goes there.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/optimizer/objective.hpp"
#include "core/optimizer/sums.hpp"

namespace thalweg {

struct WolfeSettings {
  double c1 = 1e-4;
  double c2 = 0.9;
  double smallest = 1e-9;  ///< brackets shorter than this, times the largest component of d, are not refined
  int most = 25;           ///< evaluations, after the first
};

/// The minimum between `lower` and `upper` of the cubic that has the values f and slopes g at a and b; the
/// middle where it has none.
inline double cubic_minimum(double a, double fa, double ga, double b, double fb, double gb, double lower,
                            double upper) {
  const double d1 = ga + gb - 3.0 * (fa - fb) / (a - b);
  const double square = d1 * d1 - ga * gb;
  if (!(square >= 0.0)) return (lower + upper) / 2.0;
  const double d2 = std::sqrt(square);
  const double at = a <= b ? b - (b - a) * ((gb + d2 - d1) / (gb - ga + 2.0 * d2))
                           : a - (a - b) * ((ga + d2 - d1) / (ga - gb + 2.0 * d2));
  // 0/0, on a straight line: written so that NaN becomes a bound.
  return at > lower ? (at < upper ? at : upper) : lower;
}

/// Keeps its memory from search to search. One thread at a time.
template <class T>
class WolfeSearch {
 public:
  explicit WolfeSearch(std::size_t count) : point_(count) {
    for (auto& gradient : gradients_) gradient.resize(count);
  }

  struct Found {
    double t = 0.0;  ///< 0 where none was found
    double loss = 0.0;
    int evaluations = 0;
  };

  /// From theta, where the loss is `loss` and its gradient `gradient`, along d, beginning with `first`.
  Found search(Objective<T>& objective, const T* theta, const T* d, double first, double loss,
               const std::vector<T>& gradient, const WolfeSettings& settings) {
    objective_ = &objective;
    theta_ = theta;
    d_ = d;
    s_ = settings;
    evaluations_ = 0;
    done_ = false;
    from_ = {.t = 0.0, .loss = loss, .slope = dot(gradient.data(), d, count()), .slot = 0};
    std::ranges::copy(gradient, gradients_[0].begin());
    bracket(first);
    if (!done_) zoom();
    const Trial& found = ends_[low()];
    found_ = found.slot;
    if (!std::isfinite(found.loss)) {
      found_ = 0;
      return {.loss = loss, .evaluations = evaluations_};
    }
    return {.t = found.t, .loss = found.loss, .evaluations = evaluations_};
  }

  /// The gradient at what was found.
  const std::vector<T>& gradient() const { return gradients_[found_]; }

 private:
  struct Trial {
    double t = 0.0, loss = 0.0, slope = 0.0;
    std::size_t slot = 0;  ///< of its gradient
  };

  std::int64_t count() const { return std::ssize(point_); }
  /// Evaluations may be made still.
  bool left() const { return evaluations_ <= s_.most; }
  /// Where the loss is not a number, too.
  bool too_high(const Trial& trial) const {
    return !(trial.loss <= from_.loss + s_.c1 * trial.t * from_.slope);
  }
  bool flat_enough(const Trial& trial) const { return std::abs(trial.slope) <= -s_.c2 * from_.slope; }
  std::size_t low() const { return ends_[1].loss < ends_[0].loss || std::isnan(ends_[0].loss) ? 1 : 0; }

  /// Its gradient goes where none of the bracket's is, nor that of where the search began.
  Trial evaluate(double t) {
    std::size_t slot = 1;
    while (slot == ends_[0].slot || slot == ends_[1].slot) ++slot;
    for (std::size_t i = 0; i < point_.size(); ++i) point_[i] = theta_[i] + static_cast<T>(t) * d_[i];
    const double loss = objective_->gradient(point_.data(), gradients_[slot].data());
    ++evaluations_;
    return {t, loss, dot(gradients_[slot].data(), d_, count()), slot};
  }

  /// Goes ahead until a point is good (then both ends are it), or an interval is found that holds a good one.
  void bracket(double first) {
    ends_ = {from_, from_};
    Trial before = from_;
    ends_[1] = evaluate(first);
    while (left()) {
      const Trial now = ends_[1];
      if (too_high(now) || (evaluations_ > 2 && now.loss >= before.loss)) return;
      if (flat_enough(now)) {
        ends_[0] = now;
        done_ = true;
        return;
      }
      if (now.slope >= 0.0) return;
      const double t = cubic_minimum(before.t, before.loss, before.slope, now.t, now.loss, now.slope,
                                     now.t + 0.01 * (now.t - before.t), now.t * 10.0);
      before = ends_[0] = now;
      ends_[1] = evaluate(t);
    }
    ends_[0] = from_;
    done_ = true;  // out of evaluations
  }

  /// Where in the bracket to look next.
  double next(bool& slow) const {
    const auto& [a, b] = ends_;
    double t =
        cubic_minimum(a.t, a.loss, a.slope, b.t, b.loss, b.slope, std::min(a.t, b.t), std::max(a.t, b.t));
    const double left = std::min(a.t, b.t), right = std::max(a.t, b.t), margin = 0.1 * (right - left);
    const bool close = std::min(right - t, t - left) < margin;
    if (close && (slow || t >= right || t <= left)) {
      slow = false;
      return std::abs(t - right) < std::abs(t - left) ? right - margin : left + margin;
    }
    slow = close;
    return t;
  }

  /// Narrows the bracket. Its lower end always fulfils the first condition.
  void zoom() {
    double widest = 0.0;
    for (std::size_t i = 0; i < point_.size(); ++i)
      widest = std::max(widest, std::abs(static_cast<double>(d_[i])));
    std::size_t low = this->low();
    for (bool slow = false; left();) {
      if (std::abs(ends_[1].t - ends_[0].t) * widest < s_.smallest) return;
      const Trial now = evaluate(next(slow));
      Trial &lower = ends_[low], &upper = ends_[1 - low];
      if (too_high(now) || now.loss >= lower.loss) {
        upper = now;
        low = this->low();
        continue;
      }
      const bool good = flat_enough(now);
      if (!good && now.slope * (upper.t - lower.t) >= 0.0) upper = lower;
      lower = now;
      if (good) return;
    }
  }

  Objective<T>* objective_ = nullptr;
  const T* theta_ = nullptr;
  const T* d_ = nullptr;
  WolfeSettings s_;
  int evaluations_ = 0;
  bool done_ = false;
  Trial from_;
  std::array<Trial, 2> ends_;  ///< of the bracket
  std::size_t found_ = 0;
  std::vector<T> point_;
  std::array<std::vector<T>, 4> gradients_;
};

}  // namespace thalweg

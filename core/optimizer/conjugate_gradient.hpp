// Nonlinear conjugate gradient: θ ← θ + t d,  d ← −g + β d, with t from a line search. On a quadratic of n
// different eigenvalues, with an exact search, it arrives in n steps.
//
//   fletcher_reeves   β = gᵀg / g₀ᵀg₀
//   polak_ribiere     β = max(0, gᵀ(g − g₀) / g₀ᵀg₀)        (PR+)
//   hestenes_stiefel  β = gᵀ(g − g₀) / d₀ᵀ(g − g₀)
//
// with g₀ and d₀ of the step before. Nocedal & Wright, Numerical Optimization (2006), section 5.2:
// Algorithm 5.4, eqs. (5.41a), (5.44)-(5.46); R. Fletcher & C. M. Reeves, Comput. J. 7 (1964) 149–154; E.
// Polak & G. Ribière 1969; M. R. Hestenes & E. Stiefel, J. Res. Natl. Bur. Stand. 49 (1952) 409–436.
//
// The line search is L-BFGS's (line_search.hpp) with c₂ below ½, as eq. (5.43) needs; close to 0 it is nearly
// exact (the cubic through two points of a parabola is that parabola). It begins with η min(1, 1/‖g‖₁) at
// first, then with η t₀ g₀ᵀd₀ / gᵀd, eq. (3.60). It starts again from −g every restart_period steps, n where
// that is auto, and where the new direction does not lead downhill. Where the search finds no step it stays
// where it is and starts again from −g. Meant for the whole data set or large batches: of two different
// batches g − g₀ is mostly noise.
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

struct ConjugateGradient {
  static constexpr bool kAsksMore = true;

  static Descriptor describe() {
    Parameter period = {.key = "restart_period",
                        .symbol = "",
                        .label = "restart period",
                        .kind = Kind::kInteger,
                        .default_value = Value{},
                        .min = 1.0,
                        .max = 1e9,
                        .soft_min = 1.0,
                        .soft_max = 100.0,
                        .unit = "steps",
                        .help =
                            "After so many steps it starts again from −g; auto: as many as there are "
                            "coordinates. 1 is steepest descent.",
                        .off_word = "auto"};
    return {.id = "cg",
            .label = "Conjugate gradient",
            .summary =
                "Each direction keeps of the last one what does not undo it, and is searched to its lowest "
                "point.",
            .formula = "d ← −g + β d,  θ ← θ + t d",
            .reference =
                "Nocedal & Wright 2006, section 5.2; Fletcher & Reeves 1964; Polak & Ribière 1969; "
                "Hestenes & Stiefel 1952",
            .parameters = {
                learning_rate_parameter(1.0, 0.01, 10.0),
                {.key = "beta",
                 .symbol = "β",
                 .label = "form of β",
                 .kind = Kind::kChoice,
                 .default_value = std::string("polak_ribiere"),
                 .help = "How much of the last direction is kept; all three are the same on a quadratic.",
                 .choices = {"fletcher_reeves", "polak_ribiere", "hestenes_stiefel"}},
                {.key = "search_slope",
                 .symbol = "c₂",
                 .label = "slope left by the search",
                 .default_value = 0.01,
                 .min = 0.0,
                 .max = 0.5,
                 .min_open = true,
                 .max_open = true,
                 .soft_min = 1e-6,
                 .soft_max = 0.4,
                 .scale = Scale::kLog,
                 .help = "The line search ends where this share of the slope is left: small is exact, and "
                         "costs evaluations.",
                 .live = true},
                period}};
  }

  static std::vector<std::string> pseudocode() {
    return {"β ← gᵀ(g − g₀) / g₀ᵀg₀, at least 0  (or another form)", "d ← −g + β d;  if gᵀd ≥ 0: d ← −g",
            "t ← line search for the strong Wolfe conditions from η t₀ g₀ᵀd₀ / gᵀd", "θ ← θ + t d"};
  }

  template <class T>
  class At final : public BasicStepper<T> {
   public:
    At(const Spec& spec, const Layout& layout)
        : n_(size_of(layout)),
          gradient_(static_cast<std::size_t>(n_)),
          before_(gradient_.size()),
          d_(gradient_.size()),
          search_(gradient_.size()) {
      set(spec);
    }

    void step(T* theta, T* gradient, double learning_rate, Objective<T>* objective) override {
      Objective<T>& loss = asked(objective);
      gradient_.assign(gradient, gradient + n_);
      const double slope_before = slope_;
      direct();
      ++steps_;
      before_ = gradient_;
      if (slope_ == 0.0) {  // no way leads down
        since_ = 0;
        return;
      }
      // At a second start, too, the last step says more about how far to go than the first one's rule.
      const bool known = steps_ > 1 && t_ > 0.0;
      const double first = known ? t_ * slope_before / slope_ : std::min(1.0, 1.0 / size_of_gradient());
      const auto found = search_.search(loss, theta, d_.data(), learning_rate * first, loss.loss_here(),
                                        gradient_, {.c2 = c2_, .smallest = 0.0});
      t_ = found.t;
      if (t_ == 0.0) since_ = 0;  // begin again
      const T t = static_cast<T>(t_);
      for (std::size_t i = 0; i < d_.size(); ++i) theta[i] += t * d_[i];
    }

    void set(const Spec& spec) override {
      const std::string& beta = spec.text("beta");
      form_ = beta == "fletcher_reeves" ? Form::kFletcherReeves
              : beta == "polak_ribiere" ? Form::kPolakRibiere
                                        : Form::kHestenesStiefel;
      c2_ = spec.number("search_slope");
      period_ = static_cast<std::int64_t>(spec.number_or("restart_period", static_cast<double>(n_)));
    }
    std::int64_t steps() const override { return steps_; }

    std::vector<Insight> insight() const override {
      return {{"d", "direction", {d_.begin(), d_.end()}},
              {"t", "step length along it", std::vector<double>(d_.size(), t_)},
              {"β", "share of the last direction", std::vector<double>(d_.size(), beta_)}};
    }

    void write(StepperState<T>& out) const override {
      out.put(static_cast<double>(steps_));
      out.put(static_cast<double>(since_));
      for (const double x : {t_, slope_, beta_}) out.put(x);
      out.put(before_);
      out.put(d_);
    }
    void read(StateReader<T>& in) override {
      steps_ = in.count();
      since_ = in.count();
      for (double* x : {&t_, &slope_, &beta_}) *x = in.scalar();
      in.numbers(before_);
      in.numbers(d_);
    }

   private:
    enum class Form { kFletcherReeves, kPolakRibiere, kHestenesStiefel };

    double product(const std::vector<T>& a, const std::vector<T>& b) const {
      return dot(a.data(), b.data(), n_);
    }
    double size_of_gradient() const {
      double sum = 0.0;
      for (const T g : gradient_) sum += std::abs(static_cast<double>(g));
      return sum;
    }

    double find_beta() const {
      if (form_ == Form::kFletcherReeves) return product(gradient_, gradient_) / product(before_, before_);
      double along = 0.0, turned = 0.0;
      for (std::size_t i = 0; i < d_.size(); ++i) {
        const double y = static_cast<double>(gradient_[i]) - static_cast<double>(before_[i]);
        along += static_cast<double>(gradient_[i]) * y;
        turned += static_cast<double>(d_[i]) * y;
      }
      if (form_ == Form::kHestenesStiefel) return along / turned;
      return std::max(0.0, along / product(before_, before_));
    }

    void direct() {
      const bool fresh = since_ == 0 || since_ >= period_;
      beta_ = fresh ? 0.0 : find_beta();
      for (std::size_t i = 0; i < d_.size(); ++i) d_[i] = -gradient_[i] + static_cast<T>(beta_) * d_[i];
      slope_ = product(gradient_, d_);
      ++since_;
      if (!fresh && slope_ < 0.0) return;
      beta_ = 0.0;
      since_ = 1;
      for (std::size_t i = 0; i < d_.size(); ++i) d_[i] = -gradient_[i];
      slope_ = product(gradient_, d_);
    }

    std::int64_t n_;
    Form form_ = Form::kPolakRibiere;
    double c2_ = 0.01;
    std::int64_t period_ = 1;

    std::int64_t steps_ = 0;
    std::int64_t since_ = 0;                     ///< steps since it last began from −g, that one counted
    double t_ = 0.0, slope_ = 0.0, beta_ = 0.0;  ///< of the last step
    std::vector<T> gradient_, before_, d_;
    WolfeSearch<T> search_;
  };
};

}  // namespace thalweg

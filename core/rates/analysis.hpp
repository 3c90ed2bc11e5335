// All that theory says of one optimizer at one place of a surface: what the panel and the command line show.
#pragma once

#include <complex>
#include <optional>
#include <string>
#include <vector>

#include "core/rates/linear_rule.hpp"
#include "core/rates/optimal.hpp"
#include "core/rates/spectrum.hpp"

namespace thalweg {

struct RateDirection {
  double eigenvalue = 0.0;
  double radius = 0.0;
  std::vector<std::complex<double>> roots;  ///< the largest first
};

struct RateAnalysis {
  Spec optimizer;
  double learning_rate = 0.0;
  LinearRule rule;
  LocalSpectrum spectrum;  ///< what the rule sees: of H, or of D^(−½) H D^(−½)
  bool frozen = false;     ///< the rule divides by a D that is taken to stand still

  std::vector<RateDirection> directions;  ///< one for each eigenvalue, ascending
  double radius = 0.0;                    ///< the largest: the rate
  int worst = 0;                          ///< index of the direction that has it
  double limit = 0.0;                     ///< of ηλ
  double largest_rate = 0.0;              ///< η at which the steepest direction reaches it; may be infinite
  std::string limit_formula;              ///< of it: "2(1+μ)/λmax"

  std::optional<OptimalSettings> best;       ///< of η and μ together; as the next two, of a minimum only
  std::optional<OptimalSettings> best_rate;  ///< of η with this μ
  std::optional<OptimalSettings> best_momentum;  ///< of μ with this η

  bool stable() const { return learning_rate > 0.0 && radius < 1.0; }
};

/// `divisor`: the D of an adaptive optimizer as it stands; without it those have no analysis. The error says
/// why there is none. `learning_rate`: in force, schedule included. Any thread.
Result<RateAnalysis> analyse_rates(const Surface& surface, const std::vector<double>& point,
                                   const Spec& optimizer, double learning_rate,
                                   const std::optional<std::vector<double>>& divisor = {});

/// The same for a rule of one's own, such as a delayed one.
RateAnalysis analyse_rule(LinearRule rule, LocalSpectrum spectrum, double learning_rate);

/// "η = 0.026 is 1.3 times the limit 2/λmax = 0.02: along λ = 100 each step is 1.6 times the one before".
std::string stability_words(const RateAnalysis& analysis);

/// Where the eigenvalues are from: "at the minimum (1, 1): near it the surface is nearly this quadratic".
std::string spectrum_words(const LocalSpectrum& spectrum);

/// One number for people: four significant digits.
std::string rate_number(double value, int digits = 4);

}  // namespace thalweg

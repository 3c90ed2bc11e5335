// The gradient noise scale: how large a batch is when noise and gradient are equally strong.
//
// S. McCandlish, J. Kaplan, D. Amodei et al., "An empirical model of large-batch training", 2018,
// section 2.2 and appendix A.1.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/nn/engine.hpp"

namespace thalweg {

/// Both without bias: ‖G‖² of the true gradient and tr Σ, the sum of the variances of one sample's gradient.
/// The first may well come out negative where noise is strong.
struct GradientNoise {
  double squared_gradient = 0.0;
  double trace = 0.0;
};

/// From the mean squared length of gradients over `small` samples and that over `big` (equations A.2, A.3).
GradientNoise gradient_noise(double small_squared, double small, double big_squared, double big);

/// From the engine's gradients over equal parts of `samples`, at least 2 of them: one pass in all. The long
/// gradient is the mean of the short ones. Samples left over are not used.
Result<GradientNoise> measure_noise(TrainingEngine& engine, std::span<const std::uint32_t> samples);

/// tr Σ / ‖G‖², each averaged over time by itself, since their ratio is biased and its average more so
/// (appendix A.1): exponential averages with bias correction.
class NoiseScale {
 public:
  static constexpr double kDecay = 0.9;

  void add(const GradientNoise& noise);
  /// NaN while the average ‖G‖² is not positive.
  double value() const;

  /// Both averages; load() takes what save() gave and leaves anything else.
  std::vector<double> save() const { return {sum_.squared_gradient, sum_.trace}; }
  void load(std::span<const double> numbers) {
    if (numbers.size() == 2) sum_ = {numbers[0], numbers[1]};
  }

 private:
  GradientNoise sum_;
};

}  // namespace thalweg

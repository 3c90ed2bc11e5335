#include "core/training/noise_scale.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <vector>

namespace thalweg {
namespace {

constexpr std::size_t kParts = 8;

double squared_length(std::span<const float> v) {
  // Several sums, which need not wait for each other.
  double sums[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= v.size(); i += 8)
    for (std::size_t k = 0; k < 8; ++k)
      sums[k] += static_cast<double>(v[i + k]) * static_cast<double>(v[i + k]);
  for (; i < v.size(); ++i) sums[0] += static_cast<double>(v[i]) * static_cast<double>(v[i]);
  return std::accumulate(std::begin(sums), std::end(sums), 0.0);
}

}  // namespace

GradientNoise gradient_noise(double small_squared, double small, double big_squared, double big) {
  return {.squared_gradient = (big * big_squared - small * small_squared) / (big - small),
          .trace = (small_squared - big_squared) / (1.0 / small - 1.0 / big)};
}

Result<GradientNoise> measure_noise(TrainingEngine& engine, std::span<const std::uint32_t> samples) {
  if (samples.size() < 2) return bad_input("needs at least two samples", "noise scale");
  const std::size_t small = std::max<std::size_t>(1, samples.size() / kParts);
  const std::size_t parts = samples.size() / small;
  const auto count = static_cast<std::size_t>(engine.plan().parameters);
  std::vector<float> gradient(count), sum(count, 0.0f);
  double small_squared = 0.0;
  for (std::size_t part = 0; part < parts; ++part) {
    if (auto error = engine.loss_gradient(samples.subspan(part * small, small), gradient)) return *error;
    small_squared += squared_length(gradient) / static_cast<double>(parts);
    for (std::size_t i = 0; i < count; ++i) sum[i] += gradient[i];
  }
  const auto n = static_cast<double>(parts);
  return gradient_noise(small_squared, static_cast<double>(small), squared_length(sum) / (n * n),
                        n * static_cast<double>(small));
}

void NoiseScale::add(const GradientNoise& noise) {
  sum_.squared_gradient = kDecay * sum_.squared_gradient + (1.0 - kDecay) * noise.squared_gradient;
  sum_.trace = kDecay * sum_.trace + (1.0 - kDecay) * noise.trace;
}

double NoiseScale::value() const {
  // The bias correction is the same for both and cancels.
  return sum_.squared_gradient > 0.0 ? sum_.trace / sum_.squared_gradient
                                     : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace thalweg

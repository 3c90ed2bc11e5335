#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "core/curvature/lanczos.hpp"
#include "core/curvature/lanczos_process.hpp"
#include "core/curvature/vectors.hpp"

namespace thalweg {
namespace {

using curvature::LanczosProcess;

/// Points of a quadrature and their weights, which add up to 1.
struct Measure {
  std::vector<double> points;
  std::vector<double> weights;
};

void require(const SymmetricOperator& op, const DensitySettings& settings) {
  if (op.size < 1 || !op.multiply) throw std::invalid_argument("the density of an empty operator");
  if (settings.probes < 1 || settings.products < 1 || settings.points < 2 || !(settings.width > 0.0) ||
      !std::isfinite(settings.width))
    throw std::invalid_argument("a setting of the spectral density is out of range");
}

/// Gauss quadrature of the measure that the eigenvalues have in a random direction; none if it was stopped
/// or a number was not finite (`broken`).
std::optional<Measure> probe(const SymmetricOperator& op, const DensitySettings& settings, int number,
                             bool& broken) {
  LanczosProcess process(op,
                         curvature::random_unit(settings.seed, static_cast<std::uint64_t>(number), op.size));
  for (int i = 0; i < settings.products && !process.closed(); ++i) {
    if (settings.stop && settings.stop()) return {};
    if (!process.advance()) {
      broken = true;
      return {};
    }
  }
  const curvature::Ritz ritz = process.ritz();
  Measure out{ritz.values, ritz.first};
  for (double& weight : out.weights) weight *= weight;
  return out;
}

}  // namespace

SpectralDensity spectral_density(const SymmetricOperator& op, const DensitySettings& settings) {
  require(op, settings);
  SpectralDensity out;
  Measure all;
  bool broken = false;
  for (; out.probes < settings.probes; ++out.probes) {
    const auto measure = probe(op, settings, out.probes, broken);
    if (broken) return {};
    if (!measure) break;
    all.points.insert(all.points.end(), measure->points.begin(), measure->points.end());
    all.weights.insert(all.weights.end(), measure->weights.begin(), measure->weights.end());
  }
  if (out.probes == 0) return out;

  const auto [low, high] = std::ranges::minmax(all.points);
  double range = high - low;
  const double largest = std::max(std::abs(low), std::abs(high));
  if (!(range > 10.0 * curvature::kRounding * largest))  // one eigenvalue: a bell about it
    range = largest > 0.0 ? largest : 1.0;
  const double deviation = settings.width * range;
  const double first = low - 4.0 * deviation;
  const double step = (high - low + 8.0 * deviation) / (settings.points - 1);
  const double peak = 1.0 / (deviation * std::sqrt(2.0 * std::numbers::pi) * out.probes);
  for (int i = 0; i < settings.points; ++i) {
    const double x = first + i * step;
    double sum = 0.0;
    for (std::size_t k = 0; k < all.points.size(); ++k) {
      const double z = (x - all.points[k]) / deviation;
      sum += all.weights[k] * std::exp(-0.5 * z * z);
    }
    out.x.push_back(x);
    out.density.push_back(peak * sum);
  }
  return out;
}

}  // namespace thalweg

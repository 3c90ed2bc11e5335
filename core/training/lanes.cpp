#include "core/training/lanes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg {
namespace {

Band band_of(std::int64_t epoch, std::span<const double> values) {
  Band out{.epoch = epoch, .count = static_cast<int>(values.size())};
  const auto count = static_cast<double>(values.size());
  for (const double value : values) out.mean += value / count;
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  out.min = *min;
  out.max = *max;
  double squares = 0.0;
  for (const double value : values) squares += (value - out.mean) * (value - out.mean);
  out.deviation =
      values.size() > 1 ? std::sqrt(squares / (count - 1.0)) : std::numeric_limits<double>::quiet_NaN();
  return out;
}

}  // namespace

std::vector<Lane> lanes(const TrainingSettings& settings, std::span<const LiveSpec> optimizers, int seeds) {
  const double first = settings.training.spec.number("seed");
  std::vector<Lane> out;
  for (int k = 0; k < seeds; ++k) {
    for (std::size_t i = 0; i < std::max<std::size_t>(1, optimizers.size()); ++i) {
      Lane lane{.optimizer = i,
                .seed = static_cast<std::uint64_t>(first) + static_cast<std::uint64_t>(k),
                .settings = settings};
      if (!optimizers.empty()) lane.settings.optimizer = optimizers[i];
      lane.settings.training.set("seed", first + k);
      keep_own_drives(lane.settings);
      out.push_back(std::move(lane));
    }
  }
  return out;
}

std::vector<Band> bands(std::span<const std::vector<EpochRecord>> runs, double EpochRecord::*metric) {
  std::size_t longest = 0;
  for (const auto& run : runs) longest = std::max(longest, run.size());
  std::vector<Band> out;
  std::vector<double> values;
  for (std::size_t epoch = 0; epoch < longest; ++epoch) {
    values.clear();
    for (const auto& run : runs)
      if (epoch < run.size() && std::isfinite(run[epoch].*metric)) values.push_back(run[epoch].*metric);
    if (!values.empty()) out.push_back(band_of(static_cast<std::int64_t>(epoch) + 1, values));
  }
  return out;
}

}  // namespace thalweg

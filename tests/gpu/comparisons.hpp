// How the tests of the device engine (target.hpp) compare it with the CPU's.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "tests/gpu/target.hpp"
#include "tests/nn/engines.hpp"

namespace thalweg::test {

inline std::unique_ptr<TrainingEngine> on_device(const NetworkSettings& settings,
                                                 std::shared_ptr<const Dataset> data,
                                                 std::uint64_t seed = 7) {
  auto engine = make_device_engine();
  if (auto error = engine->load(std::move(data))) ADD_FAILURE() << error->text();
  if (auto error = engine->build(settings, seed)) ADD_FAILURE() << error->text();
  return engine;
}

/// ‖a − b‖ / ‖b‖; NaN if anything is.
inline double difference(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) return NAN;
  double squares = 0.0, all = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    squares += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
    all += std::pow(static_cast<double>(b[i]), 2);
  }
  return std::sqrt(squares) / std::max(std::sqrt(all), 1e-30);
}

inline void expect_alike(const TrainingEngine& ours, const TrainingEngine& cpu, double tolerance) {
  const EngineState a = ours.state(), b = cpu.state();
  EXPECT_EQ(a.steps, b.steps);
  EXPECT_LE(difference(a.parameters, b.parameters), tolerance);
  EXPECT_LE(difference(a.buffers, b.buffers), tolerance);
  EXPECT_LE(difference(a.average, b.average), tolerance);
  EXPECT_EQ(a.progress, b.progress);
  EXPECT_EQ(a.scaling, b.scaling);
  EXPECT_EQ(a.slots.size(), b.slots.size());
}

}  // namespace thalweg::test

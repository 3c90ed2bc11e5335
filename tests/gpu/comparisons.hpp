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

/// Normal numbers, to multiply a matrix by.
inline std::vector<float> direction(std::uint64_t number, std::size_t size) {
  std::vector<float> out(size);
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<float>(
        normal_pair(5, RandomStream::kCurvature, number, static_cast<std::uint32_t>(i))[0]);
  return out;
}

inline std::vector<float> product(HessianProduct& hessian, std::span<const float> v) {
  std::vector<float> out(v.size(), 7.0f);
  hessian.multiply(v, out);
  return out;
}

/// A state away from the initial one: scales of 1 and shifts of 0 hide factors.
inline EngineState scattered(EngineState state) {
  const auto normal = [](std::uint64_t number, std::size_t i) {
    return normal_pair(3, RandomStream::kWeights, number, static_cast<std::uint32_t>(i))[0];
  };
  for (std::size_t i = 0; i < state.parameters.size(); ++i)
    state.parameters[i] = static_cast<float>(0.7 * normal(9, i));
  for (std::size_t i = 0; i < state.buffers.size(); ++i)
    state.buffers[i] = static_cast<float>(0.6 + 0.3 * std::tanh(normal(10, i)));
  return state;
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

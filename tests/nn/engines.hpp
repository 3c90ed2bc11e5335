// Engines ready to train, for the tests of core/nn.
#pragma once

#include <gtest/gtest.h>

#include <numeric>

#include "tests/nn/networks.hpp"

namespace thalweg::test {

inline std::unique_ptr<TrainingEngine> built(const NetworkSettings& settings,
                                             std::shared_ptr<const Dataset> data, std::uint64_t seed = 7,
                                             int threads = 1) {
  auto engine = make_cpu_engine({threads});
  if (auto error = engine->load(std::move(data))) ADD_FAILURE() << error->text();
  if (auto error = engine->build(settings, seed)) ADD_FAILURE() << error->text();
  return engine;
}

inline std::vector<std::uint32_t> batch_of(int count, std::uint32_t first = 0) {
  std::vector<std::uint32_t> out(static_cast<std::size_t>(count));
  std::iota(out.begin(), out.end(), first);
  return out;
}

}  // namespace thalweg::test

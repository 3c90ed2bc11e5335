#include "core/optimizer/traffic.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "core/optimizer/updater.hpp"
#include "core/optimizer/vectorise.hpp"

namespace thalweg {
namespace {

using cpu::kMostSlots;

/// Every array a little nearer to the gradient, all in one pass.
template <int kArrays>
void pass(const std::array<float*, kMostSlots + 1>& arrays, const float* from, std::int64_t count) {
  cpu::vectorised([=] {
    float* __restrict a = arrays[0];
    float* __restrict b = arrays[kArrays > 1 ? 1 : 0];
    float* __restrict c = arrays[kArrays > 2 ? 2 : 0];
    float* __restrict d = arrays[kArrays > 3 ? 3 : 0];
    float* __restrict e = arrays[kArrays > 4 ? 4 : 0];
    const float* __restrict g = from;
    for (std::int64_t i = 0; i < count; ++i) {
      a[i] += 1e-3f * g[i];
      if constexpr (kArrays > 1) b[i] += 1e-3f * g[i];
      if constexpr (kArrays > 2) c[i] += 1e-3f * g[i];
      if constexpr (kArrays > 3) d[i] += 1e-3f * g[i];
      if constexpr (kArrays > 4) e[i] += 1e-3f * g[i];
    }
  });
}

}  // namespace

double time_of_traffic(std::int64_t parameters, int slots, int rounds, double (*clock)()) {
  const auto size = static_cast<std::size_t>(parameters);
  std::array<std::vector<float>, kMostSlots + 1> memory;
  std::array<float*, kMostSlots + 1> arrays{};
  for (int i = 0; i <= slots; ++i) {
    memory[static_cast<std::size_t>(i)].assign(size, 0.5f);
    arrays[static_cast<std::size_t>(i)] = memory[static_cast<std::size_t>(i)].data();
  }
  const std::vector<float> gradient(size, 0.25f);
  constexpr std::array kPasses = {pass<1>, pass<2>, pass<3>, pass<4>, pass<5>};
  static_assert(kPasses.size() == kMostSlots + 1);
  double best = std::numeric_limits<double>::infinity();
  for (int round = 0; round < rounds; ++round) {
    const double begin = clock();
    kPasses[static_cast<std::size_t>(slots)](arrays, gradient.data(), parameters);
    best = std::min(best, clock() - begin);
  }
  return best;
}

}  // namespace thalweg

// Products of small matrices against plain sums in double.
#include <gtest/gtest.h>

#include <cmath>

#include "core/random/philox.hpp"
#include "gpu/device/queue.hpp"
#include "gpu/kernels/product.hpp"

namespace thalweg::gpu {
namespace {

std::vector<float> random_numbers(std::size_t count, std::uint32_t salt) {
  std::vector<float> out(count);
  for (std::size_t i = 0; i < count; ++i)
    out[i] =
        static_cast<float>(philox({static_cast<std::uint32_t>(i), salt, 0, 0}, {1, 2})[0]) * 0x1p-31f - 1.0f;
  return out;
}

struct Store {
  float* c;
  int width;
  THALWEG_DEVICE void operator()(int i, int j, float sum) const { c[i * width + j] = sum; }
};

class SmallProducts : public ::testing::TestWithParam<std::tuple<int, int, int>> {};

TEST_P(SmallProducts, AreThoseOfDoublePrecision) {
  const auto [m, n, k] = GetParam();
  Queue queue(0);
  const auto size = [](int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); };
  const std::vector<float> a = random_numbers(size(m, k), 1), b = random_numbers(size(k, n), 2);
  std::vector<float> b_transposed(b.size());
  for (int l = 0; l < k; ++l)
    for (int j = 0; j < n; ++j)
      b_transposed[size(j, k) + static_cast<std::size_t>(l)] = b[size(l, n) + static_cast<std::size_t>(j)];
  const Buffer<float> da(queue, std::span<const float>(a)), db(queue, std::span<const float>(b)),
      dt(queue, std::span<const float>(b_transposed));
  for (const auto order : {emulator::Order::kForward, emulator::Order::kBackward}) {
    emulator::set_thread_order(order);
    Buffer<float> c(queue, size(m, n)), ct(queue, size(m, n));
    using Plain = SmallProduct<LeftInput, Right, Store>;
    queue.launch(Plain::grid(m, n),
                 Plain{{{.numbers = da.data(), .width = k}}, {db.data(), n}, {c.data(), n}, m, n, k});
    using Transposed = SmallProduct<LeftInput, RightTransposed, Store>;
    queue.launch(Transposed::grid(m, n),
                 Transposed{{{.numbers = da.data(), .width = k}}, {dt.data(), k}, {ct.data(), n}, m, n, k});
    const std::vector<float> got = c.values(), got_transposed = ct.values();
    for (int i = 0; i < m; ++i)
      for (int j = 0; j < n; ++j) {
        double sum = 0.0, sizes = 0.0;
        for (int l = 0; l < k; ++l) {
          const double term = static_cast<double>(a[size(i, k) + static_cast<std::size_t>(l)]) *
                              static_cast<double>(b[size(l, n) + static_cast<std::size_t>(j)]);
          sum += term;
          sizes += std::abs(term);
        }
        const std::size_t at = size(i, n) + static_cast<std::size_t>(j);
        ASSERT_LE(std::abs(got[at] - sum), 1e-6 * sizes) << i << ", " << j;
        ASSERT_EQ(got[at], got_transposed[at]);
      }
  }
  emulator::set_thread_order(emulator::Order::kForward);
}

INSTANTIATE_TEST_SUITE_P(Sizes, SmallProducts,
                         ::testing::Values(std::tuple{1, 1, 1}, std::tuple{16, 16, 256},
                                           std::tuple{17, 15, 257}, std::tuple{5, 40, 3},
                                           std::tuple{33, 10, 784}));

}  // namespace
}  // namespace thalweg::gpu

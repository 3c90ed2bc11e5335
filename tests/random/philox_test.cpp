#include "core/random/philox.hpp"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

// Known answers of Philox4x32-10 published with the paper's code (Random123, kat_vectors).
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t f = 0xffffffff;
  EXPECT_EQ(philox({f, f, f, f}, {f, f}), (PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, NormalNumbersHaveTheirMoments) {
  double sum = 0, squares = 0, cross = 0, fourth = 0;
  constexpr int n = 200'000;
  for (int i = 0; i < n; ++i) {
    const auto [a, b] = normal_pair(5, RandomStream::kGradientNoise, static_cast<std::uint64_t>(i), 0);
    sum += a + b;
    squares += a * a + b * b;
    fourth += a * a * a * a + b * b * b * b;
    cross += a * b;
  }
  EXPECT_NEAR(sum / (2 * n), 0.0, 4.0 / std::sqrt(2.0 * n));
  EXPECT_NEAR(squares / (2 * n), 1.0, 4.0 * std::sqrt(2.0 / (2 * n)));
  EXPECT_NEAR(fourth / (2 * n), 3.0, 4.0 * std::sqrt(96.0 / (2 * n)));
  EXPECT_NEAR(cross / n, 0.0, 4.0 / std::sqrt(static_cast<double>(n)));
}

}  // namespace
}  // namespace thalweg

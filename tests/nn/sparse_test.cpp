// Products with images that are mostly background, against the plain sums in double.
#include <gtest/gtest.h>

#include <cmath>

#include "core/nn/cpu_sparse.hpp"
#include "core/random/philox.hpp"

namespace thalweg {
namespace {

constexpr int kFeatures = 83, kSamples = 40;
constexpr float kScale = 0.0127f, kShift = -0.42f;

Samples images(double share_of_zeros) {
  Samples out;
  out.count = kSamples;
  for (int i = 0; i < kSamples * kFeatures; ++i) {
    const auto words = philox({static_cast<std::uint32_t>(i), 0, 0, 0}, {1, 2});
    const bool zero =
        words[0] < share_of_zeros * 4294967296.0 || i / kFeatures == 5;  // sample 5 is all background
    out.bytes.push_back(zero ? std::uint8_t{0} : static_cast<std::uint8_t>(1 + words[1] % 255));
  }
  return out;
}

std::vector<float> numbers(int count, std::uint32_t salt) {
  std::vector<float> out;
  for (int i = 0; i < count; ++i)
    out.push_back(
        static_cast<float>(normal_pair(salt, RandomStream::kWeights, 0, static_cast<std::uint32_t>(i))[0]));
  return out;
}

TEST(Sparse, OnlyWhereItIsQuicker) {
  EXPECT_TRUE(cpu::sparse(images(0.8), kFeatures));
  EXPECT_FALSE(cpu::sparse(images(0.4), kFeatures));
  EXPECT_FALSE(cpu::sparse(Samples{}, kFeatures));
}

TEST(Sparse, ProductsAreThoseOfTheDenseInputs) {
  const Samples samples = images(0.8);
  const auto held = cpu::sparse(samples, kFeatures);
  ASSERT_TRUE(held);
  const std::vector<std::uint32_t> chosen{7, 5, 0, 39, 7, 12, 30};
  cpu::SparseBatch batch;
  for (const int width : {1, 10, 16, 64, 128, 333}) {
    for (const int rows : {static_cast<int>(chosen.size()), 3}) {
      SCOPED_TRACE(width);
      const bool pick = rows > 3;
      const int first = 4;
      const auto weight = numbers(kFeatures * width, 1), d = numbers(rows * width, 2);
      std::vector<float> one, two;
      for (const int threads : {1, 2}) {
        std::vector<float> y(static_cast<std::size_t>(rows * width)), g(weight.size());
        batch.gather(*held, kFeatures, pick ? chosen.data() : nullptr, first, rows, kScale, kShift);
        batch.product(weight.data(), width, y.data(), threads);
        batch.transposed_product(d.data(), width, g.data(), threads);
        const auto x = [&](int r, int f) {
          const std::size_t sample =
              pick ? chosen[static_cast<std::size_t>(r)] : static_cast<std::size_t>(first + r);
          return static_cast<double>(kScale) *
                     samples.bytes[sample * kFeatures + static_cast<std::size_t>(f)] +
                 static_cast<double>(kShift);
        };
        for (int j = 0; j < width; ++j) {
          for (int r = 0; r < rows; ++r) {
            double sum = 0.0;
            for (int f = 0; f < kFeatures; ++f)
              sum += x(r, f) * static_cast<double>(weight[static_cast<std::size_t>(f * width + j)]);
            ASSERT_NEAR(y[static_cast<std::size_t>(r * width + j)], sum, 3e-5) << r << ' ' << j;
          }
          for (int f = 0; f < kFeatures; ++f) {
            double sum = 0.0;
            for (int r = 0; r < rows; ++r)
              sum += x(r, f) * static_cast<double>(d[static_cast<std::size_t>(r * width + j)]);
            ASSERT_NEAR(g[static_cast<std::size_t>(f * width + j)], sum, 2e-5) << f << ' ' << j;
          }
        }
        y.insert(y.end(), g.begin(), g.end());
        (threads == 1 ? one : two) = std::move(y);
      }
      EXPECT_EQ(one, two);
    }
  }
}

}  // namespace
}  // namespace thalweg

// Initial weights: variance and bounds of every initialisation, and that they depend on the seed alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/nn/initialise.hpp"

namespace thalweg {
namespace {

struct Filled {
  Plan planned;
  std::vector<float> numbers;
  std::span<const float> weight() const {
    return std::span(numbers).first(static_cast<std::size_t>(planned.tensors[0].size()));
  }
};

Filled filled(const std::string& text, const std::string& model = "300-200-10", std::uint64_t seed = 1) {
  Model m = parse_model(model).value();
  m.initialisation = parse_spec(text, initialisation_family()).value();
  Filled out{plan(m, 300, 10).value(), {}};
  out.numbers.resize(static_cast<std::size_t>(out.planned.parameters));
  initialise(out.planned, m.initialisation, seed, out.numbers);
  return out;
}

double variance(std::span<const float> numbers) {
  double sum = 0.0, squares = 0.0;
  for (const float x : numbers) sum += x, squares += static_cast<double>(x) * x;
  const auto n = static_cast<double>(numbers.size());
  return squares / n - sum / n * sum / n;
}

TEST(Initialise, VariancesAreThoseOfThePapers) {
  const std::pair<const char*, double> expected[] = {
      {"pytorch", 1.0 / 900},       {"xavier_normal", 2.0 / 500}, {"xavier_uniform", 2.0 / 500},
      {"he_normal", 2.0 / 300},     {"he_uniform", 2.0 / 300},    {"lecun_normal", 1.0 / 300},
      {"lecun_uniform", 1.0 / 300}, {"normal:std=0.05", 0.0025},
  };
  for (const auto& [text, wanted] : expected)
    EXPECT_NEAR(variance(filled(text).weight()) / wanted, 1.0, 0.03) << text;
  // The list above and orthogonal, below: none forgotten.
  EXPECT_EQ(initialisations().size(), std::size(expected) + 1);
}

TEST(Initialise, UniformStaysInsideItsBound) {
  const double bound = 1.0 / std::sqrt(300.0);
  const auto layer = filled("pytorch");  // named: a range does not keep a temporary alive
  for (const float w : layer.weight()) ASSERT_LE(std::abs(w), bound * 1.000001);
}

TEST(Initialise, OrthogonalBothWays) {
  for (const char* model : {"300-200-10", "300-400-10"}) {
    const Filled f = filled("orthogonal:gain=2", model);
    const int rows = f.planned.tensors[0].rows, columns = f.planned.tensors[0].columns;
    const int fewer = std::min(rows, columns), other = std::max(rows, columns);
    const auto at = [&](int vector, int k) {
      const int row = rows >= columns ? k : vector, column = rows >= columns ? vector : k;
      return static_cast<double>(f.weight()[static_cast<std::size_t>(row * columns + column)]);
    };
    for (int a = 0; a < fewer; a += 37)
      for (int b = 0; b < fewer; b += 19) {
        double dot = 0.0;
        for (int k = 0; k < other; ++k) dot += at(a, k) * at(b, k);
        EXPECT_NEAR(dot, a == b ? 4.0 : 0.0, 1e-5);
      }
  }
}

TEST(Initialise, SeedDecidesAndTensorsDiffer) {
  EXPECT_EQ(filled("he_normal").numbers, filled("he_normal").numbers);
  EXPECT_NE(filled("he_normal").numbers, filled("he_normal", "300-200-10", 2).numbers);
  const Filled f = filled("he_normal", "300-300-300-10");
  const auto second = static_cast<std::size_t>(f.planned.tensors[2].offset);
  EXPECT_NE(f.numbers[0], f.numbers[second]);
  // No number twice in a row: pairs are not repeated.
  const std::set<float> distinct(f.weight().begin(), f.weight().begin() + 1000);
  EXPECT_GT(distinct.size(), 995u);
}

TEST(Initialise, NormalisationsStartAsIdentity) {
  const Filled f = filled("pytorch", "batch_norm; linear:units=10");
  EXPECT_EQ(f.numbers[0], 1.0f);
  EXPECT_EQ(f.numbers[299], 1.0f);
  EXPECT_EQ(f.numbers[300], 0.0f);
  std::vector<float> buffers(600, 9.0f);
  initialise_buffers(f.planned, buffers);
  EXPECT_EQ(buffers[0], 0.0f);
  EXPECT_EQ(buffers[299], 0.0f);
  EXPECT_EQ(buffers[300], 1.0f);
  EXPECT_EQ(buffers[599], 1.0f);
}

}  // namespace
}  // namespace thalweg

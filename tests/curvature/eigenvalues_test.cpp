// Power iteration, Lanczos, density and trace on matrices whose spectra are known.
#include <gtest/gtest.h>

#include <numeric>

#include "core/curvature/lanczos.hpp"
#include "core/curvature/power_iteration.hpp"
#include "core/curvature/trace.hpp"
#include "tests/curvature/matrices.hpp"

namespace thalweg {
namespace {

/// A spectrum like a network's: a bulk around 0 of both signs and a few large ones.
std::vector<double> network_like(int bulk) {
  std::vector<double> out = {31.0, 17.5, 9.0, -2.5};
  for (int i = 0; i < bulk; ++i) out.push_back(1.5 * i / bulk - 0.3);
  return out;
}

SymmetricOperator broken(std::int64_t size, float value, int good_products) {
  return {size, [=, left = good_products](std::span<const float> v, std::span<float> out) mutable {
            for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(i + 1) * v[i];
            if (left-- <= 0) out.back() = value;
          }};
}

TEST(PowerIteration, GivesTheDominantEigenvalueWithItsSign) {
  const auto plus = test::diagonal({1.0, 10.0, 100.0});
  PowerResult found = power_iteration(plus, {.tolerance = 1e-5});
  EXPECT_TRUE(found.converged);
  EXPECT_NEAR(found.value, 100.0, 1e-3);
  EXPECT_LE(found.residual, 1e-3);
  EXPECT_NEAR(found.residual, test::true_residual(plus, found), 1e-5);
  EXPECT_GT(found.products, 2);
  EXPECT_LT(found.products, 20);

  const auto minus = test::dense(test::with_spectrum({3.0, 2.0, -7.0, 0.5, -1.0}, 4));
  found = power_iteration(minus, {.tolerance = 1e-4});
  EXPECT_TRUE(found.converged);
  EXPECT_NEAR(found.value, -7.0, 1e-4);
}

TEST(PowerIteration, ResidualBoundsTheErrorBeforeItConverges) {
  const std::vector<double> spectrum = {5.0, 4.9, 4.0, -1.0, 0.0, 2.0};
  const auto op = test::dense(test::with_spectrum(spectrum, 9));
  for (const int products : {1, 2, 3, 5, 9}) {
    const PowerResult found = power_iteration(op, {.tolerance = 0.0, .products = products});
    EXPECT_EQ(found.products, products);
    EXPECT_FALSE(found.converged);
    double nearest = 1e9;
    for (const double lambda : spectrum) nearest = std::min(nearest, std::abs(lambda - found.value));
    EXPECT_LE(nearest, found.residual * 1.0001);
    EXPECT_NEAR(found.residual, test::true_residual(op, found), 1e-5);
  }
}

TEST(PowerIteration, GoesOnFromAGivenVector) {
  const auto op = test::dense(test::with_spectrum(network_like(40), 2));
  const PowerResult cold = power_iteration(op);
  const PowerResult warm = power_iteration(op, {.start = cold.vector});
  EXPECT_EQ(warm.products, 1);
  EXPECT_TRUE(warm.converged);
  EXPECT_NEAR(warm.value, 31.0, 1e-3);
  // Of another length, and useless ones, which are not taken.
  std::vector<float> longer = cold.vector;
  for (float& x : longer) x *= -50.0f;
  EXPECT_EQ(power_iteration(op, {.start = longer}).products, 1);
  const std::vector<float> zero(cold.vector.size()), shorter(3, 1.0f);
  std::vector<float> nan = longer;
  nan[7] = std::nanf("");
  for (const auto& useless : {zero, shorter, nan})
    EXPECT_EQ(power_iteration(op, {.start = useless}).vector, cold.vector);
}

TEST(PowerIteration, StartInTheKernelDoesNotHideTheRest) {
  const std::vector<float> kernel = {0.0f, 1.0f, 0.0f};
  const PowerResult found = power_iteration(test::diagonal({2.0, 0.0, -3.0}), {.start = kernel});
  EXPECT_NEAR(found.value, -3.0, 1e-3);
}

TEST(PowerIteration, EqualMagnitudesDoNotPassForConverged) {
  const PowerResult found = power_iteration(test::diagonal({2.0, -2.0, 1.0}), {.products = 60});
  EXPECT_FALSE(found.converged);
  EXPECT_GT(found.residual, 0.1);
}

TEST(PowerIteration, IsAFunctionOfItsSeed) {
  const auto op = test::dense(test::with_spectrum(network_like(40), 2));
  const auto run = [&](std::uint64_t seed) {
    return power_iteration(op, {.products = 4, .seed = seed}).vector;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(LargestEigenvalue, IsFoundBehindALargerNegativeOne) {
  for (const auto& spectrum :
       {std::vector{-9.0, 4.0, 1.0, 0.2, -3.0}, std::vector{-2.0, 1.9, 0.0}, std::vector{-4.0, -1.0, -2.5},
        std::vector{-1.0, 1.0, 0.3}, std::vector{6.0, -5.9, 1.0}, std::vector{-1e3, 60.0, 0.0, 25.0}}) {
    const auto op = test::dense(test::with_spectrum(spectrum, 3));
    const double largest = *std::ranges::max_element(spectrum);
    const PowerResult found = largest_eigenvalue(op, {.tolerance = 1e-4, .products = 5000});
    EXPECT_NEAR(found.value, largest, std::abs(largest) * 0.02) << spectrum.front();
    EXPECT_LT(found.products, 5000);
    EXPECT_TRUE(found.converged) << spectrum.front();
    EXPECT_LE(test::true_residual(op, found), 1e-4 * std::abs(largest) + 3e-6 * std::abs(spectrum.front()));
  }
}

TEST(LargestEigenvalue, KeepsToItsBudgetAndSaysSo) {
  const auto op = test::dense(test::with_spectrum({-9.0, 4.0, 3.9, 0.2, -3.0}, 3));
  for (const int products : {1, 2, 3, 7}) {
    const PowerResult found = largest_eigenvalue(op, {.tolerance = 1e-6, .products = products});
    EXPECT_LE(found.products, products);
    EXPECT_FALSE(found.converged);
    EXPECT_TRUE(std::isfinite(found.value));
    EXPECT_NEAR(found.residual, test::true_residual(op, found), 1e-4);
  }
}

TEST(Lanczos, FindsBothEndsOfASpectrum) {
  const auto spectrum = network_like(120);
  const auto op = test::dense(test::with_spectrum(spectrum, 5));
  const LanczosResult found = lanczos(op, {.largest = 3, .smallest = 2, .tolerance = 1e-4});
  EXPECT_TRUE(found.converged);
  ASSERT_EQ(found.largest.size(), 3u);
  ASSERT_EQ(found.smallest.size(), 2u);
  EXPECT_NEAR(found.largest[0].value, 31.0, 1e-4);
  EXPECT_NEAR(found.largest[1].value, 17.5, 1e-4);
  EXPECT_NEAR(found.largest[2].value, 9.0, 1e-4);
  EXPECT_NEAR(found.smallest[0].value, -2.5, 1e-4);
  EXPECT_NEAR(found.smallest[1].value, -0.3, 1e-3);
  for (const auto& list : {found.largest, found.smallest})
    for (const Eigenpair& pair : list) {
      EXPECT_TRUE(pair.converged);
      EXPECT_NEAR(pair.residual, test::true_residual(op, pair), 2e-5);
    }
  EXPECT_LT(found.products, 90);
}

TEST(Lanczos, NeedsFewerProductsThanPowerIteration) {
  std::vector<double> close;
  for (int i = 0; i < 80; ++i) close.push_back(10.0 - 0.1 * i);
  const auto op = test::dense(test::with_spectrum(close, 6));
  const LanczosResult lanczos_found = lanczos(op, {.tolerance = 1e-3});
  const PowerResult power_found = power_iteration(op, {.tolerance = 1e-3, .products = 2000});
  ASSERT_EQ(lanczos_found.largest.size(), 1u);
  EXPECT_NEAR(lanczos_found.largest[0].value, 10.0, 0.01);
  EXPECT_NEAR(power_found.value, 10.0, 0.01);
  EXPECT_LT(3 * lanczos_found.products, power_found.products);
}

TEST(Lanczos, KeepsItsBasisOrthogonal) {
  // Without reorthogonalisation the large one comes back as a copy of itself long before 60 products.
  std::vector<double> spectrum = {1000.0};
  for (int i = 0; i < 99; ++i) spectrum.push_back(0.5 + 0.01 * i);
  const auto op = test::dense(test::with_spectrum(spectrum, 8));
  const LanczosResult found = lanczos(op, {.largest = 2, .tolerance = 0.0, .products = 60});
  ASSERT_EQ(found.largest.size(), 2u);
  EXPECT_NEAR(found.largest[0].value, 1000.0, 1e-2);
  EXPECT_LT(found.largest[1].value, 2.0);
}

TEST(Lanczos, GivesNoMoreThanThereAre) {
  const LanczosResult found = lanczos(test::diagonal({3.0, -1.0, 2.0}), {.largest = 7, .smallest = 5});
  EXPECT_TRUE(found.converged);
  EXPECT_EQ(found.products, 3);
  ASSERT_EQ(found.largest.size(), 3u);
  ASSERT_EQ(found.smallest.size(), 3u);
  const double expected[] = {3.0, 2.0, -1.0};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(found.largest[i].value, expected[i], 1e-5);
    EXPECT_NEAR(found.smallest[i].value, expected[2 - i], 1e-5);
  }
}

TEST(Lanczos, CountsRepeatedEigenvaluesOnceTheSpaceIsUsedUp) {
  const LanczosResult all = lanczos(test::diagonal({5.0, 5.0, 5.0, 5.0, 2.0}), {.largest = 5});
  EXPECT_TRUE(all.converged);
  ASSERT_EQ(all.largest.size(), 5u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(all.largest[i].value, 5.0, 1e-5);
  EXPECT_NEAR(all.largest[4].value, 2.0, 1e-5);
  const LanczosResult one = lanczos(test::diagonal({5.0, 5.0, 5.0, 5.0, 2.0}));
  EXPECT_EQ(one.products, 2);
  EXPECT_NEAR(one.largest.at(0).value, 5.0, 1e-5);
}

TEST(Lanczos, StartInAnInvariantSpaceDoesNotHideTheRest) {
  const std::vector<float> start = {0.0f, 1.0f, 0.0f, 0.0f};
  const LanczosResult found = lanczos(test::diagonal({8.0, 1.0, 3.0, -2.0}), {.start = start});
  EXPECT_NEAR(found.largest.at(0).value, 8.0, 1e-3);
}

TEST(Lanczos, AGoodStartSavesProducts) {
  const auto op = test::dense(test::with_spectrum(network_like(200), 5));
  const LanczosResult cold = lanczos(op);
  const LanczosResult warm = lanczos(op, {.start = cold.largest.at(0).vector});
  EXPECT_NEAR(warm.largest.at(0).value, 31.0, 1e-3);
  EXPECT_LT(warm.products, cold.products);
}

TEST(Lanczos, EndsWithWhatThereIsWhenTheBudgetDoes) {
  const auto op = test::dense(test::with_spectrum(network_like(120), 5));
  const LanczosResult found = lanczos(op, {.largest = 5, .tolerance = 1e-6, .products = 3});
  EXPECT_EQ(found.products, 3);
  EXPECT_FALSE(found.converged);
  EXPECT_EQ(found.largest.size(), 3u);
  for (const Eigenpair& pair : found.largest) EXPECT_NEAR(pair.residual, test::true_residual(op, pair), 2e-5);
}

TEST(Density, PutsTheEigenvaluesWhereTheyAre) {
  // Half of 300 at 0 within ±0.5, the others at 10 within ±0.5.
  std::vector<double> spectrum;
  for (int i = 0; i < 150; ++i)
    for (const double middle : {0.0, 10.0}) spectrum.push_back(middle - 0.5 + i / 150.0);
  const auto op = test::dense(test::with_spectrum(spectrum, 12));
  const SpectralDensity found = spectral_density(op, {.probes = 8, .products = 40});
  EXPECT_EQ(found.probes, 8);
  ASSERT_EQ(found.x.size(), 512u);
  ASSERT_EQ(found.density.size(), 512u);
  double total = 0.0, lower = 0.0, between = 0.0, mean = 0.0;
  const double step = found.x[1] - found.x[0];
  for (std::size_t i = 0; i < found.x.size(); ++i) {
    const double share = found.density[i] * step;
    total += share;
    mean += share * found.x[i];
    if (found.x[i] < 5.0) lower += share;
    if (found.x[i] > 1.5 && found.x[i] < 8.5) between += share;
  }
  EXPECT_NEAR(total, 1.0, 1e-3);
  EXPECT_NEAR(lower, 0.5, 0.05);
  EXPECT_LT(between, 1e-3);
  // The trace is exact in expectation; its error over eight probes is about 10/√(300·8)/√2.
  EXPECT_NEAR(mean, std::accumulate(spectrum.begin(), spectrum.end(), 0.0) / 300.0, 0.3);
  EXPECT_LT(found.x.front(), -0.5);
  EXPECT_GT(found.x.back(), 10.4);
}

TEST(Density, OfOneEigenvalueIsABellAboutIt) {
  const SpectralDensity found = spectral_density(test::diagonal({-4.0, -4.0, -4.0}), {.points = 201});
  const auto top = std::ranges::max_element(found.density) - found.density.begin();
  EXPECT_NEAR(found.x.at(static_cast<std::size_t>(top)), -4.0, 1e-4);
  EXPECT_NEAR(found.density.at(static_cast<std::size_t>(top)), 1.0 / (0.04 * std::sqrt(2.0 * 3.14159265)),
              0.1);
}

TEST(Trace, OfADiagonalIsExact) {
  const TraceEstimate found = hutchinson_trace(test::diagonal({1.5, -2.0, 8.25}), {.probes = 5});
  EXPECT_EQ(found.probes, 5);
  EXPECT_NEAR(found.mean, 7.75, 1e-6);
  EXPECT_NEAR(found.standard_error, 0.0, 1e-6);
}

TEST(Trace, LiesWithinItsStandardError) {
  const Eigen::MatrixXd matrix = test::with_spectrum(network_like(60), 21);
  const auto op = test::dense(matrix);
  Eigen::MatrixXd off = matrix;
  off.diagonal().setZero();
  const double variance = 2.0 * off.squaredNorm();  // of one probe
  int outside = 0;
  double claimed = 0.0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const TraceEstimate found = hutchinson_trace(op, {.probes = 64, .seed = seed});
    claimed += found.standard_error * found.standard_error * 64.0 / 40.0;
    if (std::abs(found.mean - matrix.trace()) > 2.0 * found.standard_error) ++outside;
  }
  EXPECT_NEAR(claimed, variance, 0.2 * variance);
  EXPECT_LE(outside, 6) << "5 % are expected";
  EXPECT_NE(hutchinson_trace(op, {.seed = 1}).mean, hutchinson_trace(op, {.seed = 2}).mean);
  EXPECT_TRUE(std::isnan(hutchinson_trace(op, {.probes = 1}).standard_error));
}

TEST(EveryMethod, TakesAnOperatorThatIsZero) {
  const auto zero = test::diagonal(std::vector<double>(20, 0.0));
  for (const PowerResult& found : {power_iteration(zero), largest_eigenvalue(zero)}) {
    EXPECT_EQ(found.value, 0.0);
    EXPECT_TRUE(found.converged);
    EXPECT_EQ(found.products, 1);
  }
  const LanczosResult found = lanczos(zero, {.largest = 3});
  EXPECT_TRUE(found.converged);
  EXPECT_EQ(found.largest.size(), 3u);
  EXPECT_EQ(found.largest.at(2).value, 0.0);
  EXPECT_EQ(hutchinson_trace(zero).mean, 0.0);
  EXPECT_EQ(spectral_density(zero).probes, 4);
}

TEST(EveryMethod, TakesAnOperatorOfSizeOne) {
  const auto one = test::diagonal({-2.5});
  EXPECT_NEAR(power_iteration(one).value, -2.5, 1e-6);
  EXPECT_NEAR(largest_eigenvalue(one).value, -2.5, 1e-6);
  EXPECT_TRUE(largest_eigenvalue(one).converged);
  EXPECT_NEAR(lanczos(one, {.largest = 2, .smallest = 1}).smallest.at(0).value, -2.5, 1e-6);
  EXPECT_NEAR(hutchinson_trace(one).mean, -2.5, 1e-6);
}

TEST(EveryMethod, ShowsANumberThatIsNotFinite) {
  for (const float value : {std::nanf(""), std::numeric_limits<float>::infinity()})
    for (const int good : {0, 3}) {
      const PowerResult power = power_iteration(broken(9, value, good), {.tolerance = 0.0});
      EXPECT_TRUE(std::isnan(power.value));
      EXPECT_FALSE(power.converged);
      EXPECT_EQ(power.products, good + 1);
      EXPECT_TRUE(power.vector.empty());
      const PowerResult largest = largest_eigenvalue(broken(9, value, good), {.tolerance = 0.0});
      EXPECT_TRUE(std::isnan(largest.value));
      const LanczosResult found = lanczos(broken(9, value, good), {.tolerance = 0.0});
      EXPECT_TRUE(found.largest.empty());
      EXPECT_FALSE(found.converged);
      EXPECT_EQ(found.products, good + 1);
      EXPECT_TRUE(std::isnan(hutchinson_trace(broken(9, value, good)).mean));
      EXPECT_TRUE(spectral_density(broken(9, value, good)).x.empty());
    }
}

TEST(EveryMethod, StopsWhenAsked) {
  const auto op = test::dense(test::with_spectrum(network_like(40), 2));
  int asked = 0;
  const std::function<bool()> third = [&] { return ++asked == 3; };
  EXPECT_EQ(power_iteration(op, {.tolerance = 0.0, .stop = third}).products, 2);
  asked = 0;
  const LanczosResult found = lanczos(op, {.tolerance = 0.0, .stop = third});
  EXPECT_EQ(found.products, 2);
  EXPECT_EQ(found.largest.size(), 1u);
  asked = 0;
  EXPECT_EQ(hutchinson_trace(op, {.stop = third}).probes, 2);
  asked = 2;
  EXPECT_TRUE(std::isnan(power_iteration(op, {.stop = third}).value));
  asked = 2;
  EXPECT_EQ(spectral_density(op, {.stop = third}).probes, 0);
}

TEST(EveryMethod, RefusesWhatMakesNoSense) {
  const SymmetricOperator none;
  EXPECT_THROW(power_iteration(none), std::invalid_argument);
  EXPECT_THROW(largest_eigenvalue(none), std::invalid_argument);
  EXPECT_THROW(lanczos(none), std::invalid_argument);
  EXPECT_THROW(hutchinson_trace(none), std::invalid_argument);
  EXPECT_THROW(spectral_density(none), std::invalid_argument);
  const auto op = test::diagonal({1.0, 2.0});
  EXPECT_THROW(power_iteration(op, {.products = 0}), std::invalid_argument);
  EXPECT_THROW(lanczos(op, {.largest = -1}), std::invalid_argument);
  EXPECT_THROW(hutchinson_trace(op, {.probes = 0}), std::invalid_argument);
  EXPECT_THROW(spectral_density(op, {.width = 0.0}), std::invalid_argument);
}

TEST(Preconditioned, DividesOnBothSides) {
  const Eigen::MatrixXd matrix = test::with_spectrum({4.0, 1.0, -2.0}, 1);
  const auto op = test::dense(matrix);
  const std::vector<float> d = {4.0f, 0.25f, 9.0f};
  const auto half = preconditioned(op, d);
  const Eigen::Vector3d root(0.5, 2.0, 1.0 / 3.0);
  const Eigen::MatrixXd expected = root.asDiagonal() * matrix * root.asDiagonal();
  for (int column = 0; column < 3; ++column) {
    std::vector<float> unit(3), out(3);
    unit[static_cast<std::size_t>(column)] = 1.0f;
    half.multiply(unit, out);
    for (int row = 0; row < 3; ++row)
      EXPECT_NEAR(out[static_cast<std::size_t>(row)], expected(row, column), 1e-5);
  }
  EXPECT_THROW(preconditioned(op, std::vector<float>(2)), std::invalid_argument);
}

}  // namespace
}  // namespace thalweg

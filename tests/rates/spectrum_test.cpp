// Curvatures of surfaces, and what is said of an optimizer on them.
#include <gtest/gtest.h>

#include <cmath>

#include "core/rates/analysis.hpp"
#include "core/surface/surface.hpp"
#include "tests/rates/rules.hpp"

namespace thalweg {
namespace {

using test::optimizer;

std::shared_ptr<const Surface> surface(const std::string& text) {
  return make_surface(parse_spec(text, surface_family()).value()).value();
}

TEST(Spectrum, OfQuadratics) {
  const auto bowl = surface("quadratic:eigenvalues=1/10/100");
  const LocalSpectrum found = local_spectrum(*bowl, {0.3, 0.2, 0.1});
  ASSERT_EQ(found.eigenvalues.size(), 3U);
  EXPECT_DOUBLE_EQ(found.eigenvalues[0], 1.0);
  EXPECT_DOUBLE_EQ(found.eigenvalues[2], 100.0);
  EXPECT_TRUE(found.quadratic);
  EXPECT_TRUE(found.at_minimum);
  EXPECT_DOUBLE_EQ(found.range().condition(), 100.0);
  EXPECT_TRUE(local_spectrum(*surface("quadratic:eigenvalues=1/25,angle=30"), {1, 1}).quadratic);
  const LocalSpectrum typed = local_spectrum(*surface("expr:x^2+25*y^2"), {1, 1});  // ch5:B3
  EXPECT_TRUE(typed.quadratic);
  EXPECT_NEAR(typed.eigenvalues[0], 2.0, 1e-12);
  EXPECT_NEAR(typed.eigenvalues[1], 50.0, 1e-12);
  EXPECT_FALSE(local_spectrum(*surface("quadratic:eigenvalues=-1/1"), {1, 1}).at_minimum);
}

TEST(Spectrum, OfRosenbrock) {
  const LocalSpectrum found = local_spectrum(*surface("rosenbrock"), {-1, 2});
  EXPECT_TRUE(found.at_minimum);
  EXPECT_FALSE(found.quadratic);
  EXPECT_NEAR(found.centre[0], 1.0, 1e-12);
  // The Hessian at (1, 1) is ((802, −400), (−400, 200)).
  EXPECT_NEAR(found.eigenvalues[0] + found.eigenvalues[1], 1002.0, 1e-9);
  EXPECT_NEAR(found.eigenvalues[0] * found.eigenvalues[1], 400.0, 1e-6);
}

TEST(Spectrum, NearestOfSeveralMinima) {
  const auto valleys = surface("himmelblau");
  const LocalSpectrum found = local_spectrum(*valleys, {-2.5, 3.0});
  EXPECT_NEAR(found.centre[0], -2.805118, 1e-5);
  EXPECT_NEAR(found.centre[1], 3.131312, 1e-5);
}

TEST(Spectrum, Preconditioned) {
  const auto bowl = surface("quadratic:eigenvalues=1/10/100");
  const LocalSpectrum plain = local_spectrum(*bowl, {1, 1, 1});
  const LocalSpectrum found = preconditioned(*bowl, plain, {1.0, 10.0, 400.0});
  EXPECT_NEAR(found.eigenvalues[0], 0.25, 1e-12);
  EXPECT_NEAR(found.eigenvalues[1], 1.0, 1e-12);
  EXPECT_NEAR(found.eigenvalues[2], 1.0, 1e-12);
}

TEST(Analysis, OfTheExercises) {
  const auto bowl = surface("quadratic:eigenvalues=1/10/100");
  const Spec ball = optimizer("momentum:lr=0.0330578512,momentum=0.6694214876");
  const auto found = analyse_rates(*bowl, {1, 1, 1}, ball, ball.number("lr"));
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->radius, 0.818182, 1e-4);  // double roots: 1e-10 of η and μ are 1e-5 of the radius
  EXPECT_TRUE(found->stable());
  EXPECT_NEAR(found->largest_rate, 2.0 * 1.6694214876 / 100.0, 1e-12);
  ASSERT_TRUE(found->best);
  EXPECT_NEAR(found->best->radius, 9.0 / 11.0, 1e-12);
  EXPECT_EQ(found->directions.size(), 3U);
}

TEST(Analysis, Words) {
  const auto bowl = surface("quadratic:eigenvalues=1/100");
  const auto words = [&](const std::string& text) {
    const Spec spec = optimizer(text);
    return stability_words(analyse_rates(*bowl, {1, 1}, spec, spec.number("lr")).value());
  };
  EXPECT_EQ(words("gd:lr=0.026"),
            "η = 0.026 is 1.3 times the limit 2/λmax = 0.02: along λ = 100 the distance grows 1.6 times with "
            "each step.");
  EXPECT_EQ(words("gd:lr=0.01"), "η = 0.01 is 50 % of the limit 2/λmax = 0.02.");
  EXPECT_EQ(words("momentum:lr=0.019,momentum=0.9"), "η = 0.019 is 50 % of the limit 2(1+μ)/λmax = 0.038.");
  EXPECT_EQ(words("nesterov:lr=0.01,momentum=0.5"),
            "η = 0.01 is 66.7 % of the limit 2(1+μ)/((1+2μ)λmax) = 0.015.");
  const auto saddle = surface("quadratic:eigenvalues=-2/100");
  const Spec gd = optimizer("gd:lr=0.01");
  EXPECT_EQ(
      stability_words(analyse_rates(*saddle, {1, 1}, gd, 0.01).value()),
      "The surface curves down along λ = −2: whatever η is, the distance there grows 1.02 times with each "
      "step.");
}

TEST(Analysis, AdaptiveRulesNeedWhatTheyDivideBy) {
  const auto bowl = surface("quadratic:eigenvalues=1/100");
  const Spec adam = optimizer("adam:lr=0.1");
  const auto without = analyse_rates(*bowl, {1, 1}, adam, 0.1);
  ASSERT_FALSE(without);
  EXPECT_NE(without.error().message.find("Adam"), std::string::npos);
  const auto with = analyse_rates(*bowl, {1, 1}, adam, 0.1, std::vector<double>{0.5, 50.0});
  ASSERT_TRUE(with);
  EXPECT_TRUE(with->frozen);
  EXPECT_NEAR(with->largest_rate, 38.0 / 2.0, 1e-12);  // both curvatures become 2
  EXPECT_FALSE(with->best);
  EXPECT_FALSE(analyse_rates(*bowl, {1, 1}, adam, 0.1, std::vector<double>{0.0, 50.0}));
}

TEST(Analysis, SaysWhyThereIsNone) {
  std::string many = "quadratic:eigenvalues=1";
  for (int i = 0; i < kMostSpectrumDimensions; ++i) many += "/1";
  const auto large = surface(many);
  const auto found = analyse_rates(*large, std::vector<double>(129, 1.0), optimizer("gd"), 0.1);
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find("128"), std::string::npos);
}

}  // namespace
}  // namespace thalweg

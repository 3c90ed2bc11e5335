// What an ensemble comes to, and its map of basins.
#include "core/ensemble/summary.hpp"

#include "core/ensemble/picture.hpp"
#include "tests/ensemble/ensembles.hpp"

namespace thalweg {
namespace {

using namespace test;

constexpr auto kConverged = Outcome::kConverged;

/// Two rows of five.
EnsembleResult example() {
  return {.x = std::vector<float>(10),
          .y = std::vector<float>(10),
          .loss = std::vector<float>(10),
          .steps = {10, 20, 30, 40, 50, 7, 9, 100, 100, 3},
          .outcome = {kConverged, kConverged, kConverged, kConverged, kConverged, Outcome::kDiverged,
                      Outcome::kDiverged, Outcome::kBudget, Outcome::kBudget, kConverged},
          .minimum = {1, 1, 0, 1, 3, -1, -1, 0, 2, 1}};
}

TEST(EnsembleSummary, CountsOutcomesMinimaAndSteps) {
  const auto surface = make_surface(parse_spec("himmelblau", surface_family()).value()).value();
  const EnsembleSummary got = summary_of(example(), *surface);
  EXPECT_EQ(got.count, 10);
  EXPECT_EQ(got.total_steps, 369);
  ASSERT_EQ(got.outcomes.size(), 3u);
  EXPECT_EQ(got.outcomes[0].outcome, kConverged);
  EXPECT_EQ(got.outcomes[0].count, 6);
  EXPECT_EQ(got.outcomes[0].steps.least, 3);
  EXPECT_EQ(got.outcomes[0].steps.tenth, 3);
  EXPECT_EQ(got.outcomes[0].steps.median, 20);
  EXPECT_EQ(got.outcomes[0].steps.ninetieth, 50);
  EXPECT_EQ(got.outcomes[0].steps.most, 50);
  EXPECT_DOUBLE_EQ(got.outcomes[0].steps.mean, 25.5);
  EXPECT_EQ(got.outcomes[1].outcome, Outcome::kBudget);
  EXPECT_EQ(got.outcomes[1].count, 2);
  EXPECT_EQ(got.outcomes[2].outcome, Outcome::kDiverged);
  EXPECT_EQ(got.outcomes[2].steps.median, 7);
  ASSERT_EQ(got.minima.size(), 4u);
  EXPECT_EQ(got.minima[0].minimum, 1);
  EXPECT_EQ(got.minima[0].converged, 4);
  EXPECT_EQ(got.minima[1].minimum, 0);
  EXPECT_EQ(got.minima[1].converged, 1);
  EXPECT_EQ(got.minima[2].minimum, 3);
  EXPECT_EQ(got.minima[3].converged, 0);
}

TEST(BasinPicture, HasTheLowestRowBelowAndAColourForEachEnd) {
  const Rgb colours[] = {{200, 0, 0}, {0, 200, 0}, {0, 0, 200}};
  const StartGrid grid{.columns = 5, .rows = 2, .x = {0.0, 1.0}, .y = {0.0, 1.0}};
  const auto pixels =
      basin_picture(example(), grid, {.minima = colours, .wandering = {9, 9, 9}, .diverged = {1, 1, 1}});
  ASSERT_EQ(pixels.size(), 30u);
  const auto at = [&](std::size_t row, std::size_t column) {
    const std::size_t i = 3 * (row * 5 + column);
    return Rgb{pixels[i], pixels[i + 1], pixels[i + 2]};
  };
  EXPECT_EQ(at(0, 0), (Rgb{1, 1, 1}));
  EXPECT_EQ(at(0, 2), (Rgb{9, 9, 9}));
  EXPECT_EQ(at(0, 4)[1], 233);  // the first to arrive: 0.4 of green and 0.6 of white
  EXPECT_EQ(at(0, 4)[0], 153);
  // Later is darker, in the order of steps 10, 20, 40.
  EXPECT_GT(at(1, 0)[0], at(1, 1)[0]);
  EXPECT_GT(at(1, 1)[1], at(1, 3)[1]);
  EXPECT_GT(at(1, 2)[0], at(1, 2)[1]);  // the other colour
  // The fourth minimum has the first colour again, darker; it was the last to arrive.
  EXPECT_EQ(at(1, 4), (Rgb{102, 0, 0}));
}

}  // namespace
}  // namespace thalweg

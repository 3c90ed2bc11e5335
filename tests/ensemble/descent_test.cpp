// Ensembles, which compute in float, against descents in double, particle by particle.
//
// How near the two must be says the descent itself: two of its neighbours, 1e-5 away, show what a small
// difference at the start makes of the end, and float may make a few times as much. A start is on the edge of
// a basin, and left out, where the neighbours end in another way or in another minimum than it does, or more
// than a thousand times as far away as they began.
#include <cmath>

#include "tests/ensemble/ensembles.hpp"

namespace thalweg {
namespace {

using namespace test;

struct End {
  std::vector<double> x;
  double loss = 0.0;
  std::int64_t steps = 0;
  Outcome outcome = Outcome::kRunning;
  int minimum = -1;
};

End end_of(DescentSettings settings, const std::shared_ptr<const Surface>& surface, double shift) {
  for (double& x : settings.start) x += shift;
  const auto budget = static_cast<std::int64_t>(settings.run.number("steps"));
  Descent descent(std::move(settings), surface);
  descent.advance(budget);
  const DescentView view = descent.view();
  End out{.steps = view.steps(), .outcome = view.outcome};
  for (int axis = 0; axis < surface->dim(); ++axis)
    out.x.push_back(view.table.at(view.steps(), view.columns.position(axis)));
  out.loss = view.table.at(view.steps(), view.columns.loss());
  double nearest = HUGE_VAL;
  for (std::size_t m = 0; out.outcome != Outcome::kDiverged && m < surface->minima().size(); ++m) {
    double sum = 0.0;
    for (std::size_t axis = 0; axis < out.x.size(); ++axis)
      sum += std::pow(out.x[axis] - surface->minima()[m].x[axis], 2);
    if (sum < nearest) {
      nearest = sum;
      out.minimum = static_cast<int>(m);
    }
  }
  return out;
}

double distance(const End& a, const End& b) {
  double out = 0.0;
  for (std::size_t axis = 0; axis < a.x.size(); ++axis) out = std::max(out, std::abs(a.x[axis] - b.x[axis]));
  return out;
}

/// Compares all particles; returns the share of those that were left out.
double compare(const EnsembleSettings& settings) {
  const auto surface = surface_of(settings);
  const auto all = run_ensemble(settings);
  EXPECT_TRUE(all.ok()) << all.error().text();
  if (!all.ok()) return 1.0;
  std::int64_t left_out = 0;
  for (std::int64_t i = 0; i < all->count() && !testing::Test::HasFailure(); ++i) {
    const DescentSettings one = descent_of(settings, i, surface->dim());
    const End wanted = end_of(one, surface, 0.0), up = end_of(one, surface, 1e-5),
              down = end_of(one, surface, -1e-5);
    const auto at = static_cast<std::size_t>(i);
    SCOPED_TRACE("particle " + std::to_string(i) + " from " + std::to_string(one.start[0]));
    if (up.outcome != wanted.outcome || down.outcome != wanted.outcome || up.minimum != wanted.minimum ||
        down.minimum != wanted.minimum ||
        (up.steps == down.steps && wanted.outcome != Outcome::kDiverged && distance(up, down) > 1e-2)) {
      ++left_out;
      continue;
    }
    EXPECT_EQ(all->outcome[at], wanted.outcome);
    if (wanted.outcome == Outcome::kDiverged) {
      // Numbers that float does not reach come later.
      EXPECT_LE(all->steps[at], wanted.steps);
      EXPECT_EQ(all->minimum[at], -1);
      continue;
    }
    EXPECT_EQ(all->minimum[at], wanted.minimum);
    const auto apart = std::max(std::abs(up.steps - wanted.steps), std::abs(down.steps - wanted.steps));
    EXPECT_LE(std::abs(all->steps[at] - wanted.steps), 2 * apart + 1);
    if (all->steps[at] != wanted.steps || apart > 0) continue;  // ends of different steps
    const double spread = std::max(distance(up, wanted), distance(down, wanted));
    EXPECT_NEAR(static_cast<double>(all->x[at]), wanted.x[0],
                4.0 * spread + 1e-6 * (1.0 + std::abs(wanted.x[0])));
    if (surface->dim() > 1) {
      EXPECT_NEAR(static_cast<double>(all->y[at]), wanted.x[1],
                  4.0 * spread + 1e-6 * (1.0 + std::abs(wanted.x[1])));
    }
    const double slope = std::max({std::abs(up.loss - wanted.loss), std::abs(down.loss - wanted.loss)});
    EXPECT_NEAR(static_cast<double>(all->loss[at]), wanted.loss,
                8.0 * slope + 1e-5 * (1.0 + std::abs(wanted.loss)));
  }
  return static_cast<double>(left_out) / static_cast<double>(all->count());
}

class DescentsOfEveryRule : public testing::TestWithParam<std::string> {};

TEST_P(DescentsOfEveryRule, AreThoseOfTheEnsemble) {
  EXPECT_LT(compare(ensemble_of("rosenbrock", GetParam(), 7, 6, 80, 0.3)), 0.2);
  EXPECT_LT(compare(ensemble_of("quadratic:angle=20", GetParam(), 7, 6, 80, 0.1)), 0.2);
}

INSTANTIATE_TEST_SUITE_P(All, DescentsOfEveryRule, testing::ValuesIn(rules()), name_of);

class DescentsOnEverySurface : public testing::TestWithParam<std::string> {};

TEST_P(DescentsOnEverySurface, AreThoseOfTheEnsemble) {
  EXPECT_LT(compare(small_ensemble(GetParam(), "adam:lr=0.03", 6, 60, 0.1)), 0.2);
  EXPECT_LT(compare(small_ensemble(GetParam(), "gd:lr=0.001", 6, 60, 0.1)), 0.2);
}

INSTANTIATE_TEST_SUITE_P(All, DescentsOnEverySurface, testing::ValuesIn(built_in_surfaces()), name_of);

TEST(Descents, WithSchedulesAreThoseOfTheEnsemble) {
  auto settings = ensemble_of("booth", "momentum:lr=0.01", 7, 7, 100, 1e-2);
  settings.schedule = parse_spec("one_cycle:peak=0.05,total=100", schedule_family()).value();
  EXPECT_LT(compare(settings), 0.2);
  settings.schedule = parse_spec("cosine:total=100", schedule_family()).value();
  settings.drives = {parse_drive("momentum=linear:end_factor=0.5,total=100").value()};
  EXPECT_LT(compare(settings), 0.2);
}

TEST(Descents, ThatAverageAreThoseOfTheEnsemble) {
  EXPECT_LT(compare(ensemble_of("himmelblau", "asgd:lr=0.005,t0=5,found=average", 7, 7, 60, 0.1)), 0.2);
  EXPECT_LT(compare(ensemble_of("parabola", "schedule_free_adamw:lr=0.1", 25, 1, 60, 0.1)), 0.2);
}

}  // namespace
}  // namespace thalweg

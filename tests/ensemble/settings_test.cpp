// What ensembles are told, what they refuse, and that they can be stopped.
#include <set>

#include "tests/ensemble/ensembles.hpp"

namespace thalweg {
namespace {

using namespace test;

std::string refused(const EnsembleSettings& settings) {
  const auto result = run_ensemble(settings);
  EXPECT_FALSE(result.ok());
  return result.ok() ? "" : result.error().text();
}

TEST(EnsembleSettings, GridsHaveTheirStartsInTheMiddleOfCells) {
  const Starts starts = StartGrid{.columns = 4, .rows = 2, .x = {-2.0, 2.0}, .y = {0.0, 1.0}};
  EXPECT_EQ(count_of(starts), 8);
  EXPECT_EQ(start_point(starts, 0, 2).x, -1.5f);
  EXPECT_EQ(start_point(starts, 0, 2).y, 0.25f);
  EXPECT_EQ(start_point(starts, 3, 2).x, 1.5f);
  EXPECT_EQ(start_point(starts, 4, 2).x, -1.5f);
  EXPECT_EQ(start_point(starts, 4, 2).y, 0.75f);
  EXPECT_EQ(start_point(starts, 4, 1).y, 0.0f);
}

TEST(EnsembleSettings, AListHasItsStartsOneByOne) {
  auto settings = ensemble_of("booth", "gd:lr=0.01", 1, 1, 0);
  settings.starts = StartList{{1.0f, 2.0f, 1.0f}, {3.0f, -1.0f, 3.0f}};
  *settings.run.find("tol") = 1e-6;
  const auto result = run_ensemble(settings).value();
  EXPECT_EQ(result.x, (std::vector<float>{1.0f, 2.0f, 1.0f}));
  EXPECT_EQ(result.y, (std::vector<float>{3.0f, -1.0f, 3.0f}));
  EXPECT_EQ(result.outcome, (std::vector{Outcome::kConverged, Outcome::kBudget, Outcome::kConverged}));
  EXPECT_EQ(result.steps, (std::vector<std::int32_t>{0, 0, 0}));
  EXPECT_EQ(result.minimum, (std::vector<std::int32_t>{0, 0, 0}));
  EXPECT_EQ(result.loss[0], 0.0f);
  EXPECT_EQ(result.loss[1], 53.0f);
}

TEST(EnsembleSettings, BadOnesAreRefusedWithTheReason) {
  const auto good = ensemble_of("rosenbrock", "adam", 3, 3, 10);
  const auto with = [&](const auto& change) {
    EnsembleSettings out = good;
    change(out);
    return refused(out);
  };
  EXPECT_NE(with([](auto& s) {
              s.surface = parse_spec("expr:x^2+y^2", surface_family()).value();
            }).find("no typed formula"),
            std::string::npos);
  EXPECT_NE(with([](auto& s) {
              s.surface = parse_spec("quadratic:eigenvalues=1/2/3", surface_family()).value();
            }).find("with 3 coordinates"),
            std::string::npos);
  for (const char* id : {"lbfgs", "lookahead+adam"})
    EXPECT_NE(
        with([&](auto& s) { s.optimizer = parse_spec(id, optimizer_family()).value(); }).find("element-wise"),
        std::string::npos);
  EXPECT_NE(with([](auto& s) {
              s.schedule = parse_spec("plateau", schedule_family()).value();
            }).find("goes by the loss"),
            std::string::npos);
  EXPECT_NE(with([](auto& s) { *s.run.find("tol") = 1e-20; }).find("1e-18"), std::string::npos);
  EXPECT_NE(with([](auto& s) { *s.run.find("steps") = -1.0; }).find("steps"), std::string::npos);
  EXPECT_NE(with([](auto& s) { std::get<StartGrid>(s.starts).columns = 0; }).find("grid"), std::string::npos);
  EXPECT_NE(with([](auto& s) {
              s.starts = StartGrid{.columns = 1 << 20, .rows = 1 << 20, .x = {0.0, 1.0}, .y = {0.0, 1.0}};
            }).find("at most 67108864"),
            std::string::npos);
  EXPECT_NE(with([](auto& s) {
              std::get<StartGrid>(s.starts).x = {1.0, -1.0};
            }).find("box"),
            std::string::npos);
  EXPECT_NE(with([](auto& s) { std::get<StartGrid>(s.starts).y.upper = std::nan(""); }).find("box"),
            std::string::npos);
  EXPECT_NE(with([](auto& s) {
              s.starts = StartList{{1.0f, 2.0f}, {1.0f}};
            }).find("2 x and 1 y"),
            std::string::npos);
  EXPECT_NE(with([](auto& s) { s.starts = StartList{}; }).find("at least 1"), std::string::npos);
  EXPECT_NE(with([](auto& s) {
              s.starts = StartList{{1.0f}, {std::nanf("")}};
            }).find("starts"),
            std::string::npos);
  EXPECT_NE(refused(ensemble_of("parabola", "adam", 3, 3, 10)).find("one row"), std::string::npos);
}

TEST(Ensemble, CanBeStoppedAndSaysHowFarItIs) {
  const auto settings = ensemble_of("rosenbrock", "adam:lr=1e-4", 100, 100, 4000);
  double last = -1.0;
  int asked = 0;
  const EnsembleControl control{.stop = [&] { return ++asked > 60; },
                                .progress =
                                    [&](double share) {
                                      EXPECT_GT(share, last);
                                      EXPECT_LE(share, 1.0);
                                      last = share;
                                    }};
  const auto result = run_ensemble(settings, control, {.threads = 2, .isa = {}}).value();
  const std::set<std::int32_t> steps(result.steps.begin(), result.steps.end());
  EXPECT_LT(*steps.rbegin(), 4000);
  EXPECT_GT(*steps.begin(), 0);
  EXPECT_LE(steps.size(), 2u);  // those that had their turn, and those that had not
  for (const Outcome outcome : result.outcome) ASSERT_EQ(outcome, Outcome::kStopped);
  EXPECT_GT(last, 0.0);
  EXPECT_LT(last, 1.0);
}

TEST(Ensemble, StoppedAtOnceIsAtItsStarts) {
  auto settings = ensemble_of("booth", "gd", 40, 40, 100, 1e-3);
  const auto result = run_ensemble(settings, {.stop = [] { return true; }, .progress = {}}).value();
  for (std::int64_t i = 0; i < result.count(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const StartPoint start = start_point(settings.starts, i, 2);
    ASSERT_EQ(result.x[at], start.x);
    ASSERT_EQ(result.y[at], start.y);
    ASSERT_EQ(result.steps[at], 0);
    ASSERT_EQ(result.outcome[at], Outcome::kStopped);
  }
}

}  // namespace
}  // namespace thalweg

// The thread that reads optimizers' states and rates for the insight pages, and the map's pixels.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "app/work/insight_reader.hpp"
#include "tests/app/insight_scene.hpp"

namespace thalweg {
namespace {

using test::kBowl;
using test::scene_of;

InsightRequest request_of(const std::string& surface, const std::string& optimizer, InsightPage page,
                          int steps) {
  InsightRequest out;
  out.page = page;
  const Scene scene = scene_of(surface, {optimizer}, "rates");
  out.settings = scene.race().lane(0);
  *out.settings.run.find("steps") = static_cast<double>(steps);
  *out.settings.run.find("tol") = Value{};
  out.surface = make_surface(out.settings.surface).value();
  Descent descent(out.settings, out.surface);
  descent.advance(steps);
  out.run = descent.view();
  out.step = out.run.steps();
  return out;
}

/// What is found again is what the optimizer had: the steps of the record follow from it.
TEST(InsightReader, ReplayIsTheRunThatWasRecorded) {
  InsightReader reader;
  for (const char* text : {"adam:lr=0.02", "amsgrad:lr=0.02", "adamax:lr=0.02"}) {
    const InsightRequest request = request_of("rosenbrock", text, InsightPage::kState, 5000);
    reader.request(request);
    reader.wait();
    const auto insight = reader.insight();
    ASSERT_TRUE(insight);
    const StateRecord& state = insight->state;
    ASSERT_EQ(state.table.rows(), 5001);
    EXPECT_FALSE(state.cut);
    std::size_t corrected = 0;
    while (state.quantities[corrected].symbol != "m̂") ++corrected;
    for (std::int64_t t = 1; t <= 5000; t += 7)
      for (int i = 0; i < 2; ++i) {
        const double step = request.run.table.at(t - 1, i) - request.run.table.at(t, i);
        const double made = state.table.at(t, state.column(state.quantities.size() - 1, i)) *
                            state.table.at(t, state.column(corrected, i));
        EXPECT_NEAR(made, step, 1e-9 * std::abs(step) + 1e-13) << text << " " << t;
      }
  }
}

TEST(InsightReader, GoesOnWhereItLeftOffAndBeginsAnewAfterAnEdit) {
  InsightReader reader;
  const InsightRequest whole = request_of("rosenbrock", "adam:lr=0.02", InsightPage::kState, 9000);
  InsightRequest part = whole;
  for (const std::int64_t steps : {100, 5000, 4000, 9000}) {
    part.run.table = whole.run.table.first(steps + 1);
    part.step = steps;
    reader.request(part);
    reader.wait();
    EXPECT_EQ(reader.insight()->state.table.rows(), steps + 1);
  }
  const double last = reader.insight()->state.table.at(9000, 0);
  InsightReader fresh;
  fresh.request(whole);
  fresh.wait();
  EXPECT_EQ(fresh.insight()->state.table.at(9000, 0), last);
  InsightRequest edited = request_of("rosenbrock", "adam:lr=0.05", InsightPage::kState, 9000);
  reader.request(edited);
  reader.wait();
  EXPECT_NE(reader.insight()->state.table.at(9000, 0), last);
}

TEST(InsightReader, RatesOfAdaptiveRulesGoByWhatTheyDivideBy) {
  InsightReader reader;
  reader.request(request_of(kBowl, "adam:lr=0.01", InsightPage::kRates, 200));
  reader.wait();
  const auto insight = reader.insight();
  ASSERT_TRUE(insight->rates.analysis) << insight->rates.why;
  EXPECT_TRUE(insight->rates.analysis->frozen);
  EXPECT_FALSE(insight->field);
  // Its own D: λ/(√v̂ + ε) of both coordinates, the smaller first.
  std::vector<double> expected;
  for (int i = 0; i < 2; ++i)
    expected.push_back(
        (i == 0 ? 1.0 : 100.0) *
        insight->state.table.at(200, insight->state.column(insight->state.quantities.size() - 1, i)) / 0.01);
  std::sort(expected.begin(), expected.end());
  for (std::size_t i = 0; i < 2; ++i)
    EXPECT_NEAR(insight->rates.analysis->spectrum.eigenvalues[i], expected[i], 1e-9 * expected[i]);

  reader.request(request_of(kBowl, "lion:lr=0.01", InsightPage::kRates, 50));
  reader.wait();
  EXPECT_FALSE(reader.insight()->rates.analysis);
  EXPECT_NE(reader.insight()->rates.why.find("Lion"), std::string::npos);
}

TEST(InsightReader, MapIsKeptWhileThePointMoves) {
  InsightReader reader;
  reader.request(request_of(kBowl, "momentum:lr=0.01,momentum=0.5", InsightPage::kRates, 100));
  reader.wait();
  const auto first = reader.insight();
  ASSERT_TRUE(first->field);
  EXPECT_FALSE(first->field->lines.empty());
  reader.request(request_of(kBowl, "momentum:lr=0.02,momentum=0.7", InsightPage::kRates, 100));
  reader.wait();
  EXPECT_EQ(reader.insight()->field, first->field);
}

}  // namespace
}  // namespace thalweg

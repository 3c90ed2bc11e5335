// Series and their rollup: every reading against the points themselves.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "tests/store/files.hpp"

namespace thalweg::store {
namespace {

using test::need;
using test::sql;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Points noisy(std::int64_t count, std::int64_t stride, std::uint32_t seed, std::int64_t first = 0) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  Points out{"loss", "", Goal::kLowest, {}, {}};
  std::int64_t step = first;
  for (std::int64_t i = 0; i < count; ++i) {
    out.steps.push_back(step);
    const auto luck = random() % 200;
    out.values.push_back(luck == 0 ? kNaN : luck == 1 ? INFINITY : luck == 2 ? -INFINITY : normal(random));
    step += stride > 1 ? 1 + static_cast<std::int64_t>(random() % static_cast<std::uint32_t>(2 * stride)) : 1;
  }
  return out;
}

Points part(const Points& all, std::size_t first, std::size_t last) {
  Points out{all.series, all.unit, all.goal, {}, {}};
  out.steps.assign(all.steps.begin() + static_cast<std::ptrdiff_t>(first),
                   all.steps.begin() + static_cast<std::ptrdiff_t>(last));
  out.values.assign(all.values.begin() + static_cast<std::ptrdiff_t>(first),
                    all.values.begin() + static_cast<std::ptrdiff_t>(last));
  return out;
}

/// In pieces of all sizes, as a run hands them over.
void append_in_pieces(Store& store, std::int64_t run, const Points& all, std::uint32_t seed) {
  std::mt19937 random(seed);
  for (std::size_t at = 0; at < all.steps.size();) {
    const std::size_t size =
        std::min<std::size_t>(1 + random() % (random() % 3 ? 3 : 700), all.steps.size() - at);
    need(store.append(run, part(all, at, at + size)));
    at += size;
  }
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

/// Columns of 2^level steps straight from the points.
std::vector<ColumnExtent> reference(const Points& all, std::int64_t first, std::int64_t last,
                                    std::int64_t most) {
  first = std::max(first, all.steps.front());
  last = std::min(last, all.steps.back());
  std::vector<ColumnExtent> out;
  if (first > last) return out;
  std::int64_t width = 1;
  while (last / width - first / width + 1 > most) width *= 2;
  std::int64_t number = -1;
  for (std::size_t i = 0; i < all.steps.size(); ++i) {
    const double value = all.values[i];
    if (all.steps[i] < first || all.steps[i] > last) continue;
    if (all.steps[i] / width != number) out.push_back({.first = value});
    number = all.steps[i] / width;
    ColumnExtent& column = out.back();
    column.last = value;
    if (!std::isfinite(value)) {
      column.gap = true;
      continue;
    }
    column.min = column.any ? std::min(column.min, value) : value;
    column.max = column.any ? std::max(column.max, value) : value;
    column.any = true;
  }
  return out;
}

void expect_same(const std::vector<ColumnExtent>& got, const std::vector<ColumnExtent>& expected,
                 const std::string& what) {
  ASSERT_EQ(got.size(), expected.size()) << what;
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].any, expected[i].any) << what << ", column " << i;
    EXPECT_EQ(got[i].gap, expected[i].gap) << what << ", column " << i;
    EXPECT_TRUE(same(got[i].first, expected[i].first)) << what << ", column " << i;
    EXPECT_TRUE(same(got[i].last, expected[i].last)) << what << ", column " << i;
    if (!expected[i].any) continue;
    EXPECT_EQ(got[i].min, expected[i].min) << what << ", column " << i;
    EXPECT_EQ(got[i].max, expected[i].max) << what << ", column " << i;
    EXPECT_TRUE(i == 0 || got[i].x > got[i - 1].x) << what;
  }
}

void expect_all_readings(Store& store, std::int64_t run, const Points& all, std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto step = [&] {
    return static_cast<std::int64_t>(random() % static_cast<std::uint32_t>(all.steps.back() + 100));
  };
  for (int round = 0; round < 60; ++round) {
    std::int64_t first = step(), last = step();
    if (first > last) std::swap(first, last);
    if (round % 4 == 0) first = 0;
    if (round % 5 == 0) last = INT64_MAX;
    const std::int64_t most = 1 + random() % (round % 2 ? 40 : 2000);
    const auto got = need(store.read_series(run, "loss", first, last, most));
    EXPECT_LE(static_cast<std::int64_t>(got.size()), most);
    expect_same(got, reference(all, first, last, most),
                "[" + std::to_string(first) + ", " + std::to_string(last) + "] in " + std::to_string(most));
  }
}

struct Case {
  std::int64_t count, stride, first;
};

class SeriesOf : public testing::TestWithParam<Case> {};

TEST_P(SeriesOf, EveryReadingIsExact) {
  test::Scratch scratch;
  const auto store = test::open(scratch / "runs.sqlite");
  const std::int64_t run = need(store->begin({}));
  const Points all = noisy(GetParam().count, GetParam().stride, 11, GetParam().first);
  need(store->batch([&]() -> std::optional<Error> {
    append_in_pieces(*store, run, all, 5);
    return {};
  }));
  const SeriesData back = need(store->points(run, "loss"));
  ASSERT_EQ(back.steps, all.steps);
  for (std::size_t i = 0; i < all.values.size(); ++i) ASSERT_TRUE(same(back.values[i], all.values[i])) << i;
  expect_all_readings(*store, run, all, 17);
  EXPECT_EQ(need(store->series(run))[0].count, GetParam().count);
  double best = INFINITY;
  for (const double value : all.values)
    if (std::isfinite(value)) best = std::min(best, value);
  EXPECT_EQ(need(store->results(run))[0].best, best);
  EXPECT_FALSE(store->check());
}

INSTANTIATE_TEST_SUITE_P(Store, SeriesOf,
                         testing::Values(Case{2, 1, 0}, Case{63, 1, 0}, Case{5000, 1, 0},
                                         Case{5000, 1, 123'457}, Case{700, 469, 0}, Case{3000, 50, 7}));

TEST(Series, TruncatedSeriesAreAsIfTheRestHadNeverBeen) {
  test::Scratch scratch;
  const auto store = test::open(scratch / "runs.sqlite");
  const std::int64_t run = need(store->begin({}));
  const Points all = noisy(3000, 1, 3);
  need(store->append(run, all));
  need(store->append(run, {"late", "", Goal::kNone, {2500, 2600}, {1, 2}}));
  need(store->add_event(run, {1999, "changed", "lr", "1"}));
  need(store->add_event(run, {2000, "changed", "lr", "2"}));
  need(store->save(run, {1000, 1, {1}}));
  need(store->save(run, {2000, 1, {1}}));
  need(store->save(run, {2001, 1, {1}}));
  need(store->truncate(run, 2000));
  expect_all_readings(*store, run, part(all, 0, 2000), 23);
  EXPECT_EQ(need(store->series(run)).size(), 1U);
  EXPECT_EQ(need(store->results(run)).size(), 1U);
  EXPECT_EQ(need(store->events(run)).size(), 1U);
  EXPECT_EQ(need(store->checkpoints(run)), (std::vector<std::int64_t>{1000, 2000})) << "after 2000 updates";
  // And going on differently.
  Points other = noisy(3000, 1, 4);
  for (std::size_t i = 0; i < 2000; ++i) other.values[i] = all.values[i];
  need(store->append(run, part(other, 2000, 3000)));
  expect_all_readings(*store, run, other, 29);
  const RunResult result = need(store->results(run))[0];
  double best = INFINITY;
  for (const double value : other.values)
    if (std::isfinite(value)) best = std::min(best, value);
  EXPECT_EQ(result.best, best);
  EXPECT_EQ(other.values.at(static_cast<std::size_t>(*result.best_step)), best);
  need(store->truncate(run, 0));
  EXPECT_TRUE(need(store->series(run)).empty());
}

TEST(Series, WhatIsWrongIsRefused) {
  test::Scratch scratch;
  const auto store = test::open(scratch / "runs.sqlite");
  const std::int64_t run = need(store->begin({}));
  const auto said = [&](Points points) {
    const auto error = store->append(run, points);
    return error ? error->text() : "accepted";
  };
  EXPECT_EQ(said({"loss", "", Goal::kNone, {0, 1}, {0.0}}), "loss: has not as many values as steps");
  EXPECT_EQ(said({"loss", "", Goal::kNone, {-1}, {0.0}}), "loss: a step must be at least 0");
  EXPECT_EQ(said({"loss", "", Goal::kNone, {3, 3}, {0.0, 0.0}}), "loss: step 3 does not come after step 3");
  EXPECT_EQ(said({"", "", Goal::kNone, {0}, {0.0}}), "a series must have a name");
  EXPECT_EQ(said({"a\x01", "", Goal::kNone, {0}, {0.0}}), "name of a series: has a control character in it");
  EXPECT_TRUE(need(store->series(run)).empty());
  EXPECT_EQ(said({"loss", "", Goal::kNone, {}, {}}), "accepted");
  EXPECT_TRUE(need(store->series(run)).empty());
  EXPECT_EQ(said({"x'); DROP TABLE points; --", "", Goal::kNone, {0}, {1.0}}), "accepted");
  EXPECT_EQ(need(store->points(run, "x'); DROP TABLE points; --")).values.size(), 1U);
  EXPECT_TRUE(need(store->points(run, "none")).values.empty());
  EXPECT_TRUE(need(store->read_series(run, "none", 0, 9, 9)).empty());
  EXPECT_TRUE(need(store->read_series(run, "x'); DROP TABLE points; --", 5, 9, 9)).empty());
}

TEST(Series, AReopenedSeriesGoesOn) {
  test::Scratch scratch;
  const Points all = noisy(2000, 1, 8);
  std::int64_t run = 0;
  {
    const auto store = test::open(scratch / "runs.sqlite");
    run = need(store->begin({}));
    need(store->append(run, part(all, 0, 1)));
  }
  for (const std::size_t at : {1U, 700U, 701U}) {
    const auto store = test::open(scratch / "runs.sqlite");
    EXPECT_TRUE(store->append(run, part(all, at - 1, at))) << "that step is there already";
    need(store->append(run, part(all, at, at == 1 ? 700 : at == 700 ? 701 : 2000)));
  }
  const auto store = test::open(scratch / "runs.sqlite");
  expect_all_readings(*store, run, all, 31);
}

}  // namespace
}  // namespace thalweg::store

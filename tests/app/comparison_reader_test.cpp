// What the thread of the comparison reads, against what was written.
#include "app/work/comparison_reader.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <future>
#include <map>
#include <mutex>

#include "core/compare/running_average.hpp"
#include "tests/app/kept_runs.hpp"

namespace thalweg {
namespace {

using store::test::need;

class ComparisonReaderTest : public ::testing::Test {
 protected:
  void SetUp() override { file_ = need(store::Store::open(path())); }
  std::filesystem::path path() const { return scratch_ / "runs.sqlite"; }
  store::Store& file() { return *file_; }

  std::shared_ptr<const Comparison> read(const ComparisonRequest& request) {
    if (!reader_) reader_ = std::make_unique<ComparisonReader>(path());
    reader_->request(request);
    reader_->wait();
    return reader_->comparison();
  }

  store::test::Scratch scratch_;
  std::unique_ptr<store::Store> file_;
  std::unique_ptr<ComparisonReader> reader_;
};

const ComparedCurve* find(const Comparison& data, std::size_t run, const std::string& series) {
  for (const ComparedCurve& curve : data.curves)
    if (curve.run == run && curve.series == series) return &curve;
  return nullptr;
}

TEST_F(ComparisonReaderTest, CurvesAreWhatWasWritten) {
  const std::string a = test::keep_run(file(), 1, {}),
                    b = test::keep_run(file(), 2, {.lr = 0.01, .steps = 300});
  const auto data = read({.uids = {a, b}, .visible = {true, true}, .curves = true, .pixels = 2000});
  ASSERT_FALSE(data->error) << data->error->text();
  EXPECT_TRUE(data->complete);
  EXPECT_FALSE(data->live);
  EXPECT_EQ(data->series, (std::vector<std::string>{"loss", "test_accuracy"}));
  EXPECT_EQ(data->names, (std::vector<std::string>{"adam on blobs, lr 0.1", "adam on blobs, lr 0.01"}));
  const ComparedCurve* curve = find(*data, 1, "loss");
  ASSERT_TRUE(curve);
  ASSERT_EQ(curve->raw.x.size(), 300U);
  for (std::size_t i = 0; i < 300; ++i) {
    EXPECT_EQ(curve->raw.x[i], static_cast<double>(i));
    EXPECT_EQ(curve->raw.y[i], test::loss_at(2, static_cast<std::int64_t>(i)));
  }
  EXPECT_TRUE(curve->smooth.x.empty());
}

TEST_F(ComparisonReaderTest, ManyPointsComeAsColumnsWithEveryExtreme) {
  const std::string a = test::keep_run(file(), 1, {.steps = 5000});
  const auto data = read({.uids = {a}, .visible = {true}, .curves = true, .pixels = 100});
  const ComparedCurve* curve = find(*data, 0, "loss");
  ASSERT_TRUE(curve);
  EXPECT_LE(curve->raw.x.size(), 400U);
  EXPECT_EQ(*std::max_element(curve->raw.y.begin(), curve->raw.y.end()), test::loss_at(1, 0));
  EXPECT_EQ(*std::min_element(curve->raw.y.begin(), curve->raw.y.end()), test::loss_at(1, 4999));
}

TEST_F(ComparisonReaderTest, SmoothingTakesEveryPointWhateverIsShown) {
  const std::string a = test::keep_run(file(), 1, {.steps = 2000});
  RunningAverage average(0.99);
  std::vector<double> expected;
  for (std::int64_t t = 0; t < 2000; ++t) expected.push_back(average.add(test::loss_at(1, t)));
  // A part in the middle: the average knows what came before it.
  const auto data = read({.uids = {a},
                          .visible = {true},
                          .curves = true,
                          .smoothing = 0.99,
                          .range = Range{1000.0, 1050.0},
                          .pixels = 1200});
  const ComparedCurve* curve = find(*data, 0, "loss");
  ASSERT_TRUE(curve);
  ASSERT_FALSE(curve->smooth.x.empty());
  EXPECT_FALSE(curve->approximate);
  int seen = 0;
  for (std::size_t i = 0; i < curve->smooth.x.size(); ++i) {
    const double x = curve->smooth.x[i];
    if (x < 1000.0 || x > 1050.0) continue;
    ++seen;
    EXPECT_NEAR(curve->smooth.y[i], expected[static_cast<std::size_t>(x)], 1e-12);
  }
  EXPECT_EQ(seen, 51);
  EXPECT_GE(curve->raw.x.front(), 999.0);
  EXPECT_LE(curve->raw.x.back(), 1051.0);
}

TEST_F(ComparisonReaderTest, EpochsAndTimesComeFromTheRecord) {
  const std::string a = test::keep_run(file(), 1, {});
  const std::string without = test::keep_descent(file(), 1, "himmelblau");
  auto data = read({.uids = {a, without},
                    .visible = {true, true},
                    .curves = true,
                    .series = {"loss"},
                    .unit = StepUnit::kEpoch,
                    .pixels = 1000});
  EXPECT_EQ(data->on_axis, (std::vector<bool>{true, false}));
  ASSERT_TRUE(find(*data, 0, "loss"));
  EXPECT_NEAR(find(*data, 0, "loss")->raw.x.back(), 4.99, 1e-12);  // step 499 of epochs of 100
  data = read({.uids = {a, without},
               .visible = {true, true},
               .curves = true,
               .series = {"loss"},
               .unit = StepUnit::kTime,
               .pixels = 1000});
  EXPECT_NEAR(find(*data, 0, "loss")->raw.x.back(), 9.98, 1e-12);  // 2 s for each
  // Where the batch follows a schedule epochs differ, and have their ends on record.
  const std::string ramp = test::keep_run(file(), 2, {.epochs = {200, 300, 350}});
  // One that has not come to the end of its first has its word.
  const std::string begun = test::keep_run(file(), 3, {.steps = 60});
  store::test::need(file().set_result(need(file().find(ramp)).id, "steps_per_epoch", 200.0));
  store::test::need(file().set_result(need(file().find(begun)).id, "steps_per_epoch", 200.0));
  data = read({.uids = {ramp, begun},
               .visible = {true, true},
               .curves = true,
               .series = {"loss"},
               .unit = StepUnit::kEpoch,
               .pixels = 1000});
  EXPECT_NEAR(find(*data, 0, "loss")->raw.x[200], 1.0, 1e-12);
  EXPECT_NEAR(find(*data, 0, "loss")->raw.x[250], 1.5, 1e-12);
  EXPECT_NEAR(find(*data, 0, "loss")->raw.x[340], 2.8, 1e-12);
  EXPECT_NEAR(find(*data, 1, "loss")->raw.x.back(), 59.0 / 200.0, 1e-12);
}

TEST_F(ComparisonReaderTest, GroupsHaveTheMeanOfTheirVisibleRuns) {
  const std::string a = test::keep_run(file(), 1, {.seed = 0}), b = test::keep_run(file(), 2, {.seed = 1}),
                    c = test::keep_run(file(), 3, {.seed = 2});
  ComparisonRequest request{.uids = {a, b, c},
                            .visible = {true, false, true},
                            .curves = true,
                            .series = {"loss"},
                            .group = kAllButSeed,
                            .pixels = 1000};
  const auto data = read(request);
  ASSERT_EQ(data->bands.size(), 1U);
  const Band& band = data->bands.front().band;
  ASSERT_EQ(band.x.size(), 500U);
  for (const std::size_t i : {0U, 250U, 499U}) {
    const auto t = static_cast<std::int64_t>(band.x[i]);
    EXPECT_NEAR(band.mean[i], 0.5 * (test::loss_at(1, t) + test::loss_at(3, t)), 1e-12);
    EXPECT_NEAR(band.low[i], test::loss_at(1, t), 1e-12);
    EXPECT_NEAR(band.high[i], test::loss_at(3, t), 1e-12);
  }
}

TEST_F(ComparisonReaderTest, ARunThatGoesOnIsReadOn) {
  const std::string a = test::keep_run(file(), 1, {.steps = 100, .outcome = ""});
  ComparisonRequest request{
      .uids = {a}, .visible = {true}, .curves = true, .series = {"loss"}, .smoothing = 0.5, .pixels = 1000};
  auto data = read(request);
  EXPECT_TRUE(data->live);
  EXPECT_EQ(find(*data, 0, "loss")->smooth.x.size(), 100U);
  const std::int64_t id = need(file().find(a)).id;
  need(file().append(
      id, {.series = "loss", .goal = store::Goal::kLowest, .steps = {100, 101}, .values = {0.5, 0.25}}));
  request.refresh = 1;
  data = read(request);
  EXPECT_EQ(find(*data, 0, "loss")->smooth.x.size(), 102U);
  EXPECT_EQ(find(*data, 0, "loss")->raw.y.back(), 0.25);
  // Somebody goes back and goes on differently: what was read is not what is there.
  need(file().finish(id, {"stopped", 102, 1.0}));
  request.refresh = 2;
  EXPECT_FALSE(read(request)->live);
  need(file().reopen(id, 50));
  need(file().append(
      id, {.series = "loss", .goal = store::Goal::kLowest, .steps = {50, 120}, .values = {9.0, 8.0}}));
  request.refresh = 3;
  data = read(request);
  const ComparedCurve* curve = find(*data, 0, "loss");
  ASSERT_EQ(curve->smooth.x.size(), 52U);
  EXPECT_EQ(curve->raw.y[50], 9.0);
  EXPECT_GT(curve->smooth.y[50], 4.0);
}

TEST_F(ComparisonReaderTest, WhatIsNotThereIsSaid) {
  const std::string a = test::keep_run(file(), 1, {});
  auto data = read({.uids = {"nosuchrun", a}, .visible = {true, true}, .curves = true});
  ASSERT_FALSE(data->error);
  EXPECT_FALSE(data->runs[0]->found);
  EXPECT_TRUE(data->runs[1]->found);
  need(file().set_deleted(need(file().find(a)).id, true));
  data = read({.uids = {"nosuchrun", a}, .visible = {true, true}, .refresh = 1, .curves = true});
  EXPECT_FALSE(data->runs[1]->found);
  ComparisonReader other(scratch_ / "none.sqlite");
  other.request({.uids = {a}});
  other.wait();
  ASSERT_TRUE(other.comparison()->error);
}

TEST_F(ComparisonReaderTest, ListedRunsAreThoseOfTheFilter) {
  test::keep_run(file(), 1, {.lr = 0.1});
  test::keep_run(file(), 2, {.optimizer = "gd", .lr = 0.01});
  test::keep_run(file(), 3, {.optimizer = "gd", .lr = 0.001});
  auto data = read({.listed = true, .filter = "optimizer=gd", .columns = {"best(loss)"}});
  ASSERT_TRUE(data->listed);
  const ListedRuns& runs = *data->listed;
  ASSERT_EQ(runs.uids.size(), 2U);
  EXPECT_EQ(runs.find("optimizer"), nullptr);  // all alike
  const ListedColumn* lr = runs.find("lr");
  ASSERT_TRUE(lr);
  EXPECT_FALSE(lr->result);
  const ListedColumn* loss = runs.find("best(loss)");
  ASSERT_TRUE(loss);
  EXPECT_EQ(loss->goal, store::Goal::kLowest);
  for (std::size_t i = 0; i < 2; ++i) {
    const int number = runs.uids[i][3] - '0';
    EXPECT_EQ(lr->facts[i].number, number == 2 ? 0.01 : 0.001);
    EXPECT_EQ(loss->facts[i].number, test::loss_at(number, 499));
  }
  data = read({.listed = true, .filter = "nonsense>1"});
  EXPECT_FALSE(data->error);
  ASSERT_TRUE(data->listed);
  EXPECT_TRUE(data->listed->error);
}

TEST_F(ComparisonReaderTest, PathsAreOnTheirSurface) {
  const std::string a = test::keep_descent(file(), 1, "himmelblau"), b = test::keep_run(file(), 2, {});
  const auto data = read({.uids = {a, b}, .visible = {true, true}, .paths = true});
  ASSERT_EQ(data->paths.size(), 2U);
  const ComparedPath& path = *data->paths[0];
  EXPECT_EQ(path.trouble, "");
  ASSERT_TRUE(path.surface);
  ASSERT_EQ(path.table.rows(), 51);
  EXPECT_NEAR(path.table.at(50, 0), 0.0, 1e-12);
  EXPECT_NEAR(path.table.at(50, 1), -0.5, 1e-12);
  EXPECT_NE(data->paths[1]->trouble, "");
}

TEST_F(ComparisonReaderTest, AFamilyIsAncestorsAndDescendants) {
  const std::string root = test::keep_run(file(), 1, {.lr = 0.1});
  const std::string child = test::keep_run(file(), 2, {.lr = 0.01, .parent = root, .parent_step = 400});
  const std::string grandchild = test::keep_run(file(), 3, {.lr = 0.01, .parent = child, .parent_step = 450});
  const std::string sibling =
      test::keep_run(file(), 4, {.optimizer = "gd", .lr = 0.1, .parent = root, .parent_step = 100});
  test::keep_run(file(), 5, {});  // a stranger
  need(file().add_event(need(file().find(grandchild)).id, {450, "changed", "lr", "0.001"}));
  const auto data = read({.uids = {child}, .visible = {true}, .family = true});
  ASSERT_EQ(data->family.size(), 4U);
  std::vector<std::string> order;
  for (const FamilyBranch& branch : data->branches) order.push_back(data->family[branch.member].info.uid);
  EXPECT_EQ(order, (std::vector<std::string>{root, child, grandchild, sibling}));
  const std::map<std::string, std::string> expected{{root, ""},
                                                    {child, "lr 0.1 → 0.01"},
                                                    {grandchild, "lr 0.01 → 0.001 at step 450"},
                                                    {sibling, "optimizer adam → gd"}};
  for (const FamilyRun& run : data->family) {
    EXPECT_EQ(run.difference, expected.at(run.info.uid));
    EXPECT_NE(run.outcome.find("test_accuracy"), std::string::npos) << run.outcome;
  }
}

TEST_F(ComparisonReaderTest, TheFirstPictureComesBeforeEveryDetail) {
  const std::string a = test::keep_run(file(), 1, {.steps = 3000});
  std::mutex mutex;
  std::vector<bool> complete;
  ComparisonReader* reading = nullptr;
  std::promise<void> ready;
  std::shared_future<void> go(ready.get_future());
  ComparisonReader reader(path(), [&] {
    go.wait();
    const auto data = reading->comparison();
    const std::scoped_lock lock(mutex);
    complete.push_back(data->complete);
    EXPECT_FALSE(data->curves.empty());
    EXPECT_EQ(data->curves.front().smooth.x.empty(), !data->complete);
  });
  reading = &reader;
  ready.set_value();
  reader.request({.uids = {a}, .visible = {true}, .curves = true, .series = {"loss"}, .smoothing = 0.9});
  reader.wait();
  EXPECT_EQ(complete, (std::vector<bool>{false, true}));
}

}  // namespace
}  // namespace thalweg

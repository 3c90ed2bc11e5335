// The comparison of runs without a display, driven as a user would drive it, on a file made here.
#include <gtest/gtest.h>

#include <cmath>

#include "app/headless.hpp"
#include "app/panels/compare_networks.hpp"
#include "app/panels/compare_paths.hpp"
#include "app/panels/compare_settings.hpp"
#include "tests/app/kept_runs.hpp"

namespace thalweg {
namespace {

using store::test::need;

class RunsCompareTest : public ::testing::Test {
 protected:
  void SetUp() override {
    file_ = need(store::Store::open(path()));
    uids_.push_back(test::keep_run(*file_, 0, {.lr = 0.1}));
    uids_.push_back(test::keep_run(*file_, 1, {.optimizer = "gd", .lr = 0.01, .seed = 1}));
    uids_.push_back(
        test::keep_run(*file_, 2, {.lr = 0.01, .steps = 700, .parent = uids_[0], .parent_step = 300}));
    uids_.push_back(test::keep_descent(*file_, 3, "himmelblau"));
  }
  std::filesystem::path path() const { return scratch_ / "runs.sqlite"; }

  void open(const std::string& page, std::vector<std::size_t> chosen = {0, 1, 2}, int width = 1280,
            int height = 800, const std::string& theme = "dark", double scale = 1.0) {
    headless_.reset();
    Scene scene = default_scene();
    *scene.appearance.find("theme") = theme;
    *scene.appearance.find("scale") = scale;
    *scene.runs.view.find("page") = page;
    *scene.runs.view.find("layout") = std::string("comparison");
    for (const std::size_t i : chosen)
      scene.runs.selected.push_back({uids_[i], scene.runs.free_colour(), true});
    WorkbenchOptions options;
    options.synchronous = true;
    options.db = path();
    auto made = Headless::create(std::move(scene), width, height, std::move(options));
    if (!made && made.error().context == "EGL") GTEST_SKIP() << made.error().text();
    ASSERT_TRUE(made) << made.error().text();
    headless_ = std::move(*made);
    ASSERT_FALSE(headless_->workbench().show("runs"));
    headless_->frames(4);
  }

  Headless& h() { return *headless_; }
  const RunsScene& runs() { return headless_->scene().runs; }
  bool shown(std::string_view mark) { return ui::find_mark(mark) != nullptr; }

  store::test::Scratch scratch_;
  std::unique_ptr<store::Store> file_;
  std::vector<std::string> uids_;
  std::unique_ptr<Headless> headless_;
};

TEST_F(RunsCompareTest, WithoutRunsItSaysWhatToDo) {
  open("curves", {});
  EXPECT_TRUE(shown("compare.none.empty"));
  EXPECT_FALSE(shown("compare.curves.chart.0"));
}

TEST_F(RunsCompareTest, PagesAreTabs) {
  open("curves");
  EXPECT_TRUE(shown("compare.curves.chart.0"));
  EXPECT_TRUE(shown("compare.curves.chart.1"));
  EXPECT_FALSE(shown("compare.curves.chart.2"));  // loss and test_accuracy
  h().click("compare.page.1");
  h().frames(2);
  EXPECT_EQ(runs().view.text("page"), "settings");
  EXPECT_TRUE(shown("compare.settings.run.2"));
  EXPECT_FALSE(shown("compare.curves.chart.0"));
}

TEST_F(RunsCompareTest, TheLegendHidesAndShows) {
  open("curves");
  h().click("compare.curves.legend.1");
  EXPECT_FALSE(runs().selected[1].visible);
  EXPECT_TRUE(runs().selected[0].visible);
  h().click("compare.curves.legend.1");
  EXPECT_TRUE(runs().selected[1].visible);
}

TEST_F(RunsCompareTest, ControlsOfTheCurvesChangeTheScene) {
  open("curves");
  h().click("compare.curves.x_axis.1");
  EXPECT_EQ(runs().view.text("x_axis"), "epoch");
  h().frames(2);
  EXPECT_TRUE(shown("compare.curves.chart.0"));
  h().drag(h().place("compare.curves.smoothing", 0.2F), h().place("compare.curves.smoothing", 0.6F));
  EXPECT_GT(runs().view.number("smoothing"), 0.0);
  h().click("compare.curves.tiles.1");
  h().frames(2);
  EXPECT_TRUE(runs().view.flag("tiles"));
  EXPECT_TRUE(shown("compare.curves.tile.0.2"));
  h().click("compare.curves.tiles.0");
  h().frames(2);
  EXPECT_FALSE(shown("compare.curves.tile.0.2"));
  // A series for which a small value is good is on a log axis until somebody switches it.
  h().click("compare.curves.chart.0.scale");
  EXPECT_EQ(runs().flipped, (std::vector<std::string>{"loss"}));
  h().click("compare.curves.chart.0.scale");
  EXPECT_TRUE(runs().flipped.empty());
}

TEST_F(RunsCompareTest, SeriesAreChosenFromAList) {
  open("curves");
  h().click("compare.curves.series.open");
  h().frames(2);
  ASSERT_TRUE(shown("compare.curves.series.epoch_seconds"));
  h().type("sec");
  EXPECT_FALSE(shown("compare.curves.series.loss"));
  h().click("compare.curves.series.epoch_seconds");
  EXPECT_EQ(runs().series, (std::vector<std::string>{"loss", "test_accuracy", "epoch_seconds"}));
  h().tap(ImGuiKey_Escape);
  h().frames(3);
  EXPECT_TRUE(shown("compare.curves.chart.2"));
}

TEST_F(RunsCompareTest, RunsAreGroupedByASetting) {
  open("curves");
  EXPECT_FALSE(shown("compare.curves.band"));
  h().click("compare.curves.group");
  h().frames(2);
  h().click("compare.curves.group.1");
  EXPECT_EQ(runs().group, kAllButSeed);
  h().frames(2);
  h().click("compare.curves.band.1");
  EXPECT_EQ(runs().view.text("band"), "deviation");
}

TEST_F(RunsCompareTest, APointOfTheScatterIsARun) {
  open("scatter", {0});
  ASSERT_TRUE(shown("compare.scatter.best"));
  EXPECT_FALSE(shown("compare.focus.open"));
  h().click("compare.scatter.best");  // the best test accuracy is that of run 0
  h().frames(2);
  ASSERT_TRUE(shown("compare.focus.choose"));
  h().click("compare.focus.choose");
  EXPECT_TRUE(runs().selected.empty());
  h().frames(2);
  h().click("compare.focus.choose");
  ASSERT_EQ(runs().selected.size(), 1U);
  EXPECT_EQ(runs().selected[0].uid, uids_[0]);
  h().frames(2);
  h().click("compare.focus.close");
  h().frames(2);
  EXPECT_FALSE(shown("compare.focus.choose"));
}

TEST_F(RunsCompareTest, AxesAreBrushedMovedAndHidden) {
  open("parallel", {0, 1});
  ASSERT_TRUE(shown("compare.parallel.axis.2.range"));
  h().drag(h().place("compare.parallel.axis.1.range", 0.5F, 0.2F),
           h().place("compare.parallel.axis.1.range", 0.5F, 0.7F));
  ASSERT_GE(runs().axes.size(), 3U);
  EXPECT_TRUE(runs().axes[1].brushed);
  EXPECT_NEAR(runs().axes[1].low, 0.3, 0.02);
  EXPECT_NEAR(runs().axes[1].high, 0.8, 0.02);
  const std::string first = runs().axes[0].key, second = runs().axes[1].key;
  h().click("compare.parallel.axis.0.head");
  h().frames(2);
  h().click("compare.parallel.axis.0.right");
  EXPECT_EQ(runs().axes[0].key, second);
  EXPECT_EQ(runs().axes[1].key, first);
  h().frames(3);
  h().click("compare.parallel.axis.0.head");
  h().frames(2);
  h().click("compare.parallel.axis.0.hide");
  EXPECT_TRUE(runs().axes[0].hidden);
  h().frames(2);
  // One drag is one step back.
  h().workbench().editor().undo();
  h().workbench().editor().undo();
  EXPECT_EQ(runs().axes[0].key, first);
  EXPECT_TRUE(runs().axes[1].brushed);
  h().workbench().editor().undo();
  EXPECT_TRUE(runs().axes.empty());
}

TEST_F(RunsCompareTest, TheFamilyShowsRelativesThatWereNotChosen) {
  open("family", {2});
  ASSERT_TRUE(shown("compare.family.run.1"));
  EXPECT_FALSE(shown("compare.family.run.2"));
  h().click("compare.family.run.0");
  h().frames(2);
  h().click("compare.focus.choose");
  ASSERT_EQ(runs().selected.size(), 2U);
  EXPECT_EQ(runs().selected[1].uid, uids_[0]);
}

TEST_F(RunsCompareTest, PathsHaveAMapAndNetworksSayWhyTheyHaveNone) {
  open("paths", {3, 0});
  EXPECT_TRUE(shown("compare.paths.map.0"));
  EXPECT_FALSE(shown("compare.paths.map.1"));
  open("paths", {0});
  EXPECT_TRUE(shown("compare.paths.none.empty"));
  open("networks", {3});
  EXPECT_TRUE(shown("compare.networks.none.empty"));
  open("networks", {0});
  EXPECT_FALSE(shown("compare.networks.none.empty"));
  EXPECT_FALSE(shown("compare.networks.matrix.0"));  // it has no checkpoint
}

TEST_F(RunsCompareTest, EveryPageThemeAndSizeCanBeDrawn) {
  struct Case {
    const char* theme;
    double scale;
    int width, height;
  };
  for (const char* page : {"curves", "settings", "scatter", "parallel", "paths", "networks", "family"})
    for (const auto& [theme, scale, width, height] :
         {Case{"dark", 1.0, 320, 240}, Case{"light", 1.5, 1280, 720}, Case{"projector", 3.0, 1280, 800}})
      ASSERT_NO_FATAL_FAILURE(open(page, {0, 1, 2, 3}, width, height, theme, scale)) << page;
}

// Tables
// -----------------------------------------------------------------------------------------------------

Comparison two_runs() {
  Comparison data;
  for (const double best : {0.25, 0.5}) {
    ComparedRun run;
    run.found = true;
    run.settings = {{"optimizer", "gd"}, {"optimizer.lr", "0.1"}, {"training.batch", "64"}};
    run.series = {{.name = "loss", .goal = store::Goal::kLowest},
                  {.name = "test_accuracy", .goal = store::Goal::kHighest}};
    run.results = {{"loss", 9.0, best, 7}, {"test_accuracy", 0.1, best, 9}, {"parameters", 100.0, NAN, {}}};
    data.runs.push_back(std::make_shared<const ComparedRun>(run));
  }
  data.all_series = {"loss", "test_accuracy"};
  return data;
}

TEST(CompareTables, AValueChangedOnTheWayDiffers) {
  Comparison data = two_runs();
  EXPECT_TRUE(setting_rows(data, false).empty());
  EXPECT_EQ(setting_rows(data, true).size(), 3U);
  ComparedRun changed = *data.runs[1];
  changed.events = {{400, "changed", "lr", "0.01"}, {500, "diverged", "", ""}};
  data.runs[1] = std::make_shared<const ComparedRun>(changed);
  const auto rows = setting_rows(data, false);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].key, "optimizer.lr");
  EXPECT_EQ(rows[0].values, (std::vector<std::string>{"0.1", "0.1 → 0.01 at 400"}));
}

TEST(CompareTables, TheBestIsMarkedByTheGoal) {
  const auto rows = result_rows(two_runs(), false);
  const auto row = [&](const std::string& key) {
    for (const CompareRow& one : rows)
      if (one.key == key) return one;
    return CompareRow{};
  };
  EXPECT_EQ(row("best loss").best, (std::vector<bool>{true, false}));
  EXPECT_EQ(row("best test_accuracy").best, (std::vector<bool>{false, true}));
  EXPECT_EQ(row("best loss").values[0], "0.2500 at 7");
  EXPECT_EQ(row("parameters").best, (std::vector<bool>{false, false}));
}

TEST(CompareTables, DifferenceOfConfusionsIsInShares) {
  Inspection a, b;
  a.classes = b.classes = 2;
  a.confusion = {8, 2, 0, 10};
  b.confusion = {50, 50, 1, 3};
  const auto less = confusion_difference(a, b);
  ASSERT_EQ(less.size(), 4U);
  EXPECT_NEAR(less[0], 0.3, 1e-12);
  EXPECT_NEAR(less[1], -0.3, 1e-12);
  EXPECT_NEAR(less[2], -0.25, 1e-12);
  EXPECT_NEAR(less[3], 0.25, 1e-12);
  b.classes = 3;
  EXPECT_TRUE(confusion_difference(a, b).empty());
}

TEST(CompareTables, PathsOnOneSurfaceShareAMap) {
  const auto path = [](const std::string& surface, const std::string& trouble = {}) {
    auto out = std::make_shared<ComparedPath>();
    out->scene = default_scene();
    (void)set_surface(out->scene, parse_spec(surface, surface_family()).value());
    out->surface = make_surface(out->scene.surface).value();
    out->trouble = trouble;
    return std::shared_ptr<const ComparedPath>(out);
  };
  const auto groups = group_paths({path("rosenbrock"), path("himmelblau"), path("rosenbrock:b=10"),
                                   path("rosenbrock"), path("rosenbrock", "why")});
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups[0].paths, (std::vector<std::size_t>{0, 3}));
  EXPECT_EQ(groups[1].paths, (std::vector<std::size_t>{1}));
}

}  // namespace
}  // namespace thalweg

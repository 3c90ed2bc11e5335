// Handles of a chart, dragged as a hand drags them.
#include <gtest/gtest.h>

#include <cmath>

#include "app/ui/chart.hpp"
#include "tests/app/ui_harness.hpp"

namespace thalweg::ui::testing {
namespace {

/// A line from (0, 1) to (100, 1) with two handles, which move as they are dragged.
struct HandleBench {
  std::vector<ChartHandle> points{{20.0, 1.0, "first"}, {70.0, 2.0, "second", true, false}};
  bool adds = false;
  int began = 0, ended = 0, changed = 0, added = 0, removed = -1;
  double x = 0.0, y = 0.0;
  ChartState state;
  Bench bench;

  HandleBench() : bench([this] { draw(); }) {}

  void draw() {
    Chart chart;
    chart.title = "rate";
    chart.x.label = "step";
    Series line{.name = "line"};
    line.x = {0.0, points[0].x, points[1].x, 100.0};
    line.y = {0.0, points[0].y, points[1].y, 0.0};
    chart.series.push_back(std::move(line));
    ChartHandles handles{.points = points, .adds = adds, .removes = adds};
    ui::chart("rate", chart, state, {.height = 240.0f, .handles = &handles});
    began += handles.edit.began;
    ended += handles.edit.ended;
    changed += handles.edit.changed;
    if (handles.removed >= 0) removed = handles.removed;
    if (handles.added) ++added, x = handles.x, y = handles.y;
    if (handles.dragged < 0) return;
    ChartHandle& point = points[static_cast<std::size_t>(handles.dragged)];
    if (point.moves_x) point.x = handles.x;
    if (point.moves_y) point.y = handles.y;
  }
  ImVec2 handle(int index) const { return bench.rect("rate.handle." + std::to_string(index)).centre(); }
};

TEST(ChartHandles, ADragMovesThePointByWhatTheMouseMovesAndIsOneEdit) {
  HandleBench b;
  const MarkRect plot = b.bench.rect("rate");
  const float per_step = (plot.max.x - plot.min.x) / 100.0f;
  ImVec2 from = b.handle(0);
  from.x += 3.0f;  // grabbed off its middle: it does not jump
  b.bench.drag(from, {from.x + 30.0f * per_step, from.y});
  EXPECT_NEAR(b.points[0].x, 50.0, 0.6);
  EXPECT_NEAR(b.points[0].y, 1.0, 0.02);
  EXPECT_EQ(b.points[0].x, std::round(b.points[0].x * 10.0) / 10.0)
      << "no more digits than a hand can aim at";
  EXPECT_EQ(b.began, 1);
  EXPECT_EQ(b.ended, 1);
  EXPECT_GT(b.changed, 1);
  EXPECT_FALSE(b.state.own.x) << "the plot does not move with it";
  EXPECT_FALSE(b.state.held);
}

TEST(ChartHandles, TheAxesHoldStillWhileAPointIsDraggedBeyondThem) {
  HandleBench b;
  const MarkRect plot = b.bench.rect("rate");
  const ImVec2 from = b.handle(0);
  b.bench.move(from);
  b.bench.press();
  b.bench.move({from.x, plot.min.y - 20.0f});
  const double first = b.points[0].y;
  EXPECT_GT(first, 2.0);
  b.bench.frame(5);
  EXPECT_EQ(b.points[0].y, first) << "no creeping while the mouse rests";
  b.bench.release();
  b.bench.frame(2);
  EXPECT_GT(b.handle(0).y, plot.min.y) << "and afterwards the axis holds it";
}

TEST(ChartHandles, AClickMovesNothing) {
  HandleBench b;
  ImVec2 at = b.handle(1);
  at.x += 4.0f;
  b.bench.click(at);
  EXPECT_EQ(b.points[1].x, 70.0);
  EXPECT_EQ(b.changed, 0);
  EXPECT_EQ(b.ended, 1);
}

TEST(ChartHandles, ClicksAddAndRemoveOnlyWhereThatIsMeant) {
  HandleBench b;
  const ImVec2 free = b.bench.rect("rate").at(0.45f, 0.8f);
  b.bench.click(free);
  b.bench.click(b.handle(0), 1);
  EXPECT_EQ(b.added, 0);
  EXPECT_EQ(b.removed, -1);
  b.adds = true;
  b.bench.click(free);
  EXPECT_EQ(b.added, 1);
  EXPECT_NEAR(b.x, 45.0, 0.6);
  b.bench.click(b.handle(1), 1);
  EXPECT_EQ(b.removed, 1);
  // A pan is no click.
  b.bench.drag(free, {free.x + 60.0f, free.y});
  EXPECT_EQ(b.added, 1);
  EXPECT_TRUE(b.state.own.x);
}

}  // namespace
}  // namespace thalweg::ui::testing

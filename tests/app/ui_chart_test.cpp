// Charts, driven as a hand drives them, and what they cost.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>

#include "app/ui/chart.hpp"
#include "app/ui/stroke.hpp"
#include "app/ui/widgets.hpp"
#include "tests/app/ui_harness.hpp"
#include "tests/app/ui_samples.hpp"

namespace thalweg::ui::testing {
namespace {

struct ChartBench {
  Chart model;
  ChartState state;
  ChartOptions options = {.height = 240.0f, .legend = true};
  int changed = 0;
  Bench bench;

  explicit ChartBench(Chart shown) : model(std::move(shown)), bench([this] { draw(); }) {}
  void draw() { changed += chart("loss", model, state, options); }
  const MarkRect& plot() const { return bench.rect("loss"); }
};

Chart loss_chart() { return sample_charts(1240, 2000).front(); }

TEST(ChartWidget, WheelZoomsXAtTheMouse) {
  ChartBench b(loss_chart());
  b.bench.scroll(b.plot().at(0.25f, 0.5f), 3.0f);
  ASSERT_TRUE(b.state.own.x);
  EXPECT_LT(b.state.own.x->span(), 1300.0);
  EXPECT_NEAR(b.state.own.x->min + 0.25 * b.state.own.x->span(), 500.0, 5.0);
  EXPECT_FALSE(b.state.y) << "y stays fitted";
  EXPECT_GT(b.changed, 0);
}

TEST(ChartWidget, WheelWithAModifierZoomsY) {
  ChartBench b(loss_chart());
  b.bench.hold({.ctrl = true});
  b.bench.scroll(b.plot().at(0.5f, 0.5f), 2.0f);
  b.bench.hold({});
  EXPECT_FALSE(b.state.own.x);
  ASSERT_TRUE(b.state.y);
  ASSERT_TRUE(b.state.auto_y);
  EXPECT_LT(std::log(b.state.y->max / b.state.y->min), std::log(b.state.auto_y->max / b.state.auto_y->min));
}

TEST(ChartWidget, DragPansAndADoubleClickResets) {
  ChartBench b(loss_chart());
  ImVec2 end = b.plot().at(0.25f, 0.5f);
  end.y += 6.0f;
  b.bench.drag(b.plot().at(0.5f, 0.5f), end);
  ASSERT_TRUE(b.state.own.x);
  EXPECT_NEAR(b.state.own.x->min, 500.0, 25.0);
  EXPECT_NEAR(b.state.own.x->span(), 2000.0, 1e-6);
  EXPECT_FALSE(b.state.y) << "a nearly level drag keeps y fitted";
  b.bench.double_click(b.plot().centre());
  EXPECT_FALSE(b.state.own.x);
  EXPECT_EQ(b.state.gesture, ChartState::Gesture::kNone);
}

TEST(ChartWidget, SteepDragPansBothAxes) {
  ChartBench b(loss_chart());
  const Range before = *b.state.auto_y;
  b.bench.drag(b.plot().at(0.5f, 0.3f), b.plot().at(0.5f, 0.8f));
  ASSERT_TRUE(b.state.y);
  EXPECT_NEAR(to_unit(before, AxisScale::kLog, b.state.y->min), 0.5, 0.05);
}

TEST(ChartWidget, ClickAloneLeavesTheViewAlone) {
  ChartBench b(loss_chart());
  b.bench.click(b.plot().centre());
  EXPECT_FALSE(b.state.own.x);
  EXPECT_FALSE(b.state.y);
  EXPECT_EQ(b.changed, 0);
}

TEST(ChartWidget, RightDragZoomsToTheBox) {
  ChartBench b(loss_chart());
  b.bench.drag(b.plot().at(0.5f, 0.8f), b.plot().at(0.25f, 0.3f), 1);
  ASSERT_TRUE(b.state.own.x);
  ASSERT_TRUE(b.state.y);
  EXPECT_NEAR(b.state.own.x->min, 500.0, 20.0);
  EXPECT_NEAR(b.state.own.x->max, 1000.0, 20.0);
  const Range fitted = *b.state.auto_y;
  EXPECT_NEAR(to_unit(fitted, AxisScale::kLog, b.state.y->min), 0.2, 0.03);
  EXPECT_NEAR(to_unit(fitted, AxisScale::kLog, b.state.y->max), 0.7, 0.03);
}

TEST(ChartWidget, ShiftDragZoomsToTheBox) {
  ChartBench b(loss_chart());
  b.bench.hold({.shift = true});
  b.bench.drag(b.plot().at(0.25f, 0.2f), b.plot().at(0.5f, 0.6f));
  b.bench.hold({});
  ASSERT_TRUE(b.state.own.x);
  EXPECT_NEAR(b.state.own.x->span(), 500.0, 20.0);
}

TEST(ChartWidget, HeadSwitchesTheScale) {
  ChartBench b(loss_chart());
  b.bench.click(b.bench.rect("loss.scale").centre());
  EXPECT_EQ(b.state.y_scale, AxisScale::kLinear);
  EXPECT_EQ(b.state.auto_y_scale, AxisScale::kLinear);
  b.bench.click(b.bench.rect("loss.scale").centre());
  EXPECT_EQ(b.state.y_scale, AxisScale::kLog);
}

TEST(ChartWidget, LegendHidesACurve) {
  ChartBench b(loss_chart());
  const std::size_t before = readings(b.model, b.state, 100).size();
  b.bench.click(b.bench.rect("loss.legend.1").centre());
  EXPECT_TRUE(b.state.hidden.at(1));
  const auto after = readings(b.model, b.state, 100);
  EXPECT_EQ(after.size(), before - 1);
  EXPECT_TRUE(std::none_of(after.begin(), after.end(), [](const Reading& r) { return r.series == 1; }));
}

TEST(ChartWidget, ReadsTheRowUnderTheCrosshairLargestFirst) {
  const Chart model = loss_chart();
  const auto all = readings(model, {}, 700);
  ASSERT_EQ(all.size(), 4u);
  for (const Reading& r : all)
    EXPECT_EQ(r.value, model.series[static_cast<std::size_t>(r.series)].table.at(700, 0));
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_GE(all[i - 1].value, all[i].value);
  EXPECT_TRUE(readings(model, {}, 1999).empty()) << "the run has not come so far";
}

TEST(ChartWidget, LinkedChartsZoomTogether) {
  ChartLink link;
  ChartState first, second;
  const Chart model = loss_chart();
  Bench bench([&] {
    chart("a", model, first, {.height = 200.0f, .link = &link});
    chart("b", model, second, {.height = 200.0f, .link = &link});
  });
  bench.scroll(bench.rect("a").centre(), 2.0f);
  ASSERT_TRUE(link.x);
  EXPECT_FALSE(first.own.x);
  EXPECT_NEAR(link.x->span(), 2000.0 / 1.18 / 1.18, 1.0);
  EXPECT_TRUE(link.hover);
}

TEST(ChartWidget, YHoldsStillWhileARunGoesOn) {
  std::vector<Range> seen;
  ChartState state;
  Chart model;
  const Chart whole = loss_chart();
  int rows = 10;
  Bench bench([&] {
    model = sample_charts(rows, 2000).front();
    chart("loss", model, state, {.height = 220.0f});
  });
  for (rows = 10; rows <= 610; rows += 20) {
    bench.frame();
    if (seen.empty() || !(seen.back() == *state.auto_y)) seen.push_back(*state.auto_y);
  }
  EXPECT_LE(seen.size(), 6u);
}

TEST(ChartWidget, SurvivesWhatCannotBeDrawn) {
  for (int kind = 0; kind < 6; ++kind) {
    Chart model;
    model.title = "odd";
    Table table(1);
    const int rows = kind == 0 ? 0 : kind == 1 ? 1 : 5000;
    while (table.rows() < rows) {
      const Table::Tail tail = table.tail();
      const int now = std::min<int>(tail.count(), rows - static_cast<int>(table.rows()));
      for (int i = 0; i < now; ++i)
        tail.column(0)[i] = kind == 2   ? std::nan("")
                            : kind == 3 ? 0.0
                            : kind == 4 ? -1e308 * (i % 2)
                                        : 1e-320;
      table.commit(now);
    }
    model.series = {{"odd", 0, table.view(), 0}, {"empty", 1, {}, 0}};
    for (const AxisScale x : {AxisScale::kLinear, AxisScale::kLog})
      for (const AxisScale y : {AxisScale::kLinear, AxisScale::kLog}) {
        model.x.scale = x;
        model.y.scale = y;
        ChartBench b(model);
        b.bench.move(b.plot().centre());
        b.bench.scroll(b.plot().centre(), 5.0f);
        b.bench.drag(b.plot().at(0.2f, 0.2f), b.plot().at(0.7f, 0.9f));
        const ImDrawData* data = ImGui::GetDrawData();
        for (int i = 0; i < data->CmdListsCount; ++i)
          for (const ImDrawVert& v : data->CmdLists[i]->VtxBuffer)
            ASSERT_TRUE(std::isfinite(v.pos.x + v.pos.y));
      }
  }
}

TEST(ChartWidget, DrawsFewVerticesHoweverLongTheRun) {
  const Chart diverged = sample_divergence();
  ChartBench b(diverged);
  EXPECT_LT(ImGui::GetDrawData()->TotalVtxCount, 12'000);
}

TEST(Stroke, DoesNotShootOutAtSharpTurns) {
  std::vector<ImVec2> zigzag;
  for (int i = 0; i < 500; ++i)
    zigzag.push_back({3.0f * static_cast<float>(i), i % 2 == 0 ? 100.0f : 200.0f});
  float low = 1e9f, high = 0.0f;
  Bench bench([&] {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const int first = list->VtxBuffer.Size;
    stroke(list, zigzag, IM_COL32_WHITE, 2.0f);
    for (int i = first; i < list->VtxBuffer.Size; ++i) {
      low = std::min(low, list->VtxBuffer[i].pos.y);
      high = std::max(high, list->VtxBuffer[i].pos.y);
    }
  });
  EXPECT_GT(low, 97.0f);
  EXPECT_LT(high, 203.0f);
}

TEST(Stroke, TakesMorePointsThanImGuisIndexHolds) {
  std::vector<ImVec2> points;
  for (int i = 0; i < 100'000; ++i) points.push_back({0.01f * static_cast<float>(i), 100.0f});
  std::size_t largest = 0;
  Bench bench([&] {
    stroke(ImGui::GetWindowDrawList(), points, IM_COL32_WHITE, 2.0f);
    const ImDrawList* list = ImGui::GetWindowDrawList();
    for (const ImDrawCmd& command : list->CmdBuffer)
      for (unsigned i = 0; i < command.ElemCount; ++i)
        largest = std::max<std::size_t>(
            largest, command.VtxOffset + list->IdxBuffer[static_cast<int>(command.IdxOffset + i)]);
    EXPECT_LT(largest, static_cast<std::size_t>(list->VtxBuffer.Size));
  });
}

Chart long_chart(const std::vector<Table>& tables, int column) {
  Chart model;
  model.title = "Loss";
  model.x.label = "step";
  model.y.scale = AxisScale::kLog;
  for (std::size_t i = 0; i < tables.size(); ++i)
    model.series.push_back({"run " + std::to_string(i), static_cast<int>(i), tables[i].view(), column});
  return model;
}

TEST(ChartWidget, CostsLittle) {
  constexpr int kRows = 100'000;
  std::vector<Table> tables;
  const auto grow = [](Table& table, int count, std::size_t seed) {
    const std::int64_t end = table.rows() + count;
    while (table.rows() < end) {
      const Table::Tail tail = table.tail();
      const int now = static_cast<int>(std::min<std::int64_t>(tail.count(), end - table.rows()));
      for (int c = 0; c < 4; ++c)
        for (int i = 0; i < now; ++i) {
          const double t = static_cast<double>(table.rows() + i);
          tail.column(c)[i] = (2.0 + std::sin(t * 12.9898 + static_cast<double>(seed))) * std::exp(-t * 1e-4);
        }
      table.commit(now);
    }
  };
  for (std::size_t i = 0; i < 8; ++i) {
    tables.emplace_back(4);
    grow(tables.back(), kRows, i);
  }
  std::vector<ChartState> states(4);
  std::vector<ColumnCache> caches(32);
  double columns_ms = 0.0;
  double draw_ms = 0.0;
  int frames = 0;
  using Clock = std::chrono::steady_clock;
  const auto ms = [](Clock::duration d) { return std::chrono::duration<double, std::milli>(d).count(); };
  Bench bench([&] {
    const auto start = Clock::now();
    for (int c = 0; c < 4; ++c)
      chart("c" + std::to_string(c), long_chart(tables, c), states[static_cast<std::size_t>(c)],
            {.height = 110.0f});
    draw_ms += ms(Clock::now() - start);
    ++frames;
  });
  const auto measure = [&](const char* what, int growth) {
    columns_ms = draw_ms = 0.0;
    frames = 0;
    for (int i = 0; i < 60; ++i) {
      for (std::size_t s = 0; s < tables.size(); ++s)
        if (growth > 0) grow(tables[s], growth, s);
      const auto start = Clock::now();
      for (std::size_t s = 0; s < 8; ++s)
        for (int c = 0; c < 4; ++c)
          caches[s * 4 + static_cast<std::size_t>(c)].update(tables[s].view(), c, 0.0, 120'000.0, 300);
      columns_ms += ms(Clock::now() - start);
      bench.frame();
    }
    std::cout << what << ": columns " << columns_ms / 60 << " ms, charts with drawing " << draw_ms / frames
              << " ms a frame, " << ImGui::GetDrawData()->TotalVtxCount << " vertices\n";
    return columns_ms / 60;
  };
  measure("first", 0);
  const double still = measure("nothing changes", 0);
  const double running = measure("running", 250);
  // Far above what is measured, far below what reading all the rows costs (1 ms a series).
  EXPECT_LT(still, 0.5);
  EXPECT_LT(running, 2.0);
}

}  // namespace
}  // namespace thalweg::ui::testing

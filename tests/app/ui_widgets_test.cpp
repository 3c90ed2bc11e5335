#include "app/ui/widgets.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "app/ui/icons.hpp"
#include "tests/app/ui_harness.hpp"
#include "tests/app/ui_samples.hpp"

namespace thalweg::ui::testing {
namespace {

TEST(Marks, NameWhatIsInScopes) {
  int clicks = 0;
  Bench bench([&] {
    const Scope outer("optimizer.1");
    clicks += icon_button("trash", Icon::kTrash);
  });
  bench.click(bench.rect("optimizer.1.trash").centre());
  EXPECT_EQ(clicks, 1);
  EXPECT_EQ(find_mark("trash"), nullptr);
}

TEST(Marks, AreForgottenWhenTheWidgetIsGone) {
  bool shown = true;
  Bench bench([&] {
    button("always", "Always");
    if (shown) button("sometimes", "Sometimes");
  });
  EXPECT_TRUE(bench.has("sometimes"));
  shown = false;
  bench.frame();
  EXPECT_FALSE(bench.has("sometimes"));
}

TEST(Buttons, DoNothingWhileDisabled) {
  int clicks = 0;
  Bench bench([&] {
    clicks += button("export", "Export", false, false);
    clicks += icon_button("step", Icon::kStep, {.enabled = false});
  });
  bench.click(bench.rect("export").centre());
  bench.click(bench.rect("step").centre());
  EXPECT_EQ(clicks, 0);
}

TEST(Cards, HoldWhatIsInThemAtEveryScale) {
  for (const float scale : {1.0f, 1.25f, 2.0f, 3.0f}) {
    Value value = 0.1;
    const Parameter p = learning_rate(0.1);
    float inner = 0.0f;
    Bench bench(
        [&] {
          begin_card("card");
          inner = available();
          parameter_row(p, value, path_colour(0));
          end_card();
          button("below", "Below");
        },
        light_theme(), scale, {304.0f * scale, 300.0f * scale});
    const MarkRect card = bench.rect("card");
    const MarkRect row = bench.rect("lr.row");
    EXPECT_GT(row.min.x, card.min.x);
    EXPECT_LT(row.max.x, card.max.x);
    EXPECT_LT(row.max.y, card.max.y);
    EXPECT_GE(bench.rect("below").min.y, card.max.y);
    EXPECT_NEAR(inner, card.max.x - card.min.x - 20.0f * scale, 1.5f);
  }
}

TEST(Cards, TellAClickBesideTheirControls) {
  int card = 0, inside = 0;
  Bench bench([&] {
    begin_card("card");
    inside += button("inside", "Inside");
    card += end_card();
  });
  bench.click(bench.rect("inside").centre());
  EXPECT_EQ(card, 0);
  EXPECT_EQ(inside, 1);
  bench.click(bench.rect("card").at(0.9f, 0.5f));
  EXPECT_EQ(card, 1);
}

TEST(Section, ActionIsAButton) {
  int added = 0;
  Bench bench([&] { added += section("Optimizers", "+ add", "optimizers"); });
  bench.click(bench.rect("optimizers.action").centre());
  EXPECT_EQ(added, 1);
}

TEST(Segmented, SelectsAndTellsOnlyChanges) {
  const std::vector<std::string> words = {"Map", "3D", "Both"};
  int selected = 0, changes = 0;
  Bench bench([&] { changes += segmented("view", words, selected); });
  bench.click(bench.rect("view.2").centre());
  bench.click(bench.rect("view.2").centre());
  EXPECT_EQ(selected, 2);
  EXPECT_EQ(changes, 1);
}

TEST(Combo, OpensSelectsAndCloses) {
  std::vector<ComboItem> items;
  for (int i = 0; i < 30; ++i) items.push_back({"item " + std::to_string(i), "note"});
  int selected = 3, changes = 0;
  Bench bench([&] { changes += combo("surface", items, selected); });
  EXPECT_FALSE(bench.has("surface.0"));
  bench.click(bench.rect("surface").centre());
  bench.click(bench.rect("surface.5").centre());
  EXPECT_EQ(selected, 5);
  EXPECT_EQ(changes, 1);
  EXPECT_FALSE(bench.has("surface.0"));
  bench.click(bench.rect("surface").centre());
  bench.click({340.0f, 470.0f});
  EXPECT_EQ(selected, 5);
  EXPECT_FALSE(bench.has("surface.0")) << "a click elsewhere closes it";
}

TEST(Timeline, ScrubsNoFurtherThanTheRunHasCome) {
  double position = 100.0;
  Edit all;
  Bench bench([&] {
    Edit edit;
    timeline("time", position, 1000.0, 2000.0, {}, 320.0f, &edit);
    all.add(edit);
  });
  bench.drag(bench.rect("time").at(0.1f, 0.5f), bench.rect("time").at(0.25f, 0.5f));
  EXPECT_NEAR(position, 500.0, 30.0);
  EXPECT_TRUE(all.began && all.changed && all.ended);
  bench.drag(bench.rect("time").at(0.25f, 0.5f), bench.rect("time").at(0.9f, 0.5f));
  EXPECT_EQ(position, 1000.0);
}

TEST(TextField, EditsAndGroupsTheEdit) {
  std::string formula = "x^2";
  int began = 0, ended = 0, changed = 0;
  Bench bench([&] {
    Edit edit;
    text_field("formula", formula, &edit, {.width = 300.0f});
    began += edit.began;
    ended += edit.ended;
    changed += edit.changed;
    button("elsewhere", "Elsewhere");
  });
  bench.click(bench.rect("formula").at(0.9f, 0.5f));
  bench.type(" + y");
  bench.type("^2");
  EXPECT_EQ(formula, "x^2 + y^2");
  EXPECT_EQ(ended, 0);
  bench.click(bench.rect("elsewhere").centre());
  EXPECT_EQ(began, 1);
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(changed, 2);
}

TEST(TextField, GrowsWithTheText) {
  std::string formula;
  Bench bench([&] { text_field("formula", formula, nullptr, {.width = 300.0f}); });
  bench.click(bench.rect("formula").centre());
  std::string expected;
  for (int i = 0; i < 40; ++i) {
    bench.type("sin(x) + ");
    expected += "sin(x) + ";
  }
  EXPECT_EQ(formula, expected);
}

TEST(Toggle, Switches) {
  bool on = false;
  Bench bench([&] { toggle("nesterov", on, path_colour(2)); });
  bench.click(bench.rect("nesterov").centre());
  EXPECT_TRUE(on);
}

TEST(Tooltips, WaitForTheMouseToRest) {
  Bench bench([] { icon_button("play", Icon::kPlay, {.tooltip = "Play (Space)"}); });
  const auto windows = [] {
    int count = 0;
    const ImDrawData* data = ImGui::GetDrawData();
    for (int i = 0; i < data->CmdListsCount; ++i) count += data->CmdLists[i]->VtxBuffer.Size > 0;
    return count;
  };
  const int before = windows();
  bench.move(bench.rect("play").centre());
  bench.frame();
  EXPECT_EQ(windows(), before);
  EXPECT_LT(next_frame_in(), 0.5) << "a sleeping window must wake for it";
  bench.frame(3, 0.3f);
  EXPECT_EQ(windows(), before + 1);
  bench.move({300.0f, 400.0f});
  bench.frame();
  EXPECT_EQ(windows(), before);
  EXPECT_TRUE(std::isinf(next_frame_in())) << "idle means asleep";
}

TEST(Toasts, ComeOnceAndGo) {
  Toasts toasts;
  Bench bench([&] { toasts.draw(0.0f, 360.0f, 460.0f); });
  toasts.push("The disk is full.");
  toasts.push("The disk is full.");
  bench.frame(2);
  EXPECT_TRUE(bench.has("toast.0"));
  EXPECT_FALSE(bench.has("toast.1"));
  bench.click(bench.rect("toast.0").centre());
  EXPECT_TRUE(toasts.empty()) << "closed by hand";
  toasts.push("The disk is full.");
  bench.frame(2, 4.0f);
  EXPECT_TRUE(toasts.empty()) << "gone by itself";
}

TEST(EmptyState, OffersTheWayOut) {
  int clicks = 0;
  Bench bench([&] {
    clicks += empty_state("runs", "No saved runs", "Run something and press Ctrl+S to keep it.",
                          "Open the surface");
  });
  bench.click(bench.rect("runs").centre());
  EXPECT_EQ(clicks, 1);
}

TEST(Icons, StayInTheirSquare) {
  for (int i = 0; i <= static_cast<int>(Icon::kStop); ++i)
    for (const float size : {12.0f, 16.0f, 48.0f}) {
      ImVec2 low(1e9f, 1e9f), high(-1e9f, -1e9f);
      Bench bench([&] {
        ImDrawList* list = ImGui::GetWindowDrawList();
        const int first = list->VtxBuffer.Size;
        draw_icon(list, static_cast<Icon>(i), {100.0f, 100.0f}, size, IM_COL32_WHITE);
        EXPECT_GT(list->VtxBuffer.Size, first) << i;
        for (int v = first; v < list->VtxBuffer.Size; ++v) {
          const ImVec2 p = list->VtxBuffer[v].pos;
          low = {std::min(low.x, p.x), std::min(low.y, p.y)};
          high = {std::max(high.x, p.x), std::max(high.y, p.y)};
        }
      });
      EXPECT_GT(low.x, 100.0f - 0.5f * size - 2.0f) << i;
      EXPECT_GT(low.y, 100.0f - 0.5f * size - 2.0f) << i;
      EXPECT_LT(high.x, 100.0f + 0.5f * size + 2.0f) << i;
      EXPECT_LT(high.y, 100.0f + 0.5f * size + 2.0f) << i;
    }
}

}  // namespace
}  // namespace thalweg::ui::testing

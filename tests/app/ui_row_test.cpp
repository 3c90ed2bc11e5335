// Parameter rows, driven as a hand drives them.
#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "app/ui/widgets.hpp"
#include "tests/app/ui_harness.hpp"
#include "tests/app/ui_samples.hpp"

namespace thalweg::ui::testing {
namespace {

/// One row with its value, and everything it said.
struct RowBench {
  Parameter parameter;
  Value value;
  RowOptions options = {};
  int began = 0, ended = 0, changed = 0;
  Bench bench;

  explicit RowBench(Parameter p, float scale = 1.0f)
      : parameter(std::move(p)),
        value(parameter.default_value),
        bench([this] { draw(); }, dark_theme(), scale, {360.0f * scale, 240.0f * scale}) {}

  void draw() {
    const Scope scope("optimizer.0");
    Edit edit;
    const bool now = parameter_row(parameter, value, path_colour(0), &edit, options);
    EXPECT_EQ(now, edit.changed);
    began += edit.began;
    ended += edit.ended;
    changed += edit.changed;
  }
  double number() const { return std::get<double>(value); }
  std::string id(const char* part = "") const { return "optimizer.0." + parameter.key + part; }
  const MarkRect& rect(const char* part = "") const { return bench.rect(id(part)); }
  void type_value(const char* text) {
    bench.click(rect(".value").centre());
    bench.type(text);
    bench.tap(ImGuiKey_Enter);
    bench.frame(2);
  }
};

TEST(ParameterRow, DragSetsTheValueAndIsOneEdit) {
  RowBench row(learning_rate(0.001));
  const ImVec2 knob = row.rect().at(0.5f, 0.5f);  // 0.001 is the middle of 1e-6..1
  row.bench.drag(knob, row.rect().at(2.0f / 3.0f, 0.5f));
  EXPECT_NEAR(std::log10(row.number()), -2.0, 0.05);
  EXPECT_EQ(row.began, 1);
  EXPECT_EQ(row.ended, 1);
  EXPECT_GE(row.changed, 3);
}

TEST(ParameterRow, DragBeyondTheEndsStopsThere) {
  RowBench row(learning_rate(0.001));
  row.bench.drag(row.rect().at(0.5f, 0.5f), row.rect().at(3.0f, 0.5f));
  EXPECT_EQ(row.number(), 1.0);
  row.bench.drag(row.rect().at(1.0f, 0.5f), row.rect().at(-2.0f, 0.5f));
  EXPECT_EQ(row.number(), 1e-6);
}

TEST(ParameterRow, SliderDoesNotLeaveTheHardBounds) {
  Parameter p = learning_rate(0.5);
  p.scale = Scale::kLinear;
  p.soft_min = 0.0;  // refused: the bound is open
  RowBench row(p);
  row.bench.drag(row.rect().at(0.5f, 0.5f), row.rect().at(-1.0f, 0.5f), 0, 40);
  EXPECT_GT(row.number(), 0.0);
  EXPECT_LT(row.number(), 0.1);
}

TEST(ParameterRow, PressOnTheKnobMovesNothing) {
  RowBench row(learning_rate(0.0123));
  const float unit = static_cast<float>(slider_unit(row.parameter, 0.0123));
  ImVec2 off_centre = row.rect().at(unit, 0.5f);
  off_centre.x += 3.0f;
  row.bench.click(off_centre);
  EXPECT_EQ(row.number(), 0.0123);
  EXPECT_EQ(row.changed, 0);
}

TEST(ParameterRow, ClickOnTheTrackMovesTheKnobThere) {
  RowBench row(learning_rate(0.001));
  row.bench.click(row.rect().at(0.9f, 0.5f));
  EXPECT_NEAR(slider_unit(row.parameter, row.number()), 0.9, 0.02);
}

TEST(ParameterRow, TypedValueIsTakenOnEnter) {
  RowBench row(learning_rate(0.001));
  row.type_value("3e-4");
  EXPECT_EQ(row.number(), 3e-4);
  EXPECT_EQ(row.began, 1);
  EXPECT_EQ(row.ended, 1);
  EXPECT_FALSE(row.bench.has(row.id(".entry")));
}

TEST(ParameterRow, TypedValueMayGoBeyondTheSlider) {
  RowBench row(learning_rate(0.001));
  row.type_value("25");
  EXPECT_EQ(row.number(), 25.0);
}

TEST(ParameterRow, RefusedTextShowsWhyAndKeepsTheValue) {
  RowBench row(learning_rate(0.001));
  EXPECT_FALSE(row.bench.has(row.id(".error")));
  row.type_value("-3");
  EXPECT_EQ(row.number(), 0.001);
  EXPECT_EQ(row.changed, 0);
  EXPECT_TRUE(row.bench.has(row.id(".error")));
  EXPECT_TRUE(row.bench.has(row.id(".entry"))) << "to be put right";
  row.bench.type("0.5");
  row.bench.tap(ImGuiKey_Enter);
  row.bench.frame(2);
  EXPECT_EQ(row.number(), 0.5);
  EXPECT_FALSE(row.bench.has(row.id(".error")));
}

TEST(ParameterRow, LeavingARefusedTextKeepsTheValueAndSaysWhyForAWhile) {
  RowBench row(learning_rate(0.001));
  row.bench.click(row.rect(".value").centre());
  row.bench.type("much");
  row.bench.click({300.0f, 200.0f});
  EXPECT_EQ(row.number(), 0.001);
  EXPECT_FALSE(row.bench.has(row.id(".entry")));
  EXPECT_TRUE(row.bench.has(row.id(".error")));
  EXPECT_LT(next_frame_in(), 10.0) << "a sleeping window must wake to take it away";
  row.bench.frame(2, 6.0f);
  EXPECT_FALSE(row.bench.has(row.id(".error")));
}

TEST(ParameterRow, EscapeGivesUpTyping) {
  RowBench row(learning_rate(0.001));
  row.bench.click(row.rect(".value").centre());
  row.bench.type("0.7");
  row.bench.tap(ImGuiKey_Escape);
  row.bench.frame(2);
  EXPECT_EQ(row.number(), 0.001);
  EXPECT_FALSE(row.bench.has(row.id(".entry")));
}

TEST(ParameterRow, LeavingAGoodTextTakesIt) {
  RowBench row(learning_rate(0.001));
  row.bench.click(row.rect(".value").centre());
  row.bench.type("0.25");
  row.bench.click({300.0f, 200.0f});
  EXPECT_EQ(row.number(), 0.25);
}

TEST(ParameterRow, DoubleClickOnTheSliderOpensTheFieldAndMovesNothing) {
  RowBench row(learning_rate(0.001));
  row.bench.double_click(row.rect().at(0.9f, 0.5f));
  row.bench.frame(2);
  EXPECT_EQ(row.number(), 0.001);
  EXPECT_TRUE(row.bench.has(row.id(".entry")));
  row.bench.type("0.04");
  row.bench.tap(ImGuiKey_Enter);
  row.bench.frame();
  EXPECT_EQ(row.number(), 0.04);
}

TEST(ParameterRow, ResetAppearsOnHoverAndGoesBackToTheDefault) {
  RowBench row(learning_rate(0.001));
  row.bench.move(row.rect(".row").at(0.1f, 0.5f));
  row.bench.frame();
  EXPECT_FALSE(row.bench.has(row.id(".reset"))) << "it is at its default";
  row.value = 0.02;
  row.bench.frame(2);
  ASSERT_TRUE(row.bench.has(row.id(".reset")));
  row.bench.click(row.rect(".reset").centre());
  EXPECT_EQ(row.number(), 0.001);
  EXPECT_EQ(row.began, 1);
  EXPECT_EQ(row.ended, 1);
}

TEST(ParameterRow, RightClickOffersTheDefault) {
  RowBench row(learning_rate(0.001));
  row.value = 0.02;
  row.bench.click(row.rect(".row").at(0.1f, 0.5f), 1);
  row.bench.frame(2);
  ASSERT_TRUE(row.bench.has(row.id(".menu.reset")));
  row.bench.click(row.rect(".menu.reset").centre());
  EXPECT_EQ(row.number(), 0.001);
}

TEST(ParameterRow, OptionalValueGoesOffAndOn) {
  RowBench row(clip_norm());
  EXPECT_TRUE(std::holds_alternative<std::monostate>(row.value));
  row.bench.click(row.rect().at(0.5f, 0.5f));
  ASSERT_TRUE(std::holds_alternative<double>(row.value)) << "a click on the slider switches it on";
  EXPECT_NEAR(row.number(), 1.0, 0.2);
  row.bench.move(row.rect(".row").at(0.1f, 0.5f));
  row.bench.frame();
  row.bench.click(row.rect(".off").centre());
  EXPECT_TRUE(std::holds_alternative<std::monostate>(row.value));
  row.type_value("5");
  EXPECT_EQ(row.number(), 5.0);
  row.type_value("off");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(row.value));
}

TEST(ParameterRow, IntegersStepByOne) {
  RowBench row(layers());
  row.bench.drag(row.rect().at(2.0f / 11.0f, 0.5f), row.rect().at(0.62f, 0.5f), 0, 30);
  EXPECT_EQ(row.number(), std::round(row.number()));
  EXPECT_NEAR(row.number(), 1 + 0.62 * 11, 0.6);
  EXPECT_LE(row.changed, 6) << "one change a step, not one a pixel";
  row.type_value("2.5");
  EXPECT_TRUE(row.bench.has(row.id(".error")));
}

TEST(ParameterRow, DecayRatesCrowdTowardsOne) {
  RowBench row(decay_rate("beta2", "β₂", "g² memory", 0.999));
  row.bench.drag(row.rect().at(0.75f, 0.5f), row.rect().at(0.5f, 0.5f));
  EXPECT_NEAR(row.number(), 0.99, 0.002);
}

TEST(ParameterRow, BooleanIsASwitch) {
  auto kinds = sample_kinds();
  RowBench row(kinds[0].first);
  row.bench.click(row.rect().centre());
  EXPECT_EQ(row.number(), 1.0);
  row.bench.click(row.rect().centre());
  EXPECT_EQ(row.number(), 0.0);
  EXPECT_EQ(row.began, 2);
}

TEST(ParameterRow, FewChoicesAreSegments) {
  auto kinds = sample_kinds();
  RowBench row(kinds[1].first);
  row.bench.click(row.rect(".1").centre());
  EXPECT_EQ(std::get<std::string>(row.value), "classical");
}

TEST(ParameterRow, ManyChoicesDropDown) {
  auto kinds = sample_kinds();
  RowBench row(kinds[2].first);
  row.bench.click(row.rect().centre());
  row.bench.frame(2);
  row.bench.click(row.rect(".4").centre());
  EXPECT_EQ(std::get<std::string>(row.value), "orthogonal");
  EXPECT_FALSE(row.bench.has(row.id(".4"))) << "the list is closed";
}

TEST(ParameterRow, ListIsTakenAsSoonAsItReads) {
  RowBench row(weights_list());
  row.bench.click(row.rect().centre());
  row.bench.hold({.ctrl = true});
  row.bench.tap(ImGuiKey_A);
  row.bench.hold({});
  row.bench.type("2/x");
  EXPECT_TRUE(row.bench.has(row.id(".error")));
  EXPECT_EQ(std::get<std::vector<double>>(row.value), (std::vector<double>{1, 10, 100}));
  row.bench.tap(ImGuiKey_Backspace);
  row.bench.type("50");
  EXPECT_FALSE(row.bench.has(row.id(".error")));
  EXPECT_EQ(std::get<std::vector<double>>(row.value), (std::vector<double>{2, 50}));
}

TEST(ParameterRow, ErrorOfTheCallerStandsBelow) {
  RowBench row(learning_rate(0.001));
  const FieldError error{"is above the limit of stability, 0.0005", -1};
  row.options.error = &error;
  row.bench.frame();
  ASSERT_TRUE(row.bench.has(row.id(".error")));
  EXPECT_GE(row.rect(".error").min.y, row.rect(".row").max.y - 1.0f);
}

TEST(ParameterRow, LockedRowDoesNotMove) {
  RowBench row(learning_rate(0.001));
  row.options.locked = true;
  row.bench.drag(row.rect().at(0.5f, 0.5f), row.rect().at(0.9f, 0.5f));
  row.type_value("1");
  EXPECT_EQ(row.number(), 0.001);
  EXPECT_EQ(row.changed, 0);
}

class ScaleTest : public ::testing::TestWithParam<float> {};

TEST_P(ScaleTest, RowsKeepTheirPartsApart) {
  for (auto& [parameter, value] : sample_kinds()) {
    RowBench row(parameter, GetParam());
    row.value = value;
    row.bench.frame(2);
    const MarkRect& whole = row.rect(".row");
    EXPECT_GE(whole.max.y - whole.min.y, 23.0f * GetParam());
    EXPECT_LE(whole.max.x, 360.0f * GetParam());
    if (parameter.kind != Kind::kReal && parameter.kind != Kind::kInteger) continue;
    EXPECT_LT(row.rect().max.x, row.rect(".value").min.x) << parameter.key;
    EXPECT_GT(row.rect().max.x - row.rect().min.x, 40.0f * GetParam()) << parameter.key;
    EXPECT_LE(row.rect(".value").max.x, whole.max.x + 3.0f * GetParam()) << parameter.key;
  }
}

INSTANTIATE_TEST_SUITE_P(Scales, ScaleTest, ::testing::Values(1.0f, 1.5f, 2.0f, 3.0f));

TEST(SliderScale, GoesThereAndBack) {
  for (const Parameter& p : {learning_rate(0.1), decay_rate("b", "b", "b", 0.9), clip_norm(), layers(),
                             sample_surface()[1].first, sample_gradient()[0].first}) {
    EXPECT_EQ(slider_value(p, 0.0), p.soft_min);
    EXPECT_EQ(slider_value(p, 1.0), p.soft_max);
    double before = -1.0;
    for (double unit = 0.0; unit <= 1.0; unit += 0.01) {
      const double value = slider_value(p, unit);
      EXPECT_GE(value, before) << p.key << " at " << unit;
      before = value;
      EXPECT_NEAR(slider_unit(p, value), unit, p.kind == Kind::kInteger ? 0.05 : 0.025)
          << p.key << " at " << unit;
    }
  }
}

TEST(SliderScale, GivesNumbersThatPeopleWrite) {
  EXPECT_EQ(slider_value(learning_rate(0.1), 0.5), 0.001);
  EXPECT_EQ(slider_value(decay_rate("b", "b", "b", 0.9), 0.25), 0.9);
  EXPECT_EQ(slider_value(decay_rate("b", "b", "b", 0.9), 0.75), 0.999);
  EXPECT_EQ(slider_value(sample_surface()[0].first, 0.3), 0.6);
}

}  // namespace
}  // namespace thalweg::ui::testing

// The Schedule view without a display, driven as a user would drive it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "app/headless.hpp"
#include "core/schedule/composition.hpp"
#include "core/schedule/drawn.hpp"
#include "core/schedule/schedule.hpp"

namespace thalweg {
namespace {

Spec parsed(const char* text) { return parse_spec(text, schedule_family()).value(); }

Scene scene_with(std::initializer_list<const char*> texts) {
  Scene scene = default_scene();
  scene.schedules.schedules.clear();
  for (const char* text : texts)
    scene.schedules.schedules.push_back({parsed(text), scene.schedules.free_colour(), true});
  return scene;
}

class ScheduleLabTest : public ::testing::Test {
 protected:
  void open(Scene scene, int width = 1280, int height = 800) {
    headless_.reset();
    auto made = Headless::create(std::move(scene), width, height);
    if (!made && made.error().context == "EGL") GTEST_SKIP() << made.error().text();
    ASSERT_TRUE(made) << made.error().text();
    headless_ = std::move(*made);
    ASSERT_FALSE(headless_->workbench().show("schedule"));
    headless_->frames(3);
  }

  Headless& h() { return *headless_; }
  const ScheduleScene& lab() { return headless_->scene().schedules; }
  const Spec& spec(std::size_t i) { return lab().schedules.at(i).spec; }
  bool shown(std::string_view mark) { return ui::find_mark(mark) != nullptr; }
  /// For looking at: THALWEG_PICTURES=FOLDER.
  void picture(const std::string& name) {
    const char* folder = std::getenv("THALWEG_PICTURES");
    if (!folder) return;
    const Image image = h().picture();
    const auto error =
        write_png(std::string(folder) + "/schedule-" + name + ".png", image.width, image.height, image.rgb);
    ASSERT_FALSE(error) << error->text();
  }
  void undo() {
    h().workbench().key({Key::kZ, true, false});
    h().frames(2);
  }

  std::unique_ptr<Headless> headless_;
};

TEST_F(ScheduleLabTest, AHandleIsDraggedAndUndoneAsOne) {
  open(scene_with({"cosine_warmup:peak=0.1,warmup=200,total=1000"}));
  const Spec before = spec(0);
  const auto handles = find_schedule("cosine_warmup")->handles(before, 1.0);
  std::size_t which = 0;
  while (which < handles.size() && !(handles[which].moves_step && handles[which].moves_value)) ++which;
  ASSERT_LT(which, handles.size());
  const std::string mark = "rate.handle." + std::to_string(which);
  const ui::MarkRect plot = *ui::find_mark("rate");
  const ImVec2 from = h().place(mark);
  h().drag(from, {from.x + 0.2F * (plot.max.x - plot.min.x), from.y + 60.0F});
  h().frames(2);
  EXPECT_NEAR(spec(0).number("warmup"), 400.0, 12.0);
  EXPECT_NEAR(spec(0).number("peak"), 0.09, 0.004);
  EXPECT_EQ(spec(0).number("total"), 1000.0);
  undo();
  EXPECT_EQ(spec(0), before);
}

TEST_F(ScheduleLabTest, EveryHandleOfEveryScheduleCanBeDragged) {
  for (const ScheduleDescriptor& descriptor : schedules()) {
    if (!descriptor.handles || descriptor.role != ScheduleRole::kLearningRate) continue;
    Scene scene = scene_with({});
    scene.schedules.schedules.push_back({default_spec(descriptor), 0, true});
    *scene.schedules.view.find("beside") = std::string("nothing");
    open(std::move(scene), 640, 400);
    const std::size_t count = descriptor.handles(spec(0), 0.1).size();
    for (std::size_t i = 0; i < count; ++i) {
      const std::string mark = "rate.handle." + std::to_string(i);
      if (!shown(mark)) continue;
      const ImVec2 at = h().place(mark);
      h().drag(at, {at.x + 40.0F, at.y + 30.0F}, 2);
      EXPECT_FALSE(check_schedule(spec(0))) << descriptor.id << " " << i;
    }
  }
}

TEST_F(ScheduleLabTest, SchedulesAreAddedChosenChangedAndRemoved) {
  open(scene_with({"cosine"}));
  h().click("schedule.add.action");
  h().frames(2);
  picture("add");
  h().click("schedule.add.linear");
  h().frames(2);
  ASSERT_EQ(lab().schedules.size(), 2U);
  EXPECT_EQ(spec(1).id, "linear");
  EXPECT_EQ(lab().selected, 1);
  EXPECT_NE(lab().schedules[0].colour, lab().schedules[1].colour);
  h().click("schedule.0.name");
  h().frames(2);
  EXPECT_EQ(lab().selected, 0);
  h().drag(h().place("schedule.0.total", 0.5F), h().place("schedule.0.total", 0.7F));
  EXPECT_NE(spec(0).number("total"), default_spec(*find_schedule("cosine")).number("total"));
  h().click("schedule.0.visible");
  EXPECT_FALSE(lab().schedules[0].visible);
  h().click("schedule.0.duplicate");
  h().frames(2);
  ASSERT_EQ(lab().schedules.size(), 3U);
  EXPECT_EQ(spec(1), spec(0));
  h().click("schedule.1.remove");
  h().frames(2);
  EXPECT_EQ(lab().schedules.size(), 2U);
}

TEST_F(ScheduleLabTest, AnotherKindIsChosenFromTheMenuOfTheCard) {
  open(scene_with({"cosine"}));
  h().click("schedule.0.id");
  h().frames(2);
  const auto cosine =
      std::find_if(schedules().begin(), schedules().end(), [](const auto& d) { return d.id == "cosine"; });
  const auto next = cosine + 1;  // in sight, whatever the length of the menu
  h().click("schedule.0.id." + std::to_string(next - schedules().begin()));
  h().frames(2);
  EXPECT_EQ(spec(0), default_spec(*next));
}

TEST_F(ScheduleLabTest, SixteenAreTheMost) {
  Scene scene = scene_with({});
  for (int i = 0; i < 16; ++i) scene.schedules.schedules.push_back({parsed("cosine"), i % 8, true});
  open(std::move(scene));
  h().click("schedule.from_surface");
  h().frames(2);
  EXPECT_EQ(lab().schedules.size(), 16U);
}

TEST_F(ScheduleLabTest, SchedulesGoToTheRaceAndToTrainingAndComeBack) {
  open(scene_with({"cosine:total=321"}));
  h().click("schedule.0.use_surface");
  EXPECT_EQ(h().scene().schedule, spec(0));
  EXPECT_NE(h().scene().training.schedule, spec(0));
  h().click("schedule.0.use_training");
  EXPECT_EQ(h().scene().training.schedule, spec(0));
  Scene next = h().scene();
  next.training.schedule = parsed("linear:total=77");
  h().workbench().editor().apply(next);
  h().frames(2);
  h().click("schedule.from_training");
  h().frames(2);
  ASSERT_EQ(lab().schedules.size(), 2U);
  EXPECT_EQ(spec(1), parsed("linear:total=77"));
}

TEST_F(ScheduleLabTest, PresetsReplaceWhatThereIsAndUndoBringsItBack) {
  open(scene_with({"cosine"}));
  for (const SchedulePreset& preset : schedule_presets()) {
    h().click("schedule.presets");
    h().frames(2);
    h().click("schedule.preset." + preset.id);
    h().frames(2);
    EXPECT_EQ(lab().schedules.size(), preset.schedules.size());
    EXPECT_EQ(lab().steps(), preset.steps);
    undo();
    ASSERT_EQ(lab().schedules.size(), 1U) << preset.id;
  }
}

TEST_F(ScheduleLabTest, PointsAreDrawnMovedAndTakenAway) {
  open(scene_with({"drawn"}));
  const std::size_t before = drawn_points(spec(0)).size();
  ASSERT_GE(before, 2U);
  const ui::MarkRect plot = *ui::find_mark("rate");
  h().click(plot.at(0.33F, 0.3F));
  h().frames(2);
  ASSERT_EQ(drawn_points(spec(0)).size(), before + 1);
  EXPECT_TRUE(shown("rate.handle." + std::to_string(before)));
  undo();
  ASSERT_EQ(drawn_points(spec(0)).size(), before);
  h().move("rate.handle.1");
  h().frame();
  picture("handle");
  const DrawnPoint point = drawn_points(spec(0))[1];
  const ImVec2 at = h().place("rate.handle.1");
  h().drag(at, {at.x + 20.0F, at.y + 20.0F});
  EXPECT_GT(drawn_points(spec(0))[1].step, point.step);
  EXPECT_LT(drawn_points(spec(0))[1].factor, point.factor);
  h().click(h().place("rate.handle.1"), 1);
  h().frames(2);
  EXPECT_EQ(drawn_points(spec(0)).size(), before - 1);
}

TEST_F(ScheduleLabTest, AClickOnThePlotOfAnyOtherScheduleChangesNothing) {
  open(scene_with({"cosine"}));
  const Scene before = h().scene();
  h().click(ui::find_mark("rate")->at(0.33F, 0.3F));
  h().frames(2);
  EXPECT_EQ(h().scene(), before);
}

TEST_F(ScheduleLabTest, PartsOfACompositionAreEditedAsAList) {
  open(scene_with({"sequence:warmup:warmup=100@100|cosine:total=400@500|constant"}), 1280, 1400);
  const auto parts = [&] { return composition_parts(spec(0)); };
  h().click("schedule.0.part.add");
  h().frames(2);
  ASSERT_EQ(parts().size(), 4U);
  EXPECT_FALSE(check_schedule(spec(0)));
  EXPECT_GT(*parts()[2].end, 500);
  h().click("schedule.0.part.0.down");
  h().frames(2);
  EXPECT_EQ(parts()[0].spec.id, "cosine");
  EXPECT_EQ(parts()[0].end, 400) << "a part keeps its length";
  EXPECT_EQ(parts()[1].end, 500);
  h().click("schedule.0.part.3.remove");
  h().frames(2);
  ASSERT_EQ(parts().size(), 3U);
  EXPECT_FALSE(parts()[2].end);
  h().drag(h().place("schedule.0.part.0.end", 0.5F), h().place("schedule.0.part.0.end", 0.6F));
  EXPECT_EQ(*parts()[1].end - *parts()[0].end, 100);
  h().drag(h().place("schedule.0.part.0.total", 0.5F), h().place("schedule.0.part.0.total", 0.6F));
  EXPECT_NE(parts()[0].spec.number("total"), 400.0);
}

TEST_F(ScheduleLabTest, ASchedulesLinesForPyTorchAndTheTableGoToTheClipboard) {
  open(scene_with({"cosine:peak=0.5,total=1000", "step:peak=0.5"}));
  h().click("schedule.0.more");
  h().frames(2);
  h().click("schedule.0.pytorch");
  h().frames(2);
  EXPECT_NE(std::string(ImGui::GetClipboardText()).find("CosineAnnealingLR"), std::string::npos);
  h().click("table.export");
  h().frames(2);
  EXPECT_FALSE(shown("table.export.svg")) << "a table is no picture";
  h().click("table.export.copy");
  h().frames(4);
  const std::string csv = ImGui::GetClipboardText();
  EXPECT_EQ(csv.substr(0, csv.find('\n')),
            "schedule,spec,first,last,min,max,mean,integral_mean,area,peak_step");
  EXPECT_NE(csv.find("Cosine annealing,\"cosine:"), std::string::npos) << csv;
  EXPECT_NE(csv.find(",0.5,"), std::string::npos) << csv;
}

TEST_F(ScheduleLabTest, TheScaleOfTheRateIsInTheScene) {
  open(scene_with({"cosine", "step"}));
  h().click("rate.scale");
  h().frames(2);
  EXPECT_EQ(lab().view.text("scale"), "log");
}

TEST_F(ScheduleLabTest, MomentumAndEffectiveStepShowWhereAScheduleMovesThem) {
  open(scene_with({"cosine"}));
  EXPECT_FALSE(shown("momentum"));
  open(scene_with({"cosine", "one_cycle"}));
  EXPECT_TRUE(shown("momentum"));
  EXPECT_FALSE(shown("effective"));
  h().click("view.effective");
  h().frames(3);
  EXPECT_TRUE(lab().view.flag("effective"));
  EXPECT_TRUE(shown("effective"));
}

TEST_F(ScheduleLabTest, WhatSetsNoRateHasAnAxisOfItsOwnAndIsNotUsedAsOne) {
  const auto is_batch = [](const ScheduleDescriptor& d) { return d.role == ScheduleRole::kBatchSize; };
  const auto found = std::find_if(schedules().begin(), schedules().end(), is_batch);
  ASSERT_NE(found, schedules().end());
  open(scene_with({found->id.c_str(), "cosine"}));
  EXPECT_TRUE(shown("batch"));
  const Spec before = h().scene().schedule;
  h().click("schedule.0.use_surface");
  EXPECT_EQ(h().scene().schedule, before);
}

TEST_F(ScheduleLabTest, KeysChooseAndARowOfTheTableToo) {
  open(scene_with({"cosine", "linear", "step"}));
  h().workbench().key({Key::kDown, false, false});
  h().frame();
  EXPECT_EQ(lab().selected, 1);
  h().click("table.2");
  EXPECT_EQ(lab().selected, 2);
  // Choosing is no edit.
  EXPECT_FALSE(h().workbench().editor().can_undo());
}

TEST_F(ScheduleLabTest, TheNetworkIsTrainedOnlyWhenAskedAndWhileItIsSeen) {
  Scene scene = scene_with({"cosine:total=60", "constant"});
  scene.training.data = parse_spec("blobs:n=400,test=100", dataset_family()).value();
  scene.training.model = parse_model("2-8-3").value();
  *scene.schedules.view.find("steps") = 60.0;
  *scene.schedules.view.find("beside") = std::string("network");
  open(std::move(scene));
  EXPECT_TRUE(shown("effect.status"));
  h().frames(5);
  EXPECT_FALSE(shown("effect.done")) << "nobody has asked for it";
  h().click("effect.train");
  h().frames(3);
  EXPECT_TRUE(shown("effect.done"));
  picture("network");
  h().click("effect.train");
  h().frames(2);
  h().click("effect.page.0");
  h().frames(3);
  EXPECT_EQ(lab().view.text("beside"), "surface");
  EXPECT_TRUE(shown("effect.map"));
}

TEST_F(ScheduleLabTest, TheOptimizerBesideIsChosen) {
  open(scene_with({"constant"}));
  h().click("effect.optimizer");
  h().frames(2);
  h().click("effect.optimizer.3");
  h().frames(2);
  EXPECT_EQ(lab().view.number("optimizer"), 4.0);
}

TEST_F(ScheduleLabTest, EmptyAndCrowdedAtEverySizeAndScale) {
  for (const double scale : {1.0, 2.0, 3.0})
    for (const bool empty : {true, false}) {
      Scene scene =
          empty ? scene_with({}) : scene_with({"drawn", "sequence", "one_cycle", "tokens", "plateau"});
      if (empty) scene.optimizers.clear();
      *scene.appearance.find("scale") = scale;
      *scene.schedules.view.find("effective") = 1.0;
      open(std::move(scene), 1280, 720);
      h().frames(2);
      EXPECT_TRUE(shown("rate")) << scale;
    }
}

TEST_F(ScheduleLabTest, OneVariableAndManyAreShownToo) {
  for (const char* surface : {"double_well", "quadratic:eigenvalues=1/10/100"}) {
    Scene scene = scene_with({"cosine", "constant"});
    const auto spec = parse_spec(surface, surface_family());
    if (!spec) continue;
    ASSERT_FALSE(set_surface(scene, *spec));
    open(std::move(scene));
    EXPECT_TRUE(shown("effect.effect_loss")) << surface;
  }
}

}  // namespace
}  // namespace thalweg

// What follows a schedule beside the learning rate, chosen and changed in the window.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "app/headless.hpp"
#include "app/panels/drive_rows.hpp"
#include "app/ui/marks.hpp"
#include "core/schedule/drive.hpp"

namespace thalweg {
namespace {

class DriveRowsTest : public ::testing::Test {
 protected:
  /// Tall enough for every card to be on the screen.
  void open(Scene scene, const char* view = "surface", int width = 1280, int height = 1500) {
    headless_.reset();
    auto made = Headless::create(std::move(scene), width, height);
    if (!made && made.error().context == "EGL") GTEST_SKIP() << made.error().text();
    ASSERT_TRUE(made) << made.error().text();
    headless_ = std::move(*made);
    ASSERT_FALSE(headless_->workbench().show(view));
    headless_->frames(3);
  }
  Headless& h() { return *headless_; }
  const Scene& scene() { return headless_->scene(); }
  void click(std::string_view mark) {
    h().click(mark);
    h().frames(2);
  }
  void add(const std::string& key) {
    click("drives.add.action");
    click("drives.add." + key);
  }
  void retype(std::string_view mark, const char* text) {
    h().double_click(mark);
    h().frames(2);
    h().tap(ImGuiKey_A, true);
    h().type(text);
    h().tap(ImGuiKey_Enter);
    h().frames(2);
  }
  void undo() {
    h().workbench().key({Key::kZ, true, false});
    h().frames(2);
  }

  std::unique_ptr<Headless> headless_;
};

/// One momentum and one Adam.
Scene two() {
  Scene scene = default_scene();
  scene.optimizers = {scene.optimizers[1], scene.optimizers[3]};
  scene.training.optimizers = scene.optimizers;
  return scene;
}

std::vector<std::string> keys(const std::vector<Parameter>& parameters) {
  std::vector<std::string> out;
  for (const Parameter& parameter : parameters) out.push_back(parameter.key);
  return out;
}

TEST_F(DriveRowsTest, NumbersThatMayChangeAreOfferedOnce) {
  for (const Place place : {Place::kSurface, Place::kTraining}) {
    const auto offered = keys(drivable_at(two(), place));
    for (const char* key : {"momentum", "weight_decay", "beta1", "beta2", "eps", "batch"})
      EXPECT_EQ(std::count(offered.begin(), offered.end(), key), 1) << key;
    for (const char* key : {"lr", "form", "bias_correction"})
      EXPECT_EQ(std::count(offered.begin(), offered.end(), key), 0) << key;
  }
  Scene none = two();
  none.optimizers.clear();
  EXPECT_TRUE(drivable_at(none, Place::kSurface).empty());
}

TEST_F(DriveRowsTest, MomentumFollowsALineAndIsItsOwnAgain) {
  open(two());
  add("momentum");
  ASSERT_EQ(scene().drives.size(), 1U);
  EXPECT_EQ(scene().drives[0].key, "momentum");
  EXPECT_EQ(scene().drives[0].schedule.id, "linear");
  EXPECT_EQ(scene().drives[0].schedule.number("total"), scene().run.number("steps"));
  EXPECT_FALSE(check(scene()));
  // What is driven is no longer offered.
  click("drives.add.action");
  EXPECT_FALSE(ui::find_mark("drives.add.momentum"));
  EXPECT_TRUE(ui::find_mark("drives.add.batch"));
  h().tap(ImGuiKey_Escape);
  h().frames(2);
  const double before = scene().drives[0].schedule.number("end_factor");
  h().drag(h().place("drives.momentum.end_factor", 0.1F), h().place("drives.momentum.end_factor", 0.6F));
  h().frames(2);
  EXPECT_GT(scene().drives[0].schedule.number("end_factor"), before);
  undo();
  EXPECT_EQ(scene().drives[0].schedule.number("end_factor"), before);
  click("drives.momentum.remove");
  EXPECT_TRUE(scene().drives.empty());
  undo();
  EXPECT_EQ(scene().drives.size(), 1U);
}

TEST_F(DriveRowsTest, TheRaceFollows) {
  open(two());
  add("momentum");
  h().frames(3);
  Scene plain = scene();
  plain.drives.clear();
  const auto path_of = [](const Scene& scene) {
    const auto surface = make_surface(scene.surface).value();
    Descent descent(scene.race().lane(0), surface);
    descent.advance(200);
    return descent.view().table.at(200, 0);
  };
  EXPECT_NE(path_of(scene()), path_of(plain));
}

TEST_F(DriveRowsTest, WhatLeavesTheBoundsIsRefusedAndNothingIsLost) {
  open(two());
  add("momentum");
  const Drives before = scene().drives;
  retype("drives.momentum.start_factor.value", "2");  // 2 · 0.9 is no momentum
  EXPECT_EQ(scene().drives, before);
  retype("drives.momentum.start_factor.value", "0.5");
  EXPECT_EQ(scene().drives[0].schedule.number("start_factor"), 0.5);
}

TEST_F(DriveRowsTest, TheBatchGrowsAlongALineOrAnyOther) {
  Scene scene = two();
  *scene.gradient.spec.find("noise") = 1.0;
  open(std::move(scene));
  add("batch");
  ASSERT_EQ(this->scene().drives.size(), 1U);
  const Spec grows = this->scene().drives[0].schedule;
  EXPECT_EQ(grows.id, "linear");
  const auto at = [&](std::int64_t t) { return find_schedule(grows.id)->at(grows, t, 1.0); };
  EXPECT_GT(at(1000), at(0));
  const auto& all = schedules();
  const auto cosine = std::find_if(all.begin(), all.end(), [](const auto& d) { return d.id == "cosine"; });
  click("drives.batch.id");
  click("drives.batch.id." + std::to_string(cosine - all.begin()));
  EXPECT_EQ(this->scene().drives[0].schedule.id, "cosine");
  EXPECT_GE(this->scene().drives[0].schedule.number("min"), 1.0);
  EXPECT_FALSE(check(this->scene()));
}

TEST_F(DriveRowsTest, AScheduleThatMovesNothingGoesWithItsOptimizer) {
  open(two());
  add("momentum");
  h().move("optimizer.0.name");
  h().frames(2);
  click("optimizer.0.remove");
  ASSERT_EQ(scene().optimizers.size(), 1U);
  EXPECT_TRUE(scene().drives.empty());
  EXPECT_FALSE(check(scene()));
  undo();
  EXPECT_EQ(scene().drives.size(), 1U);
}

TEST_F(DriveRowsTest, InTrainingToo) {
  open(two(), "training");
  add("batch");
  EXPECT_EQ(scene().training.drives.at(0).schedule.id, "batch_ramp");
  click("drives.batch.remove");
  add("weight_decay");
  ASSERT_EQ(scene().training.drives.size(), 1U);
  EXPECT_TRUE(scene().drives.empty());
  EXPECT_FALSE(check(scene().training));
  click("drives.weight_decay.remove");
  EXPECT_TRUE(scene().training.drives.empty());
}

TEST_F(DriveRowsTest, AScheduleOfTheLabIsUsedForThem) {
  Scene scene = two();
  scene.schedules.schedules.clear();
  scene.schedules.schedules.push_back({parse_spec("cosine:total=300", schedule_family()).value(), 0, true});
  open(std::move(scene), "schedule", 1280, 1000);
  click("schedule.0.use_for");
  click("schedule.0.use.surface.momentum");
  ASSERT_EQ(this->scene().drives.size(), 1U);
  EXPECT_EQ(this->scene().drives[0].key, "momentum");
  EXPECT_EQ(this->scene().drives[0].schedule, this->scene().schedules.schedules[0].spec);
  click("schedule.0.use_for");
  click("schedule.0.use.training.batch");
  EXPECT_TRUE(this->scene().training.drives.empty()) << "a cosine down to 0 is no batch size";
}

TEST(DrivenParameter, HasTheNameAndTheSliderOfTheSetting) {
  const Descriptor& gradient = gradient_descriptor();
  const ScheduleDescriptor& cosine = *find_schedule("cosine");
  const Parameter peak = driven_parameter(*cosine.find("peak"), *gradient.find("batch"));
  EXPECT_EQ(peak.label, "peak batch size");
  EXPECT_EQ(peak.symbol, "Bₘₐₓ");
  EXPECT_EQ(peak.soft_max, 1024.0);
  EXPECT_EQ(driven_parameter(*cosine.find("total"), *gradient.find("batch")).label,
            cosine.find("total")->label);
}

}  // namespace
}  // namespace thalweg

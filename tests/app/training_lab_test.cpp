// The Training view without a display, driven as a user would drive it.
#include <gtest/gtest.h>

#include <cmath>

#include "app/headless.hpp"
#include "app/panels/digit_canvas.hpp"
#include "tests/app/tiny_digits.hpp"

namespace thalweg {
namespace {

Scene small_scene() {
  Scene scene = default_scene();
  scene.training.data = parse_spec("blobs:n=400,test=100", dataset_family()).value();
  scene.training.model = parse_model("2-8-3").value();
  *scene.training.training.spec.find("batch") = 16.0;
  *scene.training.training.spec.find("epochs") = 20.0;
  *scene.training.probes.find("histograms") = 50.0;
  return scene;
}

class TrainingLabTest : public ::testing::Test {
 protected:
  void open(Scene scene, int width = 1280, int height = 800, bool synchronous = true) {
    headless_.reset();
    WorkbenchOptions options;
    options.synchronous = synchronous;
    auto made = Headless::create(std::move(scene), width, height, std::move(options));
    if (!made && made.error().context == "EGL") GTEST_SKIP() << made.error().text();
    ASSERT_TRUE(made) << made.error().text();
    headless_ = std::move(*made);
    ASSERT_FALSE(headless_->workbench().show("training"));
    headless_->frames(3);
  }
  void SetUp() override { open(small_scene()); }

  Headless& h() { return *headless_; }
  const TrainingScene& training() { return headless_->scene().training; }
  void press(Key key, bool shift = false) {
    h().workbench().key({key, false, shift});
    h().frame();
  }
  bool shown(std::string_view mark) { return ui::find_mark(mark) != nullptr; }

  std::unique_ptr<Headless> headless_;
};

TEST_F(TrainingLabTest, SpaceTrainsAndPauses) {
  EXPECT_EQ(training().step, 0);
  EXPECT_TRUE(shown("network.map"));
  press(Key::kSpace);
  h().frames(5);
  const std::int64_t step = training().step;
  EXPECT_GT(step, 0);
  press(Key::kSpace);
  h().frames(5);
  const std::int64_t paused = training().step;
  h().frames(5);
  EXPECT_EQ(training().step, paused);
  h().click("transport.play");
  h().frames(3);
  EXPECT_GT(training().step, paused);
}

TEST_F(TrainingLabTest, ALiveSliderMovedOnTheWayIsRecordedAtItsStep) {
  press(Key::kSpace);
  h().frames(4);
  press(Key::kSpace);
  h().frames(2);
  const std::int64_t step = training().step;
  h().drag(h().place("optimizer.0.lr", 0.4F), h().place("optimizer.0.lr", 0.6F), 3);
  const LiveSpec& live = training().optimizers[0].live;
  ASSERT_EQ(live.changes.size(), 1U);  // standing still: one change, however far it was dragged
  EXPECT_EQ(live.changes[0].step, step);
  EXPECT_EQ(live.changes[0].key, "lr");
  EXPECT_EQ(live.spec.number("lr"), 0.01);
  h().frames(2);
  EXPECT_FALSE(shown("differs"));
  EXPECT_TRUE(training().optimizers[1].live.changes.empty());
  // Starting again is without it, and undo brings it back.
  press(Key::kR);
  EXPECT_TRUE(training().optimizers[0].live.changes.empty());
}

TEST_F(TrainingLabTest, ASliderMovedBeforeTheStartCountsFromTheStart) {
  h().drag(h().place("optimizer.0.lr", 0.4F), h().place("optimizer.0.lr", 0.6F));
  EXPECT_TRUE(training().optimizers[0].live.changes.empty());
  EXPECT_NE(training().optimizers[0].live.spec.number("lr"), 0.01);
  h().frames(2);
  EXPECT_FALSE(shown("differs"));
}

TEST_F(TrainingLabTest, OtherSettingsAreSaidAndTakenWhenItStartsAgain) {
  press(Key::kSpace);
  h().frames(4);
  h().drag(h().place("schedule.id", 0.5F), h().place("schedule.id", 0.5F), 1);
  Scene next = h().scene();
  next.training.model = parse_model("2-4-3").value();
  h().workbench().editor().apply(next);
  h().frames(3);
  ASSERT_TRUE(shown("differs"));
  const std::int64_t before = training().step;
  h().frames(2);
  EXPECT_GT(training().step, before);  // the run goes on
  h().click("again");
  h().frames(2);
  EXPECT_FALSE(shown("differs"));
  EXPECT_LT(training().step, before);
}

TEST_F(TrainingLabTest, StopEndsTheRunAndSpaceStartsAnother) {
  press(Key::kSpace);
  h().frames(6);
  h().click("transport.stop");
  h().frames(2);
  const std::int64_t stopped = training().step;
  press(Key::kRight);
  h().frames(3);
  EXPECT_EQ(training().step, stopped);
  press(Key::kSpace);
  EXPECT_LT(training().step, stopped);
  h().frames(10);
  EXPECT_GT(training().step, 0);
}

TEST_F(TrainingLabTest, TheModelIsTyped) {
  const std::string text = "2-16-3";
  h().click("model.text");
  h().tap(ImGuiKey_A, true);
  h().type("2-16-");
  EXPECT_EQ(training().model, parse_model("2-8-3").value());  // half a model changes nothing
  EXPECT_TRUE(shown("model.text.error"));
  h().type("3");
  EXPECT_EQ(training().model, parse_model(text).value());
  EXPECT_FALSE(shown("model.text.error"));
}

TEST_F(TrainingLabTest, OtherDataGetAModelThatFits) {
  const auto& all = datasets();
  const auto moons =
      std::find_if(all.begin(), all.end(), [](const auto& d) { return d.id == "noisy_cubic"; });
  h().click("data.id");
  h().frames(2);
  h().click("data.id." + std::to_string(moons - all.begin()));
  h().frames(4);
  EXPECT_EQ(training().data.id, "noisy_cubic");
  EXPECT_EQ(training().model, parse_model("1-8-1").value());
  EXPECT_EQ(training().loss.id, "squared_error");
  EXPECT_FALSE(shown("trouble.action"));
  press(Key::kSpace);
  h().frames(4);
  EXPECT_GT(training().step, 0);
}

TEST_F(TrainingLabTest, WhatIsMissingIsSaid) {
  Scene scene = default_scene();
  scene.training.folder = "/no/such/folder";
  open(scene);
  EXPECT_TRUE(shown("trouble"));
  press(Key::kSpace);
  h().frames(3);
  EXPECT_TRUE(shown("trouble"));
}

TEST_F(TrainingLabTest, ADigitIsDrawnAndAnswered) {
  const TinyDigits digits;
  Scene scene = default_scene();
  scene.training.folder = digits.folder();
  open(scene);
  const ImVec2 a = h().place("network.canvas.sheet", 0.3F, 0.3F),
               b = h().place("network.canvas.sheet", 0.7F, 0.6F);
  EXPECT_FALSE(shown("network.canvas.clear.action"));
  h().drag(a, b);
  h().frames(2);
  EXPECT_TRUE(shown("network.canvas.clear.action"));
  EXPECT_TRUE(shown("network.canvas.answer"));
  press(Key::kSpace);
  h().frames(3);
  EXPECT_TRUE(shown("network.canvas.answer"));
  h().click("network.canvas.clear.action");
  h().frames(2);
  EXPECT_FALSE(shown("network.canvas.answer"));
}

TEST_F(TrainingLabTest, EveryPageThemeAndSizeCanBeDrawn) {
  const TinyDigits digits;
  struct Case {
    const char* theme;
    double scale;
    int width, height;
  };
  for (const auto& [theme, scale, width, height] :
       {Case{"dark", 1.0, 320, 240}, Case{"light", 1.0, 1920, 1080}, Case{"projector", 2.0, 1024, 640}}) {
    Scene scene = default_scene();
    scene.training.folder = digits.folder();
    scene.training.step = 12;
    *scene.training.training.spec.find("batch") = 16.0;
    *scene.training.probes.find("gradients") = 2.0;
    *scene.training.probes.find("histograms") = 4.0;
    *scene.appearance.find("theme") = std::string(theme);
    *scene.appearance.find("scale") = scale;
    open(scene, width, height);
    for (const std::string& page : training_view_descriptor().find("page")->choices)
      for (const std::string& look : training_view_descriptor().find("look")->choices) {
        Scene next = h().scene();
        *next.training.view.find("page") = page;
        *next.training.view.find("look") = look;
        *next.training.view.find("part") = std::string(look == "weights" ? "network" : "curves");
        *next.training.view.find("x_axis") = std::string(page == "rate"     ? "time"
                                                         : page == "layers" ? "epoch"
                                                                            : "step");
        h().workbench().editor().apply(next);
        h().frames(1);
      }
    EXPECT_EQ(training().step, 12);
  }
}

TEST_F(TrainingLabTest, ALearningRateIsFoundAndTrainedWith) {
  Scene scene = small_scene();
  *scene.training.view.find("page") = std::string("experiments");
  open(scene, 1280, 1000);
  h().click("probe.lr_find");
  h().frames(3);
  ASSERT_TRUE(shown("probe.sweep"));
  h().click("probe.train");
  h().frames(3);
  EXPECT_NE(training().optimizers[0].live.spec.number("lr"), 0.01);
  EXPECT_GT(training().step, 0);
  press(Key::kSpace);
  h().click("probe.overfit");
  h().frames(3);
  EXPECT_TRUE(shown("probe.badge"));
  h().click("probe.seeds");
  h().frames(3);
  EXPECT_EQ(training().seeds, 3);
}

TEST_F(TrainingLabTest, PicturesAreIdenticalFromRunToRun) {
  Scene scene = small_scene();
  scene.training.step = 60;
  scene.training.seeds = 2;
  open(scene);
  const Image first = h().picture();
  open(scene);
  EXPECT_EQ(first.rgb, h().picture().rgb);
}

TEST_F(TrainingLabTest, UndoLeavesTheRunAndThePageAlone) {
  press(Key::kSpace);
  h().frames(4);
  press(Key::kSpace);
  h().frames(2);
  const std::int64_t step = training().step;
  Scene next = h().scene();
  *next.training.view.find("page") = std::string("rate");
  h().workbench().editor().apply(next);
  h().drag(h().place("optimizer.0.lr", 0.4F), h().place("optimizer.0.lr", 0.6F), 2);
  h().workbench().key({Key::kZ, true, false});
  h().frames(2);
  EXPECT_TRUE(training().optimizers[0].live.changes.empty());
  EXPECT_EQ(training().step, step);
  EXPECT_EQ(training().view.text("page"), "rate");
}

// The same with the worker beside the window.
TEST_F(TrainingLabTest, EditsWhileTheWorkerRuns) {
  Scene scene = small_scene();
  *scene.training.training.spec.find("epochs") = 1000.0;
  open(scene, 800, 600, false);
  press(Key::kSpace);
  for (int i = 0; i < 60; ++i) {
    Scene next = h().scene();
    if (i % 9 == 4 && next.training.optimizers.size() > 1)
      next.training.optimizers.erase(next.training.optimizers.begin());
    if (i % 9 == 8) next.training.optimizers = default_training_scene().optimizers;
    if (i % 5 == 0) *next.training.view.find("x_axis") = std::string(i % 2 ? "time" : "epoch");
    if (i % 17 == 16) next.training.seeds = 1 + i % 3;
    h().workbench().editor().apply(next);
    if (i % 4 == 0) h().drag(h().place("optimizer.0.lr", 0.3F), h().place("optimizer.0.lr", 0.5F), 1);
    if (i % 21 == 20) press(Key::kR);
    h().frame(0.02);
  }
  EXPECT_FALSE(check(h().scene())) << check(h().scene())->text();
}

// What a network gets of a drawing.

TEST(DigitCanvas, IsCentredByItsMassAndScaledToTheBox) {
  DigitCanvas canvas;
  EXPECT_TRUE(canvas.empty());
  for (const std::uint8_t pixel : canvas.picture(28, 28)) EXPECT_EQ(pixel, 0);
  canvas.stroke(0.1F, 0.1F, 0.1F, 0.3F);  // a small upright stroke in a corner
  EXPECT_FALSE(canvas.empty());
  const auto picture = canvas.picture(28, 28);
  double mass = 0.0, x = 0.0, y = 0.0;
  int top = 28, bottom = -1, most = 0;
  for (int row = 0; row < 28; ++row)
    for (int column = 0; column < 28; ++column) {
      const int ink = picture[static_cast<std::size_t>(row * 28 + column)];
      mass += ink;
      x += ink * (column + 0.5);
      y += ink * (row + 0.5);
      most = std::max(most, ink);
      if (ink < 64) continue;
      top = std::min(top, row);
      bottom = std::max(bottom, row);
    }
  EXPECT_NEAR(x / mass, 14.0, 0.1);
  EXPECT_NEAR(y / mass, 14.0, 0.1);
  EXPECT_NEAR(bottom - top + 1, 20, 1);
  EXPECT_EQ(most, 255);
  const std::uint64_t version = canvas.version();
  canvas.clear();
  EXPECT_TRUE(canvas.empty());
  EXPECT_GT(canvas.version(), version);
}

TEST(DigitCanvas, StaysInsideItsSheet) {
  DigitCanvas canvas;
  canvas.stroke(-3.0F, 0.5F, 4.0F, 0.5F);
  canvas.stroke(0.5F, -9.0F, 0.5F, -8.0F);
  for (const float ink : canvas.ink()) EXPECT_TRUE(ink >= 0.0F && ink <= 1.0F);
  // As wide as the sheet: scaled down to the box.
  const auto picture = canvas.picture(28, 28);
  for (int row = 0; row < 28; ++row) EXPECT_EQ(picture[static_cast<std::size_t>(row * 28)], 0);
}

}  // namespace
}  // namespace thalweg

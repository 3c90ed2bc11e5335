// The choice of a device in the Training view, and what is offered where one fails. Pictures as in
// workbench_gallery_test.cpp: THALWEG_PICTURES=FOLDER app_device_test --gtest_filter='*Gallery*'.
#include <gtest/gtest.h>

#include <cstdlib>

#include "app/headless.hpp"
#include "app/panels/device_rows.hpp"

namespace thalweg {
namespace {

/// Before anything asks for devices.
const bool g_fake = setenv("THALWEG_CUDA_MODULE", THALWEG_FAKE_MODULE, 1) == 0 &&
                    setenv("THALWEG_FAKE_NAME", "NVIDIA H100 80GB HBM3", 1) == 0;

void fault(const char* text) { setenv("THALWEG_FAKE_FAULT", text, 1); }

Scene small_scene(const char* device = "auto") {
  Scene scene = default_scene();
  scene.training.data = parse_spec("blobs:n=400,test=100", dataset_family()).value();
  scene.training.model = parse_model("2-8-3").value();
  *scene.training.training.spec.find("batch") = 16.0;
  *scene.training.training.spec.find("epochs") = 20.0;
  *scene.training.device.find("device") = std::string(device);
  return scene;
}

class DevicePanel : public ::testing::Test {
 protected:
  DevicePanel() { fault(""); }
  ~DevicePanel() override { fault(""); }

  void open(Scene scene, int width = 1280, int height = 800) {
    headless_.reset();
    auto made = Headless::create(std::move(scene), width, height);
    if (!made && made.error().context == "EGL") GTEST_SKIP() << made.error().text();
    ASSERT_TRUE(made) << made.error().text();
    headless_ = std::move(*made);
    ASSERT_FALSE(headless_->workbench().show("training"));
    headless_->frames(3);
  }
  void picture(const std::string& name) {
    const char* folder = std::getenv("THALWEG_PICTURES");
    if (!folder) return;
    const Image image = headless_->picture();
    const auto error =
        write_png(std::string(folder) + "/" + name + ".png", image.width, image.height, image.rgb);
    ASSERT_FALSE(error) << error->text();
  }

  Headless& h() { return *headless_; }
  bool shown(std::string_view mark) { return ui::find_mark(mark) != nullptr; }
  std::string device() { return h().scene().training.device.text("device"); }
  /// The set-up shows its choice of devices.
  void show_choice() {
    h().click("transport.device");
    h().frames(3);
  }

  std::unique_ptr<Headless> headless_;
};

TEST_F(DevicePanel, TheChipLeadsToTheChoice) {
  open(small_scene());
  if (!headless_) return;
  ASSERT_TRUE(shown("transport.device"));
  show_choice();
  const ui::MarkRect* combo = ui::find_mark("device.device");
  ASSERT_TRUE(combo) << ui::list_marks();
  EXPECT_GT(combo->min.y, 0.0F);
  EXPECT_LT(combo->max.y, 740.0F);
  h().click("device.device");
  h().frames(2);
  h().click("device.device.1");
  h().frames(2);
  EXPECT_EQ(device(), "cpu");
  h().click("device.device");
  h().frames(2);
  h().click("device.device.2");
  h().frames(2);
  EXPECT_EQ(device(), "cuda");
  h().workbench().key({Key::kZ, true, false});
  h().frames(2);
  EXPECT_EQ(device(), "cpu");
  h().click("device.tf32");
  h().frames(2);
  EXPECT_TRUE(h().scene().training.device.flag("tf32"));
  h().click(h().place("device.threads", 0.5F));
  h().frames(2);
  EXPECT_GT(h().scene().training.device.number("threads"), 1.0);
}

TEST_F(DevicePanel, AFailedDeviceIsSaidAndTheCpuTakesOver) {
  for (const char* way : {"transport.continue_cpu", "device_failed.cpu", "space"}) {
    SCOPED_TRACE(way);
    open(small_scene("cuda"));
    if (!headless_) return;
    fault("lost_at_step:70");
    h().workbench().key({Key::kSpace, false, false});
    h().frames(12);
    ASSERT_TRUE(shown("transport.continue_cpu")) << ui::list_marks();
    ASSERT_TRUE(shown("device_failed.cpu")) << ui::list_marks();
    EXPECT_EQ(device(), "cuda");
    const std::int64_t step = h().scene().training.step;
    if (std::string_view(way) == "space")
      h().workbench().key({Key::kSpace, false, false});
    else
      h().click(way);
    h().frames(30);
    EXPECT_EQ(device(), "cpu");
    EXPECT_FALSE(shown("transport.continue_cpu"));
    EXPECT_FALSE(shown("device_failed.cpu"));
    EXPECT_FALSE(shown("differs"));
    EXPECT_GT(h().scene().training.step, step);
    fault("");
  }
}

/// The driver is asked once in a process: this is for one of its own, as ctest makes them.
TEST_F(DevicePanel, WithoutADeviceTheChoiceSaysWhy) {
  fault("no_driver");
  if (gpu::status().usable()) GTEST_SKIP() << "another test of this process has found a device";
  open(small_scene("cuda"));
  if (!headless_) return;
  h().workbench().key({Key::kSpace, false, false});
  h().frames(8);
  EXPECT_EQ(h().scene().training.step, 0);
  ASSERT_TRUE(shown("device_failed.cpu")) << ui::list_marks();
  picture("device-none-asked-for");
  h().click("device_failed.cpu");
  h().frames(8);
  EXPECT_EQ(device(), "cpu");
  EXPECT_GT(h().scene().training.step, 0);
  h().workbench().key({Key::kSpace, false, false});
  Scene scene = h().scene();
  *scene.training.device.find("device") = std::string("auto");
  h().workbench().editor().apply(scene);
  h().frames(3);
  show_choice();
  picture("device-none-choice");
  h().click("device.device");
  h().frames(3);
  h().move("device.device.2");
  h().frames(60);
  picture("device-none-menu");
  h().click("device.device.2");  // can't be chosen
  h().frames(3);
  EXPECT_EQ(device(), "auto");
}

TEST(DeviceWords, AreShortWhereThereIsLittleRoom) {
  EXPECT_EQ(short_device_name("NVIDIA H100 80GB HBM3"), "H100 80GB HBM3");
  EXPECT_EQ(short_device_name("NVIDIA GeForce RTX 4090"), "RTX 4090");
  EXPECT_EQ(short_device_name("Tesla T4"), "Tesla T4");
  TrainingSnapshot run;
  const Spec choice = default_spec(device_descriptor());
  EXPECT_EQ(device_words(choice, run).label, "Auto");
  DeviceList none;
  none.cuda.why = "no NVIDIA driver is installed";
  run.devices = std::make_shared<const DeviceList>(none);
  EXPECT_EQ(device_words(choice, run).label, "CPU · no CUDA device");
  EXPECT_EQ(device_words(choice, run).brief, "CPU");
  EXPECT_NE(device_words(choice, run).tooltip.find("no NVIDIA driver is installed"), std::string::npos);
  run.lanes.resize(2);
  run.lanes[0].settings = run.lanes[1].settings =
      std::make_shared<const TrainingSettings>(default_training());
  run.lanes[0].device = DeviceUse{"cuda", "NVIDIA H100 80GB HBM3", "cuda: 12 µs a step, cpu: 180 µs", true};
  run.lanes[1].device = DeviceUse{};
  none.cuda.devices.push_back({.name = "NVIDIA H100 80GB HBM3"});
  run.devices = std::make_shared<const DeviceList>(none);
  EXPECT_EQ(device_words(choice, run).label, "H100 80GB HBM3 + CPU");
  EXPECT_EQ(device_words(choice, run).brief, "CUDA + CPU");
  EXPECT_NE(device_words(choice, run).tooltip.find("12 µs a step"), std::string::npos);
}

struct Look {
  const char* theme;
  double scale;
  int width, height;
};

class DeviceGallery : public DevicePanel, public ::testing::WithParamInterface<Look> {};

TEST_P(DeviceGallery, ChoiceAndFailure) {
  const Look& look = GetParam();
  Scene scene = small_scene("cuda");
  *scene.appearance.find("theme") = std::string(look.theme);
  *scene.appearance.find("scale") = look.scale;
  open(scene, look.width, look.height);
  if (!headless_) return;
  const std::string name = std::string("device-") + look.theme + "-" + std::to_string(look.width) + "x" +
                           std::to_string(look.height) + "-" + format_number(look.scale);
  show_choice();
  picture(name + "-choice");
  h().click("device.device");
  h().frames(3);
  picture(name + "-menu");
  h().tap(ImGuiKey_Escape);
  h().move("transport.device");
  h().frames(60);
  picture(name + "-tooltip");
  fault("lost_at_step:70");
  h().workbench().key({Key::kSpace, false, false});
  h().frames(12);
  EXPECT_TRUE(shown("transport.continue_cpu"));
  picture(name + "-failed");
}

TEST_P(DeviceGallery, MeasuredAndFailedCard) {
  const Look& look = GetParam();
  Scene scene = small_scene();
  *scene.appearance.find("theme") = std::string(look.theme);
  *scene.appearance.find("scale") = look.scale;
  open(scene, look.width, look.height);
  if (!headless_) return;
  const std::string name = std::string("device-") + look.theme + "-" + std::to_string(look.width) + "x" +
                           std::to_string(look.height) + "-" + format_number(look.scale);
  h().workbench().key({Key::kSpace, false, false});
  h().frames(6);
  h().move("transport.device");
  h().frames(60);
  picture(name + "-measured");
  open(small_scene("cuda"), look.width, look.height);
  Scene again = h().scene();
  again.appearance = scene.appearance;
  h().workbench().editor().apply(again);
  fault("lost_at_step:70");
  h().workbench().key({Key::kSpace, false, false});
  h().frames(12);
  EXPECT_TRUE(shown("device_failed.cpu"));
  picture(name + "-card");
}

INSTANTIATE_TEST_SUITE_P(Looks, DeviceGallery,
                         ::testing::Values(Look{"dark", 1.0, 1280, 720}, Look{"light", 1.0, 1280, 800},
                                           Look{"projector", 1.0, 1280, 720}, Look{"dark", 2.0, 2560, 1440},
                                           Look{"light", 2.0, 1280, 800},
                                           Look{"projector", 2.0, 1920, 1080}));

}  // namespace
}  // namespace thalweg

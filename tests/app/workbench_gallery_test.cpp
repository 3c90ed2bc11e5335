// Pictures of the workbench in states that only a hand brings about (menus, tooltips, errors), for
// looking at: THALWEG_PICTURES=FOLDER app_workbench_tests --gtest_filter='*Gallery*'. Without the
// variable the states are gone through all the same.
#include <gtest/gtest.h>

#include <cstdlib>

#include "app/headless.hpp"
#include "tests/app/tiny_digits.hpp"

namespace thalweg {
namespace {

class WorkbenchGallery : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    Scene scene = default_scene();
    *scene.appearance.find("theme") = std::string(GetParam());
    scene.step = 900;
    open(std::move(scene));
  }

  void open(Scene scene) {
    headless_.reset();
    auto made = Headless::create(std::move(scene), 1280, 800);
    if (!made && made.error().context == "EGL") GTEST_SKIP() << made.error().text();
    ASSERT_TRUE(made) << made.error().text();
    headless_ = std::move(*made);
    headless_->frames(4);
  }

  Headless& h() { return *headless_; }

  void picture(const std::string& name) {
    const char* folder = std::getenv("THALWEG_PICTURES");
    if (!folder) return;
    const Image image = h().picture();
    const auto error = write_png(std::string(folder) + "/" + name + "-" + GetParam() + ".png", image.width,
                                 image.height, image.rgb);
    ASSERT_FALSE(error) << error->text();
  }

  std::unique_ptr<Headless> headless_;
};

TEST_P(WorkbenchGallery, Menus) {
  h().click("surface.id");
  h().frames(3);
  picture("surface-menu");
  h().tap(ImGuiKey_Escape);
  h().click("optimizer.add.action");
  h().frames(3);
  picture("add-menu");
  h().tap(ImGuiKey_Escape);
  h().click("optimizer.1.dot");
  h().frames(3);
  picture("palette");
  h().tap(ImGuiKey_Escape);
  h().click("top.help");
  h().frames(3);
  picture("help");
  h().tap(ImGuiKey_Escape);
  h().click("top.save");
  h().frames(3);
  picture("save");
}

TEST_P(WorkbenchGallery, UnderTheMouse) {
  h().click("optimizer.3.name");
  h().frames(2);
  h().move("optimizer.3.beta2");
  h().frames(60);
  picture("slider-tooltip");
  h().move("optimizer.3.name");
  h().frames(60);
  picture("card-tooltip");
  Scene scene = h().scene();
  *scene.view.find("ellipse") = 1.0;
  *scene.view.find("arrows") = 1.0;
  h().workbench().editor().apply(scene);
  h().move(h().place("map", 0.3F, 0.6F));
  h().frames(3);
  picture("cursor");
  h().move(h().place("loss_scale", 0.5F, 0.5F));
  h().frames(3);
  picture("crosshair");
}

TEST_P(WorkbenchGallery, Trouble) {
  h().workbench().say(bad_input("has an unknown key 'stepp'; did you mean 'step'?", "holiday.json: scene"));
  Scene scene = h().scene();
  *scene.optimizers[0].live.spec.find("lr") = 0.02;
  *scene.optimizers[1].live.spec.find("lr") = 0.02;
  h().workbench().editor().apply(scene);
  h().frames(4);
  picture("diverged");
  scene.optimizers.clear();
  h().workbench().editor().apply(scene);
  h().frames(4);
  picture("no-optimizer");
  ASSERT_FALSE(set_surface(scene, parse_spec("expr:x^2+y^2", surface_family()).value()));
  h().workbench().editor().apply(scene);
  h().frames(4);
  h().click("surface.formula");
  h().tap(ImGuiKey_A, true);
  h().type("x^2 + sinn(y");
  picture("formula-error");
}

TEST_P(WorkbenchGallery, Events) {
  Scene scene = h().scene();
  scene.optimizers[3].live.change(300, "lr", 0.2);
  scene.optimizers[3].live.change(600, "lr", 0.01);
  *scene.gradient.spec.find("noise") = 2.0;
  scene.step = 1500;
  h().workbench().editor().apply(scene);
  h().workbench().player().seek(h().workbench().editor(), 1500);
  h().frames(3);
  h().workbench().player().seek(h().workbench().editor(), 450);
  h().frames(3);
  picture("events");
}

TEST_P(WorkbenchGallery, Training) {
  const TinyDigits digits(400);
  Scene scene = h().scene();
  scene.training.folder = digits.folder();
  *scene.training.training.spec.find("batch") = 16.0;
  *scene.training.probes.find("gradients") = 2.0;
  *scene.training.probes.find("weights") = 2.0;
  *scene.training.probes.find("activations") = 2.0;
  *scene.training.probes.find("histograms") = 5.0;
  open(scene);
  const auto show = [&] {
    ASSERT_FALSE(h().workbench().show("training"));
    h().frames(4);
  };
  show();
  picture("training-start");
  scene.training.step = 60;
  scene.training.optimizers[3].live.change(30, "lr", 0.01);
  *scene.training.optimizers[0].live.spec.find("lr") = 1e6;  // diverges
  open(scene);
  show();
  h().drag(h().place("network.canvas.sheet", 0.3F, 0.2F), h().place("network.canvas.sheet", 0.7F, 0.8F));
  h().frames(2);
  picture("training-diverged");
  h().move(h().place("loss", 0.5F, 0.5F));
  h().frames(3);
  picture("training-crosshair");
  h().move("transport.timeline");
  h().frames(60);
  picture("training-events");
  for (const char* page : {"histograms", "curvature", "rate", "experiments"}) {
    Scene next = h().scene();
    *next.training.view.find("page") = std::string(page);
    h().workbench().editor().apply(next);
    h().frames(3);
    picture(std::string("training-") + page);
  }
  h().click("probe.lr_find");
  h().frames(3);
  picture("training-lr-find");
  scene.training.folder = "/no/such/folder";
  open(scene);
  show();
  picture("training-missing");
}

INSTANTIATE_TEST_SUITE_P(Themes, WorkbenchGallery, ::testing::Values("dark", "light"),
                         [](const auto& each) { return std::string(each.param); });

}  // namespace
}  // namespace thalweg

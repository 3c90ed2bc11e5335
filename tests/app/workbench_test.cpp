// The whole workbench without a display, driven as a user would drive it: mouse and keys go in, the
// Scene that comes out is looked at.
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cmath>

#include "app/headless.hpp"
#include "app/work/files.hpp"

namespace thalweg {
namespace {

class WorkbenchTest : public ::testing::Test {
 protected:
  void SetUp() override { open(default_scene()); }

  void open(Scene scene, int width = 1280, int height = 800, bool synchronous = true) {
    headless_.reset();
    WorkbenchOptions options;
    options.synchronous = synchronous;
    auto made = Headless::create(std::move(scene), width, height, std::move(options));
    if (!made && made.error().context == "EGL") GTEST_SKIP() << made.error().text();
    ASSERT_TRUE(made) << made.error().text();
    headless_ = std::move(*made);
    headless_->frames(3);
  }

  Headless& h() { return *headless_; }
  const Scene& scene() { return headless_->scene(); }
  double rate(std::size_t i) { return scene().optimizers[i].live.at(scene().step).number("lr"); }

  std::unique_ptr<Headless> headless_;
};

TEST_F(WorkbenchTest, DraggingASliderIsOneEdit) {
  const Scene before = scene();
  h().drag(h().place("optimizer.0.lr", 0.4F), h().place("optimizer.0.lr", 0.6F));
  EXPECT_GT(rate(0), before.optimizers[0].live.spec.number("lr"));
  EXPECT_TRUE(scene().optimizers[0].live.changes.empty());  // it stood still: from the start
  const Scene dragged = scene();
  h().tap(ImGuiKey_Escape);
  h().workbench().key({Key::kZ, true, false});
  h().frames(2);
  EXPECT_EQ(scene().optimizers, before.optimizers);
  h().workbench().key({Key::kY, true, false});
  h().frames(2);
  EXPECT_EQ(scene().optimizers, dragged.optimizers);
}

TEST_F(WorkbenchTest, SomethingIsPutAroundAnOptimizerAndTakenAway) {
  const Spec plain = scene().optimizers[0].live.spec;
  h().click("optimizer.0.around");
  h().frames(2);
  h().click("optimizer.0.around.lookahead");
  h().frames(2);
  EXPECT_EQ(scene().optimizers[0].live.spec.id, "lookahead+" + plain.id);
  EXPECT_EQ(scene().optimizers[0].live.spec.number("lr"), plain.number("lr"));
  h().click("optimizer.0.around");
  h().frames(2);
  h().click("optimizer.0.around.lookahead");
  h().frames(2);
  EXPECT_EQ(scene().optimizers[0].live.spec, plain);
}

TEST_F(WorkbenchTest, AnUpdateIsShownAsCode) {
  Scene next = scene();
  next.optimizers[0].live.spec = parse_spec("lion", optimizer_family()).value();
  h().workbench().editor().apply(next);
  h().frames(2);
  EXPECT_FALSE(ui::find_mark("optimizer.0.copy"));
  h().click("optimizer.0.code");
  h().frames(2);
  h().click("optimizer.0.copy");
  h().frames(2);
  EXPECT_NE(std::string(ImGui::GetClipboardText()).find("lr="), std::string::npos);
}

TEST_F(WorkbenchTest, ASliderMovedWhilePlayingIsAnEvent) {
  h().workbench().key({Key::kSpace, false, false});
  h().frame(0.0);
  for (int i = 0; i < 30; ++i) h().frame(0.05);
  ASSERT_TRUE(h().workbench().player().playing());
  const std::int64_t moved_at = scene().step;
  EXPECT_EQ(moved_at, 300);  // 30 frames of 0.05 s at 200 steps/s
  h().drag(h().place("optimizer.0.lr", 0.4F), h().place("optimizer.0.lr", 0.5F), 3);
  ASSERT_FALSE(scene().optimizers[0].live.changes.empty());
  const Change& change = scene().optimizers[0].live.changes.front();
  EXPECT_EQ(change.key, "lr");
  EXPECT_GE(change.step, moved_at);
  EXPECT_EQ(scene().optimizers[0].live.spec.number("lr"), 0.001);  // as it was at the start
}

TEST_F(WorkbenchTest, DraggingTheStartMovesIt) {
  const std::vector<double> before = scene().start;
  const ImVec2 from = h().place("start");
  h().drag(from, {from.x + 80, from.y + 40});
  EXPECT_GT(scene().start[0], before[0]);
  EXPECT_LT(scene().start[1], before[1]);
  EXPECT_TRUE(scene().camera.is_off("x"));  // the map did not move
  EXPECT_EQ(h().workbench().run().race.lanes[0].table.at(0, 0), scene().start[0]);
  h().workbench().key({Key::kZ, true, false});
  h().frames(2);
  EXPECT_EQ(scene().start, before);
}

TEST_F(WorkbenchTest, DraggingTheMapMovesIt) {
  const ImVec2 from = h().place("map", 0.5F, 0.1F);
  h().drag(from, {from.x + 100, from.y});
  EXPECT_LT(scene().camera.number("x"), 0.0);
  const double width = scene().camera.number("width");
  h().wheel(from, 2.0F);
  EXPECT_LT(scene().camera.number("width"), width);
  h().double_click("map");
  EXPECT_TRUE(scene().camera.is_off("width"));
}

TEST_F(WorkbenchTest, TypingAnExpressionMakesItTheSurface) {
  Scene next = scene();
  ASSERT_FALSE(set_surface(next, parse_spec("expr:x^2+y^2", surface_family()).value()));
  open(next);
  h().click("surface.formula");
  h().tap(ImGuiKey_A, true);
  h().type("x^2 + 3*y^");
  EXPECT_EQ(scene().surface.text("formula"), "x^2+y^2");  // half a formula changes nothing
  h().type("2");
  EXPECT_EQ(scene().surface.text("formula"), "x^2 + 3*y^2");
  h().frames(2);
  const double at[2] = {1.0, 1.0};
  EXPECT_EQ(h().workbench().run().race.surface->value(at), 4.0);
}

TEST_F(WorkbenchTest, ScrubbingShowsEarlierStepsAndLosesNone) {
  h().workbench().key({Key::kSpace, false, false});
  h().frame(0.0);
  for (int i = 0; i < 20; ++i) h().frame(0.1);
  const std::int64_t reached = h().workbench().run().race.steps();
  ASSERT_EQ(reached, 400);
  const ImVec2 bar = h().place("transport.timeline", 0.05F);
  h().click(bar);
  EXPECT_FALSE(h().workbench().player().playing());
  EXPECT_LT(scene().step, 200);
  EXPECT_GE(h().workbench().run().race.steps(), reached);
  const std::int64_t step = scene().step;
  h().workbench().key({Key::kRight, false, false});
  h().frame();
  EXPECT_EQ(scene().step, step + 1);
  h().workbench().key({Key::kLeft, false, true});
  h().frame();
  EXPECT_EQ(scene().step, std::max<std::int64_t>(0, step - 99));
  h().workbench().key({Key::kHome, false, false});
  h().frame();
  EXPECT_EQ(scene().step, 0);
}

TEST_F(WorkbenchTest, ContinuingFromAnEarlierStepForgetsTheOldFuture) {
  h().workbench().player().seek(h().workbench().editor(), 500);
  h().frames(2);
  ASSERT_EQ(h().workbench().run().race.steps(), 500);
  const RaceView before = h().workbench().run().race;
  h().workbench().player().seek(h().workbench().editor(), 100);
  h().frames(2);
  h().workbench().player().play();
  h().drag(h().place("optimizer.0.lr", 0.4F), h().place("optimizer.0.lr", 0.45F), 2);
  ASSERT_FALSE(scene().optimizers[0].live.changes.empty());
  const std::int64_t changed_at = scene().optimizers[0].live.changes.front().step;
  EXPECT_GE(changed_at, 100);
  EXPECT_LT(changed_at, 200);
  h().frame();
  for (std::size_t i = 0; i < 2; ++i) {
    const TableView& now = h().workbench().run().race.lanes[i].table;
    for (std::int64_t t = 0; t <= 500; ++t)
      ASSERT_EQ(now.at(t, 0) == before.lanes[i].table.at(t, 0), i == 1 || t <= changed_at) << i << " " << t;
  }
}

TEST_F(WorkbenchTest, AddDuplicateHideRemove) {
  h().click("optimizer.add.action");
  h().frames(2);
  h().click("optimizer.add.nesterov");
  ASSERT_EQ(scene().optimizers.size(), 6U);
  EXPECT_EQ(scene().optimizers.back().live.spec.id, "nesterov");
  EXPECT_EQ(scene().optimizers.back().colour, 5);
  h().frames(2);
  ASSERT_EQ(h().workbench().run().race.lanes.size(), 6U);
  h().move("optimizer.0.name");
  h().frames(2);
  h().click("optimizer.0.visible");
  EXPECT_FALSE(scene().optimizers[0].visible);
  h().move("optimizer.0.name");
  h().frames(2);
  h().click("optimizer.0.duplicate");
  ASSERT_EQ(scene().optimizers.size(), 7U);
  EXPECT_EQ(scene().optimizers[1].live.spec, scene().optimizers[0].live.spec);
  h().move("optimizer.0.name");
  h().frames(2);
  h().click("optimizer.0.remove");
  EXPECT_EQ(scene().optimizers.size(), 6U);
  h().workbench().key({Key::kZ, true, false});
  h().frames(2);
  EXPECT_EQ(scene().optimizers.size(), 7U);
}

TEST_F(WorkbenchTest, AnOptimizerIsCopiedAsPyTorch) {
  const Scene before = scene();
  const std::string lr = format_number(rate(0));
  const auto copied = [&](const char* item) {
    ImGui::SetClipboardText("nothing");
    h().move("optimizer.0.name");
    h().frames(2);
    h().click("optimizer.0.more");
    h().frames(2);
    h().click(item);
    h().frames(2);
    return std::string(ImGui::GetClipboardText());
  };
  const std::string lines = copied("optimizer.0.pytorch");
  EXPECT_TRUE(lines.starts_with("optimizer = torch.optim.")) << lines;
  EXPECT_NE(lines.find("([p], lr=" + lr), std::string::npos) << lines;
  const std::string program = copied("optimizer.0.program");
  EXPECT_NE(program.find("def surface(p):"), std::string::npos) << program;
  EXPECT_NE(program.find("lr=" + lr), std::string::npos) << program;
  EXPECT_EQ(scene().optimizers, before.optimizers);
}

TEST_F(WorkbenchTest, PlayingAtAnySpeedGivesTheSameNumbers) {
  std::vector<double> last;
  for (const char* speed : {"37", "1000", "max"}) {
    Scene next = default_scene();
    *next.view.find("speed") = parse_value(*view_descriptor().find("speed"), speed).value();
    *next.gradient.spec.find("noise") = 0.3;
    *next.run.find("steps") = 700.0;
    open(next);
    h().workbench().player().play();
    for (int i = 0; i < 2000 && h().workbench().player().playing(); ++i) h().frame(i % 2 ? 0.013 : 0.21);
    EXPECT_EQ(scene().step, 700) << speed;
    std::vector<double> now;
    for (const DescentView& lane : h().workbench().run().race.lanes)
      for (int c = 0; c < lane.columns.dim; ++c) now.push_back(lane.table.at(lane.steps(), c));
    EXPECT_TRUE(last.empty() || now == last) << speed;
    last = now;
  }
}

TEST_F(WorkbenchTest, EveryThemeScaleSizeAndSurfaceCanBeDrawn) {
  for (const SurfaceDescriptor& surface : surfaces()) {
    Scene next = default_scene();
    ASSERT_FALSE(set_surface(next, default_spec(surface)));
    *next.view.find("layout") = std::string("both");
    *next.view.find("arrows") = 1.0;
    next.step = 50;
    open(next, 900, 600);
    EXPECT_EQ(h().workbench().run().race.steps(), 50) << surface.id;
  }
  for (const char* theme : {"dark", "light", "projector"})
    for (const double scale : {1.0, 1.5, 3.0})
      for (const auto& [width, height] : {std::pair{320, 240}, {1280, 720}, {1920, 1080}}) {
        Scene next = default_scene();
        *next.appearance.find("theme") = std::string(theme);
        *next.appearance.find("scale") = scale;
        open(next, width, height);
      }
}

TEST_F(WorkbenchTest, PicturesAreIdenticalFromRunToRun) {
  Scene next = default_scene();
  next.step = 800;
  *next.view.find("layout") = std::string("both");
  open(next);
  h().frames(3);
  const Image first = h().picture();
  open(next);
  h().frames(3);
  EXPECT_EQ(first.rgb, h().picture().rgb);
}

// The same with the workers running beside the window.
TEST_F(WorkbenchTest, SurfacesOfOtherDimensionsWhileTheWorkersRun) {
  open(default_scene(), 800, 600, false);
  h().workbench().player().play();
  std::string many = "1";
  for (int i = 0; i < 299; ++i) many += "/1";
  const std::string surfaces[] = {"expr:x^4-x^2", "quadratic:eigenvalues=1/2/3/4/5", "rosenbrock",
                                  "quadratic:eigenvalues=" + many, "expr:log(-1-x^2)"};
  for (int i = 0; i < 40; ++i) {
    Scene next = scene();
    ASSERT_FALSE(set_surface(next, parse_spec(surfaces[i % 5], surface_family()).value()));
    if (i % 5 == 3) *next.view.find("x_axis") = 300.0;
    *next.view.find("layout") = std::string(i % 2 ? "both" : "map");
    h().workbench().editor().apply(next);
    if (i % 3 == 2) h().workbench().editor().undo();
    h().frame(0.05);
  }
  EXPECT_FALSE(check(scene()));
}

TEST_F(WorkbenchTest, AStartDraggedTooFarIsStillAScene) {
  Scene next = scene();
  next.start = {-5e12, 2e12};
  h().workbench().editor().apply(next);
  EXPECT_EQ(scene().start, (std::vector<double>{-1e12, 1e12}));
  EXPECT_FALSE(check(scene()));
}

TEST_F(WorkbenchTest, ASceneThatCouldNotBeKeptIsKeptLater) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(::testing::TempDir()) / ("thalweg-autosave-" + std::to_string(::getpid()));
  fs::remove_all(folder);
  ASSERT_FALSE(write_file(folder, "in the way"));  // a file where the folder should be
  headless_.reset();
  WorkbenchOptions options;
  options.synchronous = true;
  options.autosave = folder / "scene.json";
  auto made = Headless::create(default_scene(), 640, 480, std::move(options));
  ASSERT_TRUE(made) << made.error().text();
  Scene next = (*made)->scene();
  next.start = {0.25, 0.5};
  (*made)->workbench().editor().apply(next);
  (*made)->frame(2.0);  // an attempt, which fails
  (*made)->frame(2.0);
  fs::remove(folder);
  (*made).reset();
  const auto kept = read_scene(folder / "scene.json");
  ASSERT_TRUE(kept) << kept.error().text();
  EXPECT_EQ(kept->start, next.start);
  fs::remove_all(folder);
}

TEST(Files, ALinkStaysALinkAndADeviceADevice) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(::testing::TempDir()) / ("thalweg-files-" + std::to_string(::getpid()));
  fs::remove_all(folder);
  ASSERT_FALSE(write_file(folder / "kept" / "scene.json", "old"));
  fs::create_symlink("kept/scene.json", folder / "link");
  ASSERT_FALSE(write_file(folder / "link", "new"));
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "kept" / "scene.json", 100).value(), "new");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(write_file(folder / "pipe", "x")->message, "can't be written: is not a plain file");
  EXPECT_TRUE(fs::is_fifo(folder / "pipe"));
  EXPECT_TRUE(write_file(folder, "x"));
  fs::remove_all(folder);
}

TEST_F(WorkbenchTest, EditsWhileTheWorkersRun) {
  open(default_scene(), 800, 600, false);
  h().workbench().player().play();
  for (int i = 0; i < 60; ++i) {
    Scene next = scene();
    *next.surface.find("b") = 1.0 + i;
    if (i % 7 == 0) next.optimizers.erase(next.optimizers.begin());
    if (next.optimizers.empty()) next.optimizers = default_scene().optimizers;
    if (i % 5 == 0) next.start[0] += 0.01;
    h().workbench().editor().apply(next);
    h().frame(0.05);
  }
  SUCCEED();
}

}  // namespace
}  // namespace thalweg

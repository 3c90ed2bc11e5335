// The insight pages of the Surface view, driven with the mouse, and their figures as files.
#include <gtest/gtest.h>

#include <algorithm>

#include "app/headless.hpp"
#include "app/panels/insight_figure.hpp"
#include "app/ui/marks.hpp"
#include "tests/app/insight_scene.hpp"

namespace thalweg {
namespace {

using test::kBowl;
using test::scene_of;

class InsightTest : public ::testing::Test {
 protected:
  void open(Scene scene, int width = 1280, int height = 800) {
    headless_.reset();
    auto made = Headless::create(std::move(scene), width, height, {.synchronous = true});
    if (!made && made.error().context == "EGL") GTEST_SKIP() << made.error().text();
    ASSERT_TRUE(made) << made.error().text();
    headless_ = std::move(*made);
    headless_->frames(3);
  }
  Headless& h() { return *headless_; }
  const LiveSpec& live(std::size_t i = 0) { return headless_->scene().optimizers[i].live; }

  std::unique_ptr<Headless> headless_;
};

TEST_F(InsightTest, PagesAreChosenAboveThem) {
  open(scene_of(kBowl, {"momentum:lr=0.01"}, "curves"));
  EXPECT_FALSE(ui::find_mark("rates.map"));
  h().click("page.2");
  h().frames(3);
  EXPECT_EQ(h().scene().view.text("page"), "rates");
  EXPECT_TRUE(ui::find_mark("rates.map"));
  h().click("page.1");
  h().frames(3);
  EXPECT_EQ(h().scene().view.text("page"), "state");
  EXPECT_TRUE(ui::find_mark("state.0"));
  EXPECT_FALSE(ui::find_mark("rates.map"));
}

TEST_F(InsightTest, DraggingThePointSetsRateAndMomentum) {
  open(scene_of(kBowl, {"momentum:lr=0.01,momentum=0.5"}, "rates"));
  const ImVec2 point = h().place("rates.point"), best = h().place("rates.best");
  h().drag(point, best);
  h().frames(2);
  // The optimum of λ = 1, 100: 4/121 and 81/121, as near as a pixel is.
  EXPECT_NEAR(live().spec.number("lr"), 4.0 / 121.0, 0.06 * 4.0 / 121.0);
  EXPECT_NEAR(live().spec.number("momentum"), 81.0 / 121.0, 0.02);
  EXPECT_TRUE(live().changes.empty());
  const ImVec2 moved = h().place("rates.point");
  EXPECT_NEAR(moved.x, best.x, 3.0F);
  EXPECT_NEAR(moved.y, best.y, 3.0F);
  h().workbench().key({Key::kZ, true, false});  // one drag is one edit
  h().frames(2);
  EXPECT_DOUBLE_EQ(live().spec.number("lr"), 0.01);
  EXPECT_DOUBLE_EQ(live().spec.number("momentum"), 0.5);
}

TEST_F(InsightTest, WhilePlayingADragIsAChangeAtItsStep) {
  Scene scene = scene_of(kBowl, {"momentum:lr=0.001,momentum=0.5"}, "rates");
  *scene.run.find("steps") = 100'000.0;
  scene.step = 0;
  open(std::move(scene));
  h().workbench().key({Key::kSpace, false, false});
  for (int i = 0; i < 20; ++i) h().frame(0.05);
  h().click("rates.map");
  h().frames(2);
  ASSERT_FALSE(live().changes.empty());
  EXPECT_GT(live().changes.front().step, 0);
  EXPECT_DOUBLE_EQ(live().spec.number("lr"), 0.001);
}

TEST_F(InsightTest, TheVOfGradientDescentIsDraggedToo) {
  open(scene_of(kBowl, {"gd:lr=0.002"}, "rates"));
  EXPECT_FALSE(ui::find_mark("rates.map"));
  const ui::MarkRect plot = *ui::find_mark("rates.v");
  h().drag(h().place("rates.v.point"), plot.at(0.5F, 0.5F));
  h().frames(2);
  EXPECT_NEAR(live().spec.number("lr"), 0.5 * 1.2 * 0.02, 3e-4);  // the plot ends a fifth beyond 2/λmax
}

TEST_F(InsightTest, TheBestSettingsAreOneClickAway) {
  open(scene_of(kBowl, {"nesterov:lr=0.001,momentum=0.1"}, "rates"), 1920, 1200);
  h().click("rates.use-best");
  h().frames(2);
  EXPECT_NEAR(live().spec.number("lr"), 4.0 / 301.0, 1e-9);
  EXPECT_NEAR(live().spec.number("momentum"), 0.7932747, 1e-6);
}

/// Every optimizer on both pages, over surfaces with a minimum, with many, and with none.
TEST_F(InsightTest, EveryOptimizerHasBothPages) {
  open(scene_of(kBowl, {"gd"}, "rates"), 1280, 720);
  const char* surfaces[] = {kBowl, "rosenbrock", "quadratic:eigenvalues=-1/1", "expr:x^2+sin(3*y)"};
  std::size_t k = 0;
  for (const auto& descriptor : optimizers()) {
    if (!descriptor.not_on_surfaces.empty()) continue;
    for (const char* page : {"state", "rates"}) {
      SCOPED_TRACE(descriptor.id + " " + page);
      Scene scene = scene_of(surfaces[k++ % 4], {descriptor.id}, page);
      scene.step = k % 3 == 0 ? 0 : 120;
      h().workbench().editor().apply(std::move(scene));
      h().frames(2);
      EXPECT_TRUE(ui::find_mark(std::string(page) == "rates" ? "rates.distance" : "state.0") ||
                  ui::find_mark("state.empty"));
    }
  }
}

TEST_F(InsightTest, WrappedOptimizersToo) {
  open(scene_of(kBowl, {"lookahead+adam:lr=0.05"}, "state"));
  EXPECT_TRUE(ui::find_mark("state.0"));
  h().click("page.2");
  h().frames(2);
  EXPECT_TRUE(ui::find_mark("rates.distance"));
  EXPECT_FALSE(ui::find_mark("rates.roots"));
}

TEST_F(InsightTest, SurvivesDivergenceOneDimensionAndNoOptimizer) {
  open(scene_of(kBowl, {"gd:lr=0.5"}, "rates"));
  const auto show = [&](Scene scene) {
    h().workbench().editor().apply(std::move(scene));
    h().frames(2);
  };
  show(scene_of("quadratic:eigenvalues=4", {"momentum:lr=0.1"}, "rates"));
  EXPECT_TRUE(ui::find_mark("rates.map"));
  show(scene_of("quadratic:eigenvalues=4", {"adam:lr=0.1"}, "state"));
  EXPECT_TRUE(ui::find_mark("state.0"));
  for (const char* page : {"rates", "state"}) {
    show(scene_of(kBowl, {}, page));
    EXPECT_TRUE(ui::find_mark("insight.empty"));
  }
  for (const double scale : {1.0, 3.0})
    for (const char* layout : {"map", "curves"}) {
      Scene scene = scene_of(kBowl, {"momentum:lr=0.01"}, "rates");
      *scene.view.find("layout") = std::string(layout);
      *scene.appearance.find("scale") = scale;
      show(std::move(scene));
    }
}

TEST_F(InsightTest, CtrlESavesThePictureUnderTheMouse) {
  open(scene_of(kBowl, {"momentum:lr=0.01"}, "rates"));
  h().move("rates.map");
  h().frames(2);
  EXPECT_FALSE(ui::find_mark("figure.path"));
  h().workbench().key({Key::kE, true, false});
  h().frames(3);
  EXPECT_TRUE(ui::find_mark("figure.path")) << ui::list_marks();
}

TEST(InsightFigure, MapAndRootsAsFiles) {
  const Spec spec = parse_spec("momentum:lr=0.01,momentum=0.5", optimizer_family()).value();
  auto field = std::make_shared<RateField>();
  field->request = rate_map_request(spec, {1, 100}, 0.01);
  field->request.width = RateField::kWidth;
  field->request.height = RateField::kHeight;
  field->radius = rate_map(field->request);
  field->boundary = stability_boundary(field->request);
  const RateTints tints{0x000010, 0x000020};
  const FigureSource map = figure_of(RateMapFigure{
      "Rates", "a note & more", field, 0.01, 0.5, *optimal_settings(spec, {1, 100}), 1, {tints, tints}});
  const std::string svg = map.svg({.width = 500, .height = 400});
  EXPECT_NE(svg.find("</svg>"), std::string::npos);
  EXPECT_NE(svg.find("a note &amp; more"), std::string::npos);
  EXPECT_NE(svg.find("best: 0.8182"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  const std::string csv = map.csv();
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + RateField::kWidth * RateField::kHeight);

  const auto analysis =
      analyse_rates(*make_surface(parse_spec(kBowl, surface_family()).value()).value(), {1, 1}, spec, 0.01);
  const FigureSource roots = figure_of(RootsFigure{"Roots", "", analysis->directions, {0x111111, 0x222222}});
  EXPECT_NE(roots.svg({.width = 400, .height = 400}).find("λ = 100: |z| = 0.707107"), std::string::npos);
  EXPECT_EQ(roots.csv().substr(0, 34), "eigenvalue,real,imaginary,modulus\n");
}

TEST(RatePixels, ShowTheFastAndTheUnstable) {
  RateField field;
  field.request = rate_map_request(parse_spec("momentum", optimizer_family()).value(), {1, 100}, 0.01);
  field.request.width = RateField::kWidth;
  field.request.height = RateField::kHeight;
  field.radius = rate_map(field.request);
  const RateTints tints{0x000010, 0x000020, 0x000030};
  const auto rgb = rate_pixels(field, 9.0 / 11.0, 120, 80, tints, 0xff0000);
  ASSERT_EQ(rgb.size(), 120U * 80U * 3U);
  const auto at = [&](double rate, double momentum) {
    const int column = static_cast<int>(field.request.unit_of_rate(rate) * 120),
              row = static_cast<int>((1.0 - momentum) * 80);
    const std::size_t i = 3 * static_cast<std::size_t>(row * 120 + column);
    return rgb[i] << 16 | rgb[i + 1] << 8 | rgb[i + 2];
  };
  EXPECT_EQ(at(0.029, 81.0 / 121.0), 0x000010);  // the optimum itself is a hair from the edge
  EXPECT_EQ(at(0.0005, 0.02), 0x000030);
  EXPECT_EQ(at(0.06, 0.02), 0xff0000);
  EXPECT_DOUBLE_EQ(tint_unit(0.9, 0.9), 0.0);
  EXPECT_DOUBLE_EQ(tint_unit(1.5, 0.9), 1.0);
}

}  // namespace
}  // namespace thalweg

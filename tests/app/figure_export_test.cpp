// Saving from the whole workbench: the charts of its views and the map.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "app/export/raster.hpp"
#include "app/headless.hpp"
#include "app/ui/marks.hpp"
#include "tests/figure/xml.hpp"

namespace thalweg {
namespace {

namespace fs = std::filesystem;
using testing::XmlElement;
using testing::XmlReader;

class FigureExport : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("thalweg-export-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    Scene scene = default_scene();
    scene.step = 200;
    auto made = Headless::create(std::move(scene), 1280, 800, {.synchronous = true});
    if (!made && made.error().context == "EGL") GTEST_SKIP() << made.error().text();
    ASSERT_TRUE(made) << made.error().text();
    headless_ = std::move(*made);
    headless_->frames(4);
  }
  void TearDown() override {
    headless_.reset();
    fs::remove_all(folder_);
  }

  Headless& h() { return *headless_; }

  /// Ctrl E with the mouse on `mark`, and a path for what is there.
  std::string saved(std::string_view mark, const std::string& name) {
    h().move(mark);
    h().workbench().key({Key::kE, true, false});
    h().frames(3);
    if (!ui::find_mark("figure.path")) return {};
    h().click("figure.path");
    h().tap(ImGuiKey_A, true);
    h().type((folder_ / name).c_str());
    h().tap(ImGuiKey_Enter);
    h().frames(4);
    std::ifstream in(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  fs::path folder_;
  std::unique_ptr<Headless> headless_;
};

TEST_F(FigureExport, SavesTheChartUnderTheMouse) {
  const XmlElement svg = XmlReader::read(saved("gradient_scale", "gradient.svg"));
  EXPECT_EQ(svg.all("text", "title").at(0)->text, "Gradient norm \u2016\u2207f\u2016");
  EXPECT_EQ(svg.all("path", "curve").size(), h().scene().optimizers.size());
  EXPECT_EQ(saved("transport.timeline", "none.svg"), "");
}

TEST_F(FigureExport, SavesTheMapWithContoursAndPaths) {
  const std::string text = saved("map", "map.svg");
  const XmlElement svg = XmlReader::read(text);
  EXPECT_EQ(svg.all("image").size(), 1u);
  EXPECT_TRUE(svg.all("image").at(0)->attribute("href").starts_with("data:image/png;base64,"));
  EXPECT_EQ(svg.all("path", "contour-major").size(), 1u);
  EXPECT_EQ(svg.all("g", "series").size(), h().scene().optimizers.size());
  EXPECT_FALSE(svg.all("circle", "minimum").empty());
  EXPECT_FALSE(svg.all("g", "axis-x").at(0)->all("text").empty());
  EXPECT_TRUE(png_of_svg(text, 1.0)) << "librsvg takes it";
  EXPECT_LT(text.size(), 4'000'000u);

  const std::string numbers = saved("map", "map.csv");
  EXPECT_TRUE(numbers.starts_with("optimizer,run,step,x,y,loss\n")) << numbers.substr(0, 60);
  std::int64_t rows = 1;
  for (const DescentView& lane : h().workbench().run().race.lanes) rows += lane.table.rows();
  EXPECT_EQ(std::count(numbers.begin(), numbers.end(), '\n'), rows);
}

}  // namespace
}  // namespace thalweg

// Saving a chart from the window, as a hand does it; and whether the file shows what the screen shows.
#include <gtest/gtest.h>
#include <stb/stb_image.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>

#include "app/headless.hpp"
#include "app/ui/theme.hpp"
#include "app/work/files.hpp"
#include "tests/figure/xml.hpp"

namespace thalweg {
namespace {

namespace fs = std::filesystem;
using testing::XmlElement;
using testing::XmlReader;

class FigureExport : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("thalweg-figures-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    Scene scene = default_scene();
    scene.step = 400;
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
  static bool dialog_open() { return ui::find_mark("figure.path") != nullptr; }

  void choose(const char* item) {
    h().click(h().place("loss_scale", 0.5F, 0.5F), 1);
    h().frames(2);
    h().click(std::string("loss_scale.export.") + item);
    h().frames(3);
  }
  void type_path(const fs::path& path) {
    h().click("figure.path");
    h().frame();
    h().tap(ImGuiKey_A, true);
    h().type(path.c_str());
  }
  void save_as(const char* item, const fs::path& path) {
    choose(item);
    ASSERT_TRUE(dialog_open()) << ui::list_marks();
    type_path(path);
    h().click("figure.ok");
    h().frames(4);
  }
  static std::string text_of(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  fs::path folder_;
  std::unique_ptr<Headless> headless_;
};

TEST_F(FigureExport, SavesWhatARightClickChose) {
  const fs::path file = folder_ / "loss.svg";
  save_as("svg", file);
  EXPECT_FALSE(dialog_open());
  const XmlElement svg = XmlReader::read(text_of(file));
  EXPECT_EQ(svg.all("text", "title").at(0)->text, "Loss above the minimum");
  std::vector<std::string> names;
  for (const XmlElement* text : svg.all("g", "legend").at(0)->all("text")) names.push_back(text->text);
  ASSERT_EQ(names.size(), h().scene().optimizers.size());
  EXPECT_EQ(svg.all("path", "curve").size(), names.size());
}

TEST_F(FigureExport, SavesFromTheButtonAndByKey) {
  h().click("loss_scale.export");
  h().frames(2);
  h().click("loss_scale.export.csv");
  h().frames(3);
  ASSERT_TRUE(dialog_open());
  type_path(folder_ / "a.csv");
  h().tap(ImGuiKey_Enter);
  h().frames(4);
  EXPECT_TRUE(text_of(folder_ / "a.csv").starts_with("step,")) << text_of(folder_ / "a.csv").substr(0, 80);

  h().move("gradient_scale");
  h().workbench().key({Key::kE, true, false});
  h().frames(3);
  ASSERT_TRUE(dialog_open());
  type_path(folder_ / "b.svg");
  h().tap(ImGuiKey_Enter);
  h().frames(4);
  EXPECT_NE(text_of(folder_ / "b.svg").find("Gradient norm"), std::string::npos);

  h().move("transport.timeline");
  h().workbench().key({Key::kE, true, false});
  h().frames(3);
  EXPECT_FALSE(dialog_open());
  h().move("loss_scale");
  h().frames(2);
  EXPECT_FALSE(dialog_open()) << "the wish is over";
}

TEST_F(FigureExport, ReplacesNothingWithoutBeingTold) {
  const fs::path file = folder_ / "precious.svg";
  std::ofstream(file) << "mine";
  save_as("svg", file);
  EXPECT_TRUE(dialog_open());
  EXPECT_EQ(text_of(file), "mine");
  h().tap(ImGuiKey_Enter);
  h().frames(3);
  EXPECT_EQ(text_of(file), "mine") << "Enter is no answer";
  h().click("figure.ok");
  h().frames(4);
  EXPECT_FALSE(dialog_open());
  EXPECT_TRUE(text_of(file).starts_with("<?xml"));
}

TEST_F(FigureExport, SaysWhatIsWrongAndStays) {
  save_as("svg", folder_ / "nothing.txt");
  EXPECT_TRUE(dialog_open());
  type_path("/proc/no/such/folder/a.svg");
  h().click("figure.ok");
  h().frames(4);
  EXPECT_TRUE(dialog_open());
  EXPECT_TRUE(fs::is_empty(folder_));
  h().tap(ImGuiKey_Escape);
  EXPECT_FALSE(dialog_open());
}

TEST_F(FigureExport, CopiesTheNumbers) {
  choose("copy");
  EXPECT_FALSE(dialog_open());
  const char* text = ImGui::GetClipboardText();
  ASSERT_TRUE(text);
  const std::string copied = text;
  EXPECT_TRUE(copied.starts_with("step,")) << copied.substr(0, 80);
  EXPECT_EQ(std::count(copied.begin(), copied.end(), '\n'), 402) << "a header and steps 0 to 400";
}

TEST_F(FigureExport, ADraggedBoxOpensNoMenu) {
  h().drag(h().place("loss_scale", 0.2F, 0.2F), h().place("loss_scale", 0.6F, 0.7F), 6, 1);
  h().frames(2);
  EXPECT_FALSE(ui::find_mark("loss_scale.export.svg"));
}

struct Pixels {
  int width = 0, height = 0;
  std::vector<std::uint8_t> rgb;
};

/// Whether a pixel is that of a line of `colour`, within what smoothing its edges leaves.
bool is_colour(const Pixels& picture, int x, int y, ui::Colour colour) {
  const std::uint8_t* p =
      &picture.rgb[3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) +
                        static_cast<std::size_t>(x))];
  const int wanted[3] = {static_cast<int>(colour >> IM_COL32_R_SHIFT & 0xff),
                         static_cast<int>(colour >> IM_COL32_G_SHIFT & 0xff),
                         static_cast<int>(colour >> IM_COL32_B_SHIFT & 0xff)};
  for (int c = 0; c < 3; ++c)
    if (std::abs(p[c] - wanted[c]) > 24) return false;
  return true;
}

struct Box {
  double left, top, width, height;
};

/// The middle of the curve of `colour` in the column at `unit` of the frame, as a part of its height from
/// the top; nothing where it is hidden or too steep to have one.
std::optional<double> height_at(const Pixels& picture, const Box& box, double unit, ui::Colour colour) {
  const int x = static_cast<int>(std::lround(box.left + unit * box.width));
  double sum = 0.0;
  int count = 0, first = -1, last = -1;
  for (int y = static_cast<int>(box.top) + 1; y < static_cast<int>(box.top + box.height); ++y) {
    if (!is_colour(picture, x, y, colour)) continue;
    if (first < 0) first = y;
    last = y;
    sum += y + 0.5;
    ++count;
  }
  if (count == 0 || last - first > 0.05 * box.height) return std::nullopt;
  return (sum / count - box.top) / box.height;
}

TEST_F(FigureExport, ShowsWhatTheScreenShows) {
  ui::MarkRect plot = *ui::find_mark("loss_scale");
  const Image shot = h().picture();
  const Pixels screen{shot.width, shot.height, shot.rgb};
  // In the theme of the screen, the same picture as vectors and as pixels.
  for (const char* kind : {"svg", "png"}) {
    choose(kind);
    ASSERT_TRUE(dialog_open());
    h().click("figure.theme.1");
    if (std::string_view(kind) == "png") h().click("figure.pixels.0");
    type_path(folder_ / (std::string("loss.") + kind));
    h().click("figure.ok");
    h().frames(4);
  }
  const XmlElement svg = XmlReader::read(text_of(folder_ / "loss.svg"));
  const XmlElement& frame = *svg.all("clipPath").at(0)->all("rect").at(0);
  Pixels file;
  int channels = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> read(
      stbi_load((folder_ / "loss.png").c_str(), &file.width, &file.height, &channels, 3), stbi_image_free);
  ASSERT_TRUE(read);
  file.rgb.assign(read.get(), read.get() + 3 * file.width * file.height);
  EXPECT_EQ(file.width, svg.number("width"));

  const Box on_screen{plot.min.x, plot.min.y, plot.max.x - plot.min.x, plot.max.y - plot.min.y};
  const Box in_file{frame.number("x"), frame.number("y") + 1.0, frame.number("width") - 1.0,
                    frame.number("height") - 2.0};
  int compared = 0;
  for (const SceneOptimizer& optimizer : h().scene().optimizers)
    for (double unit = 0.02; unit < 0.99; unit += 0.01) {
      const ui::Colour colour = ui::path_colour(optimizer.colour);
      const auto a = height_at(screen, on_screen, unit, colour);
      const auto b = height_at(file, in_file, unit, colour);
      if (!a || !b) continue;
      ++compared;
      EXPECT_NEAR(*a * on_screen.height, *b * on_screen.height, 2.0)
          << "colour " << optimizer.colour << " at " << unit;
    }
  EXPECT_GT(compared, 60);
}

}  // namespace
}  // namespace thalweg

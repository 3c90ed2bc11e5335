// Saving a chart, as a hand does it, and whether the file shows what the screen shows.
#include <backends/imgui_impl_opengl3.h>
#include <gtest/gtest.h>
#include <stb/stb_image.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include "app/figure_dialog.hpp"
#include "app/gl/context.hpp"
#include "app/ui/chart.hpp"
#include "tests/app/ui_harness.hpp"
#include "tests/figure/xml.hpp"

namespace thalweg {
namespace {

namespace fs = std::filesystem;
using testing::XmlElement;
using testing::XmlReader;
using ui::testing::Bench;

constexpr int kRows = 401;

Table loss_table() {
  Table out(3);
  while (out.rows() < kRows) {
    const Table::Tail tail = out.tail();
    const int now = static_cast<int>(std::min<std::int64_t>(tail.count(), kRows - out.rows()));
    for (int i = 0; i < now; ++i)
      for (int c = 0; c < 3; ++c) {
        const double t = static_cast<double>(out.rows() + i);
        tail.column(c)[i] =
            (4.0 - c) * std::exp(-t * 0.01 * (c + 1)) + 0.1 * std::sin(0.1 * t) * std::exp(-0.03 * t) + 1e-3;
      }
    out.commit(now);
  }
  return out;
}

Chart loss_chart() {
  static const Table kTable = loss_table();
  Chart out;
  out.title = "Loss above the minimum";
  out.x.label = "step";
  out.y.scale = AxisScale::kLog;
  const char* names[] = {"Adam", "Momentum", "Gradient descent"};
  for (int i = 0; i < 3; ++i) {
    out.series.push_back({names[i], i, kTable.view(), i});
    out.series.back().run = std::string(1, static_cast<char>('a' + i)) + "12345678901234567890";
  }
  return out;
}

/// A chart, the dialog and the thread of the files, as in the workbench. Every frame waits for the files.
class FigureDialogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("thalweg-figures-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void draw() {
    files_.wait();
    inbox_.drain();
    ui::chart("loss", model_, state_, {.width = 620.0F, .height = 260.0F, .legend = true});
    if (auto request = ui::take_export_request()) dialog_.begin(std::move(*request), files_);
    unanswered_ = ui::export_unanswered() || unanswered_;
    dialog_.draw(files_);
    toasts_.draw(0.0F, 700.0F, 480.0F);
  }

  Bench& bench() {
    if (!bench_) bench_.emplace([this] { draw(); }, ui::dark_theme(), 1.0F, ImVec2(700.0F, 500.0F));
    return *bench_;
  }
  bool dialog_open() { return bench().has("figure.path"); }

  void choose(const std::string& item) {
    bench().click(bench().rect("loss").centre(), 1);
    bench().click(bench().rect("loss.export." + item).centre());
  }
  void type_path(const fs::path& path) {
    bench().click(bench().rect("figure.path").centre());
    bench().hold({.ctrl = true});
    bench().tap(ImGuiKey_A);
    bench().hold({});
    bench().type(path.c_str());
  }
  void press_save() {
    bench().click(bench().rect("figure.ok").centre());
    bench().frame(3);
  }
  void save_as(const std::string& item, const fs::path& path) {
    choose(item);
    ASSERT_TRUE(dialog_open()) << ui::list_marks();
    type_path(path);
    press_save();
  }
  static std::string text_of(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  fs::path folder_;
  Chart model_ = loss_chart();
  ui::ChartState state_;
  bool unanswered_ = false;
  Inbox inbox_;
  ui::Toasts toasts_;
  FigureDialog dialog_{inbox_, toasts_};
  TaskThread files_;
  std::optional<Bench> bench_;
};

TEST_F(FigureDialogTest, SavesWhatARightClickChose) {
  const fs::path file = folder_ / "loss.svg";
  save_as("svg", file);
  EXPECT_FALSE(dialog_open());
  EXPECT_FALSE(toasts_.empty());
  const XmlElement svg = XmlReader::read(text_of(file));
  EXPECT_EQ(svg.all("text", "title").at(0)->text, "Loss above the minimum");
  EXPECT_EQ(svg.all("g", "legend").at(0)->all("text").size(), 3u);
  EXPECT_EQ(svg.all("path", "curve").size(), 3u);
  EXPECT_EQ(svg.all("text", "note").at(0)->text, "Runs a1234567, b1234567, c1234567");
}

TEST_F(FigureDialogTest, SavesTheViewAndWhatIsNotHidden) {
  bench().scroll(bench().rect("loss").at(0.25F, 0.5F), 6.0F);
  bench().click(bench().rect("loss.legend.1").centre());
  ASSERT_TRUE(state_.own.x);
  const Range x = *state_.own.x;
  ASSERT_LT(x.span(), 200.0);
  bench().click(bench().rect("loss.scale").centre());
  save_as("svg", folder_ / "zoomed.svg");
  const XmlElement svg = XmlReader::read(text_of(folder_ / "zoomed.svg"));
  EXPECT_EQ(svg.all("path", "curve").size(), 2u);
  std::vector<std::string> shown, wanted;
  for (const XmlElement* text : svg.all("g", "axis-x").at(0)->all("text")) shown.push_back(text->text);
  const XmlElement& frame = *svg.all("clipPath").at(0)->all("rect").at(0);
  for (const Tick& tick : ticks(x, AxisScale::kLinear, frame.number("width") - 1.0, 44.0))
    if (tick.major) wanted.push_back(tick.label.text);
  EXPECT_EQ(shown, wanted);
  EXPECT_TRUE(svg.all("g", "axis-y").at(0)->all("tspan").empty()) << "linear now: no powers of ten";
}

TEST_F(FigureDialogTest, SavesFromTheButtonAndByKey) {
  bench().click(bench().rect("loss.export").centre());
  bench().click(bench().rect("loss.export.csv").centre());
  ASSERT_TRUE(dialog_open());
  type_path(folder_ / "a.csv");
  bench().tap(ImGuiKey_Enter);
  bench().frame(3);
  EXPECT_TRUE(text_of(folder_ / "a.csv").starts_with("step,Adam [a1234567],"))
      << text_of(folder_ / "a.csv").substr(0, 80);

  bench().move(bench().rect("loss").centre());
  ui::export_under_mouse();
  bench().frame(3);
  ASSERT_TRUE(dialog_open());
  EXPECT_FALSE(unanswered_);
  bench().tap(ImGuiKey_Escape);
  EXPECT_FALSE(dialog_open());

  bench().move({690.0F, 490.0F});
  ui::export_under_mouse();
  bench().frame(3);
  EXPECT_FALSE(dialog_open());
  EXPECT_TRUE(unanswered_) << "there is no chart";
  bench().move(bench().rect("loss").centre());
  EXPECT_FALSE(dialog_open()) << "the wish is over";
}

TEST_F(FigureDialogTest, ReplacesNothingWithoutBeingTold) {
  const fs::path file = folder_ / "precious.svg";
  std::ofstream(file) << "mine";
  save_as("svg", file);
  EXPECT_TRUE(dialog_open());
  EXPECT_EQ(text_of(file), "mine");
  bench().tap(ImGuiKey_Enter);
  bench().frame(3);
  EXPECT_EQ(text_of(file), "mine") << "Enter is no answer";
  press_save();
  EXPECT_FALSE(dialog_open());
  EXPECT_TRUE(text_of(file).starts_with("<?xml"));
}

TEST_F(FigureDialogTest, AnotherNameIsAnotherQuestion) {
  std::ofstream(folder_ / "precious.svg") << "mine";
  std::ofstream(folder_ / "another.svg") << "mine too";
  save_as("svg", folder_ / "precious.svg");
  type_path(folder_ / "another.svg");
  press_save();
  EXPECT_TRUE(dialog_open());
  EXPECT_EQ(text_of(folder_ / "precious.svg"), "mine");
  EXPECT_EQ(text_of(folder_ / "another.svg"), "mine too");
}

TEST_F(FigureDialogTest, SaysWhatIsWrongAndStays) {
  save_as("svg", folder_ / "nothing.txt");
  EXPECT_TRUE(dialog_open());
  type_path("/proc/no/such/folder/a.svg");
  press_save();
  EXPECT_TRUE(dialog_open());
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(FigureDialogTest, TheFormatIsTheEndOfTheName) {
  choose("svg");
  type_path(folder_ / "picture.svg");
  bench().click(bench().rect("figure.format.1").centre());
  press_save();
  EXPECT_TRUE(text_of(folder_ / "picture.png").starts_with("\x89PNG"));
  EXPECT_FALSE(fs::exists(folder_ / "picture.svg"));
}

TEST_F(FigureDialogTest, CopiesTheNumbers) {
  choose("copy");
  bench().frame(3);
  EXPECT_FALSE(dialog_open());
  const char* text = ImGui::GetClipboardText();
  ASSERT_TRUE(text);
  const std::string copied = text;
  EXPECT_TRUE(copied.starts_with("step,Adam")) << copied.substr(0, 80);
  EXPECT_EQ(std::count(copied.begin(), copied.end(), '\n'), kRows + 1);
}

TEST_F(FigureDialogTest, ADraggedBoxOpensNoMenu) {
  bench().drag(bench().rect("loss").at(0.2F, 0.2F), bench().rect("loss").at(0.6F, 0.7F), 1);
  bench().frame(2);
  EXPECT_FALSE(bench().has("loss.export.svg"));
  EXPECT_TRUE(state_.own.x);
}

TEST_F(FigureDialogTest, AnEmptyChartHasAPictureToo) {
  model_.series.clear();
  bench().click(bench().rect("loss.export").centre());
  bench().click(bench().rect("loss.export.svg").centre());
  type_path(folder_ / "empty.svg");
  press_save();
  EXPECT_NE(text_of(folder_ / "empty.svg").find("No data yet"), std::string::npos);
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

TEST_F(FigureDialogTest, ShowsWhatTheScreenShows) {
  auto context = GlContext::create(700, 500);
  if (!context) GTEST_SKIP() << context.error().text();
  bench();
  ASSERT_TRUE(ImGui_ImplOpenGL3_Init("#version 330 core"));
  ImGui_ImplOpenGL3_NewFrame();
  bench().frame(2);
  context->bind();
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  const Image shot = context->read();
  ImGui_ImplOpenGL3_Shutdown();
  const Pixels screen{shot.width, shot.height, shot.rgb};
  const ui::MarkRect plot = bench().rect("loss");

  // In the theme of the screen, the same picture as vectors and as pixels.
  for (const char* kind : {"svg", "png"}) {
    choose(kind);
    ASSERT_TRUE(dialog_open());
    bench().click(bench().rect("figure.theme.1").centre());
    if (std::string_view(kind) == "png") bench().click(bench().rect("figure.pixels.0").centre());
    type_path(folder_ / (std::string("loss.") + kind));
    press_save();
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
  for (int series = 0; series < 3; ++series)
    for (double unit = 0.02; unit < 0.99; unit += 0.01) {
      const ui::Colour colour = ui::path_colour(series);
      const auto a = height_at(screen, on_screen, unit, colour);
      const auto b = height_at(file, in_file, unit, colour);
      if (!a || !b) continue;
      ++compared;
      EXPECT_NEAR(*a * on_screen.height, *b * on_screen.height, 1.5) << "series " << series << " at " << unit;
    }
  EXPECT_GT(compared, 200);
}

}  // namespace
}  // namespace thalweg

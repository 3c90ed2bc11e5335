// Every widget in every theme at two scales, written as pictures into the build folder, for people to
// look at. Asserts what a machine can see: that something was drawn, within the frame.
#include <backends/imgui_impl_opengl3.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <set>

#include "app/gl/context.hpp"
#include "app/gl/image.hpp"
#include "app/ui/chart.hpp"
#include "app/ui/text.hpp"
#include "app/ui/widgets.hpp"
#include "tests/app/ui_harness.hpp"
#include "tests/app/ui_samples.hpp"

namespace thalweg::ui::testing {
namespace {

struct Gallery {
  std::vector<Sample> optimizers = sample_optimizers();
  Parameters surface = sample_surface();
  Parameters gradient = sample_gradient();
  Parameters kinds = sample_kinds();
  std::vector<Chart> charts = sample_charts(1240, 2000);
  Chart diverged = sample_divergence();
  std::vector<ChartState> states{4};
  ChartLink link;
  Toasts toasts;
  int tab_index = 0;
  int view = 0;
  int surface_index = 0;
  double position = 1240;
  std::string formula = "x^2 + si(y)";

  void top(float width) {
    const Theme& t = theme();
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled({0, px(40)}, {width, px(40) + 1}, t.hairline);
    draw_centred(list, Type::kStrong, px(44), px(20), t.text, "Thalweg");
    ImGui::SetCursorScreenPos({px(127), px(6)});
    int i = 0;
    for (const char* name : {"Surface", "Schedule", "Training", "Landscape", "Runs", "Scale", "Lessons"}) {
      if (i > 0) ImGui::SameLine(0, px(4));
      if (tab(std::string("tab.") + name, name, i == tab_index)) tab_index = i;
      ++i;
    }
    ImGui::SetCursorScreenPos({width - px(246), px(8)});
    chip("device", "CPU · no CUDA device");
    ImGui::SameLine();
    chip("scale", "1×");
    ImGui::SameLine();
    chip("help", "?");
  }

  void left() {
    section("Surface");
    const std::vector<ComboItem> items = {{"Rosenbrock", "curved valley"}, {"Beale", ""}, {"Himmelblau", ""}};
    combo("surface", items, surface_index);
    paragraph("f(x, y) = (a − x)² + b (y − x²)²", theme().dim, Type::kNote);
    gap(4);
    for (auto& [p, v] : surface) parameter_row(p, v, theme().accent);
    gap();
    section("Optimizers", "+ add");
    for (std::size_t i = 0; i < optimizers.size(); ++i) {
      Sample& o = optimizers[i];
      const Scope scope("optimizer." + std::to_string(i));
      begin_card("card");
      const ImVec2 at = ImGui::GetCursorScreenPos();
      const float w = available();
      ImDrawList* list = ImGui::GetWindowDrawList();
      const Colour colour = path_colour(static_cast<int>(i));
      list->AddCircleFilled({at.x + px(5), at.y + px(9)}, px(5), colour, 24);
      draw_centred(list, Type::kStrong, at.x + px(18), at.y + px(9), theme().text, o.name);
      draw_centred(list, Type::kNormal, at.x + w, at.y + px(9), theme().dim, number(o.loss, 3), 1);
      ImGui::Dummy({w, px(20)});
      for (auto& [p, v] : o.parameters) parameter_row(p, v, colour);
      end_card();
      gap();
    }
    section("Gradient");
    for (auto& [p, v] : gradient) parameter_row(p, v, theme().accent);
  }

  void middle() {
    const std::vector<std::string> views = {"Map", "3D", "Both"};
    segmented("view", views, view);
    gap(16);
    begin_card("kinds");
    std::vector<Parameter> together;
    for (const auto& [p, v] : kinds) together.push_back(p);
    const RowOptions options{.columns = row_columns(together)};
    for (auto& [p, v] : kinds) parameter_row(p, v, path_colour(3), nullptr, options);
    end_card();
    gap();
    begin_card("text");
    const FieldError error{"there is no function 'si'; did you mean 'sin'?", 6};
    text_field("formula", formula, nullptr, {.error = &error});
    end_card();
    gap();
    begin_card("icons");
    int i = 0;
    for (const Icon icon :
         {Icon::kPlay, Icon::kPause, Icon::kStepBack, Icon::kStep, Icon::kRewind, Icon::kPlus, Icon::kMinus,
          Icon::kTrash, Icon::kEye, Icon::kEyeOff, Icon::kDuplicate, Icon::kReset, Icon::kClose,
          Icon::kChevron, Icon::kCheck, Icon::kMore, Icon::kExpand, Icon::kSave, Icon::kStop}) {
      if (i % 10 != 0) ImGui::SameLine(0, px(4));
      icon_button("icon" + std::to_string(i), icon, {.active = i == 8, .enabled = i != 7});
      ++i;
    }
    end_card();
    gap();
    button("plain", "Compare runs");
    ImGui::SameLine();
    button("primary", "Train", true);
    ImGui::SameLine();
    button("off", "Export", false, false);
    gap();
    ImGui::PushFont(font(Type::kNormal));
    begin_card("readout");
    readout("x, y", "0.412, 0.176");
    readout("f", number(0.34612));
    readout("‖∇f‖", number(1.1534));
    readout("λ of Hessian", "0.39 · 268.3");
    readout("learning rate", number(7.453e-7), "1/step");
    readout("steps", integer(1240000));
    readout("loss", number(std::numeric_limits<double>::infinity()));
    end_card();
    ImGui::PopFont();
    gap();
    error_line("The file data/mnist is missing. Run ./run once with a network.");
    paragraph("θ ← θ − η ∇f(θ), x ∈ ℝ², ‖g‖₂ ≤ 1, β₁ᵗ → 0, κ = λ_max ⁄ λ_min, O(1/√t), 10⁻⁷ ≈ ε",
              theme().text);
    paragraph("0123456789 1111111111 AaBbGgRrWw Il1 0O fi", theme().text, Type::kTitle);
    paragraph("Small: ∑ᵢ wᵢ ∂f/∂x, 10⁻⁷, η₀ = 0.0125", theme().dim, Type::kSmall);
  }

  void right() {
    int i = 0;
    for (const Chart& c : charts) {
      chart("chart." + std::to_string(i), c, states[static_cast<std::size_t>(i)],
            {.height = px(226), .legend = i == 0, .link = &link});
      gap(4);
      ++i;
    }
    chart("chart.diverged", diverged, states[3], {.height = px(200)});
  }

  void bottom(float width, float y) {
    const Theme& t = theme();
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled({0, y}, {width, y + 1}, t.hairline);
    ImGui::SetCursorScreenPos({px(10), y + px(12)});
    icon_button("rewind", Icon::kRewind);
    ImGui::SetCursorScreenPos({px(42), y + px(9)});
    icon_button("play", Icon::kPause, {.size = 34, .primary = true});
    ImGui::SetCursorScreenPos({px(82), y + px(12)});
    icon_button("step", Icon::kStep);
    float x = px(118);
    x += draw_centred(list, Type::kNormal, x, y + px(26), t.dim, "step ");
    x += draw_centred(list, Type::kStrong, x, y + px(26), t.text, integer(1240));
    draw_centred(list, Type::kNormal, x, y + px(26), t.dim, " / " + integer(2000));
    ImGui::SetCursorScreenPos({px(280), y + px(12)});
    const std::vector<TimelineEvent> events = {{620, "η 0.01 → 0.02"}};
    timeline("time", position, 1500, 2000, events, width - px(430));
    float sx = width - px(134);
    sx += draw_centred(list, Type::kNormal, sx, y + px(26), t.dim, "speed ");
    sx += draw_centred(list, Type::kStrong, sx, y + px(26), t.text, "400");
    draw_centred(list, Type::kNormal, sx, y + px(26), t.dim, " steps/s");
  }

  void draw() {
    const ImVec2 size = ImGui::GetIO().DisplaySize;
    const Theme& t = theme();
    const auto panel = [&](const char* name, float x0, float x1, float y0, float y1, Colour fill,
                           auto&& what) {
      ImGui::SetNextWindowPos({x0, y0});
      ImGui::SetNextWindowSize({x1 - x0, y1 - y0});
      ImGui::PushStyleColor(ImGuiCol_WindowBg, fill);
      ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(px(14), px(12)));
      ImGui::Begin(
          name, nullptr,
          ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoBringToFrontOnFocus);
      what();
      ImGui::End();
      ImGui::PopStyleVar();
      ImGui::PopStyleColor();
    };
    const float foot = size.y - px(52);
    panel("top", 0, size.x, 0, px(41), t.panel, [&] { top(size.x); });
    panel("left", 0, px(304), px(41), foot, t.panel, [&] { left(); });
    panel("middle", px(305), size.x - px(364), px(41), foot, t.ground, [&] { middle(); });
    panel("right", size.x - px(363), size.x, px(41), foot, t.panel, [&] { right(); });
    panel("bottom", 0, size.x, foot, size.y, t.panel, [&] { bottom(size.x, foot); });
    toasts.draw(px(305), size.x - px(364), foot);
  }
};

class GalleryThemes : public ::testing::TestWithParam<std::tuple<const char*, float>> {};

TEST_P(GalleryThemes, DrawsEverything) {
  const auto [name, scale] = GetParam();
  const Theme& look = theme_by_id(name);
  const int width = static_cast<int>(1280 * scale * look.type_scale);
  const int height = static_cast<int>(960 * scale * look.type_scale);
  auto context = GlContext::create(width, height);
  if (!context) GTEST_SKIP() << context.error().text();

  Gallery gallery;
  Bench bench([] {}, look, scale, {1.0f, 1.0f});
  ImGui::GetIO().DisplaySize = {static_cast<float>(width), static_cast<float>(height)};
  ASSERT_TRUE(ImGui_ImplOpenGL3_Init("#version 330 core"));
  gallery.toasts.push(
      "The run could not be saved: the disk is full. Free some space and press Ctrl+S again.");
  const auto frame = [&] {
    ImGui_ImplOpenGL3_NewFrame();
    ImGui::GetIO().DeltaTime = 0.3f;
    ImGui::NewFrame();
    gallery.draw();
    ImGui::Render();
  };
  frame();
  frame();
  const MarkRect* plot = find_mark("chart.1");
  ASSERT_NE(plot, nullptr) << list_marks();
  const ImVec2 over = plot->at(0.42f, 0.5f);
  mouse_pos(over.x, over.y);
  for (int i = 0; i < 4; ++i) frame();
  context->bind();
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  const Image image = context->read();
  const auto folder = std::filesystem::path(THALWEG_GALLERY_DIR);
  std::filesystem::create_directories(folder);
  const auto path = folder / (std::string(name) + "_" + std::to_string(static_cast<int>(scale)) + "x.png");
  EXPECT_FALSE(write_png(path, image.width, image.height, image.rgb));

  const MarkRect* row = find_mark("optimizer.3.beta2");
  ASSERT_NE(row, nullptr) << list_marks();
  mouse_pos(row->centre().x, row->centre().y);
  for (int i = 0; i < 4; ++i) frame();
  context->bind();
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  const Image hovered = context->read();
  EXPECT_FALSE(
      write_png(folder / (std::string(name) + "_" + std::to_string(static_cast<int>(scale)) + "x_hover.png"),
                hovered.width, hovered.height, hovered.rgb));
  ImGui_ImplOpenGL3_Shutdown();

  std::set<int> colours;
  for (std::size_t i = 0; i + 2 < image.rgb.size(); i += 3)
    colours.insert(image.rgb[i] << 16 | image.rgb[i + 1] << 8 | image.rgb[i + 2]);
  EXPECT_GT(colours.size(), 500u);
  const auto packed = [](Colour c) {
    return static_cast<int>((c >> IM_COL32_R_SHIFT & 255) << 16 | (c >> IM_COL32_G_SHIFT & 255) << 8 |
                            (c >> IM_COL32_B_SHIFT & 255));
  };
  for (const Colour c : {look.panel, look.card, look.hairline, look.accent, look.path[0], look.path[3]})
    EXPECT_TRUE(colours.count(packed(c))) << std::hex << packed(c);
}

TEST(GalleryTest, DrawsChartsOfManyKinds) {
  auto context = GlContext::create(1200, 900);
  if (!context) GTEST_SKIP() << context.error().text();
  Chart spikes = sample_divergence();
  Chart close = sample_divergence();
  close.y.range = Range{0.0, 14.0};
  Chart finder = sample_finder();
  Chart few = sample_charts(40, 60).front();
  few.y.scale = AxisScale::kLinear;
  const std::vector<Chart> all = {
      spikes, close, finder, few, sample_charts(900, 2000)[1], Chart{.title = "Nothing yet"}};
  std::vector<ChartState> states(all.size());
  Bench bench([] {}, light_theme(), 1.0f, {1200.0f, 900.0f});
  ASSERT_TRUE(ImGui_ImplOpenGL3_Init("#version 330 core"));
  for (int i = 0; i < 4; ++i) {
    ImGui_ImplOpenGL3_NewFrame();
    ImGui::NewFrame();
    ImGui::SetNextWindowPos({0, 0});
    ImGui::SetNextWindowSize({1200, 900});
    ImGui::Begin("charts", nullptr, ImGuiWindowFlags_NoDecoration);
    for (std::size_t c = 0; c < all.size(); ++c) {
      ImGui::SetCursorScreenPos({c % 2 == 0 ? 16.0f : 616.0f, 16.0f + 290.0f * static_cast<float>(c / 2)});
      chart("c" + std::to_string(c), all[c], states[c],
            {.width = 560.0f, .height = 270.0f, .legend = c != 3});
    }
    ImGui::End();
    ImGui::Render();
    if (const MarkRect* plot = find_mark("c1")) mouse_pos(plot->at(0.3f, 0.5f).x, plot->at(0.3f, 0.5f).y);
  }
  context->bind();
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  const Image image = context->read();
  std::filesystem::create_directories(THALWEG_GALLERY_DIR);
  EXPECT_FALSE(write_png(std::filesystem::path(THALWEG_GALLERY_DIR) / "charts.png", image.width, image.height,
                         image.rgb));
  ImGui_ImplOpenGL3_Shutdown();
}

INSTANTIATE_TEST_SUITE_P(Themes, GalleryThemes,
                         ::testing::Combine(::testing::Values("dark", "light", "projector"),
                                            ::testing::Values(1.0f, 2.0f)),
                         [](const auto& tested) {
                           return std::string(std::get<0>(tested.param)) + "_" +
                                  std::to_string(static_cast<int>(std::get<1>(tested.param))) + "x";
                         });

}  // namespace
}  // namespace thalweg::ui::testing

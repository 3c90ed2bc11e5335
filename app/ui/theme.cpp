#include "app/ui/theme.hpp"

#include <algorithm>
#include <cmath>

#include "app/ui/fonts.hpp"

namespace thalweg::ui {
namespace {

Theme make_light() {
  Theme t;
  t.id = "light";
  t.ground = rgb(0xf4f1ea);
  t.panel = rgb(0xfbf9f4);
  t.card = rgb(0xffffff);
  t.hover = IM_COL32(60, 45, 20, 16);
  t.hairline = rgb(0xddd6c8);
  t.text = rgb(0x22262c);
  t.dim = rgb(0x68707c);
  t.faint = rgb(0xa09a8c);
  t.track = rgb(0xe6e0d3);
  t.accent = rgb(0x1f6fc4);
  t.on_accent = rgb(0xffffff);
  t.warning = rgb(0xb35c00);
  t.error = rgb(0xb3261e);
  t.path = {rgb(0xd97800), rgb(0xc8352b), rgb(0x8b3fc0), rgb(0x0b7a4b),
            rgb(0x222222), rgb(0x4d9fc7), rgb(0x5a1570), rgb(0x7a5230)};
  t.tint = {{{-3.0f, rgb(0x80bed4)},
             {-1.0f, rgb(0xacd4d8)},
             {0.3f, rgb(0xcedec4)},
             {1.5f, rgb(0xe8e2c4)},
             {2.6f, rgb(0xe2ceaa)},
             {4.0f, rgb(0xcdb696)}}};
  t.contour = rgb(0x785532);
  t.halo = IM_COL32(255, 255, 255, 178);
  return t;
}

Theme make_dark() {
  Theme t;
  t.id = "dark";
  t.dark = true;
  t.ground = rgb(0x11151b);
  t.panel = rgb(0x171c24);
  t.card = rgb(0x1d232d);
  t.hover = IM_COL32(200, 215, 240, 18);
  t.hairline = rgb(0x2a323f);
  t.text = rgb(0xe6e9ee);
  t.dim = rgb(0x8d98a8);
  t.faint = rgb(0x5b6676);
  t.track = rgb(0x2b3442);
  t.accent = rgb(0x6fb1ff);
  t.on_accent = rgb(0xffffff);
  t.warning = rgb(0xffb454);
  t.error = rgb(0xff7b72);
  t.path = {rgb(0xffb454), rgb(0xff6f61), rgb(0xe58bff), rgb(0x7ee0a1),
            rgb(0xffffff), rgb(0x4f9fe0), rgb(0x9a5fd6), rgb(0x9c8f6a)};
  t.tint = {{{-3.0f, rgb(0x2e7896)},
             {-1.0f, rgb(0x225670)},
             {0.5f, rgb(0x203748)},
             {2.0f, rgb(0x2d3842)},
             {3.0f, rgb(0x3e464c)},
             {4.0f, rgb(0x5c6264)}}};
  t.contour = rgb(0xbecdd7);
  t.halo = IM_COL32(10, 14, 18, 128);
  return t;
}

Theme make_projector() {
  Theme t = make_light();
  t.id = "projector";
  // Projectors wash out: darker secondary text and stronger rules than on paper.
  t.dim = rgb(0x4a515b);
  t.faint = rgb(0x7d776a);
  t.hairline = rgb(0xc8c0af);
  t.track = rgb(0xd8d0bf);
  t.type_scale = 1.25f;
  t.curve = 3.0f;
  t.path_width = 3.0f;
  return t;
}

struct Current {
  const Theme* theme = nullptr;
  float scale = 1.0f;
};
Current g_current;

ImVec4 vec(Colour colour) { return ImGui::ColorConvertU32ToFloat4(colour); }

void set_measures(ImGuiStyle& style) {
  const auto pair = [](float x, float y) { return ImVec2(px(x), px(y)); };
  style.WindowPadding = pair(kPad, kPad);
  style.FramePadding = pair(10.0f, 6.0f);
  style.CellPadding = pair(kGap, kHalfGap);
  style.ItemSpacing = pair(kGap, kHalfGap);
  style.ItemInnerSpacing = pair(kGap, kHalfGap);
  style.IndentSpacing = px(16.0f);
  style.ScrollbarSize = px(10.0f);
  style.GrabMinSize = px(12.0f);
  style.WindowBorderSize = 0.0f;
  style.ChildBorderSize = style.PopupBorderSize = style.FrameBorderSize = px(1.0f);
  style.WindowRounding = 0.0f;
  style.ChildRounding = style.FrameRounding = style.PopupRounding = px(kRadius);
  style.ScrollbarRounding = style.GrabRounding = style.TabRounding = px(kRadius);
  style.WindowTitleAlign = ImVec2(0.0f, 0.5f);
  style.WindowMinSize = ImVec2(px(16.0f), px(16.0f));
  style.SelectableTextAlign = ImVec2(0.0f, 0.5f);
  style.CurveTessellationTol = 1.0f;
  style.CircleTessellationMaxError = 0.2f;
}

void set_colours(ImGuiStyle& style, const Theme& t) {
  const auto set = [&](ImGuiCol slot, Colour colour) { style.Colors[slot] = vec(colour); };
  for (int i = 0; i < ImGuiCol_COUNT; ++i) set(i, t.accent);
  set(ImGuiCol_Text, t.text);
  set(ImGuiCol_TextDisabled, t.faint);
  set(ImGuiCol_WindowBg, t.panel);
  set(ImGuiCol_ChildBg, 0);
  set(ImGuiCol_PopupBg, t.card);
  set(ImGuiCol_Border, t.hairline);
  set(ImGuiCol_BorderShadow, 0);
  set(ImGuiCol_FrameBg, t.card);
  set(ImGuiCol_FrameBgHovered, mix(t.card, t.hairline, 0.35f));
  set(ImGuiCol_FrameBgActive, t.card);
  set(ImGuiCol_TitleBg, t.panel);
  set(ImGuiCol_TitleBgActive, t.panel);
  set(ImGuiCol_TitleBgCollapsed, t.panel);
  set(ImGuiCol_MenuBarBg, t.panel);
  set(ImGuiCol_ScrollbarBg, 0);
  set(ImGuiCol_ScrollbarGrab, t.hairline);
  set(ImGuiCol_ScrollbarGrabHovered, t.faint);
  set(ImGuiCol_ScrollbarGrabActive, t.dim);
  set(ImGuiCol_Button, t.card);
  set(ImGuiCol_ButtonHovered, mix(t.card, t.hairline, 0.5f));
  set(ImGuiCol_ButtonActive, t.hairline);
  set(ImGuiCol_Header, mix(t.card, t.accent, 0.18f));
  set(ImGuiCol_HeaderHovered, mix(t.card, t.hairline, 0.6f));
  set(ImGuiCol_HeaderActive, t.hairline);
  set(ImGuiCol_Separator, t.hairline);
  set(ImGuiCol_ResizeGrip, 0);
  set(ImGuiCol_TextSelectedBg, with_alpha(t.accent, 0.35f));
  set(ImGuiCol_TableBorderStrong, t.hairline);
  set(ImGuiCol_TableBorderLight, t.hairline);
  set(ImGuiCol_TableHeaderBg, t.panel);
  set(ImGuiCol_TableRowBg, 0);
  set(ImGuiCol_TableRowBgAlt, 0);
  set(ImGuiCol_ModalWindowDimBg, with_alpha(t.ground, 0.6f));
}

}  // namespace

const Theme& light_theme() {
  static const Theme theme = make_light();
  return theme;
}
const Theme& dark_theme() {
  static const Theme theme = make_dark();
  return theme;
}
const Theme& projector_theme() {
  static const Theme theme = make_projector();
  return theme;
}

const Theme& theme_by_id(std::string_view id) {
  for (const Theme* candidate : {&light_theme(), &projector_theme()})
    if (candidate->id == id) return *candidate;
  return dark_theme();
}

bool apply(const Theme& wanted, float wanted_scale) {
  g_current.theme = &theme_by_id(wanted.id);
  g_current.scale = std::clamp(wanted_scale, 1.0f, 3.0f) * g_current.theme->type_scale;
  ImGuiStyle& style = ImGui::GetStyle();
  style = ImGuiStyle();
  set_measures(style);
  set_colours(style, *g_current.theme);
  return build_fonts(g_current.scale);
}

const Theme& theme() { return g_current.theme ? *g_current.theme : dark_theme(); }
float scale() { return g_current.scale; }

float px(float points) {
  if (points == 0.0f) return 0.0f;
  const float pixels = std::round(points * g_current.scale);
  return points > 0.0f ? std::max(pixels, 1.0f) : std::min(pixels, -1.0f);
}

float line_width(float points) { return std::max(1.0f, std::round(points * g_current.scale)); }

Colour path_colour(int index) {
  const auto& all = theme().path;
  const int count = static_cast<int>(all.size());
  return all[static_cast<std::size_t>(((index % count) + count) % count)];
}

Colour with_alpha(Colour colour, float alpha) {
  const auto a = static_cast<Colour>(std::clamp(alpha, 0.0f, 1.0f) * 255.0f + 0.5f);
  return (colour & ~IM_COL32_A_MASK) | (a << IM_COL32_A_SHIFT);
}

Colour mix(Colour a, Colour b, float t) {
  const ImVec4 from = vec(a);
  const ImVec4 to = vec(b);
  return ImGui::ColorConvertFloat4ToU32(ImVec4(from.x + (to.x - from.x) * t, from.y + (to.y - from.y) * t,
                                               from.z + (to.z - from.z) * t, from.w + (to.w - from.w) * t));
}

}  // namespace thalweg::ui

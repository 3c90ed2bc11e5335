#include "app/ui/chart_export.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"
#include "app/ui/widgets.hpp"

namespace thalweg::ui {
namespace {

struct Waiting {
  std::optional<ExportRequest> request;
  bool under_mouse = false;
};
Waiting g_waiting;  // there is one mouse

constexpr std::uint32_t hex(Colour colour) {
  return ((colour >> IM_COL32_R_SHIFT) & 0xff) << 16 | ((colour >> IM_COL32_G_SHIFT) & 0xff) << 8 |
         ((colour >> IM_COL32_B_SHIFT) & 0xff);
}

struct Item {
  ExportKind kind;
  const char* mark;
  const char* label;
};
constexpr std::array<Item, 4> kItems{{{ExportKind::kSvg, ".export.svg", "Save as SVG…"},
                                      {ExportKind::kPng, ".export.png", "Save as PNG…"},
                                      {ExportKind::kCsv, ".export.csv", "Save numbers as CSV…"},
                                      {ExportKind::kClipboard, ".export.copy", "Copy numbers as CSV"}}};

/// What was chosen in the menu.
std::optional<ExportKind> menu(std::string_view id, bool picture) {
  std::optional<ExportKind> chosen;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(px(4.0f), px(4.0f)));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0.0f, 0.0f));
  const bool open = begin_popup("##export-menu");
  if (open) {
    float width = 0.0f;
    for (const Item& item : kItems) width = std::max(width, text_width(Type::kNormal, item.label));
    for (const Item& item : kItems) {
      if (!picture && (item.kind == ExportKind::kSvg || item.kind == ExportKind::kPng)) continue;
      if (ImGui::InvisibleButton(item.mark, ImVec2(width + px(20.0f), px(28.0f)))) {
        chosen = item.kind;
        ImGui::CloseCurrentPopup();
      }
      const ImVec2 a = ImGui::GetItemRectMin();
      const ImVec2 b = ImGui::GetItemRectMax();
      ImDrawList* list = ImGui::GetWindowDrawList();
      if (ImGui::IsItemHovered()) list->AddRectFilled(a, b, theme().hover, px(4.0f));
      draw_centred(list, Type::kNormal, a.x + px(10.0f), 0.5f * (a.y + b.y), theme().text, item.label);
      if (marks_enabled()) mark(std::string(id) + item.mark, a, b);
    }
    ImGui::EndPopup();
  }
  ImGui::PopStyleVar(2);
  return chosen;
}

}  // namespace

std::optional<ExportRequest> take_export_request() { return std::exchange(g_waiting.request, std::nullopt); }

void export_under_mouse() { g_waiting.under_mouse = true; }
bool export_unanswered() { return std::exchange(g_waiting.under_mouse, false); }

Chart as_shown(const Chart& model, const ChartState& state, const Range& x, const Range& y,
               AxisScale y_scale) {
  Chart out = model;
  out.x.range = x;
  out.y.range = y;
  out.y.scale = y_scale;
  for (std::size_t i = 0; i < out.series.size(); ++i)
    if (i < state.hidden.size() && state.hidden[i]) out.series[i].visible = false;
  return out;
}

FigureStyle figure_style(const Theme& theme) {
  FigureStyle out;
  out.background = hex(theme.dark ? theme.panel : theme.card);
  out.text = hex(theme.text);
  out.dim = hex(theme.dim);
  out.grid = hex(theme.hairline);
  out.warning = hex(theme.warning);
  for (const Colour colour : theme.path) out.palette.push_back(hex(colour));
  out.curve = theme.curve;
  out.type_scale = theme.type_scale;
  out.dark = theme.dark;
  return out;
}

void open_export_menu() { ImGui::OpenPopup("##export-menu"); }

void offer_export(std::string_view id, bool here, const std::function<FigureSource()>& source,
                  bool picture) {
  std::optional<ExportKind> kind = menu(id, picture);
  if (here && g_waiting.under_mouse) kind = picture ? ExportKind::kSvg : ExportKind::kCsv;
  if (!kind) return;
  g_waiting.request = ExportRequest{*kind, source()};
  g_waiting.under_mouse = false;
}

bool export_button(std::string_view id, ImVec2 at, float size, bool shown) {
  const Theme& t = theme();
  ImGui::SetCursorScreenPos(at);
  const bool clicked = ImGui::InvisibleButton("##export", ImVec2(size, size));
  const bool hovered = ImGui::IsItemHovered();
  if (marks_enabled()) mark(std::string(id) + ".export", ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  if (shown || hovered)
    draw_icon(ImGui::GetWindowDrawList(), Icon::kSave, ImVec2(at.x + 0.5f * size, at.y + 0.5f * size),
              std::round(12.0f * scale()), hovered ? t.text : t.dim);
  tooltip("Save this chart as SVG, PNG or CSV (also: right click, Ctrl E)");
  return clicked;
}

}  // namespace thalweg::ui

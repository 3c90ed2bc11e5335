// Words around the controls: tooltips, paragraphs, readouts, empty states and messages that go by
// themselves, and when the next frame is due for them.
#include <imgui_internal.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/ui/parts.hpp"
#include "app/ui/text.hpp"
#include "app/ui/widgets.hpp"

namespace thalweg::ui {
namespace {

constexpr double kTooltipDelay = 0.45;
constexpr double kToastSeconds = 6.0;

struct State {
  ImGuiID tip = 0;
  double tip_since = 0.0;
  int tip_frame = -1;
  ImVec2 tip_size{0.0f, 0.0f};
  int frame = -1;
  double want = std::numeric_limits<double>::infinity();
};
State& state() {
  static State value;
  return value;
}

ImGuiID id_of(std::string_view id) { return ImGui::GetID(id.data(), id.data() + id.size()); }

/// What of `text` stands in one line of `width` pixels. Broken at spaces alone, so that numbers and formulas
/// stay whole, but for a word that has no room in any line.
std::string_view first_line(ImFont* f, std::string_view text, float width) {
  text = text.substr(0, text.find('\n'));
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  if (f->CalcTextSizeA(f->FontSize, 1e9f, 0.0f, begin, end).x <= width) return text;
  const char* const cut = f->CalcWordWrapPositionA(1.0f, begin, end, width);
  const std::size_t fits = static_cast<std::size_t>(std::max(cut, begin + 1) - begin);
  if (fits >= text.size() || text[fits] == ' ') return text.substr(0, fits);
  const std::size_t space = text.find_last_of(' ', fits - 1);
  return text.substr(0, space == std::string_view::npos || space == 0 ? fits : space);
}

}  // namespace

namespace detail {

void want_frame(double seconds) {
  State& s = state();
  if (s.frame != ImGui::GetFrameCount()) {
    s.frame = ImGui::GetFrameCount();
    s.want = std::numeric_limits<double>::infinity();
  }
  s.want = std::min(s.want, seconds);
}

}  // namespace detail

double next_frame_in() {
  const State& s = state();
  return s.frame == ImGui::GetFrameCount() ? s.want : std::numeric_limits<double>::infinity();
}

bool begin_tooltip(ImGuiID id, bool hovered, const MarkRect* beside) {
  State& s = state();
  const int now = ImGui::GetFrameCount();
  if (!hovered) return false;
  if (ImGui::IsMouseDown(0) || ImGui::IsMouseDown(1)) {
    s.tip = 0;
    return false;
  }
  if (s.tip != id || s.tip_frame < now - 1) {
    s.tip = id;
    s.tip_size = ImVec2(0.0f, 0.0f);
    s.tip_since = ImGui::GetTime();
  }
  s.tip_frame = now;
  const double rested = ImGui::GetTime() - s.tip_since;
  if (rested < kTooltipDelay) {
    detail::want_frame(kTooltipDelay - rested);
    return false;
  }
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(px(10.0f), px(8.0f)));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, px(kRadius));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, px(1.0f));
  if (beside) {
    // Below what it explains, or above where there is no room; never over it.
    const ImVec2 room = ImGui::GetIO().DisplaySize;
    const float below = beside->max.y + px(4.0f);
    const bool fits = below + s.tip_size.y <= room.y;
    ImGui::SetNextWindowPos(ImVec2(std::max(0.0f, std::min(beside->min.x, room.x - s.tip_size.x)),
                                   fits ? below : std::max(0.0f, beside->min.y - px(4.0f) - s.tip_size.y)));
  }
  ImGui::BeginTooltip();
  return true;
}

void end_tooltip() {
  state().tip_size = ImGui::GetWindowSize();
  ImGui::EndTooltip();
  ImGui::PopStyleVar(3);
}

void tooltip(std::string_view text) {
  const ImVec2 min = ImGui::GetItemRectMin();
  const bool hovered = ImGui::IsItemHovered();
  const ImGuiID id = id_of(text) ^ static_cast<ImGuiID>(min.x * 31.0f + min.y);
  if (!begin_tooltip(id, hovered)) return;
  const float width = std::min(text_width(Type::kNote, text), px(280.0f)) + 1.0f;
  ImGui::PushFont(font(Type::kNote));
  ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + width);
  ImGui::TextUnformatted(text.data(), text.data() + text.size());
  ImGui::PopTextWrapPos();
  ImGui::PopFont();
  end_tooltip();
}

void paragraph(std::string_view text, Colour colour, Type type) {
  ImFont* f = font(type);
  const float width = std::max(available(), px(40.0f));
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImVec2 line{std::round(at.x), std::round(at.y)};
  float widest = 0.0f;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view shown = first_line(f, rest, width);
    const char* const end = shown.data() + shown.size();
    ImGui::GetWindowDrawList()->AddText(f, f->FontSize, line, colour, shown.data(), end);
    widest = std::max(widest, f->CalcTextSizeA(f->FontSize, 1e9f, 0.0f, shown.data(), end).x);
    line.y += f->FontSize;
    rest.remove_prefix(shown.size());
    const std::size_t next = rest.find_first_not_of(' ');
    rest.remove_prefix(next == std::string_view::npos ? rest.size() : next);
    if (rest.starts_with('\n')) rest.remove_prefix(1);
  }
  ImGui::Dummy(ImVec2(widest, std::max(f->FontSize, line.y - std::round(at.y))));
}

void error_line(std::string_view text) { paragraph(text, theme().error, Type::kNote); }

bool empty_state(std::string_view id, std::string_view title, std::string_view what_to_do,
                 std::string_view action) {
  const Theme& t = theme();
  const float width = available();
  const float height = ImGui::GetContentRegionAvail().y;
  const float wrap = std::min(width - px(2.0f * kPad), px(340.0f));
  ImFont* f = font(Type::kNormal);
  const ImVec2 body =
      f->CalcTextSizeA(f->FontSize, 1e9f, wrap, what_to_do.data(), what_to_do.data() + what_to_do.size());
  const float block = px(24.0f) + body.y + (action.empty() ? 0.0f : px(16.0f + kControl));
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float top = at.y + std::max(px(kPad), std::floor(0.4f * (height - block)));
  const float centre = at.x + 0.5f * width;
  ImDrawList* list = ImGui::GetWindowDrawList();
  draw_centred(list, Type::kStrong, centre, top + px(8.0f), t.text, title, 0.5f);
  const float left = std::round(centre - 0.5f * body.x);
  list->AddText(f, f->FontSize, ImVec2(left, std::round(top + px(24.0f))), t.dim, what_to_do.data(),
                what_to_do.data() + what_to_do.size(), wrap);
  bool clicked = false;
  if (!action.empty()) {
    const float w = text_width(Type::kStrong, action) + px(28.0f);
    ImGui::SetCursorScreenPos(ImVec2(std::round(centre - 0.5f * w), std::round(top + px(40.0f) + body.y)));
    clicked = button(id, action, true);
  }
  mark(id.empty() ? "empty" : std::string(id) + ".empty", ImVec2(left, top),
       ImVec2(left + body.x, top + block));
  ImGui::SetCursorScreenPos(at);
  ImGui::Dummy(ImVec2(width, std::max(block + px(2.0f * kPad), 1.0f)));
  return clicked;
}

void readout(std::string_view label, std::string_view value, std::string_view unit, float right) {
  const Theme& t = theme();
  const float width = right > 0.0f ? right : available();
  const float height = px(20.0f);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float base = baseline(Type::kNormal, at.y + 0.5f * height);
  ImDrawList* list = ImGui::GetWindowDrawList();
  float x = at.x + width;
  if (!unit.empty()) x -= draw_on_baseline(list, Type::kNote, x, base, t.dim, unit, 1.0f) + px(4.0f);
  const float w = draw_on_baseline(list, Type::kNormal, x, base, t.text, value, 1.0f);
  draw_on_baseline(list, Type::kNormal, at.x, base, t.dim,
                   elided(Type::kNormal, label, std::max(0.0f, x - w - px(kGap) - at.x)));
  ImGui::Dummy(ImVec2(width, height));
}

void Toasts::push(std::string text, Kind kind) {
  const double until = ImGui::GetTime() + kToastSeconds;
  for (Item& item : items_)
    if (item.text == text) {
      item.until = until;
      return;
    }
  items_.push_back({std::move(text), kind, until});
  if (items_.size() > 4) items_.erase(items_.begin());
}

void Toasts::draw(float left, float right, float bottom_y) {
  const double now = ImGui::GetTime();
  std::erase_if(items_, [&](const Item& item) { return now >= item.until; });
  if (items_.empty()) return;
  const Theme& t = theme();
  float y = bottom_y - px(12.0f);
  int index = 0;
  int dismissed = -1;
  for (auto it = items_.rbegin(); it != items_.rend(); ++it, ++index) {
    detail::want_frame(std::max(0.0, it->until - now));
    ImFont* f = font(Type::kNormal);
    const float wrap = std::min(right - left - px(96.0f), px(440.0f));
    const char* begin = it->text.c_str();
    const ImVec2 size = f->CalcTextSizeA(f->FontSize, 1e9f, wrap, begin, begin + it->text.size());
    const ImVec2 box(size.x + px(58.0f), size.y + px(20.0f));
    y -= box.y;
    const ImVec2 at(std::round(0.5f * (left + right - box.x)), std::round(y));
    ImGui::SetNextWindowPos(at);
    ImGui::SetNextWindowSize(box);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0.0f, 0.0f));
    const std::string name = "##toast" + std::to_string(index);
    ImGui::Begin(name.c_str(), nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoMove |
                     ImGuiWindowFlags_NoFocusOnAppearing | ImGuiWindowFlags_NoNav |
                     ImGuiWindowFlags_NoBackground);
    // A click elsewhere brings that window to the front; the message stays above it.
    ImGui::BringWindowToDisplayFront(ImGui::GetCurrentWindow());
    ImDrawList* list = ImGui::GetWindowDrawList();
    const Colour edge = it->kind == Kind::kError ? t.error : t.accent;
    detail::frame_rect(list, at, ImVec2(at.x + box.x, at.y + box.y), t.card, t.hairline);
    list->AddRectFilled(ImVec2(at.x, at.y + px(8.0f)), ImVec2(at.x + px(3.0f), at.y + box.y - px(8.0f)),
                        edge);
    list->AddText(f, f->FontSize, ImVec2(at.x + px(14.0f), at.y + px(10.0f)), t.text, begin,
                  begin + it->text.size(), wrap);
    ImGui::SetCursorScreenPos(ImVec2(at.x + box.x - px(34.0f), at.y + px(4.0f)));
    if (icon_button("toast." + std::to_string(index), Icon::kClose, {.icon = 11.0f}))
      dismissed = static_cast<int>(items_.size()) - 1 - index;
    ImGui::End();
    ImGui::PopStyleVar();
    y -= px(8.0f);
  }
  if (dismissed >= 0) items_.erase(items_.begin() + dismissed);
}

}  // namespace thalweg::ui

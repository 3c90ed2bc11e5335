#include "app/ui/parts.hpp"

#include <imgui_internal.h>

#include <algorithm>
#include <cmath>

#include "app/ui/text.hpp"

namespace thalweg::ui::detail {
namespace {

int resize(ImGuiInputTextCallbackData* data) {
  if (data->EventFlag != ImGuiInputTextFlags_CallbackResize) return 0;
  auto& text = *static_cast<std::string*>(data->UserData);
  text.resize(static_cast<std::size_t>(data->BufTextLen));
  data->Buf = text.data();
  return 0;
}

}  // namespace

EntryResult entry(const char* id, std::string& text, float width, float height, bool typed, bool focus,
                  bool wrong, std::string_view hint) {
  const Theme& t = theme();
  ImGui::PushFont(font(Type::kNormal));
  const float pad_y = std::max(0.0f, std::floor((height - ImGui::GetFontSize()) * 0.5f));
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(px(height < px(kControl) ? 6.0f : 10.0f), pad_y));
  ImGui::PushStyleColor(ImGuiCol_FrameBg, t.card);
  ImGui::PushStyleColor(ImGuiCol_Border, wrong                                      ? t.error
                                         : ImGui::GetActiveID() == ImGui::GetID(id) ? t.accent
                                                                                    : t.hairline);
  ImGui::SetNextItemWidth(width);
  if (focus) ImGui::SetKeyboardFocusHere();
  const ImGuiInputTextFlags flags = ImGuiInputTextFlags_CallbackResize |
                                    ImGuiInputTextFlags_EnterReturnsTrue |
                                    (typed ? ImGuiInputTextFlags_AutoSelectAll : 0);
  const std::string before = text;
  const std::string hint_text(hint);
  EntryResult out;
  out.enter =
      ImGui::InputTextWithHint(id, hint_text.c_str(), text.data(), text.capacity() + 1, flags, resize, &text);
  out.changed = text != before;
  out.active = ImGui::IsItemActive();
  out.activated = ImGui::IsItemActivated();
  out.deactivated = ImGui::IsItemDeactivated();
  ImGui::PopStyleColor(2);
  ImGui::PopStyleVar();
  ImGui::PopFont();
  if (out.active) want_frame(0.4);  // the caret blinks
  return out;
}

void error_below(const FieldError& error, const std::string& text, float text_x, float left, float width) {
  const Theme& t = theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  float top = at.y;
  if (error.position >= 0) {
    const auto bytes = std::min(static_cast<std::size_t>(error.position), text.size());
    const float x =
        std::round(text_x + text_width(Type::kNormal, std::string_view(text).substr(0, bytes)) + px(3.0f));
    const float h = px(5.0f);
    list->AddTriangleFilled(ImVec2(x, top), ImVec2(x + h * 0.8f, top + h), ImVec2(x - h * 0.8f, top + h),
                            t.error);
    top += h + px(1.0f);
  }
  ImFont* f = font(Type::kNote);
  const char* begin = error.message.c_str();
  const char* end = begin + error.message.size();
  const ImVec2 size = f->CalcTextSizeA(f->FontSize, 1e9f, width, begin, end);
  list->AddText(f, f->FontSize, ImVec2(std::round(left), std::round(top)), t.error, begin, end, width);
  ImGui::Dummy(ImVec2(width, top - at.y + size.y + px(2.0f)));
}

void pill(ImDrawList* list, ImVec2 min, ImVec2 max, Colour colour) {
  constexpr float kPi = 3.14159265f;
  const float r = std::min(0.5f * (max.y - min.y), 0.5f * (max.x - min.x));
  const float y = 0.5f * (min.y + max.y);
  if (max.x - min.x > 2.0f * r)
    list->AddRectFilled(ImVec2(min.x + r, min.y), ImVec2(max.x - r, max.y), colour);
  list->PathArcTo(ImVec2(min.x + r, y), r, 0.5f * kPi, 1.5f * kPi, 8);
  list->PathFillConvex(colour);
  list->PathArcTo(ImVec2(max.x - r, y), r, -0.5f * kPi, 0.5f * kPi, 8);
  list->PathFillConvex(colour);
}

void draw_track(ImDrawList* list, const Track& track, double unit, Colour colour, bool on, bool hovered,
                Colour behind) {
  const Theme& t = theme();
  const float half = 0.5f * track.thickness;
  const float y0 = std::round(track.y - half);
  const float y1 = y0 + track.thickness;
  pill(list, ImVec2(track.left, y0), ImVec2(track.right, y1), t.track);
  if (!on) return;
  const auto part = static_cast<float>(std::clamp(unit, 0.0, 1.0));
  const float x = track.left + part * (track.right - track.left);
  if (x > track.left + 1.0f) pill(list, ImVec2(track.left, y0), ImVec2(x, y1), colour);
  const ImVec2 centre(x, 0.5f * (y0 + y1));
  const float radius = 0.5f * track.knob + (hovered ? px(1.0f) : 0.0f);
  list->AddCircleFilled(centre, radius + px(2.0f), behind, 24);
  list->AddCircleFilled(centre, radius, t.text, 24);
}

}  // namespace thalweg::ui::detail

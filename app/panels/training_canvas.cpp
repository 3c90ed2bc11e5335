#include "app/panels/training_canvas.hpp"

#include <algorithm>
#include <cmath>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

constexpr float kSheet = 140.0F;  ///< points

std::string class_name(const Dataset& data, int index) {
  const auto i = static_cast<std::size_t>(index);
  return i < data.class_names.size() ? data.class_names[i] : std::to_string(index);
}

}  // namespace

bool TrainingCanvas::fits(const Dataset& data) {
  return data.classes > 0 && !data.train.bytes.empty() && data.shape[0] == 1 && data.shape[1] >= 8 &&
         data.shape[2] >= 8;
}

float TrainingCanvas::height() { return ui::px(kSheet) + ui::px(28); }

float TrainingCanvas::draw(TrainingSession& session, const Dataset& data, float width) {
  const ui::Scope scope("canvas");
  const ImVec2 at = ImGui::GetCursorScreenPos();
  if (ui::section("Draw a digit", canvas_.empty() ? "" : "clear", "clear")) canvas_.clear();
  const float top = at.y + ui::px(24);
  const float side = ui::px(kSheet);
  sheet({at.x, top}, side);
  answer(session, data, {{at.x + side + ui::px(14), top}, {at.x + width, top + side}});
  hand_over(session, data);
  ImGui::SetCursorScreenPos(at);
  ImGui::Dummy({width, height()});
  return height();
}

void TrainingCanvas::sheet(ImVec2 at, float side) {
  ImGui::SetCursorScreenPos(at);
  ImGui::InvisibleButton("sheet", {side, side});
  const ImVec2 max{at.x + side, at.y + side};
  ui::mark("sheet", at, max);
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const ImVec2 here{(mouse.x - at.x) / side, (mouse.y - at.y) / side};
  if (ImGui::IsItemActive()) {
    const ImVec2 from = drawing_ ? last_ : here;
    if (!drawing_ || from.x != here.x || from.y != here.y) canvas_.stroke(from.x, from.y, here.x, here.y);
    last_ = here;
  }
  drawing_ = ImGui::IsItemActive();

  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(at, max, ui::theme().card, ui::px(ui::kRadius));
  const bool empty = canvas_.empty();
  if (!empty) {
    if (shown_ != canvas_.version() || ink_ != ui::theme().text) {
      shown_ = canvas_.version();
      ink_ = ui::theme().text;
      std::vector<std::uint8_t> rgba;
      rgba.reserve(canvas_.ink().size() * 4);
      for (const float ink : canvas_.ink()) {
        for (const int shift : {IM_COL32_R_SHIFT, IM_COL32_G_SHIFT, IM_COL32_B_SHIFT})
          rgba.push_back(static_cast<std::uint8_t>(ink_ >> shift & 0xFF));
        rgba.push_back(static_cast<std::uint8_t>(std::lround(255.0F * ink)));
      }
      picture_.set(DigitCanvas::kSide, DigitCanvas::kSide, rgba);
    }
    list->AddImage(ui::texture_id(picture_.id()), at, max);
  }
  list->AddRect(at, max, ImGui::IsItemHovered() ? ui::theme().accent : ui::theme().hairline,
                ui::px(ui::kRadius), 0, ui::line_width(1));
  if (empty)
    ui::draw_centred(list, ui::Type::kNote, at.x + 0.5F * side, at.y + 0.5F * side, ui::theme().faint,
                     "with the mouse", 0.5F);
}

void TrainingCanvas::answer(const TrainingSession& session, const Dataset& data, const Rect& area) const {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const auto& answer = session.run().answer;
  const bool known =
      answer && !canvas_.empty() && answer->probabilities.size() == static_cast<std::size_t>(data.classes);
  const int count = std::min(data.classes, 10);
  const float row = area.height() / static_cast<float>(std::max(count, 1));
  float names = 0.0F;
  for (int c = 0; c < count; ++c)
    names = std::max(names, ui::text_width(ui::Type::kNote, class_name(data, c)));
  names = std::min(names, 0.45F * area.width());
  const float numbers = ui::text_width(ui::Type::kNote, "100 %");
  const float left = area.min.x + names + ui::px(8);
  const float right = area.max.x - numbers - ui::px(6);
  if (known) ui::mark("answer", area.min, area.max);
  const auto best = known ? std::max_element(answer->probabilities.begin(), answer->probabilities.end()) -
                                answer->probabilities.begin()
                          : -1;
  for (int c = 0; c < count; ++c) {
    const float middle = area.min.y + (static_cast<float>(c) + 0.5F) * row;
    const bool first = c == best;
    const ui::Colour ink = first ? ui::theme().text : ui::theme().dim;
    ui::draw_centred(list, first ? ui::Type::kStrong : ui::Type::kNote, area.min.x, middle, ink,
                     ui::elided(ui::Type::kNote, class_name(data, c), names + 1.0F));
    const float half = std::max(2.0F, std::floor(0.28F * row));
    if (right - left < ui::px(12)) continue;
    list->AddRectFilled({left, middle - half}, {right, middle + half}, ui::theme().track, ui::px(2));
    if (!known) continue;
    const double p = answer->probabilities[static_cast<std::size_t>(c)];
    if (!std::isfinite(p)) continue;
    list->AddRectFilled({left, middle - half}, {left + static_cast<float>(p) * (right - left), middle + half},
                        first ? ui::theme().accent : ui::theme().faint, ui::px(2));
    ui::draw_centred(list, ui::Type::kNote, area.max.x, middle, ink,
                     ui::integer(std::llround(100.0 * p)) + " %", 1.0F);
  }
}

void TrainingCanvas::hand_over(TrainingSession& session, const Dataset& data) {
  const std::size_t pixels = static_cast<std::size_t>(data.features);
  if (canvas_.empty()) {
    session.drawing = nullptr;
    return;
  }
  if (session.drawing && handed_ == canvas_.version() && session.drawing->pixels.size() == pixels) return;
  handed_ = canvas_.version();
  session.drawing =
      std::make_shared<const Drawing>(Drawing{handed_, canvas_.picture(data.shape[2], data.shape[1])});
}

}  // namespace thalweg

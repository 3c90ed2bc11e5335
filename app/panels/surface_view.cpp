#include "app/panels/surface_view.hpp"

#include <algorithm>

#include "app/panels/transport_panel.hpp"
#include "app/ui/compat.hpp"

namespace thalweg {

Result<std::unique_ptr<View>> SurfaceView::create(std::function<void()> wake) {
  auto map = MapPanel::create(wake);
  if (!map) return map.error();
  return std::unique_ptr<View>(new SurfaceView(std::move(*map), std::move(wake)));
}

void SurfaceView::draw(Frame& frame, const Rect& area) {
  const float points = area.width() / ui::scale();
  // Wide: three columns. Narrow (a small window, or a large scale): the charts give way, then shrink.
  const float left_width = ui::px(points >= 1160 ? 324 : points >= 700 ? 272 : 232);
  const bool curves = frame.scene().view.text("layout") == "curves";
  const float right_width = curves ? 0.0F : ui::px(points >= 1400 ? 364 : points >= 1160 ? 332 : points >= 1000 ? 280 : points >= 820 ? 240 : 0);
  const float bottom_height = ui::px(52);
  const Rect left{area.min, {area.min.x + left_width, area.max.y - bottom_height}};
  const Rect right{{area.max.x - right_width, area.min.y}, {area.max.x, area.max.y - bottom_height}};
  const Rect middle{{left.max.x, area.min.y}, {right.min.x, area.max.y - bottom_height}};
  const Rect bottom{{area.min.x, area.max.y - bottom_height}, area.max};

  ImDrawList* list = ImGui::GetWindowDrawList();
  const ui::Colour line = ui::theme().hairline;
  const float rule = ui::line_width(1);

  if (curves) {
    // Its row of pages stands beside the switch, which belongs to the middle whatever it shows.
    insight_.draw(frame, session_, middle, ui::px(256));
  } else {
    map_->draw(frame, session_, middle);
  }
  if (frame.scene().start.size() > 1 || curves) draw_layout_switch(frame, middle);

  ImGui::SetCursorScreenPos(left.min);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {ui::px(14), ui::px(12)});
  ui::begin_child("setup", {left.width(), left.height()}, false, ImGuiWindowFlags_AlwaysUseWindowPadding);
  setup_.draw(frame, session_);
  ImGui::EndChild();
  ImGui::PopStyleVar();
  if (right_width > 0) insight_.draw(frame, session_, right);
  list->AddLine({left.max.x, left.min.y}, left.max, line, rule);
  list->AddLine(right.min, {right.min.x, right.max.y}, line, rule);
  list->AddLine(bottom.min, {bottom.max.x, bottom.min.y}, line, rule);
  draw_transport(frame, bottom);
}

void SurfaceView::key(Frame& frame, const KeyPress& press) {
  const std::int64_t many = press.shift ? 100 : 1;
  switch (press.key) {
    case Key::kSpace: frame.player.toggle(); break;
    case Key::kRight: step_by(frame, many); break;
    case Key::kLeft: step_by(frame, -many); break;
    case Key::kHome: frame.player.seek(frame.editor, 0); break;
    case Key::kEnd: frame.player.seek(frame.editor, frame.run->race.steps()); break;
    case Key::kR: restart(frame); break;
    default: break;
  }
}

}  // namespace thalweg

#include "app/panels/training_lab.hpp"

#include <algorithm>

#include "app/panels/training_transport.hpp"
#include "app/ui/compat.hpp"

namespace thalweg {

void TrainingLab::draw(Frame& frame, const Rect& area) {
  session_.synchronise(frame);
  const float points = area.width() / ui::scale();
  const float left_width = ui::px(points >= 1160 ? 324 : points >= 700 ? 272 : 232);
  const float bottom_height = ui::px(52);
  const Rect left{area.min, {area.min.x + left_width, area.max.y - bottom_height}};
  const Rect centre{{left.max.x, area.min.y}, {area.max.x, area.max.y - bottom_height}};
  const Rect bottom{{area.min.x, area.max.y - bottom_height}, area.max};

  ImGui::SetCursorScreenPos(left.min);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {ui::px(14), ui::px(12)});
  ui::begin_child("setup", {left.width(), left.height()}, false, ImGuiWindowFlags_AlwaysUseWindowPadding);
  setup_.draw(frame, session_);
  ImGui::EndChild();
  ImGui::PopStyleVar();
  middle(frame, centre);

  ImDrawList* list = ImGui::GetWindowDrawList();
  const ui::Colour line = ui::theme().hairline;
  const float rule = ui::line_width(1);
  list->AddLine({left.max.x, left.min.y}, left.max, line, rule);
  list->AddLine(bottom.min, {bottom.max.x, bottom.min.y}, line, rule);
  draw_training_transport(frame, session_, bottom);
  session_.synchronise(frame);
}

void TrainingLab::middle(Frame& frame, const Rect& area) {
  const float pad = ui::px(14);
  const Rect inner{{area.min.x + pad, area.min.y + ui::px(10)}, {area.max.x - pad, area.max.y - ui::px(10)}};
  const TrainingSnapshot& run = session_.run();
  if (run.error && run.lanes.empty()) {
    ImGui::SetCursorScreenPos(inner.min);
    ui::begin_child("trouble", {inner.width(), inner.height()});
    const ui::Scope scope("trouble");
    if (ui::empty_state("state", "This can't be trained yet", run.error->text(), "Try again")) session_.restart(frame);
    ImGui::EndChild();
    return;
  }
  const float half = std::floor(0.5F * inner.height());
  curves_.draw(frame, session_, {inner.min, {inner.max.x, inner.min.y + half}});
  curves_.draw_rate(frame, session_, {{inner.min.x, inner.min.y + half + ui::px(8)}, inner.max});
}

void TrainingLab::key(Frame& frame, const KeyPress& press) {
  switch (press.key) {
    case Key::kSpace: session_.toggle(frame); break;
    case Key::kRight: {
      const TrainingSnapshot::Lane* lane = session_.selected_lane();
      session_.step(press.shift && lane ? lane->view.steps_per_epoch : 1);
      break;
    }
    case Key::kR:
      session_.restart(frame);
      session_.train();
      break;
    default: break;
  }
}

}  // namespace thalweg

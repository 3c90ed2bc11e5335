#include "app/panels/transport_panel.hpp"

#include <algorithm>
#include <cmath>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {

void step_by(Frame& frame, std::int64_t steps) {
  frame.player.seek(frame.editor, std::max<std::int64_t>(0, frame.scene().step + steps));
}

void restart(Frame& frame) {
  frame.player.seek(frame.editor, 0);
  // What was changed on the way belongs to the run that ends here.
  propose(frame, {}, {}, [](Scene& scene) {
    for (SceneOptimizer& optimizer : scene.optimizers) optimizer.live.changes.clear();
    scene.gradient.changes.clear();
  });
  frame.player.reset();
}

void draw_transport(Frame& frame, const Rect& area) {
  const ui::Scope scope("transport");
  const Scene& scene = frame.scene();
  const bool playing = frame.player.playing();
  const float middle = 0.5F * (area.min.y + area.max.y);
  float x = area.min.x + ui::px(12);
  const auto place = [&](float size) {
    ImGui::SetCursorScreenPos({x, middle - 0.5F * ui::px(size)});
    x += ui::px(size + 4);
  };
  place(28);
  if (ui::icon_button("rewind", ui::Icon::kRewind, {.tooltip = "To the start (Home)"}))
    frame.player.seek(frame.editor, 0);
  place(28);
  if (ui::icon_button("back", ui::Icon::kStepBack, {.enabled = scene.step > 0, .tooltip = "One step back (←; with Shift 100)"}))
    step_by(frame, -1);
  place(36);
  if (ui::icon_button("play", playing ? ui::Icon::kPause : ui::Icon::kPlay,
                      {.size = 36, .icon = 16, .primary = true, .tooltip = playing ? "Pause (Space)" : "Play (Space)"}))
    frame.player.toggle();
  place(28);
  if (ui::icon_button("step", ui::Icon::kStep, {.tooltip = "One step on (→; with Shift 100)"})) step_by(frame, 1);

  const auto total = static_cast<std::int64_t>(scene.run.number("steps"));
  const std::string count = ui::integer(scene.step);
  const std::string of = " / " + ui::integer(total);
  ImDrawList* list = ImGui::GetWindowDrawList();
  x += ui::px(6);
  const bool narrow = area.width() < ui::px(760);
  if (!narrow) x += ui::draw_centred(list, ui::Type::kNormal, x, middle, ui::theme().dim, "step ");
  // As wide as it can get, so that the timeline does not move.
  const float count_width = ui::text_width(ui::Type::kStrong, ui::integer(total));
  ui::draw_centred(list, ui::Type::kStrong, x + count_width, middle, ui::theme().text, count, 1.0F);
  x += count_width;
  x += ui::draw_centred(list, ui::Type::kNormal, x, middle, ui::theme().dim, of) + ui::px(16);

  // Where there is no room for both, the timeline stays and the speed goes.
  const float speed_width = narrow ? ui::px(178) : ui::px(250);
  const bool with_speed = area.max.x - speed_width - ui::px(16) - x > ui::px(140);
  const float speed_left = with_speed ? area.max.x - speed_width - ui::px(16) : area.max.x;
  std::vector<ui::TimelineEvent> events;
  for (const SceneOptimizer& optimizer : scene.optimizers) {
    const OptimizerDescriptor& descriptor = *find_optimizer(optimizer.live.spec.id);
    for (const Change& change : optimizer.live.changes)
      events.push_back({static_cast<double>(change.step),
                        "step " + ui::integer(change.step) + ": " + descriptor.label + ", " + change.key + " = " +
                            ui::value_text(*descriptor.find(change.key), change.value)});
  }
  std::string parent;
  for (std::size_t i = 0; i < std::min(frame.run->runs.size(), scene.optimizers.size()); ++i) {
    const Fork& fork = frame.run->runs[i].fork;
    if (fork.parent.empty()) continue;
    parent = fork.parent;
    events.push_back({static_cast<double>(fork.step), find_optimizer(scene.optimizers[i].live.spec.id)->label +
                                                          ": fork of " + parent.substr(0, 8) + " at step " +
                                                          ui::integer(fork.step)});
  }
  for (const Change& change : scene.gradient.changes)
    events.push_back({static_cast<double>(change.step),
                      "step " + ui::integer(change.step) + ": " + change.key + " = " +
                          ui::value_text(*gradient_descriptor().find(change.key), change.value)});
  float right = speed_left - ui::px(20);
  if (!parent.empty()) {
    const std::string text = "fork of " + parent.substr(0, 8);
    const float width = ui::text_width(ui::Type::kNote, text) + ui::px(18);
    if (right - width - x > ui::px(160)) {
      ImGui::SetCursorScreenPos({right - width, middle - ui::px(12)});
      if (ui::chip("fork", text, "An optimizer left another run (marked on the timeline). Click to open that one"))
        frame.open_run(parent, std::nullopt);
      right -= width + ui::px(12);
    }
  }
  double position = static_cast<double>(scene.step);
  ImGui::SetCursorScreenPos({x, middle - ui::px(12)});
  if (right - x > ui::px(40) &&
      ui::timeline("timeline", position, static_cast<double>(frame.run->race.steps()),
                   std::max(1.0, static_cast<double>(total)), events, right - x))
    frame.player.seek(frame.editor, std::llround(position));

  if (!with_speed) return;
  Parameter parameter = *view_descriptor().find("speed");
  if (narrow) parameter.label.clear();
  Value speed = *scene.view.find("speed");
  ImGui::SetCursorScreenPos({speed_left, middle - ui::px(12)});
  ui::begin_child("speed-box", {speed_width, ui::px(26)}, false, ImGuiWindowFlags_NoScrollbar);
  ui::Edit edit;
  if (ui::parameter_row(parameter, speed, ui::theme().accent, &edit, {.columns = {narrow ? 4.0F : 44.0F, 88.0F}}))
    propose(frame, edit, "view.speed", [&](Scene& next) { *next.view.find("speed") = speed; });
  ImGui::EndChild();
}

}  // namespace thalweg

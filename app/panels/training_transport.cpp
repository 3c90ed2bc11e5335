#include "app/panels/training_transport.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"
#include "core/optimizer/optimizer.hpp"

namespace thalweg {
namespace {

struct Progress {
  std::int64_t step = 0;  ///< of the lane that is furthest
  std::int64_t budget = 0;
  std::int64_t per_epoch = 1;
  double share = 0.0;  ///< of all updates of all lanes
  double samples_left = 0.0;
};

Progress progress_of(const TrainingSnapshot& run) {
  Progress out;
  double made = 0.0, all = 0.0;
  for (const TrainingSnapshot::Lane& lane : run.lanes) {
    const std::int64_t steps = lane.view.steps.rows();
    const bool over = lane.view.outcome != Outcome::kRunning;
    out.step = std::max(out.step, steps);
    out.budget = std::max(out.budget, lane.view.budget);
    out.per_epoch = std::max<std::int64_t>(1, lane.view.steps_per_epoch);
    made += static_cast<double>(over ? lane.view.budget : steps);
    all += static_cast<double>(lane.view.budget);
    const Spec& training = lane.settings->training.spec;
    if (!over)
      out.samples_left += static_cast<double>(lane.view.budget - steps) * training.number("batch") *
                          training.number("accumulate");
  }
  out.share = all > 0.0 ? made / all : 0.0;
  return out;
}

/// How it stands, in a word or two.
std::string state_of(const TrainingSession& session) {
  const TrainingSnapshot& run = session.run();
  if (run.loading) return "loading";
  if (run.error && run.lanes.empty()) return "can't train";
  if (run.finished()) return session.stopped() ? "stopped" : "done";
  if (session.training()) return "training";
  return session.began() ? "paused" : "ready";
}

void draw_bar(const Frame& frame, const Progress& progress, float left, float right, float middle) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float half = ui::px(3);
  list->AddRectFilled({left, middle - half}, {right, middle + half}, ui::theme().track, half);
  const float end = left + (right - left) * static_cast<float>(progress.share);
  if (end > left + 1.0F)
    list->AddRectFilled({left, middle - half}, {end, middle + half}, ui::theme().accent, half);
  // Ends of epochs, where they do not crowd, and what was changed on the way.
  const std::int64_t epochs = progress.budget / progress.per_epoch;
  const auto place = [&](double step) {
    return std::round(left + (right - left) * static_cast<float>(step / std::max(1.0, static_cast<double>(
                                                                                          progress.budget))));
  };
  if (epochs > 1 && epochs * 8 < static_cast<std::int64_t>((right - left) / ui::scale()))
    for (std::int64_t e = 1; e < epochs; ++e) {
      const float x = place(static_cast<double>(e * progress.per_epoch));
      list->AddRectFilled({x, middle - half}, {x + ui::line_width(1), middle + half}, ui::theme().panel);
    }
  std::string events;
  const auto add = [&](const Change& change, const Descriptor& descriptor) {
    const float x = place(static_cast<double>(change.step));
    list->AddTriangleFilled({x - ui::px(4), middle - ui::px(11)}, {x + ui::px(4), middle - ui::px(11)},
                            {x, middle - ui::px(5)}, ui::theme().warning);
    if (events.size() < 600)
      events += "\nstep " + ui::integer(change.step) + ": " + descriptor.label + ", " + change.key + " = " +
                ui::value_text(*descriptor.find(change.key), change.value);
  };
  const TrainingScene& training = frame.scene().training;
  for (const SceneOptimizer& optimizer : training.optimizers)
    for (const Change& change : optimizer.live.changes) add(change, *find_optimizer(optimizer.live.spec.id));
  for (const Change& change : training.training.changes) add(change, training_descriptor());
  ImGui::SetCursorScreenPos({left, middle - ui::px(12)});
  ImGui::InvisibleButton("progress", {std::max(1.0F, right - left), ui::px(24)});
  ui::mark("progress", {left, middle - ui::px(12)}, {right, middle + ui::px(12)});
  ui::tooltip("Share of all updates made." + (events.empty() ? "" : "\nChanged on the way:" + events));
}

}  // namespace

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds)) return "";
  const auto whole = static_cast<long long>(std::ceil(seconds));
  char text[32];
  if (whole >= 3600)
    std::snprintf(text, sizeof text, "%lld h %lld min", whole / 3600, whole % 3600 / 60);
  else
    std::snprintf(text, sizeof text, "%lld:%02lld", whole / 60, whole % 60);
  return text;
}

void draw_training_transport(Frame& frame, TrainingSession& session, const Rect& area) {
  const ui::Scope scope("transport");
  const TrainingSnapshot& run = session.run();
  const float middle = 0.5F * (area.min.y + area.max.y);
  float x = area.min.x + ui::px(12);
  const auto place = [&](float size) {
    ImGui::SetCursorScreenPos({x, middle - 0.5F * ui::px(size)});
    x += ui::px(size + 4);
  };
  const bool training = session.training();
  const bool over = session.stopped() || run.finished();
  place(28);
  if (ui::icon_button("restart", ui::Icon::kRewind,
                      {.enabled = session.began(), .tooltip = "Start again from new weights (R)"})) {
    session.pause();
    session.restart(frame);
  }
  place(36);
  if (ui::icon_button("play", training ? ui::Icon::kPause : ui::Icon::kPlay,
                      {.size = 36,
                       .icon = 16,
                       .primary = true,
                       .tooltip = training ? "Pause (Space)"
                                  : over   ? "Train again from new weights (Space)"
                                           : "Train (Space)"}))
    session.toggle(frame);
  place(28);
  if (ui::icon_button(
          "step", ui::Icon::kStep,
          {.enabled = !over && !run.lanes.empty(), .tooltip = "One update (→; with Shift an epoch)"}))
    session.step(1);
  place(28);
  if (ui::icon_button(
          "stop", ui::Icon::kStop,
          {.enabled = session.began() && !over, .tooltip = "End the run here and keep what was measured"}))
    session.stop();

  const Progress progress = progress_of(run);
  ImDrawList* list = ImGui::GetWindowDrawList();
  x += ui::px(8);
  const auto word = [&](ui::Type type, ui::Colour colour, const std::string& text) {
    x += ui::draw_centred(list, type, x, middle, colour, text);
  };
  const bool narrow = area.width() < ui::px(820);
  const std::string state = state_of(session);
  ui::draw_centred(list, ui::Type::kStrong, x, middle,
                   run.error && run.lanes.empty() ? ui::theme().error : ui::theme().text, state);
  x += std::max(ui::text_width(ui::Type::kStrong, "training"), ui::text_width(ui::Type::kStrong, state)) +
       ui::px(16);
  if (progress.budget > 0) {
    const std::int64_t epochs = (progress.budget + progress.per_epoch - 1) / progress.per_epoch;
    word(ui::Type::kNormal, ui::theme().dim, "epoch ");
    const double epoch = static_cast<double>(progress.step) / static_cast<double>(progress.per_epoch);
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", std::floor(epoch * 10.0) / 10.0);
    const float width = ui::text_width(ui::Type::kStrong, std::to_string(epochs) + ".0");
    ui::draw_centred(list, ui::Type::kStrong, x + width, middle, ui::theme().text, text, 1.0F);
    x += width;
    word(ui::Type::kNormal, ui::theme().dim, " / " + ui::integer(epochs));
    x += ui::px(16);
    if (!narrow) {
      word(ui::Type::kNormal, ui::theme().dim, "step ");
      const float step_width = ui::text_width(ui::Type::kStrong, ui::integer(progress.budget));
      ui::draw_centred(list, ui::Type::kStrong, x + step_width, middle, ui::theme().text,
                       ui::integer(progress.step), 1.0F);
      x += step_width;
      word(ui::Type::kNormal, ui::theme().dim, " / " + ui::integer(progress.budget));
      x += ui::px(16);
    }
  }
  // What was measured is not the same from run to run: pictures do without.
  float right = area.max.x - ui::px(16);
  if (!frame.synchronous && training && run.samples_per_second > 0.0) {
    const std::string left = duration_text(progress.samples_left / run.samples_per_second) + " left";
    const std::string rate =
        ui::integer(static_cast<std::int64_t>(std::round(run.samples_per_second / 1000.0)) * 1000) +
        " samples/s";
    const float room = ui::text_width(ui::Type::kNormal, "000 000 samples/s");
    if (!narrow) {
      ui::draw_centred(list, ui::Type::kNormal, right, middle, ui::theme().dim, rate, 1.0F);
      right -= room + ui::px(12);
    }
    ui::draw_centred(list, ui::Type::kNormal, right, middle, ui::theme().text, left, 1.0F);
    right -= ui::text_width(ui::Type::kNormal, "00:00 left") + ui::px(16);
  }
  if (right - x > ui::px(60)) draw_bar(frame, progress, x, right, middle);
}

}  // namespace thalweg

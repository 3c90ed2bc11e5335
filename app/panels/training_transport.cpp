#include "app/panels/training_transport.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "app/panels/device_rows.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"
#include "core/optimizer/optimizer.hpp"

namespace thalweg {
namespace {

struct Progress {
  std::int64_t step = 0;  ///< of the lane that is furthest
  std::int64_t budget = 0;
  std::int64_t per_epoch = 1;
  double samples_left = 0.0;
};

Progress progress_of(const TrainingSession& session) {
  const TrainingSnapshot& run = session.run();
  Progress out;
  for (const TrainingSnapshot::Lane& lane : run.lanes) {
    const std::int64_t steps = lane.view.steps.rows();
    const bool over = lane.view.outcome != Outcome::kRunning;
    out.budget = std::max(out.budget, lane.view.budget);
    out.per_epoch = std::max<std::int64_t>(1, lane.view.steps_per_epoch);
    const Spec& training = lane.settings->training.spec;
    if (!over)
      out.samples_left += static_cast<double>(lane.view.budget - steps) * training.number("batch") *
                          training.number("accumulate");
  }
  out.step = session.shown_step();
  return out;
}

/// How it stands, in a word or two.
std::string state_of(const TrainingSession& session) {
  const TrainingSnapshot& run = session.run();
  if (run.loading) return "loading";
  if (session.device_failed()) return run.device_lost ? "device failed" : "can't train";
  if (run.choosing) return "measuring";
  if (run.error && run.lanes.empty()) return "can't train";
  if (session.looking_back()) return "looking back";
  if (run.replaying) return "replaying";
  if (run.finished()) return session.stopped() ? "stopped" : "done";
  if (session.training()) return "training";
  return session.began() ? "paused" : "ready";
}

std::string fork_text(const Fork& fork) {
  return "fork of " + fork.parent.substr(0, 8) + " at step " + ui::integer(fork.step);
}

std::vector<ui::TimelineEvent> events_of(const Frame& frame, const TrainingSession& session) {
  std::vector<ui::TimelineEvent> out;
  const auto add = [&](const Change& change, const Descriptor& descriptor) {
    out.push_back({static_cast<double>(change.step),
                   "step " + ui::integer(change.step) + ": " + descriptor.label + ", " + change.key + " = " +
                       ui::value_text(*descriptor.find(change.key), change.value)});
  };
  const TrainingScene& training = frame.scene().training;
  for (const SceneOptimizer& optimizer : training.optimizers)
    for (const Change& change : optimizer.live.changes) add(change, *find_optimizer(optimizer.live.spec.id));
  for (const Change& change : training.training.changes) add(change, training_descriptor());
  for (const TrainingSnapshot::Lane& lane : session.run().lanes)
    if (lane.fork.step > 0)
      out.push_back({static_cast<double>(lane.fork.step),
                     find_optimizer(lane.settings->optimizer.spec.id)->label + ": " +
                         (lane.fork.parent.empty() ? "went back to step " + ui::integer(lane.fork.step)
                                                   : fork_text(lane.fork))});
  return out;
}

void draw_timeline(Frame& frame, TrainingSession& session, const Progress& progress, float left, float right,
                   float middle) {
  double position = static_cast<double>(progress.step);
  ImGui::SetCursorScreenPos({left, middle - ui::px(14)});
  if (ui::timeline("timeline", position, static_cast<double>(session.run().steps()),
                   std::max(1.0, static_cast<double>(progress.budget)), events_of(frame, session),
                   right - left))
    session.scrub(std::llround(position));
  // Ends of epochs, where they do not crowd.
  const std::int64_t epochs = progress.budget / progress.per_epoch;
  if (epochs < 2 || epochs * 8 >= static_cast<std::int64_t>((right - left) / ui::scale())) return;
  const float from = left + ui::px(8), to = right - ui::px(8);
  for (std::int64_t e = 1; e < epochs; ++e) {
    const double share = static_cast<double>(e * progress.per_epoch) / static_cast<double>(progress.budget);
    const float x = std::round(from + (to - from) * static_cast<float>(share));
    ImGui::GetWindowDrawList()->AddRectFilled({x, middle + ui::px(6)},
                                              {x + ui::line_width(1), middle + ui::px(9)}, ui::theme().faint);
  }
}

/// Whose fork the selected network's run is; a click opens that one. @return its width in pixels, 0: none
float draw_fork(Frame& frame, const TrainingSession& session, float right, float middle, float room) {
  const TrainingSnapshot::Lane* lane = session.selected_lane();
  if (!lane || lane->fork.parent.empty()) return 0.0F;
  const std::string text = "fork of " + lane->fork.parent.substr(0, 8);
  const float width = ui::text_width(ui::Type::kNote, text) + ui::px(18);
  if (width > room) return 0.0F;
  ImGui::SetCursorScreenPos({right - width, middle - ui::px(12)});
  if (ui::chip("fork", text, fork_text(lane->fork) + ". Click to open that run"))
    frame.open_run(lane->fork.parent, lane->fork.step);
  return width + ui::px(12);
}

/// What it is trained on, or the way on where that has failed. @return its width in pixels
float draw_device(Frame& frame, TrainingSession& session, float right, float middle, float room) {
  if (session.device_failed()) {
    const char* const label = room < ui::px(360) ? "Use the CPU" : session.began() ? "Continue on the CPU" : "Train on the CPU";
    const float width = ui::text_width(ui::Type::kNormal, label) + ui::px(28);
    ImGui::SetCursorScreenPos({right - width, middle - 0.5F * ui::px(ui::kControl)});
    if (ui::button("continue_cpu", label, true)) session.continue_on_cpu(frame);
    ui::tooltip(session.run().device_failure->text());
    return width + ui::px(12);
  }
  const DeviceWords words = device_words(frame.scene().training.device, session.run());
  const auto width_of = [](const std::string& label) { return ui::text_width(ui::Type::kNote, label) + ui::px(18); };
  const std::string& label = width_of(words.label) > room - ui::px(300) ? words.brief : words.label;
  const float width = width_of(label);
  if (width > room - ui::px(60)) return 0.0F;
  ImGui::SetCursorScreenPos({right - width, middle - ui::px(12)});
  if (ui::chip("device", label, words.tooltip)) session.device_asked_for = true;
  return width + ui::px(12);
}

}  // namespace

std::string time_left_text(double seconds) {
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
  const bool back = session.looking_back();
  const bool over = !back && (session.stopped() || run.finished());
  place(28);
  if (ui::icon_button("restart", ui::Icon::kRewind,
                      {.enabled = session.began(), .tooltip = "Start again from new weights (R)"})) {
    session.pause();
    session.restart(frame);
  }
  place(28);
  if (ui::icon_button("back", ui::Icon::kStepBack,
                      {.enabled = session.shown_step() > 0,
                       .tooltip = "One update back (←; with Shift an epoch, Home: to the start)"}))
    session.step(-1);
  place(36);
  if (ui::icon_button(
          "play", training ? ui::Icon::kPause : ui::Icon::kPlay,
          {.size = 36,
           .icon = 16,
           .primary = true,
           .tooltip = training ? "Pause (Space)"
                      : !back && session.device_failed() ? "Continue on the CPU (Space)"
                      : back   ? "Train on from here, as a fork: the run so far stays as it is (Space)"
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

  const Progress progress = progress_of(session);
  ImDrawList* list = ImGui::GetWindowDrawList();
  x += ui::px(8);
  const auto word = [&](ui::Type type, ui::Colour colour, const std::string& text) {
    x += ui::draw_centred(list, type, x, middle, colour, text);
  };
  const bool narrow = area.width() < ui::px(820);
  const std::string state = state_of(session);
  const bool trouble = session.device_failed() || (run.error && run.lanes.empty());
  ui::draw_centred(list, ui::Type::kStrong, x, middle, trouble ? ui::theme().error : ui::theme().text, state);
  x += std::max(ui::text_width(ui::Type::kStrong, "looking back"), ui::text_width(ui::Type::kStrong, state)) +
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
    const std::string left = time_left_text(progress.samples_left / run.samples_per_second) + " left";
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
  if (back) {
    const char* const label = narrow ? "End" : "To the end";
    const float width = ui::text_width(ui::Type::kNote, label) + ui::px(18);
    ImGui::SetCursorScreenPos({right - width, middle - ui::px(12)});
    if (ui::chip("front", label, "Back to where the run is (End)")) session.show_front();
    right -= width + ui::px(12);
  }
  right -= draw_device(frame, session, right, middle, right - x);
  right -= draw_fork(frame, session, right, middle, right - x - ui::px(160));
  if (progress.budget > 0 && right - x > ui::px(60))
    draw_timeline(frame, session, progress, x, right, middle);
}

}  // namespace thalweg

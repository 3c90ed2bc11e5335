#include "app/player.hpp"

#include <algorithm>
#include <cmath>

namespace thalweg {

void Player::show(Editor& editor, std::int64_t step) {
  shown_ = step;
  if (step == editor.scene().step) return;
  Scene next = editor.scene();
  next.step = step;
  editor.apply(std::move(next));
}

void Player::seek(Editor& editor, std::int64_t step) {
  playing_ = false;
  const auto budget = static_cast<std::int64_t>(editor.scene().run.number("steps"));
  show(editor, std::clamp<std::int64_t>(step, 0, budget));
  clock_ = static_cast<double>(shown_);
}

std::int64_t Player::advance(Editor& editor, const RunSnapshot& snapshot, double seconds) {
  const Scene& scene = editor.scene();
  const auto budget = static_cast<std::int64_t>(scene.run.number("steps"));
  const std::int64_t recorded = snapshot.race.steps();
  // A snapshot of other settings says nothing about how far these are.
  const bool current = snapshot.settings == scene.race();
  std::int64_t step = std::min(scene.step, budget);
  if (playing_) {
    if (begins_) clock_ = static_cast<double>(step);
    const std::int64_t available = std::max(current ? recorded : 0, step);
    if (scene.view.is_off("speed")) {
      reach_ = budget;
      step = available;
    } else {
      const double speed = scene.view.number("speed");
      if (step != shown_) clock_ = static_cast<double>(step);  // someone else moved the timeline
      clock_ += std::min(seconds, 0.25) * speed;
      // A worker that can't keep up is waited for, with a quarter of a second's steps to do.
      clock_ = std::min({clock_, static_cast<double>(available) + 1.0 + 0.25 * speed, static_cast<double>(budget)});
      const auto wanted = static_cast<std::int64_t>(clock_);
      reach_ = std::max(reach_, wanted);
      step = std::min(wanted, available);
    }
    const bool over = (current && snapshot.arrived && snapshot.race.finished() && step >= recorded) || step >= budget;
    if (over && begins_ && budget > 0) {
      step = 0;
      clock_ = 0.0;
    } else if (over) {
      playing_ = false;
    }
    begins_ = begins_ && !current;
  }
  show(editor, step);
  reach_ = std::min(std::max(reach_, step), budget);
  return reach_;
}

}  // namespace thalweg

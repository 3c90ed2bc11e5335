#include "app/player.hpp"

#include <algorithm>
#include <cmath>

namespace thalweg {

void Player::show(Editor& editor, std::int64_t step) const {
  if (step == editor.scene().step) return;
  Scene next = editor.scene();
  next.step = step;
  editor.apply(std::move(next));
}

void Player::toggle(Editor& editor, const RunSnapshot& snapshot) {
  playing_ = !playing_;
  if (playing_ && snapshot.race.finished() && editor.scene().step >= snapshot.race.steps()) show(editor, 0);
}

void Player::seek(Editor& editor, std::int64_t step) {
  playing_ = false;
  fraction_ = 0.0;
  const auto budget = static_cast<std::int64_t>(editor.scene().run.number("steps"));
  show(editor, std::clamp<std::int64_t>(step, 0, budget));
}

std::int64_t Player::advance(Editor& editor, const RunSnapshot& snapshot, double seconds) {
  const Scene& scene = editor.scene();
  const auto budget = static_cast<std::int64_t>(scene.run.number("steps"));
  const std::int64_t recorded = snapshot.race.steps();
  // A snapshot of other settings says nothing about how far these are.
  const bool current = snapshot.settings == scene.race();
  std::int64_t step = std::min(scene.step, budget);
  if (playing_) {
    if (scene.view.is_off("speed")) {
      reach_ = budget;
      if (current) step = std::max(step, recorded);
    } else {
      const double due = fraction_ + std::min(seconds, 0.25) * scene.view.number("speed");
      const auto whole = static_cast<std::int64_t>(due);
      fraction_ = due - static_cast<double>(whole);
      // Wait for the worker rather than run away from it.
      const std::int64_t wanted = std::min(budget, step + whole);
      reach_ = std::max(reach_, wanted);
      step = current ? std::min(wanted, std::max(recorded, step)) : step;
    }
    const bool ended = current && snapshot.arrived && snapshot.race.finished() && step >= recorded;
    if (ended || step >= budget) playing_ = false;
  }
  show(editor, step);
  reach_ = std::min(std::max(reach_, step), budget);
  return reach_;
}

}  // namespace thalweg

#include "app/editor.hpp"

#include <algorithm>
#include <array>

namespace thalweg {
namespace {

constexpr std::size_t kDeepest = 500;
/// Of the Training view: which page is open.
constexpr std::array kPages{"page", "look", "part"};
/// Of the Schedule view.
constexpr std::array kSchedulePages{"beside", "part"};

/// Where one looks from and at which moment is not an edit: undo leaves it alone.
void keep_standpoint(Scene& scene, const Scene& now) {
  scene.step = now.step;
  *scene.view.find("speed") = *now.view.find("speed");
  scene.training.step = now.training.step;
  for (const char* key : kPages) *scene.training.view.find(key) = *now.training.view.find(key);
  for (const char* key : kSchedulePages) *scene.schedules.view.find(key) = *now.schedules.view.find(key);
}

bool same_but_standpoint(const Scene& a, const Scene& b) {
  Scene copy = b;
  copy.step = a.step;
  copy.camera = a.camera;
  *copy.view.find("speed") = *a.view.find("speed");
  copy.training.step = a.training.step;
  for (const char* key : kPages) *copy.training.view.find(key) = *a.training.view.find(key);
  for (const char* key : kSchedulePages) *copy.schedules.view.find(key) = *a.schedules.view.find(key);
  copy.schedules.selected = a.schedules.selected;
  return copy == a;
}

}  // namespace

void Editor::apply(Scene next, std::string_view group) {
  // A map seen from very far can be dragged over places where no run can begin.
  for (double& coordinate : next.start) coordinate = std::clamp(coordinate, -kFarthestStart, kFarthestStart);
  if (next == *scene_) return;
  const bool grouped = !group.empty() && group == group_;
  if (!same_but_standpoint(*scene_, next)) {
    if (!grouped) {
      past_.push_back(*scene_);
      if (past_.size() > kDeepest) past_.erase(past_.begin());
    }
    future_.clear();
    group_ = group;
  }
  replace(std::move(next));
}

void Editor::replace(Scene next) {
  replaced_.push_back(std::move(scene_));
  scene_ = std::make_unique<const Scene>(std::move(next));
  ++revision_;
}

void Editor::travel(std::vector<Scene>& from, std::vector<Scene>& to) {
  if (from.empty()) return;
  Scene next = std::move(from.back());
  from.pop_back();
  keep_standpoint(next, *scene_);
  if (next.surface.id == scene_->surface.id) next.camera = scene_->camera;
  to.push_back(*scene_);
  replace(std::move(next));
  group_.clear();
}

void Editor::undo() { travel(past_, future_); }
void Editor::redo() { travel(future_, past_); }

}  // namespace thalweg

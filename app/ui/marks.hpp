// Where widgets are, by name, so that scripted tests and lessons find "optimizer.0.lr" whatever the
// layout. Costs nothing unless enabled.
#pragma once

#include <imgui.h>

#include <string>
#include <string_view>

namespace thalweg::ui {

struct MarkRect {
  ImVec2 min;
  ImVec2 max;
  ImVec2 centre() const { return ImVec2(0.5f * (min.x + max.x), 0.5f * (min.y + max.y)); }
  /// A point inside, as parts of its width and height.
  ImVec2 at(float x, float y) const {
    return ImVec2(min.x + x * (max.x - min.x), min.y + y * (max.y - min.y));
  }
};

void enable_marks(bool on);
bool marks_enabled();

/// Registers a rectangle of this frame under the current scopes and `id`. Later ones of the same
/// name win. The marks of a frame stay until the next frame sets its first.
void mark(std::string_view id, ImVec2 min, ImVec2 max);
/// Nothing of that name in the last frame: null.
const MarkRect* find_mark(std::string_view full_id);
/// Every name of the last frame, one a line; for messages of failing tests.
std::string list_marks();

/// Names what is drawn while it lives: "optimizer.0" makes "lr" into "optimizer.0.lr". Also ImGui's
/// ID scope.
class Scope {
 public:
  explicit Scope(std::string_view id);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  std::size_t length_;
};

}  // namespace thalweg::ui

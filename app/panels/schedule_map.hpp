// A small map of the surface with the paths that the schedules make.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "app/gl/blit.hpp"
#include "app/gl/map_renderer.hpp"
#include "app/map/path_lines.hpp"
#include "app/view.hpp"
#include "app/work/field_worker.hpp"
#include "core/descent/descent.hpp"

namespace thalweg {

/// One path on it.
struct SchedulePath {
  DescentView lane;
  int colour = 0;  ///< index into the palette
  std::string name;
};

class ScheduleMap {
 public:
  explicit ScheduleMap(std::function<void()> wake) : wake_(std::move(wake)) {}

  /// Drag and wheel look around, a double click shows all of it again. Mark "map".
  /// @param surface  of two variables or more
  void draw(Frame& frame, const std::shared_ptr<const Surface>& surface,
            const std::vector<SchedulePath>& paths, const Rect& area);

 private:
  bool start(Frame& frame);
  void ground(Frame& frame, const std::shared_ptr<const Surface>& surface, const Plane& plane,
              const Rect& area);
  void input(const Plane& plane);
  void draw_paths(const Surface& surface, const std::vector<SchedulePath>& paths, const Plane& plane);

  std::function<void()> wake_;
  std::unique_ptr<MapRenderer> renderer_;
  std::unique_ptr<FieldWorker> worker_;
  Blit blit_;
  std::shared_ptr<const Picture> picture_;
  Scene look_;  ///< the Scene with a camera of its own: session only, as the zoom of a chart
  std::vector<PathLine> lines_;
};

}  // namespace thalweg

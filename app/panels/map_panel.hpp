// The centre of the Surface view: the surface from above and in 3D, or as a curve, with everything
// that is drawn over it. Dragging moves start and camera; nothing else is changed from here.
#pragma once

#include <memory>
#include <vector>

#include "app/gl/blit.hpp"
#include "app/gl/map_renderer.hpp"
#include "app/gl/mesh_renderer.hpp"
#include "app/map/camera.hpp"
#include "app/map/path_lines.hpp"
#include "app/panels/session.hpp"
#include "app/work/field_worker.hpp"

namespace thalweg {

/// Map, 3D, both or the curves, in the upper right corner of `area`.
void draw_layout_switch(Frame& frame, const Rect& area);

class MapPanel {
 public:
  /// A GL context is current. `wake` as FieldWorker's.
  static Result<std::unique_ptr<MapPanel>> create(std::function<void()> wake);

  void draw(Frame& frame, Session& session, const Rect& area);

 private:
  MapPanel(MapRenderer map, MeshRenderer mesh, std::function<void()> wake)
      : map_(std::move(map)), mesh_(std::move(mesh)), worker_(std::move(wake)) {}

  void refresh(Frame& frame, const Surface& surface, const Plane& plane, bool mesh);
  void draw_map(Frame& frame, Session& session, const Surface& surface, const Plane& plane);
  void draw_mesh(Frame& frame, const Surface& surface, const Plane& plane, const Rect& area);
  void draw_curve(Frame& frame, Session& session, const Surface& surface, const Plane& plane);
  void map_input(Frame& frame, Session& session, const Surface& surface, const Plane& plane);
  void mesh_input(Frame& frame, const Rect& area);
  void draw_paths(Frame& frame, const Session& session, const Surface& surface, const Plane& plane);
  void update_lanes(Frame& frame, const Plane& plane);
  /// Where the paths go, taken together, when they leave the start.
  Vec2 leaving(Vec2 start) const;

  MapRenderer map_;
  MeshRenderer mesh_;
  FieldWorker worker_;
  Blit map_blit_;  ///< read when the frame is rendered
  Blit mesh_blit_;
  std::shared_ptr<const Picture> picture_;  ///< what the renderers hold
  std::vector<PathLine> paths_;             ///< one for each optimizer
  std::vector<std::size_t> shown_;          ///< the optimizers whose paths are drawn
  std::vector<std::vector<Vec2>> lanes_;    ///< where, one for each of shown_
  std::vector<std::size_t> lane_sizes_;     ///< what lanes_ was worked out from
  std::vector<std::uint64_t> lane_generations_;
};

}  // namespace thalweg

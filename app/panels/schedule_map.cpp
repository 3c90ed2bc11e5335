#include "app/panels/schedule_map.hpp"

#include <algorithm>
#include <cmath>

#include "app/map/camera.hpp"
#include "app/map/draw_path.hpp"
#include "app/panels/map_layers.hpp"
#include "app/panels/map_overlay.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/marks.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

}  // namespace

bool ScheduleMap::start(Frame& frame) {
  if (renderer_) return true;
  auto made = MapRenderer::create();
  if (!made) {
    frame.say(made.error());
    return false;
  }
  renderer_ = std::make_unique<MapRenderer>(std::move(*made));
  worker_ = std::make_unique<FieldWorker>(wake_);
  return true;
}

void ScheduleMap::draw(Frame& frame, const std::shared_ptr<const Surface>& surface,
                       const std::vector<SchedulePath>& paths, const Rect& area) {
  if (!surface || surface->dim() != static_cast<int>(frame.scene().start.size()) ||
      area.width() < ui::px(40) || area.height() < ui::px(40) || !start(frame))
    return;
  const Scene& scene = frame.scene();
  const bool elsewhere = look_.surface != scene.surface;
  const Spec camera = look_.camera;
  look_.surface = scene.surface;
  look_.start = scene.start;
  look_.view = scene.view;
  look_.camera = scene.camera;
  if (elsewhere || camera.values.empty())
    look_at_all(look_);
  else
    look_.camera = camera;
  const Plane plane = plane_of(look_, *surface, area.min.x, area.min.y, area.width(), area.height());
  const ShownAxes axes = shown_axes(look_, *surface);
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->PushClipRect(area.min, area.max, true);
  ground(frame, surface, plane, area);
  input(plane);
  draw_minima(list, plane, *surface, axes);
  draw_paths(*surface, paths, plane);
  draw_minima_names(list, plane, *surface, axes);
  draw_axes(list, plane, axis_label(*surface, axes.x), axis_label(*surface, axes.y));
  list->PopClipRect();
}

void ScheduleMap::ground(Frame& frame, const std::shared_ptr<const Surface>& surface, const Plane& plane,
                         const Rect& area) {
  const ShownAxes axes = shown_axes(look_, *surface);
  const ImVec2 density = ImGui::GetIO().DisplayFramebufferScale;
  PictureRequest request;
  request.field.surface = surface;
  if (surface->dim() > 2) request.field.at = slice_point(look_, *surface);
  request.field.axis_x = axes.x;
  request.field.axis_y = axes.y;
  request.field.x0 = plane.x0;
  request.field.x1 = plane.x1;
  request.field.y0 = plane.y0;
  request.field.y1 = plane.y1;
  request.field.width = std::max(2, static_cast<int>(std::lround(plane.width * density.x)));
  request.field.height = std::max(2, static_cast<int>(std::lround(plane.height * density.y)));
  const MapStyle style = map_style(look_, *surface, plane);
  request.levels = style.levels;
  worker_->request(request);
  if (frame.synchronous) worker_->wait();
  renderer_->set_style(style);
  if (const auto newest = worker_->picture(); newest && newest != picture_) {
    picture_ = newest;
    renderer_->set_field(newest->map);
  }
  ImDrawList* list = ImGui::GetWindowDrawList();
  if (!renderer_->has_field()) return list->AddRectFilled(area.min, area.max, ui::theme().ground);
  const MapUv uv = renderer_->uv({plane.x0, plane.y0, plane.x1, plane.y1});
  const bool exact = uv.u0 == 0.0F && uv.v0 == 1.0F && uv.u1 == 1.0F && uv.v1 == 0.0F;
  // A copy knows nothing of what scrolled out of sight: only where all of the picture is seen.
  const ImVec2 clip_min = list->GetClipRectMin(), clip_max = list->GetClipRectMax();
  const bool whole = clip_min.x <= area.min.x && clip_min.y <= area.min.y && clip_max.x >= area.max.x &&
                     clip_max.y >= area.max.y;
  draw_picture(list, renderer_->texture(), renderer_->framebuffer(), renderer_->width(), renderer_->height(),
               exact && whole, area, {uv.u0, uv.v0}, {uv.u1, uv.v1}, blit_);
}

void ScheduleMap::input(const Plane& plane) {
  ImGui::SetCursorScreenPos({plane.left, plane.top});
  ImGui::InvisibleButton("map", {plane.width, plane.height});
  ui::mark("map", ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  const ImGuiIO& io = ImGui::GetIO();
  const bool hovered = ImGui::IsItemHovered();
  if (hovered) ui::own_wheel();
  if (hovered && io.MouseWheel != 0.0F)
    zoom(look_, plane, {io.MousePos.x, io.MousePos.y}, std::pow(0.85, static_cast<double>(io.MouseWheel)));
  if (hovered && ImGui::IsMouseDoubleClicked(0)) look_at_all(look_);
  if (ImGui::IsItemActive() && ImGui::IsMouseDragging(0) &&
      (io.MouseDelta.x != 0.0F || io.MouseDelta.y != 0.0F)) {
    const double per_pixel = (plane.x1 - plane.x0) / static_cast<double>(plane.width);
    look_at(look_, 0.5 * (plane.x0 + plane.x1) - static_cast<double>(io.MouseDelta.x) * per_pixel,
            0.5 * (plane.y0 + plane.y1) + static_cast<double>(io.MouseDelta.y) * per_pixel,
            plane.x1 - plane.x0);
  }
}

void ScheduleMap::draw_paths(const Surface& surface, const std::vector<SchedulePath>& paths,
                             const Plane& plane) {
  const ui::Theme& t = ui::theme();
  const ShownAxes axes = shown_axes(look_, surface);
  ImDrawList* list = ImGui::GetWindowDrawList();
  lines_.resize(paths.size());
  std::vector<std::span<const PathPoint>> spans;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    lines_[i].update(paths[i].lane.table, axes.x, axes.y, plane);
    spans.push_back(lines_[i].points());
  }
  const std::vector<std::vector<Vec2>> at = lanes(spans, plane, ui::px(2.6F));
  const float width = ui::line_width(t.path_width);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    draw_path(list, spans[i], at[i], INT64_MAX, nullptr, ui::with_alpha(t.halo, 0.6F),
              width + 2 * ui::line_width(1));
    draw_path(list, spans[i], at[i], INT64_MAX, nullptr, ui::path_colour(paths[i].colour), width);
  }
  for (const SchedulePath& path : paths) {
    const std::int64_t last = path.lane.steps();
    const Vec2 p = plane.to_screen(path.lane.table.at(last, axes.x), path.lane.table.at(last, axes.y));
    if (!std::isfinite(p.x) || !std::isfinite(p.y) || path.lane.outcome == Outcome::kDiverged) continue;
    list->AddCircleFilled({p.x, p.y}, ui::px(6), t.dark ? t.ground : t.card);
    list->AddCircleFilled({p.x, p.y}, ui::px(4.5F), ui::path_colour(path.colour));
  }
  const Vec2 start = plane.to_screen(look_.start[static_cast<std::size_t>(axes.x)],
                                     look_.start[static_cast<std::size_t>(axes.y)]);
  if (plane.contains(start)) draw_start(list, plane, start, false, {0, 0});
}

}  // namespace thalweg

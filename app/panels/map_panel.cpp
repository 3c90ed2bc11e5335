#include "app/panels/map_panel.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "app/map/draw_path.hpp"
#include "app/map/map_figure.hpp"
#include "app/panels/map_layers.hpp"
#include "app/panels/map_overlay.hpp"
#include "app/ui/chart_export.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {


}  // namespace

MapStyle map_style(const Scene& scene, const Surface& surface, const Plane& plane) {
  MapStyle style = ui::theme().dark ? dark_map_style() : light_map_style();
  style.pixel_scale = std::max(1.0F, std::round(ui::scale()));
  double lowest = INFINITY;
  for (const MarkedPoint& minimum : surface.minima()) lowest = std::min(lowest, minimum.value);
  style.levels.log_levels = scene.view.text("levels") == "log" && std::isfinite(lowest);
  if (style.levels.log_levels) {
    style.levels.reference = lowest;
    // Seen from close by, the ground about a minimum is flatter: tell smaller heights apart.
    const double whole = surface.domain().front().upper - surface.domain().front().lower;
    const double closer = std::min(1.0, (plane.x1 - plane.x0) / whole);
    style.levels.floor *= std::max(1e-10, closer * closer);
  }
  return style;
}

namespace {

/// The map as it is looked at, for a file.
MapFigure map_figure(const Frame& frame, const Surface& surface, const Plane& plane) {
  const Scene& scene = frame.scene();
  const ShownAxes axes = shown_axes(scene, surface);
  MapFigure out;
  const SurfaceDescriptor& descriptor = *find_surface(scene.surface.id);
  out.title = descriptor.label + ", step " + std::to_string(scene.step);
  out.note = format_spec(scene.surface, descriptor);
  out.x_label = axis_label(surface, axes.x);
  out.y_label = axis_label(surface, axes.y);
  out.field = {frame.run->race.surface, {}, axes.x, axes.y, plane.x0, plane.x1, plane.y0, plane.y1,
               static_cast<int>(plane.width), static_cast<int>(plane.height)};
  if (surface.dim() > 2) out.field.at = slice_point(scene, surface);
  out.levels = map_style(scene, surface, plane).levels;
  for (std::size_t i = 0; i < std::min(frame.run->race.lanes.size(), scene.optimizers.size()); ++i) {
    const SceneOptimizer& optimizer = scene.optimizers[i];
    if (!optimizer.visible) continue;
    const DescentView& lane = frame.run->race.lanes[i];
    out.paths.push_back({find_optimizer(optimizer.live.spec.id)->label, optimizer.colour,
                         i < frame.run->runs.size() ? frame.run->runs[i].uid : std::string(), lane, shown_row(scene, lane)});
  }
  const auto shown = [&](const std::vector<double>& x) {
    return std::array{x[static_cast<std::size_t>(axes.x)], x[static_cast<std::size_t>(axes.y)]};
  };
  for (const MarkedPoint& minimum : surface.minima())
    if (minimum.global) out.minima.push_back(shown(minimum.x));
  out.start = shown(scene.start);
  return out;
}

}  // namespace

Result<std::unique_ptr<MapPanel>> MapPanel::create(std::function<void()> wake) {
  auto map = MapRenderer::create();
  if (!map) return map.error();
  auto mesh = MeshRenderer::create();
  if (!mesh) return mesh.error();
  return std::unique_ptr<MapPanel>(new MapPanel(std::move(*map), std::move(*mesh), std::move(wake)));
}

void MapPanel::draw(Frame& frame, Session& session, const Rect& area) {
  session.cursor.reset();
  const std::shared_ptr<const Surface> surface = frame.run->race.surface;
  ImDrawList* list = ImGui::GetWindowDrawList();
  // A snapshot of other dimensions than the Scene's is a frame old; the next one fits.
  if (!surface || surface->dim() != static_cast<int>(frame.scene().start.size()) || area.width() < 8 || area.height() < 8)
    return;
  if (paths_.size() < frame.run->race.lanes.size()) paths_.resize(frame.run->race.lanes.size());

  list->PushClipRect(area.min, area.max, true);
  if (surface->dim() == 1) {
    Plane plane = plane_of(frame.scene(), *surface, area.min.x, area.min.y, area.width(), area.height());
    draw_curve(frame, session, *surface, plane);
  } else {
    const std::string& layout = frame.scene().view.text("layout");
    Rect map = area, mesh = area;
    if (layout == "both") {
      if (area.width() > 1.2F * area.height()) {
        map.max.x = mesh.min.x = std::floor(0.5F * (area.min.x + area.max.x));
      } else {
        map.max.y = mesh.min.y = std::floor(0.5F * (area.min.y + area.max.y));
      }
    }
    const Plane plane =
        plane_of(frame.scene(), *surface, map.min.x, map.min.y, map.width(), map.height());
    refresh(frame, *surface, plane, layout != "map");
    const ShownAxes axes = shown_axes(frame.scene(), *surface);
    for (std::size_t i = 0; i < frame.run->race.lanes.size(); ++i) {
      const DescentView& lane = frame.run->race.lanes[i];
      paths_[i].update(lane.table, lane.columns.position(axes.x), lane.columns.position(axes.y), plane);
    }
    update_lanes(frame, plane);
    if (layout != "3d") {
      list->PushClipRect(map.min, map.max, true);
      draw_map(frame, session, *surface, plane);
      list->PopClipRect();
    }
    if (layout != "map") {
      list->PushClipRect(mesh.min, mesh.max, true);
      draw_mesh(frame, *surface, plane, mesh);
      list->PopClipRect();
    }
    if (layout == "both") {
      const bool beside = mesh.min.x > area.min.x;
      list->AddLine(mesh.min, beside ? ImVec2{mesh.min.x, mesh.max.y} : ImVec2{mesh.max.x, mesh.min.y},
                    ui::theme().hairline, ui::line_width(1));
    }
  }
  list->PopClipRect();
}

void MapPanel::refresh(Frame& frame, const Surface& surface, const Plane& plane, bool mesh) {
  const ShownAxes axes = shown_axes(frame.scene(), surface);
  const ImVec2 density = ImGui::GetIO().DisplayFramebufferScale;
  PictureRequest request;
  FieldRequest& field = request.field;
  field.surface = frame.run->race.surface;
  if (surface.dim() > 2) field.at = slice_point(frame.scene(), surface);
  field.axis_x = axes.x;
  field.axis_y = axes.y;
  field.x0 = plane.x0;
  field.x1 = plane.x1;
  field.y0 = plane.y0;
  field.y1 = plane.y1;
  field.width = std::max(2, static_cast<int>(std::lround(plane.width * density.x)));
  field.height = std::max(2, static_cast<int>(std::lround(plane.height * density.y)));
  const MapStyle style = map_style(frame.scene(), surface, plane);
  request.levels = style.levels;
  request.mesh = mesh;
  worker_.request(request);
  if (frame.synchronous) worker_.wait();

  map_.set_style(style);
  mesh_.set_style(style);
  const std::shared_ptr<const Picture> newest = worker_.picture();
  if (!newest || newest == picture_) return;
  picture_ = newest;
  map_.set_field(picture_->map);
  if (!picture_->mesh.vertices.empty()) mesh_.set_field(picture_->mesh);
}

void MapPanel::draw_map(Frame& frame, Session& session, const Surface& surface, const Plane& plane) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ShownAxes axes = shown_axes(frame.scene(), surface);
  if (!map_.has_field()) list->AddRectFilled({plane.left, plane.top}, {plane.left + plane.width, plane.top + plane.height}, ui::theme().ground);
  if (map_.has_field()) {
    // Until the picture of this view is there, the last one stands in for it, moved into place.
    const MapUv uv = map_.uv({plane.x0, plane.y0, plane.x1, plane.y1});
    const bool exact = uv.u0 == 0.0F && uv.v0 == 1.0F && uv.u1 == 1.0F && uv.v1 == 0.0F;
    draw_picture(list, map_.texture(), map_.framebuffer(), map_.width(), map_.height(), exact,
                 {{plane.left, plane.top}, {plane.left + plane.width, plane.top + plane.height}},
                 {uv.u0, uv.v0}, {uv.u1, uv.v1}, map_blit_);
  }
  map_input(frame, session, surface, plane);
  if (frame.scene().view.flag("arrows"))
    draw_arrows(list, plane, surface, axes, slice_point(frame.scene(), surface));
  const std::vector<double>& start = frame.scene().start;
  const Vec2 start_at = plane.to_screen(start[static_cast<std::size_t>(axes.x)], start[static_cast<std::size_t>(axes.y)]);
  if (plane.width > ui::px(420) && plane.height > ui::px(280)) {
    std::vector<Vec2> marks{start_at};
    for (const MarkedPoint& minimum : surface.minima()) {
      if (!minimum.global) continue;
      const Vec2 p = plane.to_screen(minimum.x[static_cast<std::size_t>(axes.x)], minimum.x[static_cast<std::size_t>(axes.y)]);
      marks.push_back(p);
      marks.push_back({p.x + ui::px(56), p.y + ui::px(16)});  // its name
    }
    draw_colour_bar(list, map_.legend(), {{plane.left, plane.top}, {plane.left + plane.width, plane.top + plane.height}}, marks);
  }
  draw_minima(list, plane, surface, axes);
  draw_paths(frame, session, surface, plane);
  draw_minima_names(list, plane, surface, axes);
  draw_start(list, plane, start_at, session.dragging_start, leaving(start_at));
  if (frame.scene().view.flag("ellipse") && session.cursor) draw_hessian(list, plane, surface, axes, *session.cursor);
  draw_axes(list, plane, axis_label(surface, axes.x), axis_label(surface, axes.y));
}

Vec2 MapPanel::leaving(Vec2 start) const {
  Vec2 sum{0, 0};
  for (const std::vector<Vec2>& lane : lanes_) {
    const auto away = std::find_if(lane.begin(), lane.end(), [&](Vec2 p) { return std::hypot(p.x - start.x, p.y - start.y) > ui::px(24); });
    if (away == lane.end()) continue;
    const float length = std::hypot(away->x - start.x, away->y - start.y);
    sum = {sum.x + (away->x - start.x) / length, sum.y + (away->y - start.y) / length};
  }
  return sum;
}

void MapPanel::map_input(Frame& frame, Session& session, const Surface& surface, const Plane& plane) {
  const ShownAxes axes = shown_axes(frame.scene(), surface);
  ImGui::SetCursorScreenPos({plane.left, plane.top});
  ui::allow_overlap();
  ImGui::InvisibleButton("map", {plane.width, plane.height});
  ui::allow_overlap_after();
  ui::own_wheel();
  ui::mark("map", {plane.left, plane.top}, {plane.left + plane.width, plane.top + plane.height});
  const ImGuiIO& io = ImGui::GetIO();
  const Vec2 mouse{io.MousePos.x, io.MousePos.y};
  const std::vector<double> start = frame.scene().start;
  const Vec2 start_at = plane.to_screen(start[static_cast<std::size_t>(axes.x)], start[static_cast<std::size_t>(axes.y)]);
  ui::mark("start", {start_at.x - 1, start_at.y - 1}, {start_at.x + 1, start_at.y + 1});
  const bool hovered = ImGui::IsItemHovered();
  if (hovered && ImGui::IsMouseClicked(1)) ui::open_export_menu();
  if (hovered || ImGui::IsItemActive()) {
    session.cursor = slice_point(frame.scene(), surface);
    (*session.cursor)[static_cast<std::size_t>(axes.x)] = plane.to_x(mouse.x);
    (*session.cursor)[static_cast<std::size_t>(axes.y)] = plane.to_y(mouse.y);
  }
  const bool on_start = std::hypot(mouse.x - start_at.x, mouse.y - start_at.y) < ui::px(12);
  if (hovered && on_start) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
  if (ImGui::IsItemActivated()) {
    session.dragging_start = on_start;
    if (!on_start) {
      for (std::size_t i = 0; i < frame.run->race.lanes.size() && i < frame.scene().optimizers.size(); ++i) {
        const DescentView& lane = frame.run->race.lanes[i];
        const std::int64_t row = shown_row(frame.scene(), lane);
        const Vec2 p = plane.to_screen(lane_value(lane, row, axes.x), lane_value(lane, row, axes.y));
        if (std::hypot(mouse.x - p.x, mouse.y - p.y) < ui::px(10)) session.selected = static_cast<int>(i);
      }
    }
  }
  if (ImGui::IsItemActive() && ImGui::IsMouseDragging(0, session.dragging_start ? 0.0F : -1.0F)) {
    if (session.dragging_start) {
      propose(frame, {}, "start", [&](Scene& scene) {
        scene.start[static_cast<std::size_t>(axes.x)] = plane.to_x(std::clamp(mouse.x, plane.left, plane.left + plane.width));
        scene.start[static_cast<std::size_t>(axes.y)] = plane.to_y(std::clamp(mouse.y, plane.top, plane.top + plane.height));
      });
    } else if (io.MouseDelta.x != 0.0F || io.MouseDelta.y != 0.0F) {
      propose(frame, {}, {}, [&](Scene& scene) {
        const double per_pixel = (plane.x1 - plane.x0) / static_cast<double>(plane.width);
        look_at(scene, 0.5 * (plane.x0 + plane.x1) - static_cast<double>(io.MouseDelta.x) * per_pixel,
                0.5 * (plane.y0 + plane.y1) + static_cast<double>(io.MouseDelta.y) * per_pixel, plane.x1 - plane.x0);
      });
    }
  }
  if (ImGui::IsItemDeactivated()) {
    if (session.dragging_start) frame.editor.end_group();
    session.dragging_start = false;
  }
  if (hovered && io.MouseWheel != 0.0F)
    propose(frame, {}, {}, [&](Scene& scene) { zoom(scene, plane, mouse, std::pow(0.85, static_cast<double>(io.MouseWheel))); });
  if (hovered && ImGui::IsMouseDoubleClicked(0) && !on_start)
    propose(frame, {}, {}, [](Scene& scene) { look_at_all(scene); });
  ui::offer_export("map", hovered, [&] { return figure_of(map_figure(frame, surface, plane)); });
}

void MapPanel::update_lanes(Frame& frame, const Plane& plane) {
  const auto& optimizers = frame.scene().optimizers;
  const std::size_t count = std::min(frame.run->race.lanes.size(), optimizers.size());
  std::vector<std::span<const PathPoint>> shown;
  std::vector<std::size_t> sizes;
  std::vector<std::uint64_t> generations;
  shown_.clear();
  for (std::size_t i = 0; i < count; ++i) {
    if (!optimizers[i].visible) continue;
    shown.push_back(paths_[i].points());
    shown_.push_back(i);
    sizes.push_back(paths_[i].points().size());
    generations.push_back(paths_[i].generation() * kMostOptimizers + i);
  }
  if (sizes == lane_sizes_ && generations == lane_generations_) return;
  lanes_ = lanes(shown, plane, ui::px(2.6F));
  lane_sizes_ = sizes;
  lane_generations_ = generations;
}

void MapPanel::draw_paths(Frame& frame, const Session& session, const Surface& surface, const Plane& plane) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ShownAxes axes = shown_axes(frame.scene(), surface);
  const auto& optimizers = frame.scene().optimizers;
  const float width = ui::line_width(ui::theme().path_width);
  // Paths first, dots over all of them; the selected one on top.
  std::vector<std::size_t> order(shown_.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
  std::stable_partition(order.begin(), order.end(), [&](std::size_t k) { return static_cast<int>(shown_[k]) != session.selected; });
  for (const std::size_t k : order) {
    const DescentView& lane = frame.run->race.lanes[shown_[k]];
    const ui::Colour colour = ui::path_colour(optimizers[shown_[k]].colour);
    const std::int64_t row = shown_row(frame.scene(), lane);
    const Vec2 tail = plane.to_screen(lane_value(lane, row, axes.x), lane_value(lane, row, axes.y));
    const bool tail_ok = std::isfinite(tail.x) && std::isfinite(tail.y);
    const auto points = paths_[shown_[k]].points();
    if (row < lane.steps()) draw_path_after(list, points, lanes_[k], row, ui::with_alpha(colour, 0.3F), ui::line_width(1));
    draw_path(list, points, lanes_[k], row, tail_ok ? &tail : nullptr, ui::with_alpha(ui::theme().halo, 0.6F),
              width + 2 * ui::line_width(1));
    draw_path(list, points, lanes_[k], row, tail_ok ? &tail : nullptr, colour, width);
  }
  for (const std::size_t k : order) {
    const DescentView& lane = frame.run->race.lanes[shown_[k]];
    const ui::Colour colour = ui::path_colour(optimizers[shown_[k]].colour);
    const std::int64_t row = shown_row(frame.scene(), lane);
    const Vec2 p = plane.to_screen(lane_value(lane, row, axes.x), lane_value(lane, row, axes.y));
    if (!std::isfinite(p.x) || !std::isfinite(p.y)) continue;
    if (lane.outcome == Outcome::kDiverged && row == lane.steps()) continue;
    list->AddCircleFilled({p.x, p.y}, ui::px(8), ui::theme().dark ? ui::theme().ground : ui::theme().card);
    list->AddCircleFilled({p.x, p.y}, ui::px(6), colour);
  }
}

void draw_picture(ImDrawList* list, unsigned texture, unsigned framebuffer, int width, int height, bool whole,
                  const Rect& place, ImVec2 uv0, ImVec2 uv1, Blit& blit) {
  const ImGuiIO& io = ImGui::GetIO();
  const ImVec2 density = io.DisplayFramebufferScale;
  const float left = place.min.x * density.x;
  const float bottom = (io.DisplaySize.y - place.max.y) * density.y;
  const bool fits = whole && std::lround(place.width() * density.x) == width &&
                    std::lround(place.height() * density.y) == height && left == std::floor(left) &&
                    bottom == std::floor(bottom);
  if (!fits) {
    list->AddImage(ui::texture_id(texture), place.min, place.max, uv0, uv1);
    return;
  }
  blit = {framebuffer, width, height, static_cast<int>(left), static_cast<int>(bottom)};
  add_blit(list, blit);
}

void draw_layout_switch(Frame& frame, const Rect& area) {
  static const std::array<std::string, 4> kWords{"Map", "3D", "Both", "Curves"};
  static const std::array<std::string, 4> kLayouts{"map", "3d", "both", "curves"};
  int selected = static_cast<int>(std::find(kLayouts.begin(), kLayouts.end(), frame.scene().view.text("layout")) - kLayouts.begin());
  const float width = std::min(ui::px(232), area.width() - ui::px(16));
  ImGui::SetCursorScreenPos({area.max.x - width - ui::px(12), area.min.y + ui::px(12)});
  if (ui::segmented("layout", kWords, selected, width))
    propose(frame, {}, {}, [&](Scene& scene) { *scene.view.find("layout") = kLayouts[static_cast<std::size_t>(selected)]; });
}


}  // namespace thalweg

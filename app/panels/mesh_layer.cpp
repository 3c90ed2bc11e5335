// The map panel's 3D view: the mesh, and paths draped over it.
#include <algorithm>
#include <array>
#include <cmath>

#include "app/map/draw_path.hpp"
#include "app/panels/map_layers.hpp"
#include "app/panels/map_overlay.hpp"
#include "app/panels/map_panel.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

/// Numbers and names along the two sides of the base that face the eye. Returns where they are.
std::vector<Vec2> draw_mesh_axes(ImDrawList* list, const MeshRenderer& mesh, const MeshView& view, const Rect& area,
                    const std::array<std::string, 2>& names) {
  const ImVec2 density = ImGui::GetIO().DisplayFramebufferScale;
  const MapRect& rect = mesh.rect();
  const double longer = std::max(rect.width(), rect.height());
  float eye[3];
  eye_direction(view, eye);
  const float line = ui::line_height(ui::Type::kNote);
  std::vector<std::pair<ImVec2, float>> taken;  // middle and half width
  const auto write = [&](bool along_x, double value, double outside, const std::string& text, ui::Colour colour) {
    const double x = along_x ? value : eye[0] < 0 ? rect.x0 - outside * longer : rect.x1 + outside * longer;
    const double y = !along_x ? value : eye[1] < 0 ? rect.y0 - outside * longer : rect.y1 + outside * longer;
    const MeshPoint p = mesh.project_base(x, y);
    const ImVec2 at{area.min.x + p.x / density.x, area.min.y + p.y / density.y};
    const float half = 0.5F * ui::text_width(ui::Type::kNote, text);
    const bool free = std::none_of(taken.begin(), taken.end(), [&](const auto& other) {
      return std::abs(other.first.x - at.x) < other.second + half + ui::px(4) && std::abs(other.first.y - at.y) < line;
    });
    if (!free) return;
    taken.emplace_back(at, half);
    draw_on_map(list, {at.x - half, at.y - 0.5F * line}, text, colour);
  };
  for (const bool along_x : {true, false}) {
    const Range range = along_x ? Range{rect.x0, rect.x1} : Range{rect.y0, rect.y1};
    for (const Tick& tick : ticks(range, AxisScale::kLinear, 300, 70))
      if (tick.major && !tick.label.empty()) write(along_x, tick.value, 0.045, tick.label.plain(), ui::theme().text);
    write(along_x, 0.5 * (range.min + range.max), 0.12, names[along_x ? 0 : 1], ui::theme().dim);
  }
  std::vector<Vec2> places;
  for (const auto& [at, half] : taken) places.push_back({at.x, at.y});
  return places;
}

}  // namespace

void MapPanel::draw_mesh(Frame& frame, const Surface& surface, const Plane& plane, const Rect& area) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 density = ImGui::GetIO().DisplayFramebufferScale;
  if (auto error = mesh_.resize(static_cast<int>(area.width() * density.x), static_cast<int>(area.height() * density.y))) {
    frame.say(*error);
    return;
  }
  mesh_input(frame, area);
  mesh_.set_moving(ImGui::IsItemActive());
  const Spec& camera = frame.scene().camera;
  const MeshView view{static_cast<float>(camera.number("yaw")), static_cast<float>(camera.number("pitch")),
                      static_cast<float>(1.0 / camera.number("zoom"))};
  mesh_.set_view(view);
  if (!mesh_.has_field()) {
    list->AddRectFilled(area.min, area.max, ui::theme().ground);
    return;
  }
  draw_picture(list, mesh_.texture(), mesh_.framebuffer(), mesh_.width(), mesh_.height(), true, area, {0, 1}, {1, 0},
               mesh_blit_);
  if (!picture_) return;

  const ShownAxes axes = shown_axes(frame.scene(), surface);
  const MapRect& rect = mesh_.rect();
  const auto place = [&](double x, double y, double loss, bool& seen) -> Vec2 {
    const MeshPoint p = mesh_.project(x, y, picture_->mesh.relief_height(loss));
    seen = !mesh_.hidden(p);
    return {area.min.x + p.x / density.x, area.min.y + p.y / density.y};
  };
  const auto inside = [&](double x, double y) { return x >= rect.x0 && x <= rect.x1 && y >= rect.y0 && y <= rect.y1; };
  const float width = ui::line_width(ui::theme().path_width);
  const auto& optimizers = frame.scene().optimizers;
  struct Ring {
    bool global, seen;
  };
  std::vector<Vec2> rings_at, local;
  std::vector<Ring> rings;
  for (const MarkedPoint& minimum : surface.minima()) {
    const double x = minimum.x[static_cast<std::size_t>(axes.x)], y = minimum.x[static_cast<std::size_t>(axes.y)];
    if (!inside(x, y)) continue;
    bool seen = true;
    rings_at.push_back(place(x, y, minimum.value, seen));
    rings.push_back({minimum.global, seen});
    if (!minimum.global) local.push_back(rings_at.back());
  }
  const bool only_global = crowded(local);
  for (std::size_t i = 0; i < rings.size(); ++i) {
    if (only_global && !rings[i].global) continue;
    const ui::Colour colour = ui::with_alpha(ui::theme().text, rings[i].seen ? 1.0F : 0.35F);
    list->AddCircle({rings_at[i].x, rings_at[i].y}, ui::px(rings[i].global ? 6 : 3), colour, 0,
                    ui::line_width(rings[i].global ? 1.5F : 1));
  }
  std::vector<double> at(static_cast<std::size_t>(surface.dim()));
  for (std::size_t slot = 0; slot < shown_.size(); ++slot) {
    const std::size_t i = shown_[slot];
    const DescentView& lane = frame.run->race.lanes[i];
    const std::int64_t row = shown_row(frame.scene(), lane);
    const ui::Colour colour = ui::path_colour(optimizers[i].colour);
    const auto points = paths_[i].points();
    // Long segments are draped over the ground between their ends; of very many points each is short.
    const bool drape = points.size() < 3000;
    std::vector<ImVec2> line;
    bool line_seen = true;
    const auto flush = [&] {
      if (line.size() > 1) {
        const int n = static_cast<int>(line.size());
        if (line_seen)
          list->AddPolyline(line.data(), n, ui::with_alpha(ui::theme().halo, 0.5F), 0, width + 2 * ui::line_width(1));
        list->AddPolyline(line.data(), n, line_seen ? colour : ui::with_alpha(colour, 0.3F), 0, width);
      }
      line.clear();
    };
    const auto to = [&](double x, double y, double loss) {
      if (!inside(x, y) || !std::isfinite(loss)) {
        flush();
        return;
      }
      bool seen = true;
      const Vec2 p = place(x, y, loss, seen);
      if (!line.empty() && seen != line_seen) {
        const ImVec2 last = line.back();
        flush();
        line.push_back(last);
      }
      line_seen = seen;
      line.push_back({p.x, p.y});
      if (line.size() >= 4000) {
        flush();
        line.push_back({p.x, p.y});
      }
    };
    // A point of the path at its place on the map: lanes keep paths apart here too, on the ground.
    const auto ground = [&](double t, std::int64_t before, std::int64_t r, Vec2 p) {
      for (int axis = 0; axis < surface.dim(); ++axis)
        at[static_cast<std::size_t>(axis)] = (1 - t) * lane_value(lane, before, axis) + t * lane_value(lane, r, axis);
      at[static_cast<std::size_t>(axes.x)] = plane.to_x(p.x);
      at[static_cast<std::size_t>(axes.y)] = plane.to_y(p.y);
      to(at[static_cast<std::size_t>(axes.x)], at[static_cast<std::size_t>(axes.y)], surface.value(at.data()));
    };
    std::int64_t before = -1;
    Vec2 from;
    const auto segment = [&](std::int64_t r, bool begins, Vec2 p) {
      if (begins) flush();
      if (!begins && before >= 0 && drape) {
        const int pieces = std::clamp(static_cast<int>(std::hypot(from.x - p.x, from.y - p.y) / ui::px(8)), 1, 24);
        for (int k = 1; k < pieces; ++k) {
          const float t = static_cast<float>(k) / static_cast<float>(pieces);
          ground(static_cast<double>(t), before, r, {from.x + t * (p.x - from.x), from.y + t * (p.y - from.y)});
        }
      }
      ground(1.0, r, r, p);
      before = r;
      from = p;
    };
    for (std::size_t k = 0; k < points.size() && points[k].row <= row; ++k)
      segment(points[k].row, points[k].begins, lanes_[slot][k]);
    const Vec2 last = plane.to_screen(lane_value(lane, row, axes.x), lane_value(lane, row, axes.y));
    if (std::isfinite(last.x) && std::isfinite(last.y)) segment(row, false, last);
    flush();
    const double x = lane_value(lane, row, axes.x), y = lane_value(lane, row, axes.y);
    if (!inside(x, y)) continue;
    bool seen = true;
    const Vec2 p = place(x, y, lane_value(lane, row, lane.columns.loss()), seen);
    list->AddCircleFilled({p.x, p.y}, ui::px(7), ui::with_alpha(ui::theme().dark ? ui::theme().ground : ui::theme().card, seen ? 1.0F : 0.4F));
    list->AddCircleFilled({p.x, p.y}, ui::px(5), ui::with_alpha(colour, seen ? 1.0F : 0.5F));
  }
  std::vector<Vec2> keep_clear =
      draw_mesh_axes(list, mesh_, view, area, {axis_label(surface, axes.x), axis_label(surface, axes.y)});
  if (frame.scene().view.text("layout") != "3d" || area.height() <= ui::px(280)) return;
  const std::vector<double>& start = frame.scene().start;
  bool seen = true;
  keep_clear.push_back(place(start[static_cast<std::size_t>(axes.x)], start[static_cast<std::size_t>(axes.y)],
                             surface.value(start.data()), seen));
  draw_colour_bar(list, mesh_.legend(), area, keep_clear);
}

void MapPanel::mesh_input(Frame& frame, const Rect& area) {
  ImGui::SetCursorScreenPos(area.min);
  ui::allow_overlap();
  ImGui::InvisibleButton("mesh", {area.width(), area.height()}, ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight);
  ui::allow_overlap_after();
  ui::own_wheel();
  ui::mark("mesh", area.min, area.max);
  const ImGuiIO& io = ImGui::GetIO();
  const auto turn = [](Scene& scene, const char* key, double by, bool wrap) {
    const Parameter& parameter = *camera_descriptor().find(key);
    double value = scene.camera.number(key) + by;
    if (wrap) value = std::remainder(value, 360.0);
    *scene.camera.find(key) = std::clamp(value, parameter.min, parameter.max);
  };
  if (ImGui::IsItemActive() && (io.MouseDelta.x != 0.0F || io.MouseDelta.y != 0.0F))
    propose(frame, {}, {}, [&](Scene& scene) {
      turn(scene, "yaw", 0.4 * static_cast<double>(io.MouseDelta.x) / static_cast<double>(ui::scale()), true);
      turn(scene, "pitch", 0.3 * static_cast<double>(io.MouseDelta.y) / static_cast<double>(ui::scale()), false);
    });
  if (ImGui::IsItemHovered() && io.MouseWheel != 0.0F)
    propose(frame, {}, {}, [&](Scene& scene) {
      const double zoomed = scene.camera.number("zoom") * std::pow(1.15, static_cast<double>(io.MouseWheel));
      const Parameter& parameter = *camera_descriptor().find("zoom");
      *scene.camera.find("zoom") = std::clamp(zoomed, parameter.min, parameter.max);
    });
  if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(0))
    propose(frame, {}, {}, [&](Scene& scene) {
      for (const char* key : {"yaw", "pitch", "zoom"})
        *scene.camera.find(key) = camera_descriptor().find(key)->default_value;
    });
}

}  // namespace thalweg

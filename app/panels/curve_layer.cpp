// The map panel on a surface of one variable: a curve, with points and a tangent.
#include <algorithm>
#include <cmath>

#include "app/map/draw_path.hpp"
#include "app/panels/map_layers.hpp"
#include "app/panels/map_overlay.hpp"
#include "app/panels/map_panel.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {

void MapPanel::draw_curve(Frame& frame, Session& session, const Surface& surface, const Plane& plane) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled({plane.left, plane.top}, {plane.left + plane.width, plane.top + plane.height}, ui::theme().ground);
  Plane view = plane;
  view.top += ui::px(24);
  view.height -= ui::px(56);
  const Curve curve = sample_curve(surface, plane.x0, plane.x1, std::max(64, static_cast<int>(plane.width)));
  double low = curve.min, high = curve.max;
  for (const MarkedPoint& minimum : surface.minima()) low = std::min(low, minimum.value);
  const double pad = std::max(1e-9, 0.06 * (high - low));
  view.y0 = low - pad;
  view.y1 = high + pad;

  for (const Tick& t : vertical_ticks(view)) {
    if (!t.major) continue;
    const float y = view.to_screen(0, t.value).y;
    list->AddLine({view.left, y}, {view.left + view.width, y}, ui::theme().hairline, ui::line_width(1));
  }
  std::vector<ImVec2> line;
  const auto flush = [&] {
    if (line.size() > 1)
      list->AddPolyline(line.data(), static_cast<int>(line.size()), ui::theme().text, 0, ui::line_width(2));
    line.clear();
  };
  for (std::size_t i = 0; i < curve.x.size(); ++i) {
    if (!std::isfinite(curve.y[i])) {
      flush();
      continue;
    }
    const Vec2 p = view.to_screen(curve.x[i], curve.y[i]);
    line.push_back({p.x, p.y});
  }
  flush();

  // The mouse: over the curve the point is the one on it.
  ImGui::SetCursorScreenPos({plane.left, plane.top});
  ImGui::InvisibleButton("map", {plane.width, plane.height});
  ui::allow_overlap_after();
  ui::own_wheel();
  ui::mark("map", {plane.left, plane.top}, {plane.left + plane.width, plane.top + plane.height});
  const ImGuiIO& io = ImGui::GetIO();
  const Vec2 start_at = view.to_screen(frame.scene().start[0], surface.value(frame.scene().start.data()));
  ui::mark("start", {start_at.x - 1, start_at.y - 1}, {start_at.x + 1, start_at.y + 1});
  if (ImGui::IsItemHovered() || ImGui::IsItemActive()) session.cursor = std::vector<double>{plane.to_x(io.MousePos.x)};
  if (ImGui::IsItemActivated()) session.dragging_start = std::abs(io.MousePos.x - start_at.x) < ui::px(12);
  if (ImGui::IsItemActive() && io.MouseDelta.x != 0.0F) {
    if (session.dragging_start) {
      propose(frame, {}, "start", [&](Scene& scene) {
        scene.start[0] = plane.to_x(std::clamp(io.MousePos.x, plane.left, plane.left + plane.width));
      });
    } else {
      const double by = static_cast<double>(io.MouseDelta.x) * (plane.x1 - plane.x0) / static_cast<double>(plane.width);
      propose(frame, {}, {}, [&](Scene& scene) {
        look_at(scene, 0.5 * (plane.x0 + plane.x1) - by, 0.5 * (plane.y0 + plane.y1), plane.x1 - plane.x0);
      });
    }
  }
  if (ImGui::IsItemDeactivated()) {
    if (session.dragging_start) frame.editor.end_group();
    session.dragging_start = false;
  }
  if (ImGui::IsItemHovered() && io.MouseWheel != 0.0F)
    propose(frame, {}, {}, [&](Scene& scene) {
      zoom(scene, plane, {io.MousePos.x, plane.top + 0.5F * plane.height}, std::pow(0.85, static_cast<double>(io.MouseWheel)));
    });
  if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(0))
    propose(frame, {}, {}, [](Scene& scene) { look_at_all(scene); });

  for (const MarkedPoint& minimum : surface.minima()) {
    const Vec2 p = view.to_screen(minimum.x[0], minimum.value);
    if (!plane.contains(p)) continue;
    list->AddCircle({p.x, p.y}, minimum.global ? ui::px(8) : ui::px(5), ui::theme().text, 0, ui::line_width(1.5F));
  }
  const auto& optimizers = frame.scene().optimizers;
  for (std::size_t i = 0; i < std::min(frame.run->race.lanes.size(), optimizers.size()); ++i) {
    if (!optimizers[i].visible) continue;
    const DescentView& lane = frame.run->race.lanes[i];
    paths_[i].update(lane.table, 0, lane.columns.loss(), view);
    std::vector<Vec2> at;
    for (const PathPoint& point : paths_[i].points()) at.push_back(point.position);
    const std::int64_t row = shown_row(frame.scene(), lane);
    const ui::Colour colour = ui::path_colour(optimizers[i].colour);
    const Vec2 p = view.to_screen(lane_value(lane, row, 0), lane_value(lane, row, lane.columns.loss()));
    draw_path(list, paths_[i].points(), at, row, nullptr, ui::with_alpha(colour, 0.55F), ui::line_width(1));
    for (std::size_t k = 0; k < at.size() && paths_[i].points()[k].row <= row; ++k)
      list->AddCircleFilled({at[k].x, at[k].y}, ui::px(2.5F), colour);
    if (!std::isfinite(p.x) || !std::isfinite(p.y)) continue;
    if (static_cast<int>(i) == session.selected) {
      // The tangent: what the optimizer knows of the curve here.
      double g = 0.0;
      const double x = lane_value(lane, row, 0);
      surface.gradient(&x, &g);
      const double reach = 0.12 * (view.x1 - view.x0);
      const double loss = lane_value(lane, row, lane.columns.loss());
      const Vec2 a = view.to_screen(x - reach, loss - reach * g), b = view.to_screen(x + reach, loss + reach * g);
      list->AddLine({a.x, a.y}, {b.x, b.y}, ui::with_alpha(colour, 0.8F), ui::line_width(1));
    }
    list->AddCircleFilled({p.x, p.y}, ui::px(8), ui::theme().dark ? ui::theme().ground : ui::theme().card);
    list->AddCircleFilled({p.x, p.y}, ui::px(6), colour);
  }
  draw_start(list, view, start_at, session.dragging_start, {1, 0});
  draw_axes(list, view, "x", "f(x)");
}

}  // namespace thalweg

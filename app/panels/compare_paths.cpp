#include "app/panels/compare_paths.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "app/map/camera.hpp"
#include "app/map/draw_path.hpp"
#include "app/panels/map_layers.hpp"
#include "app/panels/map_overlay.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

std::string surface_key(const ComparedPath& path) {
  const ShownAxes axes = shown_axes(path.scene, *path.surface);
  return format_spec(path.scene.surface, *find_surface(path.scene.surface.id), true) + " " +
         std::to_string(axes.x) + " " + std::to_string(axes.y);
}

std::string start_text(const std::vector<double>& start) {
  std::string out;
  for (const double value : start) out += (out.empty() ? "" : ", ") + ui::number(value);
  return out;
}

}  // namespace

std::vector<PathGroup> group_paths(const std::vector<std::shared_ptr<const ComparedPath>>& paths) {
  std::vector<PathGroup> out;
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (!paths[i]->trouble.empty()) continue;
    const std::string key = surface_key(*paths[i]);
    const auto known = std::find(keys.begin(), keys.end(), key);
    if (known == keys.end()) {
      keys.push_back(key);
      out.push_back({{i}});
    } else {
      out[static_cast<std::size_t>(known - keys.begin())].paths.push_back(i);
    }
  }
  return out;
}

ComparePaths::Tile* ComparePaths::tile(ComparePage& page, const std::string& key, const Scene& scene) {
  auto& known = tiles_[key];
  if (!known) {
    auto renderer = MapRenderer::create();
    if (!renderer) {
      page.frame.say(renderer.error());
      return nullptr;
    }
    known = std::make_unique<Tile>(std::move(*renderer), wake_);
    known->camera = scene;
    look_at_all(known->camera);
  }
  return known.get();
}

void ComparePaths::draw(ComparePage& page, const Rect& area) {
  const ui::Scope scope("paths");
  Rect rest = area;
  rest.min.y += compare_legend(page, rest, std::max(ui::px(20), 0.2F * area.height())) + ui::px(6);
  ImGui::SetCursorScreenPos(rest.min);
  if (page.data.paths.size() != page.data.runs.size()) return ui::paragraph("Reading…", ui::theme().dim);
  // Why some have no path, once for each reason.
  std::map<std::string, std::vector<std::size_t>> troubles;
  for (std::size_t i = 0; i < page.data.paths.size(); ++i)
    if (!page.data.paths[i]->trouble.empty()) troubles[page.data.paths[i]->trouble].push_back(i);
  const std::vector<PathGroup> groups = group_paths(page.data.paths);
  if (groups.empty()) {
    const std::string& why = troubles.empty() ? "" : troubles.begin()->first;
    ui::empty_state("none", "No paths",
                    "Paths are of descents on a surface. " +
                        (page.data.names.empty() ? "" : page.data.names.front() + " " + why) + ".");
    return;
  }
  for (const auto& [why, runs] : troubles) {
    ImGui::SetCursorScreenPos(rest.min);
    ui::paragraph(runs.size() == 1
                      ? page.data.names[runs.front()] + " " + why + "."
                      : ui::integer(static_cast<std::int64_t>(runs.size())) + " runs: each " + why + ".",
                  ui::theme().dim, ui::Type::kNote);
    rest.min.y = ImGui::GetCursorScreenPos().y + ui::px(6);
  }
  // Maps of surfaces that are not compared any more go.
  std::set<std::string> keys;
  for (const PathGroup& group : groups) keys.insert(surface_key(*page.data.paths[group.paths.front()]));
  std::erase_if(tiles_, [&](const auto& entry) { return !keys.contains(entry.first); });

  ImGui::SetCursorScreenPos(rest.min);
  ui::begin_child("maps", {rest.width(), rest.height()});
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  const float gap = ui::px(10);
  const std::size_t count = groups.size();
  const std::size_t across =
      count == 1 ? 1
                 : std::max<std::size_t>(
                       1, std::min<std::size_t>(count, static_cast<std::size_t>(rest.width() / ui::px(320))));
  const std::size_t rows = (count + across - 1) / across;
  const float inner = rest.width() - (rows > 1 ? ui::px(12) : 0.0F);
  const float width = std::floor((inner - gap * static_cast<float>(across - 1)) / static_cast<float>(across));
  const float height =
      rows == 1 ? std::floor(rest.height()) : std::max(ui::px(220), std::floor((rest.height() - gap) / 2.0F));
  for (std::size_t i = 0; i < count; ++i) {
    const ComparedPath& first = *page.data.paths[groups[i].paths.front()];
    Tile* const map = tile(page, surface_key(first), first.scene);
    if (!map) break;
    const ImVec2 min{std::round(origin.x + static_cast<float>(i % across) * (width + gap)),
                     std::round(origin.y + static_cast<float>(i / across) * (height + gap))};
    draw_tile(page, *map, groups[i], {min, {min.x + width, min.y + height}}, i);
  }
  ImGui::SetCursorScreenPos(origin);
  ImGui::Dummy({1, static_cast<float>(rows) * (height + gap) - gap - ui::px(2)});
  ImGui::EndChild();
}

void ComparePaths::draw_tile(ComparePage& page, Tile& tile, const PathGroup& group, const Rect& area,
                             std::size_t index) {
  const ComparedPath& first = *page.data.paths[group.paths.front()];
  const Surface& surface = *first.surface;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float head = ui::px(22);
  ui::draw_centred(list, ui::Type::kNote, area.min.x, area.min.y + 0.5F * head, ui::theme().dim,
                   ui::elided(ui::Type::kNote,
                              format_spec(first.scene.surface, *find_surface(first.scene.surface.id), false),
                              area.width()));
  const Rect picture{{area.min.x, std::round(area.min.y + head)}, area.max};
  if (picture.width() < ui::px(40) || picture.height() < ui::px(40)) return;
  const Plane plane =
      plane_of(tile.camera, surface, picture.min.x, picture.min.y, picture.width(), picture.height());
  const ShownAxes axes = shown_axes(first.scene, surface);
  const ImVec2 density = ImGui::GetIO().DisplayFramebufferScale;
  PictureRequest request;
  request.field.surface = first.surface;
  if (surface.dim() > 2) request.field.at = slice_point(first.scene, surface);
  request.field.axis_x = axes.x;
  request.field.axis_y = axes.y;
  request.field.x0 = plane.x0;
  request.field.x1 = plane.x1;
  request.field.y0 = plane.y0;
  request.field.y1 = plane.y1;
  request.field.width = std::max(2, static_cast<int>(std::lround(plane.width * density.x)));
  request.field.height = std::max(2, static_cast<int>(std::lround(plane.height * density.y)));
  const MapStyle style = map_style(tile.camera, surface, plane);
  request.levels = style.levels;
  tile.worker.request(request);
  if (page.frame.synchronous) tile.worker.wait();
  tile.map.set_style(style);
  if (const auto newest = tile.worker.picture(); newest && newest != tile.picture) {
    tile.picture = newest;
    tile.map.set_field(newest->map);
  }
  list->PushClipRect(picture.min, picture.max, true);
  if (tile.map.has_field()) {
    const MapUv uv = tile.map.uv({plane.x0, plane.y0, plane.x1, plane.y1});
    const bool exact = uv.u0 == 0.0F && uv.v0 == 1.0F && uv.u1 == 1.0F && uv.v1 == 0.0F;
    // A copy knows nothing of what scrolled out of sight: only where all of the picture is seen.
    const ImVec2 clip_min = list->GetClipRectMin(), clip_max = list->GetClipRectMax();
    const bool whole = clip_min.x <= picture.min.x && clip_min.y <= picture.min.y &&
                       clip_max.x >= picture.max.x && clip_max.y >= picture.max.y;
    draw_picture(list, tile.map.texture(), tile.map.framebuffer(), tile.map.width(), tile.map.height(),
                 exact && whole, picture, {uv.u0, uv.v0}, {uv.u1, uv.v1}, tile.blit);
  } else {
    list->AddRectFilled(picture.min, picture.max, ui::theme().ground);
  }
  input(page, tile, group, plane, index);
  draw_minima(list, plane, surface, axes);
  draw_lines(page, tile, group, plane);
  draw_minima_names(list, plane, surface, axes);
  draw_axes(list, plane, axis_label(surface, axes.x), axis_label(surface, axes.y));
  list->PopClipRect();
}

void ComparePaths::input(ComparePage& page, Tile& tile, const PathGroup& group, const Plane& plane,
                         std::size_t index) {
  ImGui::SetCursorScreenPos({plane.left, plane.top});
  ImGui::PushID(static_cast<int>(index));
  ImGui::InvisibleButton("map", {plane.width, plane.height});
  ImGui::PopID();
  ui::mark("map." + std::to_string(index), ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
  const ImGuiIO& io = ImGui::GetIO();
  const bool hovered = ImGui::IsItemHovered();
  if (hovered) ui::own_wheel();
  if (hovered && io.MouseWheel != 0.0F)
    zoom(tile.camera, plane, {io.MousePos.x, io.MousePos.y},
         std::pow(0.85, static_cast<double>(io.MouseWheel)));
  if (hovered && ImGui::IsMouseDoubleClicked(0)) look_at_all(tile.camera);
  if (ImGui::IsItemActive() && ImGui::IsMouseDragging(0) &&
      (io.MouseDelta.x != 0.0F || io.MouseDelta.y != 0.0F)) {
    const double per_pixel = (plane.x1 - plane.x0) / static_cast<double>(plane.width);
    look_at(tile.camera, 0.5 * (plane.x0 + plane.x1) - static_cast<double>(io.MouseDelta.x) * per_pixel,
            0.5 * (plane.y0 + plane.y1) + static_cast<double>(io.MouseDelta.y) * per_pixel,
            plane.x1 - plane.x0);
  }
  if (!hovered) return;
  // The run whose path is nearest, within reach.
  float reach = ui::px(8);
  std::size_t near = SIZE_MAX;
  std::int64_t row = 0;
  for (const std::size_t i : group.paths) {
    const ComparedPath& path = *page.data.paths[i];
    if (!page.visible(path.run)) continue;
    for (const PathPoint& point : tile.lines[page.data.runs[path.run]->info.uid].points()) {
      const float away = std::hypot(point.position.x - io.MousePos.x, point.position.y - io.MousePos.y);
      if (away >= reach) continue;
      reach = away;
      near = i;
      row = point.row;
    }
  }
  if (near == SIZE_MAX) return;
  const ComparedPath& path = *page.data.paths[near];
  page.focus.next = page.data.runs[path.run]->info.uid;
  if (ImGui::IsItemClicked()) page.focus.chosen = page.focus.next;
  const auto at = static_cast<std::size_t>(std::clamp<std::int64_t>(row, 0, path.table.rows() - 1));
  ui::tooltip(page.data.names[path.run] + "\nstep " + ui::integer(path.steps[at]) + ": " +
              start_text({path.table.at(static_cast<std::int64_t>(at), 0),
                          path.table.at(static_cast<std::int64_t>(at), 1)}));
}

void ComparePaths::draw_lines(ComparePage& page, Tile& tile, const PathGroup& group, const Plane& plane) {
  const ui::Theme& t = ui::theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  struct Drawn {
    std::size_t path;
    std::span<const PathPoint> points;
  };
  std::vector<Drawn> drawn;
  std::set<std::string> uids;
  for (const std::size_t i : group.paths) {
    const ComparedPath& path = *page.data.paths[i];
    const std::string& uid = page.data.runs[path.run]->info.uid;
    uids.insert(uid);
    PathLine& line = tile.lines[uid];
    line.update(path.table, 0, 1, plane);
    if (page.visible(path.run)) drawn.push_back({i, line.points()});
  }
  std::erase_if(tile.lines, [&](const auto& entry) { return !uids.contains(entry.first); });
  const auto meant = [&](const Drawn& one) {
    return page.data.runs[page.data.paths[one.path]->run]->info.uid == page.focus.meant();
  };
  const bool any = std::any_of(drawn.begin(), drawn.end(), meant);
  std::stable_partition(drawn.begin(), drawn.end(), [&](const Drawn& one) { return !meant(one); });
  std::vector<std::span<const PathPoint>> spans;
  for (const Drawn& one : drawn) spans.push_back(one.points);
  const std::vector<std::vector<Vec2>> beside = lanes(spans, plane, ui::px(2.6F));
  const float width = ui::line_width(t.path_width);
  for (std::size_t k = 0; k < drawn.size(); ++k) {
    const ComparedPath& path = *page.data.paths[drawn[k].path];
    const ui::Colour colour = ui::path_colour(page.colour(path.run));
    const float alpha = any && !meant(drawn[k]) ? 0.3F : 1.0F;
    draw_path(list, drawn[k].points, beside[k], INT64_MAX, nullptr, ui::with_alpha(t.halo, 0.6F * alpha),
              width + 2 * ui::line_width(1));
    draw_path(list, drawn[k].points, beside[k], INT64_MAX, nullptr, ui::with_alpha(colour, alpha), width);
  }
  for (std::size_t k = 0; k < drawn.size(); ++k) {
    const ComparedPath& path = *page.data.paths[drawn[k].path];
    const std::int64_t last = path.table.rows() - 1;
    const Vec2 p = plane.to_screen(path.table.at(last, 0), path.table.at(last, 1));
    if (!std::isfinite(p.x) || !std::isfinite(p.y) || page.data.runs[path.run]->info.outcome == "diverged")
      continue;
    list->AddCircleFilled({p.x, p.y}, ui::px(7), t.dark ? t.ground : t.card);
    list->AddCircleFilled({p.x, p.y}, ui::px(5), ui::path_colour(page.colour(path.run)));
  }
  // Runs mostly begin at one place; each place once.
  std::set<std::pair<int, int>> starts;
  for (const Drawn& one : drawn) {
    const ComparedPath& path = *page.data.paths[one.path];
    const Vec2 p = plane.to_screen(path.table.at(0, 0), path.table.at(0, 1));
    if (!std::isfinite(p.x) || !std::isfinite(p.y) || !plane.contains(p)) continue;
    if (!starts.insert({static_cast<int>(p.x), static_cast<int>(p.y)}).second) continue;
    Vec2 leaves{0, 0};
    const auto away = std::find_if(one.points.begin(), one.points.end(), [&](const PathPoint& q) {
      return std::hypot(q.position.x - p.x, q.position.y - p.y) > ui::px(24);
    });
    if (away != one.points.end()) leaves = {away->position.x - p.x, away->position.y - p.y};
    draw_start(list, plane, p, false, leaves);
  }
}

}  // namespace thalweg

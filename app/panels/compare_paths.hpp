// The page of paths: descents on the surface they were made on, several runs on one map. Each surface has a
// map of its own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/gl/blit.hpp"
#include "app/gl/map_renderer.hpp"
#include "app/map/path_lines.hpp"
#include "app/panels/compare_page.hpp"
#include "app/work/field_worker.hpp"

namespace thalweg {

/// Paths on one surface: indices into Comparison::paths.
struct PathGroup {
  std::vector<std::size_t> paths;
};

/// Paths that can be drawn, by surface (and by the axes shown of one with more than two variables).
std::vector<PathGroup> group_paths(const std::vector<std::shared_ptr<const ComparedPath>>& paths);

class ComparePaths {
 public:
  explicit ComparePaths(std::function<void()> wake) : wake_(std::move(wake)) {}
  void draw(ComparePage& page, const Rect& area);

 private:
  /// One map, how it is looked at and what it has drawn.
  struct Tile {
    Tile(MapRenderer renderer, const std::function<void()>& wake) : map(std::move(renderer)), worker(wake) {}
    MapRenderer map;
    FieldWorker worker;
    Blit blit;
    std::shared_ptr<const Picture> picture;
    Scene camera;  ///< of which only the camera counts; session only, as the zoom of a chart
    std::map<std::string, PathLine> lines;  ///< by uid
  };
  Tile* tile(ComparePage& page, const std::string& key, const Scene& scene);
  void draw_tile(ComparePage& page, Tile& tile, const PathGroup& group, const Rect& area, std::size_t index);
  void input(ComparePage& page, Tile& tile, const PathGroup& group, const Plane& plane, std::size_t index);
  void draw_lines(ComparePage& page, Tile& tile, const PathGroup& group, const Plane& plane);

  std::function<void()> wake_;
  std::map<std::string, std::unique_ptr<Tile>> tiles_;  ///< by surface
};

}  // namespace thalweg

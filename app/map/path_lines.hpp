// The path of an optimizer as a line on a map: of a hundred thousand steps only what the screen can
// show, added to as the run goes on. Geometry only; nothing is drawn here.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "app/map/plane.hpp"
#include "core/series/table.hpp"

namespace thalweg {

struct PathPoint {
  Vec2 position;          ///< pixels
  std::int64_t row = 0;   ///< step
  bool begins = false;    ///< a new line begins here: the pen was lifted before
};

/// Points closer than a pixel are merged, a segment that was drawn before is not drawn again, and a
/// place visited very often takes no more lines: so the number of points is bounded by what fits on
/// the screen, however long the run. One thread.
class PathLine {
 public:
  /// The line through columns (x, y) of the table on `plane`. Reads only rows it has not seen, unless
  /// plane or table are other ones.
  void update(const TableView& table, int x_column, int y_column, const Plane& plane);

  std::span<const PathPoint> points() const { return points_; }
  /// Goes up when points were changed other than by appending.
  std::uint64_t generation() const { return generation_; }

 private:
  void add(Vec2 p, std::int64_t row);

  TableView table_;
  Plane plane_;
  int x_column_ = -1;
  int y_column_ = -1;
  std::int64_t read_ = 0;
  std::uint64_t generation_ = 0;
  std::vector<PathPoint> points_;
  Vec2 last_;              ///< last point that was looked at and taken as the pen's place
  bool pen_down_ = false;
  std::unordered_set<std::uint64_t> segments_;
  std::unordered_map<std::uint32_t, int> visits_;
};

/// Lanes are worked out for at most this many points; longer paths fill areas and have no side.
inline constexpr std::size_t kMostLanePoints = 12'000;

/// Where paths run together they are moved into parallel lanes, like lines on an underground map, so
/// that none hides another; where they part, they are where they are.
/// @param paths    points of each visible path
/// @param plane    only its pixel rectangle is used
/// @param spacing  between lanes, pixels
/// @return for each path the positions to draw it at, as many as it has points
std::vector<std::vector<Vec2>> lanes(const std::vector<std::span<const PathPoint>>& paths, const Plane& plane,
                                     float spacing);

}  // namespace thalweg

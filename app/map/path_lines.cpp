#include "app/map/path_lines.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace thalweg {
namespace {

constexpr float kMerge = 1.0F;         ///< points closer than this are one, pixels
constexpr float kCell = 1.5F;          ///< two segments between the same cells are one
constexpr int kCrowded = 8;            ///< lines through a cell after which it is full
constexpr float kFarOff = 20'000.0F;   ///< beyond this, in pixels, a point is as good as outside

std::uint32_t cell_of(Vec2 p) {
  const auto x = static_cast<std::uint32_t>(static_cast<std::int32_t>(std::floor(p.x / kCell)) + 32768) & 0xFFFFU;
  const auto y = static_cast<std::uint32_t>(static_cast<std::int32_t>(std::floor(p.y / kCell)) + 32768) & 0xFFFFU;
  return x << 16 | y;
}

float distance(Vec2 a, Vec2 b) { return std::hypot(a.x - b.x, a.y - b.y); }

}  // namespace

void PathLine::add(Vec2 p, std::int64_t row) {
  if (!std::isfinite(p.x) || !std::isfinite(p.y)) {
    pen_down_ = false;
    return;
  }
  p.x = std::clamp(p.x, -kFarOff, kFarOff);
  p.y = std::clamp(p.y, -kFarOff, kFarOff);
  if (points_.empty()) {
    points_.push_back({p, row, true});
    last_ = p;
    pen_down_ = true;
    return;
  }
  if (pen_down_ && distance(p, last_) < kMerge) return;
  const std::uint32_t from = cell_of(last_);
  const std::uint32_t to = cell_of(p);
  const std::uint64_t segment = std::uint64_t{std::min(from, to)} << 32 | std::max(from, to);
  const bool crowded = visits_[from] >= kCrowded && visits_[to] >= kCrowded;
  if (crowded || !segments_.insert(segment).second) {
    pen_down_ = false;
    last_ = p;
    return;
  }
  ++visits_[from];
  ++visits_[to];
  if (!pen_down_) points_.push_back({last_, row - 1, true});
  points_.push_back({p, row, false});
  last_ = p;
  pen_down_ = true;
}

void PathLine::update(const TableView& table, int x_column, int y_column, const Plane& plane) {
  if (!table.extends(table_) || !(plane == plane_) || x_column != x_column_ || y_column != y_column_) {
    points_.clear();
    segments_.clear();
    visits_.clear();
    pen_down_ = false;
    read_ = 0;
    ++generation_;
    plane_ = plane;
    x_column_ = x_column;
    y_column_ = y_column;
  }
  table_ = table;
  while (read_ < table.rows()) {
    const auto xs = table.run(read_, x_column);
    const auto ys = table.run(read_, y_column);
    for (std::size_t i = 0; i < xs.size(); ++i)
      add(plane.to_screen(xs[i], ys[i]), read_ + static_cast<std::int64_t>(i));
    read_ += static_cast<std::int64_t>(xs.size());
  }
}

std::vector<std::vector<Vec2>> lanes(const std::vector<std::span<const PathPoint>>& paths, const Plane& plane,
                                     float spacing) {
  std::vector<std::vector<Vec2>> out(paths.size());
  for (std::size_t k = 0; k < paths.size(); ++k)
    for (const PathPoint& point : paths[k]) out[k].push_back(point.position);
  std::size_t total = 0;
  for (const auto& path : paths) total += path.size();
  if (paths.size() < 2 || paths.size() > 32 || total > kMostLanePoints) return out;

  // Which paths pass through each cell of a coarse grid.
  const float cell = std::max(3.0F, spacing * 1.5F);
  const int columns = static_cast<int>(plane.width / cell) + 2;
  const int rows = static_cast<int>(plane.height / cell) + 2;
  std::vector<std::uint32_t> passes(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows), 0);
  const auto index = [&](Vec2 p) -> std::ptrdiff_t {
    const int i = static_cast<int>(std::floor((p.x - plane.left) / cell));
    const int j = static_cast<int>(std::floor((p.y - plane.top) / cell));
    if (i < 0 || j < 0 || i >= columns || j >= rows) return -1;
    return static_cast<std::ptrdiff_t>(j) * columns + i;
  };
  for (std::size_t k = 0; k < paths.size(); ++k) {
    for (std::size_t i = 0; i < paths[k].size(); ++i) {
      const Vec2 b = paths[k][i].position;
      const Vec2 a = i > 0 && !paths[k][i].begins ? paths[k][i - 1].position : b;
      const float length = distance(a, b);
      const int pieces = std::min(400, 1 + static_cast<int>(length / cell));
      for (int p = 1; p <= pieces; ++p) {
        const float t = static_cast<float>(p) / static_cast<float>(pieces);
        const std::ptrdiff_t at = index({a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)});
        if (at >= 0) passes[static_cast<std::size_t>(at)] |= 1U << k;
      }
    }
  }

  std::vector<float> offset;
  for (std::size_t k = 0; k < paths.size(); ++k) {
    const auto& points = paths[k];
    const std::size_t n = points.size();
    offset.assign(n, 0.0F);
    for (std::size_t i = 0; i < n; ++i) {
      const Vec2 p = points[i].position;
      const std::ptrdiff_t at = index(p);
      if (at < 0) continue;
      std::uint32_t near = passes[static_cast<std::size_t>(at)];
      for (const auto& [dx, dy] : {std::pair{-cell, 0.0F}, {cell, 0.0F}, {0.0F, -cell}, {0.0F, cell}})
        if (const std::ptrdiff_t beside = index({p.x + dx, p.y + dy}); beside >= 0)
          near |= passes[static_cast<std::size_t>(beside)];
      const int together = std::popcount(near);
      const int rank = std::popcount(near & ((1U << k) - 1));
      offset[i] = (static_cast<float>(rank) - 0.5F * static_cast<float>(together - 1)) * spacing;
    }
    // Lanes open and close gradually: averaged along the line, there and back.
    constexpr float kReach = 14.0F;
    for (const bool forward : {true, false}) {
      float held = 0.0F;
      for (std::size_t step = 0; step < n; ++step) {
        const std::size_t i = forward ? step : n - 1 - step;
        const std::size_t before = forward ? i - 1 : i + 1;
        const bool joined = step > 0 && !(forward ? points[i].begins : points[before].begins);
        const float length = joined ? distance(points[i].position, points[before].position) : 1e3F;
        const float keep = std::exp(-length / kReach);
        held = joined ? keep * held + (1.0F - keep) * offset[i] : offset[i];
        offset[i] = held;
      }
    }
    // A line that turns sharply (a zigzag) has no side to be moved to.
    for (std::size_t i = 0; i < n; ++i) {
      if (std::abs(offset[i]) < 0.05F) continue;
      const std::size_t a = i > 0 && !points[i].begins ? i - 1 : i;
      const std::size_t b = i + 1 < n && !points[i + 1].begins ? i + 1 : i;
      const Vec2 p = points[i].position;
      const Vec2 in{p.x - points[a].position.x, p.y - points[a].position.y};
      const Vec2 out_{points[b].position.x - p.x, points[b].position.y - p.y};
      const float in_length = std::hypot(in.x, in.y);
      const float out_length = std::hypot(out_.x, out_.y);
      float straight = 1.0F;
      if (in_length > 0.0F && out_length > 0.0F)
        straight = std::clamp((in.x * out_.x + in.y * out_.y) / (in_length * out_length), 0.0F, 1.0F);
      const Vec2 along{in.x + out_.x, in.y + out_.y};
      const float length = std::hypot(along.x, along.y);
      if (length <= 0.0F) continue;
      const float shift = offset[i] * straight / length;
      out[k][i] = {p.x - along.y * shift, p.y + along.x * shift};
    }
  }
  return out;
}

}  // namespace thalweg

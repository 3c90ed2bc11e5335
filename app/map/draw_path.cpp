#include "app/map/draw_path.hpp"

#include <algorithm>

namespace thalweg {
namespace {

/// ImGui's AddPolyline takes some 16,000 points at most; short pieces also keep its buffers small.
constexpr std::size_t kPiece = 4000;

class Pen {
 public:
  Pen(ImDrawList* list, ImU32 colour, float width) : list_(list), colour_(colour), width_(width) {}
  ~Pen() { lift(); }

  void to(Vec2 p) {
    // ImGui joins segments with a mitre that runs wild at sharp turns: a zigzag is drawn in strokes.
    if (piece_.size() >= 2) {
      const ImVec2 a = piece_[piece_.size() - 2], b = piece_.back();
      const float ux = b.x - a.x, uy = b.y - a.y, vx = p.x - b.x, vy = p.y - b.y;
      if (ux * vx + uy * vy < 0.0F) {
        lift();
        piece_.push_back(b);
      }
    }
    piece_.push_back({p.x, p.y});
    if (piece_.size() < kPiece) return;
    const ImVec2 last = piece_.back();
    lift();
    piece_.push_back(last);
  }
  void lift() {
    if (piece_.size() > 1) list_->AddPolyline(piece_.data(), static_cast<int>(piece_.size()), colour_, 0, width_);
    piece_.clear();
  }

 private:
  ImDrawList* list_;
  ImU32 colour_;
  float width_;
  std::vector<ImVec2> piece_;
};

std::size_t points_until(std::span<const PathPoint> points, std::int64_t row) {
  return static_cast<std::size_t>(
      std::upper_bound(points.begin(), points.end(), row,
                       [](std::int64_t r, const PathPoint& point) { return r < point.row; }) -
      points.begin());
}

}  // namespace

void draw_path(ImDrawList* list, std::span<const PathPoint> points, std::span<const Vec2> at,
               std::int64_t last_row, const Vec2* tail, ImU32 colour, float width) {
  Pen pen(list, colour, width);
  const std::size_t count = points_until(points, last_row);
  for (std::size_t i = 0; i < count; ++i) {
    if (points[i].begins) pen.lift();
    pen.to(at[i]);
  }
  // A pen that is about to be lifted has no line to the tail.
  if (tail && count > 0 && !(count < points.size() && points[count].begins)) pen.to(*tail);
}

void draw_path_after(ImDrawList* list, std::span<const PathPoint> points, std::span<const Vec2> at,
                     std::int64_t first_row, ImU32 colour, float width) {
  Pen pen(list, colour, width);
  const std::size_t count = points_until(points, first_row);
  for (std::size_t i = count > 0 ? count - 1 : 0; i < points.size(); ++i) {
    if (points[i].begins) pen.lift();
    pen.to(at[i]);
  }
}

}  // namespace thalweg

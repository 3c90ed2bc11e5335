#include "app/gl/mesh_field.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "app/gl/mesh_camera.hpp"

namespace thalweg {
namespace {

/// Builds the triangles of one field from its level coordinates.
class MeshBuilder {
 public:
  MeshBuilder(MeshField& field, std::span<const double> level, int columns, int rows)
      : field_(field), level_(level), columns_(columns), rows_(rows) {
    const double longer = std::max(field.rect.width(), field.rect.height());
    half_x_ = float(field.rect.width() / longer);
    half_y_ = float(field.rect.height() / longer);
  }

  void build() {
    field_.vertices.reserve(level_.size() + std::size_t(4 * (columns_ + rows_)));
    for (int j = 0; j < rows_; ++j) {
      for (int i = 0; i < columns_; ++i) field_.vertices.push_back(surface_vertex(i, j));
    }
    field_.triangles.reserve(level_.size() * 6);
    for (int j = 0; j + 1 < rows_; ++j) {
      for (int i = 0; i + 1 < columns_; ++i) add_cell(i, j);
    }
    field_.surface_indices = field_.triangles.size();
    for (int i = 0; i + 1 < columns_; ++i) {
      add_wall(i, 0, i + 1, 0, 0.0f, -1.0f);
      add_wall(i + 1, rows_ - 1, i, rows_ - 1, 0.0f, 1.0f);
    }
    for (int j = 0; j + 1 < rows_; ++j) {
      add_wall(0, j + 1, 0, j, -1.0f, 0.0f);
      add_wall(columns_ - 1, j, columns_ - 1, j + 1, 1.0f, 0.0f);
    }
  }

 private:
  std::size_t at(int i, int j) const { return std::size_t(j) * std::size_t(columns_) + std::size_t(i); }
  bool empty(int i, int j) const { return std::isnan(level_[at(i, j)]); }

  float height(int i, int j) const {
    const double v = level_[at(i, j)];
    if (std::isnan(v)) return kBoxFloor;
    const double t = std::clamp((v - field_.relief.low) / field_.relief.span(), 0.0, 1.0);
    return kBoxFloor + (kBoxTop - kBoxFloor) * float(t);
  }

  /// Slope per box unit between the neighbours that exist.
  float slope(int i, int j, int di, int dj, float step) const {
    const int i0 = std::max(i - di, 0), j0 = std::max(j - dj, 0);
    const int i1 = std::min(i + di, columns_ - 1), j1 = std::min(j + dj, rows_ - 1);
    const bool before = !empty(i0, j0) && (i0 != i || j0 != j);
    const bool after = !empty(i1, j1) && (i1 != i || j1 != j);
    const float low = before ? height(i0, j0) : height(i, j);
    const float high = after ? height(i1, j1) : height(i, j);
    const int steps = int(before) + int(after);
    return steps == 0 ? 0.0f : (high - low) / (step * float(steps));
  }

  MeshVertex surface_vertex(int i, int j) const {
    MeshVertex v{};
    v.position[0] = half_x_ * (2.0f * float(i) / float(columns_ - 1) - 1.0f);
    v.position[1] = half_y_ * (2.0f * float(j) / float(rows_ - 1) - 1.0f);
    v.position[2] = height(i, j);
    const float gx = slope(i, j, 1, 0, 2.0f * half_x_ / float(columns_ - 1));
    const float gy = slope(i, j, 0, 1, 2.0f * half_y_ / float(rows_ - 1));
    const float scale = 1.0f / std::sqrt(gx * gx + gy * gy + 1.0f);
    v.normal[0] = -gx * scale;
    v.normal[1] = -gy * scale;
    v.normal[2] = scale;
    v.level = empty(i, j) ? 0.0f : in_lines(level_[at(i, j)]);
    return v;
  }

  float in_lines(double level) const {
    return float(std::clamp((level - field_.origin) / field_.contours.spacing, -1e5, 1e5));
  }

  void add_cell(int i, int j) {
    const auto a = std::uint32_t(at(i, j));
    const auto b = a + 1;
    const auto c = std::uint32_t(at(i, j + 1));
    const auto d = c + 1;
    const int holes = empty(i, j) + empty(i + 1, j) + empty(i, j + 1) + empty(i + 1, j + 1);
    if (holes > 1) return;
    if (holes == 1) {
      // The half that is left.
      if (empty(i, j)) add(b, d, c);
      if (empty(i + 1, j)) add(a, d, c);
      if (empty(i, j + 1)) add(a, b, d);
      if (empty(i + 1, j + 1)) add(a, b, c);
      return;
    }
    // The diagonal that climbs less follows valleys and ridges; the other would cut them into teeth.
    const double ad = std::abs(level_[a] - level_[d]);
    const double bc = std::abs(level_[b] - level_[c]);
    if (ad <= bc) {
      add(a, b, d);
      add(a, d, c);
    } else {
      add(a, b, c);
      add(b, d, c);
    }
  }

  void add(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
    field_.triangles.insert(field_.triangles.end(), {a, b, c});
  }

  void add_wall(int i0, int j0, int i1, int j1, float nx, float ny) {
    if (empty(i0, j0) || empty(i1, j1)) return;
    const auto first = std::uint32_t(field_.vertices.size());
    for (const std::size_t top : {at(i0, j0), at(i1, j1)}) {
      MeshVertex v = field_.vertices[top];
      v.normal[0] = nx;
      v.normal[1] = ny;
      v.normal[2] = 0.0f;
      v.side = 1.0f;
      field_.vertices.push_back(v);
      v.position[2] = 0.0f;
      field_.vertices.push_back(v);
    }
    field_.triangles.insert(field_.triangles.end(),
                            {first, first + 1, first + 2, first + 2, first + 1, first + 3});
  }

  MeshField& field_;
  std::span<const double> level_;
  int columns_;
  int rows_;
  float half_x_ = 1.0f;
  float half_y_ = 1.0f;
};

}  // namespace

float MeshField::relief_height(double z) const {
  const double t = (level_coordinate(z, style) - relief.low) / relief.span();
  return t > 0.0 ? float(std::min(t, 1.0)) : 0.0f;
}

MeshField make_mesh_field(std::span<const double> z, int columns, int rows, const MapRect& rect,
                          const LevelStyle& style, const HeightField* like) {
  if (columns < 2 || rows < 2 || z.size() != std::size_t(columns) * std::size_t(rows)) {
    throw std::invalid_argument("make_mesh_field: the samples do not fill the grid");
  }
  const std::vector<double> level = level_coordinates(z, style);
  MeshField field{.rect = rect, .style = style};
  field.relief = level_range(level, style.log_levels ? 0.01 : 0.002, style.log_levels ? 0.01 : 0.02);
  if (like != nullptr && like->style == style) {
    field.range = like->range;
    field.contours = like->contours;
  } else {
    field.range = level_range(level, style.log_levels ? 0.0 : 0.002, style.log_levels ? 0.002 : 0.02);
    double lowest = field.range.high;
    for (const double v : level) {
      if (v < lowest) lowest = v;
    }
    field.contours = choose_levels(field.range, lowest, style);
  }
  if (!style.log_levels) {
    const double major = field.contours.spacing * ContourLevels::kMajorEvery;
    field.origin = std::round(field.range.low / major) * major;
  }
  MeshBuilder(field, level, columns, rows).build();
  return field;
}

}  // namespace thalweg

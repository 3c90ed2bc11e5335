#include "core/surface/field.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>

namespace thalweg {
namespace {

/// The least and greatest finite heights.
struct Range {
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();

  void take(const double* z, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      // NaN fails both comparisons; infinities are outside the largest double.
      const bool finite = std::abs(z[i]) <= std::numeric_limits<double>::max();
      min = finite && z[i] < min ? z[i] : min;
      max = finite && z[i] > max ? z[i] : max;
    }
  }
  void take(const Range& other) {
    min = std::min(min, other.min);
    max = std::max(max, other.max);
  }
  template <class Out>
  void give(Out& out) const {
    out.any_finite = min <= max;
    out.min = out.any_finite ? min : 0.0;
    out.max = out.any_finite ? max : 0.0;
  }
};

bool possible(const FieldRequest& request) {
  if (!request.surface || request.width <= 0 || request.height <= 0) return false;
  const int dim = request.surface->dim();
  const auto axis = [dim](int a) { return a >= 0 && a < dim; };
  return axis(request.axis_x) && axis(request.axis_y) && request.axis_x != request.axis_y &&
         std::isfinite(request.x1 - request.x0) && std::isfinite(request.y1 - request.y0);
}

std::vector<double> padded(const std::vector<double>& at, int dim) {
  std::vector<double> out = at;
  out.resize(static_cast<std::size_t>(dim), 0.0);
  return out;
}

}  // namespace

Field sample_field(const FieldRequest& request, int threads, const std::atomic<bool>* cancel) {
  Field field;
  field.request = request;
  if (!possible(request)) return field;
  const auto width = static_cast<std::size_t>(request.width);
  field.z.resize(width * static_cast<std::size_t>(request.height));

  // Rows are handed out in small batches, so that a slow part of the surface does not leave the other
  // threads idle.
  constexpr int kBatch = 8;
  std::atomic<int> next{0};
  std::atomic<bool> cancelled{false};
  const double step = (request.x1 - request.x0) / request.width;
  const auto work = [&](Range& range) {
    std::vector<double> point = padded(request.at, request.surface->dim());
    for (;;) {
      const int begin = next.fetch_add(kBatch, std::memory_order_relaxed);
      if (begin >= request.height) return;
      for (int row = begin; row < std::min(begin + kBatch, request.height); ++row) {
        if (cancel && cancel->load(std::memory_order_relaxed)) {
          cancelled.store(true, std::memory_order_relaxed);
          return;
        }
        double* out = field.z.data() + static_cast<std::size_t>(row) * width;
        point[static_cast<std::size_t>(request.axis_y)] = field.y(row);
        request.surface->row(point.data(), request.axis_x, request.x0 + 0.5 * step, step, request.width, out);
        range.take(out, width);
      }
    }
  };

  const int helpers = std::clamp(threads, 1, std::max(1, request.height / kBatch)) - 1;
  std::vector<Range> ranges(static_cast<std::size_t>(helpers) + 1);
  {
    std::vector<std::jthread> pool;
    for (int i = 0; i < helpers; ++i)
      pool.emplace_back([&, i] { work(ranges[static_cast<std::size_t>(i) + 1]); });
    work(ranges[0]);
  }
  if (cancelled) {
    field.z.clear();
    return field;
  }
  for (std::size_t i = 1; i < ranges.size(); ++i) ranges[0].take(ranges[i]);
  ranges[0].give(field);
  return field;
}

Curve sample_curve(const Surface& surface, double x0, double x1, int count, int axis,
                   const std::vector<double>& at) {
  Curve curve;
  if (count < 2 || axis < 0 || axis >= surface.dim() || !std::isfinite(x1 - x0)) return curve;
  const auto n = static_cast<std::size_t>(count);
  const double step = (x1 - x0) / (count - 1);
  curve.x.resize(n);
  curve.y.resize(n);
  for (int i = 0; i < count; ++i) curve.x[static_cast<std::size_t>(i)] = x0 + i * step;
  const std::vector<double> point = padded(at, surface.dim());
  surface.row(point.data(), axis, x0, step, count, curve.y.data());
  Range range;
  range.take(curve.y.data(), n);
  range.give(curve);
  return curve;
}

}  // namespace thalweg

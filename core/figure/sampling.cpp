#include "core/figure/sampling.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace thalweg {
namespace {

/// The steps of one column that a line must go through.
struct Column {
  std::int64_t first = -1, least = -1, most = -1, last = -1, gap = -1;
  double low = 0.0, high = 0.0;

  void add(std::int64_t t, double value) {
    if (first < 0) first = t;
    last = t;
    if (!std::isfinite(value)) {
      if (gap < 0) gap = t;
      return;
    }
    if (least < 0 || value < low) low = value, least = t;
    if (most < 0 || value > high) high = value, most = t;
  }
};

void append(Sampled& out, const Column& column, const StepFunction& f) {
  std::array<std::int64_t, 5> steps{column.first, column.least, column.most, column.last, column.gap};
  std::sort(steps.begin(), steps.end());
  for (const std::int64_t t : steps) {
    if (t < 0 || (!out.x.empty() && out.x.back() == static_cast<double>(t))) continue;
    out.x.push_back(static_cast<double>(t));
    out.y.push_back(f(t));
  }
}

}  // namespace

Sampled sample_steps(const StepFunction& f, std::int64_t first, std::int64_t last, int columns,
                     const std::atomic<bool>* stop) {
  Sampled out;
  const std::int64_t count = last - first;
  const std::int64_t stretches = count <= 4 * static_cast<std::int64_t>(columns) ? count : columns;
  for (std::int64_t i = 0; i < stretches; ++i) {
    const std::int64_t begin = first + count / stretches * i + std::min(i, count % stretches);
    const std::int64_t end = begin + count / stretches + (i < count % stretches ? 1 : 0);
    Column column;
    for (std::int64_t t = begin; t < end; ++t) {
      if (stop && (t & 0xfff) == 0 && *stop) return {};
      column.add(t, f(t));
    }
    append(out, column, f);
  }
  return out;
}

Sampled glance_at_steps(const StepFunction& f, std::int64_t first, std::int64_t last, int points) {
  Sampled out;
  const std::int64_t count = std::min<std::int64_t>(last - first, points);
  for (std::int64_t i = 0; i < count; ++i) {
    const double share = count > 1 ? static_cast<double>(i) / static_cast<double>(count - 1) : 0.0;
    const std::int64_t t = first + std::llround(share * static_cast<double>(last - 1 - first));
    out.x.push_back(static_cast<double>(t));
    out.y.push_back(f(t));
  }
  return out;
}

Sampled spliced(const Sampled& coarse, const Sampled& fine) {
  if (fine.empty()) return coarse;
  Sampled out;
  const auto before = std::lower_bound(coarse.x.begin(), coarse.x.end(), fine.x.front()) - coarse.x.begin();
  const auto after = std::upper_bound(coarse.x.begin(), coarse.x.end(), fine.x.back()) - coarse.x.begin();
  const auto take = [&out](const Sampled& from, std::ptrdiff_t a, std::ptrdiff_t b) {
    out.x.insert(out.x.end(), from.x.begin() + a, from.x.begin() + b);
    out.y.insert(out.y.end(), from.y.begin() + a, from.y.begin() + b);
  };
  take(coarse, 0, before);
  take(fine, 0, static_cast<std::ptrdiff_t>(fine.x.size()));
  take(coarse, after, static_cast<std::ptrdiff_t>(coarse.x.size()));
  return out;
}

}  // namespace thalweg

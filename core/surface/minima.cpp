#include "core/surface/minima.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace thalweg {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
/// A gradient counts as zero below this fraction of what the curvature makes of the domain's width.
constexpr double kZeroGradient = 1e-10;
/// A Hessian counts as positive definite if its eigenvalues are all above this fraction of the largest.
constexpr double kDefinite = 1e-10;

using Point = std::array<double, 2>;

/// Value, gradient and the eigen-decomposition of the Hessian at a point; in one dimension the second
/// axis is absent.
struct Local {
  double f = 0.0;
  Point g{};
  Point eigenvalue{};                ///< ascending in two dimensions
  std::array<Point, 2> direction{};  ///< unit eigenvectors

  Local(const Surface& surface, const Point& x) : dim_(surface.dim()) {
    double h[4] = {};
    f = surface.hessian(x.data(), g.data(), h);
    finite_ = std::isfinite(f);
    for (int i = 0; i < dim_; ++i) finite_ = finite_ && std::isfinite(g[static_cast<std::size_t>(i)]);
    for (int i = 0; i < dim_ * dim_; ++i) finite_ = finite_ && std::isfinite(h[i]);
    if (dim_ == 1) {
      eigenvalue = {h[0], 0.0};
      direction = {Point{1.0, 0.0}, Point{0.0, 1.0}};
      return;
    }
    const double mean = 0.5 * (h[0] + h[3]);
    const double half = 0.5 * (h[0] - h[3]);
    const double radius = std::hypot(half, h[1]);
    eigenvalue = {mean - radius, mean + radius};
    const double angle = 0.5 * std::atan2(h[1], half);  // of the larger eigenvalue
    const double c = std::cos(angle);
    const double s = std::sin(angle);
    direction = {Point{-s, c}, Point{c, s}};
  }

  bool finite() const { return finite_; }
  double smallest() const { return eigenvalue[0]; }
  double largest() const { return eigenvalue[static_cast<std::size_t>(dim_ - 1)]; }
  bool definite() const { return largest() > 0.0 && smallest() > kDefinite * largest(); }
  double slope() const { return std::hypot(g[0], dim_ == 2 ? g[1] : 0.0); }

  /// The Newton step with the absolute values of the eigenvalues: downhill at saddles too.
  Point step() const {
    const double floor = 1e-8 * std::max(std::abs(smallest()), std::abs(largest()));
    Point out{};
    for (std::size_t k = 0; k < static_cast<std::size_t>(dim_); ++k) {
      const double along = g[0] * direction[k][0] + (dim_ == 2 ? g[1] * direction[k][1] : 0.0);
      const double scale = std::max(std::abs(eigenvalue[k]), floor);
      if (along == 0.0 || scale == 0.0) continue;
      for (std::size_t i = 0; i < 2; ++i) out[i] -= along / scale * direction[k][i];
    }
    return out;
  }

 private:
  int dim_;
  bool finite_ = false;
};

double width(const Surface& surface) {
  double out = 0.0;
  for (const Interval& side : surface.domain()) out = std::max(out, side.upper - side.lower);
  return out;
}

bool inside(const Surface& surface, const Point& x) {
  for (std::size_t i = 0; i < surface.domain().size(); ++i) {
    const Interval& side = surface.domain()[i];
    const double slack = 1e-12 * (side.upper - side.lower);
    if (!(x[i] >= side.lower - slack && x[i] <= side.upper + slack)) return false;
  }
  return true;
}

/// Where the minimum has short decimal coordinates, such as (3, 0.5), takes them instead of their
/// last-digit neighbours, provided the gradient is zero to rounding there too.
Point tidied(const Surface& surface, const Point& x) {
  Point out = x;
  for (double& coordinate : out) {
    const double decimal = std::round(coordinate * 1e9) / 1e9 + 0.0;  // + 0.0: no minus zero
    if (std::abs(decimal - coordinate) <= 1e-12 * std::max(1.0, std::abs(coordinate))) coordinate = decimal;
  }
  const Local exact(surface, x);
  const double noise = 1e-14 * exact.largest();
  return Local(surface, out).slope() <= std::max(exact.slope(), noise) ? out : x;
}

struct Polisher {
  const Surface& surface;
  double trust;      ///< longest step along an axis
  int hessians = 0;  ///< evaluated so far

  std::optional<MarkedPoint> operator()(const Point& seed, double reach) {
    const int dim = surface.dim();
    const double extent = width(surface);
    Point x = seed;
    int refinements = 0;
    for (int iteration = 0; iteration < 200; ++iteration) {
      const Local here = evaluate(x);
      if (!here.finite()) return std::nullopt;
      Point step = here.step();
      const double length = std::max(std::abs(step[0]), std::abs(step[1]));
      if (length > trust)
        for (double& component : step) component *= trust / length;

      // Close to the minimum the value no longer tells a better point from a worse one: take pure
      // Newton steps there, as often as they can still help.
      if (here.definite() && length <= 1e-6 * extent) {
        if (length <= 2.0 * kEpsilon * std::max(std::abs(x[0]), std::abs(x[1])) || ++refinements > 4) break;
        for (std::size_t i = 0; i < 2; ++i) x[i] += step[i];
        continue;
      }
      const double descent = here.g[0] * step[0] + (dim == 2 ? here.g[1] * step[1] : 0.0);
      if (!(descent < 0.0)) break;
      double t = 1.0;
      Point next{};
      bool accepted = false;
      for (int halvings = 0; halvings < 40 && !accepted; ++halvings, t *= 0.5) {
        for (std::size_t i = 0; i < 2; ++i) next[i] = x[i] + t * step[i];
        accepted = surface.value(next.data()) <= here.f + 1e-4 * t * descent;
      }
      if (!accepted) break;
      x = next;
      for (std::size_t i = 0; i < 2; ++i)
        if (std::abs(x[i] - seed[i]) > reach) return std::nullopt;
    }
    x = tidied(surface, x);
    const Local end = evaluate(x);
    hessians += 2;
    // The second test refuses degenerate minima, such as that of x⁴, where Newton's method creeps.
    const Point rest = end.step();
    const bool zero = end.finite() && end.slope() <= kZeroGradient * end.largest() * extent &&
                      std::max(std::abs(rest[0]), std::abs(rest[1])) <= kZeroGradient * extent;
    if (!zero || !end.definite() || !inside(surface, x)) return std::nullopt;
    return MarkedPoint{std::vector<double>(x.begin(), x.begin() + dim), end.f, true};
  }

  Local evaluate(const Point& x) {
    ++hessians;
    return Local(surface, x);
  }
};

Point padded(const std::vector<double>& x) { return {x[0], x.size() > 1 ? x[1] : 0.0}; }

bool same_place(const MarkedPoint& a, const MarkedPoint& b) {
  for (std::size_t i = 0; i < a.x.size(); ++i)
    if (std::abs(a.x[i] - b.x[i]) > 1e-6 * std::max(1.0, std::abs(a.x[i]))) return false;
  return true;
}

/// A cell of the search grid that is lower than its neighbours.
struct Seed {
  double f;
  Point x;
};

std::vector<Seed> low_cells(const Surface& surface, int cells) {
  const int columns = cells;
  const int rows = surface.dim() == 2 ? cells : 1;
  const Interval across = surface.domain()[0];
  const Interval up = surface.dim() == 2 ? surface.domain()[1] : Interval{0.0, 0.0};
  const double dx = (across.upper - across.lower) / columns;
  const double dy = (up.upper - up.lower) / rows;
  const double first = across.lower + 0.5 * dx;
  std::vector<double> z(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows));
  const auto at = [&](int i, int j) -> double& {
    return z[static_cast<std::size_t>(j) * static_cast<std::size_t>(columns) + static_cast<std::size_t>(i)];
  };
  for (int j = 0; j < rows; ++j) {
    const Point x{first, up.lower + (j + 0.5) * dy};
    surface.row(x.data(), 0, first, dx, columns, &at(0, j));
  }
  std::vector<Seed> out;
  for (int j = 0; j < rows; ++j) {
    for (int i = 0; i < columns; ++i) {
      const double f = at(i, j);
      if (!std::isfinite(f)) continue;
      bool lowest = true;
      bool flat = true;
      for (int v = std::max(j - 1, 0); v <= std::min(j + 1, rows - 1); ++v) {
        for (int u = std::max(i - 1, 0); u <= std::min(i + 1, columns - 1); ++u) {
          lowest = lowest && !(at(u, v) < f);
          flat = flat && at(u, v) == f;
        }
      }
      if (lowest && !flat) out.push_back({f, {first + i * dx, up.lower + (j + 0.5) * dy}});
    }
  }
  return out;
}

}  // namespace

void rank_minima(std::vector<MarkedPoint>& minima) {
  std::stable_sort(minima.begin(), minima.end(),
                   [](const MarkedPoint& a, const MarkedPoint& b) { return a.value < b.value; });
  std::vector<MarkedPoint> out;
  for (MarkedPoint& candidate : minima) {
    const bool known = std::any_of(out.begin(), out.end(),
                                   [&](const MarkedPoint& other) { return same_place(candidate, other); });
    if (!known) out.push_back(std::move(candidate));
  }
  for (MarkedPoint& point : out)
    point.global = point.value - out.front().value <= 1e-10 * (1.0 + std::abs(out.front().value));
  minima = std::move(out);
}

std::optional<MarkedPoint> polish_minimum(const Surface& surface, const std::vector<double>& seed,
                                          double reach) {
  return Polisher{surface, 0.5 * reach}(padded(seed), reach);
}

std::vector<MarkedPoint> polish_minima(const Surface& surface, const std::vector<std::vector<double>>& seeds,
                                       double reach) {
  std::vector<MarkedPoint> out;
  for (const auto& seed : seeds)
    if (auto point = polish_minimum(surface, seed, reach)) out.push_back(std::move(*point));
  rank_minima(out);
  return out;
}

std::vector<MarkedPoint> find_minima(const Surface& surface, const MinimaSearch& search) {
  std::vector<Seed> seeds = low_cells(surface, search.cells);
  std::stable_sort(seeds.begin(), seeds.end(), [](const Seed& a, const Seed& b) { return a.f < b.f; });
  if (seeds.size() > static_cast<std::size_t>(search.most_seeds))
    seeds.resize(static_cast<std::size_t>(search.most_seeds));
  const double extent = width(surface);
  Polisher polisher{surface, 2.0 * extent / search.cells};
  std::vector<MarkedPoint> out;
  for (const Seed& seed : seeds) {
    if (polisher.hessians > search.most_hessians) break;
    if (auto point = polisher(seed.x, extent)) out.push_back(std::move(*point));
  }
  rank_minima(out);
  return out;
}

}  // namespace thalweg

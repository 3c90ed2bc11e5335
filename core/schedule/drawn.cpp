// Drawn by hand: a monotone cubic through control points (Fritsch & Carlson 1980, Monotone piecewise cubic
// interpolation, SIAM J. Numer. Anal. 17, section 4). Between two points the curve never leaves their range,
// so that no rate becomes negative and no peak is higher than it was drawn.
#include "core/schedule/drawn.hpp"

#include <algorithm>
#include <cmath>

#include "core/schedule/parts.hpp"

namespace thalweg {
namespace {

Spec with_points(const Spec& spec, const std::vector<DrawnPoint>& points) {
  std::vector<double> list;
  for (const DrawnPoint& point : points) list.insert(list.end(), {point.step, point.factor});
  Spec out = spec;
  *out.find("points") = std::move(list);
  return out;
}

}  // namespace

std::vector<DrawnPoint> drawn_points(const Spec& spec) {
  std::vector<DrawnPoint> out;
  if (spec.id != "drawn") return out;
  const std::vector<double>& list = spec.list("points");
  for (std::size_t i = 0; i + 1 < list.size(); i += 2) out.push_back({list[i], list[i + 1]});
  return out;
}

Spec with_point(const Spec& spec, double step, double rate, double base) {
  std::vector<DrawnPoint> points = drawn_points(spec);
  const Parameter& bounds = *find_schedule(spec.id)->find("points");
  const DrawnPoint point{std::clamp(std::round(step), 0.0, bounds.max),
                         std::clamp(rate / spec.number_or("peak", base), 0.0, bounds.max)};
  if (std::isnan(point.step) || std::isnan(point.factor)) return spec;
  if (spec.text("axis") == "log" && point.factor <= 0.0) return spec;
  const auto at = std::lower_bound(points.begin(), points.end(), point,
                                   [](const DrawnPoint& a, const DrawnPoint& b) { return a.step < b.step; });
  if (at != points.end() && at->step == point.step) {
    *at = point;
  } else {
    if (points.size() >= kMostPoints) return spec;
    points.insert(at, point);
  }
  return with_points(spec, points);
}

Spec without_point(const Spec& spec, std::size_t index) {
  std::vector<DrawnPoint> points = drawn_points(spec);
  if (index >= points.size() || points.size() == 1) return spec;
  points.erase(points.begin() + static_cast<std::ptrdiff_t>(index));
  return with_points(spec, points);
}

namespace schedule_parts {
namespace {

/// Slopes at the points: the mean of the secants beside, brought into the circle of radius 3 in which a cubic
/// between two points is monotone (equations 3 to 5).
std::vector<double> slopes_of(const std::vector<DrawnPoint>& p) {
  const std::size_t n = p.size();
  std::vector<double> secants(n > 1 ? n - 1 : 0), slopes(n, 0.0);
  for (std::size_t i = 0; i + 1 < n; ++i)
    secants[i] = (p[i + 1].factor - p[i].factor) / (p[i + 1].step - p[i].step);
  for (std::size_t i = 0; i < n && n > 1; ++i) {
    if (i == 0 || i + 1 == n)
      slopes[i] = secants[i == 0 ? 0 : n - 2];
    else
      slopes[i] = secants[i - 1] * secants[i] <= 0.0 ? 0.0 : (secants[i - 1] + secants[i]) / 2.0;
  }
  for (std::size_t i = 0; i + 1 < n; ++i) {
    if (secants[i] == 0.0) {
      slopes[i] = slopes[i + 1] = 0.0;
      continue;
    }
    const double a = slopes[i] / secants[i], b = slopes[i + 1] / secants[i];
    const double radius = std::hypot(a, b);
    if (radius <= 3.0) continue;
    slopes[i] = 3.0 / radius * a * secants[i];
    slopes[i + 1] = 3.0 / radius * b * secants[i];
  }
  return slopes;
}

/// The points as the curve goes through them: of their logarithms on a logarithmic axis.
std::vector<DrawnPoint> knots_of(const Spec& spec) {
  std::vector<DrawnPoint> out = drawn_points(spec);
  if (spec.text("axis") == "log")
    for (DrawnPoint& point : out) point.factor = std::log(point.factor);
  return out;
}

double drawn_at(const Spec& spec, std::int64_t t, double base) {
  const std::vector<DrawnPoint> p = knots_of(spec);
  const double peak = spec.number_or("peak", base), step = static_cast<double>(t);
  const bool log = spec.text("axis") == "log";
  const auto rate = [&](double y) { return peak * (log ? std::exp(y) : y); };
  const auto next = std::upper_bound(p.begin(), p.end(), step,
                                     [](double at, const DrawnPoint& point) { return at < point.step; });
  if (next == p.begin()) return rate(p.front().factor);
  if (next == p.end()) return rate(p.back().factor);
  const auto i = static_cast<std::size_t>(next - p.begin()) - 1;
  const std::vector<double> slopes = slopes_of(p);
  const double h = p[i + 1].step - p[i].step, x = (step - p[i].step) / h;
  if (x == 0.0) return rate(p[i].factor);
  const double y = p[i].factor + (p[i + 1].factor - p[i].factor) * x * x * (3.0 - 2.0 * x) +
                   h * x * (1.0 - x) * (slopes[i] * (1.0 - x) - slopes[i + 1] * x);
  const auto [low, high] = std::minmax(p[i].factor, p[i + 1].factor);
  return rate(std::clamp(y, low, high));  // against rounding at the ends
}

TorchSchedule drawn_torch(const Spec& spec, std::int64_t) {
  const std::vector<DrawnPoint> p = knots_of(spec);
  const bool log = spec.text("axis") == "log";
  std::vector<double> steps, values;
  for (const DrawnPoint& point : p) {
    steps.push_back(point.step);
    values.push_back(point.factor);
  }
  const auto rate = [&](const std::string& y) {
    return log ? "peak * math.exp(" + y + ")" : "peak * (" + y + ")";
  };
  if (p.size() == 1) return {{}, {"return " + rate(python_number(values[0]))}};
  return {{},
          {"x = " + python_list(steps), "y = " + python_list(values), "slope = " + python_list(slopes_of(p)),
           "i = min(max(sum(a <= t for a in x) - 1, 0), len(x) - 2)", "h = x[i + 1] - x[i]",
           "u = min(max((t - x[i]) / h, 0), 1)", "v = y[i] + (y[i + 1] - y[i]) * u * u * (3 - 2 * u)",
           "return " + rate("v + h * u * (1 - u) * (slope[i] * (1 - u) - slope[i + 1] * u)")}};
}

std::optional<Error> check_points(const Spec& spec) {
  const std::vector<double>& list = spec.list("points");
  const auto wrong = [](std::string what) { return bad_input(std::move(what), "drawn: points"); };
  if (list.size() % 2 != 0)
    return wrong("must be pairs of a step and a multiple of the peak: 0/0/100/1/1000/0.1");
  if (list.size() > 2 * kMostPoints) return wrong("are more than " + std::to_string(kMostPoints));
  const bool log = spec.text("axis") == "log";
  for (std::size_t i = 0; i < list.size(); i += 2) {
    if (list[i] != std::floor(list[i]))
      return wrong("steps must be whole numbers, not " + format_number(list[i]));
    if (i > 0 && list[i] <= list[i - 2])
      return wrong("steps must ascend; " + format_number(list[i]) + " comes after " +
                   format_number(list[i - 2]));
    if (log && list[i + 1] <= 0.0)
      return wrong("must be greater than 0 on a logarithmic axis, not " + format_number(list[i + 1]));
  }
  return std::nullopt;
}

std::vector<Grip> drawn_grips(const Spec& spec, double base) {
  const std::vector<DrawnPoint> points = drawn_points(spec);
  const double peak = spec.number_or("peak", base);
  const double most = find_schedule("drawn")->find("points")->max;
  std::vector<Grip> out;
  for (std::size_t i = 0; i < points.size(); ++i) {
    out.push_back(
        {{"point " + std::to_string(i + 1), points[i].step, peak * points[i].factor, true, true},
         [=](Spec& moved, double step, double value) {
           const double low = i > 0 ? points[i - 1].step + 1.0 : 0.0;
           const double high = i + 1 < points.size() ? points[i + 1].step - 1.0 : most;
           const double least = spec.text("axis") == "log" ? 1e-12 : 0.0;
           std::vector<DrawnPoint> all = points;
           all[i] = {std::clamp(std::round(step), low, high), std::clamp(value / peak, least, most)};
           moved = with_points(moved, all);
         }});
  }
  return out;
}

}  // namespace

ScheduleDescriptor drawn() {
  Parameter points{
      .key = "points",
      .symbol = "pᵢ",
      .label = "control points",
      .kind = Kind::kRealList,
      .default_value = std::vector<double>{0, 0, 100, 1, 600, 0.6, 1000, 0},
      .min = 0.0,
      .max = 1e12,
      .soft_min = 0.0,
      .soft_max = 1000.0,
      .help = "Step and multiple of the peak of each point, one after the other: 0/0/100/1/1000/0.",
      .live = true};
  ScheduleDescriptor out = with_grips(
      {{.id = "drawn",
        .label = "Drawn by hand",
        .summary =
            "A smooth curve through control points, which can be dragged; before the first and after the "
            "last it is level.",
        .formula = "η(t) = ηₘₐₓ p(t), p a monotone cubic between the points, of log η on a logarithmic axis",
        .reference = "Fritsch & Carlson 1980, SIAM J. Numer. Anal. 17(2), section 4",
        .parameters = {peak_parameter(), std::move(points),
                       choice_parameter("axis", "axis", {"linear", "log"},
                                        "What is smooth between the points: the rate, or its logarithm.")}},
       drawn_at,
       drawn_torch},
      drawn_grips);
  out.check = check_points;
  return out;
}

}  // namespace schedule_parts
}  // namespace thalweg

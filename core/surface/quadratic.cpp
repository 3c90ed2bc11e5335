// The quadratic in any number of dimensions, f = ½ Σ λᵢ xᵢ², turned by an angle in two.
// Not a templated formula: its derivatives are written down, and cost O(n).
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "core/surface/descriptors.hpp"

namespace thalweg {
namespace {

constexpr std::size_t kMostDimensions = 1000;

class Quadratic final : public Surface {
 public:
  explicit Quadratic(std::vector<double> eigenvalues) : eigenvalues_(std::move(eigenvalues)) {
    const std::size_t n = eigenvalues_.size();
    dim_ = static_cast<int>(n);
    domain_.assign(n, {-2.0, 2.0});
    start_.assign(n, 1.0);
    if (n == 2) start_ = {-1.6, 1.2};
    // With a zero or negative eigenvalue there is no minimum, or no isolated one.
    const bool definite =
        std::all_of(eigenvalues_.begin(), eigenvalues_.end(), [](double l) { return l > 0.0; });
    if (definite) minima_ = {{std::vector<double>(n, 0.0), 0.0, true}};
  }

  double value(const double* x) const override {
    double sum = 0.0;
    for (std::size_t i = 0; i < eigenvalues_.size(); ++i) sum += eigenvalues_[i] * (x[i] * x[i]);
    return 0.5 * sum;
  }

  double gradient(const double* x, double* g) const override {
    for (std::size_t i = 0; i < eigenvalues_.size(); ++i) g[i] = eigenvalues_[i] * x[i];
    return value(x);
  }

  double hessian(const double* x, double* g, double* h) const override {
    const std::size_t n = eigenvalues_.size();
    std::fill(h, h + n * n, 0.0);
    for (std::size_t i = 0; i < n; ++i) h[i * n + i] = eigenvalues_[i];
    return gradient(x, g);
  }

  bool sums_squares() const override {
    return std::all_of(eigenvalues_.begin(), eigenvalues_.end(), [](double l) { return l >= 0.0; });
  }

  /// Of r = √(λ/2) x: the Hessian itself.
  void gauss_newton(const double*, double* out) const override {
    const std::size_t n = eigenvalues_.size();
    std::fill(out, out + n * n, 0.0);
    for (std::size_t i = 0; i < n; ++i) out[i * n + i] = eigenvalues_[i];
  }

  void row(const double* x, int axis, double first, double step, int count, double* out) const override {
    const auto along = static_cast<std::size_t>(axis);
    double rest = 0.0;
    for (std::size_t i = 0; i < eigenvalues_.size(); ++i)
      if (i != along) rest += eigenvalues_[i] * (x[i] * x[i]);
    const double curvature = eigenvalues_[along];
    for (int i = 0; i < count; ++i) {
      const double t = first + i * step;
      out[i] = 0.5 * (rest + curvature * (t * t));
    }
  }

 private:
  std::vector<double> eigenvalues_;
};

/// Two eigenvalues on axes turned by an angle: f = ½ (λ₁u² + λ₂v²), u = x cos θ + y sin θ.
struct TurnedQuadratic {
  static constexpr bool kBranches = true;  // written by quadratic_torch(), from the angle
  double first, second, c, s;
  double xx, xy, yy;

  TurnedQuadratic(double lambda1, double lambda2, double radians)
      : first(lambda1), second(lambda2), c(std::cos(radians)), s(std::sin(radians)) {
    xx = first * c * c + second * s * s;
    yy = first * s * s + second * c * c;
    xy = (first - second) * c * s;
  }
  template <class T>
  T operator()(T x, T y) const {
    return 0.5 * (xx * square(x) + yy * square(y)) + xy * (x * y);
  }
  bool sums_squares() const { return first >= 0.0 && second >= 0.0; }
  template <class T>
  std::array<T, 2> residuals(T x, T y) const {
    return {std::sqrt(0.5 * first) * (c * x + s * y), std::sqrt(0.5 * second) * (c * y - s * x)};
  }
  template <class T>
  static T square(const T& x) {
    return jets::square(x);
  }
};

MadeSurface make_quadratic(const Spec& spec) {
  std::vector<double> eigenvalues = spec.list("eigenvalues");
  if (eigenvalues.size() > kMostDimensions)
    return bad_input("at most 1000 are allowed, not " + std::to_string(eigenvalues.size()),
                     "quadratic: eigenvalues");
  if (eigenvalues.size() != 2)
    return std::shared_ptr<const Surface>(std::make_shared<Quadratic>(eigenvalues));

  if (!spec.is_off("condition")) {
    const auto [smallest, largest] = std::minmax_element(eigenvalues.begin(), eigenvalues.end());
    if (*smallest <= 0.0)
      return bad_input("needs two positive eigenvalues; write condition=off", "quadratic: condition");
    *largest = *smallest * spec.number("condition");
  }
  const double degrees = spec.number("angle");
  if (std::remainder(degrees, 180.0) == 0.0)
    return std::shared_ptr<const Surface>(std::make_shared<Quadratic>(eigenvalues));
  const bool definite = eigenvalues[0] > 0.0 && eigenvalues[1] > 0.0;
  return with_minima(
      TurnedQuadratic(eigenvalues[0], eigenvalues[1], degrees * std::numbers::pi / 180.0),
      {{-2.0, 2.0}, {-2.0, 2.0}}, {-1.6, 1.2},
      definite ? std::vector<MarkedPoint>{{{0.0, 0.0}, 0.0, true}} : std::vector<MarkedPoint>{});
}

std::vector<std::string> quadratic_torch(const Spec& spec) {
  std::vector<double> eigenvalues = spec.list("eigenvalues");
  if (eigenvalues.size() == 2 && !spec.is_off("condition")) {
    const auto [smallest, largest] = std::minmax_element(eigenvalues.begin(), eigenvalues.end());
    *largest = *smallest * spec.number("condition");
  }
  const std::string curvatures = "curvatures = torch.tensor(" + python_list(eigenvalues) + ")";
  const double degrees = spec.number("angle");
  if (eigenvalues.size() != 2 || std::remainder(degrees, 180.0) == 0.0)
    return {curvatures, "return 0.5 * (curvatures * p**2).sum()"};
  return {curvatures, "angle = math.radians(" + python_number(degrees) + ")",
          "u = p[0] * math.cos(angle) + p[1] * math.sin(angle)",
          "v = p[1] * math.cos(angle) - p[0] * math.sin(angle)",
          "return 0.5 * (curvatures[0] * u**2 + curvatures[1] * v**2)"};
}

}  // namespace

SurfaceDescriptor quadratic_surface() {
  return {
      {.id = "quadratic",
       .label = "Quadratic bowl",
       .summary = "The model of every smooth minimum: the ratio of its curvatures sets the pace of descent.",
       .formula = "½ Σ λᵢ xᵢ²",
       .reference = "B. T. Polyak, Some methods of speeding up the convergence of iteration methods, USSR "
                    "Comput. Math. Math. Phys. 4 (1964) 1–17; G. Goh, Why momentum really works, Distill "
                    "(2017)",
       .parameters = {{.key = "eigenvalues",
                       .symbol = "λ",
                       .label = "curvatures",
                       .kind = Kind::kRealList,
                       .default_value = std::vector<double>{1.0, 10.0},
                       .soft_min = 0.1,
                       .soft_max = 100.0,
                       .scale = Scale::kLog,
                       .help = "One eigenvalue of the Hessian for each dimension, written 1/10/100."},
                      {.key = "angle",
                       .symbol = "θ",
                       .label = "angle",
                       .default_value = 0.0,
                       .soft_min = 0.0,
                       .soft_max = 90.0,
                       .unit = "°",
                       .help = "Turns the axes of a bowl in two dimensions, counter-clockwise."},
                      {.key = "condition",
                       .symbol = "κ",
                       .label = "condition number",
                       .default_value = Value{},
                       .min = 1.0,
                       .soft_min = 1.0,
                       .soft_max = 1000.0,
                       .scale = Scale::kLog,
                       .help = "In two dimensions: makes the larger eigenvalue this multiple of the smaller.",
                       .off_word = "off"}}},
      0,
      make_quadratic,
      [](const Spec& spec, std::string_view key) {
        return key == "eigenvalues" || spec.list("eigenvalues").size() == 2;
      },
      quadratic_torch};
}

}  // namespace thalweg

// The typed formula as a surface and as the last entry of the menu.
#include <algorithm>
#include <cmath>

#include "core/surface/descriptors.hpp"
#include "core/surface/expression.hpp"
#include "core/surface/program.hpp"

namespace thalweg {
namespace {

constexpr const char* kParameterKeys[] = {"a", "b", "c", "d"};
constexpr Interval kDomain = {-3.0, 3.0};

template <int N>
class ExpressionSurface final : public Surface {
 public:
  explicit ExpressionSurface(Program program) : program_(std::move(program)) {
    dim_ = N;
    domain_.assign(N, kDomain);
    start_ = finite_start();
    minima_ = find_minima(*this, affordable_search());
  }

  double value(const double* x) const override { return program_.evaluate(x[0], N == 2 ? x[N - 1] : 0.0); }

  double gradient(const double* x, double* g) const override {
    const auto f = at<Jet1<N>>(x);
    std::copy(f.g, f.g + N, g);
    return f.v;
  }

  double hessian(const double* x, double* g, double* h) const override {
    const auto f = at<Jet2<N>>(x);
    for (int i = 0, k = 0; i < N; ++i) {
      g[i] = f.g[i];
      for (int j = 0; j <= i; ++j, ++k) h[i * N + j] = h[j * N + i] = f.h[k];
    }
    return f.v;
  }

  void row(const double* x, int axis, double first, double step, int count, double* out) const override {
    program_.row(axis, N == 2 ? x[1 - axis] : 0.0, first, step, count, out);
  }

 private:
  template <class J>
  J at(const double* x) const {
    return program_.evaluate(J::variable(x[0], 0), N == 2 ? J::variable(x[N - 1], N - 1) : J(0.0));
  }

  /// The first of a few points at which value and gradient are finite.
  std::vector<double> finite_start() const {
    constexpr double kCandidates[][2] = {{-2.0, 2.0}, {2.0, 1.0}, {1.0, 1.0},
                                         {0.5, 0.5},  {0.1, 0.1}, {-1.0, -1.5}};
    for (const auto& candidate : kCandidates) {
      double g[N];
      bool finite = std::isfinite(gradient(candidate, g));
      for (const double component : g) finite = finite && std::isfinite(component);
      if (finite) return {candidate, candidate + N};
    }
    return {kCandidates[0], kCandidates[0] + N};
  }

  /// Formulas are edited live: the search takes a few milliseconds at most, whatever the length.
  MinimaSearch affordable_search() const {
    constexpr double kInstructions = 300'000.0;  // about 1 ms of either kind
    const double points = kInstructions / program_.size();
    if (N == 1) return {.cells = std::clamp(static_cast<int>(points), 64, 1024), .most_hessians = 10'000};
    return {.cells = std::clamp(static_cast<int>(std::sqrt(points)), 16, 96),
            .most_hessians = std::clamp(static_cast<int>(points), 100, 20'000)};
  }

  Program program_;
};

std::array<double, 4> parameter_values(const Spec& spec) {
  std::array<double, 4> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = spec.number(kParameterKeys[i]);
  return out;
}

}  // namespace

std::shared_ptr<const Surface> make_expression_surface(const Expression& expression,
                                                       const std::array<double, 4>& parameters) {
  Program program(expression, parameters);
  if (expression.dim() == 1) return std::make_shared<ExpressionSurface<1>>(std::move(program));
  return std::make_shared<ExpressionSurface<2>>(std::move(program));
}

SurfaceDescriptor expression_surface() {
  SurfaceDescriptor out = {
      {.id = "expr",
       .label = "Typed formula",
       .summary = "Any formula of x and y, with exact derivatives; a to d are sliders.",
       .formula = "f(x, y; a, b, c, d)",
       .reference = "derivatives: A. Griewank & A. Walther, Evaluating Derivatives (SIAM 2008), chapter 3",
       .parameters = {{.key = "formula",
                       .label = "formula",
                       .kind = Kind::kText,
                       .default_value = std::string("0.1*(x^2 + y^2) + sin(2*a*x)*cos(2*b*y)"),
                       .help =
                           "Of x and y, for example (a - x)^2 + 100 (y - x^2)^2; without y it is a curve."}},
       .leading_text = "formula"},
      0,
      [](const Spec& spec) -> MadeSurface {
        auto expression = parse_expression(spec.text("formula"));
        if (!expression) return expression.error();
        return make_expression_surface(*expression, parameter_values(spec));
      },
      [](const Spec& spec, std::string_view key) {
        if (key == "formula") return true;
        const auto expression = parse_expression(spec.text("formula"));
        return expression && expression->uses(key);
      }};
  for (const char* key : kParameterKeys) {
    out.parameters.push_back({.key = key,
                              .symbol = key,
                              .label = std::string("parameter ") + key,
                              .default_value = 1.0,
                              .soft_min = -10.0,
                              .soft_max = 10.0,
                              .help = std::string("The value of ") + key + " in the formula."});
  }
  return out;
}

}  // namespace thalweg

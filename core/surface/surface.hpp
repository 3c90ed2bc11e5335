// A loss surface: a function of one, two or n variables with its exact gradient and Hessian.
// Derivatives come from one templated formula by forward-mode differentiation (jet.hpp), never
// from finite differences. Immutable once built, so any number of threads may evaluate it.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/spec/spec.hpp"
#include "core/surface/syntax.hpp"

namespace thalweg {

/// A known minimum (or other marked point) of a surface.
struct MarkedPoint {
  std::vector<double> x;  ///< `dim` coordinates
  double value = 0.0;
  bool global = true;  ///< a global minimum; false: a local one
};

struct Interval {
  double lower = -1.0;
  double upper = 1.0;
  bool operator==(const Interval&) const = default;
};

class Surface {
 public:
  virtual ~Surface() = default;

  int dim() const { return dim_; }

  /// f(x). x has dim() elements. Outside the function's domain the result is NaN.
  virtual double value(const double* x) const = 0;
  /// Writes the dim() partial derivatives to g and returns f(x).
  virtual double gradient(const double* x, double* g) const = 0;
  /// Writes gradient (dim) and Hessian (dim x dim, row-major, symmetric) and returns f(x).
  virtual double hessian(const double* x, double* g, double* h) const = 0;
  /// Whether f is written as a sum of squares f = Σ rᵢ².
  virtual bool sums_squares() const { return false; }
  /// Writes 2 JᵀJ (dim x dim, row-major) with the Jacobian J of the r: the Gauss-Newton matrix, which is the
  /// Hessian without the second derivatives of the r. Broken invariant (throws std::logic_error) where f is no
  /// such sum.
  virtual void gauss_newton(const double* x, double* out) const {
    (void)x, (void)out;
    throw std::logic_error("this surface is not written as a sum of squares");
  }
  /// f along a grid row: out[i] = f(x with x[axis] = first + i*step), for i in [0, count).
  virtual void row(const double* x, int axis, double first, double step, int count, double* out) const = 0;

  /// The formula itself, its parameters as numbers; empty where it is not one expression of x and y
  /// (SurfaceDescriptor::torch has those).
  virtual Syntax syntax() const { return {}; }

  /// Where the function is worth looking at: one interval for each axis.
  const std::vector<Interval>& domain() const { return domain_; }
  const std::vector<double>& start() const { return start_; }
  /// Known minima, the lowest first; empty if none is known or if the function is unbounded below.
  /// They follow the parameters. Those of typed formulas are the ones found inside the domain.
  const std::vector<MarkedPoint>& minima() const { return minima_; }

 protected:
  int dim_ = 2;
  std::vector<Interval> domain_;
  std::vector<double> start_;
  std::vector<MarkedPoint> minima_;
};

struct SurfaceDescriptor : Descriptor {
  int dim = 2;  ///< 1, 2, or 0: the parameters decide
  /// Builds the surface. The spec has passed check(); what can still fail is a typed formula.
  std::function<Result<std::shared_ptr<const Surface>>(const Spec&)> make;
  /// Whether the parameter has any effect with these settings (an unused a..d of a typed formula
  /// has none); empty: every one always has.
  std::function<bool(const Spec&, std::string_view key)> relevant = {};
  /// For surfaces without syntax(): the body of a Python function that returns the loss at the tensor `p` of
  /// all coordinates, line by line, with torch and math at hand.
  std::function<std::vector<std::string>(const Spec&)> torch = {};
};

/// All built-in surfaces in the order of the menu; the last is the typed expression.
const std::vector<SurfaceDescriptor>& surfaces();
const SurfaceDescriptor* find_surface(std::string_view id);
/// The same as a family for parse_spec.
const Family& surface_family();
/// Parses nothing: `spec` must belong to a surface.
Result<std::shared_ptr<const Surface>> make_surface(const Spec& spec);

}  // namespace thalweg

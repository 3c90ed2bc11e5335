// The built-in loss functions, each one formula templated on its number type: double for the value,
// Jet1 for the gradient, Jet2 for the Hessian (jet.hpp). Equations, papers, domains and minima stand
// with the descriptors (valleys.cpp, multimodal.cpp, landforms.cpp, builtin_1d.cpp).
#pragma once

#include <array>
#include <cmath>
#include <numbers>

#include "core/surface/jet.hpp"

namespace thalweg::formulas {

using namespace thalweg::jets;
using std::numbers::pi;

// ---- Bowls and valleys ------------------------------------------------------------------------

struct Rosenbrock {
  double a = 1.0;
  double b = 100.0;
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    return square(a - x) + b * square(y - square(x));
  }
  template <class T>
  std::array<T, 2> residuals(T x, T y) const {
    return {a - x, std::sqrt(b) * (y - square(x))};
  }
};

/// Two eigenvalues on axes turned by an angle: f = ½ (λ₁u² + λ₂v²), u = x cos θ + y sin θ.
struct TurnedQuadratic {
  static constexpr bool kBranches = true;  // quadratic.cpp writes it, from the angle
  double first, second, c, s;
  double xx, xy, yy;

  TurnedQuadratic(double lambda1, double lambda2, double radians)
      : first(lambda1), second(lambda2), c(std::cos(radians)), s(std::sin(radians)) {
    xx = first * c * c + second * s * s;
    yy = first * s * s + second * c * c;
    xy = (first - second) * c * s;
  }
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    return 0.5 * (xx * square(x) + yy * square(y)) + xy * (x * y);
  }
  bool sums_squares() const { return first >= 0.0 && second >= 0.0; }
  template <class T>
  std::array<T, 2> residuals(T x, T y) const {
    return {std::sqrt(0.5 * first) * (c * x + s * y), std::sqrt(0.5 * second) * (c * y - s * x)};
  }
};

struct Beale {
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    const T y2 = square(y);
    return square(1.5 - x + x * y) + square(2.25 - x + x * y2) + square(2.625 - x + x * (y2 * y));
  }
  template <class T>
  std::array<T, 3> residuals(T x, T y) const {
    const T y2 = square(y);
    return {1.5 - x + x * y, 2.25 - x + x * y2, 2.625 - x + x * (y2 * y)};
  }
};

struct Booth {
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    return square(x + 2.0 * y - 7.0) + square(2.0 * x + y - 5.0);
  }
  template <class T>
  std::array<T, 2> residuals(T x, T y) const {
    return {x + 2.0 * y - 7.0, 2.0 * x + y - 5.0};
  }
};

struct Matyas {
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    return 0.26 * (square(x) + square(y)) - 0.48 * (x * y);
  }
  template <class T>
  std::array<T, 2> residuals(T x, T y) const {
    return {0.1 * (x + y), 0.5 * (x - y)};
  }
};

/// Mean logistic loss of the line w·x + b on twelve labelled numbers, plus ½λ‖(w, b)‖².
struct Logistic {
  static constexpr bool kBranches = true;  // not one expression (symbol.hpp)
  double l2 = 0.01;

  static constexpr int kSamples = 12;
  struct Sample {
    double x;
    bool positive;
  };
  /// Made up for this program. The classes overlap, so a finite minimum exists even with λ = 0, and
  /// the mean of x is far from 0, which ties w to b in a long valley.
  struct Samples {
    Sample at[kSamples];
  };
  // A function, since a device knows no static members.
  THALWEG_HD static constexpr Samples samples() {
    return {{{0.4, false},
             {0.8, false},
             {1.1, false},
             {1.5, true},
             {1.7, false},
             {2.0, false},
             {2.2, true},
             {2.5, true},
             {2.8, false},
             {3.1, true},
             {3.4, true},
             {3.9, true}}};
  }
  template <class T>
  THALWEG_HD T operator()(T w, T b) const {
    const Samples samples = Logistic::samples();
    T sum = 0.0;
    each<kSamples>([&](int i) {  // written out, so that loops around it become vectors
      const T score = samples.at[i].x * w + b;
      sum = sum + softplus(samples.at[i].positive ? -score : score);
    });
    return sum / static_cast<double>(kSamples) + (0.5 * l2) * (square(w) + square(b));
  }
};

// ---- Several minima -----------------------------------------------------------------------------

struct Himmelblau {
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    return square(square(x) + y - 11.0) + square(x + square(y) - 7.0);
  }
  template <class T>
  std::array<T, 2> residuals(T x, T y) const {
    return {square(x) + y - 11.0, x + square(y) - 7.0};
  }
};

struct GoldsteinPrice {
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    const T x2 = square(x);
    const T y2 = square(y);
    const T xy = x * y;
    const T near = 19.0 - 14.0 * x + 3.0 * x2 - 14.0 * y + 6.0 * xy + 3.0 * y2;
    const T far = 18.0 - 32.0 * x + 12.0 * x2 + 48.0 * y - 36.0 * xy + 27.0 * y2;
    return (1.0 + square(x + y + 1.0) * near) * (30.0 + square(2.0 * x - 3.0 * y) * far);
  }
};

struct McCormick {
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    return sin(x + y) + square(x - y) - 1.5 * x + 2.5 * y + 1.0;
  }
};

struct ThreeHumpCamel {
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    const T x2 = square(x);
    return x2 * (2.0 - 1.05 * x2 + square(x2) / 6.0) + x * y + square(y);
  }
};

struct SixHumpCamel {
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    const T x2 = square(x);
    const T y2 = square(y);
    return (4.0 - 2.1 * x2 + square(x2) / 3.0) * x2 + x * y + (4.0 * y2 - 4.0) * y2;
  }
};

struct StyblinskiTang {
  template <class T>
  THALWEG_HD static T term(T x) {
    const T x2 = square(x);
    return square(x2) - 16.0 * x2 + 5.0 * x;
  }
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    return 0.5 * (term(x) + term(y));
  }
};

struct Rastrigin {
  double a = 10.0;
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    return 2.0 * a + (square(x) - a * cos(2.0 * pi * x)) + (square(y) - a * cos(2.0 * pi * y));
  }
};

/// Has a kink at the origin, its global minimum: there gradient and the singular part of the Hessian
/// are 0 (jet.hpp, sqrt). Written with expm1 so that the minimum is exactly 0.
struct Ackley {
  double a = 20.0;
  double b = 0.2;
  double c = 2.0 * pi;
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    const T distance = sqrt(0.5 * (square(x) + square(y)));
    const T waves = 0.5 * (cos(c * x) + cos(c * y)) - 1.0;
    return -a * expm1(-b * distance) - std::numbers::e * expm1(waves);
  }
};

struct Griewank {
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    return 1.0 + (square(x) + square(y)) / 4000.0 - cos(x) * cos(y / std::numbers::sqrt2);
  }
};

struct Levy13 {
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    return square(sin(3.0 * pi * x)) + square(x - 1.0) * (1.0 + square(sin(3.0 * pi * y))) +
           square(y - 1.0) * (1.0 + square(sin(2.0 * pi * y)));
  }
  template <class T>
  std::array<T, 5> residuals(T x, T y) const {
    return {sin(3.0 * pi * x), x - 1.0, (x - 1.0) * sin(3.0 * pi * y), y - 1.0,
            (y - 1.0) * sin(2.0 * pi * y)};
  }
};

struct Easom {
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    return -(cos(x) * cos(y)) * exp(-(square(x - pi) + square(y - pi)));
  }
};

/// The soft minimum of two paraboloids, ½·flat·‖p − (distance/2, 0)‖² + gap and
/// ½·sharp·‖p + (distance/2, 0)‖²; the same in one variable.
struct SharpFlat {
  static constexpr bool kBranches = true;
  double sharp = 40.0;
  double flat = 2.0;
  double gap = 0.0;
  double distance = 4.0;
  double softness = 0.5;

  template <class T>
  THALWEG_HD T blend(const T& sharp_bowl, const T& flat_bowl) const {
    // From the lower of the two, so that nothing cancels at the floor of either basin.
    if (value_of(sharp_bowl) < value_of(flat_bowl))
      return sharp_bowl - softness * softplus((sharp_bowl - flat_bowl) / softness);
    return flat_bowl - softness * softplus((flat_bowl - sharp_bowl) / softness);
  }
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    const T y2 = square(y);
    return blend<T>(0.5 * sharp * (square(x + 0.5 * distance) + y2),
                    0.5 * flat * (square(x - 0.5 * distance) + y2) + gap);
  }
};

struct SharpFlat1d {
  static constexpr bool kBranches = true;
  SharpFlat both;
  template <class T>
  THALWEG_HD T operator()(T x) const {
    return both(x, T(0.0));
  }
};

// ---- Saddles and plateaus -----------------------------------------------------------------------

struct Saddle {
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    return 0.5 * (square(x) - square(y));
  }
};

struct BoundedSaddle {
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    const T y2 = square(y);
    return 0.5 * (square(x) - y2) + 0.25 * square(y2);
  }
};

struct MonkeySaddle {
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    return x * (square(x) - 3.0 * square(y));
  }
};

struct Plateau {
  double width = 1.0;
  template <class T>
  THALWEG_HD T operator()(T x, T y) const {
    return -expm1(-(square(x) + square(y)) / (2.0 * width * width));
  }
};

// ---- One variable -------------------------------------------------------------------------------

struct Parabola {
  double a = 1.0;
  template <class T>
  THALWEG_HD T operator()(T x) const {
    return 0.5 * a * square(x);
  }
  template <class T>
  std::array<T, 1> residuals(T x) const {
    return {std::sqrt(0.5 * a) * x};
  }
};

struct ShiftedParabola {
  double c = 3.0;
  template <class T>
  THALWEG_HD T operator()(T x) const {
    return square(x - c);
  }
  template <class T>
  std::array<T, 1> residuals(T x) const {
    return {x - c};
  }
};

struct Quartic {
  double b = 2.0;
  double c = 0.0;
  template <class T>
  THALWEG_HD T operator()(T x) const {
    const T x2 = square(x);
    return square(x2) - b * x2 + c;
  }
};

struct TiltedDoubleWell {
  double t = 0.3;
  template <class T>
  THALWEG_HD T operator()(T x) const {
    const T x2 = square(x);
    return square(x2) - 2.0 * x2 + t * x;
  }
};

struct Washboard {
  double k = 0.05;
  template <class T>
  THALWEG_HD T operator()(T x) const {
    return k * square(x) - cos(x);
  }
};

struct Huber {
  static constexpr bool kBranches = true;
  double tau = 0.5;
  template <class T>
  THALWEG_HD T operator()(T x) const {
    if (abs(value_of(x)) <= tau) return 0.5 * square(x);
    return tau * (abs(x) - 0.5 * tau);
  }
};

}  // namespace thalweg::formulas

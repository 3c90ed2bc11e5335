// Sampled surfaces and a headless context for the tests of the drawing code.
//
// With THALWEG_PICTURES=FOLDER in the environment the tests also write what they draw there.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <numbers>
#include <string>
#include <vector>

#include "app/gl/allocator.hpp"
#include "app/gl/context.hpp"
#include "app/gl/height_field.hpp"

namespace thalweg::gl_test {

using Formula = double (*)(double, double);

inline double rosenbrock(double x, double y) {
  const double a = 1 - x;
  const double b = y - x * x;
  return a * a + 100 * b * b;
}
inline double himmelblau(double x, double y) {
  const double a = x * x + y - 11;
  const double b = x + y * y - 7;
  return a * a + b * b;
}
inline double rastrigin(double x, double y) {
  constexpr double t = 2 * std::numbers::pi;
  return 20 + x * x - 10 * std::cos(t * x) + y * y - 10 * std::cos(t * y);
}
inline double saddle(double x, double y) { return x * x - y * y; }
inline double cone(double x, double y) { return std::hypot(x, y); }
inline double kinked(double x, double y) { return std::abs(x) + std::abs(y); }
inline double log_domain(double x, double y) { return x * x - std::log(1.5 - x - y); }

struct Case {
  const char* name;
  Formula formula;
  MapRect rect;
  bool log_levels;
};

inline std::vector<Case> cases() {
  return {{"rosenbrock", rosenbrock, {-2.05, -1.06, 2.05, 2.75}, true},
          {"himmelblau", himmelblau, {-6, -5.6, 6, 5.6}, true},
          {"rastrigin", rastrigin, {-4, -3.7, 4, 3.7}, true},
          {"saddle", saddle, {-2, -1.86, 2, 1.86}, false},
          {"kinked", kinked, {-2, -1.86, 2, 1.86}, true},
          {"log_domain", log_domain, {-2, -1.86, 2, 1.86}, false}};
}

inline std::vector<double> sample(Formula f, const MapRect& rect, int width, int height) {
  std::vector<double> z;
  z.reserve(std::size_t(width) * std::size_t(height));
  for (int j = 0; j < height; ++j) {
    for (int i = 0; i < width; ++i) {
      z.push_back(
          f(rect.x0 + (i + 0.5) * rect.width() / width, rect.y0 + (j + 0.5) * rect.height() / height));
    }
  }
  return z;
}

/// From edge to edge, as the 3D view takes it.
inline std::vector<double> grid(Formula f, const MapRect& rect, int columns, int rows) {
  std::vector<double> z;
  z.reserve(std::size_t(columns) * std::size_t(rows));
  for (int j = 0; j < rows; ++j) {
    for (int i = 0; i < columns; ++i) {
      z.push_back(f(rect.x0 + i * rect.width() / (columns - 1), rect.y0 + j * rect.height() / (rows - 1)));
    }
  }
  return z;
}

/// A headless context, or a skipped test where the machine has none.
class GlTest : public testing::Test {
 protected:
  void SetUp() override {
    tune_allocator();
    auto made = GlContext::create(64, 64);
    if (!made) GTEST_SKIP() << made.error().text();
    context_ = std::make_unique<GlContext>(std::move(made).value());
  }

  /// Keeps a picture if THALWEG_PICTURES asks for it.
  static void keep(const std::string& name, const Image& image) {
    const char* folder = std::getenv("THALWEG_PICTURES");
    if (folder == nullptr) return;
    const auto error =
        write_png(std::filesystem::path(folder) / (name + ".png"), image.width, image.height, image.rgb);
    EXPECT_FALSE(error) << error->text();
  }

  std::unique_ptr<GlContext> context_;
};

}  // namespace thalweg::gl_test

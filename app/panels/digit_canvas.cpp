#include "app/panels/digit_canvas.hpp"

#include <algorithm>
#include <cmath>

namespace thalweg {
namespace {

/// Of the brush, in parts of the sheet: about the pen of MNIST's writers at their size.
constexpr float kRadius = 0.045F;
constexpr float kSoft = 0.025F;  ///< where ink goes from all to none
/// The box that a digit is scaled to, in parts of the picture's side.
constexpr double kBox = 20.0 / 28.0;

struct Bounds {
  int x0 = DigitCanvas::kSide, x1 = -1, y0 = DigitCanvas::kSide, y1 = -1;
};

Bounds bounds_of(const std::vector<float>& ink) {
  Bounds out;
  for (int y = 0; y < DigitCanvas::kSide; ++y)
    for (int x = 0; x < DigitCanvas::kSide; ++x) {
      if (ink[static_cast<std::size_t>(y * DigitCanvas::kSide + x)] <= 0.05F) continue;
      out.x0 = std::min(out.x0, x);
      out.x1 = std::max(out.x1, x);
      out.y0 = std::min(out.y0, y);
      out.y1 = std::max(out.y1, y);
    }
  return out;
}

}  // namespace

void DigitCanvas::stroke(float x0, float y0, float x1, float y1) {
  const float dx = x1 - x0, dy = y1 - y0;
  const float length = dx * dx + dy * dy;
  for (int row = 0; row < kSide; ++row)
    for (int column = 0; column < kSide; ++column) {
      const float x = (static_cast<float>(column) + 0.5F) / kSide;
      const float y = (static_cast<float>(row) + 0.5F) / kSide;
      const float t = length > 0.0F ? std::clamp(((x - x0) * dx + (y - y0) * dy) / length, 0.0F, 1.0F) : 0.0F;
      const float distance = std::hypot(x - x0 - t * dx, y - y0 - t * dy);
      float& dot = ink_[static_cast<std::size_t>(row * kSide + column)];
      dot = std::max(dot, std::clamp((kRadius + 0.5F * kSoft - distance) / kSoft, 0.0F, 1.0F));
    }
  ++version_;
}

void DigitCanvas::clear() {
  std::fill(ink_.begin(), ink_.end(), 0.0F);
  ++version_;
}

bool DigitCanvas::empty() const { return bounds_of(ink_).x1 < 0; }

std::vector<std::uint8_t> DigitCanvas::picture(int width, int height) const {
  std::vector<std::uint8_t> out(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), 0);
  const Bounds box = bounds_of(ink_);
  if (box.x1 < 0) return out;
  double mass = 0.0, middle_x = 0.0, middle_y = 0.0;
  for (int y = box.y0; y <= box.y1; ++y)
    for (int x = box.x0; x <= box.x1; ++x) {
      const double ink = ink_[static_cast<std::size_t>(y * kSide + x)];
      mass += ink;
      middle_x += ink * (x + 0.5);
      middle_y += ink * (y + 0.5);
    }
  middle_x /= mass;
  middle_y /= mass;
  // Dots to a pixel, so that the longer side of the digit fills its box.
  const double longer = std::max(box.x1 - box.x0 + 1, box.y1 - box.y0 + 1);
  const double scale = longer / (kBox * std::min(width, height));
  constexpr int kParts = 4;  // of a pixel, each way: the mean over its area
  for (int row = 0; row < height; ++row)
    for (int column = 0; column < width; ++column) {
      double sum = 0.0;
      for (int part = 0; part < kParts * kParts; ++part) {
        const double px = column + (part % kParts + 0.5) / kParts - 0.5 * width;
        const double py = row + (part / kParts + 0.5) / kParts - 0.5 * height;
        const int x = static_cast<int>(std::floor(middle_x + px * scale));
        const int y = static_cast<int>(std::floor(middle_y + py * scale));
        if (x >= 0 && y >= 0 && x < kSide && y < kSide) sum += ink_[static_cast<std::size_t>(y * kSide + x)];
      }
      out[static_cast<std::size_t>(row) * static_cast<std::size_t>(width) + static_cast<std::size_t>(column)] =
          static_cast<std::uint8_t>(std::lround(255.0 * sum / (kParts * kParts)));
    }
  return out;
}

}  // namespace thalweg

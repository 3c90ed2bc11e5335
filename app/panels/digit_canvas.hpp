// A sheet to draw a digit on, and the picture a network gets of it: made as those of MNIST were, scaled to
// fit a box of 20 x 20 pixels and moved so that its centre of mass is in the middle of 28 x 28.
// LeCun, Cortes, Burges, "The MNIST database of handwritten digits". Draws nothing on the screen.
#pragma once

#include <cstdint>
#include <vector>

namespace thalweg {

class DigitCanvas {
 public:
  /// Dots along a side of the sheet.
  static constexpr int kSide = 140;

  /// A stroke of a soft, round brush between two points of the unit square, y downwards.
  void stroke(float x0, float y0, float x1, float y1);
  void clear();
  bool empty() const;
  /// Goes up with every change.
  std::uint64_t version() const { return version_; }
  /// Ink at each dot, 0 to 1, the top row first.
  const std::vector<float>& ink() const { return ink_; }

  /// The picture of `width` x `height` pixels; all 0 of an empty sheet.
  std::vector<std::uint8_t> picture(int width, int height) const;

 private:
  std::vector<float> ink_ = std::vector<float>(static_cast<std::size_t>(kSide) * kSide, 0.0F);
  std::uint64_t version_ = 1;
};

}  // namespace thalweg

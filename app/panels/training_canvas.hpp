// A sheet to draw a digit on and what the selected network says to it, while it trains too.
#pragma once

#include "app/gl/image_texture.hpp"
#include "app/panels/digit_canvas.hpp"
#include "app/panels/training_session.hpp"

namespace thalweg {

class TrainingCanvas {
 public:
  /// Whether the data are pictures that can be drawn by hand.
  static bool fits(const Dataset& data);
  /// Draws it at the cursor, `width` pixels wide; returns its height.
  float draw(TrainingSession& session, const Dataset& data, float width);
  static float height();

 private:
  void sheet(ImVec2 at, float side);
  void answer(const TrainingSession& session, const Dataset& data, const Rect& area) const;
  void hand_over(TrainingSession& session, const Dataset& data);

  DigitCanvas canvas_;
  ImageTexture picture_;
  std::uint64_t shown_ = 0;   ///< version in the texture
  std::uint32_t ink_ = 0;     ///< colour in the texture
  std::uint64_t handed_ = 0;  ///< version that the worker has
  bool drawing_ = false;
  ImVec2 last_{};
};

}  // namespace thalweg

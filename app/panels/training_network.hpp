// The right side of the Training view: what the selected network gets wrong, whom it mistakes for whom,
// what its first layer looks at, and how far its confidence can be trusted; below, a sheet to draw on.
#pragma once

#include <memory>

#include "app/gl/image_texture.hpp"
#include "app/panels/training_canvas.hpp"
#include "app/panels/training_session.hpp"

namespace thalweg {

class TrainingNetwork {
 public:
  void draw(Frame& frame, TrainingSession& session, const Rect& area);

 private:
  void draw_inside(Frame& frame, TrainingSession& session, const Rect& whole);
  void mistakes(const std::shared_ptr<const TrainingLook>& newest, float width);
  void map(const std::shared_ptr<const TrainingLook>& newest, float width);
  void confusion(const TrainingLook& look, float width) const;
  void weights(const std::shared_ptr<const TrainingLook>& newest, float width);
  void calibration(const TrainingLook& look, float width) const;

  TrainingCanvas canvas_;
  ImageTexture samples_;
  ImageTexture units_;
  ImageTexture map_;
  std::shared_ptr<const TrainingLook> map_of_;
  ui::Colour map_colour_ = 0;
  std::shared_ptr<const TrainingLook> samples_of_;  ///< what is in the textures
  std::shared_ptr<const TrainingLook> units_of_;
  ui::Colour units_colour_ = 0;
};

/// The colour of a number between −1 and 1: blue, the ground, orange.
ui::Colour diverging_colour(double value);

}  // namespace thalweg

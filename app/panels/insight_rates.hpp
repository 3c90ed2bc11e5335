// The page of rates: the spectral radius over learning rate and momentum with the settings as a point that
// can be dragged, the roots in the complex plane, and what theory says beside what the run did.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/gl/image_texture.hpp"
#include "app/panels/insight_figure.hpp"
#include "app/panels/insight_plane.hpp"
#include "app/panels/session.hpp"
#include "app/ui/chart.hpp"
#include "app/work/insight_reader.hpp"

namespace thalweg {

class InsightRates {
 public:
  /// Of optimizer `lane` of the Scene. In the current child window, at the cursor; `area` is what is in
  /// sight.
  void draw(Frame& frame, const Rect& area, const LaneInsight& insight, std::size_t lane);

 private:
  /// What all parts draw from in one frame.
  struct Page {
    Frame& frame;
    const LaneInsight& insight;
    std::size_t lane;
    int colour;
    double rate;      ///< in force, as the Scene has it now: the numbers of `insight` may be older
    double base;      ///< the optimizer's own, which a schedule may change
    double momentum;  ///< NaN without one
  };

  void draw_map(const Page& page, const Rect& place);
  void draw_v(const Page& page, const Rect& place);
  void draw_roots(const Page& page, const Rect& place);
  void draw_distance(const Page& page, const Rect& place);
  void draw_numbers(const Page& page);
  static std::vector<std::pair<std::string, std::string>> number_rows(const Page& page);
  void update_texture(const RateField& field, double best, int width, int height);
  /// The mouse on a plane moves the settings there. Whether it is over it.
  bool drag(const Page& page, const char* id, const InsightPlane& plane, bool with_momentum);

  ImageTexture texture_;
  std::shared_ptr<const RateField> textured_;  ///< what the texture shows
  std::string textured_theme_;
  double textured_best_ = 0.0;
  ui::ChartState distance_;
  float numbers_height_ = 0.0F;  ///< of the last frame: the pictures share what is left
};

}  // namespace thalweg

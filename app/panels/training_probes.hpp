// Below the curves of the Training view: what the probes measured, layer by layer.
#pragma once

#include <map>
#include <string>

#include "app/panels/training_curves.hpp"

namespace thalweg {

class TrainingProbes {
 public:
  void layers(Frame& frame, const TrainingSession& session, float width);
  void histograms(Frame& frame, const TrainingSession& session, float width);
  void curvature(Frame& frame, const TrainingSession& session, float width);
  void effective_rates(Frame& frame, const TrainingSession& session, float width);

 private:
  struct Cell;
  void grid(Frame& frame, const TrainingSession& session, const char* title, const char* help,
            const std::string& probe, const std::string& suffix, const std::vector<std::string>& prefixes,
            float width);
  void cell(Frame& frame, const TrainingSession& session, const Cell& cell, ImVec2 at, ImVec2 size);

  std::map<std::string, ui::ChartState> states_;
  ui::ChartLink link_;
  std::string x_axis_;
  int histogram_ = 0;  ///< weights, gradients, activations
};

}  // namespace thalweg

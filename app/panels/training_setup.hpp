// The left side of the Training view: data, model, optimizers, schedule, training, probes and view, all
// built from descriptors.
#pragma once

#include <optional>
#include <string>

#include "app/panels/training_session.hpp"

namespace thalweg {

class TrainingSetup {
 public:
  void draw(Frame& frame, TrainingSession& session);

 private:
  void device_failed(Frame& frame, TrainingSession& session);
  void differs(Frame& frame, TrainingSession& session);
  void data(Frame& frame, TrainingSession& session);
  void model(Frame& frame, TrainingSession& session);
  void model_text(Frame& frame);
  void optimizers(Frame& frame, TrainingSession& session);
  void schedule(Frame& frame);
  void training(Frame& frame, TrainingSession& session);
  void probes(Frame& frame, TrainingSession& session);
  void view(Frame& frame);

  bool fit_ = false;  ///< other data were chosen: the model is to get their inputs and outputs
  /// The model as typed, while it can't be read.
  std::optional<std::string> draft_;
  std::string draft_of_;  ///< the model that was there when it was begun
  ui::FieldError draft_error_;
};

/// "784-128-10" where that says all of it, else the list of layers.
std::string short_model(const Model& model);

}  // namespace thalweg

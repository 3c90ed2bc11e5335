// The left side: surface, optimizers, gradient, schedule, run and view, all built from descriptors.
#pragma once

#include <optional>
#include <string>

#include "app/panels/session.hpp"

namespace thalweg {

class SetupPanel {
 public:
  void draw(Frame& frame, Session& session);

 private:
  void surface(Frame& frame);
  void formula(Frame& frame, const Parameter& parameter, const ui::RowColumns& columns);
  void start(Frame& frame);
  void schedule(Frame& frame);
  void settings(Frame& frame, const Descriptor& descriptor, Spec Scene::* member);
  void gradient(Frame& frame);
  void view(Frame& frame);

  /// The formula as typed, while it does not parse.
  std::optional<std::string> draft_;
  std::string draft_of_;  ///< the formula that was there when it was begun
  ui::FieldError draft_error_;
};

}  // namespace thalweg

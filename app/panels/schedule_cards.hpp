// The left of the Schedule view: a card for each schedule, what adds others, and how they are looked at.
#pragma once

#include "app/panels/schedule_session.hpp"

namespace thalweg {

class ScheduleCards {
 public:
  void draw(Frame& frame, ScheduleSession& session);

 private:
  void head(Frame& frame);
  void add_menu(Frame& frame);
  void preset_menu(Frame& frame);
  void card(Frame& frame, const std::string& name, std::size_t index);
  bool card_head(Frame& frame, const std::string& name, std::size_t index, bool selected);
  void buttons(Frame& frame, const SceneSchedule& schedule, std::size_t index, float width, bool& gone);
  void kind(Frame& frame, std::size_t index);
  void settings(Frame& frame, std::size_t index, ui::Colour colour);
  void uses(Frame& frame, const Spec& spec);
  void use_menu(Frame& frame, const Spec& spec);
  void view(Frame& frame);
};

}  // namespace thalweg

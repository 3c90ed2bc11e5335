// Above the list of runs: the filter with what is wrong in it, names to complete it, quick filters, and what
// the list is divided by and shows.
#pragma once

#include "app/panels/runs_filter.hpp"
#include "app/panels/runs_session.hpp"

namespace thalweg {

class RunsFilterBar {
 public:
  /// From `area.min` down; returns where it ends.
  float draw(Frame& frame, RunsSession& session, const Rect& area);
  /// Gives it the keyboard.
  void focus() { focus_ = true; }

 private:
  struct Typing {
    std::string* text = nullptr;
    const RunsSnapshot* list = nullptr;
    std::size_t cursor = 0;
    int move_to = -1;  ///< byte where the caret is to go
  };
  static int on_input(ImGuiInputTextCallbackData* data);
  void field(Frame& frame, RunsSession& session, float width);
  void trouble(Frame& frame, const RunsSession& session, float left, float width);
  bool completions(Frame& frame, const RunsSession& session, const Rect& area, float& bottom);
  void chips(Frame& frame, RunsSession& session, const Rect& area, float& bottom);
  void group_menu(Frame& frame, const RunsSession& session);
  void set(Frame& frame, const std::string& text);

  Typing typing_;
  bool active_ = false;
  bool focus_ = false;
  double typed_at_ = -1.0;  ///< ImGui's clock
  std::string group_search_;
};

}  // namespace thalweg

// All about the run that has the keyboard: name, note, tags, settings, results, events, relatives, and what
// can be done with it.
#pragma once

#include "app/panels/runs_session.hpp"

namespace thalweg {

class RunsDetails {
 public:
  /// Nothing without a run in focus. Returns the height that it wants in `area` at its bottom, pixels.
  float height(const Frame& frame, const RunsSession& session, float room) const;
  void draw(Frame& frame, RunsSession& session, const Rect& area);
  /// What is being typed goes to the file.
  void put_down(RunsSession& session);

 private:
  void bar(Frame& frame, RunsSession& session, const RunDetails& shown, const Rect& area);
  void name(RunsSession& session, const RunDetails& shown, float width);
  void buttons(Frame& frame, RunsSession& session, const RunDetails& shown, float right);
  void tags(RunsSession& session, const RunDetails& shown, float width);
  void note(RunsSession& session, const RunDetails& shown, float width);
  void relatives(RunsSession& session, const RunDetails& shown);
  void settings(const RunDetails& shown) const;
  void results(const RunDetails& shown) const;
  void export_dialog(Frame& frame, RunsSession& session, const RunDetails& shown);
  void delete_dialog(Frame& frame, RunsSession& session, const RunDetails& shown);

  std::string name_;  ///< as it is being typed
  bool name_open_ = false;
  std::int64_t name_of_ = 0;
  std::string note_;          ///< likewise
  std::int64_t note_of_ = 0;  ///< run that it belongs to; 0: none
  bool note_active_ = false;
  bool note_changed_ = false;
  double note_changed_at_ = 0.0;
  std::string tag_;
  std::string path_;
  bool exporting_ = false;
  bool deleting_ = false;
  double copied_at_ = -10.0;
};

}  // namespace thalweg

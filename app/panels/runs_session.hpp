// What the parts of the list of runs share within a session, and what a person can do to runs in it.
// Which runs are compared is part of the Scene; which one has the keyboard is not.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "app/view.hpp"
#include "app/work/runs_reader.hpp"

namespace thalweg {

/// What was done, for a while, with the way back.
struct RunsBanner {
  std::string text;
  std::function<void(Frame&)> undo;  ///< empty: there is none
  double until = 0.0;                ///< seconds of ImGui's clock
};

class RunsSession {
 public:
  explicit RunsSession(RunsReader& reader) : reader_(reader) {}

  RunsReader& reader() { return reader_; }
  const RunsSnapshot& list() const { return *list_; }
  const std::shared_ptr<const RunsSnapshot>& shared_list() const { return list_; }
  void take(std::shared_ptr<const RunsSnapshot> list) { list_ = std::move(list); }

  const std::string& focus() const { return focus_; }
  void set_focus(std::string uid) { focus_ = std::move(uid); }
  /// Null: it is not in the list.
  const store::RunInfo* focused() const;

  /// Adds runs to those that are compared, or takes them out. Says so where there are too many.
  void choose(Frame& frame, const std::vector<std::string>& uids, bool chosen);
  void toggle(Frame& frame, const std::string& uid);
  void choose_none(Frame& frame);

  void star(const std::vector<std::int64_t>& runs, bool on);
  void tag(const std::vector<std::int64_t>& runs, const std::string& tag, bool on);
  void rename(std::int64_t run, const std::string& name);
  void set_note(std::int64_t run, const std::string& note);
  /// Out of the list and out of the comparison, with a way back.
  void remove(Frame& frame, const std::vector<store::RunInfo>& runs);
  void restore(const std::vector<store::RunInfo>& runs);
  void remove_for_good(Frame& frame, const std::vector<store::RunInfo>& runs);
  /// Writes a run as one file that another copy imports.
  void export_run(std::int64_t run, const std::filesystem::path& file);

  /// Of those that are compared, what is in the list.
  std::vector<store::RunInfo> chosen(const Frame& frame) const;

  void show_banner(std::string text, std::function<void(Frame&)> undo = {});

  std::set<std::string> closed;  ///< groups, by key
  int closed_changes = 0;
  bool renaming = false;      ///< the name of the focused run is to be typed
  bool reveal_focus = false;  ///< scroll there
  std::optional<RunsBanner> banner;

 private:
  RunsReader& reader_;
  std::shared_ptr<const RunsSnapshot> list_ = std::make_shared<RunsSnapshot>();
  std::string focus_;
};

}  // namespace thalweg

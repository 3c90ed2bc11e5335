// The list of runs: filter, sort, choose what to compare; star, tag, rename, note, delete.
#pragma once

#include <filesystem>
#include <functional>

#include "app/panels/runs_details.hpp"
#include "app/panels/runs_filter_bar.hpp"
#include "app/panels/runs_rows.hpp"
#include "app/panels/runs_session.hpp"
#include "app/view.hpp"

namespace thalweg {

class RunsTable {
 public:
  RunsTable(std::filesystem::path db, std::function<void()> wake);
  ~RunsTable();
  void draw(Frame& frame, const Rect& area);
  void key(Frame& frame, const KeyPress& press);
  /// The view is not shown any more.
  void hidden();

 private:
  void synchronise(Frame& frame, float width);
  void hear(Frame& frame);
  void nothing(Frame& frame, const Rect& area);
  void bar(Frame& frame, const Rect& area);
  void chosen_menu(Frame& frame);
  bool chosen_items(Frame& frame);

  std::filesystem::path db_;
  RunsReader reader_;
  RunsSession session_{reader_};
  RunsFilterBar filter_;
  RunsRows rows_;
  RunsDetails details_;
  std::string tag_;
  bool began_ = false;
  float details_height_ = 0.0F;
};

}  // namespace thalweg

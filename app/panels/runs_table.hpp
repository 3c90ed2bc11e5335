// The list of runs: filter, sort, choose what to compare; star, tag, rename, note, delete.
#pragma once

#include <filesystem>
#include <functional>

#include "app/view.hpp"

namespace thalweg {

class RunsTable {
 public:
  RunsTable(std::filesystem::path db, std::function<void()> wake);
  void draw(Frame& frame, const Rect& area);
};

}  // namespace thalweg

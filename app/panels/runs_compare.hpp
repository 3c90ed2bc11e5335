// The runs that were chosen, side by side: a page of curves, settings, scatter and so on.
#pragma once

#include <filesystem>
#include <functional>

#include "app/view.hpp"

namespace thalweg {

class RunsCompare {
 public:
  RunsCompare(std::filesystem::path db, std::function<void()> wake);
  void draw(Frame& frame, const Rect& area);
};

}  // namespace thalweg

// The page of the family: the runs that the chosen ones were forked from, and their forks, as a tree along
// the steps.
#pragma once

#include "app/panels/compare_page.hpp"

namespace thalweg {

class CompareFamily {
 public:
  void draw(ComparePage& page, const Rect& area);
};

}  // namespace thalweg

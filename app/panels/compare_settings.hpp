// The page of settings: what differs between the chosen runs as a table, and below it what they came to.
#pragma once

#include "app/panels/compare_page.hpp"

namespace thalweg {

/// A row of the table.
struct CompareRow {
  std::string key;
  std::vector<std::string> values;  ///< by run; empty: it has none
  std::vector<bool> best;           ///< of a result: nobody has a better one
};

/// Settings that differ, or all of them, with the values that were changed on the way.
std::vector<CompareRow> setting_rows(const Comparison& data, bool all);
/// The best of each result where a direction is good, else the last.
std::vector<CompareRow> result_rows(const Comparison& data, bool all);

class CompareSettings {
 public:
  void draw(ComparePage& page, const Rect& area);

 private:
  float table(ComparePage& page, const char* title, const std::vector<CompareRow>& rows, ImVec2 at,
              float name_width, float column, std::size_t first, std::size_t count) const;
};

}  // namespace thalweg

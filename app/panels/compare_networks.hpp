// The page of networks: confusion matrices side by side, the largest eigenvalues over the steps, and the
// density of all eigenvalues at the end.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/panels/compare_page.hpp"
#include "app/ui/chart.hpp"
#include "app/work/network_reader.hpp"

namespace thalweg {

/// Shares of each label's samples by prediction, less those of another network: classes x classes, row the
/// label. Empty if the two have not the same classes.
std::vector<double> confusion_difference(const Inspection& a, const Inspection& b);

class CompareNetworks {
 public:
  CompareNetworks(const std::filesystem::path& db, std::function<void()> wake);
  void draw(ComparePage& page, const Rect& area);
  /// @param newest  what was read last: which series of eigenvalues there are
  void ask(const Comparison* newest, ComparisonRequest& request) const;

 private:
  void matrices(ComparePage& page, const NetworkReport& report, float width);
  void matrix(ComparePage& page, const NetworkLook& look, const NetworkLook* against, std::size_t run,
              ImVec2 at, float side);
  void eigenvalues(ComparePage& page, float width);
  void densities(ComparePage& page, const NetworkReport& report, float width);

  std::unique_ptr<NetworkReader> reader_;
  bool density_ = false;  ///< was asked for
  std::vector<std::string> asked_for_;
  std::map<std::string, ui::ChartState> states_;
  ui::ChartState density_state_;
  ui::ChartLink link_;
};

}  // namespace thalweg

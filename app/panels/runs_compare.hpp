// The runs that were chosen, side by side: a page of curves, settings, scatter and so on.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "app/panels/compare_curves.hpp"
#include "app/panels/compare_family.hpp"
#include "app/panels/compare_networks.hpp"
#include "app/panels/compare_parallel.hpp"
#include "app/panels/compare_paths.hpp"
#include "app/panels/compare_scatter.hpp"
#include "app/panels/compare_settings.hpp"
#include "app/view.hpp"
#include "app/work/comparison_reader.hpp"

namespace thalweg {

class RunsCompare {
 public:
  RunsCompare(std::filesystem::path db, std::function<void()> wake);
  ~RunsCompare();
  void draw(Frame& frame, const Rect& area);

 private:
  void pages(Frame& frame, const Rect& area);
  ComparisonRequest request_of(const RunsScene& scene) const;
  void page(Frame& frame, const Comparison& data, const Rect& area);
  void focused(ComparePage& page, const Rect& area);

  std::filesystem::path db_;
  std::unique_ptr<ComparisonReader> reader_;  ///< null: there is no file
  std::shared_ptr<const Comparison> data_;    ///< of this frame
  CompareFocus focus_;
  std::uint64_t refresh_ = 0;
  double asked_ = 0.0;  ///< when, of runs that go on
  CompareCurves curves_;
  CompareSettings settings_;
  CompareScatter scatter_;
  CompareParallel parallel_;
  CompareFamily family_;
  ComparePaths paths_;
  CompareNetworks networks_;
};

}  // namespace thalweg

// The Runs view: the list of runs left, those that were chosen compared on the right.
#pragma once

#include "app/panels/runs_compare.hpp"
#include "app/panels/runs_table.hpp"
#include "app/view.hpp"

namespace thalweg {

class RunsLab final : public View {
 public:
  RunsLab(const std::filesystem::path& db, const std::function<void()>& wake)
      : table_(db, wake), compare_(db, wake) {}

  std::string id() const override { return "runs"; }
  std::string label() const override { return "Runs"; }
  void draw(Frame& frame, const Rect& area) override;
  void key(Frame& frame, const KeyPress& press) override { table_.key(frame, press); }
  void hidden() override { table_.hidden(); }

 private:
  RunsTable table_;
  RunsCompare compare_;
};

}  // namespace thalweg

#include "core/training/record.hpp"

#include <algorithm>

namespace thalweg {

const ProbeSeries* TrainingView::find(std::string_view probe) const {
  const auto it = std::find_if(probes.begin(), probes.end(), [&](const auto& p) { return p.id == probe; });
  return it == probes.end() ? nullptr : &*it;
}

const EpochRecord* TrainingView::final_epoch() const {
  if (!epochs || epochs->empty()) return nullptr;
  const auto it = std::find_if(epochs->begin(), epochs->end(),
                               [&](const EpochRecord& e) { return e.steps == restored_step + 1; });
  return restored_step >= 0 && it != epochs->end() ? &*it : &epochs->back();
}

TrainingView cut(const TrainingView& record, std::int64_t steps) {
  TrainingView out = record;
  if (steps >= record.steps.rows()) return out;
  out.steps = record.steps.first(steps);
  out.outcome = Outcome::kRunning;
  out.restored_step = -1;
  if (record.epochs) {
    auto epochs = *record.epochs;
    std::erase_if(epochs, [&](const EpochRecord& epoch) { return epoch.steps > steps; });
    out.epochs = std::make_shared<const std::vector<EpochRecord>>(std::move(epochs));
  }
  // What was measured after update t stands at step t.
  const auto later = static_cast<double>(steps);
  for (ProbeSeries& probe : out.probes) {
    std::int64_t rows = probe.table.rows();
    while (rows > 0 && probe.table.at(rows - 1, 0) >= later) --rows;
    probe.table = probe.table.first(rows);
  }
  std::erase_if(out.probes, [](const ProbeSeries& probe) { return probe.table.rows() == 0; });
  if (record.histograms) {
    auto histograms = *record.histograms;
    std::erase_if(histograms, [&](const auto& shot) { return shot->step >= steps; });
    out.histograms = std::make_shared<const Histograms>(std::move(histograms));
  }
  return out;
}

}  // namespace thalweg

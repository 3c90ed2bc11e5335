// What a training run looks like to somebody who has seen many: reads its record and says in words what
// went wrong, from which numbers that is seen, what the usual causes are and what to try.
//
// Rules of thumb with thresholds, each stated at its rule in the source. They prefer silence: a healthy
// run must not be called ill.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/training/record.hpp"

namespace thalweg {

struct Finding {
  std::string id;                   ///< "diverged", "overfitting"...: stable, for programs
  std::string headline;             ///< "The loss diverged at step 17."
  std::string evidence;             ///< the numbers that show it
  std::vector<std::string> causes;  ///< the likeliest first
  std::string remedy;               ///< what to try first
  std::int64_t first_step = 0;      ///< where in the run it is seen
  std::int64_t last_step = 0;

  bool operator==(const Finding&) const = default;
};

/// The findings, the gravest first. If there are none: one with the id "healthy", or "too_short" where
/// there is too little to say that. `classes`: 0 for a regression.
std::vector<Finding> diagnose(const TrainingView& view, int classes);

// The rules. Each appends what it finds. Not for use elsewhere but tests.
namespace diagnosis {

// diagnosis_curves.cpp: seen in the losses
void find_divergence(const TrainingView& view, int classes, std::vector<Finding>& out);
void find_stuck(const TrainingView& view, int classes, std::vector<Finding>& out);
void find_overfitting(const TrainingView& view, int classes, std::vector<Finding>& out);
void find_oscillation(const TrainingView& view, int classes, std::vector<Finding>& out);
void find_spikes(const TrainingView& view, int classes, std::vector<Finding>& out);
void find_slowness(const TrainingView& view, int classes, std::vector<Finding>& out);

// diagnosis_layers.cpp: seen by probes
void find_dead_layers(const TrainingView& view, int classes, std::vector<Finding>& out);
void find_vanishing_gradients(const TrainingView& view, int classes, std::vector<Finding>& out);

/// "%.3g" and the like.
[[gnu::format(printf, 1, 2)]] std::string said(const char* format, ...);
/// The last finite number in a column, NaN if there is none.
double last_finite(const TableView& table, int column);

}  // namespace diagnosis
}  // namespace thalweg

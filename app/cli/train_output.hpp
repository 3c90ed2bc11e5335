// What `thalweg train` prints: tables for people and JSON.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "app/cli/training.hpp"
#include "core/training/lanes.hpp"

namespace thalweg::cli {

/// A run that has ended.
struct TrainingRun {
  Lane lane;
  TrainingView view;
  std::int64_t parameters = 0;
  int classes = 0;
  DeviceUse device = {};
  std::string failure = {};  ///< of the device, which ended it; empty: none
};

/// The table of epochs, with the columns that the run will have numbers for.
class EpochTable {
 public:
  explicit EpochTable(const Trainer& trainer);
  void print_heading() const;
  void print(const EpochRecord& epoch) const;

 private:
  struct Column {
    const char* name;
    double EpochRecord::*value;
  };
  std::vector<Column> columns_;
};

/// Optimizer and seed, above the table of one run of several.
void print_run_title(const Lane& lane);
/// How it ended, what probes saw last, and the diagnosis.
void print_end(const TrainingRun& run);
/// A row for each run, and where there are several seeds, mean and band of each optimizer.
void print_comparison(std::span<const TrainingRun> runs);

/// The results of a single run stand beside the settings; where several were asked for each has an object in
/// `runs`.
Json written(const TrainingJob& job, std::span<const TrainingRun> runs, bool several);

}  // namespace thalweg::cli

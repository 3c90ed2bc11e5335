// Keeping the runs of the command line: every run is recorded from its first step without being asked.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/descent/race.hpp"
#include "core/store/recorder.hpp"

namespace thalweg::cli {

struct KeepOptions {
  std::string db;    ///< the file; empty: the usual one
  bool save = true;  ///< false: nothing is kept
};

/// A recorder, or none where nothing is to be kept.
class Keeper {
 public:
  /// Refuses a file that was asked for and can't be used. Trouble with the usual one stops no run: it is said
  /// at the end.
  static Result<std::unique_ptr<Keeper>> create(const KeepOptions& options);

  store::Recorder* recorder() { return recorder_.get(); }
  /// Waits until everything is in the file; if it can't be, one line on standard error says so.
  void finish();

 private:
  std::unique_ptr<store::Recorder> recorder_;
};

/// A race as runs, one for each optimizer.
class RaceKeeper {
 public:
  RaceKeeper(store::Recorder& recorder, const RaceSettings& settings);

  /// Hands over what is new.
  void update(const RaceView& view);
  void finish(const RaceView& view, double seconds);

 private:
  struct Lane {
    int run = 0;
    std::int64_t next_row = 0;  ///< the first that was not handed over
  };
  void hand_over(Lane& lane, const DescentView& view, bool last);

  store::Recorder& recorder_;
  std::vector<Lane> lanes_;
  std::int64_t stride_ = 1;  ///< rows from one that is kept to the next
};

/// Changes of settings as events of a run.
void add_changes(store::Recorder& recorder, int run, const LiveSpec& live, const Descriptor& descriptor);

/// Of a long run every so many-th step is kept: enough for every chart, and any step can be computed again.
/// @param rows  of all lanes together
std::int64_t kept_stride(std::int64_t rows, std::int64_t lanes);

}  // namespace thalweg::cli

// Races on a surface on their way into the file of runs: each optimizer of a race is a run.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/descent/race.hpp"
#include "core/store/recorder.hpp"

namespace thalweg {

/// Where a run left another.
struct Fork {
  std::string parent;     ///< uid; empty: it began by itself
  std::int64_t step = 0;  ///< the first update that was its own

  bool operator==(const Fork&) const = default;
};

/// A run that is in the file already, with so many updates on record.
struct KeptRun {
  std::string uid;
  std::int64_t steps = 0;
  Fork fork = {};
};

/// Whatever the race was before, update() hands over what has become of it:
///  - new rows of the same race go to the same runs;
///  - a parameter changed at the end of the record is an event of the run;
///  - anything else ends the run where it was, and another begins. If the two have a past in common (somebody
///    went back and changed something there), the new one is a fork: it names its parent and the step.
/// One thread at a time.
class RaceKeeper {
 public:
  explicit RaceKeeper(store::Recorder& recorder) : recorder_(recorder) {}

  void update(const RaceSettings& settings, const RaceView& view);
  /// The race is one that was opened from the file: `runs` are its lanes. Nothing is written before it goes
  /// beyond what is on record there, or differs from it.
  void attach(const RaceSettings& settings, const std::vector<KeptRun>& runs);
  /// Ends what still goes on.
  void finish();

  /// Uids by lane, of the runs that the last update() or attach() knew.
  std::vector<std::string> uids() const;
  /// Likewise, where they left others.
  std::vector<Fork> forks() const;

 private:
  struct Lane {
    DescentSettings settings;
    std::string uid;
    Fork fork = {};
    std::optional<int> run;      ///< with the recorder; nothing: only in the file so far
    std::int64_t rows = 0;       ///< looked at
    std::int64_t next_row = 0;   ///< the first that was not handed over
    std::int64_t on_record = 0;  ///< rows that the file has already
    Outcome outcome = Outcome::kRunning;
    bool ended = false;
    double seconds = 0.0;  ///< in which rows came
  };

  Lane begin(const RaceSettings& settings, std::size_t index, const std::string& parent,
             std::optional<std::int64_t> parent_step);
  void adjust(const RaceSettings& settings, std::size_t count);
  void hand_over(Lane& lane, const DescentView& view, bool last);
  void end(Lane& lane);

  store::Recorder& recorder_;
  RaceSettings settings_;
  std::string race_;  ///< uid that the lanes share; empty: there is one
  std::vector<Lane> lanes_;
  std::int64_t stride_ = 1;  ///< rows from one that is kept to the next
  std::optional<std::chrono::steady_clock::time_point> last_;
};

/// Changes of settings from `since` on as events of a run.
void add_changes(store::Recorder& recorder, int run, const LiveSpec& live, const Descriptor& descriptor,
                 std::size_t since = 0);

/// Of a long run every so many-th step is kept: enough for every chart, and any step can be computed again.
/// @param rows  of one lane
std::int64_t kept_stride(std::int64_t rows, std::int64_t lanes);

}  // namespace thalweg

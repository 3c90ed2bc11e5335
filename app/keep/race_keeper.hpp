// Races on a surface on their way into the file of runs: each optimizer of a race is a run.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/descent/race.hpp"
#include "core/scene/scene.hpp"
#include "core/store/recorder.hpp"

namespace thalweg {

/// Where a run left another.
struct Fork {
  std::string parent;     ///< uid; empty: it began by itself
  std::int64_t step = 0;  ///< the first update that was its own

  bool operator==(const Fork&) const = default;
};

/// A run that is in the file already, with so many updates on record. An empty uid: there is none.
struct KeptRun {
  std::string uid;
  std::int64_t steps = 0;
  double seconds = 0.0;  ///< of work so far
  std::string outcome;   ///< as the file has it: "stopped", "interrupted", "converged"...
  std::string race;      ///< uid that it shares with the runs beside it; empty: it is alone
  Fork fork = {};
  std::string device = "cpu";  ///< that it was made on last

  /// It came to its end by itself.
  bool ended() const { return outcome == "converged" || outcome == "budget" || outcome == "diverged"; }
};

/// @param steps  updates on record
KeptRun kept_run(const store::RunInfo& info, std::int64_t steps);

/// Whatever the race was before, update() hands over what has become of it:
///  - new rows of the same race go to the same runs;
///  - a parameter changed at the end of the record is an event of the run, and part of its Scene, from the
///  first
///    update that is made with it;
///  - more steps than were asked for at first go to the same runs;
///  - anything else ends the run where it was, and with its first update of its own another begins. If the
///  two
///    have a past in common (somebody went back and changed something there), the new one is a fork: it names
///    its parent and the step. If the change is taken back before that update, the run goes on instead.
/// A lane that has not made an update is no run yet. Going back without changing anything writes nothing.
/// One thread at a time.
class RaceKeeper {
 public:
  explicit RaceKeeper(store::Recorder& recorder) : recorder_(recorder) {}

  /// @param look  the Scene that the race is part of: its colours and view are kept with the runs; null:
  /// defaults
  void update(const RaceSettings& settings, const RaceView& view, const Scene* look = nullptr);
  /// The race is one that was opened from the file: `runs` are its lanes. Nothing is written before it goes
  /// beyond what is on record there, or differs from it.
  /// @param lanes  how many there were when the runs began, if not as many as now: which rows of long runs
  /// are
  ///               kept depends on it
  void attach(const RaceSettings& settings, const std::vector<KeptRun>& runs,
              std::optional<std::size_t> lanes = {});
  /// Ends what still goes on.
  void finish();

  /// Uids by lane, of the runs that the last update() or attach() knew; empty of a lane that is no run yet.
  std::vector<std::string> uids() const;
  /// Likewise, as attach() takes them.
  std::vector<KeptRun> kept() const;

 private:
  struct Lane {
    DescentSettings settings;
    std::string uid;            ///< empty: no run yet
    Fork fork;
    std::string outcome;        ///< as the file has it
    std::optional<int> run;     ///< with the recorder; nothing: only in the file so far
    std::int64_t rows = 0;      ///< looked at, or in the file
    std::int64_t next_row = 0;  ///< the first that was not handed over
    std::vector<double> last;   ///< the last row that was looked at, if it was not handed over
    std::size_t changes = 0;    ///< of the optimizer, that are events already
    std::size_t noise = 0;      ///< of the gradient, likewise
    bool scene_stale = false;   ///< the file has the Scene of before a change
    bool ended = false;
    double seconds = 0.0;  ///< in which rows came
    /// Of a lane that is no run yet: the run that it was before, and the first update that differs.
    std::shared_ptr<const Lane> before;
    std::int64_t differs = 0;

    std::int64_t updates() const { return rows > 0 ? rows - 1 : 0; }
  };

  void adjust(const RaceSettings& settings, std::size_t count);
  Lane follow(Lane* old, const DescentSettings& settings);
  void begin(Lane& lane, std::size_t index, const Scene* look);
  void take_up(Lane& lane);
  void hand_over(Lane& lane, std::size_t index, const DescentView& view, const Scene* look);
  void add_rows(Lane& lane, const DescentView& view);
  void add_events(Lane& lane);
  void end(Lane& lane, Outcome outcome);

  store::Recorder& recorder_;
  RaceSettings settings_;
  std::string race_;  ///< uid that the lanes share; empty: there is one
  std::vector<Lane> lanes_;
  std::int64_t stride_ = 1;  ///< rows from one that is kept to the next
  std::optional<std::chrono::steady_clock::time_point> last_;
};

/// Changes of settings from number `since` on, made before update `until`, as events of a run.
/// @return how many there are before `until`
std::size_t add_changes(store::Recorder& recorder, int run, const LiveSpec& live,
                        const Descriptor& descriptor, std::size_t since = 0, std::int64_t until = INT64_MAX);

/// Of a long run every so many-th step is kept: enough for every chart, and any step can be computed again.
/// @param rows  of one lane
std::int64_t kept_stride(std::int64_t rows, std::int64_t lanes);

}  // namespace thalweg

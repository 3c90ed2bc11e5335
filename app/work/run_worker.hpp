// The thread that owns the race. The window tells it what to run and how far, and takes snapshots of
// what has come out of it; neither ever waits for the other. What is worth keeping goes on to the recorder.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/keep/race_keeper.hpp"
#include "app/work/latest.hpp"
#include "core/descent/race.hpp"

namespace thalweg {

/// A race that was opened from the file of runs.
struct OpenedRace {
  RaceSettings settings;
  std::vector<KeptRun> runs;  ///< its lanes
};

struct RunSnapshot {
  RaceSettings settings;  ///< what `race` came out of
  RaceView race;
  std::int64_t target = 0;          ///< the step that was asked for
  bool arrived = false;             ///< every lane is there or has ended
  std::optional<Error> error = {};  ///< why the newest settings were not taken
  std::vector<KeptRun> runs = {};   ///< by lane, what the file of runs has of it; empty: nothing is kept
};

class RunWorker {
 public:
  /// @param wake      called on the worker's thread after each new snapshot
  /// @param recorder  what is kept goes there; null: nothing is kept. Must outlive the worker.
  explicit RunWorker(std::function<void()> wake = {}, store::Recorder* recorder = nullptr);

  /// The window's thread: run these settings and go on to `step`. Asking again for the same is free.
  /// @param keep  the race is to be kept up to this step; −1: not yet
  /// @param look  the Scene that it is part of: its colours and view are kept too
  void request(const RaceSettings& settings, std::int64_t step, std::int64_t keep = -1,
               std::shared_ptr<const Scene> look = {});

  /// The window's thread: what is asked for from now on goes on with a race that was kept.
  void attach(OpenedRace race);

  /// The newest snapshot, never null. Any thread; never blocks for longer than a pointer's copy.
  std::shared_ptr<const RunSnapshot> snapshot() const;

  /// Until everything asked for is done: for screenshots and tests.
  void wait() { worker_.wait_idle(); }

 private:
  struct Request {
    RaceSettings settings;
    std::int64_t step = 0;
    std::int64_t keep = -1;
    std::shared_ptr<const OpenedRace> opened;
    std::shared_ptr<const Scene> look;  ///< makes no difference by itself
  };
  /// Ends what it keeps when the worker's thread has ended.
  struct Kept {
    std::optional<RaceKeeper> keeper;
    std::shared_ptr<const OpenedRace> opened;  ///< taken up already
    RaceSettings settings;                     ///< what the keeper was told last
    std::vector<OpenedRace> before;            ///< races of this session, newest last
    ~Kept();
  };

  void work(const Request& request);
  void go_on(const Request& request);
  void keep(const Request& request);
  void attach_kept(const OpenedRace& race);
  void remember();
  void publish(const Request& request, bool arrived, std::optional<Error> error);

  std::function<void()> wake_;
  Race race_;                 // the worker's thread only
  std::int64_t slice_ = 256;  // likewise
  Kept kept_;                 // likewise
  Request requested_;         // the window's thread only
  mutable std::mutex mutex_;
  std::shared_ptr<const RunSnapshot> snapshot_ = std::make_shared<RunSnapshot>();
  LatestWorker<Request> worker_;
};

}  // namespace thalweg

// The thread that owns the race. The window tells it what to run and how far, and takes snapshots of
// what has come out of it; neither ever waits for the other.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "app/work/latest.hpp"
#include "core/descent/race.hpp"

namespace thalweg {

struct RunSnapshot {
  RaceSettings settings;  ///< what `race` came out of
  RaceView race;
  std::int64_t target = 0;           ///< the step that was asked for
  bool arrived = false;              ///< every lane is there or has ended
  std::optional<Error> error = {};   ///< why the newest settings were not taken
};

class RunWorker {
 public:
  /// `wake` is called on the worker's thread after each new snapshot.
  explicit RunWorker(std::function<void()> wake = {});

  /// The window's thread: run these settings and go on to `step`. Asking again for the same is free.
  void request(const RaceSettings& settings, std::int64_t step);

  /// The newest snapshot, never null. Any thread; never blocks for longer than a pointer's copy.
  std::shared_ptr<const RunSnapshot> snapshot() const;

  /// Until everything asked for is done: for screenshots and tests.
  void wait() { worker_.wait_idle(); }

 private:
  struct Request {
    RaceSettings settings;
    std::int64_t step = 0;
    bool operator==(const Request&) const = default;
  };

  void work(const Request& request);
  void go_on(const Request& request);
  void publish(const Request& request, bool arrived, std::optional<Error> error);

  std::function<void()> wake_;
  Race race_;            // the worker's thread only
  Request requested_;    // the window's thread only
  mutable std::mutex mutex_;
  std::shared_ptr<const RunSnapshot> snapshot_ = std::make_shared<RunSnapshot>();
  LatestWorker<Request> worker_;
};

}  // namespace thalweg

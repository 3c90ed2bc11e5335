// Keeps runs while they go on, on a thread of its own: whoever computes hands over what there is and goes
// on. Everything handed over is in the file a fraction of a second later, so kill -9 loses no more than that.
//
// If the file can't be written (disk full, locked, read-only) what is handed over stays in memory and is
// written when it can be; trouble() says why. Not here: what is worth recording.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "core/store/store.hpp"

namespace thalweg::store {

struct RecorderOptions {
  std::chrono::milliseconds interval{250};    ///< from being handed over to being in the file, at most
  std::chrono::milliseconds retry{1000};      ///< after a failure
  std::chrono::milliseconds heartbeat{2000};  ///< of runs that have nothing to say
  std::int64_t most_waiting = 16'000'000;     ///< points in memory: 256 MB
  /// Bytes of all checkpoints in the file (Store::bound_checkpoints), seen to when a run ends.
  std::int64_t checkpoint_bytes = 1'000'000'000;
};

struct RecorderStatus {
  std::uint64_t committed = 0;  ///< every ticket up to this one is in the file
  std::int64_t waiting = 0;     ///< points that are not
  std::int64_t lost = 0;        ///< points for which there was no room while the file could not be written
  std::optional<Error> trouble = {};  ///< why nothing can be written at present
  std::optional<Error> refused = {};  ///< the last thing that was wrong in itself, and was dropped
};

/// Every function may be called from any thread. Tickets count what was handed over, from 1.
class Recorder {
 public:
  /// @param changed  called on the recorder's thread after each commit, and when trouble begins or ends
  explicit Recorder(std::filesystem::path file, RecorderOptions options = {},
                    std::function<void(const RecorderStatus&)> changed = {});
  /// Writes what waits, as far as it can, and ends.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// The number of a run for the calls below. Its uid is drawn here if it has none.
  int begin(RunStart start);
  /// The same for a run that is in the file already and goes on at `step` (Store::reopen).
  int resume(std::string uid, std::int64_t step);
  std::string uid(int run) const;

  /// Waits, for a second at most, only where more than most_waiting points would be in memory.
  /// @param steps  updates made so far; negative: the last step of the points
  std::uint64_t append(int run, std::vector<Points> points, std::int64_t steps = -1);
  std::uint64_t add_event(int run, Event event);
  /// @param keep  how many checkpoints of the run stay (Store::thin_checkpoints)
  std::uint64_t save(int run, Checkpoint checkpoint, std::int64_t keep = 16);
  std::uint64_t set_result(int run, std::string key, double value);
  std::uint64_t set_scene(int run, std::string scene, std::optional<int> lane = {});
  /// Store::set_device
  std::uint64_t set_device(int run, std::string device, std::int64_t step);
  std::uint64_t truncate(int run, std::int64_t step);
  std::uint64_t finish(int run, RunEnd end);

  RecorderStatus status() const;
  /// Waits until all that was handed over before is in the file; false if it can't be written.
  bool flush();

 private:
  using Clock = std::chrono::steady_clock;

  struct Append {
    std::vector<Points> points;
    std::int64_t steps;
    bool alone = false;  ///< nothing is joined to it
  };
  struct Save {
    Checkpoint checkpoint;
    std::int64_t keep;
  };
  struct SetResult {
    std::string key;
    double value;
  };
  struct SetScene {
    std::string scene;
    std::optional<int> lane;
  };
  struct SetDevice {
    std::string device;
    std::int64_t step;
  };
  struct Truncate {
    std::int64_t step;
  };
  struct Resume {
    std::string uid;
    std::int64_t step;
  };
  struct Item {
    int run = 0;
    std::uint64_t ticket = 0;
    std::int64_t points = 0;
    std::variant<RunStart, Resume, Append, Event, Save, SetResult, SetScene, SetDevice, Truncate, RunEnd>
        what;
  };
  /// What the thread knows of a run.
  struct Known {
    std::optional<std::int64_t> id;  ///< in the file; nothing: not there, or refused
    bool running = false;
    std::int64_t steps = 0;
    Clock::time_point begun;
  };

  int number_for(std::string uid);
  std::uint64_t hand_over(int run, std::int64_t points, decltype(Item::what) what);
  bool join(int run, std::int64_t points, Append& append);
  void loop();
  void wait_for_work(std::unique_lock<std::mutex>& lock);
  void work();
  std::optional<Error> write_some();
  std::optional<Error> apply(const Item& item, std::vector<Known>& known);
  std::optional<Error> take_up(const Resume& resume, Known& run);
  std::optional<Error> beat();
  std::optional<Error> open();
  void publish(std::optional<Error> trouble);

  const std::filesystem::path file_;
  const RecorderOptions options_;
  const std::function<void(const RecorderStatus&)> changed_;

  mutable std::mutex mutex_;
  std::condition_variable work_there_;
  std::condition_variable progress_;
  std::deque<Item> queue_;
  std::vector<std::string> uids_;
  RecorderStatus status_;
  std::uint64_t tickets_ = 0;
  std::uint64_t tries_ = 0;  ///< to write, whether or not they succeeded
  int hurry_ = 0;            ///< so many tries without a pause before: somebody waits in flush()
  bool ending_ = false;

  // The thread's own.
  std::unique_ptr<Store> store_;
  bool looked_for_interrupted_ = false;
  std::deque<Item> pending_;
  std::vector<Known> known_;
  std::optional<Error> refused_;
  Clock::time_point last_beat_;
  bool last_failed_ = false;

  std::thread thread_;  // last: starts when all of the above exists
};

}  // namespace thalweg::store

// The thread that trains: it owns the networks, loads their data, and trains them in turns of a few
// milliseconds. The window tells it what is wanted and takes snapshots of what has come out; neither
// ever waits for the other.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "app/keep/opened_run.hpp"
#include "app/keep/training_keeper.hpp"
#include "app/work/engines.hpp"
#include "app/work/training_memory.hpp"
#include "core/training/inspect.hpp"
#include "core/training/trainer.hpp"

namespace thalweg {

/// A picture drawn by hand, as the data have them: one byte a pixel.
struct Drawing {
  std::uint64_t version = 0;
  std::vector<std::uint8_t> pixels;
};

/// What a network says to a drawing.
struct DrawingAnswer {
  std::uint64_t version = 0;  ///< of the drawing
  std::int64_t step = 0;      ///< how far the network had been trained
  std::vector<double> probabilities;
};

/// A look into one network, at one step.
struct TrainingLook {
  std::size_t lane = 0;
  std::int64_t step = 0;
  std::shared_ptr<const Dataset> data;
  DataPart part = DataPart::kTest;
  std::optional<Inspection> inspection;  ///< none of a regression
  std::int64_t of = 0;                   ///< how many samples the part has in all
  std::vector<float> first_weights;      ///< of the first linear layer: inputs x units, row by row
  int inputs = 0;
  int units = 0;
  /// Of data with one or two features: the outputs over a grid of inputs, row by row from the lowest y, at
  /// the middles of its cells; with one feature there is one row. Logits, or the value of a regression.
  std::vector<float> map;
  int columns = 0;
  int rows = 0;
  std::array<double, 4> bounds{};  ///< x from, to, y from, to
};

/// A training that was kept and is to be shown again.
struct OpenedTraining {
  OpenedRun run;
  std::filesystem::path db;  ///< where its checkpoints are
};

/// What the window wants. A plain value; asking for the same again changes nothing.
struct TrainingRequest {
  enum class Drive { kPause, kTrain, kStop };

  std::vector<TrainingSettings> lanes;
  TrainingScene scene;    ///< which they are of; counts where they are kept
  bool keep = false;      ///< what is trained goes into the file of runs, if there is a recorder
  int seeds = 1;          ///< lanes of one optimizer, one after the other
  std::string folder;     ///< where data files are; empty: the usual places
  Spec data;              ///< as in the lanes; counts where there are none
  std::uint64_t run = 0;  ///< another number: all of it starts again
  /// The start is the one that was opened here, where it had got to; null: from new weights.
  std::shared_ptr<const OpenedTraining> opened;
  /// What is looked at is the networks as they were after so many updates; nothing: as they are.
  std::optional<std::int64_t> at;
  /// Another number: lanes [fork_first, fork_first + fork_count) that are beyond `fork_step` go on from
  /// there.
  std::uint64_t fork = 0;
  std::int64_t fork_step = 0;
  std::size_t fork_first = 0;
  std::size_t fork_count = 0;
  /// Another number: lanes whose device has failed go on from their last state, on what their settings say now.
  std::uint64_t attempt = 0;
  Drive drive = Drive::kPause;
  /// No lane goes beyond: for single steps, and for pictures of a given step.
  std::int64_t limit = std::numeric_limits<std::int64_t>::max();
  std::size_t selected = 0;  ///< the lane that is looked into
  std::shared_ptr<const Drawing> drawing;

  bool operator==(const TrainingRequest&) const = default;
};

struct TrainingSnapshot {
  struct Lane {
    std::shared_ptr<const TrainingSettings> settings;
    TrainingView view;
    std::size_t optimizer = 0;  ///< index into the Scene's, when its lanes were taken over
    int seed = 0;               ///< counted from 0
    std::string uid = {};       ///< in the file of runs; empty: it is not kept, or not yet
    Fork fork = {};             ///< where it left another run
    /// What it is trained on; nothing: that is found out when it makes its first update.
    std::optional<DeviceUse> device = {};
    bool failed = false;  ///< its device has: the record ends there, and nothing goes on by itself
  };

  std::uint64_t run = 0;
  std::vector<Lane> lanes;
  std::shared_ptr<const Dataset> data;
  Spec data_spec;                    ///< what `data` is
  std::shared_ptr<const Plan> plan;  ///< of the networks; null while there are none
  std::shared_ptr<const TrainingLook> look;
  std::shared_ptr<const DrawingAnswer> answer;
  bool loading = false;  ///< data are read or networks built
  bool arrived = true;   ///< nothing is left to do until another request
  /// The run goes on with settings of its own: what was asked for since can't be had without starting
  /// again.
  bool differs = false;
  std::uint64_t fork = 0;  ///< the last one that was carried out
  /// On the way to the step that was asked for, or to where a run that was opened had got to.
  bool replaying = false;
  double samples_per_second = 0.0;  ///< of all lanes together; 0: not known
  bool choosing = false;            ///< devices are measured
  std::shared_ptr<const DeviceList> devices;  ///< null: not known yet
  std::uint64_t attempt = 0;                  ///< the last one that was carried out
  std::optional<Error> device_failure = {};   ///< why lanes have failed
  bool device_lost = false;                   ///< on the way; else it could not be had
  std::optional<Error> error = {};  ///< why there are no networks, or why they ended

  /// Updates made by the lane that has made most.
  std::int64_t steps() const;
  /// True if there are lanes and none can go on.
  bool finished() const;
};

class TrainingWorker {
 public:
  /// @param wake      called on the worker's thread after each new snapshot, at most sixty times a second
  /// @param recorder  what is kept goes there; null: nothing is kept. Must outlive the worker.
  explicit TrainingWorker(std::function<void()> wake = {}, store::Recorder* recorder = nullptr);
  ~TrainingWorker();
  TrainingWorker(const TrainingWorker&) = delete;
  TrainingWorker& operator=(const TrainingWorker&) = delete;

  /// The window's thread.
  void request(TrainingRequest request);

  /// The window's thread: the first update that a change can still reach in lanes [first, first + count)
  /// of the newest snapshot, or the step of a fork that was asked for. None is begun until the next
  /// request(), so that the change gets there in time.
  std::int64_t hold(std::size_t first, std::size_t count);

  /// The newest snapshot, never null. Any thread; never blocks for longer than a pointer's copy.
  std::shared_ptr<const TrainingSnapshot> snapshot() const;

  /// Until everything asked for is done: for pictures and tests.
  void wait();

 private:
  struct Lane {
    std::unique_ptr<Trainer> trainer;
    std::shared_ptr<const TrainingSettings> settings;
    std::size_t optimizer = 0;
    int seed = 0;
    double seconds_per_step = 0.0;
    std::size_t looked_at_epoch = 0;

    std::unique_ptr<TrainingKeeper> keeper;  ///< from the first update on
    Fork fork;
    bool changed = false;         ///< by what the keeper was not told of
    std::optional<KeptRun> kept;  ///< it was opened; the keeper takes it up where it goes on
    std::int64_t catch_up = 0;    ///< an opened run had got so far, a fork begins there
    TrainingMemory memory;

    DeviceUse use;         ///< that its engine is on
    Spec built;            ///< device_descriptor(): what that was made with
    bool settled = false;  ///< it is where the settings want it; else that is seen to before its next update
    std::string recorded;  ///< device that an opened run was made on; empty: its own, or none
    /// Its record up to where the device has failed. The trainer is another then, on the CPU, in the last state
    /// that there is.
    std::optional<TrainingView> failed;

    /// As it is on record.
    std::int64_t steps() const { return failed ? failed->steps.rows() : trainer->steps(); }
    Outcome outcome() const { return failed ? failed->outcome : trainer->outcome(); }
    TrainingView view() const { return failed ? *failed : trainer->view(); }
  };
  struct Slice {
    std::size_t lane = 0;
    std::int64_t steps = 0;
  };

  void loop(std::stop_token stop);
  void adopt(const TrainingRequest& request);
  std::optional<Error> rebuild(const TrainingRequest& request);
  std::optional<Error> add_lane(const TrainingRequest& request, std::size_t index);
  void synchronise(const TrainingRequest& request);
  void adjust_lanes(const TrainingRequest& request);
  bool take_or_leave_lanes(const TrainingRequest& request);
  void take_up(const OpenedTraining& opened, std::size_t index);
  std::optional<Slice> next_slice() const;
  bool busy() const;
  void ask_devices();
  bool settle(std::size_t index);
  std::optional<Error> move(Lane& lane, const DeviceUse& use);
  std::unique_ptr<TrainingEngine> engine_to_look(const Lane& lane) const;
  void device_failed(const std::string& what);
  void give_up(std::size_t index, const std::string& what);
  void revive();
  void train(const Slice& slice);
  void fork();
  void fork(Lane& lane, std::size_t index, std::int64_t step);
  std::optional<std::int64_t> replay_step() const;
  bool replay_wanted() const;
  void replay();
  void remember_from_file(Lane& lane, std::int64_t step);
  Trainer* looked_at();
  std::int64_t look_step() const;
  bool look_wanted() const;
  bool look_due() const;
  void look();
  void draw_map(TrainingEngine& engine, TrainingLook& out) const;
  void answer();
  void publish(bool arrived);
  static bool take_over(TrainingScene& scene, const TrainingSettings& lane, std::size_t index);
  void keep();
  void keep(Lane& lane, std::size_t index);
  void begin_record(Lane& lane, std::size_t index);
  void take_up_record(Lane& lane, std::size_t index);
  void tell_changes(Lane& lane, std::size_t index);
  void finish(Lane& lane, std::size_t index) noexcept;
  void finish_all() noexcept;
  void set_claims();
  void fail(const std::exception& exception);

  std::function<void()> wake_;
  store::Recorder* recorder_;

  // The worker's thread only.
  TrainingRequest request_;
  std::vector<Lane> lanes_;
  std::shared_ptr<const Dataset> data_;
  Spec data_spec_;
  std::string data_folder_;
  std::shared_ptr<const Plan> plan_;
  std::shared_ptr<const TrainingLook> look_;
  bool whole_look_ = false;  ///< it is of all samples that one takes time for
  std::shared_ptr<const DrawingAnswer> answer_;
  std::size_t answered_lane_ = 0;
  std::optional<Error> error_;
  std::shared_ptr<const DeviceList> devices_;
  DeviceChooser chooser_;
  std::optional<Error> failure_;
  bool lost_ = false;
  bool choosing_ = false;
  std::uint64_t attempted_ = 0;
  std::uint64_t run_ = 0;
  TrainingScene scene_;  ///< what the lanes are trained by, whatever was asked for since
  std::string race_;     ///< uid that they share in the file of runs
  std::shared_ptr<const OpenedTraining> opened_;  ///< that the lanes came from
  std::unique_ptr<store::Store> file_;            ///< for its checkpoints
  TrainingReplay replay_;
  bool replay_aimed_ = false;
  std::uint64_t forked_ = 0;  ///< the last one that was carried out
  bool loading_ = false;
  bool differs_ = false;
  double published_at_ = 0.0;
  double next_look_ = 0.0;
  double rate_ = 0.0;
  double rate_since_ = 0.0;
  std::int64_t rate_samples_ = 0;

  // The window's thread only.
  TrainingRequest asked_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::condition_variable idle_changed_;
  std::optional<TrainingRequest> pending_;
  std::vector<std::int64_t> claims_;  ///< by lane: updates made or begun
  bool fork_pending_ = false;         ///< claims_ are already what they will be once it is carried out
  bool held_ = false;
  bool idle_ = true;
  std::shared_ptr<const TrainingSnapshot> snapshot_ = std::make_shared<TrainingSnapshot>();
  std::atomic<bool> abandon_{false};  ///< what is under way is to end, even within an evaluation
  std::jthread thread_;               // last: starts when all of the above exists
};

}  // namespace thalweg

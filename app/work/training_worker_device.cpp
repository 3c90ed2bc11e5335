// What the lanes are trained on. A lane is built on the CPU and looked at there until it makes its first
// update: only then it is worth asking the driver, measuring, and taking memory of a device. It moves with
// its whole state, also later, when somebody chooses another device; and where a device fails, to its last
// state.
#include <stdexcept>

#include "app/work/training_worker.hpp"

namespace thalweg {
namespace {

bool moves(const Spec& a, const Spec& b) {
  return a.number("threads") != b.number("threads") || a.flag("tf32") != b.flag("tf32");
}

}  // namespace

void TrainingWorker::ask_devices() {
  if (devices_) return;
  devices_ = std::make_shared<const DeviceList>(list_devices());
  publish(!busy() && !look_wanted());
}

/// Brings lane `index` to the device that it is to be trained on. False: it can't be trained now.
bool TrainingWorker::settle(std::size_t index) {
  Lane& lane = lanes_[index];
  if (lane.settled) return true;
  if (lane.settings->device.text("device") != kCpuDevice && devices_ && devices_->cuda.usable()) {
    choosing_ = true;
    publish(false);
  }
  const auto use = chooser_.choose(*lane.settings, data_, lane.recorded, [this] { return abandon_.load(); });
  choosing_ = false;
  if (abandon_) return false;
  auto error = use ? move(lane, *use) : std::optional(use.error());
  lane.settled = !error;
  if (error) {
    // It stays where it is.
    failure_ = *error;
    lost_ = false;
    lane.failed = lane.trainer->view();
    lane.failed->outcome = Outcome::kStopped;
    publish(!busy());
  }
  return lane.settled;
}

std::optional<Error> TrainingWorker::move(Lane& lane, const DeviceUse& use) {
  const Spec& wanted = lane.settings->device;
  if (use.id != lane.use.id || moves(wanted, lane.built)) {
    auto trainer = trainer_on(use, *lane.settings, data_);
    if (!trainer) return trainer.error();
    if (lane.trainer->steps() > 0) {
      const TrainerState state = lane.trainer->state();  // what it throws is of the device that is left
      try {
        if (auto error = (*trainer)->restore(state)) return error;
      } catch (const DeviceError& error) {
        return device_error(use, error.what());
      }
    }
    lane.trainer = std::move(*trainer);
    replay_.reset();
    lane.seconds_per_step = 0.0;
  }
  lane.use = use;
  lane.built = wanted;
  if (lane.keeper) lane.keeper->made_on(use.name, lane.trainer->steps(), use.measured ? use.why : "");
  return std::nullopt;
}

/// For a second network beside the lane's: on the lane's device, so that it goes the same way.
std::unique_ptr<TrainingEngine> TrainingWorker::engine_to_look(const Lane& lane) const {
  DeviceUse use = lane.use;
  if (!lane.settled && !lane.recorded.empty()) use = find_device(lane.recorded).value_or(use);
  auto engine = engine_on(use, lane.settings->device);
  if (!engine) throw std::runtime_error(engine.error().text());
  return std::move(*engine);
}

// Failures ------------------------------------------------------------------------------------------

/// Which network felt it first says little: nothing on that device is asked for anything any more.
void TrainingWorker::device_failed(const std::string& what) {
  choosing_ = false;
  replay_.reset();
  replay_aimed_ = false;
  chooser_.forget();
  bool any = false;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const Lane& lane = lanes_[i];
    if (lane.failed || lane.use.id == kCpuDevice) continue;
    any = true;
    failure_ = device_error(lane.use, what);
    lost_ = true;
    give_up(i, what);
  }
  if (!any) throw std::runtime_error(what);
  look_.reset();
  answer_.reset();
  set_claims();
  publish(!busy());
}

/// The lane's record ends here; its network is the last one of which there is a state, on the CPU.
void TrainingWorker::give_up(std::size_t index, const std::string& what) {
  Lane& lane = lanes_[index];
  const TrainingView record = lane.trainer->view();
  lane.trainer->stop();
  TrainingView failed = lane.trainer->view();
  const std::int64_t step = failed.steps.rows();
  failed.outcome = Outcome::kStopped;
  remember_from_file(lane, step);
  const auto last = lane.memory.before(step);
  const auto state = last ? std::optional(with_record(*last, record)) : std::nullopt;
  auto again = trainer_on({}, *lane.settings, data_);
  if (!again) throw std::runtime_error(again.error().text());
  if (state)
    if (auto error = (*again)->restore(*state)) throw std::runtime_error(error->text());
  lane.trainer = std::move(*again);
  if (recorder_ && request_.keep && !lane.keeper && !lane.kept && step > lane.catch_up)
    begin_record(lane, index);
  if (lane.keeper) {
    lane.keeper->fail(failed, what, state ? &*state : nullptr);
    lane.catch_up = lane.trainer->steps();
    lane.kept = KeptRun{.uid = lane.keeper->uid(),
                        .steps = lane.catch_up,
                        .seconds = lane.trainer->view().seconds,
                        .outcome = std::string(outcome_name(Outcome::kStopped)),
                        .race = race_,
                        .fork = lane.fork,
                        .device = lane.use.name};
    lane.keeper.reset();
  }
  lane.memory.cut(lane.trainer->steps());
  lane.failed = std::move(failed);
  lane.use = {};
  lane.built = lane.settings->device;
  lane.settled = false;
  lane.looked_at_epoch = 0;
}

/// Somebody wants it to go on.
void TrainingWorker::revive() {
  attempted_ = request_.attempt;
  failure_.reset();
  chooser_.forget();
  for (Lane& lane : lanes_) {
    if (!lane.failed) continue;
    lane.failed.reset();
    lane.settled = false;
  }
}

}  // namespace thalweg

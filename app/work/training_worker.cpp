#include "app/work/training_worker.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <exception>

namespace thalweg {
namespace {

/// A turn of one lane: short enough for commands to take effect at once.
constexpr double kSliceSeconds = 0.006;
constexpr double kPublishSeconds = 1.0 / 60.0;
constexpr double kRateSeconds = 0.5;
/// A device waits while a state to go back to is read from it: they are so many seconds of training apart.
constexpr double kStateSeconds = 0.05;
/// Of the states that all lanes together keep to go back to, in bytes.
constexpr std::size_t kMemory = std::size_t{256} << 20U;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Training gives way to the window where there are few cores. On Linux the niceness is each thread's own.
void lower_priority() { (void)setpriority(PRIO_PROCESS, 0, 5); }

/// `wanted` as far as a run that has made `steps` updates can still follow.
TrainingSettings reachable(const TrainingSettings& run, const TrainingSettings& wanted, std::int64_t steps) {
  TrainingSettings out = run;
  if (first_difference(run.optimizer, wanted.optimizer) >= steps) out.optimizer = wanted.optimizer;
  if (first_difference(run.training, wanted.training) >= steps) out.training = wanted.training;
  out.probes = wanted.probes;
  out.device = wanted.device;
  return out;
}

bool fits(const TrainingSettings& run, const TrainingSettings& wanted, std::int64_t steps) {
  return first_difference(run, wanted) >= steps;
}

}  // namespace

std::int64_t TrainingSnapshot::steps() const {
  std::int64_t most = 0;
  for (const Lane& lane : lanes) most = std::max(most, lane.view.steps.rows());
  return most;
}

bool TrainingSnapshot::finished() const {
  return !lanes.empty() && std::all_of(lanes.begin(), lanes.end(), [](const Lane& lane) {
    return lane.view.outcome != Outcome::kRunning;
  });
}

TrainingWorker::TrainingWorker(std::function<void()> wake, store::Recorder* recorder)
    : wake_(std::move(wake)), recorder_(recorder), thread_([this](std::stop_token stop) {
        loop(std::move(stop));
        finish_all();
        // What is on a device is given back by the thread that took it.
        replay_.reset();
        lanes_.clear();
      }) {}

TrainingWorker::~TrainingWorker() {
  abandon_ = true;
  thread_.request_stop();
  changed_.notify_all();
}

void TrainingWorker::request(TrainingRequest request) {
  const bool same = request == asked_;
  {
    const std::scoped_lock lock(mutex_);
    held_ = false;
    if (!same) {
      if (request.run != asked_.run || request.drive == TrainingRequest::Drive::kStop) abandon_ = true;
      if (request.fork != asked_.fork && request.run == asked_.run) {
        fork_pending_ = true;
        const std::size_t end = std::min(request.fork_first + request.fork_count, claims_.size());
        for (std::size_t i = request.fork_first; i < end; ++i)
          claims_[i] = std::min(claims_[i], request.fork_step);
      }
      asked_ = request;
      pending_ = std::move(request);
      idle_ = false;
    }
  }
  changed_.notify_all();
}

std::int64_t TrainingWorker::hold(std::size_t first, std::size_t count) {
  const std::scoped_lock lock(mutex_);
  held_ = true;
  std::int64_t step = 0;
  for (std::size_t i = first; i < std::min(first + count, claims_.size()); ++i)
    step = std::max(step, claims_[i]);
  return step;
}

std::shared_ptr<const TrainingSnapshot> TrainingWorker::snapshot() const {
  const std::scoped_lock lock(mutex_);
  return snapshot_;
}

void TrainingWorker::wait() {
  std::unique_lock lock(mutex_);
  idle_changed_.wait(lock, [this] { return idle_; });
}

void TrainingWorker::loop(std::stop_token stop) {
  lower_priority();
  while (!stop.stop_requested()) {
    std::optional<TrainingRequest> request;
    std::optional<Slice> slice;
    bool rest = false;
    {
      std::unique_lock lock(mutex_);
      if (!pending_ && !held_) {
        slice = next_slice();
        if (slice)  // what a lane catches up with was claimed before
          claims_[slice->lane] = std::max(claims_[slice->lane],
                                          lanes_[slice->lane].trainer->steps() + slice->steps);
        else
          rest = !busy() && !look_wanted();
      }
      if (!pending_ && (held_ || rest)) {
        if (rest) {
          idle_ = true;
          idle_changed_.notify_all();
        }
        const bool held = held_;
        if (!changed_.wait(lock, stop, [&] { return pending_ || (held && !held_); })) return;
        continue;
      }
      if (pending_) {
        request.swap(pending_);
        abandon_ = stop.stop_requested();
      }
    }
    try {
      if (request) {
        adopt(*request);
        publish(!busy() && !look_wanted());
        ask_devices();
        continue;
      }
      if (slice)
        train(*slice);
      else if (replay_wanted())
        replay();
      if (look_due()) look();
      const bool arrived = !busy();
      if (arrived || now() - published_at_ >= kPublishSeconds) {
        answer();
        publish(arrived);
      }
    } catch (const DeviceError& error) {
      try {
        device_failed(error.what());
      } catch (const std::exception& exception) {
        fail(exception);
      }
    } catch (const std::exception& exception) {
      fail(exception);
    }
  }
}

void TrainingWorker::fail(const std::exception& exception) {
  finish_all();
  lanes_.clear();
  replay_.reset();
  set_claims();
  loading_ = false;
  error_ = Error{ErrorCode::kInternal,
                 std::string("ended by lack of memory or an internal error (") + exception.what() + ")",
                 "training"};
  publish(true);
}

void TrainingWorker::set_claims() {
  const std::scoped_lock lock(mutex_);
  if (fork_pending_ && pending_ && pending_->fork != forked_) return;
  fork_pending_ = false;
  claims_.resize(lanes_.size());
  for (std::size_t i = 0; i < lanes_.size(); ++i)
    claims_[i] = std::max(lanes_[i].trainer->steps(), lanes_[i].catch_up);
}

// What is wanted ------------------------------------------------------------------------------------

void TrainingWorker::adopt(const TrainingRequest& request) {
  const bool began =
      std::any_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.steps() > 0; });
  const bool again = request.run != run_;
  const bool other = request.lanes != request_.lanes || request.folder != request_.folder ||
                     request.data != request_.data || !data_;
  if (request.drive != request_.drive) rate_ = rate_since_ = 0.0;
  request_ = request;
  run_ = request.run;
  if (again || (!began && other)) {
    forked_ = request.fork;
    attempted_ = request.attempt;
    failure_.reset();
    replay_.reset();
    if (again) {
      finish_all();
      lanes_.clear();
      opened_ = request.opened;
      file_.reset();
    }
    error_ = rebuild(request);
    if (error_) lanes_.clear();
    loading_ = differs_ = false;
  } else if (began) {
    if (request.fork != forked_) fork();
    synchronise(request);
  }
  if (request.attempt != attempted_) revive();
  if (request.drive == TrainingRequest::Drive::kStop)
    for (Lane& lane : lanes_)
      if (lane.trainer->steps() > 0 && !lane.failed) lane.trainer->stop();
  if (lanes_.empty()) look_.reset();
  if (look_ && (look_->lane != request.selected || (request.at && look_->step != *request.at)))
    next_look_ = 0.0;
  if (replay_wanted()) replay_aimed_ = false;
  set_claims();
  answer();
}

std::optional<Error> TrainingWorker::rebuild(const TrainingRequest& request) {
  const bool other_data = !data_ || data_spec_ != request.data || data_folder_ != request.folder;
  if (other_data) {
    loading_ = true;
    publish(false);
    lanes_.clear();
    look_.reset();
    answer_.reset();
    plan_.reset();
    data_.reset();  // before the next set, so that not both take memory
    data_spec_ = request.data;
    data_folder_ = request.folder;
    auto loaded = find_dataset(request.data.id)->load(request.data, request.folder);
    if (!loaded) return loaded.error();
    data_ = std::move(*loaded);
  }
  look_.reset();
  rate_ = rate_since_ = 0.0;
  lanes_.resize(std::min(lanes_.size(), request.lanes.size()));
  for (std::size_t i = 0; i < request.lanes.size(); ++i) {
    if (i < lanes_.size() && *lanes_[i].settings == request.lanes[i]) continue;
    if (auto error = add_lane(request, i)) return error;
    if (opened_) take_up(*opened_, i);
  }
  for (Lane& lane : lanes_) lane.memory.set_room(kMemory / lanes_.size());
  plan_ = lanes_.empty() ? nullptr : std::make_shared<const Plan>(lanes_.front().trainer->engine().plan());
  scene_ = request.scene;
  race_.clear();
  return std::nullopt;
}

/// Builds lane `index`, in the place of the one that is there or after the last.
std::optional<Error> TrainingWorker::add_lane(const TrainingRequest& request, std::size_t index) {
  auto trainer = trainer_on({}, request.lanes[index], data_);
  if (!trainer) return trainer.error();
  const auto seeds = static_cast<std::size_t>(std::max(1, request.seeds));
  Lane lane;
  lane.trainer = std::move(*trainer);
  lane.settings = std::make_shared<const TrainingSettings>(request.lanes[index]);
  lane.optimizer = index / seeds;
  lane.seed = static_cast<int>(index % seeds);
  lane.built = request.lanes[index].device;
  if (index < lanes_.size())
    lanes_[index] = std::move(lane);
  else
    lanes_.push_back(std::move(lane));
  return std::nullopt;
}

/// Brings a lane that was just built to where its run in the file is, as far as a checkpoint says.
void TrainingWorker::take_up(const OpenedTraining& opened, std::size_t index) {
  Lane& lane = lanes_[index];
  const OpenedRun& run = opened.run;
  if (index >= run.lanes.size() || run.lanes[index].uid.empty()) return;
  lane.kept = run.lanes[index];
  lane.recorded = lane.kept->device;
  lane.fork = lane.kept->fork;
  lane.catch_up = lane.kept->steps;
  lane.memory.offer(*lane.trainer);  // how it began
  if (index >= run.states.size() || !run.states[index]) return;
  TrainerState state = *run.states[index];
  // One that was stopped may go on. Where that can't be had it is made again from before.
  if (state.record.outcome == Outcome::kStopped && !take_back_stop(state)) {
    remember_from_file(lane, state.steps());
    const auto before = lane.memory.before(state.steps());
    if (!before) return;
    state = *before;
  }
  lane.memory.add(std::make_shared<const TrainerState>(state));
  // A state of other settings changes nothing: the run is made again from its start.
  (void)lane.trainer->restore(state);
}

void TrainingWorker::synchronise(const TrainingRequest& request) {
  error_.reset();
  if (request.folder != data_folder_)
    differs_ = true;
  else if (request.lanes.size() == lanes_.size())
    adjust_lanes(request);
  else
    differs_ = !take_or_leave_lanes(request);
}

void TrainingWorker::adjust_lanes(const TrainingRequest& request) {
  differs_ = false;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = lanes_[i];
    TrainingSettings target = reachable(*lane.settings, request.lanes[i], lane.trainer->steps());
    if (target.device != lane.settings->device) {
      lane.settled = false;
      lane.recorded.clear();
      lane.failed.reset();
    }
    if (target != *lane.settings) {
      if (auto error = lane.trainer->retarget(target))
        error_ = error;
      else
        lane.settings = std::make_shared<const TrainingSettings>(std::move(target));
    }
    if (recorder_ && take_over(scene_, *lane.settings, i))
      for (Lane& other : lanes_) other.changed = true;
    differs_ = differs_ || *lane.settings != request.lanes[i];
  }
  if (std::none_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.failed.has_value(); }))
    failure_.reset();
}

/// Optimizers or seeds that were added start from the beginning and catch up; those that were removed go.
/// False if the rest differs too, and then nothing changes.
bool TrainingWorker::take_or_leave_lanes(const TrainingRequest& request) {
  std::vector<std::optional<std::size_t>> place(request.lanes.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < request.lanes.size(); ++i)
    for (std::size_t j = next; j < lanes_.size(); ++j) {
      if (!fits(*lanes_[j].settings, request.lanes[i], lanes_[j].trainer->steps())) continue;
      place[i] = j;
      next = j + 1;
      break;
    }
  const auto matched = static_cast<std::size_t>(
      std::count_if(place.begin(), place.end(), [](const auto& p) { return p.has_value(); }));
  if (matched != std::min(lanes_.size(), request.lanes.size())) return false;
  const auto seeds = static_cast<std::size_t>(std::max(1, request.seeds));
  for (std::size_t j = 0; j < lanes_.size(); ++j)
    if (std::find(place.begin(), place.end(), j) == place.end()) finish(lanes_[j], j);
  std::vector<Lane> old = std::move(lanes_);
  lanes_.clear();
  for (std::size_t i = 0; i < request.lanes.size(); ++i) {
    if (place[i]) {
      lanes_.push_back(std::move(old[*place[i]]));
      lanes_.back().optimizer = i / seeds;
      lanes_.back().seed = static_cast<int>(i % seeds);
    } else if (auto error = add_lane(request, i)) {
      error_ = error;
      for (Lane& lane : old)
        if (lane.trainer) lanes_.push_back(std::move(lane));
      return false;
    }
  }
  look_.reset();
  replay_.reset();
  scene_ = request.scene;
  for (Lane& lane : lanes_) {
    lane.changed = true;
    lane.memory.set_room(kMemory / lanes_.size());
  }
  return true;
}

// Training ------------------------------------------------------------------------------------------

/// The lane that is furthest behind has its turn. One that was opened goes in any case to where it had been.
std::optional<TrainingWorker::Slice> TrainingWorker::next_slice() const {
  std::optional<Slice> out;
  std::int64_t behind = 0;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const Lane& lane = lanes_[i];
    const std::int64_t step = lane.trainer->steps();
    const std::int64_t limit = request_.drive == TrainingRequest::Drive::kTrain
                                   ? std::max(request_.limit, lane.catch_up)
                                   : lane.catch_up;
    if (lane.outcome() != Outcome::kRunning || step >= limit || (out && step >= behind)) continue;
    behind = step;
    const double most =
        lane.seconds_per_step > 0.0 ? std::clamp(kSliceSeconds / lane.seconds_per_step, 1.0, 1e6) : 1.0;
    // Not past a step at which something is to be done: a state is kept, a record taken up.
    std::int64_t end = std::min({limit, lane.trainer->budget(), lane.memory.next(step)});
    if (lane.catch_up > step) end = std::min(end, lane.catch_up);
    out = Slice{i, std::min(static_cast<std::int64_t>(most), end - step)};
  }
  return out;
}

bool TrainingWorker::busy() const { return next_slice() || replay_wanted(); }

void TrainingWorker::train(const Slice& slice) {
  if (!settle(slice.lane)) return;
  Lane& lane = lanes_[slice.lane];
  Trainer& trainer = *lane.trainer;
  // Only now: what is moved while it stands still is one change.
  tell_changes(lane, slice.lane);
  take_up_record(lane, slice.lane);
  lane.memory.offer(trainer);
  const double begin = now();
  const std::int64_t before = trainer.steps();
  trainer.advance(slice.steps, [this] { return abandon_.load(std::memory_order_relaxed); });
  const double end = now();
  const std::int64_t made = trainer.steps() - before;
  if (made > 0) {
    const double each = (end - begin) / static_cast<double>(made);
    // An evaluation at the end of an epoch is not taken for slow steps.
    const double kept = lane.seconds_per_step > 0.0 ? std::min(each, 2.0 * lane.seconds_per_step) : each;
    lane.seconds_per_step = lane.seconds_per_step > 0.0 ? 0.7 * lane.seconds_per_step + 0.3 * kept : kept;
    if (lane.use.id != kCpuDevice)
      lane.memory.space(static_cast<std::int64_t>(kStateSeconds / lane.seconds_per_step));
  }
  const Spec& training = lane.settings->training.spec;
  rate_samples_ += made * static_cast<std::int64_t>(training.number("batch") * training.number("accumulate"));
  if (rate_since_ == 0.0) {
    rate_since_ = begin;
    rate_samples_ = 0;
  } else if (end - rate_since_ >= kRateSeconds) {
    rate_ = static_cast<double>(rate_samples_) / (end - rate_since_);
    rate_since_ = end;
    rate_samples_ = 0;
  }
  {
    const std::scoped_lock lock(mutex_);
    if (!fork_pending_) claims_[slice.lane] = std::max(trainer.steps(), lane.catch_up);
  }
}

void TrainingWorker::publish(bool arrived) {
  published_at_ = now();
  keep();
  auto next = std::make_shared<TrainingSnapshot>();
  next->run = run_;
  for (const Lane& lane : lanes_)
    next->lanes.push_back({lane.settings, lane.view(), lane.optimizer, lane.seed,
                           lane.keeper ? lane.keeper->uid()
                           : lane.kept ? lane.kept->uid
                                       : "",
                           lane.fork, lane.settled ? std::optional(lane.use) : std::nullopt,
                           lane.failed.has_value()});
  next->data = data_;
  next->data_spec = data_spec_;
  next->plan = lanes_.empty() ? nullptr : plan_;
  next->look = look_;
  next->answer = answer_;
  next->loading = loading_;
  next->arrived = arrived;
  next->differs = differs_;
  next->fork = forked_;
  next->replaying =
      replay_wanted() || std::any_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) {
        return lane.trainer->steps() < lane.catch_up && lane.outcome() == Outcome::kRunning;
      });
  next->samples_per_second = rate_;
  next->error = error_;
  next->choosing = choosing_;
  next->devices = devices_;
  next->attempt = attempted_;
  next->device_failure = failure_;
  next->device_lost = failure_ && lost_;
  {
    const std::scoped_lock lock(mutex_);
    snapshot_ = std::move(next);
  }
  if (wake_) wake_();
}

}  // namespace thalweg

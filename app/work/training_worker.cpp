#include "app/work/training_worker.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>

namespace thalweg {
namespace {

/// A turn of one lane: short enough for commands to take effect at once.
constexpr double kSliceSeconds = 0.006;
constexpr double kPublishSeconds = 1.0 / 60.0;
/// Between two looks while training; and a look may take this share of the time.
constexpr double kLookSeconds = 0.5;
constexpr double kLookShare = 0.03;
constexpr std::int64_t kLookSamples = 1000;
/// Parameters times samples that a look may cost where nothing is in a hurry.
constexpr double kLookWork = 4e9;
constexpr double kRateSeconds = 0.5;
/// Cells along a side of the map of what a network says.
constexpr int kMapSide = 64;

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
  return out;
}

/// Puts what lane `index` is trained by into `scene`, as far as it may change on the way. True if that is new.
bool take_over(TrainingScene& scene, const TrainingSettings& lane, std::size_t index) {
  const auto seeds = static_cast<std::size_t>(std::max(1, scene.seeds));
  if (index / seeds >= scene.optimizers.size()) return false;
  SceneOptimizer& optimizer = scene.optimizers[index / seeds];
  LiveSpec training = lane.training;
  *training.spec.find("seed") = *scene.training.spec.find("seed");
  const bool changed = optimizer.live != lane.optimizer || scene.training != training || scene.probes != lane.probes;
  optimizer.live = lane.optimizer;
  scene.training = std::move(training);
  scene.probes = lane.probes;
  return changed;
}

bool fits(const TrainingSettings& run, const TrainingSettings& wanted, std::int64_t steps) {
  return first_difference(run, wanted) >= steps;
}

std::vector<std::uint32_t> evenly(std::int64_t count, std::int64_t of) {
  std::vector<std::uint32_t> out(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i)
    out[static_cast<std::size_t>(i)] = static_cast<std::uint32_t>(i * of / count);
  return out;
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
        if (slice)
          claims_[slice->lane] += slice->steps;
        else
          rest = !look_wanted();
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
        publish(!next_slice() && !look_wanted());
        continue;
      }
      if (slice) train(*slice);
      if (look_due()) look();
      const bool arrived = !next_slice();
      if (arrived || now() - published_at_ >= kPublishSeconds) {
        answer();
        publish(arrived);
      }
    } catch (const std::exception& exception) {
      fail(exception);
    }
  }
}

void TrainingWorker::fail(const std::exception& exception) {
  finish_all();
  lanes_.clear();
  set_claims();
  loading_ = false;
  error_ = Error{ErrorCode::kInternal,
                 std::string("ended by lack of memory or an internal error (") + exception.what() + ")",
                 "training"};
  publish(true);
}

void TrainingWorker::set_claims() {
  const std::scoped_lock lock(mutex_);
  claims_.resize(lanes_.size());
  for (std::size_t i = 0; i < lanes_.size(); ++i) claims_[i] = lanes_[i].trainer->steps();
}

// What is wanted ------------------------------------------------------------------------------------

void TrainingWorker::adopt(const TrainingRequest& request) {
  const bool began =
      std::any_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.trainer->steps() > 0; });
  const bool again = request.run != run_;
  const bool other = request.lanes != request_.lanes || request.folder != request_.folder ||
                     request.data != request_.data || !data_;
  if (request.drive != request_.drive) rate_ = rate_since_ = 0.0;
  request_ = request;
  run_ = request.run;
  if (again || (!began && other)) {
    if (again) {
      finish_all();
      lanes_.clear();
    }
    error_ = rebuild(request);
    if (error_) lanes_.clear();
    loading_ = differs_ = false;
  } else if (began) {
    synchronise(request);
  }
  if (request.drive == TrainingRequest::Drive::kStop)
    for (Lane& lane : lanes_)
      if (lane.trainer->steps() > 0) lane.trainer->stop();
  if (lanes_.empty()) look_.reset();
  if (look_ && look_->lane != request.selected) next_look_ = 0.0;
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
  }
  plan_ = lanes_.empty() ? nullptr : std::make_shared<const Plan>(lanes_.front().trainer->engine().plan());
  scene_ = request.scene;
  race_.clear();
  return std::nullopt;
}

/// Builds lane `index`, in the place of the one that is there or after the last.
std::optional<Error> TrainingWorker::add_lane(const TrainingRequest& request, std::size_t index) {
  auto trainer = Trainer::create(request.lanes[index], data_, make_cpu_engine());
  if (!trainer) return trainer.error();
  const auto seeds = static_cast<std::size_t>(std::max(1, request.seeds));
  Lane lane;
  lane.trainer = std::move(*trainer);
  lane.settings = std::make_shared<const TrainingSettings>(request.lanes[index]);
  lane.optimizer = index / seeds;
  lane.seed = static_cast<int>(index % seeds);
  if (index < lanes_.size())
    lanes_[index] = std::move(lane);
  else
    lanes_.push_back(std::move(lane));
  return std::nullopt;
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
  scene_ = request.scene;
  for (Lane& lane : lanes_) lane.changed = true;
  return true;
}

// Keeping -------------------------------------------------------------------------------------------

/// The Scene that makes the lane at `index` again: that of all lanes, or its own where they have moved since.
void TrainingWorker::tell_changes(Lane& lane, std::size_t index) {
  if (!std::exchange(lane.changed, false) || !lane.keeper) return;
  if (lane.index == index)
    lane.scene = scene_;
  else if (!take_over(lane.scene, *lane.settings, lane.index))
    return;
  lane.keeper->changed(lane.scene, lane.index);
}

void TrainingWorker::keep(Lane& lane, std::size_t index) {
  const Trainer& trainer = *lane.trainer;
  if (trainer.steps() == 0) return;
  if (!lane.keeper) {
    if (race_.empty() && lanes_.size() > 1) race_ = store::new_uid();
    lane.scene = scene_;
    lane.index = index;
    lane.changed = false;
    lane.keeper = std::make_unique<TrainingKeeper>(
        *recorder_,
        TrainingStart{lane.scene, index, race_, 1, lane.fork.parent, lane.fork.step},
        trainer);
  }
  if (trainer.outcome() == Outcome::kRunning)
    lane.keeper->update(trainer);
  else
    finish(lane, index);
}

void TrainingWorker::keep() {
  if (!recorder_ || !request_.keep) return;
  for (std::size_t i = 0; i < lanes_.size(); ++i) keep(lanes_[i], i);
}

/// A run that could go on is kept as stopped.
void TrainingWorker::finish(Lane& lane, std::size_t index) noexcept {
  if (!lane.keeper) return;
  try {
    tell_changes(lane, index);
    lane.keeper->finish(*lane.trainer);
  } catch (const std::exception&) {  // memory is short: the next start finds it interrupted
  }
}

void TrainingWorker::finish_all() noexcept {
  for (std::size_t i = 0; i < lanes_.size(); ++i) finish(lanes_[i], i);
}

// Training ------------------------------------------------------------------------------------------

/// The lane that is furthest behind has its turn.
std::optional<TrainingWorker::Slice> TrainingWorker::next_slice() const {
  if (request_.drive != TrainingRequest::Drive::kTrain) return std::nullopt;
  std::optional<Slice> out;
  std::int64_t behind = 0;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const Trainer& trainer = *lanes_[i].trainer;
    if (trainer.outcome() != Outcome::kRunning || trainer.steps() >= request_.limit) continue;
    if (out && trainer.steps() >= behind) continue;
    behind = trainer.steps();
    const double per_step = lanes_[i].seconds_per_step;
    const double most = per_step > 0.0 ? std::clamp(kSliceSeconds / per_step, 1.0, 1e6) : 1.0;
    out = Slice{
        i, std::min({static_cast<std::int64_t>(most), request_.limit - behind, trainer.budget() - behind})};
  }
  return out;
}

void TrainingWorker::train(const Slice& slice) {
  Lane& lane = lanes_[slice.lane];
  Trainer& trainer = *lane.trainer;
  // Only now: what is moved while it stands still is one change.
  tell_changes(lane, slice.lane);
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
    claims_[slice.lane] = trainer.steps();
  }
}

// Looking into a network ----------------------------------------------------------------------------

/// Whether a look is missing before there is nothing left to do.
bool TrainingWorker::look_wanted() const {
  if (request_.selected >= lanes_.size()) return false;
  return !look_ || look_->lane != request_.selected || !whole_look_ ||
         look_->step != lanes_[request_.selected].trainer->steps();
}

bool TrainingWorker::look_due() const {
  if (!look_wanted()) return false;
  if (!next_slice() || now() >= next_look_) return true;
  const Lane& lane = lanes_[request_.selected];
  return lane.trainer->epochs().size() != lane.looked_at_epoch && now() >= next_look_ - 0.5 * kLookSeconds;
}

void TrainingWorker::look() {
  const double begin = now();
  Lane& lane = lanes_[request_.selected];
  TrainingEngine& engine = lane.trainer->engine();
  auto out = std::make_shared<TrainingLook>();
  out->lane = request_.selected;
  out->step = lane.trainer->steps();
  out->data = data_;
  out->part = data_->test.count > 0 ? DataPart::kTest : DataPart::kTrain;
  const Samples& samples = out->part == DataPart::kTest ? data_->test : data_->train;
  out->of = samples.count;
  whole_look_ = !next_slice();
  const double affordable = kLookWork / std::max(1.0, static_cast<double>(engine.plan().parameters));
  const std::int64_t most =
      whole_look_ ? std::max(kLookSamples, static_cast<std::int64_t>(affordable)) : kLookSamples;
  if (data_->classes > 0) {
    const std::vector<std::uint32_t> indices = evenly(std::min(samples.count, most), samples.count);
    auto inspection = inspect(engine, *data_, out->part, indices);
    if (inspection) out->inspection = std::move(*inspection);
  }
  for (const PlannedLayer& layer : engine.plan().layers) {
    if (layer.kind != LayerKind::kLinear) continue;
    out->inputs = layer.inputs;
    out->units = layer.outputs;
    const auto size = static_cast<std::size_t>(std::int64_t{layer.inputs} * layer.outputs);
    const auto weights = engine.parameters().subspan(static_cast<std::size_t>(layer.weight), size);
    out->first_weights.assign(weights.begin(), weights.end());
    break;
  }
  draw_map(engine, *out);
  lane.looked_at_epoch = lane.trainer->epochs().size();
  look_ = std::move(out);
  const double end = now();
  next_look_ = end + std::max(kLookSeconds, (end - begin) / kLookShare);
}

/// What the network says all over the plane (or the line) that the data lie in.
void TrainingWorker::draw_map(TrainingEngine& engine, TrainingLook& out) const {
  const Samples& samples = data_->train;
  if (data_->features > 2 || samples.values.empty()) return;
  const auto features = static_cast<std::size_t>(data_->features);
  for (std::size_t f = 0; f < features; ++f) {
    double low = samples.values[f], high = low;
    for (std::size_t i = f; i < samples.values.size(); i += features) {
      low = std::min(low, static_cast<double>(samples.values[i]));
      high = std::max(high, static_cast<double>(samples.values[i]));
    }
    const double margin = 0.08 * std::max(high - low, 1e-6);
    out.bounds[2 * f] = low - margin;
    out.bounds[2 * f + 1] = high + margin;
  }
  const int columns = features == 2 ? kMapSide : 4 * kMapSide;
  const int rows = features == 2 ? kMapSide : 1;
  Samples grid;
  grid.count = std::int64_t{columns} * rows;
  const auto at = [&](std::size_t f, int place, int of) {
    const double from = out.bounds[2 * f], to = out.bounds[2 * f + 1];
    return static_cast<float>(from + (to - from) * (place + 0.5) / of);
  };
  for (int y = 0; y < rows; ++y)
    for (int x = 0; x < columns; ++x) {
      grid.values.push_back(at(0, x, columns));
      if (features == 2) grid.values.push_back(at(1, y, rows));
    }
  auto outputs = engine.outputs(grid);
  if (!outputs) return;
  out.map = std::move(*outputs);
  out.columns = columns;
  out.rows = rows;
}

void TrainingWorker::answer() {
  const std::shared_ptr<const Drawing>& drawing = request_.drawing;
  if (!drawing || request_.selected >= lanes_.size() || data_->classes < 1 || data_->train.bytes.empty() ||
      drawing->pixels.size() != static_cast<std::size_t>(data_->features)) {
    answer_.reset();
    return;
  }
  Trainer& trainer = *lanes_[request_.selected].trainer;
  if (answer_ && answer_->version == drawing->version && answer_->step == trainer.steps() &&
      answered_lane_ == request_.selected)
    return;
  Samples one;
  one.count = 1;
  one.bytes = drawing->pixels;
  one.labels = {0};
  const auto outputs = trainer.engine().outputs(one);
  answer_.reset();
  if (!outputs) return;
  answered_lane_ = request_.selected;
  answer_ = std::make_shared<const DrawingAnswer>(
      DrawingAnswer{drawing->version, trainer.steps(), probabilities(*outputs)});
}

void TrainingWorker::publish(bool arrived) {
  published_at_ = now();
  keep();
  auto next = std::make_shared<TrainingSnapshot>();
  next->run = run_;
  for (const Lane& lane : lanes_)
    next->lanes.push_back({lane.settings, lane.trainer->view(), lane.optimizer, lane.seed,
                           lane.keeper ? lane.keeper->uid() : "", lane.fork});
  next->data = data_;
  next->data_spec = data_spec_;
  next->plan = lanes_.empty() ? nullptr : plan_;
  next->look = look_;
  next->answer = answer_;
  next->loading = loading_;
  next->arrived = arrived;
  next->differs = differs_;
  next->samples_per_second = rate_;
  next->error = error_;
  {
    const std::scoped_lock lock(mutex_);
    snapshot_ = std::move(next);
  }
  if (wake_) wake_();
}

}  // namespace thalweg

#include "core/store/recorder.hpp"

#include <algorithm>

namespace thalweg::store {
namespace {

/// Points of one transaction: long enough to be quick, short enough to let other processes in between.
constexpr std::int64_t kMostInOne = 262'144;
/// Beyond so many waiting points the interval is not waited for.
constexpr std::int64_t kEnough = 65'536;
/// So many things that wait are looked at for points to join others to.
constexpr std::ptrdiff_t kMostLookedAt = 64;
/// Longest that append() holds up a run.
constexpr std::chrono::seconds kLongestWait{1};

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

}  // namespace

Recorder::Recorder(std::filesystem::path file, RecorderOptions options,
                   std::function<void(const RecorderStatus&)> changed)
    : file_(std::move(file)),
      options_(options),
      changed_(std::move(changed)),
      last_beat_(Clock::now()),
      thread_([this] { loop(); }) {}

Recorder::~Recorder() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  work_there_.notify_all();
  thread_.join();
}

int Recorder::number_for(std::string uid) {
  const std::scoped_lock lock(mutex_);
  uids_.push_back(std::move(uid));
  return static_cast<int>(uids_.size()) - 1;
}

int Recorder::begin(RunStart start) {
  if (start.uid.empty()) start.uid = new_uid();
  const int run = number_for(start.uid);
  hand_over(run, 0, std::move(start));
  return run;
}

int Recorder::resume(std::string uid, std::int64_t step) {
  const int run = number_for(uid);
  hand_over(run, 0, Resume{std::move(uid), step});
  return run;
}

std::string Recorder::uid(int run) const {
  const std::scoped_lock lock(mutex_);
  return uids_.at(static_cast<std::size_t>(run));
}

std::uint64_t Recorder::append(int run, std::vector<Points> points, std::int64_t steps) {
  std::int64_t count = 0;
  for (const Points& series : points) count += static_cast<std::int64_t>(series.steps.size());
  {
    std::unique_lock lock(mutex_);
    const auto room = [&] {
      return status_.waiting + count <= options_.most_waiting || status_.waiting == 0;
    };
    progress_.wait_for(lock, kLongestWait, [&] { return room() || status_.trouble.has_value(); });
    if (!room()) {
      status_.lost += count;
      return tickets_;
    }
  }
  Append append{std::move(points), steps};
  {
    const std::scoped_lock lock(mutex_);
    if (join(run, count, append)) {
      // What is written last tells that all before it is.
      queue_.back().ticket = ++tickets_;
      status_.waiting += count;
      return tickets_;
    }
  }
  return hand_over(run, count, std::move(append));
}

/// Joins points to those of the same run that still wait: a long one is written many times as quickly as many
/// short ones. False if there are none, or something of the run comes between.
bool Recorder::join(int run, std::int64_t points, Append& append) {
  for (auto item = queue_.rbegin(); item != queue_.rend() && item - queue_.rbegin() < kMostLookedAt; ++item) {
    if (item->run != run) continue;
    auto* const before = std::get_if<Append>(&item->what);
    if (!before || before->alone || item->points + points > kEnough) return false;
    std::vector<Points*> places;
    for (const Points& series : append.points) {
      const auto same = std::find_if(before->points.begin(), before->points.end(),
                                     [&](const Points& other) { return other.series == series.series; });
      places.push_back(same == before->points.end() ? nullptr : &*same);
      // What is wrong is refused by itself.
      const bool good = !series.steps.empty() && series.steps.size() == series.values.size() &&
                        std::adjacent_find(series.steps.begin(), series.steps.end(),
                                           std::greater_equal<>()) == series.steps.end() &&
                        (!places.back() || (!places.back()->steps.empty() &&
                                            series.steps.front() > places.back()->steps.back()));
      append.alone = append.alone || !good;
    }
    if (append.alone) return false;
    for (std::size_t i = 0; i < append.points.size(); ++i) {
      if (!places[i]) continue;
      const Points& series = append.points[i];
      places[i]->steps.insert(places[i]->steps.end(), series.steps.begin(), series.steps.end());
      places[i]->values.insert(places[i]->values.end(), series.values.begin(), series.values.end());
    }
    for (std::size_t i = 0; i < append.points.size(); ++i)
      if (!places[i]) before->points.push_back(std::move(append.points[i]));
    before->steps = std::max(before->steps, append.steps);
    item->points += points;
    return true;
  }
  return false;
}

std::uint64_t Recorder::add_event(int run, Event event) { return hand_over(run, 0, std::move(event)); }

std::uint64_t Recorder::save(int run, Checkpoint checkpoint, std::int64_t keep) {
  // Counted as what it takes in memory.
  const auto size = static_cast<std::int64_t>(checkpoint.state.size() / 16);
  return hand_over(run, size, Save{std::move(checkpoint), keep});
}

std::uint64_t Recorder::set_result(int run, std::string key, double value) {
  return hand_over(run, 0, SetResult{std::move(key), value});
}

std::uint64_t Recorder::set_scene(int run, std::string scene, std::optional<int> lane) {
  return hand_over(run, 0, SetScene{std::move(scene), lane});
}

std::uint64_t Recorder::set_device(int run, std::string device, std::int64_t step) {
  return hand_over(run, 0, SetDevice{std::move(device), step});
}

std::uint64_t Recorder::truncate(int run, std::int64_t step) { return hand_over(run, 0, Truncate{step}); }

std::uint64_t Recorder::finish(int run, RunEnd end) { return hand_over(run, 0, std::move(end)); }

std::uint64_t Recorder::hand_over(int run, std::int64_t points, decltype(Item::what) what) {
  std::uint64_t ticket = 0;
  {
    const std::scoped_lock lock(mutex_);
    ticket = ++tickets_;
    status_.waiting += points;
    queue_.push_back({run, ticket, points, std::move(what)});
  }
  work_there_.notify_all();
  return ticket;
}

RecorderStatus Recorder::status() const {
  const std::scoped_lock lock(mutex_);
  return status_;
}

bool Recorder::flush() {
  std::unique_lock lock(mutex_);
  const std::uint64_t wanted = tickets_;
  const std::uint64_t tries = tries_;
  hurry_ = 2;
  work_there_.notify_all();
  // The try under way may have begun before the last thing was handed over: the one after it counts.
  progress_.wait(lock, [&] {
    return status_.committed >= wanted || (status_.trouble.has_value() && tries_ >= tries + 2);
  });
  return status_.committed >= wanted;
}

void Recorder::wait_for_work(std::unique_lock<std::mutex>& lock) {
  const auto hurried = [&] { return ending_ || hurry_ > 0; };
  if (last_failed_) {
    work_there_.wait_for(lock, options_.retry, hurried);
  } else {
    const bool beats =
        std::any_of(known_.begin(), known_.end(), [](const Known& run) { return run.running; });
    const auto something = [&] { return ending_ || !queue_.empty(); };
    if (pending_.empty() && beats)
      work_there_.wait_until(lock, last_beat_ + options_.heartbeat, something);
    else if (pending_.empty())
      work_there_.wait(lock, something);
    // Gathered for a while, so that one transaction holds many points.
    if (pending_.empty() && !queue_.empty())
      work_there_.wait_for(lock, options_.interval, [&] { return hurried() || status_.waiting >= kEnough; });
  }
  hurry_ = std::max(hurry_ - 1, 0);
}

void Recorder::loop() {
  while (true) {
    bool last = false;
    {
      std::unique_lock lock(mutex_);
      wait_for_work(lock);
      for (Item& item : queue_) pending_.push_back(std::move(item));
      queue_.clear();
      last = ending_;
    }
    work();
    if (last && (last_failed_ || pending_.empty())) return;
  }
}

void Recorder::work() {
  std::optional<Error> trouble;
  try {
    trouble = open();
    if (!trouble) trouble = pending_.empty() ? beat() : write_some();
  } catch (const std::exception& exception) {
    trouble = Error{ErrorCode::kInternal, exception.what(), file_.string()};
  }
  // After a failure the file is opened anew: it may be another one by then.
  if (trouble) store_.reset();
  publish(std::move(trouble));
}

std::optional<Error> Recorder::open() {
  // Nothing to say: no file is made.
  if (store_ || (pending_.empty() && known_.empty())) return {};
  auto opened = Store::open(file_);
  if (!opened) return opened.error();
  store_ = std::move(*opened);
  if (!std::exchange(looked_for_interrupted_, true)) (void)store_->mark_interrupted();
  return {};
}

std::optional<Error> Recorder::write_some() {
  std::vector<Known> known = known_;
  std::size_t count = 0;
  std::int64_t points = 0;
  auto error = store_->batch([&]() -> std::optional<Error> {
    while (count < pending_.size() && points < kMostInOne) {
      const Item& item = pending_[count];
      if (auto wrong = apply(item, known)) {
        if (store_->last_error_passes()) return wrong;
        // Wrong in itself: waiting would not help, and what comes after it must not wait either.
        refused_ = std::move(wrong);
      }
      points += item.points;
      ++count;
    }
    for (std::size_t i = 0; i < known.size(); ++i) {
      const Known& run = known[i];
      if (!run.running || !run.id) continue;
      const double seconds = std::chrono::duration<double>(Clock::now() - run.begun).count();
      if (auto wrong = store_->heartbeat(*run.id, run.steps, seconds); wrong && store_->last_error_passes())
        return wrong;
    }
    return {};
  });
  if (error) return error;
  known_ = std::move(known);
  last_beat_ = Clock::now();
  const std::uint64_t committed = pending_[count - 1].ticket;
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
  const std::scoped_lock lock(mutex_);
  status_.committed = committed;
  status_.waiting -= points;
  return {};
}

std::optional<Error> Recorder::apply(const Item& item, std::vector<Known>& known) {
  if (known.size() <= static_cast<std::size_t>(item.run))
    known.resize(static_cast<std::size_t>(item.run) + 1);
  if (const auto* start = std::get_if<RunStart>(&item.what)) {
    const auto id = store_->begin(*start);
    if (!id) return id.error();
    known[static_cast<std::size_t>(item.run)] = {*id, true, 0, Clock::now()};
    return {};
  }
  Known& run = known.at(static_cast<std::size_t>(item.run));
  if (const auto* resume = std::get_if<Resume>(&item.what)) return take_up(*resume, run);
  if (!run.id) return {};  // its beginning was refused, and said so
  const std::int64_t id = *run.id;
  return std::visit(
      Overloaded{[&](const RunStart&) -> std::optional<Error> { return {}; },
                 [&](const Resume&) -> std::optional<Error> { return {}; },
                 [&](const Append& append) -> std::optional<Error> {
                   std::optional<Error> wrong;
                   for (const Points& points : append.points) {
                     if (auto error = store_->append(id, points)) {
                       if (store_->last_error_passes()) return error;
                       wrong = std::move(error);
                       continue;
                     }
                     if (!points.steps.empty() && append.steps < 0)
                       run.steps = std::max(run.steps, points.steps.back());
                   }
                   run.steps = std::max(run.steps, append.steps);
                   return wrong;
                 },
                 [&](const Event& event) { return store_->add_event(id, event); },
                 [&](const Save& save) {
                   auto error = store_->save(id, save.checkpoint);
                   return error ? error : store_->thin_checkpoints(id, save.keep);
                 },
                 [&](const SetResult& result) { return store_->set_result(id, result.key, result.value); },
                 [&](const SetScene& set) { return store_->set_scene(id, set.scene, set.lane); },
                 [&](const SetDevice& set) { return store_->set_device(id, set.device, set.step); },
                 [&](const Truncate& truncate) {
                   run.steps = std::min(run.steps, truncate.step);
                   return store_->truncate(id, truncate.step);
                 },
                 [&](const RunEnd& end) {
                   run.running = false;
                   auto error = store_->finish(id, end);
                   return error ? error : store_->bound_checkpoints(options_.checkpoint_bytes);
                 }},
      item.what);
}

std::optional<Error> Recorder::take_up(const Resume& resume, Known& run) {
  const auto info = store_->find(resume.uid);
  if (!info) return info.error();
  if (auto error = store_->reopen(info->id, resume.step)) return error;
  const auto worked =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(info->duration));
  run = {info->id, true, std::min(info->steps, resume.step), Clock::now() - worked};
  return {};
}

std::optional<Error> Recorder::beat() {
  if (!store_ || Clock::now() < last_beat_ + options_.heartbeat) return {};
  last_beat_ = Clock::now();
  return store_->batch([&]() -> std::optional<Error> {
    for (const Known& run : known_) {
      if (!run.running || !run.id) continue;
      const double seconds = std::chrono::duration<double>(Clock::now() - run.begun).count();
      if (auto error = store_->heartbeat(*run.id, run.steps, seconds); error && store_->last_error_passes())
        return error;
    }
    return {};
  });
}

void Recorder::publish(std::optional<Error> trouble) {
  last_failed_ = trouble.has_value();
  RecorderStatus now;
  bool worth_saying = false;
  {
    const std::scoped_lock lock(mutex_);
    ++tries_;
    worth_saying = !last_failed_ || !status_.trouble || status_.trouble->message != trouble->message;
    status_.trouble = std::move(trouble);
    status_.refused = refused_;
    now = status_;
  }
  progress_.notify_all();
  if (worth_saying && changed_) changed_(now);
}

}  // namespace thalweg::store

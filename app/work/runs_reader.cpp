#include "app/work/runs_reader.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <exception>

namespace thalweg {
namespace {

using namespace std::chrono_literals;

/// How often the file is looked at while its list is shown.
constexpr auto kLookEvery = 500ms;
/// Reading the list again takes at most this share of a core, however often the file changes.
constexpr int kRestPerWork = 8;

/// Where in the filter a mistake is: "filter: position 7".
std::size_t position_in(const Error& error) {
  const auto at = error.context.find("position ");
  return at == std::string::npos ? 0 : std::strtoul(error.context.c_str() + at + 9, nullptr, 10);
}

}  // namespace

RunsReader::RunsReader(std::filesystem::path file, std::function<void()> wake)
    : file_(std::move(file)), wake_(std::move(wake)), thread_([this](std::stop_token stop) { loop(stop); }) {}

RunsReader::~RunsReader() {
  thread_.request_stop();
  changed_.notify_all();
}

void RunsReader::request(RunsQuery query) {
  {
    const std::scoped_lock lock(mutex_);
    if (shown_ && asked_ && *asked_ == query) return;
    look_ = look_ || !shown_;
    shown_ = true;
    idle_ = false;
    pending_ = query;
  }
  asked_ = std::move(query);
  changed_.notify_all();
}

void RunsReader::pause() {
  const std::scoped_lock lock(mutex_);
  shown_ = false;
}

void RunsReader::look() {
  {
    const std::scoped_lock lock(mutex_);
    look_ = true;
    idle_ = false;
  }
  changed_.notify_all();
}

void RunsReader::enqueue(Task task) {
  {
    const std::scoped_lock lock(mutex_);
    tasks_.push_back(std::move(task));
    idle_ = false;
  }
  changed_.notify_all();
}

void RunsReader::change(Change change, std::string note) { enqueue({std::move(change), std::move(note)}); }

void RunsReader::use(Change work, std::string note) { enqueue({std::move(work), std::move(note), false}); }

std::shared_ptr<const RunsSnapshot> RunsReader::snapshot() const {
  const std::scoped_lock lock(mutex_);
  return snapshot_;
}

std::vector<RunsMessage> RunsReader::take_messages() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(messages_, {});
}

void RunsReader::wait() {
  std::unique_lock lock(mutex_);
  idle_changed_.wait(lock, [this] { return idle_; });
}

void RunsReader::say(RunsMessage message) {
  {
    const std::scoped_lock lock(mutex_);
    messages_.push_back(std::move(message));
  }
  if (wake_) wake_();
}

void RunsReader::publish(std::shared_ptr<const RunsSnapshot> next) {
  // The window may hold the one before; whoever drops it last frees ten thousand rows.
  std::erase_if(retired_, [](const auto& old) { return old.use_count() == 1; });
  retired_.push_back(next);
  {
    const std::scoped_lock lock(mutex_);
    snapshot_.swap(next);
  }
  if (wake_) wake_();
}

void RunsReader::loop(std::stop_token stop) {
  (void)setpriority(PRIO_PROCESS, 0, 5);  // the window comes first
  while (true) {
    std::optional<Task> task;
    {
      std::unique_lock lock(mutex_);
      const auto due = [this] { return pending_ || look_ || !tasks_.empty(); };
      if (!due()) {
        idle_ = true;
        idle_changed_.notify_all();
        if (shown_)
          (void)changed_.wait_until(lock, stop, next_look_, due);
        else
          (void)changed_.wait(lock, stop, due);
      }
      if (!tasks_.empty()) {
        task = std::move(tasks_.front());
        tasks_.pop_front();
      } else if (stop.stop_requested()) {
        return;
      }
      idle_ = false;
      if (pending_) {
        stale_ = stale_ || !(*pending_ == query_);
        query_ = std::move(*pending_);
        pending_.reset();
      }
      // Nothing is read for a list that nobody sees.
      if (!task && !shown_ && !look_) continue;
      look_ = look_ && task.has_value();
    }
    if (task)
      make(*task);
    else
      refresh();
  }
}

std::optional<Error> RunsReader::made(const Task& task) {
  if (!open())
    return file_error_ ? file_error_ : Error{ErrorCode::kNotFound, "does not exist", file_.string()};
  if (!task.writes) return task.change(*store_);
  if (!writer_) {
    auto opened = store::Store::open(file_);
    if (!opened) return opened.error();
    writer_ = std::move(*opened);
  }
  return writer_->batch([&] { return task.change(*writer_); });
}

void RunsReader::make(const Task& task) {
  std::optional<Error> error;
  try {
    error = made(task);
  } catch (const std::exception& exception) {
    error =
        Error{ErrorCode::kInternal, std::string("can't be done (") + exception.what() + ")", file_.string()};
  }
  if (error)
    say({*error, {}});
  else if (!task.note.empty())
    say({{}, task.note});
  const std::scoped_lock lock(mutex_);
  look_ = look_ || shown_;
}

bool RunsReader::open() {
  struct stat status {};
  const bool there = !file_.empty() && ::stat(file_.c_str(), &status) == 0;
  const std::pair<std::uint64_t, std::uint64_t> identity{status.st_dev, status.st_ino};
  if (there && store_ && identity == identity_) return true;
  // It is new, or another one stands in its place.
  stale_ = stale_ || store_ || there == missing_;
  store_.reset();
  writer_.reset();
  version_ = -1;
  missing_ = !there;
  file_error_.reset();
  if (!there) return false;
  auto opened = store::Store::open(file_, store::Access::kRead);
  if (!opened) {
    file_error_ = opened.error();
    return false;
  }
  store_ = std::move(*opened);
  identity_ = identity;
  return true;
}

void RunsReader::look_at_file() {
  const std::optional<Error> before = file_error_;
  if (open()) {
    const auto version = store_->data_version();
    if (!version) {
      file_error_ = version.error();
      store_.reset();
    } else if (*version != version_) {
      version_ = *version;
      values_.clear();
      goals_.clear();
      keys_.reset();
      stale_ = true;
    }
  }
  stale_ = stale_ || before.has_value() != file_error_.has_value() ||
           (before && before->text() != file_error_->text());
}

void RunsReader::refresh() {
  const auto begin = Clock::now();
  look_at_file();
  if (stale_) {
    stale_ = false;
    auto next = std::make_shared<RunsSnapshot>();
    try {
      build(*next);
    } catch (const std::exception& exception) {
      *next = {};
      next->file_error = Error{ErrorCode::kInternal,
                               std::string("can't be listed (") + exception.what() + ")", file_.string()};
    }
    next->read = true;
    publish(std::move(next));
    // Locked, perhaps, and not the next time.
    if (file_error_) store_.reset();
  }
  const auto now = Clock::now();
  next_look_ = now + std::max<Clock::duration>(kLookEvery, kRestPerWork * (now - begin));
}

void RunsReader::build(RunsSnapshot& out) {
  out.query = query_;
  out.missing = missing_;
  if (store_) {
    if (!keys_) {
      auto keys = store_->keys();
      auto results = store_->result_keys();
      if (!keys || !results) {
        file_error_ = keys ? results.error() : keys.error();
      } else {
        keys_ = std::make_shared<const std::vector<std::string>>(std::move(*keys));
        result_keys_ = std::make_shared<const std::vector<std::string>>(std::move(*results));
      }
    }
    if (keys_) {
      out.keys = keys_;
      out.result_keys = result_keys_;
    }
    if (!file_error_) fill(out);
  }
  out.file_error = file_error_;
}

void RunsReader::fill(RunsSnapshot& out) {
  if (auto error = list(out)) {
    file_error_ = std::move(error);
    out.runs.clear();
    return;
  }
  const auto total = store_->count(query_.deleted);
  out.total = total ? *total : static_cast<std::int64_t>(out.runs.size());
  const bool own = is_own_column(query_.sort);
  sort_runs(out.runs, query_.sort, query_.descending, own ? nullptr : &values(query_.sort));
  if (!query_.group.empty()) {
    const bool by_time = query_.group == "day" || query_.group == "race";
    out.groups = group_runs(out.runs, query_.group, by_time ? nullptr : &values(query_.group));
  }
  const std::vector<std::string> names =
      query_.columns.empty() ? usual_columns(*out.keys, query_.compact) : query_.columns;
  for (const std::string& name : names)
    out.columns.push_back(make_column(name, out.runs, is_own_column(name) ? nullptr : &values(name)));
  out.columns.push_back(make_column("name", out.runs, nullptr));
  for (std::size_t i = 0; i < out.runs.size(); ++i) out.row_of.emplace(out.runs[i].uid, i);
  find_best(out);
  if (!query_.focus.empty()) out.details = details(query_.focus);
}

/// The rows, in no particular order. While a filter is being typed the list stays that of the last good one.
std::optional<Error> RunsReader::list(RunsSnapshot& out) {
  store::ListQuery wanted{.deleted = query_.deleted, .sort = "id"};
  const auto with = [&](const std::string& text) -> Result<std::vector<store::RunInfo>> {
    auto filter = store::parse_filter(text);
    if (!filter) return filter.error();
    wanted.filter = std::move(*filter);
    return store_->list(wanted);
  };
  auto runs = with(query_.filter);
  if (!runs && runs.error().code == ErrorCode::kBadInput && !query_.filter.empty()) {
    out.filter_error = runs.error();
    out.filter_position = position_in(runs.error());
    runs = with(good_filter_);
    // What it named may be gone since.
    if (!runs) runs = with("");
  } else if (runs) {
    good_filter_ = query_.filter;
  }
  if (!runs) return runs.error();
  out.runs = std::move(*runs);
  return {};
}

RunsValues RunsReader::on_values() {
  RunsValues out = values("surface");
  for (const auto& [run, cell] : values("data")) {
    RunsCell& held = out[run];
    held = cell;
    const RunsValues& models = values("model");
    if (const auto model = models.find(run); model != models.end())
      held.text = what_on(held.text, model->second.text);
  }
  return out;
}

const RunsValues& RunsReader::values(const std::string& column) {
  if (const auto found = values_.find(column); found != values_.end()) return found->second;
  RunsValues out;
  if (column == "on") {
    out = on_values();
  } else {
    const auto [key, best] = split_best(column);
    auto read = store_->column(key, best);
    if (!read) {
      file_error_ = read.error();
    } else {
      out.reserve(read->size());
      for (store::RunValue& value : *read)
        out.try_emplace(value.run, RunsCell{std::move(value.text), value.number, true});
    }
  }
  return values_.emplace(column, std::move(out)).first->second;
}

store::Goal RunsReader::goal(const std::string& result, const std::vector<store::RunInfo>& runs) {
  if (const auto found = goals_.find(result); found != goals_.end()) return found->second;
  const RunsValues& known = values(result);
  store::Goal out = store::Goal::kNone;
  for (const store::RunInfo& run : runs) {
    if (!known.contains(run.id)) continue;
    if (auto series = store_->series(run.id))
      for (const store::SeriesInfo& one : *series)
        if (one.name == result) out = one.goal;
    break;
  }
  goals_.emplace(result, out);
  return out;
}

/// Of each group the best value of the first column that has a best: the one that the list is sorted by, if
/// that is one.
void RunsReader::find_best(RunsSnapshot& out) {
  if (out.groups.empty()) return;
  std::vector<std::string> candidates{query_.sort};
  for (const RunsColumn& column : out.columns) candidates.push_back(column.name);
  for (const std::string& name : candidates) {
    if (name == "on" || is_own_column(name)) continue;
    const std::string result = split_best(name).first;
    const store::Goal wanted = goal(result, out.runs);
    if (wanted == store::Goal::kNone) continue;
    const RunsValues& best = values("best(" + result + ")");
    for (RunsGroup& group : out.groups) {
      double found = std::numeric_limits<double>::quiet_NaN();
      for (std::size_t i = group.first; i < group.first + group.count; ++i) {
        const auto value = best.find(out.runs[i].id);
        if (value == best.end() || std::isnan(value->second.number)) continue;
        const double number = value->second.number;
        if (std::isnan(found) || (wanted == store::Goal::kLowest ? number < found : number > found))
          found = number;
      }
      if (std::isnan(found)) continue;
      group.best_of = result;
      group.best = found;
    }
    return;
  }
}

std::shared_ptr<const RunDetails> RunsReader::details(const std::string& uid) {
  const auto run = store_->find(uid);
  if (!run || run->uid != uid) return nullptr;
  auto out = std::make_shared<RunDetails>();
  out->run = *run;
  if (auto settings = store_->settings(run->id)) out->settings = std::move(*settings);
  if (auto results = store_->results(run->id)) out->results = std::move(*results);
  if (auto events = store_->events(run->id)) out->events = std::move(*events);
  if (!run->parent.empty())
    if (auto parent = store_->find(run->parent); parent && parent->uid == run->parent) out->parent = *parent;
  store::Filter of_this;
  of_this.nodes.push_back(
      {.condition = {.name = "parent", .comparison = store::Comparison::kEqual, .text = uid}});
  if (auto children = store_->list({.filter = of_this, .sort = "id", .descending = false}))
    out->children = std::move(*children);
  return out;
}

}  // namespace thalweg

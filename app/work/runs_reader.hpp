// The thread that reads the file of runs for the list and writes what people change about them, with
// connections of its own. The window says what is to be listed and takes snapshots; neither waits.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "app/work/runs_list.hpp"

namespace thalweg {

/// Something that a change has to say: an error, or what was done.
struct RunsMessage {
  Error error;
  std::string note;  ///< not empty: no error but this
};

class RunsReader {
 public:
  /// What is done to the file. An error undoes all of it.
  using Change = std::function<std::optional<Error>(store::Store&)>;

  /// `wake` is called on the reader's thread after each new snapshot or message.
  explicit RunsReader(std::filesystem::path file, std::function<void()> wake = {});
  /// Changes that are still waiting are made first.
  ~RunsReader();
  RunsReader(const RunsReader&) = delete;
  RunsReader& operator=(const RunsReader&) = delete;

  /// The window's thread. The list is kept up to date from now on, until pause().
  void request(RunsQuery query);
  /// The window's thread: nobody looks at the list.
  void pause();
  /// The window's thread: looks now whether the file has changed, instead of half a second later at most.
  void look();
  /// Any thread. Changes are made in the order in which they come; `note` is said where one succeeds.
  void change(Change change, std::string note = {});

  /// The same for what only reads: it also works where nothing may be written.
  void use(Change work, std::string note = {});

  /// The newest snapshot, never null. Any thread; never blocks for longer than a pointer's copy.
  std::shared_ptr<const RunsSnapshot> snapshot() const;
  /// What changes have said since the last call.
  std::vector<RunsMessage> take_messages();

  /// Until everything that was asked for is done: for pictures and tests.
  void wait();

 private:
  using Clock = std::chrono::steady_clock;
  struct Task {
    Change change;
    std::string note;
    bool writes = true;
  };

  void loop(std::stop_token stop);
  void enqueue(Task task);
  void make(const Task& task);
  std::optional<Error> made(const Task& task);
  void refresh();
  bool open();
  void look_at_file();
  void build(RunsSnapshot& out);
  void fill(RunsSnapshot& out);
  std::optional<Error> list(RunsSnapshot& out);
  std::shared_ptr<const RunDetails> details(const std::string& uid);
  const RunsValues& values(const std::string& column);
  RunsValues on_values();
  store::Goal goal(const std::string& result, const std::vector<store::RunInfo>& runs);
  void find_best(RunsSnapshot& out);
  void publish(std::shared_ptr<const RunsSnapshot> next);
  void say(RunsMessage message);

  std::filesystem::path file_;
  std::function<void()> wake_;

  // The reader's thread only.
  RunsQuery query_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::Store> writer_;
  std::pair<std::uint64_t, std::uint64_t> identity_{};  ///< of the file that is open
  std::int64_t version_ = -1;
  bool stale_ = true;  ///< the newest snapshot is not of the newest query and file
  std::optional<Error> file_error_;
  bool missing_ = false;
  std::map<std::string, RunsValues> values_;  ///< of columns, as the file is now
  std::shared_ptr<const std::vector<std::string>> keys_;
  std::shared_ptr<const std::vector<std::string>> result_keys_;
  std::map<std::string, store::Goal> goals_;
  std::string good_filter_;  ///< the last one that could be used
  Clock::time_point next_look_{};
  std::vector<std::shared_ptr<const RunsSnapshot>> retired_;  ///< let go of here, not while drawing

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::condition_variable idle_changed_;
  std::optional<RunsQuery> pending_;
  std::deque<Task> tasks_;
  bool shown_ = false;
  bool look_ = false;
  bool idle_ = true;
  std::vector<RunsMessage> messages_;
  std::shared_ptr<const RunsSnapshot> snapshot_ = std::make_shared<RunsSnapshot>();

  // The window's thread only.
  std::optional<RunsQuery> asked_;

  std::jthread thread_;  // last: starts when all of the above exists
};

}  // namespace thalweg

// Where other threads leave things for the window to do: any thread posts a closure, which wakes the
// window, and the next frame runs it.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

namespace thalweg {

class Inbox {
 public:
  /// `wake` is called after every post, on the posting thread.
  explicit Inbox(std::function<void()> wake = {}) : wake_(std::move(wake)) {}

  /// Any thread.
  void post(std::function<void()> task) {
    {
      const std::scoped_lock lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    if (wake_) wake_();
  }

  /// The window's thread: runs what was posted, in order.
  void drain() {
    std::vector<std::function<void()>> tasks;
    {
      const std::scoped_lock lock(mutex_);
      tasks.swap(tasks_);
    }
    for (auto& task : tasks) task();
  }

 private:
  std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;
};

}  // namespace thalweg

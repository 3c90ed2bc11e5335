// A thread that always works on the newest request and forgets older ones that it has not begun.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace thalweg {

/// `Request` is a plain value. submit() and wait_idle() are for one thread, the owner's; the work
/// function runs on this object's own thread and should return soon after `newer()` turns true.
template <class Request>
class LatestWorker {
 public:
  explicit LatestWorker(std::function<void(Request)> work)
      : work_(std::move(work)), thread_([this](std::stop_token stop) { loop(stop); }) {}

  ~LatestWorker() {
    newer_ = true;
    thread_.request_stop();
    changed_.notify_all();
  }
  LatestWorker(const LatestWorker&) = delete;
  LatestWorker& operator=(const LatestWorker&) = delete;

  void submit(Request request) {
    {
      const std::scoped_lock lock(mutex_);
      pending_ = std::move(request);
      newer_ = true;
    }
    changed_.notify_all();
  }

  /// True while the work in progress has been overtaken. Any thread.
  const std::atomic<bool>& newer() const { return newer_; }

  bool idle() {
    const std::scoped_lock lock(mutex_);
    return !busy_ && !pending_;
  }

  void wait_idle() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return !busy_ && !pending_; });
  }

 private:
  void loop(std::stop_token stop) {
    while (true) {
      std::optional<Request> request;
      {
        std::unique_lock lock(mutex_);
        busy_ = false;
        idle_.notify_all();
        if (!changed_.wait(lock, stop, [this] { return pending_.has_value(); })) return;
        if (stop.stop_requested()) return;
        request.swap(pending_);
        newer_ = false;
        busy_ = true;
      }
      work_(std::move(*request));
    }
  }

  std::function<void(Request)> work_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::condition_variable idle_;
  std::optional<Request> pending_;
  std::atomic<bool> newer_{false};
  bool busy_ = false;
  std::jthread thread_;  // last: starts when all of the above exists
};

}  // namespace thalweg

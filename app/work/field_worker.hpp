// The thread that samples surfaces for drawing, so that a slow formula never holds up the window.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "app/work/latest.hpp"
#include "core/surface/field.hpp"

namespace thalweg {

class FieldWorker {
 public:
  /// `wake` is called on the worker's thread when a new field is there.
  explicit FieldWorker(std::function<void()> wake = {});

  /// The window's thread. Asking again for the same is free; a request overtaken by another is dropped.
  void request(const FieldRequest& request);

  /// The newest field that is complete; null before the first.
  std::shared_ptr<const Field> field() const;

  void wait() { worker_.wait_idle(); }

 private:
  std::function<void()> wake_;
  std::optional<FieldRequest> requested_;  // the window's thread only
  mutable std::mutex mutex_;
  std::shared_ptr<const Field> field_;
  LatestWorker<FieldRequest> worker_;
};

}  // namespace thalweg

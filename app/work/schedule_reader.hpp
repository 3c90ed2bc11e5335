// The thread that works out the curves of schedules, and what they add up to: millions of steps never hold up
// the window.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "app/work/latest.hpp"
#include "core/figure/sampling.hpp"
#include "core/schedule/schedule.hpp"
#include "core/schedule/statistics.hpp"

namespace thalweg {

/// The steps [first, last) that are looked at more closely.
struct StepRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
  bool operator==(const StepRange&) const = default;
};

/// A schedule to be worked out.
struct AskedSchedule {
  Spec spec;          ///< that has passed check_schedule()
  double base = 1.0;  ///< learning rate, or batch, where its peak is "auto"

  bool operator==(const AskedSchedule&) const = default;
};

struct ScheduleRequest {
  std::vector<AskedSchedule> schedules;
  std::int64_t steps = 0;
  std::optional<StepRange> window = {};

  bool operator==(const ScheduleRequest&) const = default;
};

/// The curves of a schedule, by the step.
struct ScheduleSamples {
  Sampled rate;
  Sampled momentum;   ///< empty where the schedule leaves it alone
  Sampled effective;  ///< η/(1−β), likewise
};

/// One schedule over the steps that were asked for. Values are those of every step in it, whatever the
/// length.
struct ScheduleCurve : ScheduleSamples {
  Spec spec;
  double base = 1.0;
  std::int64_t steps = 0;
  std::optional<StepRange> window;
  std::shared_ptr<const ScheduleSamples> whole;  ///< without the window's closer look; null of a first look
  std::optional<ScheduleStatistics> sums;        ///< nothing as long as this is a first look
};

struct ScheduleSnapshot {
  /// In the order of the request; null before the first look.
  std::vector<std::shared_ptr<const ScheduleCurve>> curves;
};

class ScheduleReader {
 public:
  /// `wake` is called on the worker's thread after each new snapshot.
  explicit ScheduleReader(std::function<void()> wake = {});

  /// The window's thread. Asking again for the same is free.
  void request(const ScheduleRequest& request);
  /// The newest snapshot, never null; any thread.
  std::shared_ptr<const ScheduleSnapshot> snapshot() const;
  /// Until everything asked for is done: for screenshots and tests.
  void wait() { worker_.wait_idle(); }

 private:
  void work(const ScheduleRequest& request);
  void publish();
  std::shared_ptr<const ScheduleCurve> known(const AskedSchedule& asked,
                                             const ScheduleRequest& request) const;
  std::shared_ptr<const ScheduleCurve> exact(const AskedSchedule& asked, const ScheduleRequest& request);

  std::function<void()> wake_;
  ScheduleRequest requested_;                                 // the window's thread only
  std::vector<std::shared_ptr<const ScheduleCurve>> curves_;  // the worker's thread only
  mutable std::mutex mutex_;
  std::shared_ptr<const ScheduleSnapshot> snapshot_ = std::make_shared<ScheduleSnapshot>();
  LatestWorker<ScheduleRequest> worker_;
};

}  // namespace thalweg

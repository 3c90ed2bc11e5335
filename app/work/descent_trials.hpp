// The thread that sends one optimizer down the surface with several schedules, for the Schedule view: a few
// thousand steps, made anew whenever something changes.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "app/work/latest.hpp"
#include "core/descent/descent.hpp"

namespace thalweg {

struct DescentTrials {
  std::vector<DescentSettings> lanes;  ///< on one surface
  std::int64_t steps = 0;

  bool operator==(const DescentTrials&) const = default;
};

struct DescentTrialsView {
  std::vector<DescentSettings> settings;  ///< what the lanes came out of
  std::shared_ptr<const Surface> surface;
  /// A lane that can't be made has no rows, and says why below.
  std::vector<DescentView> lanes;
  std::vector<std::optional<Error>> troubles;  ///< by lane
  bool arrived = false;                        ///< every lane is at its end
  std::optional<Error> error = {};
};

class DescentTrialsWorker {
 public:
  /// `wake` is called on the worker's thread after each new snapshot.
  explicit DescentTrialsWorker(std::function<void()> wake = {});

  /// The window's thread. Asking again for the same is free; what is under way is given up.
  void request(const DescentTrials& request);
  /// The newest snapshot, never null; any thread.
  std::shared_ptr<const DescentTrialsView> snapshot() const;
  void wait() { worker_.wait_idle(); }

 private:
  void work(const DescentTrials& request);
  std::optional<Error> prepare(const DescentTrials& request);
  void publish(const DescentTrials& request, bool arrived, std::optional<Error> error = {});

  std::function<void()> wake_;
  DescentTrials requested_;                      // the window's thread only
  Spec spec_;                                    // of the surface; the worker's thread only
  std::shared_ptr<const Surface> surface_;       // the worker's thread only
  std::vector<std::optional<Error>> troubles_;   // likewise, by lane
  std::vector<std::unique_ptr<Descent>> lanes_;  // likewise
  mutable std::mutex mutex_;
  std::shared_ptr<const DescentTrialsView> snapshot_ = std::make_shared<DescentTrialsView>();
  LatestWorker<DescentTrials> worker_;
};

}  // namespace thalweg

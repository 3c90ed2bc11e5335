// The thread that trains one network with several schedules, for the Schedule view. It works only while it is
// asked to; what it has trained stays until the settings are others.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/work/latest.hpp"
#include "app/work/engines.hpp"

namespace thalweg {

struct TrainingTrials {
  std::vector<TrainingSettings> lanes;  ///< on the same data
  std::string folder;                   ///< where its files are; empty: the usual places
  bool go = false;                      ///< else nothing more is done

  bool operator==(const TrainingTrials&) const = default;
};

struct TrainingTrialsView {
  struct Lane {
    std::shared_ptr<const TrainingSettings> settings;
    TrainingView view;
  };
  std::vector<Lane> lanes;
  bool working = false;
  bool finished = false;  ///< every lane that was asked for is at its end
  std::optional<Error> error = {};
};

class TrainingTrialsWorker {
 public:
  /// `wake` is called on the worker's thread after each new snapshot.
  explicit TrainingTrialsWorker(std::function<void()> wake = {});

  /// The window's thread. Asking again for the same is free. Lanes whose settings were trained before go on
  /// where they are.
  void request(const TrainingTrials& request);
  /// The newest snapshot, never null; any thread.
  std::shared_ptr<const TrainingTrialsView> snapshot() const;
  void wait() { worker_.wait_idle(); }

 private:
  struct Lane {
    std::shared_ptr<const TrainingSettings> settings;
    std::unique_ptr<Trainer> trainer;
  };

  void work(const TrainingTrials& request);
  std::optional<Error> prepare(const TrainingTrials& request);
  void train();
  void publish(bool working, std::optional<Error> error = {});

  std::function<void()> wake_;
  TrainingTrials requested_;             // the window's thread only
  std::shared_ptr<const Dataset> data_;  // the worker's thread only, as all up to the mutex
  Spec data_spec_;
  std::string folder_;
  std::vector<Lane> lanes_;
  DeviceChooser chooser_;
  mutable std::mutex mutex_;
  std::shared_ptr<const TrainingTrialsView> snapshot_ = std::make_shared<TrainingTrialsView>();
  LatestWorker<TrainingTrials> worker_;
};

}  // namespace thalweg

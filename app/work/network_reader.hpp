// The thread that looks into the networks of kept runs: their newest checkpoint, whom they mistake for whom,
// and on demand the eigenvalues of their Hessian.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/work/latest.hpp"
#include "core/curvature/lanczos.hpp"
#include "core/nn/engine.hpp"
#include "core/store/store.hpp"
#include "core/training/inspect.hpp"
#include "core/training/settings.hpp"

namespace thalweg {

struct NetworkRequest {
  std::vector<std::string> uids;
  bool density = false;       ///< also the eigenvalue density of each, which takes a while
  std::uint64_t refresh = 0;  ///< counted up to look again

  bool operator==(const NetworkRequest&) const = default;
};

/// What is known of the network of one run.
struct NetworkLook {
  std::string uid;
  std::string trouble;                           ///< why there is nothing to see
  std::int64_t step = 0;                         ///< of the checkpoint
  bool test = true;                              ///< looked at test samples; else at training samples
  std::shared_ptr<const Inspection> inspection;  ///< null: regression
  std::vector<std::string> classes;
  std::shared_ptr<const SpectralDensity> density;
  std::int64_t samples = 0;     ///< that the density is of
  std::string density_trouble;  ///< why there is none
};

struct NetworkReport {
  std::vector<NetworkLook> looks;  ///< those that are done, in the order of the request
  bool running = false;
  double share = 0.0;   ///< of the density under way, over all runs
  std::string working;  ///< uid of the run that is looked into
  std::optional<Error> error;
};

class NetworkReader {
 public:
  /// @param wake  called on the reader's thread after each new report
  explicit NetworkReader(std::filesystem::path db, std::function<void()> wake = {});

  /// The window's thread. Asking again for the same is free; what is under way is given up for something new.
  void request(const NetworkRequest& request);
  /// Never null; any thread.
  std::shared_ptr<const NetworkReport> report() const;
  void wait() { worker_.wait_idle(); }

 private:
  /// A network as its checkpoint left it.
  struct Restored {
    std::unique_ptr<TrainingEngine> engine;
    std::shared_ptr<const Dataset> data;
    std::vector<std::uint32_t> train;  ///< samples it was trained on
  };

  void work(const NetworkRequest& request);
  void publish(const NetworkReport& report);
  /// Makes the network and looks at it; what is wrong is said in the look.
  std::optional<Restored> restore(NetworkLook& look);
  void look_at(const NetworkRequest& request, NetworkReport& report, std::size_t index);
  void measure_density(const NetworkRequest& request, NetworkReport& report, Restored& network,
                       NetworkLook& look, std::size_t index);
  Result<std::shared_ptr<const Dataset>> load(const Spec& spec, const std::string& folder);

  const std::filesystem::path db_;
  std::function<void()> wake_;
  std::optional<NetworkRequest> requested_;  // the window's thread only
  mutable std::mutex mutex_;
  std::shared_ptr<const NetworkReport> report_ = std::make_shared<NetworkReport>();

  // The thread's own.
  std::unique_ptr<store::Store> store_;
  std::map<std::string, NetworkLook> known_;  ///< by uid
  std::shared_ptr<const Dataset> data_;       ///< loaded last
  Spec data_spec_;
  std::string data_folder_;

  LatestWorker<NetworkRequest> worker_;  // last: starts when all of the above exists
};

}  // namespace thalweg

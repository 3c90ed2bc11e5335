// The thread that reads what is compared, with a connection of its own: first a picture from the rollup, then
// every detail. Only what a page needs is read, and kept for the next request.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "app/work/comparison.hpp"
#include "app/work/latest.hpp"
#include "core/store/store.hpp"

namespace thalweg {

class ComparisonReader {
 public:
  /// @param wake  called on the reader's thread after each new snapshot
  explicit ComparisonReader(std::filesystem::path db, std::function<void()> wake = {});

  /// The window's thread. Asking again for the same is free; one overtaken by another is given up after its
  /// first picture.
  void request(const ComparisonRequest& request);
  /// The newest, null before the first. Any thread.
  std::shared_ptr<const Comparison> comparison() const;
  void wait() { worker_.wait_idle(); }

 private:
  /// All points of a series, and what the run was when they were read.
  struct Points {
    store::SeriesData data;
    std::uint64_t used = 0;  ///< number of the request that last needed them
  };
  struct Details {
    std::string stamp;  ///< what of the run must not have changed
    std::shared_ptr<const ComparedRun> run;
  };

  void work(const ComparisonRequest& request);
  std::optional<Error> answer(Comparison& out);
  void publish(const Comparison& comparison);

  std::optional<Error> read_runs(Comparison& out);
  std::optional<Error> read_details(const store::RunInfo& info, std::shared_ptr<const ComparedRun>& out);
  void choose_series(Comparison& out) const;
  Result<StepScale> epochs_of(const ComparedRun& run);
  Result<StepScale> scale_of(const ComparedRun& run, StepUnit unit);
  std::optional<Error> read_coarse(Comparison& out);
  std::optional<Error> read_fine(Comparison& out);
  Result<const store::SeriesData*> points(const ComparedRun& run, const std::string& series);
  void forget(std::int64_t run);
  void make_room(std::int64_t points);

  std::optional<Error> read_listed(Comparison& out);
  std::optional<Error> read_paths(Comparison& out);
  Result<std::shared_ptr<const ComparedPath>> read_path(const ComparedRun& run);
  std::optional<Error> read_family(Comparison& out);

  const std::filesystem::path db_;
  std::function<void()> wake_;
  std::optional<ComparisonRequest> requested_;  // the window's thread only
  mutable std::mutex mutex_;
  std::shared_ptr<const Comparison> comparison_;

  // The thread's own.
  std::unique_ptr<store::Store> store_;
  std::map<std::int64_t, Details> details_;
  std::map<std::pair<std::int64_t, std::string>, Points> points_;
  std::map<std::int64_t, std::pair<std::string, std::shared_ptr<const ComparedPath>>> paths_;
  std::vector<StepScale> scales_;  ///< of the runs of the request under way
  std::uint64_t number_ = 0;       ///< of requests
  std::uint64_t published_ = 0;    ///< snapshots

  LatestWorker<ComparisonRequest> worker_;  // last: starts when all of the above exists
};

/// The runs of these uids that were not deleted, in any order.
Result<std::vector<store::RunInfo>> runs_by_uid(store::Store& store, const std::vector<std::string>& uids);

/// Settings as facts: "optimizer", "optimizer.lr".
Facts facts_of(const std::vector<store::Setting>& settings);

}  // namespace thalweg

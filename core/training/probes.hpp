// The probes of a run: which are on, when each measures, what it measured and what that cost.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/training/probe.hpp"
#include "core/training/record.hpp"

namespace thalweg {

/// So many histograms are kept at most; beyond it every second one goes.
inline constexpr std::size_t kMostHistograms = 512;
inline constexpr int kHistogramBins = 64;

/// What the next measurements depend on besides the network.
struct ProbesState {
  std::vector<std::pair<std::string, ProbeMemory>> memories;  ///< of those that are on, by id
  std::int64_t histogram_stride = 1;                          ///< intervals from one that is kept to the next
  bool cut_short = false;  ///< a measurement was stopped half way, and is missing from the record

  bool operator==(const ProbesState&) const = default;
};

/// One thread at a time. What it is made from must outlive it.
class Probes {
 public:
  Probes(TrainingEngine& engine, const Dataset& data, const Split& split, std::uint64_t seed);

  /// What settings of probe_descriptor() ask for that the data do not have.
  static std::optional<Error> check(const Spec& settings, const Dataset& data);

  /// Takes settings that have passed the checks, from the next update on. Tables are kept, but for a probe
  /// whose columns change.
  void set(const Spec& settings);

  /// What update `step` is to tell about itself; null: nothing.
  StepDetail* detail(std::int64_t step);

  /// What can be known of an update before it is made, so that several may be under way at once.
  struct Interest {
    bool whole = false;  ///< its whole detail is needed: it must be made by itself
    bool norms = false;  ///< the norms of its gradient are watched
    bool looks = false;  ///< a probe or the histograms look at the network after it
  };
  Interest interest(std::int64_t step) const;
  /// Of an update that was under way with others: the norms that interest() asked for, before observe().
  void take_norms(std::span<const double> norms);

  /// Looks at the update that was just made, where it is the turn of a probe: at step 0 and every so many
  /// from there.
  void observe(const ProbeMoment& moment);

  std::vector<ProbeSeries> series() const;
  std::shared_ptr<const Histograms> histograms() const;
  double histogram_seconds() const { return histogram_seconds_; }
  double seconds() const;  ///< what all have cost so far

  ProbesState state() const;
  /// Goes on in the tables of `record`.
  void restore(const TrainingView& record, const ProbesState& state);
  bool cut_short() const { return cut_short_; }

 private:
  struct Entry {
    std::string id;
    std::int64_t interval = 0;  ///< 0: off
    std::unique_ptr<Probe> probe;
    std::vector<std::string> columns;
    std::unique_ptr<Table> table;
    double seconds = 0.0;

    bool due(std::int64_t step) const { return interval > 0 && step % interval == 0; }
  };

  void open(Entry& entry);
  void measure(Entry& entry, const ProbeMoment& moment);
  void take_histograms(const ProbeMoment& moment);
  bool histograms_due(std::int64_t step) const;

  ProbeContext context_;
  std::vector<Entry> entries_;  ///< in the order of probe_descriptor()
  std::int64_t histogram_interval_ = 0;
  Histograms shots_;
  std::int64_t shot_stride_ = 1;  ///< of the histograms, in intervals
  bool cut_short_ = false;        ///< ProbesState::cut_short
  mutable std::shared_ptr<const Histograms> shared_shots_;
  double histogram_seconds_ = 0.0;
};

}  // namespace thalweg

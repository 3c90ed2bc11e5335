// Several optimizers going down one surface from one start, step by step together.
//
// Lanes share nothing but the surface: what one does never depends on the others, so adding or
// removing an optimizer changes no other record. Not here: threads and speed (app).
#pragma once

#include <memory>
#include <vector>

#include "core/descent/descent.hpp"

namespace thalweg {

struct RaceSettings {
  Spec surface;
  std::vector<double> start;
  std::vector<LiveSpec> optimizers;
  LiveSpec gradient;
  Spec schedule;
  Spec run;
  Drives drives = {};  ///< each moves the optimizers that have such a setting

  DescentSettings lane(std::size_t index) const;
  bool operator==(const RaceSettings&) const = default;
};

/// A drive that moves nothing of any optimizer. The rest is check()'s of each lane.
std::optional<Error> check_drives(const RaceSettings& settings);

/// A race at one moment. Cheap to copy; any thread.
struct RaceView {
  std::shared_ptr<const Surface> surface;
  std::vector<DescentView> lanes;

  /// Updates made by the lane that has made most.
  std::int64_t steps() const;
  /// True if no lane can go on.
  bool finished() const;
};

/// Most of the memory that this program may have, in bytes.
double usable_memory();

/// One thread at a time.
class Race {
 public:
  /// Takes new settings and keeps every record, or part of one, that is still true. On an error
  /// nothing changes.
  /// @param memory  bytes that the records may take if every lane makes all its steps
  std::optional<Error> set(const RaceSettings& settings, double memory = usable_memory());

  /// Lets every lane that has not ended make updates until it has made `step` of them.
  void advance(std::int64_t step);
  void stop();

  RaceView view() const;

 private:
  RaceSettings settings_;
  std::shared_ptr<const Surface> surface_;
  std::vector<std::unique_ptr<Descent>> lanes_;
};

}  // namespace thalweg

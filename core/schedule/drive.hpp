// Settings that follow a schedule: momentum, weight decay, batch size, whatever may change while a run goes
// on. The learning rate has a schedule of its own in every run and is not among them.
#pragma once

#include <string>
#include <vector>

#include "core/spec/spec.hpp"

namespace thalweg {

/// `key` has the value of `schedule` at every update; where its peak is "auto", the peak is the setting's own
/// value.
struct Drive {
  std::string key;  ///< a live number of the optimizer, or "batch"
  Spec schedule;    ///< of schedule_family()

  bool operator==(const Drive&) const = default;
};

using Drives = std::vector<Drive>;

}  // namespace thalweg

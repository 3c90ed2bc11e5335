// What is known of runs, side by side: settings by name, which of them differ, and what to call a run so
// that no two have the same name.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace thalweg {

/// A setting or a result of one run.
struct Fact {
  std::string key;                                           ///< "optimizer", "optimizer.lr", "test_loss"
  std::string text;                                          ///< as written; of a result empty
  double number = std::numeric_limits<double>::quiet_NaN();  ///< where it is one

  bool operator==(const Fact&) const = default;
};

using Facts = std::vector<Fact>;

/// By its whole key, else the first whose last part it is ("lr" for "optimizer.lr"); null if there is none.
const Fact* find_fact(const Facts& facts, const std::string& key);

/// Keys whose text is not the same in all runs, or that only some have; all keys with `all`. In the order in
/// which they are met.
std::vector<std::string> differing_keys(std::span<const Facts> runs, bool all = false);

/// The last part of a key where no other of `keys` ends in it: "lr" for "optimizer.lr".
std::string short_key(const std::string& key, std::span<const std::string> keys);

/// Each run's name; where several share one, with the settings that tell them apart ("adam on mnist, lr
/// 0.01"), or else with the beginning of the uid.
std::vector<std::string> distinct_names(std::span<const std::string> names, std::span<const std::string> uids,
                                        std::span<const Facts> settings);

/// A value that was changed while the run went on.
struct ChangedValue {
  std::int64_t step = 0;
  std::string value;
};

/// "0.1 → 0.01 at 400".
std::string with_changes(const std::string& value, std::span<const ChangedValue> changes);

}  // namespace thalweg

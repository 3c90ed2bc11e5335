// What is known of a run, as plain values. Nothing here knows how it is stored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/spec/spec.hpp"

namespace thalweg::store {

/// One setting of a run: a choice (part "", key "optimizer", value "adam") or a parameter of one (part
/// "optimizer", key "lr", value "0.001", number 0.001).
struct Setting {
  std::string part;
  std::string key;
  std::string value;             ///< as written in a spec string
  std::optional<double> number;  ///< where the value is one

  bool operator==(const Setting&) const = default;
};

/// Appends a spec as settings: its id under the name of the part, and each of its parameters.
void add_settings(std::vector<Setting>& out, const std::string& part, const Spec& spec,
                  const Descriptor& descriptor);

/// What is known when a run begins.
struct RunStart {
  std::string uid;   ///< empty: a new one is drawn
  std::string kind;  ///< "descent", "training"
  std::string name;
  std::string note;
  std::string parent;                       ///< uid of the run that this one was forked from, or empty
  std::optional<std::int64_t> parent_step;  ///< where it was forked
  std::string race;                         ///< runs that were started together share this uid; empty: alone
  int lane = 0;                             ///< which of them
  std::string device = "cpu";
  std::string program_version;
  std::string scene = "{}";  ///< JSON: everything that is needed to run it again
  std::vector<Setting> settings;
  std::vector<std::string> tags;
};

struct RunEnd {
  std::string outcome;  ///< "converged", "budget", "diverged", "stopped"
  std::int64_t steps = 0;
  double duration = 0.0;  ///< seconds of work
};

/// A row of the list of runs.
struct RunInfo {
  std::int64_t id = 0;  ///< in this file; the uid is the same in every file
  std::string uid;
  std::string kind;
  std::string name;
  std::string note;
  bool star = false;
  std::string parent;
  std::optional<std::int64_t> parent_step;
  std::string race;
  int lane = 0;
  std::string created;  ///< UTC, "2026-01-31T12:00:00.000Z"
  std::string host;
  std::string device;  ///< that it was computed on; of several then_on()
  std::string program_version;
  std::string outcome;  ///< also "running" and "interrupted"
  std::int64_t steps = 0;
  double duration = 0.0;
  bool deleted = false;
  std::vector<std::string> tags;
};

/// Which values of a series are good ones: what its "best" is.
enum class Goal { kNone, kLowest, kHighest };

struct SeriesInfo {
  std::string name;
  std::string unit;
  Goal goal = Goal::kNone;
  std::int64_t count = 0;
  std::int64_t first_step = 0;
  std::int64_t last_step = 0;
};

/// Points of one series, to be appended: steps ascending, as many values. NaN is kept as NULL.
struct Points {
  std::string series;
  std::string unit;
  Goal goal = Goal::kNone;
  std::vector<std::int64_t> steps;
  std::vector<double> values;
};

/// A number that a run has come to: the last value of a series and its best, or a figure of its own.
struct RunResult {
  std::string key;
  double last = 0.0;  ///< NaN: none
  double best = 0.0;  ///< NaN where no direction is good
  std::optional<std::int64_t> best_step;
};

/// Something that happened: kind "changed" (a parameter, key and value), "diverged", "interrupted"...
struct Event {
  std::int64_t step = 0;
  std::string kind;
  std::string key;
  std::string value;

  bool operator==(const Event&) const = default;
};

struct Checkpoint {
  std::int64_t step = 0;
  int version = 1;  ///< of the form of `state`
  std::vector<std::uint8_t> state;
};

/// RunInfo::device of a run that was made on `before` and goes on on `device`: "NVIDIA H100 80GB HBM3, then cpu".
std::string then_on(const std::string& before, const std::string& device);
/// The last device of a RunInfo::device.
std::string last_device(const std::string& devices);

/// A new uid: 20 hexadecimal digits at random.
std::string new_uid();

/// The moment, as stored: UTC with milliseconds, "2026-01-31T12:00:00.000Z".
/// @param seconds_ago  that long before now
std::string timestamp(double seconds_ago = 0.0);

std::string_view goal_name(Goal goal);  ///< "none", "lowest", "highest"
std::optional<Goal> find_goal(std::string_view name);

}  // namespace thalweg::store

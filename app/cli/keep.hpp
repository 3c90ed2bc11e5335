// Keeping the runs of the command line: every run is recorded from its first step without being asked.
#pragma once

#include <memory>
#include <string>

#include "core/store/recorder.hpp"

namespace thalweg::cli {

struct KeepOptions {
  std::string db;    ///< the file; empty: the usual one
  bool save = true;  ///< false: nothing is kept
};

/// A recorder, or none where nothing is to be kept.
class Keeper {
 public:
  /// Refuses a file that was asked for and can't be used. Trouble with the usual one stops no run: it is said
  /// at the end.
  static Result<std::unique_ptr<Keeper>> create(const KeepOptions& options);

  store::Recorder* recorder() { return recorder_.get(); }
  /// Waits until everything is in the file; if it can't be, one line on standard error says so.
  void finish();

 private:
  std::unique_ptr<store::Recorder> recorder_;
};

}  // namespace thalweg::cli

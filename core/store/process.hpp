// Which process writes a run, so that a later one can tell whether it is gone.
#pragma once

#include <string>

namespace thalweg::store {

std::string host_name();

/// This process, told apart from every other on this machine also after a restart of either: boot, process
/// namespace, number and start time. Opaque.
std::string this_process();

enum class Alive {
  kYes,
  kNo,
  kUnknown,  ///< it ran on another machine, or in another container of this one
};

Alive is_alive(const std::string& host, const std::string& process);

}  // namespace thalweg::store

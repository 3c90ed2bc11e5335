// What the subcommands of thalweg runs share. For app/cli/runs*.cpp only.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "app/cli/commands.hpp"
#include "app/cli/json.hpp"
#include "app/cli/runs.hpp"
#include "core/store/store.hpp"

namespace thalweg::cli {

/// Thrown on the way, said at the end: commands are sequences of calls that may each fail.
template <class T>
T need(Result<T> result) {
  if (!result) throw result.error();
  return std::move(*result);
}
inline void need(const std::optional<Error>& error) {
  if (error) throw *error;
}

template <class Work>
int guarded(Work work) {
  try {
    return work();
  } catch (const Error& error) {
    return fail(error);
  }
}

/// The file that was asked for, or the usual one.
std::filesystem::path runs_file(const RunsOptions& options);

/// For reading: also where nothing may be written. Null where the usual file is not there yet.
std::unique_ptr<store::Store> open_to_read(const RunsOptions& options);
/// The same where there must be something.
std::unique_ptr<store::Store> open_to_read_some(const RunsOptions& options);
/// Throws where there is no such file: nothing could be changed in it.
std::unique_ptr<store::Store> open_to_change(const RunsOptions& options);

/// The runs that were named, and those that fit the filter; each once, at least one.
std::vector<store::RunInfo> chosen(store::Store& store, const RunsOptions& options);

/// "a,b,c", without empty names and each once.
std::vector<std::string> split_list(const std::string& list);

/// Writes series of the runs to options.out, a picture.
int export_picture(store::Store& store, const std::vector<store::RunInfo>& runs, const RunsOptions& options);

Json written(const store::RunInfo& run);
void print(const Json& json);

}  // namespace thalweg::cli

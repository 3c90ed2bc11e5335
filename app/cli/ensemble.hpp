// thalweg ensemble: one optimizer from many starts, and where they end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/cli/json.hpp"
#include "core/ensemble/summary.hpp"

namespace CLI {
class App;
}

namespace thalweg::cli {

struct EnsembleOptions {
  std::string surface = "himmelblau";
  std::string optimizer = "adam";
  std::string grid;  ///< "1000x1000", or "1000" on a curve; empty: 256x256, or 1000
  std::string box;   ///< "x0,x1,y0,y1", or "x0,x1" on a curve; empty: the surface's domain
  std::vector<std::string> schedules;
  std::vector<std::string> run;  ///< as of DescendOptions
  std::string device = "auto";
  std::int64_t threads = 0;  ///< 0: all that there are
  bool json = false;
  std::string out;      ///< .csv or .npy: every particle
  std::string picture;  ///< .png: a map of the basins
};

int ensemble(const EnsembleOptions& options);

/// An ensemble that has been run.
struct EnsembleRecord {
  EnsembleSettings settings;
  std::shared_ptr<const Surface> surface;
  EnsembleResult result;
  EnsembleSummary summary;
  double seconds = 0.0;
  std::string device;  ///< "cpu"
  std::string how;     ///< "2 threads, AVX-512"
  std::string choice;  ///< why `auto` took it; empty: it was asked for
};

void print_table(const EnsembleRecord& record);
Json written(const EnsembleRecord& record);
/// As the name of the file says: .csv has a line for each particle, .npy is an array of NumPy with named
/// columns, of the grid's shape. Replaces a file that is there.
std::optional<Error> write_particles(const EnsembleRecord& record, const std::string& file);
std::optional<Error> write_basins(const EnsembleRecord& record, const std::string& file);
/// What can be said of the two names before anything is computed.
std::optional<Error> check_files(const EnsembleOptions& options, int dim, std::int64_t starts);

/// The command and its options. Must live until run() was called.
class EnsembleCommand {
 public:
  explicit EnsembleCommand(CLI::App& app);
  EnsembleCommand(const EnsembleCommand&) = delete;
  EnsembleCommand& operator=(const EnsembleCommand&) = delete;

  /// The exit code if the command was given.
  std::optional<int> run() const;

 private:
  EnsembleOptions options_;
  CLI::App* command_;
};

}  // namespace thalweg::cli

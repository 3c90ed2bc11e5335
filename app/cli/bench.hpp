// What the benchmarks share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/cli/commands.hpp"

namespace thalweg::cli {

struct Figure {
  std::string name;
  double value;
  std::string unit;
};

double median(std::vector<double> values);

/// Clocks, in seconds: of the day, and of the calling thread's own work.
double wall();
double thread_time();

/// Empty if it could not be measured; the reason is then on standard error.
/// @param peer  command that prints the seconds of a peer's epoch, given batch, epochs, widths and threads;
///              empty: none
std::vector<Figure> bench_train(const std::string& peer);

/// The first number that a command prints; nothing if it fails.
std::optional<double> first_number(const std::string& command);

/// @param peer  command that prints the nanoseconds of a peer's update of one parameter, given the call that makes
///              the optimizer and the number of parameters; empty: none
std::vector<Figure> bench_optimizers(const std::string& peer);

std::vector<Figure> bench_curvature();
std::vector<Figure> bench_ensemble();
std::vector<Figure> bench_store();
std::vector<Figure> bench_runs();
std::vector<Figure> bench_scrub();

}  // namespace thalweg::cli

// thalweg rates: at which rate optimizers must come down a surface, and at which they do.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/cli/figure.hpp"

namespace CLI {
class App;
}

namespace thalweg::cli {

struct RatesOptions {
  std::string surface = "quadratic:eigenvalues=1/100";
  std::vector<std::string> optimizers;
  std::string start;   ///< "x,y"; empty: the surface's own
  std::string sweep;   ///< "lr" or "momentum"; empty: none
  std::string window;  ///< "100,200": steps to measure over; empty: where the run has settled
  std::int64_t steps = 2000;
  std::int64_t delay = 0;   ///< of gradients, in updates; theory only
  double tolerance = 1e-6;  ///< distance from the minimum
  bool json = false;
  PictureOptions picture;  ///< with --sweep: of the radius
};

int rates(const RatesOptions& options);

/// The command and its options. Must live until run() was called.
class RatesCommand {
 public:
  explicit RatesCommand(CLI::App& app);
  RatesCommand(const RatesCommand&) = delete;
  RatesCommand& operator=(const RatesCommand&) = delete;

  /// The exit code if the command was given.
  std::optional<int> run() const;

 private:
  RatesOptions options_;
  CLI::App* command_;
};

}  // namespace thalweg::cli

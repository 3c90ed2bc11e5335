// Many runs of one optimizer on one surface, from many starts, of which the ends are kept and nothing else:
// for maps of basins, and for statistics.
//
// A particle does what a descent (core/descent) does from its start, in float instead of double: the same
// updates, the same outcomes, the same count of steps. Where a path is chaotic, or a start lies on the edge
// of a basin, the two may part. Not here: noise, clipping, paths (core/descent).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "core/descent/descent.hpp"
#include "core/optimizer/vectorise.hpp"
#include "core/schedule/drive.hpp"
#include "core/spec/result.hpp"
#include "core/spec/spec.hpp"
#include "core/surface/surface.hpp"

namespace thalweg {

/// Starts in the middle of columns x rows cells of equal size. Particle `row * columns + column`; row 0 is
/// the lowest. On a surface of one variable there is one row, and `y` means nothing.
struct StartGrid {
  std::int64_t columns = 1;
  std::int64_t rows = 1;
  Interval x;
  Interval y;
  bool operator==(const StartGrid&) const = default;
};

/// Starts one by one. `y` is empty on a surface of one variable.
struct StartList {
  std::vector<float> x;
  std::vector<float> y;
  bool operator==(const StartList&) const = default;
};

using Starts = std::variant<StartGrid, StartList>;

std::int64_t count_of(const Starts& starts);
/// Start number `i`, as particles of every device have it. y is 0 on a surface of one variable.
struct StartPoint {
  float x = 0.0f;
  float y = 0.0f;
};
StartPoint start_point(const Starts& starts, std::int64_t i, int dim);

namespace ensemble {
struct GridOfStarts;
/// The cells as devices take them (element.hpp).
GridOfStarts cells_of(const StartGrid& grid);
}  // namespace ensemble

/// At most this many particles of one ensemble.
inline constexpr std::int64_t kMostParticles = std::int64_t{1} << 26;

struct EnsembleSettings {
  Spec surface;    ///< built in, of one or two variables
  Spec optimizer;  ///< element-wise
  Spec schedule;   ///< of the learning rate; none that goes by the loss
  Drives drives = {};
  Spec run;  ///< of run_descriptor(): steps and tolerance; the seed means nothing
  Starts starts;

  bool operator==(const EnsembleSettings&) const = default;
};

/// All of it at the defaults: a grid over the domain of `surface`.
Result<EnsembleSettings> default_ensemble(const Spec& surface, const Spec& optimizer, std::int64_t columns,
                                          std::int64_t rows);

/// Everything that can be wrong with settings. `surface` is the one that settings.surface describes.
std::optional<Error> check(const EnsembleSettings& settings, const Surface& surface);

/// Particle `i` as a descent of its own, in double.
DescentSettings descent_of(const EnsembleSettings& settings, std::int64_t i, int dim);

/// The ends of all particles, in the order of their starts.
struct EnsembleResult {
  std::vector<float> x, y;            ///< what was found; y is 0 on a surface of one variable
  std::vector<float> loss;            ///< there
  std::vector<std::int32_t> steps;    ///< updates made
  std::vector<Outcome> outcome;       ///< kStopped only where the ensemble was stopped
  std::vector<std::int32_t> minimum;  ///< the nearest of Surface::minima(); -1: none is known, or diverged

  std::int64_t count() const { return static_cast<std::int64_t>(x.size()); }
  void resize(std::int64_t particles);
  /// Of all particles together.
  std::int64_t total_steps() const;
};

/// How to stop an ensemble and see how far it is. Both are called from the thread that runs it, and may be
/// empty.
struct EnsembleControl {
  std::function<bool()> stop;                  ///< true: end here
  std::function<void(double share)> progress;  ///< 0 to 1
};

/// What every device that computes ensembles offers. An error if the settings are no good, or the device
/// can't.
using EnsembleRun = std::function<Result<EnsembleResult>(const EnsembleSettings&, const EnsembleControl&)>;

struct EnsembleCpu {
  int threads = 1;
  std::optional<cpu::Isa> isa = {};  ///< one that the machine has; empty: the widest
};

/// On the CPU. The result is the same bit for bit whatever the threads and the instruction set.
Result<EnsembleResult> run_ensemble(const EnsembleSettings& settings, const EnsembleControl& control = {},
                                    const EnsembleCpu& cpu = {});

}  // namespace thalweg

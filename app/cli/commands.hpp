// The command line: each subcommand as a function from its options to an exit code. They print a
// short table for people or JSON, and one clear line on bad input (exit code 2).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/cli/figure.hpp"
#include "app/cli/keep.hpp"
#include "core/schedule/drive.hpp"
#include "core/spec/spec.hpp"

namespace thalweg::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;    ///< the machine can't: no display, an unwritable file
inline constexpr int kExitBadInput = 2;  ///< the user can mend it

/// The spec of a descriptor from values as written, in the descriptor's order; empty: its default.
Result<Spec> parsed(const Descriptor& descriptor, const std::vector<std::string>& values);

/// Reads the options --schedule; without any the schedule is constant.
std::optional<Error> read_schedules(const std::vector<std::string>& texts, Spec& schedule, Drives& drives);

/// Prints "thalweg: <error>" to standard error and returns the exit code that fits.
int fail(const Error& error);

/// Runs the program: a subcommand, or the window. `argv` as given to main.
int run(int argc, char** argv);

/// Text that came from outside, fit for one line of a terminal: what would break the line, steer the
/// terminal or is no UTF-8 becomes a question mark.
std::string one_line(const std::string& text);

struct DescendOptions {
  std::string surface = "rosenbrock";
  std::vector<std::string> optimizers;
  std::string start;  ///< "x,y"; empty: the surface's own
  std::vector<std::string> schedules;  ///< of the learning rate, "linear:...", and of settings, "momentum=linear:..."
  /// Values of the gradient and run descriptors, as written, in the descriptors' order; empty: default.
  std::vector<std::string> gradient;
  std::vector<std::string> run;
  std::string scene;  ///< a Scene file instead of all of the above
  bool history = false;
  bool json = false;
  bool pytorch = false;  ///< print the run of the only optimizer as a PyTorch program instead of making it
  KeepOptions keep;
};
int descend(const DescendOptions& options);

struct ListOptions {
  std::string family;  ///< empty: what families there are
  bool json = false;
  bool markdown = false;
};
int list(const ListOptions& options);

struct ScheduleOptions {
  std::vector<std::string> schedules;
  std::int64_t steps = 1000;
  std::string at;  ///< "0,10,100"; empty: all
  bool json = false;
  PictureOptions picture;  ///< with a file to draw to
  bool pytorch = false;  ///< print it as PyTorch instead
};
int schedule(const ScheduleOptions& options);

struct ScreenshotOptions {
  std::string view = "surface";
  std::string scene;
  std::string size = "1280x800";
  std::string out;
  std::string db;                ///< file of runs to show; empty: none. Nothing is ever written to it
  std::vector<std::string> set;  ///< "surface=beale", "view=layout=both", as the keys of a Scene file
};
int screenshot(const ScreenshotOptions& options);

struct BenchOptions {
  std::string name;
  std::string peer;  ///< of train: a command that measures a peer, such as tests/bench/torch_train.py FOLDER
  bool json = false;
};
int bench(const BenchOptions& options);

/// What every command that trains a network is told.
struct TrainingOptions {
  std::string data = "mnist";
  std::string folder;  ///< where the data's files are; empty: the usual places
  std::string model = "784-128-10";
  std::string activation = "relu";  ///< between the layers of a model given by its widths
  std::string initialisation = "pytorch";
  std::string loss = "cross_entropy";
  std::vector<std::string> optimizers;  ///< none: the default
  std::vector<std::string> schedules;  ///< as of DescendOptions
  std::vector<std::string> training;  ///< values of training_descriptor(), as `run` above
  std::string probes;                 ///< of probe_descriptor(): "gradients=50,curvature=200"; empty: the default
  std::vector<std::string> device;    ///< values of device_descriptor(), likewise
  bool json = false;
};

struct TrainOptions : TrainingOptions {
  std::int64_t seeds = 1;  ///< runs of each optimizer, with seeds from that of `training` on
  KeepOptions keep;
};
int train(const TrainOptions& options);

/// The learning-rate finder, overfitting one batch and curvature: `experiment` holds the values of their
/// descriptor (core/training), as `run` above.
struct ExperimentOptions : TrainingOptions {
  std::vector<std::string> experiment;
};
int lr_find(const ExperimentOptions& options);
/// Exit code 1 where the test has failed.
int overfit_one_batch(const ExperimentOptions& options);
/// Trains first if epochs or steps are given.
int curvature(const ExperimentOptions& options);

struct DevicesOptions {
  bool json = false;
};
/// CPU and CUDA devices, and which of them `auto` takes for what.
int devices(const DevicesOptions& options);

struct WindowOptions {
  std::string scene;
  bool fresh = false;  ///< do not reopen the last Scene
  KeepOptions keep;
};
int window(const WindowOptions& options);

}  // namespace thalweg::cli

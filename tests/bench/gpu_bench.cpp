// Figures of training on a device, one a line: "name value unit". gpu.sh runs it in turn with torch_gpu.py,
// and gpu_table.py holds both against what is wanted.
//
//   bench_gpu [--data FOLDER] [--only steps] [--cpu] [--quick]
//
// FOLDER has the files of MNIST; without it, data of the same shape. --only steps: nothing but the time of a
// step, for turns with a peer. --cpu: the CPU's engine in the device's place, and --quick: fewer of
// everything, to see that it runs. Exit code 77: there is no device.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <numeric>
#include <string>

#include "core/curvature/power_iteration.hpp"
#include "core/ensemble/ensemble.hpp"
#include "core/optimizer/optimizer.hpp"
#include "core/training/trainer.hpp"
#include "gpu/gpu.hpp"
#include "tests/bench/gpu_ceilings.hpp"
#include "tests/gpu/digits.hpp"
#include "tests/gpu/step_size.hpp"

namespace thalweg::bench {
namespace {

constexpr int kNoDevice = 77;

struct Options {
  std::string data;
  bool only_steps = false;
  bool cpu = false;
  bool quick = false;
};

struct Model {
  const char* name;  ///< of its figures
  const char* text;
  int batch;
};
constexpr Model kModels[] = {{"small", "784-128-10", 64}, {"large", "784-512-512-10", 512}};

void print(const std::string& name, double value, const char* unit) {
  std::printf("%s %.6g %s\n", name.c_str(), value, unit);
  std::fflush(stdout);
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The value of a result; an error ends the program.
template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  throw std::runtime_error(result.error().text());
}
void must(const std::optional<Error>& error) {
  if (error) throw std::runtime_error(error->text());
}

std::unique_ptr<TrainingEngine> engine(const Options& options) {
  return options.cpu ? make_cpu_engine({2}) : must(gpu::make_engine());
}

std::shared_ptr<const Dataset> dataset(const Options& options) {
  if (options.data.empty()) return options.quick ? test::mnist_like(6'400, 1'000) : test::mnist_like();
  const DatasetDescriptor& mnist = *find_dataset("mnist");
  return must(mnist.load(default_spec(mnist), options.data));
}

/// Seconds of a step: the median over blocks of as many as the engine likes to have under way.
double step_time(const Options& options, const Model& model, const std::shared_ptr<const Dataset>& data) {
  const auto trained = engine(options);
  must(trained->load(data));
  must(trained->build(test::network(model.text, "adam:lr=0.001"), 1));
  const auto batch = static_cast<std::size_t>(model.batch);
  const std::int64_t block = std::max<std::int64_t>(trained->steps_ahead(), 8);
  std::vector<std::uint32_t> order(static_cast<std::size_t>(data->train.count));
  batch_order(1, 0, order);
  std::vector<double> seconds;
  std::size_t at = 0;
  const double end = now() + (options.quick ? 0.5 : 4.0);
  for (int blocks = 0; blocks < 24 || (now() < end && blocks < 400); ++blocks) {
    const double begin = now();
    for (std::int64_t i = 0; i < block; ++i, at += batch) {
      if (at + batch > order.size()) at = 0;
      must(trained->begin(std::span(order).subspan(at, batch), {.learning_rate = 0.001}, {}));
      if ((i + 1) % trained->steps_ahead() == 0) trained->finish();
    }
    trained->finish();
    if (blocks >= 4) seconds.push_back((now() - begin) / static_cast<double>(block));
  }
  return median(seconds);
}

/// What must be trained for ten epochs, from the first batch to the last evaluation; the device is warm.
void ten_epochs(const Options& options, const std::shared_ptr<const Dataset>& data) {
  TrainingSettings settings = default_training();
  *settings.training.spec.find("epochs") = options.quick ? 1.0 : 10.0;
  std::vector<double> seconds;
  double accuracy = NAN;
  for (int round = 0; round < (options.quick ? 1 : 4); ++round) {
    const auto trainer = must(Trainer::create(settings, data, engine(options)));
    const double begin = now();
    while (trainer->outcome() == Outcome::kRunning) trainer->advance(1'000'000);
    seconds.push_back(now() - begin);
    accuracy = trainer->epochs().back().test_accuracy;
  }
  if (seconds.size() > 1) seconds.erase(seconds.begin());
  print("ten_epochs", median(seconds), "s");
  print("ten_epochs_accuracy", accuracy, "-");
}

/// From the samples to the eigenvalue, after some hundred steps, when there is some curvature.
void lambda_max(const Options& options, const std::shared_ptr<const Dataset>& data) {
  const auto trained = engine(options);
  must(trained->load(data));
  must(trained->build(test::network("784-128-10", "gd:lr=0.1"), 1));
  std::vector<std::uint32_t> order(static_cast<std::size_t>(data->train.count));
  batch_order(1, 0, order);
  for (std::size_t first = 0; first + 64 <= order.size() && first < 300 * 64; first += 64)
    must(trained->step(std::span(order).subspan(first, 64), {0.1}));
  std::vector<std::uint32_t> chosen(std::min<std::size_t>(order.size(), 10'000));
  std::iota(chosen.begin(), chosen.end(), 0u);
  std::vector<double> seconds;
  PowerResult found;
  for (int round = 0; round < (options.quick ? 1 : 8); ++round) {
    const double begin = now();
    const auto hessian = trained->hessian(chosen);
    if (!hessian) throw std::runtime_error(hessian.error().text());
    found = power_iteration(hessian_operator(**hessian, trained->plan().parameters),
                            {.tolerance = 0.0, .products = 30, .seed = 1});
    seconds.push_back(now() - begin);
  }
  print("lambda_max", 1e3 * median(seconds), "ms");
  print("lambda_max_value", found.value, "-");
  print("lambda_max_residual", found.residual / std::abs(found.value), "-");
}

/// Adam on Rosenbrock from a million starts, none of which arrives: particles times steps a second, with what
/// it takes to bring the ends to the host.
void ensemble(const Options& options) {
  const double side = options.quick ? 50 : 1'000, steps = options.quick ? 200 : 10'000;
  EnsembleSettings settings = must(default_ensemble(
      must(parse_spec("rosenbrock", surface_family())), must(parse_spec("adam:lr=0.001", optimizer_family())),
      static_cast<std::int64_t>(side), static_cast<std::int64_t>(side)));
  *settings.run.find("steps") = steps;
  std::vector<double> rates;
  for (int round = 0; round < 6; ++round) {
    const double begin = now();
    const EnsembleResult result =
        must(options.cpu ? run_ensemble(settings) : gpu::run_ensemble({}, settings));
    if (round > 0) rates.push_back(static_cast<double>(result.total_steps()) / (now() - begin));
  }
  print("ensemble", median(rates), "steps/s");
}

/// How far a step is from what it takes at the least: bytes or operations at the measured ceilings, and the
/// launches, one after the other.
void floors(const Ceilings& ceilings, const std::shared_ptr<const Dataset>& data) {
  for (const Model& model : kModels) {
    const auto size = test::step_size(test::network(model.text, "adam:lr=0.001"), data, model.batch);
    const std::string name = model.name;
    print(name + "_bytes", size.bytes, "B");
    print(name + "_operations", size.operations, "-");
    print(name + "_nodes", size.pieces, "-");
    const double work = std::max(size.bytes / ceilings.copy, size.operations / ceilings.fp32);
    print(name + "_floor_work", 1e6 * work, "us");
    print(name + "_floor", 1e6 * (work + size.pieces * ceilings.node), "us");
  }
}

/// Runs one part; one that fails is said, as NaN and why, and does not stop the others.
bool part(const char* name, const std::function<void()>& measured) {
  try {
    measured();
    return true;
  } catch (const std::exception& failure) {
    std::printf("%s nan %s\n", name, failure.what());
    return false;
  }
}

/// False if a part has failed.
bool measure(const Options& options) {
  const auto data = dataset(options);
  bool all = true;
  for (const Model& model : kModels) {
    const std::string name = std::string(model.name) + "_step";
    all &= part(name.c_str(), [&] { print(name, 1e6 * step_time(options, model, data), "us"); });
  }
  if (options.only_steps) return all;
  all &= part("ten_epochs", [&] { ten_epochs(options, data); });
  all &= part("lambda_max", [&] { lambda_max(options, data); });
  all &= part("ensemble", [&] { ensemble(options); });
  Ceilings ceilings{3.35e12, 6.7e13, 4.9e14, 9.9e14, 1.5e-6, 8e-6};  // of a data sheet, and guesses
  all &= part("copy", [&] {
    if (options.cpu) return;
    ceilings = measure_ceilings();
    print("copy", 1e-9 * ceilings.copy, "GB/s");
    print("fp32", 1e-12 * ceilings.fp32, "TFLOP/s");
    print("tf32", 1e-12 * ceilings.tf32, "TFLOP/s");
    print("fp16", 1e-12 * ceilings.fp16, "TFLOP/s");
    print("node", 1e6 * ceilings.node, "us");
    print("replay", 1e6 * ceilings.replay, "us");
  });
  floors(ceilings, data);
  return all;
}

int run(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    const char* const next = i + 1 < count ? arguments[i + 1] : nullptr;
    if (argument == "--cpu") {
      options.cpu = true;
    } else if (argument == "--quick") {
      options.quick = true;
    } else if (argument == "--only" && next && std::strcmp(next, "steps") == 0) {
      options.only_steps = true, ++i;
    } else if (argument == "--data" && next) {
      options.data = next, ++i;
    } else {
      std::fprintf(stderr, "usage: bench_gpu [--data FOLDER] [--only steps] [--cpu] [--quick]\n");
      return 2;
    }
  }
  if (!options.cpu && !gpu::status().usable()) {
    std::fprintf(stderr, "no device: %s\n", gpu::status().why.c_str());
    return kNoDevice;
  }
  return measure(options) ? 0 : 1;
}

}  // namespace
}  // namespace thalweg::bench

int main(int count, char** arguments) try {
  return thalweg::bench::run(count, arguments);
} catch (const std::exception& failure) {
  std::fprintf(stderr, "bench_gpu: %s\n", failure.what());
  return 1;
}

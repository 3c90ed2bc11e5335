// thalweg bench scrub: how long it takes until a past step is shown, and what being able to go back and
// keeping the run cost while it is trained.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <random>

#include "app/cli/bench.hpp"
#include "app/cli/commands.hpp"
#include "app/headless.hpp"
#include "app/work/training_worker.hpp"

namespace thalweg::cli {
namespace {

void add(std::vector<Figure>& out, const std::string& what, std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  out.push_back({what + ", shortest", 1e3 * seconds.front(), "ms"});
  out.push_back({what + ", median", 1e3 * median(seconds), "ms"});
  out.push_back({what + ", longest", 1e3 * seconds.back(), "ms"});
}

/// From the jump of the timeline to the drawn picture.
bool descents(std::vector<Figure>& out) {
  constexpr std::int64_t kSteps = 100'000;
  Scene scene = default_scene();
  *scene.run.find("steps") = static_cast<double>(kSteps);
  scene.step = kSteps;
  auto headless = Headless::create(scene, 1280, 800);
  if (!headless) {
    fail(headless.error());
    return false;
  }
  Headless& h = **headless;
  h.frames(10);
  std::mt19937_64 random(1);
  std::vector<double> seconds;
  for (int i = 0; i < 200; ++i) {
    const auto step = static_cast<std::int64_t>(random() % (kSteps + 1));
    const double begin = wall();
    h.workbench().player().seek(h.workbench().editor(), step);
    h.frame();
    h.finish();
    seconds.push_back(wall() - begin);
  }
  add(out, "step of 5 descents of 100,000 steps", seconds);
  return true;
}

TrainingRequest four_on_mnist(std::int64_t steps) {
  TrainingRequest out;
  out.scene = default_training_scene();
  out.lanes = out.scene.lanes();
  out.data = out.scene.data;
  out.keep = true;
  out.drive = TrainingRequest::Drive::kTrain;
  out.limit = steps;
  return out;
}

/// Steps per second of training without a file and with one, in turn.
void keeping(std::vector<Figure>& out) {
  constexpr std::int64_t kSteps = 1500;
  std::error_code code;
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("thalweg-bench-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder, code);
  std::vector<double> without, with;
  for (int round = 0; round < 3; ++round)
    for (std::vector<double>* seconds : {&without, &with}) {
      store::Recorder recorder(folder / "runs.sqlite");
      TrainingWorker worker({}, seconds == &with ? &recorder : nullptr);
      TrainingRequest request = four_on_mnist(0);
      worker.request(request);
      worker.wait();
      request.limit = kSteps;
      const double begin = wall();
      worker.request(request);
      worker.wait();
      if (worker.snapshot()->error) return;
      seconds->push_back((wall() - begin) / (4.0 * static_cast<double>(kSteps)));
    }
  std::filesystem::remove_all(folder, code);
  out.push_back({"a step of training, nothing kept", 1e6 * median(without), "us"});
  out.push_back({"the same kept in a file", 1e6 * median(with), "us"});
}

/// From the request to a snapshot with the network of that step looked into.
void training(std::vector<Figure>& out) {
  constexpr std::int64_t kSteps = 3000;
  TrainingRequest request = four_on_mnist(kSteps);
  TrainingWorker worker;
  worker.request(request);
  worker.wait();
  if (const auto error = worker.snapshot()->error) {
    std::fprintf(stderr, "thalweg: training is left out: %s\n", error->text().c_str());
    return;
  }
  request.drive = TrainingRequest::Drive::kPause;
  std::mt19937_64 random(1);
  std::vector<double> seconds;
  for (int i = 0; i < 40; ++i) {
    request.at = static_cast<std::int64_t>(random() % kSteps);
    const double begin = wall();
    worker.request(request);
    worker.wait();
    seconds.push_back(wall() - begin);
  }
  add(out, "step of 4 trainings on MNIST of 3,000 steps", seconds);
}

}  // namespace

std::vector<Figure> bench_scrub() {
  std::vector<Figure> out;
  if (!descents(out)) return {};
  training(out);
  keeping(out);
  return out;
}

}  // namespace thalweg::cli

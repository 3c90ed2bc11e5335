// thalweg bench scrub: how long it takes until a past step is shown.
#include <algorithm>
#include <cstdio>
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

/// From the request to a snapshot with the network of that step looked into.
void training(std::vector<Figure>& out) {
  constexpr std::int64_t kSteps = 3000;
  TrainingScene scene = default_training_scene();
  TrainingRequest request;
  request.scene = scene;
  request.lanes = scene.lanes();
  request.data = scene.data;
  request.drive = TrainingRequest::Drive::kTrain;
  request.limit = kSteps;
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
  return out;
}

}  // namespace thalweg::cli

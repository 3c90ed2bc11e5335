// thalweg bench: how fast the program is on this machine. Figures are printed, never asserted.
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>

#include "app/cli/bench.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/json.hpp"
#include "app/headless.hpp"
#include "core/optimizer/rules.hpp"

namespace thalweg::cli {
namespace {

/// Adam on Rosenbrock with nothing around it: what the record costs is the ratio to this.
double bare_loop(std::int64_t steps) {
  const auto stepper = make_stepper(parse_spec("adam:lr=0.001", optimizer_family()).value(), 2);
  double x[2] = {-1.2, 1.0}, g[2];
  const double begin = wall();
  for (std::int64_t t = 0; t < steps; ++t) {
    const double a = x[1] - x[0] * x[0];
    g[0] = -2.0 * (1.0 - x[0]) - 400.0 * x[0] * a;
    g[1] = 200.0 * a;
    stepper->step(x, g, 0.001);
  }
  const double seconds = wall() - begin;
  if (!std::isfinite(x[0])) std::fprintf(stderr, "diverged\n");
  return static_cast<double>(steps) / seconds;
}

std::vector<Figure> descent() {
  constexpr std::int64_t kSteps = 4'000'000;
  RaceSettings settings;
  settings.surface = default_spec(*find_surface("rosenbrock"));
  settings.start = {-1.2, 1.0};
  settings.optimizers = {{parse_spec("adam:lr=0.001", optimizer_family()).value(), {}}};
  settings.gradient.spec = default_spec(gradient_descriptor());
  settings.schedule = default_spec(schedules().front());
  settings.run = parse_spec("run:steps=10000000", run_descriptor()).value();
  std::vector<double> ours, bare;
  for (int round = 0; round < 7; ++round) {
    Race race;
    if (race.set(settings)) return {};
    const double begin = wall();
    race.advance(kSteps);
    ours.push_back(static_cast<double>(kSteps) / (wall() - begin));
    bare.push_back(bare_loop(kSteps));
  }
  return {{"Adam on Rosenbrock, history kept", median(ours) / 1e6, "million steps/s"},
          {"the same rule in a bare loop, nothing kept", median(bare) / 1e6, "million steps/s"},
          {"ratio", median(ours) / median(bare), ""}};
}

std::vector<Figure> frame() {
  Scene scene = default_scene();
  scene.optimizers.clear();
  int colour = 0;
  for (const char* text : {"gd:lr=0.001", "momentum:lr=0.0002", "nesterov:lr=0.0002", "adagrad:lr=0.5",
                           "rmsprop:lr=0.0005", "adam:lr=0.002", "adamw:lr=0.001", "amsgrad:lr=0.001"})
    scene.optimizers.push_back({{parse_spec(text, optimizer_family()).value(), {}}, colour++, true});
  *scene.run.find("steps") = 100'000.0;
  scene.step = 100'000;
  std::vector<Figure> out;
  for (const char* layout : {"map", "both"}) {
    *scene.view.find("layout") = std::string(layout);
    auto headless = Headless::create(scene, 1280, 800);
    if (!headless) {
      fail(headless.error());
      return {};
    }
    Headless& h = **headless;
    h.frames(10);
    std::vector<double> still, whole, moving;
    for (int i = 0; i < 60; ++i) {
      const double begin = wall();
      h.frame();
      h.finish();
      whole.push_back(wall() - begin);
      still.push_back(h.app_seconds());
    }
    for (int i = 0; i < 60; ++i) {
      h.workbench().player().seek(h.workbench().editor(), 99'000 + i * 16);
      h.frame();
      moving.push_back(h.app_seconds());
    }
    out.push_back(
        {std::string(layout) + ": own CPU time a frame, 8 x 100,000 steps", 1e3 * median(still), "ms"});
    out.push_back({std::string(layout) + ": the same while the timeline moves", 1e3 * median(moving), "ms"});
    out.push_back({std::string(layout) + ": whole frame, drawn", 1e3 * median(whole), "ms"});
    // Running: from the beginning, at 60 frames of steps.
    Scene running = scene;
    running.step = 0;
    *running.view.find("speed") = 600.0;
    h.workbench().editor().apply(running);
    h.workbench().player().play();
    h.frames(3);
    const double begin = wall();
    constexpr int kFrames = 120;
    for (int i = 0; i < kFrames; ++i) {
      h.frame();
      h.finish();
    }
    out.push_back(
        {std::string(layout) + ": frames a second while running", kFrames / (wall() - begin), "frames/s"});
  }
  return out;
}

}  // namespace

double wall() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double thread_time() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int bench(const BenchOptions& options) {
  const std::pair<const char*, std::function<std::vector<Figure>()>> all[] = {
      {"descent", descent},
      {"frame", frame},
      {"optimizers", [&] { return bench_optimizers(options.peer); }},
      {"runs", bench_runs},
      {"scrub", bench_scrub},
      {"store", bench_store},
      {"train", [&] { return bench_train(options.peer); }},
      {"curvature", bench_curvature},
      {"ensemble", bench_ensemble}};
  std::string names;
  for (const auto& [name, run] : all) {
    names += (names.empty() ? "" : ", ") + std::string(name);
    if (options.name != name) continue;
    const std::vector<Figure> figures = run();
    if (figures.empty()) return kExitFailed;
    Json json = Json::array();
    for (const Figure& figure : figures) {
      if (options.json)
        json.push_back({{"name", figure.name}, {"value", figure.value}, {"unit", figure.unit}});
      else
        std::printf("%-62s %10.3f %s\n", figure.name.c_str(), figure.value, figure.unit.c_str());
    }
    if (options.json) std::printf("%s\n", json.dump(2).c_str());
    return kExitOk;
  }
  return fail(bad_input("there is no '" + options.name.substr(0, 40) + "'; there are " + names, "bench"));
}

}  // namespace thalweg::cli

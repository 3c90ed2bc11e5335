// thalweg bench runs: a frame of the Runs view with ten thousand runs in its list, and how long a filter
// takes from the key to the rows, in a file made for it and removed.
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <functional>

#include "app/cli/bench.hpp"
#include "app/headless.hpp"
#include "app/ui/marks.hpp"
#include "app/work/runs_reader.hpp"
#include "core/store/store.hpp"

namespace thalweg::cli {
namespace {

namespace fs = std::filesystem;
using store::Store;

constexpr int kListed = 10'000;

struct Folder {
  fs::path path;
  ~Folder() {
    std::error_code code;
    if (!path.empty()) fs::remove_all(path, code);
  }
};

std::optional<Error> fill(const fs::path& file) {
  auto opened = Store::open(file);
  if (!opened) return opened.error();
  Store& runs = **opened;
  const char* rules[] = {"adam", "gd", "momentum", "adamw"};
  return runs.batch([&]() -> std::optional<Error> {
    for (int i = 0; i < kListed; ++i) {
      const double lr = std::pow(10.0, -1.0 - 0.001 * (i % 3000));
      store::RunStart start{.kind = "training", .name = "run " + std::to_string(i)};
      start.settings = {{"", "optimizer", rules[i % 4], {}},
                        {"", "data", "mnist", {}},
                        {"", "model", "784-128-10", {}},
                        {"optimizer", "lr", format_number(lr), lr}};
      for (int k = 0; k < 20; ++k)
        start.settings.push_back({"training", "setting " + std::to_string(k), "1", 1.0});
      const auto run = runs.begin(start);
      if (!run) return run.error();
      for (const char* key : {"loss", "test_loss", "train_accuracy", "test_accuracy"})
        if (auto error = runs.set_result(*run, key, 0.9 + 0.0001 * (i % 1000))) return error;
      if (i % 10 == 0)
        if (auto error = runs.add_tag(*run, "good")) return error;
      if (auto error = runs.finish(*run, {"budget", 1000 + i, 12.0})) return error;
    }
    return {};
  });
}

/// Frames until the list has or has not a row of that number.
double frames_until(Headless& h, const char* mark, bool there) {
  const double begin = wall();
  while ((ui::find_mark(mark) != nullptr) != there && wall() - begin < 30.0) h.frame();
  return wall() - begin;
}

std::vector<double> filter_latency(Headless& h) {
  std::vector<double> out;
  for (int i = 0; i < 9; ++i) {
    Scene scene = h.scene();
    scene.runs.filter = "\"run " + std::to_string(7000 + i) + "\" and lr<1";
    h.workbench().editor().apply(scene);
    out.push_back(frames_until(h, "runs.row.1", false));
    scene.runs.filter.clear();
    h.workbench().editor().apply(scene);
    frames_until(h, "runs.row.1", true);
  }
  return out;
}

void measure_reader(std::vector<Figure>& out, const fs::path& file) {
  RunsReader reader(file);
  const auto seconds = [&](const RunsQuery& query) {
    const double begin = wall();
    reader.request(query);
    reader.wait();
    return wall() - begin;
  };
  seconds({});
  std::vector<double> filters, sorts;
  for (int i = 0; i < 9; ++i) {
    filters.push_back(seconds({.filter = "optimizer=adam and lr<0.0" + std::to_string(i + 1)}));
    sorts.push_back(seconds({.sort = i % 2 ? "lr" : "test_accuracy"}));
  }
  out.push_back(
      {"10,000 runs: list of optimizer=adam and lr<..., ready to draw", 1e3 * median(filters), "ms"});
  out.push_back({"10,000 runs: all of them in another order", 1e3 * median(sorts), "ms"});
}

}  // namespace

std::vector<Figure> bench_runs() {
  std::string pattern = (fs::temp_directory_path() / "thalweg-bench-XXXXXX").string();
  if (!mkdtemp(pattern.data())) {
    fail({ErrorCode::kIo, "can't be made", pattern});
    return {};
  }
  const Folder folder{pattern};
  const fs::path file = folder.path / "runs.sqlite";
  if (auto error = fill(file)) {
    fail(*error);
    return {};
  }
  std::vector<Figure> out;
  measure_reader(out, file);
  Scene scene = default_scene();
  *scene.runs.view.find("layout") = std::string("list");
  WorkbenchOptions options;
  options.db = file;
  auto headless = Headless::create(scene, 1280, 800, std::move(options));
  if (!headless) {
    fail(headless.error());
    return {};
  }
  Headless& h = **headless;
  if (auto error = h.workbench().show("runs")) {
    fail(*error);
    return {};
  }
  frames_until(h, "runs.row.1", true);
  h.frames(5);
  std::vector<double> own;
  for (int i = 0; i < 60; ++i) {
    h.wheel(h.place("runs.surface"), -3.0F);
    own.push_back(h.app_seconds());
  }
  out.push_back({"10,000 runs: own CPU time a frame while scrolling", 1e3 * median(own), "ms"});
  h.wheel(h.place("runs.surface"), 1e6F);
  h.frames(3);
  out.push_back({"10,000 runs: from an edited filter to its rows on the screen",
                 1e3 * median(filter_latency(h)), "ms"});
  return out;
}

}  // namespace thalweg::cli

// A file with a few kept runs, as tests of the Runs view need them.
#pragma once

#include <cmath>

#include "core/scene/scene.hpp"
#include "core/store/store.hpp"
#include "tests/store/files.hpp"

namespace thalweg::test {

/// Values of the curve "loss" of run `i` at step `t`.
inline double loss_at(int i, std::int64_t t) { return 1.0 / (1.0 + 0.01 * static_cast<double>(t)) + 0.1 * i; }

struct KeptRunOptions {
  std::string optimizer = "adam";
  double lr = 0.1;
  int seed = 0;
  std::int64_t steps = 500;
  std::string parent = {};
  std::int64_t parent_step = 0;
  std::string outcome = "budget";  ///< empty: it goes on
  std::vector<std::int64_t> epochs = {100, 200, 300, 400, 500};  ///< where they end
};

/// A run with loss at every step and test_accuracy at the end of every epoch. Returns its uid.
inline std::string keep_run(store::Store& file, int i, const KeptRunOptions& options) {
  store::RunStart start{.uid = "run" + std::to_string(i) + "0000000000000000",
                        .kind = "training",
                        .name = options.optimizer + " on blobs"};
  start.parent = options.parent;
  if (!options.parent.empty()) start.parent_step = options.parent_step;
  start.settings = {{"", "optimizer", options.optimizer, {}},
                    {"optimizer", "lr", format_number(options.lr), options.lr},
                    {"training", "batch", "64", 64.0},
                    {"training", "seed", std::to_string(options.seed), static_cast<double>(options.seed)}};
  const std::int64_t id = store::test::need(file.begin(start));
  store::Points loss{"loss", "", store::Goal::kLowest}, accuracy{"test_accuracy", "", store::Goal::kHighest},
      seconds{"epoch_seconds"};
  for (std::int64_t t = 0; t < options.steps; ++t) {
    loss.steps.push_back(t);
    loss.values.push_back(loss_at(i, t));
    if (std::find(options.epochs.begin(), options.epochs.end(), t + 1) == options.epochs.end()) continue;
    accuracy.steps.push_back(t + 1);
    accuracy.values.push_back(1.0 - loss_at(i, t));
    seconds.steps.push_back(t + 1);
    seconds.values.push_back(2.0);
  }
  store::test::need(file.append(id, loss));
  store::test::need(file.append(id, accuracy));
  store::test::need(file.append(id, seconds));
  if (!options.outcome.empty()) store::test::need(file.finish(id, {options.outcome, options.steps, 3.0}));
  return start.uid;
}

/// A descent on Himmelblau's surface along a straight line. Returns its uid.
inline std::string keep_descent(store::Store& file, int i, const std::string& surface) {
  Scene scene = default_scene();
  (void)set_surface(scene, parse_spec(surface, surface_family()).value());
  store::RunStart start{
      .uid = "path" + std::to_string(i) + "000000000000000", .kind = "descent", .name = "gd on " + surface};
  start.scene = to_json(scene);
  const std::int64_t id = store::test::need(file.begin(start));
  for (const char* axis : {"x", "y"}) {
    store::Points points{axis};
    for (std::int64_t t = 0; t <= 50; ++t) {
      points.steps.push_back(t);
      points.values.push_back(-1.0 + 0.02 * static_cast<double>(t) * (axis[0] == 'x' ? 1.0 : 0.5));
    }
    store::test::need(file.append(id, points));
  }
  store::test::need(file.finish(id, {"budget", 50, 0.1}));
  return start.uid;
}

}  // namespace thalweg::test

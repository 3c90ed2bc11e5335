#include "core/scene/training_scene.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/optimizer/optimizer.hpp"
#include "core/scene/view_parameters.hpp"
#include "core/schedule/schedule.hpp"

namespace thalweg {

using scene_parameters::choice;
using scene_parameters::smoothing;

namespace {

constexpr std::size_t kLongestFolder = 4096;

}  // namespace

int free_colour(const std::vector<SceneOptimizer>& optimizers, int palette_size) {
  for (int colour = 0; colour < palette_size; ++colour)
    if (std::none_of(optimizers.begin(), optimizers.end(),
                     [&](const SceneOptimizer& optimizer) { return optimizer.colour == colour; }))
      return colour;
  return static_cast<int>(optimizers.size()) % palette_size;
}

TrainingSettings TrainingScene::lane(std::size_t optimizer, int seed) const {
  TrainingSettings out{data, model, loss, optimizers[optimizer].live, schedule, training, probes, drives, device};
  keep_own_drives(out);
  // Beyond the largest they go on at 0, so that any seed may be the first.
  const double most = training_descriptor().find("seed")->max;
  if (seed > 0) *out.training.spec.find("seed") = std::fmod(training.spec.number("seed") + seed, most + 1.0);
  return out;
}

std::vector<TrainingSettings> TrainingScene::lanes() const {
  std::vector<TrainingSettings> out;
  for (std::size_t i = 0; i < optimizers.size(); ++i)
    for (int seed = 0; seed < seeds; ++seed) out.push_back(lane(i, seed));
  return out;
}

const Descriptor& training_view_descriptor() {
  static const Descriptor descriptor{
      .id = "training_view",
      .label = "View",
      .summary = "What is shown of networks that are trained.",
      .formula = "",
      .reference = "",
      .parameters = {
          choice(
              "x_axis", "horizontal axis", {"step", "epoch", "time"},
              "Curves against updates, passes over the training samples, or the seconds that training took."),
          smoothing(0.95),
          choice("loss_scale", "loss axis", {"log", "linear"}, "Scale of the loss chart."),
          choice("accuracy_scale", "accuracy axis", {"linear", "log"}, "Scale of the accuracy chart."),
          choice("probe_scale", "probe axes", {"log", "linear"}, "Scale of the probes' charts."),
          choice("page", "page", {"layers", "histograms", "curvature", "rate", "experiments"},
                 "What is shown below the curves: probes layer by layer, distributions, curvature, the "
                 "learning rate, "
                 "or experiments."),
          choice("look", "look", {"mistakes", "confusion", "weights", "calibration"},
                 "What is shown of the network: the worst mistakes on test samples, the confusion matrix, "
                 "the weights "
                 "of the first layer, or how far confidence is from accuracy."),
          choice("part", "narrow window", {"curves", "network"},
                 "Where there is no room for both: the curves, or what is shown of the network."),
      }};
  return descriptor;
}

TrainingScene default_training_scene() {
  const TrainingSettings settings = default_training();
  TrainingScene scene;
  scene.data = settings.data;
  scene.model = settings.model;
  scene.loss = settings.loss;
  scene.schedule = settings.schedule;
  scene.training = settings.training;
  scene.probes = settings.probes;
  scene.view = default_spec(training_view_descriptor());
  *scene.training.spec.find("validation") = 0.1;
  constexpr std::array<const char*, 4> kFirst{"gd:lr=0.01", "momentum:lr=0.01", "rmsprop:lr=0.001",
                                              "adam:lr=0.001"};
  for (std::size_t i = 0; i < kFirst.size(); ++i)
    scene.optimizers.push_back(
        {{parse_spec(kFirst[i], optimizer_family()).value(), {}}, static_cast<int>(i), true});
  return scene;
}

std::optional<Error> check(const TrainingScene& scene) {
  if (scene.folder.size() > kLongestFolder)
    return bad_input("is longer than " + std::to_string(kLongestFolder) + " characters", "folder");
  if (scene.optimizers.size() > kMostOptimizers)
    return bad_input("at most " + std::to_string(kMostOptimizers) + " are possible", "optimizers");
  if (scene.seeds < 1 || scene.seeds > kMostSeeds)
    return bad_input("must be at least 1 and at most " + std::to_string(kMostSeeds), "seeds");
  if (scene.step < 0) return bad_input("must be at least 0", "step");
  for (const SceneOptimizer& optimizer : scene.optimizers)
    if (optimizer.colour < 0 || optimizer.colour > 63)
      return bad_input("must be at least 0 and at most 63", "colour");
  if (auto error = check(scene.view, training_view_descriptor())) return error;
  if (scene.model.layers.empty()) return bad_input("has no layers", "model");
  if (scene.model.inputs < 0) return bad_input("must be at least 0", "model: inputs");
  for (const Spec& layer : scene.model.layers) {
    const LayerDescriptor* descriptor = find_layer(layer.id);
    if (!descriptor) return bad_input("there is no layer '" + layer.id + "'", "model");
    if (auto error = check(layer, *descriptor)) return error;
  }
  const Descriptor* initialisation = initialisation_family().find(scene.model.initialisation.id);
  if (!initialisation) return bad_input("there is no initialisation '" + scene.model.initialisation.id + "'");
  if (auto error = check(scene.model.initialisation, *initialisation)) return error;
  std::vector<const Descriptor*> rules;
  for (const SceneOptimizer& optimizer : scene.optimizers)
    if (const auto* rule = find_optimizer(optimizer.live.spec.id)) rules.push_back(rule);
  if (auto error = check_used(scene.drives, rules)) return error;
  // Without optimizers the rest is checked with any at all.
  TrainingScene with = scene;
  if (with.optimizers.empty()) with.optimizers.push_back({{default_spec(optimizers().front()), {}}, 0, true});
  for (std::size_t i = 0; i < with.optimizers.size(); ++i)
    if (auto error = check(with.lane(i, 0))) return error;
  return std::nullopt;
}

}  // namespace thalweg

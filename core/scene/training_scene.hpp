// The part of a Scene that belongs to the training of networks: what is trained, on what, how, and how
// the Training view shows it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/training/settings.hpp"

namespace thalweg {

/// One competitor: settings of an optimizer with the changes made while it ran, and how it is drawn.
struct SceneOptimizer {
  LiveSpec live;
  int colour = 0;  ///< index into the theme's palette
  bool visible = true;

  bool operator==(const SceneOptimizer&) const = default;
};

/// At most this many optimizers on a surface, and as many in training.
inline constexpr std::size_t kMostOptimizers = 16;
/// Each optimizer is trained from at most this many seeds.
inline constexpr int kMostSeeds = 8;

/// A colour that none of them has yet, as far as there are any.
int free_colour(const std::vector<SceneOptimizer>& optimizers, int palette_size = 8);

struct TrainingScene {
  Spec data;           ///< of dataset_family()
  std::string folder;  ///< where its files are; empty: the usual places
  Model model;
  Spec loss;  ///< of loss_family()
  std::vector<SceneOptimizer> optimizers;
  Spec schedule;
  Drives drives = {};  ///< what else follows a schedule
  LiveSpec training;  ///< training_descriptor()
  Spec probes;        ///< probe_descriptor()
  Spec device = default_spec(device_descriptor());
  int seeds = 1;      ///< each optimizer is trained from so many seeds, counted up from that of `training`
  Spec view;          ///< training_view_descriptor()
  /// How far the networks have been trained: as far as the longest, in steps. A picture trains up to here.
  std::int64_t step = 0;

  bool operator==(const TrainingScene&) const = default;

  /// Optimizer by optimizer, each with its seeds one after the other: lane i·seeds + s.
  std::vector<TrainingSettings> lanes() const;
  TrainingSettings lane(std::size_t optimizer, int seed) const;
};

/// What the Training view shows: pages, scales, smoothing.
const Descriptor& training_view_descriptor();

/// Four optimizers racing from the same weights through the same batches of MNIST.
TrainingScene default_training_scene();

/// Every value against its bounds, and that the parts fit each other; whether the model fits the data
/// shows when these are loaded.
std::optional<Error> check(const TrainingScene& scene);

}  // namespace thalweg

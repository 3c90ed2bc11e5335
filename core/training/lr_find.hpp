// The learning-rate finder: one short training whose rate grows geometrically from update to update; the
// loss falls, turns and rises, and a good rate lies where it falls fastest.
//
// L. N. Smith, "Cyclical learning rates for training neural networks", WACV 2017, section 3.3; smoothing,
// the end at four times the best loss and a tenth of the minimum's rate as in fastai (Howard and Gugger
// 2020). Unlike there, the steepest point is searched left of the minimum only: right of it there is none
// to train with.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/training/settings.hpp"

namespace thalweg {

/// min, max, steps, smoothing: see the help of its parameters.
const Descriptor& lr_find_descriptor();

struct LrFindResult {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  /// One of each for every update made.
  std::vector<double> rates;
  std::vector<double> losses;    ///< of the batch, before the update; the last may be NaN or infinite
  std::vector<double> smoothed;  ///< exponential average with bias correction
  double steepest = kNone;  ///< rate where the smoothed loss falls fastest against log rate; NaN: nowhere
  double minimum = kNone;   ///< rate where it is lowest
  double tenth = kNone;     ///< a tenth of that
  bool stopped = false;     ///< by the caller; there is no suggestion then
  std::string verdict;      ///< in words: the suggestion, or why there is none
};

/// The suggestions from a curve, filled into `result`, whose rates and losses are given.
/// @param smoothing  share of the average that is kept at each step, below 1
void suggest_rate(LrFindResult& result, double smoothing);

/// Trains a network of its own by `settings`, whose schedule and rate are not used, nor are its epochs.
/// @param sweep  of lr_find_descriptor()
/// @param seen   called after each update with the share of the sweep that is done; true stops
Result<LrFindResult> lr_find(const TrainingSettings& settings, std::shared_ptr<const Dataset> data,
                             std::unique_ptr<TrainingEngine> engine, const Spec& sweep,
                             const std::function<bool(double)>& seen = {});

}  // namespace thalweg

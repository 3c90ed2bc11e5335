// Parameters and charts such as the program has, for the tests of the user-interface kit.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/figure/chart.hpp"
#include "core/spec/parameter.hpp"

namespace thalweg::ui::testing {

using Parameters = std::vector<std::pair<Parameter, Value>>;

struct Sample {
  std::string name;
  double loss;
  Parameters parameters;
};

Parameter learning_rate(double value);
Parameter decay_rate(const char* key, const char* symbol, const char* label, double value);
Parameter clip_norm();
Parameter layers();
Parameter weights_list();

std::vector<Sample> sample_optimizers();
Parameters sample_surface();
Parameters sample_gradient();
Parameters sample_kinds();

/// Loss, gradient norm and effective rate of four runs of `steps`, shown on an axis of `budget`.
std::vector<Chart> sample_charts(int steps, int budget);
Chart sample_divergence();
/// Loss over the learning rate, points on a log axis, with a unit.
Chart sample_finder();

}  // namespace thalweg::ui::testing

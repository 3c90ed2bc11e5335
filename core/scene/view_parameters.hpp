// Parameters that the views of a Scene have in common, so that each is worded once. For core/scene only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/spec/parameter.hpp"

namespace thalweg::scene_parameters {

/// The first choice is the default.
inline Parameter choice(std::string key, std::string label, std::vector<std::string> choices,
                        std::string help) {
  return {.key = std::move(key),
          .symbol = "",
          .label = std::move(label),
          .kind = Kind::kChoice,
          .default_value = choices.front(),
          .help = std::move(help),
          .choices = std::move(choices)};
}

inline Parameter flag(std::string key, std::string label, bool value, std::string help) {
  return {.key = std::move(key),
          .symbol = "",
          .label = std::move(label),
          .kind = Kind::kBoolean,
          .default_value = value ? 1.0 : 0.0,
          .help = std::move(help)};
}

/// Of curves; `default_value` is the share of the past.
inline Parameter smoothing(double default_value) {
  return {.key = "smoothing",
          .label = "smoothing",
          .default_value = default_value,
          .min = 0.0,
          .max = 1.0,
          .max_open = true,
          .soft_min = 0.0,
          .soft_max = 0.999,
          .scale = Scale::kLogOneMinus,
          .help =
              "Share of the past in the curves' running average, without the pull towards the first value; "
              "the raw numbers lie faint behind."};
}

}  // namespace thalweg::scene_parameters

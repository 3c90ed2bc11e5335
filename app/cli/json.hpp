// Numbers for the JSON that commands print.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>

namespace thalweg::cli {

using Json = nlohmann::ordered_json;

/// JSON has no NaN and no infinity: they become null.
inline Json json_number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

}  // namespace thalweg::cli

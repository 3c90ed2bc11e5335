// The names of what a rule keeps, for people to look at.
#pragma once

#include <string>

namespace thalweg {

/// The name of something that a rule keeps in mind for each coordinate, or works out of it: m, v̂, the rate in force.
struct StateQuantity {
  std::string symbol;      ///< "v̂"
  std::string label;       ///< "second moment, corrected"
  bool positive = false;   ///< never below 0: fit for a log axis
  bool corrected = false;  ///< the one before it, put right: the two are looked at together
};

/// The factor that stands before a gradient, or its mean, in force: HasEffectiveRate.
inline constexpr const char* kEffectiveRateSymbol = "ηᵢ";
inline const StateQuantity kEffectiveRate{kEffectiveRateSymbol, "effective rate", true};

}  // namespace thalweg

// What an optimizer keeps, for people to look at.
#pragma once

#include <string>

namespace thalweg {

/// Something that a rule keeps in mind for each coordinate, or works out of it: m, v̂, the rate in force.
struct StateQuantity {
  std::string symbol;      ///< "v̂"
  std::string label;       ///< "second moment, corrected"
  bool positive = false;   ///< never below 0: fit for a log axis
  bool corrected = false;  ///< the one before it, put right: the two are looked at together
};

}  // namespace thalweg

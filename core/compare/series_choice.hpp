// Which series a comparison shows if nobody has chosen any.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace thalweg {

/// Names of series that at least one run has: those of most runs first, and of equally many the usual ones
/// (loss, test_loss, test_accuracy...), then by name.
/// @param runs  names of each run's series
std::vector<std::string> series_by_use(std::span<const std::vector<std::string>> runs);

/// The loss, and the accuracy on samples kept back or what comes nearest to it: at most two, each of at least
/// half of the runs.
std::vector<std::string> usual_series(std::span<const std::vector<std::string>> runs);

}  // namespace thalweg

#include "core/rates/prediction.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg {

PredictedRun::PredictedRun(const LinearRule& rule, double learning_rate, std::span<const double> eigenvalues,
                           std::span<const double> start)
    : rule_(rule), learning_rate_(learning_rate), curvatures_(eigenvalues.begin(), eigenvalues.end()) {
  const auto depth = static_cast<std::size_t>(rule.degree());
  gradients_.assign(curvatures_.size() * depth, 0.0);
  for (std::size_t i = 0; i < curvatures_.size(); ++i) {
    curvatures_[i] += rule.weight_decay;
    positions_.insert(positions_.end(), depth, start[i]);
    gradients_[(i + 1) * depth - 1] = curvatures_[i] * start[i];
  }
}

double PredictedRun::distance() const {
  const auto depth = static_cast<std::size_t>(rule_.degree());
  double sum = 0.0;
  for (std::size_t i = depth - 1; i < positions_.size(); i += depth) sum += positions_[i] * positions_[i];
  return std::sqrt(sum);
}

void PredictedRun::step() {
  const auto depth = static_cast<std::size_t>(rule_.degree());
  for (std::size_t i = 0; i < curvatures_.size(); ++i) {
    double* const position = positions_.data() + i * depth;
    double* const gradient = gradients_.data() + i * depth;
    double next = 0.0;
    for (std::size_t k = 0; k < depth; ++k) next -= rule_.free[k] * position[k];
    for (std::size_t k = 0; k < rule_.driven.size(); ++k)
      next -= learning_rate_ * rule_.driven[k] * gradient[k];
    std::copy(position + 1, position + depth, position);
    std::copy(gradient + 1, gradient + depth, gradient);
    position[depth - 1] = next;
    gradient[depth - 1] = curvatures_[i] * next;
  }
}

std::vector<double> offsets(const LocalSpectrum& spectrum, const std::vector<double>& start) {
  const std::size_t n = start.size();
  std::vector<double> out(spectrum.eigenvalues.size(), 0.0);
  for (std::size_t k = 0; k < out.size(); ++k)
    for (std::size_t i = 0; i < n; ++i)
      out[k] += spectrum.directions[k * n + i] * (start[i] - spectrum.centre[i]);
  return out;
}

PredictedDistances predict(const LinearRule& rule, double learning_rate, std::span<const double> eigenvalues,
                           std::span<const double> start, std::int64_t steps, double tolerance,
                           std::int64_t keep) {
  PredictedDistances out;
  PredictedRun run(rule, learning_rate, eigenvalues, start);
  for (std::int64_t t = 0; t <= steps; ++t) {
    const double distance = run.distance();
    if (!std::isfinite(distance)) break;
    if (t < keep) out.distance.push_back(distance);
    if (distance > out.largest) out.largest = distance, out.largest_step = t;
    if (!out.reached && distance < tolerance) out.reached = t;
    if (out.reached && t + 1 >= keep) break;
    run.step();
  }
  return out;
}

double steps_for(double rate, double factor) {
  if (!(rate < 1.0)) return std::numeric_limits<double>::infinity();
  return rate > 0.0 ? std::max(0.0, std::log(factor) / std::log(rate)) : 1.0;
}

}  // namespace thalweg

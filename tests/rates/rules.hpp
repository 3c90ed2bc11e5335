// What the tests of rates share: specs, and an update rule put together as a matrix by letting the optimizer
// itself make single steps.
#pragma once

#include <array>
#include <complex>
#include <string>
#include <vector>

#include "core/optimizer/optimizer.hpp"

namespace thalweg::test {

inline Spec optimizer(const std::string& text) { return parse_spec(text, optimizer_family()).value(); }

/// One step of an optimizer with one slot on ½λθ², long after the start, as the matrix of (θ, slot).
inline std::array<std::array<double, 2>, 2> step_matrix(const Spec& spec, double learning_rate,
                                                        double curvature) {
  std::array<std::array<double, 2>, 2> out{};
  for (int column = 0; column < 2; ++column) {
    const auto stepper = make_stepper(spec, 1);
    std::vector<double> state = stepper->save();
    state.front() = 7.0;  // steps made: beyond what is special about the first
    double theta = column == 0 ? 1.0 : 0.0;
    if (state.size() > 1) state.back() = column == 1 ? 1.0 : 0.0;
    stepper->load(state);
    double gradient = curvature * theta;
    stepper->step(&theta, &gradient, learning_rate);
    out[0][static_cast<std::size_t>(column)] = theta;
    out[1][static_cast<std::size_t>(column)] = state.size() > 1 ? stepper->save().back() : 0.0;
  }
  return out;
}

/// On ½Σλᵢθᵢ² from `start`: ‖θ‖ after 0, 1, 2... updates.
inline std::vector<double> distances(const Spec& spec, const std::vector<double>& curvatures,
                                     std::vector<double> theta, int steps) {
  const auto stepper = make_stepper(spec, static_cast<int>(theta.size()));
  std::vector<double> out;
  for (int t = 0; t <= steps; ++t) {
    double sum = 0.0;
    std::vector<double> gradient;
    for (std::size_t i = 0; i < theta.size(); ++i) {
      sum += theta[i] * theta[i];
      gradient.push_back(curvatures[i] * theta[i]);
    }
    out.push_back(std::sqrt(sum));
    stepper->step(theta.data(), gradient.data(), spec.number("lr"));
  }
  return out;
}

inline int steps_below(const std::vector<double>& distance, double tolerance) {
  for (std::size_t t = 0; t < distance.size(); ++t)
    if (distance[t] < tolerance) return static_cast<int>(t);
  return -1;
}

}  // namespace thalweg::test

// What probes show of single layers.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/training/diagnosis.hpp"

namespace thalweg::diagnosis {
namespace {

/// The part of "0.weight: mean" before the colon, if the rest is `what`; else empty.
std::string owner(const std::string& column, const std::string& what) {
  const std::string end = ": " + what;
  return column.ends_with(end) ? column.substr(0, column.size() - end.size()) : std::string();
}

/// Median over the second half of the rows; NaN if nothing there is finite.
double usual(const TableView& table, int column) {
  std::vector<double> values;
  for (std::int64_t row = table.rows() / 2; row < table.rows(); ++row)
    if (const double value = table.at(row, column); std::isfinite(value)) values.push_back(value);
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

/// Dead: at the last measurement, and at all since it began, at least half of a ReLU layer's units are 0 for
/// every probe sample; from nine tenths on the layer as a whole is called dead.
void find_dead_layers(const TrainingView& view, int, std::vector<Finding>& out) {
  const ProbeSeries* probe = view.find("activations");
  if (!probe) return;
  const TableView& table = probe->table;
  for (std::size_t c = 1; c < probe->columns.size(); ++c) {
    const std::string layer = owner(probe->columns[c], "dead");
    const int column = static_cast<int>(c);
    if (layer.empty() || !(table.at(table.rows() - 1, column) >= 0.5)) continue;
    const double share = table.at(table.rows() - 1, column);
    std::int64_t since = table.rows() - 1;
    while (since > 0 && table.at(since - 1, column) >= 0.5) --since;
    const auto step = static_cast<std::int64_t>(table.at(since, 0));
    const bool whole = share >= 0.9;
    out.push_back(
        {.id = whole ? "dead_layer" : "dead_units",
         .headline =
             whole ? said("Layer %s is dead since step %lld.", layer.c_str(), static_cast<long long>(step))
                   : said("Many units of layer %s are dead since step %lld.", layer.c_str(),
                          static_cast<long long>(step)),
         .evidence = said("%.0f %% of its units are 0 for every probe sample", 100.0 * share),
         .causes = {step == 0 ? "Initial biases or weights that put the units on the flat side."
                              : "A learning rate so large that one step threw the units onto the flat side.",
                    "Inputs that are not normalised."},
         .remedy = "A smaller learning rate, He initialisation, or leaky ReLU, which always has a slope.",
         .first_step = step,
         .last_step = static_cast<std::int64_t>(table.at(table.rows() - 1, 0))});
  }
}

/// Vanishing: over the second half of the measurements the gradient of a weight tensor is a thousandth or
/// less of the last one's.
void find_vanishing_gradients(const TrainingView& view, int, std::vector<Finding>& out) {
  const ProbeSeries* probe = view.find("gradients");
  if (!probe || view.outcome == Outcome::kDiverged) return;
  std::vector<std::pair<std::string, double>> norms;
  for (std::size_t c = 1; c < probe->columns.size(); ++c) {
    const std::string tensor = owner(probe->columns[c], "mean");
    if (tensor.ends_with("weight")) norms.emplace_back(tensor, usual(probe->table, static_cast<int>(c)));
  }
  if (norms.size() < 2 || !(norms.back().second > 0.0)) return;
  const auto least = std::min_element(norms.begin(), norms.end(),
                                      [](const auto& a, const auto& b) { return a.second < b.second; });
  if (!(least->second <= 1e-3 * norms.back().second)) return;
  out.push_back({.id = "vanishing",
                 .headline = said("Hardly any gradient arrives at %s.", least->first.c_str()),
                 .evidence = said("its norm is %.2g, that of %s %.2g", least->second,
                                  norms.back().first.c_str(), norms.back().second),
                 .causes = {"Many saturating layers (sigmoid, tanh) in a row: each shortens the gradient.",
                            "A dead layer behind it, or initial weights that are too small."},
                 .remedy = "ReLU or GELU, normalisation, residual blocks, or He or Xavier initialisation.",
                 .first_step = static_cast<std::int64_t>(probe->table.at(probe->table.rows() / 2, 0)),
                 .last_step = static_cast<std::int64_t>(probe->table.at(probe->table.rows() - 1, 0))});
}

}  // namespace thalweg::diagnosis

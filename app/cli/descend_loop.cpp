#include "app/cli/descend_loop.hpp"

#include <algorithm>
#include <cstdio>

#include "app/cli/interrupt.hpp"

namespace thalweg::cli {
namespace {

Json column(const TableView& table, int index) {
  Json out = Json::array();
  for (std::int64_t row = 0; row < table.rows();) {
    const auto values = table.run(row, index);
    for (const double value : values) out.push_back(json_number(value));
    row += static_cast<std::int64_t>(values.size());
  }
  return out;
}

}  // namespace

Json written(const DescentView& lane, const Spec& spec, bool history) {
  const OptimizerDescriptor& descriptor = *find_optimizer(spec.id);
  const DescentColumns& columns = lane.columns;
  const std::int64_t last = lane.steps();
  Json out;
  out["optimizer"] = format_spec(spec, descriptor, true);
  out["outcome"] = outcome_name(lane.outcome);
  out["steps"] = last;
  out["evaluations"] = lane.evaluations;
  Json& final = out["final"];
  for (int axis = 0; axis < columns.dim; ++axis)
    final[axis_name(columns.dim, axis)] = json_number(lane.table.at(last, columns.position(axis)));
  final["loss"] = json_number(lane.table.at(last, columns.loss()));
  final["grad_norm"] = json_number(lane.table.at(last, columns.gradient_norm()));
  if (!history) return out;
  Json& record = out["history"];
  for (int axis = 0; axis < columns.dim; ++axis)
    record[axis_name(columns.dim, axis)] = column(lane.table, columns.position(axis));
  record["loss"] = column(lane.table, columns.loss());
  record["grad_norm"] = column(lane.table, columns.gradient_norm());
  record["step_length"] = column(lane.table, columns.step_length());
  record["effective_rate"] = column(lane.table, columns.effective_rate());
  return out;
}

void print_table(const RaceView& view, const RaceSettings& settings) {
  const int dim = view.surface->dim();
  const int shown = std::min(dim, 4);
  std::vector<std::string> names;
  std::size_t widest = 9;
  for (const LiveSpec& optimizer : settings.optimizers) {
    names.push_back(format_spec(optimizer.spec, *find_optimizer(optimizer.spec.id)));
    widest = std::max(widest, names.back().size());
  }
  const int width = static_cast<int>(widest);
  std::printf("%-*s  %-10s %9s %11s", width, "optimizer", "outcome", "steps", "evaluations");
  for (int axis = 0; axis < shown; ++axis) std::printf(" %13s", axis_name(dim, axis).c_str());
  std::printf(" %13s %13s\n", "loss", "grad norm");
  for (std::size_t i = 0; i < view.lanes.size(); ++i) {
    const DescentView& lane = view.lanes[i];
    const std::int64_t last = lane.steps();
    std::printf("%-*s  %-10s %9lld %11lld", width, names[i].c_str(),
                std::string(outcome_name(lane.outcome)).c_str(), static_cast<long long>(last),
                static_cast<long long>(lane.evaluations));
    for (int axis = 0; axis < shown; ++axis) std::printf(" %13.6g", lane.table.at(last, axis));
    std::printf(" %13.6g %13.6g\n", lane.table.at(last, lane.columns.loss()),
                lane.table.at(last, lane.columns.gradient_norm()));
  }
  if (shown < dim) std::printf("(coordinates %d to %d are in --json)\n", shown + 1, dim);
}

RaceView descend_to_end(Race& race, const RaceSettings& settings, RaceKeeper* keeper) {
  // In slices, so that Ctrl+C ends the run where it is and what was computed is printed.
  catch_interrupts();
  const auto steps = static_cast<std::int64_t>(settings.run.number("steps"));
  constexpr std::int64_t kSlice = 20'000;
  for (std::int64_t step = 0; step < steps && !interrupted() && !race.view().finished();) {
    race.advance(step = std::min(steps, step + kSlice));
    if (keeper) keeper->update(settings, race.view());
  }
  if (interrupted()) race.stop();
  if (keeper) keeper->update(settings, race.view());
  return race.view();
}

}  // namespace thalweg::cli

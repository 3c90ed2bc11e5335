// thalweg descend: a run on a surface without a window.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "app/cli/commands.hpp"
#include "app/cli/interrupt.hpp"
#include "app/cli/json.hpp"
#include "app/keep/race_keeper.hpp"
#include "app/work/files.hpp"
#include "core/scene/scene.hpp"
#include "core/script/script.hpp"

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

Json written(const DescentView& lane, const Spec& spec, bool history) {
  const OptimizerDescriptor& descriptor = *find_optimizer(spec.id);
  const DescentColumns& columns = lane.columns;
  const std::int64_t last = lane.steps();
  Json out;
  out["optimizer"] = format_spec(spec, descriptor, true);
  out["outcome"] = outcome_name(lane.outcome);
  out["steps"] = last;
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
  std::printf("%-*s  %-10s %9s", width, "optimizer", "outcome", "steps");
  for (int axis = 0; axis < shown; ++axis) std::printf(" %13s", axis_name(dim, axis).c_str());
  std::printf(" %13s %13s\n", "loss", "grad norm");
  for (std::size_t i = 0; i < view.lanes.size(); ++i) {
    const DescentView& lane = view.lanes[i];
    const std::int64_t last = lane.steps();
    std::printf("%-*s  %-10s %9lld", width, names[i].c_str(),
                std::string(outcome_name(lane.outcome)).c_str(), static_cast<long long>(last));
    for (int axis = 0; axis < shown; ++axis) std::printf(" %13.6g", lane.table.at(last, axis));
    std::printf(" %13.6g %13.6g\n", lane.table.at(last, lane.columns.loss()),
                lane.table.at(last, lane.columns.gradient_norm()));
  }
  if (shown < dim) std::printf("(coordinates %d to %d are in --json)\n", shown + 1, dim);
}
Result<RaceSettings> settings_from(const DescendOptions& options) {
  if (!options.scene.empty()) {
    auto scene = read_scene(options.scene);
    if (!scene) return scene.error();
    return scene->race();
  }
  RaceSettings out;
  auto surface = parse_spec(options.surface, surface_family());
  if (!surface) return surface.error();
  out.surface = std::move(*surface);
  if (options.start.empty()) {
    auto built = make_surface(out.surface);
    if (!built) return built.error();
    out.start = (*built)->start();
  } else {
    auto start = parse_numbers(options.start, ',');
    if (!start)
      return bad_input("is not a list of numbers such as 1,1: '" + options.start.substr(0, 40) + "'", "start");
    out.start = std::move(*start);
  }
  for (const std::string& text : options.optimizers) {
    auto optimizer = parse_spec(text, optimizer_family());
    if (!optimizer) return optimizer.error();
    out.optimizers.push_back({std::move(*optimizer), {}});
  }
  auto gradient = parsed(gradient_descriptor(), options.gradient);
  if (!gradient) return gradient.error();
  out.gradient.spec = std::move(*gradient);
  auto schedule = options.schedule.empty() ? Result<Spec>(default_spec(schedules().front()))
                                           : parse_spec(options.schedule, schedule_family());
  if (!schedule) return schedule.error();
  out.schedule = std::move(*schedule);
  auto run = parsed(run_descriptor(), options.run);
  if (!run) return run.error();
  out.run = std::move(*run);
  return out;
}

}  // namespace

int descend(const DescendOptions& options) {
  auto settings = settings_from(options);
  if (!settings) return fail(settings.error());
  if (options.pytorch) {
    if (settings->optimizers.size() != 1)
      return fail(bad_input("one optimizer at a time is written as PyTorch", "--pytorch"));
    const auto program = pytorch_script(settings->lane(0));
    if (!program) return fail(program.error());
    std::fputs(program->c_str(), stdout);
    return kExitOk;
  }
  Race race;
  if (auto error = race.set(*settings)) return fail(*error);
  auto keeper = Keeper::create(options.keep);
  if (!keeper) return fail(keeper.error());
  std::optional<RaceKeeper> kept;
  if (store::Recorder* recorder = (*keeper)->recorder()) kept.emplace(*recorder);
  // In slices, so that Ctrl+C ends the run where it is and what was computed is printed.
  catch_interrupts();
  const auto steps = static_cast<std::int64_t>(settings->run.number("steps"));
  constexpr std::int64_t kSlice = 20'000;
  for (std::int64_t step = 0; step < steps && !interrupted() && !race.view().finished();) {
    race.advance(step = std::min(steps, step + kSlice));
    if (kept) kept->update(*settings, race.view());
  }
  if (interrupted()) race.stop();
  const RaceView view = race.view();
  if (kept) kept->update(*settings, view);
  (*keeper)->finish();
  if (!options.json) {
    print_table(view, *settings);
    return kExitOk;
  }
  Json out;
  out["surface"] = format_spec(settings->surface, *find_surface(settings->surface.id), true);
  out["start"] = settings->start;
  out["runs"] = Json::array();
  for (std::size_t i = 0; i < view.lanes.size(); ++i)
    out["runs"].push_back(written(view.lanes[i], settings->optimizers[i].spec, options.history));
  std::printf("%s\n", out.dump(options.history ? -1 : 2).c_str());
  return kExitOk;
}

}  // namespace thalweg::cli

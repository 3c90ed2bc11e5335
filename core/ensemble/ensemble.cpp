#include "core/ensemble/ensemble.hpp"

#include <cmath>
#include <numeric>
#include <string>

#include "core/ensemble/element.hpp"
#include "core/optimizer/rules.hpp"
#include "core/surface/built_in.hpp"

namespace thalweg {

ensemble::GridOfStarts ensemble::cells_of(const StartGrid& grid) {
  return {.x0 = grid.x.lower,
          .y0 = grid.y.lower,
          .width = (grid.x.upper - grid.x.lower) / static_cast<double>(grid.columns),
          .height = (grid.y.upper - grid.y.lower) / static_cast<double>(grid.rows),
          .columns = grid.columns};
}

namespace {

/// The squares of distances below it are too small for a float.
constexpr double kLeastTolerance = 1e-18;

std::optional<Error> check_interval(const Interval& interval, const char* axis) {
  const auto good = [](double bound) { return std::abs(bound) <= kFarthestStart; };
  if (!good(interval.lower) || !good(interval.upper) || !(interval.lower <= interval.upper))
    return bad_input(std::string("from ") + axis + "0 to " + axis +
                         "1 must be two numbers of at most 1e12, the first not above the second",
                     "box");
  return std::nullopt;
}

std::optional<Error> check_grid(const StartGrid& grid, int dim) {
  if (grid.columns < 1 || grid.rows < 1 || grid.columns > kMostParticles || grid.rows > kMostParticles)
    return bad_input("needs at least one column and one row, and no more than " +
                         std::to_string(kMostParticles) + " starts",
                     "grid");
  if (dim == 1 && grid.rows != 1)
    return bad_input("has " + std::to_string(grid.rows) + " rows, but the surface is a curve: one row",
                     "grid");
  if (auto error = check_interval(grid.x, "x")) return error;
  return dim == 1 ? std::nullopt : check_interval(grid.y, "y");
}

std::optional<Error> check_list(const StartList& list, int dim) {
  if (list.y.size() != (dim == 1 ? 0 : list.x.size()))
    return bad_input("has " + std::to_string(list.x.size()) + " x and " + std::to_string(list.y.size()) +
                         " y; the surface has " + std::to_string(dim) + " coordinates",
                     "starts");
  for (const std::vector<float>* coordinates : {&list.x, &list.y})
    for (const float coordinate : *coordinates)
      if (!(std::abs(coordinate) <= static_cast<float>(kFarthestStart)))
        return bad_input("every coordinate must be a number of at most 1e12", "starts");
  return std::nullopt;
}

std::optional<Error> check_starts(const Starts& starts, int dim) {
  const auto* grid = std::get_if<StartGrid>(&starts);
  if (auto error = grid ? check_grid(*grid, dim) : check_list(std::get<StartList>(starts), dim)) return error;
  const std::int64_t count = count_of(starts);
  if (count < 1 || count > kMostParticles)
    return bad_input("there must be at least 1 start and at most " + std::to_string(kMostParticles) +
                         ", not " + std::to_string(count),
                     "starts");
  return std::nullopt;
}

}  // namespace

std::int64_t count_of(const Starts& starts) {
  if (const auto* grid = std::get_if<StartGrid>(&starts)) return grid->columns * grid->rows;
  return static_cast<std::int64_t>(std::get<StartList>(starts).x.size());
}

StartPoint start_point(const Starts& starts, std::int64_t i, int dim) {
  StartPoint out;
  if (const auto* grid = std::get_if<StartGrid>(&starts)) {
    start_of(ensemble::cells_of(*grid), i, out.x, out.y);
  } else {
    const auto& list = std::get<StartList>(starts);
    out.x = list.x[static_cast<std::size_t>(i)];
    if (dim > 1) out.y = list.y[static_cast<std::size_t>(i)];
  }
  if (dim == 1) out.y = 0.0f;
  return out;
}

Result<EnsembleSettings> default_ensemble(const Spec& surface, const Spec& optimizer, std::int64_t columns,
                                          std::int64_t rows) {
  const auto built = make_surface(surface);
  if (!built) return built.error();
  EnsembleSettings out;
  out.surface = surface;
  out.optimizer = optimizer;
  out.schedule = default_spec(schedules().front());
  out.run = default_spec(run_descriptor());
  StartGrid grid{.columns = columns, .rows = rows, .x = (*built)->domain().front(), .y = {}};
  if ((*built)->dim() > 1) grid.y = (*built)->domain()[1];
  out.starts = grid;
  return out;
}

DescentSettings descent_of(const EnsembleSettings& settings, std::int64_t i, int dim) {
  DescentSettings out;
  out.surface = settings.surface;
  const StartPoint start = start_point(settings.starts, i, dim);
  out.start = {static_cast<double>(start.x)};
  if (dim > 1) out.start.push_back(static_cast<double>(start.y));
  out.optimizer = {settings.optimizer, {}};
  out.gradient.spec = default_spec(gradient_descriptor());
  out.schedule = settings.schedule;
  out.drives = settings.drives;
  out.run = settings.run;
  return out;
}

std::optional<Error> check(const EnsembleSettings& settings, const Surface& surface) {
  if (!visit_formula(surface, [](const auto&) {}))
    return Error{ErrorCode::kUnsupported,
                 "'" + settings.surface.id + "' with " + std::to_string(surface.dim()) +
                     " coordinates can't have an ensemble: it takes a built-in surface of one or two, and no "
                     "typed formula",
                 "surface"};
  if (!find_optimizer(settings.optimizer.id))
    return Error{ErrorCode::kNotFound, "there is no optimizer '" + settings.optimizer.id + "'"};
  if (rule_index(settings.optimizer.id) < 0)
    return Error{
        ErrorCode::kUnsupported,
        "'" + settings.optimizer.id +
            "' can't run as an ensemble: it takes element-wise optimizers, such as adam, without wrappers",
        "optimizer"};
  if (auto error = check_starts(settings.starts, surface.dim())) return error;
  if (auto error = check(descent_of(settings, 0, surface.dim()), surface)) return error;
  if (const ScheduleDescriptor* schedule = find_schedule(settings.schedule.id); schedule->follow)
    return Error{ErrorCode::kUnsupported,
                 "'" + settings.schedule.id +
                     "' goes by the loss of a run, and an ensemble has one rate for all; take another",
                 "schedule"};
  const double tolerance = settings.run.number_or("tol", 0.0);
  if (tolerance > 0.0 && tolerance < kLeastTolerance)
    return bad_input("must be at least 1e-18: an ensemble computes in float", "tol");
  return std::nullopt;
}

void EnsembleResult::resize(std::int64_t particles) {
  const auto size = static_cast<std::size_t>(particles);
  for (std::vector<float>* column : {&x, &y, &loss}) column->resize(size);
  for (std::vector<std::int32_t>* column : {&steps, &minimum}) column->resize(size);
  outcome.resize(size);
}

std::int64_t EnsembleResult::total_steps() const {
  return std::accumulate(steps.begin(), steps.end(), std::int64_t{0});
}

}  // namespace thalweg

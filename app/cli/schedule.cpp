// thalweg schedule: the values of learning-rate schedules, and what they add up to.
#include "core/schedule/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "app/cli/commands.hpp"
#include "app/cli/json.hpp"
#include "app/figure_file.hpp"
#include "core/script/script.hpp"

namespace thalweg::cli {
namespace {

/// Base rate where a schedule's peak is "auto": there is no optimizer here to have one.
constexpr double kBase = 1.0;

/// More values than this are not printed at once: `--at` chooses some.
constexpr std::int64_t kMostPrinted = 1'000'000;
constexpr double kLargestStep = 9007199254740992.0;

/// Adds what is not there yet. An ordered object looks for the key first, at a cost that grows with
/// every key: with a million of them it would never end.
void append(Json& object, std::int64_t step, double value) {
  auto& members =
      static_cast<std::vector<std::pair<const std::string, Json>>&>(object.get_ref<Json::object_t&>());
  members.emplace_back(std::to_string(step), value);
}

/// Reads and checks all of them.
Result<std::vector<Spec>> specs_of(const ScheduleOptions& options) {
  std::vector<Spec> out;
  for (const std::string& text : options.schedules) {
    auto spec = parse_spec(text, schedule_family());
    if (!spec) return spec.error();
    if (auto error = check_schedule(*spec)) return *error;
    out.push_back(std::move(*spec));
  }
  return out;
}

Result<std::vector<std::int64_t>> steps_of(const std::string& list) {
  std::vector<std::int64_t> out;
  const auto given = list.empty() ? std::optional(std::vector<double>{}) : parse_numbers(list, ',');
  const Error wrong = bad_input("is not a list of steps such as 0,10,100", "at");
  if (!given) return wrong;
  for (const double step : *given) {
    if (!(step >= 0 && step <= kLargestStep) || step != std::floor(step)) return wrong;
    out.push_back(static_cast<std::int64_t>(step));
  }
  return out;
}

const char* quantity_of(const ScheduleDescriptor& schedule) {
  switch (schedule.role) {
    case ScheduleRole::kBatchSize:
      return "batch size";
    case ScheduleRole::kLossScale:
      return "loss scale";
    case ScheduleRole::kLearningRate:
      break;
  }
  return "learning rate";
}

/// Every value of each schedule, as one chart.
std::optional<Error> draw(const ScheduleOptions& options, const std::vector<Spec>& specs) {
  if (!figure_format(options.picture.out)) return bad_input("must end in .svg, .png or .csv", "out");
  if (options.steps > kMostPrinted)
    return bad_input("with --out are at most " + std::to_string(kMostPrinted), "steps");
  Chart chart;
  chart.x.label = "step";
  for (const Spec& spec : specs) {
    const ScheduleDescriptor& descriptor = *find_schedule(spec.id);
    const std::string quantity = quantity_of(descriptor);
    if (chart.series.empty()) chart.y.label = quantity;
    if (chart.y.label != quantity) chart.y.label = "value";
    Series series;
    series.name = format_spec(spec, descriptor);
    series.colour = static_cast<int>(chart.series.size());
    for (std::int64_t t = 0; t < options.steps; ++t) {
      series.x.push_back(static_cast<double>(t));
      series.y.push_back(descriptor.at(spec, t, kBase));
    }
    chart.series.push_back(std::move(series));
  }
  chart.title = chart.y.label == "learning rate" ? "Learning-rate schedules" : "Schedules";
  if (options.picture.log) chart.y.scale = AxisScale::kLog;
  return write_picture({std::move(chart)}, options.picture);
}

/// The momentum that goes with a learning rate, or NaN.
double momentum_at(const Spec& spec, std::int64_t t) {
  const ScheduleDescriptor& descriptor = *find_schedule(spec.id);
  return descriptor.momentum ? descriptor.momentum(spec, t) : std::nan("");
}

Json written(const Spec& spec, const ScheduleStatistics& sums, const std::vector<std::int64_t>& at,
             std::int64_t steps) {
  const ScheduleDescriptor& descriptor = *find_schedule(spec.id);
  Json values = Json::object(), momenta = Json::object();
  const auto add = [&](std::int64_t t, bool all) {
    const double value = descriptor.at(spec, t, kBase), momentum = momentum_at(spec, t);
    all ? append(values, t, value) : void(values[std::to_string(t)] = value);
    if (std::isnan(momentum)) return;
    all ? append(momenta, t, momentum) : void(momenta[std::to_string(t)] = momentum);
  };
  for (std::int64_t t = 0; at.empty() && t < steps; ++t) add(t, true);
  for (const std::int64_t t : at) add(t, false);
  Json out{{"schedule", format_spec(spec, descriptor, true)},
           {"values", std::move(values)},
           {"min", sums.min},
           {"max", sums.max},
           {"mean", sums.mean},
           {"first", sums.first},
           {"last", sums.last},
           {"argmin", sums.min_step},
           {"argmax", sums.max_step},
           {"mean_inclusive", sums.mean_inclusive},
           {"integral_mean", sums.integral_mean},
           {"area", sums.area}};
  if (!momenta.empty()) out["momentum"] = std::move(momenta);
  return out;
}

void print(const Spec& spec, const ScheduleStatistics& sums, const std::vector<std::int64_t>& at) {
  std::printf("%s\n  first %.10g  last %.10g  min %.10g (step %lld)  max %.10g (step %lld)  mean %.10g\n",
              format_spec(spec, *find_schedule(spec.id)).c_str(), sums.first, sums.last, sums.min,
              static_cast<long long>(sums.min_step), sums.max, static_cast<long long>(sums.max_step),
              sums.mean);
  std::printf("  mean of t = 0 to T %.10g  of the integral %.10g  area %.10g\n", sums.mean_inclusive,
              sums.integral_mean, sums.area);
  for (const std::int64_t t : at) {
    const double value = find_schedule(spec.id)->at(spec, t, kBase), momentum = momentum_at(spec, t);
    std::printf("  %12lld  %.12g", static_cast<long long>(t), value);
    if (!std::isnan(momentum))
      std::printf("  momentum %.12g  rate / (1 - momentum) %.12g", momentum, value / (1.0 - momentum));
    std::printf("\n");
  }
}

}  // namespace

int schedule(const ScheduleOptions& options) {
  if (options.steps < 1 || options.steps > 100'000'000)
    return fail(bad_input("must be at least 1 and at most 100000000", "steps"));
  const auto at = steps_of(options.at);
  if (!at) return fail(at.error());
  const auto specs = specs_of(options);
  if (!specs) return fail(specs.error());
  if (!options.picture.out.empty()) {
    const auto error = draw(options, *specs);
    return error ? fail(*error) : kExitOk;
  }
  if (options.json && at->empty() && options.steps > kMostPrinted)
    return fail(bad_input(
        "with --json are at most " + std::to_string(kMostPrinted) + " unless --at chooses some of them",
        "steps"));
  Json out;
  out["schedules"] = Json::array();
  for (const Spec& spec : *specs) {
    if (options.pytorch) {
      const auto lines = pytorch_schedule(spec, kBase, options.steps);
      if (!lines) return fail(lines.error());
      std::fputs(lines->c_str(), stdout);
      continue;
    }
    const ScheduleStatistics sums = schedule_statistics(spec, options.steps, kBase);
    if (options.json)
      out["schedules"].push_back(written(spec, sums, *at, options.steps));
    else
      print(spec, sums, *at);
  }
  if (options.json && !options.pytorch) std::printf("%s\n", out.dump(2).c_str());
  return kExitOk;
}

}  // namespace thalweg::cli

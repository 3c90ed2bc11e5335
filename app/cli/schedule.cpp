// thalweg schedule: the values of learning-rate schedules, and what they add up to.
#include "core/schedule/schedule.hpp"

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
  auto& members = static_cast<std::vector<std::pair<const std::string, Json>>&>(object.get_ref<Json::object_t&>());
  members.emplace_back(std::to_string(step), value);
}

/// Every value of each schedule, as one chart.
std::optional<Error> draw(const ScheduleOptions& options) {
  if (!figure_format(options.picture.out)) return bad_input("must end in .svg, .png or .csv", "out");
  if (options.steps > kMostPrinted)
    return bad_input("with --out are at most " + std::to_string(kMostPrinted), "steps");
  Chart chart;
  chart.title = "Learning-rate schedules";
  chart.x.label = "step";
  chart.y.label = "learning rate";
  for (const std::string& text : options.schedules) {
    const auto spec = parse_spec(text, schedule_family());
    if (!spec) return spec.error();
    const ScheduleDescriptor& descriptor = *find_schedule(spec->id);
    Series series;
    series.name = format_spec(*spec, descriptor);
    series.colour = static_cast<int>(chart.series.size());
    for (std::int64_t t = 0; t < options.steps; ++t) {
      series.x.push_back(static_cast<double>(t));
      series.y.push_back(descriptor.at(*spec, t, kBase));
    }
    chart.series.push_back(std::move(series));
  }
  if (options.picture.log) chart.y.scale = AxisScale::kLog;
  return write_picture({std::move(chart)}, options.picture);
}

}  // namespace

int schedule(const ScheduleOptions& options) {
  if (options.steps < 1 || options.steps > 100'000'000)
    return fail(bad_input("must be at least 1 and at most 100000000", "steps"));
  std::vector<std::int64_t> at;
  const auto given = options.at.empty() ? std::optional(std::vector<double>{}) : parse_numbers(options.at, ',');
  const Error wrong = bad_input("is not a list of steps such as 0,10,100", "at");
  if (!given) return fail(wrong);
  for (const double step : *given) {
    if (!(step >= 0 && step <= kLargestStep) || step != std::floor(step)) return fail(wrong);
    at.push_back(static_cast<std::int64_t>(step));
  }
  if (!options.picture.out.empty()) {
    const auto error = draw(options);
    return error ? fail(*error) : kExitOk;
  }
  if (options.json && at.empty() && options.steps > kMostPrinted)
    return fail(bad_input("with --json are at most " + std::to_string(kMostPrinted) + " unless --at chooses some of them",
                          "steps"));
  Json out;
  out["schedules"] = Json::array();
  for (const std::string& text : options.schedules) {
    auto spec = parse_spec(text, schedule_family());
    if (!spec) return fail(spec.error());
    if (options.pytorch) {
      const auto lines = pytorch_schedule(*spec, kBase, options.steps);
      if (!lines) return fail(lines.error());
      std::fputs(lines->c_str(), stdout);
      continue;
    }
    const ScheduleDescriptor& descriptor = *find_schedule(spec->id);
    double low = 0.0, high = 0.0, sum = 0.0;
    std::int64_t low_at = 0, high_at = 0;
    Json values = Json::object();
    for (std::int64_t t = 0; t < options.steps; ++t) {
      const double value = descriptor.at(*spec, t, kBase);
      if (t == 0 || value < low) low = value, low_at = t;
      if (t == 0 || value > high) high = value, high_at = t;
      sum += value;
      if (at.empty() && options.json) append(values, t, value);
    }
    for (const std::int64_t t : at) values[std::to_string(t)] = descriptor.at(*spec, t, kBase);
    const double first = descriptor.at(*spec, 0, kBase);
    const double last = descriptor.at(*spec, options.steps - 1, kBase);
    const double mean = sum / static_cast<double>(options.steps);
    if (options.json) {
      out["schedules"].push_back({{"schedule", format_spec(*spec, descriptor, true)},
                                  {"values", values},
                                  {"min", low},
                                  {"max", high},
                                  {"mean", mean},
                                  {"first", first},
                                  {"last", last},
                                  {"argmin", low_at},
                                  {"argmax", high_at}});
      continue;
    }
    std::printf("%s\n  first %.10g  last %.10g  min %.10g (step %lld)  max %.10g (step %lld)  mean %.10g\n",
                format_spec(*spec, descriptor).c_str(), first, last, low, static_cast<long long>(low_at), high,
                static_cast<long long>(high_at), mean);
    for (const std::int64_t t : at)
      std::printf("  %12lld  %.12g\n", static_cast<long long>(t), descriptor.at(*spec, t, kBase));
  }
  if (options.json && !options.pytorch) std::printf("%s\n", out.dump(2).c_str());
  return kExitOk;
}

}  // namespace thalweg::cli

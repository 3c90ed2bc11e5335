// What thalweg ensemble prints and writes.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "app/cli/ensemble.hpp"
#include "app/gl/image.hpp"
#include "app/ui/theme.hpp"
#include "app/work/files.hpp"
#include "core/ensemble/picture.hpp"

namespace thalweg::cli {
namespace {

constexpr std::size_t kShownMinima = 12;
/// A PNG of more pixels than this is for nobody.
constexpr std::int64_t kMostPixels = std::int64_t{1} << 25;
constexpr std::int64_t kMostLines = std::int64_t{1} << 24;

double share(std::int64_t part, std::int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

std::string optimizer_of(const EnsembleRecord& record, bool all) {
  return format_spec(record.settings.optimizer, *find_optimizer(record.settings.optimizer.id), all);
}
std::string surface_of(const EnsembleRecord& record, bool all) {
  return format_spec(record.settings.surface, *find_surface(record.settings.surface.id), all);
}

Json written(const StepQuantiles& steps) {
  return {{"min", steps.least},     {"p10", steps.tenth}, {"median", steps.median},
          {"p90", steps.ninetieth}, {"max", steps.most},  {"mean", steps.mean}};
}

std::string extension_of(const std::string& file) { return std::filesystem::path(file).extension().string(); }

/// A number as NumPy has it in its files: the lowest byte first.
template <class T>
void put(std::string& out, T value) {
  std::array<char, sizeof(T)> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  if constexpr (std::endian::native == std::endian::big) std::reverse(bytes.begin(), bytes.end());
  out.append(bytes.data(), bytes.size());
}

std::string as_csv(const EnsembleRecord& record) {
  const bool curve = record.surface->dim() == 1;
  const EnsembleResult& all = record.result;
  std::string out = curve ? "x0,x,loss,steps,outcome,minimum\n" : "x0,y0,x,y,loss,steps,outcome,minimum\n";
  char line[200];
  for (std::int64_t i = 0; i < all.count(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const StartPoint start = start_point(record.settings.starts, i, record.surface->dim());
    const auto value = [](float x) { return static_cast<double>(x); };
    int used = curve ? std::snprintf(line, sizeof line, "%.9g,%.9g", value(start.x), value(all.x[at]))
                     : std::snprintf(line, sizeof line, "%.9g,%.9g,%.9g,%.9g", value(start.x), value(start.y),
                                     value(all.x[at]), value(all.y[at]));
    used += std::snprintf(line + used, sizeof line - static_cast<std::size_t>(used), ",%.9g,%d,%s,%d\n",
                          value(all.loss[at]), all.steps[at],
                          std::string(outcome_name(all.outcome[at])).c_str(), all.minimum[at]);
    out.append(line, static_cast<std::size_t>(used));
  }
  return out;
}

/// NumPy's format, version 1.0 (numpy.lib.format): a header padded to 64 bytes, then one record after the
/// other. `outcome` is the number of the enumeration: 1 converged, 2 budget, 3 diverged, 4 stopped.
std::string as_npy(const EnsembleRecord& record) {
  const auto& grid = std::get<StartGrid>(record.settings.starts);
  std::string header =
      "{'descr': [('x0', '<f4'), ('y0', '<f4'), ('x', '<f4'), ('y', '<f4'), ('loss', '<f4'), ('steps', "
      "'<i4'), "
      "('minimum', '<i4'), ('outcome', '<i4')], 'fortran_order': False, 'shape': (" +
      (record.surface->dim() == 1 ? std::to_string(grid.columns) + ","
                                  : std::to_string(grid.rows) + ", " + std::to_string(grid.columns)) +
      "), }";
  constexpr std::size_t kBefore = 10;
  header.append(63 - (kBefore + header.size()) % 64, ' ');
  header += '\n';
  std::string out = "\x93NUMPY";
  out += '\1';
  out += '\0';
  put(out, static_cast<std::uint16_t>(header.size()));
  out += header;
  const EnsembleResult& all = record.result;
  for (std::int64_t i = 0; i < all.count(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const StartPoint start = start_point(record.settings.starts, i, record.surface->dim());
    for (const float value : {start.x, start.y, all.x[at], all.y[at], all.loss[at]}) put(out, value);
    for (const std::int32_t value :
         {all.steps[at], all.minimum[at], static_cast<std::int32_t>(all.outcome[at])})
      put(out, value);
  }
  return out;
}

}  // namespace

void print_table(const EnsembleRecord& record) {
  const EnsembleSummary& summary = record.summary;
  std::printf("%s on %s, %lld starts\n\n", optimizer_of(record, false).c_str(),
              surface_of(record, false).c_str(), static_cast<long long>(summary.count));
  std::printf("%-10s %10s %8s   %11s %9s %9s %9s\n", "outcome", "starts", "share", "steps: 10 %", "median",
              "90 %", "most");
  for (const OutcomeCount& each : summary.outcomes)
    std::printf("%-10s %10lld %6.2f %%   %11d %9d %9d %9d\n", std::string(outcome_name(each.outcome)).c_str(),
                static_cast<long long>(each.count), 100.0 * share(each.count, summary.count),
                each.steps.tenth, each.steps.median, each.steps.ninetieth, each.steps.most);
  const bool curve = record.surface->dim() == 1;
  if (!summary.minima.empty()) {
    std::printf("\n%-8s %12s", "minimum", "x");
    if (!curve) std::printf(" %12s", "y");
    std::printf(" %14s %10s %8s\n", "loss", "converged", "share");
  }
  std::int64_t others = 0;
  for (std::size_t i = 0; i < summary.minima.size(); ++i) {
    const MinimumCount& each = summary.minima[i];
    if (i >= kShownMinima) {
      others += each.converged;
      continue;
    }
    const MarkedPoint& point = record.surface->minima()[static_cast<std::size_t>(each.minimum)];
    std::printf("%-8d %12.6g", each.minimum, point.x[0]);
    if (!curve) std::printf(" %12.6g", point.x[1]);
    std::printf(" %14.6g %10lld %6.2f %%\n", point.value, static_cast<long long>(each.converged),
                100.0 * share(each.converged, summary.count));
  }
  if (summary.minima.size() > kShownMinima)
    std::printf("%zu others %*lld %6.2f %%\n", summary.minima.size() - kShownMinima, curve ? 31 : 44,
                static_cast<long long>(others), 100.0 * share(others, summary.count));
  std::printf("\n%.3g s on the %s (%s): %.3g steps/s\n", record.seconds, record.device.c_str(),
              record.how.c_str(), static_cast<double>(summary.total_steps) / record.seconds);
  if (!record.choice.empty()) std::printf("auto: %s\n", record.choice.c_str());
}

Json written(const EnsembleRecord& record) {
  const EnsembleSummary& summary = record.summary;
  const auto& grid = std::get<StartGrid>(record.settings.starts);
  const bool curve = record.surface->dim() == 1;
  Json out;
  out["surface"] = surface_of(record, true);
  out["optimizer"] = optimizer_of(record, true);
  out["schedule"] = format_spec(record.settings.schedule, *find_schedule(record.settings.schedule.id), true);
  out["drives"] = Json::array();
  for (const Drive& drive : record.settings.drives) out["drives"].push_back(format_drive(drive));
  out["grid"] = curve ? Json{grid.columns} : Json{grid.columns, grid.rows};
  out["box"] =
      curve ? Json{grid.x.lower, grid.x.upper} : Json{grid.x.lower, grid.x.upper, grid.y.lower, grid.y.upper};
  out["steps"] = record.settings.run.number("steps");
  out["tol"] = record.settings.run.is_off("tol") ? Json(nullptr) : Json(record.settings.run.number("tol"));
  out["count"] = summary.count;
  out["outcomes"] = Json::object();
  for (const OutcomeCount& each : summary.outcomes)
    out["outcomes"][std::string(outcome_name(each.outcome))] = {
        {"count", each.count}, {"share", share(each.count, summary.count)}, {"steps", written(each.steps)}};
  out["minima"] = Json::array();
  for (const MinimumCount& each : summary.minima) {
    const MarkedPoint& point = record.surface->minima()[static_cast<std::size_t>(each.minimum)];
    out["minima"].push_back({{"minimum", each.minimum},
                             {"at", point.x},
                             {"loss", json_number(point.value)},
                             {"global", point.global},
                             {"converged", each.converged},
                             {"share", share(each.converged, summary.count)}});
  }
  out["total_steps"] = summary.total_steps;
  out["seconds"] = record.seconds;
  out["steps_per_second"] = static_cast<double>(summary.total_steps) / record.seconds;
  out["device"] = record.device;
  out["how"] = record.how;
  if (!record.choice.empty()) out["device_choice"] = record.choice;
  return out;
}

std::optional<Error> check_files(const EnsembleOptions& options, int dim, std::int64_t starts) {
  if (!options.out.empty() && extension_of(options.out) != ".csv" && extension_of(options.out) != ".npy")
    return bad_input("must end in .csv or .npy, not '" + options.out.substr(0, 80) + "'", "out");
  if (extension_of(options.out) == ".csv" && starts > kMostLines)
    return bad_input("would have more than 16 million lines; .npy takes all", "out");
  if (options.picture.empty()) return std::nullopt;
  if (extension_of(options.picture) != ".png")
    return bad_input("must end in .png, not '" + options.picture.substr(0, 80) + "'", "picture");
  if (dim == 1) return bad_input("is a map of two variables, and this surface is a curve", "picture");
  if (starts > kMostPixels) return bad_input("would have more than 33 million pixels", "picture");
  return std::nullopt;
}

std::optional<Error> write_particles(const EnsembleRecord& record, const std::string& file) {
  return write_file(file, extension_of(file) == ".csv" ? as_csv(record) : as_npy(record));
}

std::optional<Error> write_basins(const EnsembleRecord& record, const std::string& file) {
  const auto& grid = std::get<StartGrid>(record.settings.starts);
  std::vector<Rgb> colours;
  const auto rgb_of = [](ui::Colour colour) {
    return Rgb{static_cast<std::uint8_t>(colour & 0xFFU), static_cast<std::uint8_t>((colour >> 8U) & 0xFFU),
               static_cast<std::uint8_t>((colour >> 16U) & 0xFFU)};
  };
  const ui::Theme& theme = ui::light_theme();
  for (const auto colour : theme.path) {
    const Rgb rgb = rgb_of(colour);
    if (*std::max_element(rgb.begin(), rgb.end()) > 90)
      colours.push_back(rgb);  // the dark one is for what diverged
  }
  const auto pixels = basin_picture(
      record.result, grid, {.minima = colours, .wandering = {214, 214, 214}, .diverged = {38, 38, 38}});
  return write_png(file, static_cast<int>(grid.columns), static_cast<int>(grid.rows), pixels);
}

}  // namespace thalweg::cli

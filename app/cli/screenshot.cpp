// thalweg screenshot: a Scene drawn to a file, without a display. The same Scene gives the same file.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "app/cli/commands.hpp"
#include "app/cli/figure.hpp"
#include "app/headless.hpp"
#include "app/work/files.hpp"
#include "core/store/store.hpp"

namespace thalweg::cli {
namespace {

constexpr int kSmallestSide = 64;
constexpr int kLargestSide = 8192;

template <class Member>
std::optional<Error> set_spec(Member& member, const std::string& text, const Family& family) {
  auto spec = parse_spec(text, family);
  if (!spec) return spec.error();
  member = std::move(*spec);
  return std::nullopt;
}

/// A parameter of a group of the training part: training.batch=64, probes.gradients=10.
std::optional<Error> set_parameter(const Descriptor& descriptor, Spec& spec, const std::string& key, const std::string& value) {
  const Parameter* parameter = descriptor.find(key);
  if (!parameter) return bad_input("has no parameter '" + key + "'", descriptor.id);
  auto parsed = parse_value(*parameter, value);
  if (!parsed) return parsed.error();
  *spec.find(key) = std::move(*parsed);
  return std::nullopt;
}

/// "training.KEY=VALUE": data, folder, model, initialisation, loss, schedule, optimizer, seeds, step, or a
/// parameter of training.
std::optional<Error> set_training(TrainingScene& scene, const std::string& key, const std::string& value, bool& replaced_optimizers) {
  if (key == "data") return set_spec(scene.data, value, dataset_family());
  if (key == "loss") return set_spec(scene.loss, value, loss_family());
  if (key == "schedule") return set_spec(scene.schedule, value, schedule_family());
  if (key == "initialisation") return set_spec(scene.model.initialisation, value, initialisation_family());
  if (key == "folder") {
    scene.folder = value;
  } else if (key == "model") {
    auto model = parse_model(value);
    if (!model) return model.error();
    model->initialisation = scene.model.initialisation;
    scene.model = std::move(*model);
  } else if (key == "optimizer") {
    Spec spec;
    if (auto error = set_spec(spec, value, optimizer_family())) return error;
    if (!std::exchange(replaced_optimizers, true)) scene.optimizers.clear();
    scene.optimizers.push_back({{std::move(spec), {}}, free_colour(scene.optimizers), true});
  } else if (key == "seeds" || key == "step") {
    const auto number = parse_number(value);
    const double most = key == "seeds" ? kMostSeeds : 1e7;
    if (!number || *number < 0 || *number != std::floor(*number) || *number > most)
      return bad_input("must be a whole number of at most " + format_number(most), "training." + key);
    if (key == "seeds") scene.seeds = static_cast<int>(*number);
    else scene.step = static_cast<std::int64_t>(*number);
  } else {
    return set_parameter(training_descriptor(), scene.training.spec, key, value);
  }
  return std::nullopt;
}

std::vector<std::string> names_of(const std::string& list) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    if (end > begin) out.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

/// "runs.KEY=VALUE": filter, sort, columns, series, selected (uids), list_group, group, across, upward, or a
/// parameter of the view.
std::optional<Error> set_runs(RunsScene& scene, const std::string& key, const std::string& value) {
  const std::pair<const char*, std::string*> texts[] = {
      {"filter", &scene.filter}, {"sort", &scene.sort},     {"list_group", &scene.list_group},
      {"group", &scene.group},   {"across", &scene.across}, {"upward", &scene.upward},
      {"shade", &scene.shade}};
  for (const auto& [name, text] : texts)
    if (key == name) {
      *text = value;
      return std::nullopt;
    }
  if (key == "columns" || key == "series") {
    (key == "columns" ? scene.columns : scene.series) = names_of(value);
  } else if (key == "selected") {
    scene.selected.clear();
    for (std::string& uid : names_of(value)) scene.selected.push_back({std::move(uid), scene.free_colour(), true});
  } else {
    return set_parameter(runs_view_descriptor(), scene.view, key, value);
  }
  return std::nullopt;
}

/// "schedules.KEY=VALUE": schedule (the first replaces those there are), preset, selected (counted from 0), or a
/// parameter of the view.
std::optional<Error> set_schedules(ScheduleScene& scene, const std::string& key, const std::string& value,
                                   bool& replaced) {
  if (key == "schedule") {
    Spec spec;
    if (auto error = set_spec(spec, value, schedule_family())) return error;
    if (!std::exchange(replaced, true)) scene.schedules.clear();
    scene.schedules.push_back({std::move(spec), scene.free_colour(), true});
  } else if (key == "preset") {
    const auto& all = schedule_presets();
    const auto found = std::find_if(all.begin(), all.end(), [&](const SchedulePreset& one) { return one.id == value; });
    if (found == all.end()) return bad_input("there is no preset '" + value.substr(0, 40) + "'", "schedules.preset");
    set_preset(scene, *found);
  } else if (key == "selected") {
    const auto number = parse_number(value);
    if (!number || *number < 0 || *number != std::floor(*number) || *number >= static_cast<double>(kMostSchedules))
      return bad_input("must be a whole number less than " + std::to_string(kMostSchedules), "schedules.selected");
    scene.selected = static_cast<int>(*number);
  } else {
    return set_parameter(schedule_view_descriptor(), scene.view, key, value);
  }
  return std::nullopt;
}

/// One "--set KEY=VALUE": surface=SPEC, optimizer=SPEC (the first replaces those there are), start=X,Y,
/// step=N, or group.key=value for run, gradient, view, camera, appearance, training, probes and training_view.
std::optional<Error> set(Scene& scene, const std::string& text, bool& replaced_optimizers, bool& replaced_trained,
                         bool& replaced_schedules) {
  const auto equals = text.find('=');
  if (equals == std::string::npos) return bad_input("expected key=value, not '" + text.substr(0, 40) + "'", "set");
  const std::string key = text.substr(0, equals);
  const std::string value = text.substr(equals + 1);
  if (key.starts_with("training.")) return set_training(scene.training, key.substr(9), value, replaced_trained);
  if (key.starts_with("schedules.")) return set_schedules(scene.schedules, key.substr(10), value, replaced_schedules);
  if (key.starts_with("runs.")) return set_runs(scene.runs, key.substr(5), value);
  if (key == "surface") {
    auto spec = parse_spec(value, surface_family());
    return spec ? set_surface(scene, *spec) : std::optional(spec.error());
  }
  if (key == "schedule") {
    auto spec = parse_spec(value, schedule_family());
    if (!spec) return spec.error();
    scene.schedule = std::move(*spec);
    return std::nullopt;
  }
  if (key == "optimizer") {
    auto spec = parse_spec(value, optimizer_family());
    if (!spec) return spec.error();
    if (!std::exchange(replaced_optimizers, true)) scene.optimizers.clear();
    scene.optimizers.push_back({{std::move(*spec), {}}, free_colour(scene), true});
    return std::nullopt;
  }
  if (key == "step") {
    const auto step = parse_number(value);
    if (!step || *step < 0 || *step != std::floor(*step) || *step > 1e7)
      return bad_input("must be a whole number of at most 10000000", "step");
    scene.step = static_cast<std::int64_t>(*step);
    return std::nullopt;
  }
  if (key == "start") {
    auto start = parse_numbers(value, ',');
    if (!start) return bad_input("is not a list of numbers such as 1,1", "start");
    scene.start = std::move(*start);
    return std::nullopt;
  }
  const std::pair<const Descriptor*, Spec*> groups[] = {{&run_descriptor(), &scene.run},
                                                        {&gradient_descriptor(), &scene.gradient.spec},
                                                        {&view_descriptor(), &scene.view},
                                                        {&camera_descriptor(), &scene.camera},
                                                        {&probe_descriptor(), &scene.training.probes},
                                                        {&training_view_descriptor(), &scene.training.view},
                                                        {&runs_view_descriptor(), &scene.runs.view},
                                                        {&appearance_descriptor(), &scene.appearance}};
  for (const auto& [descriptor, spec] : groups) {
    if (!key.starts_with(descriptor->id + ".")) continue;
    return set_parameter(*descriptor, *spec, key.substr(descriptor->id.size() + 1), value);
  }
  return bad_input("there is no '" + key.substr(0, 40) +
                       "'; there are surface, optimizer, schedule, start, step and run.*, gradient.*, view.*, "
                       "camera.*, appearance.*, training.*, schedules.*, runs.*",
                   "set");
}

}  // namespace

int screenshot(const ScreenshotOptions& options) {
  const auto size = parse_size(options.size, kSmallestSide, kLargestSide);
  if (!size) return fail(size.error());
  Scene scene = default_scene();
  scene.step = 1240;
  if (!options.scene.empty()) {
    auto opened = read_scene(options.scene);
    if (!opened) return fail(opened.error());
    scene = std::move(*opened);
  }
  bool replaced_optimizers = false, replaced_trained = false, replaced_schedules = false;
  for (const std::string& change : options.set)
    if (auto error = set(scene, change, replaced_optimizers, replaced_trained, replaced_schedules)) return fail(*error);
  if (auto error = check(scene)) return fail(*error);

  WorkbenchOptions bench_options;
  bench_options.synchronous = true;
  bench_options.db = options.db.empty() ? store::default_file() : std::filesystem::path(options.db);
  auto headless = Headless::create(std::move(scene), size->first, size->second, std::move(bench_options));
  if (!headless) return fail(headless.error());
  if (auto error = (*headless)->workbench().show(options.view)) return fail(*error);
  // The layout settles within a few frames: heights are known only after they were drawn once.
  (*headless)->frames(4);
  const Image image = (*headless)->picture();
  if (auto error = write_png(options.out, image.width, image.height, image.rgb)) return fail(*error);
  return kExitOk;
}

}  // namespace thalweg::cli

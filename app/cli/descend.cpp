// thalweg descend: a run on a surface without a window.
#include <cstdio>

#include "app/cli/commands.hpp"
#include "app/cli/descend_loop.hpp"
#include "app/work/files.hpp"
#include "core/scene/scene.hpp"
#include "core/script/script.hpp"

namespace thalweg::cli {
namespace {

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
  if (auto error = read_schedules(options.schedules, out.schedule, out.drives)) return *error;
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
    if (auto error = check_drives(*settings)) return fail(*error);
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
  const RaceView view = descend_to_end(race, *settings, kept ? &*kept : nullptr);
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

// Reads the command line. Options that set a parameter are made from its descriptor.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "app/cli/ensemble.hpp"
#include "app/cli/options.hpp"
#include "app/cli/rates.hpp"
#include "app/cli/runs.hpp"
#include "app/work/files.hpp"
#include "core/descent/settings.hpp"

namespace thalweg::cli {
namespace {

/// Every option that takes a value wants one that is not empty.
void refuse_empty(CLI::App& app) {
  const CLI::Validator given([](std::string& text) { return text.empty() ? std::string("is empty") : std::string(); }, "");
  for (CLI::Option* option : app.get_options())
    if (option->get_items_expected_max() > 0) option->check(given);
  for (CLI::App* command : app.get_subcommands({})) refuse_empty(*command);
}

/// What CLI11 says, as one sentence of ours.
std::string said(const CLI::ParseError& error) {
  std::string line = error.what();
  const std::string name = line.substr(0, line.find(':'));
  if (line.find(" required ") != std::string::npos && line.find(" missing") != std::string::npos)
    line = name + ": needs a value";
  else if (line.find("At Most 1 required but received") != std::string::npos)
    line = name + ": is given more than once";
  if (line.size() > 200) line = line.substr(0, 200) + "…";
  return line;
}

/// The file that the window is to open, before there is a window: a mistyped command ends up here too.
std::optional<Error> check_file(const std::string& file, const CLI::App& app) {
  auto scene = read_scene(file);
  if (scene) return std::nullopt;
  if (scene.error().code != ErrorCode::kNotFound) return scene.error();
  std::vector<std::string> commands;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    commands.push_back(command->get_name());
  const std::string close = nearest(file, commands);
  return bad_input("there is no such file" + (close.empty() ? "" : "; did you mean the command '" + close + "'?"),
                   file.size() > 200 ? file.substr(0, 200) + "…" : file);
}

}  // namespace

std::string one_line(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
    const unsigned first = byte(i);
    const std::size_t length = first < 0x80 ? 1 : first >= 0xC2 && first < 0xE0 ? 2 : first >= 0xE0 && first < 0xF0 ? 3
                               : first >= 0xF0 && first < 0xF5 ? 4 : 0;
    bool good = length > 0 && first >= 0x20 && first != 0x7F;
    for (std::size_t k = 1; good && k < length; ++k) good = (byte(i + k) & 0xC0U) == 0x80;
    if (first == 0xC2 && byte(i + 1) < 0xA0) good = false;  // control characters beyond ASCII
    out += good ? text.substr(i, length) : "?";
    i += good ? length : 1;
  }
  return out;
}

void add_parameters(CLI::App& command, const Descriptor& descriptor, std::vector<std::string>& values,
                    const std::vector<std::string_view>& without) {
  values.assign(descriptor.parameters.size(), {});
  for (std::size_t i = 0; i < descriptor.parameters.size(); ++i) {
    const Parameter& parameter = descriptor.parameters[i];
    if (std::find(without.begin(), without.end(), parameter.key) != without.end()) continue;
    command.add_option("--" + parameter.key, values[i], parameter.help)
        ->type_name(format_value(parameter.default_value, parameter))
        ->group(descriptor.label);
  }
}

void add_device(CLI::App& command, std::vector<std::string>& values) {
  add_parameters(command, device_descriptor(), values);
  // A switch may stand alone, as the others do.
  command.get_option("--tf32")->expected(0, 1)->default_str("true");
}

void add_schedules(CLI::App& command, std::vector<std::string>& schedules) {
  command
      .add_option("--schedule", schedules,
                  "learning-rate schedule, or another setting's: momentum=linear:end_factor=0.5; once for each")
      ->type_name("SPEC")
      ->expected(1)
      ->take_all();
}

std::optional<Error> read_schedules(const std::vector<std::string>& texts, Spec& schedule, Drives& drives) {
  schedule = default_spec(schedules().front());
  bool given = false;
  for (const std::string& text : texts) {
    auto drive = parse_drive(text);
    if (!drive) return drive.error();
    if (!drive->key.empty()) {
      drives.push_back(std::move(*drive));
      continue;
    }
    if (given) return bad_input("the learning rate has two", "schedule");
    given = true;
    schedule = std::move(drive->schedule);
  }
  return std::nullopt;
}

Result<Spec> parsed(const Descriptor& descriptor, const std::vector<std::string>& values) {
  Spec spec = default_spec(descriptor);
  for (std::size_t i = 0; i < descriptor.parameters.size(); ++i) {
    if (i >= values.size() || values[i].empty()) continue;
    auto value = parse_value(descriptor.parameters[i], values[i]);
    if (!value) return value.error();
    spec.values[i].second = std::move(*value);
  }
  return spec;
}

int fail(const Error& error) {
  std::fprintf(stderr, "thalweg: %s\n", one_line(error.text()).c_str());
  return error.code == ErrorCode::kBadInput || error.code == ErrorCode::kNotFound ? kExitBadInput : kExitFailed;
}

int run(int argc, char** argv) {
  CLI::App app{"Thalweg: watch optimizers find the lowest part of the valley.", "thalweg"};
  app.set_version_flag("--version", "thalweg " THALWEG_VERSION);
  app.require_subcommand(0, 1);

  WindowOptions window_options;
  app.add_option("file", window_options.scene, "a Scene file to open");
  app.add_flag("--fresh", window_options.fresh, "begin with the default Scene, not the last one");
  add_keep_options(app, window_options.keep);

  DescendOptions descend_options;
  CLI::App& descend_command = *app.add_subcommand("descend", "run optimizers on a surface");
  descend_command.add_option("--surface", descend_options.surface, "surface, such as rosenbrock:b=10")
      ->type_name("SPEC");
  descend_command.add_option("--optimizer", descend_options.optimizers, "optimizer, such as adam:lr=0.1; any number")
      ->type_name("SPEC")
      ->expected(1)
      ->take_all();
  descend_command.add_option("--start", descend_options.start, "start, such as 1,1")->type_name("X,Y");
  add_schedules(descend_command, descend_options.schedules);
  CLI::Option* descend_scene =
      descend_command.add_option("--scene", descend_options.scene, "take everything from a Scene file")->type_name("FILE");
  descend_command.add_flag("--history", descend_options.history, "every step, in the JSON");
  descend_command.add_flag("--json", descend_options.json, "print JSON");
  descend_command.add_flag("--pytorch", descend_options.pytorch, "print a PyTorch program of the run instead");
  CLI::Option* const descend_db = add_keep_options(descend_command, descend_options.keep);
  add_parameters(descend_command, gradient_descriptor(), descend_options.gradient);
  add_parameters(descend_command, run_descriptor(), descend_options.run);
  // Everything is in the file: what else was asked for would be silently ignored.
  for (CLI::Option* option : descend_command.get_options())
    if (option != descend_scene && option != descend_db && option->get_items_expected_max() > 0) descend_scene->excludes(option);

  ListOptions list_options;
  DevicesOptions devices_options;
  CLI::App& devices_command = *app.add_subcommand("devices", "what networks can be trained on: CPU and CUDA devices");
  devices_command.add_flag("--json", devices_options.json, "print JSON");

  CLI::App& list_command = *app.add_subcommand("list", "what there is: optimizers, surfaces, schedules, data sets, layers...");
  list_command.add_option("family", list_options.family, "what to list");
  list_command.add_flag("--json", list_options.json, "print JSON");
  list_command.add_flag("--markdown", list_options.markdown, "print a reference page");

  ScheduleOptions schedule_options;
  CLI::App& schedule_command = *app.add_subcommand("schedule", "values and statistics of schedules");
  schedule_command.add_option("schedules", schedule_options.schedules, "schedules")->type_name("SPEC")->required();
  schedule_command.add_option("--steps", schedule_options.steps, "steps 0 to N-1 are looked at")->type_name("N");
  schedule_command.add_option("--at", schedule_options.at, "print the values at these steps")->type_name("LIST");
  schedule_command.add_flag("--json", schedule_options.json, "print JSON");
  schedule_command.add_option("--out", schedule_options.picture.out, "draw them instead: .svg or .png; .csv: every value")
      ->type_name("FILE");
  add_picture_options(schedule_command, schedule_options.picture);
  schedule_command.add_flag("--pytorch", schedule_options.pytorch, "print lines of PyTorch instead");

  RatesCommand rates_command(app);
  EnsembleCommand ensemble_command(app);

  ScreenshotOptions screenshot_options;
  CLI::App& screenshot_command = *app.add_subcommand("screenshot", "draw a view to a PNG file without a display");
  screenshot_command.add_option("--view", screenshot_options.view, "view: surface, training, schedule or runs");
  screenshot_command.add_option("--scene", screenshot_options.scene, "Scene file")->type_name("FILE");
  screenshot_command.add_option("--set", screenshot_options.set, "change the Scene: surface=beale, view=layout=both, step=100")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  screenshot_command.add_option("--db", screenshot_options.db, "file of runs that the Runs view shows; the usual one")
      ->type_name("FILE");
  screenshot_command.add_option("--size", screenshot_options.size, "pixels")->type_name("WxH");
  screenshot_command.add_option("--out", screenshot_options.out, "file to write")->type_name("F.png")->required();

  TrainingCommands training_commands(app);

  RunsCommands runs_commands(app);

  BenchOptions bench_options;
  CLI::App& bench_command = *app.add_subcommand("bench", "benchmarks: descent, frame, optimizers, runs, scrub, store, train, curvature");
  bench_command.add_option("name", bench_options.name, "which")->required();
  bench_command.add_option("--peer", bench_options.peer, "train, optimizers: measure this in turn, such as tests/bench/torch_train.py")
      ->type_name("COMMAND");
  bench_command.add_flag("--json", bench_options.json, "print JSON");

  refuse_empty(app);

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::ParseError& error) {
    return fail(bad_input(said(error) + " (thalweg --help shows what there is)"));
  }
  if (!app.get_subcommands().empty() && (!window_options.keep.db.empty() || !window_options.keep.save))
    return fail(bad_input("belongs behind the command, such as: thalweg runs list --db FILE",
                          window_options.keep.save ? "--db" : "--no-save"));
  if (descend_command.parsed()) {
    if (descend_options.optimizers.empty() && descend_options.scene.empty())
      return fail(bad_input("is needed, such as --optimizer adam:lr=0.1", "--optimizer"));
    return descend(descend_options);
  }
  if (devices_command.parsed()) return devices(devices_options);
  if (list_command.parsed()) return list(list_options);
  if (schedule_command.parsed()) return schedule(schedule_options);
  if (const auto code = rates_command.run()) return *code;
  if (const auto code = ensemble_command.run()) return *code;
  if (screenshot_command.parsed()) return screenshot(screenshot_options);
  if (const auto code = runs_commands.run()) return *code;
  if (bench_command.parsed()) return bench(bench_options);
  if (const auto code = training_commands.run()) return *code;
  if (!window_options.scene.empty())
    if (auto error = check_file(window_options.scene, app)) return fail(*error);
  return window(window_options);
}

}  // namespace thalweg::cli

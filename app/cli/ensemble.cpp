#include "app/cli/ensemble.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <thread>

#include "app/cli/bench.hpp"
#include "app/cli/commands.hpp"
#include "app/cli/interrupt.hpp"
#include "app/cli/options.hpp"
#include "app/cli/training.hpp"

namespace thalweg::cli {
namespace {

constexpr double kTolerance = 1e-3;

/// "1000x500", or "1000" on a curve.
std::optional<Error> read_grid(const std::string& text, int dim, StartGrid& out) {
  if (text.empty()) {
    out.columns = dim == 1 ? 1000 : 256;
    out.rows = dim == 1 ? 1 : 256;
    return std::nullopt;
  }
  const auto numbers = parse_numbers(text, 'x');
  const auto whole = [](double x) {
    return x >= 1.0 && x <= static_cast<double>(kMostParticles) && x == std::floor(x);
  };
  const std::size_t wanted = dim == 1 ? 1 : 2;
  bool good = numbers && numbers->size() == wanted;
  for (std::size_t i = 0; good && i < wanted; ++i) good = whole((*numbers)[i]);
  if (!good)
    return bad_input(std::string("must be starts along ") +
                         (dim == 1 ? "x, such as 1000" : "x and y, such as 1000x500") + ", not '" +
                         text.substr(0, 40) + "'",
                     "grid");
  out.columns = static_cast<std::int64_t>((*numbers)[0]);
  out.rows = dim == 1 ? 1 : static_cast<std::int64_t>((*numbers)[1]);
  return std::nullopt;
}

std::optional<Error> read_box(const std::string& text, int dim, StartGrid& out) {
  if (text.empty()) return std::nullopt;
  const auto numbers = parse_numbers(text, ',');
  if (!numbers || numbers->size() != static_cast<std::size_t>(2 * dim))
    return bad_input(
        std::string("must be ") + (dim == 1 ? "x0,x1" : "x0,x1,y0,y1") + ", not '" + text.substr(0, 40) + "'",
        "box");
  out.x = {(*numbers)[0], (*numbers)[1]};
  if (dim > 1) out.y = {(*numbers)[2], (*numbers)[3]};
  return std::nullopt;
}

Result<EnsembleRecord> record_from(const EnsembleOptions& options) {
  EnsembleRecord out;
  auto surface = parse_spec(options.surface, surface_family());
  if (!surface) return surface.error();
  auto built = make_surface(*surface);
  if (!built) return built.error();
  out.surface = std::move(*built);
  auto optimizer = parse_spec(options.optimizer, optimizer_family());
  if (!optimizer) return optimizer.error();
  auto settings = default_ensemble(*surface, *optimizer, 1, 1);
  if (!settings) return settings.error();
  out.settings = std::move(*settings);
  const int dim = out.surface->dim();
  if (dim <= 2) {  // else check() says what is wrong
    auto& grid = std::get<StartGrid>(out.settings.starts);
    if (auto error = read_grid(options.grid, dim, grid)) return *error;
    if (auto error = read_box(options.box, dim, grid)) return *error;
  }
  if (auto error = read_schedules(options.schedules, out.settings.schedule, out.settings.drives))
    return *error;
  auto run = parsed(run_descriptor(), options.run);
  if (!run) return run.error();
  out.settings.run = std::move(*run);
  const auto at = static_cast<std::size_t>(run_descriptor().index_of("tol"));
  if (at >= options.run.size() || options.run[at].empty()) *out.settings.run.find("tol") = kTolerance;
  if (auto error = check(out.settings, *out.surface)) return *error;
  if (auto error = check_files(options, dim, count_of(out.settings.starts))) return *error;
  return out;
}

std::string instruction_set() {
  switch (cpu::find_isa()) {
    case cpu::Isa::kAvx512:
      return "AVX-512";
    case cpu::Isa::kAvx2:
      return "AVX2";
    case cpu::Isa::kBase:
      break;
  }
  return "no vector extensions";
}

/// What an ensemble is computed on.
struct Runner {
  DeviceUse use;
  std::string how;
  EnsembleRun run;
};

Runner on_cpu(int threads) {
  return {.use = {},
          .how = std::to_string(threads) + (threads == 1 ? " thread, " : " threads, ") + instruction_set(),
          .run = [threads](const EnsembleSettings& settings, const EnsembleControl& control) {
            return run_ensemble(settings, control, {.threads = threads, .isa = {}});
          }};
}

Runner on_cuda(DeviceUse use) {
  const int index = *cuda_index(use.id);
  return {.use = std::move(use),
          .how = "CUDA, a thread for each particle",
          .run = [index](const EnsembleSettings& settings, const EnsembleControl& control) {
            return gpu::run_ensemble({.device = index}, settings, control);
          }};
}

/// What a step of a part of the ensemble takes.
StepTime time_part(const Runner& runner, EnsembleSettings part) {
  constexpr double kSteps = 200.0;
  constexpr std::int64_t kSide = 256;
  *part.run.find("steps") = std::min(kSteps, part.run.number("steps"));
  if (auto* grid = std::get_if<StartGrid>(&part.starts)) {
    grid->columns = std::min(grid->columns, kSide);
    grid->rows = std::min(grid->rows, kSide);
  }
  StepTime out{runner.use.id, std::numeric_limits<double>::infinity()};
  for (int round = 0; round < 2 && !interrupted(); ++round) {  // the first wakes the device
    const double begin = wall();
    const auto result = runner.run(part, {.stop = interrupted, .progress = {}});
    if (!result) {
      out.trouble = result.error().text();
      break;
    }
    out.seconds = std::min(out.seconds, (wall() - begin) / part.run.number("steps"));
  }
  return out;
}

/// `auto` computes a part of it on both where there is a choice, and takes CUDA if it is clearly faster.
Result<Runner> runner_for(const std::string& text, int threads, const EnsembleSettings& settings) {
  const auto read = read_device({text});
  if (!read) return read.error();
  const std::string& device = read->text("device");
  if (device == kCpuDevice) return on_cpu(threads);
  const std::optional<int> asked = cuda_index(device);
  auto use = cuda_device(asked.value_or(0));
  if (asked) {
    if (!use) return use.error();
    return on_cuda(std::move(*use));
  }
  std::array<Runner, 2> runners{on_cpu(threads), {}};
  if (!use) {
    runners[0].use.why = "cpu; cuda can't be used: " + gpu::status().why;
    return runners[0];
  }
  runners[1] = on_cuda(std::move(*use));
  const std::array<StepTime, 2> times{time_part(runners[0], settings), time_part(runners[1], settings)};
  const std::size_t picked = times[0].trouble.empty() ? pick_device(times) : 0;
  runners[picked].use.why = pick_text(times, picked);
  return runners[picked];
}

}  // namespace

int ensemble(const EnsembleOptions& options) {
  if (options.threads < 0 || options.threads > 256)
    return fail(bad_input("must be at least 1 and at most 256", "threads"));
  auto record = record_from(options);
  if (!record) return fail(record.error());
  const int threads = options.threads > 0
                          ? static_cast<int>(options.threads)
                          : std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 256);
  catch_interrupts();
  const auto runner = runner_for(options.device, threads, record->settings);
  if (!runner) return fail(runner.error());
  record->device = runner->use.name;
  record->how = runner->how;
  record->choice = runner->use.why;
  const double begin = wall();
  {
    ProgressLine line;
    auto result = runner->run(record->settings, {.stop = interrupted, .progress = [&](double share) {
                                                   line.show("%.0f %%", 100.0 * share);
                                                 }});
    if (!result) return fail(result.error());
    record->result = std::move(*result);
  }
  record->seconds = wall() - begin;
  record->summary = summary_of(record->result, *record->surface);
  if (!options.out.empty())
    if (auto error = write_particles(*record, options.out)) return fail(*error);
  if (!options.picture.empty())
    if (auto error = write_basins(*record, options.picture)) return fail(*error);
  if (options.json)
    std::printf("%s\n", written(*record).dump(2).c_str());
  else
    print_table(*record);
  return kExitOk;
}

EnsembleCommand::EnsembleCommand(CLI::App& app)
    : command_(
          app.add_subcommand("ensemble", "run an optimizer from many starts: where they end, and when")) {
  command_->add_option("--surface", options_.surface, "built-in surface, such as himmelblau")
      ->type_name("SPEC");
  command_->add_option("--optimizer", options_.optimizer, "element-wise optimizer, such as adam:lr=0.1")
      ->type_name("SPEC");
  command_->add_option("--grid", options_.grid, "starts along x and y, such as 1000x1000")->type_name("NxM");
  command_->add_option("--box", options_.box, "starts are in it; without, in the surface's domain")
      ->type_name("X0,X1,Y0,Y1");
  add_schedules(*command_, options_.schedules);
  command_->add_option("--device", options_.device, "auto, cpu or cuda")->type_name("NAME");
  command_->add_option("--threads", options_.threads, "of the CPU; without, all that there are")
      ->type_name("N");
  command_->add_flag("--json", options_.json, "print JSON");
  command_->add_option("--out", options_.out, "write every particle: .csv, or .npy for NumPy")
      ->type_name("FILE");
  command_
      ->add_option("--picture", options_.picture, "draw a map of the basins: .png, a pixel for each start")
      ->type_name("FILE");
  add_parameters(*command_, run_descriptor(), options_.run, {"seed"});
  command_->get_option("--tol")->type_name("0.001");
}

std::optional<int> EnsembleCommand::run() const {
  if (!command_->parsed()) return std::nullopt;
  return ensemble(options_);
}

}  // namespace thalweg::cli

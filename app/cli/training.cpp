#include "app/cli/training.hpp"

#include <cmath>
#include <cstdio>

#include "app/cli/interrupt.hpp"
#include "core/optimizer/optimizer.hpp"

namespace thalweg::cli {
namespace {

/// Reads `text` into `spec`; empty leaves it as it is.
template <class Source>
std::optional<Error> read(const std::string& text, const Source& source, Spec& spec) {
  if (text.empty()) return std::nullopt;
  auto parsed = parse_spec(text, source);
  if (!parsed) return parsed.error();
  spec = std::move(*parsed);
  return std::nullopt;
}

/// "gradients=50,curvature=200" and the whole spec string are both taken.
std::string probe_text(const std::string& text) {
  const std::string& id = probe_descriptor().id;
  return text.empty() || text == id || text.starts_with(id + ":") ? text : id + ":" + text;
}

Result<TrainingSettings> settings_from(const TrainingOptions& options) {
  TrainingSettings out = default_training();
  if (auto error = read(options.data, dataset_family(), out.data)) return *error;
  auto model = parse_model(options.model, options.activation);
  if (!model) return model.error();
  out.model = std::move(*model);
  if (auto error = read(options.initialisation, initialisation_family(), out.model.initialisation))
    return *error;
  if (auto error = read(options.loss, loss_family(), out.loss)) return *error;
  if (auto error = read_schedules(options.schedules, out.schedule, out.drives)) return *error;
  if (auto error = read(probe_text(options.probes), probe_descriptor(), out.probes)) return *error;
  auto training = parsed(training_descriptor(), options.training);
  if (!training) return training.error();
  out.training.spec = std::move(*training);
  return out;
}

}  // namespace

std::optional<Error> check_device(const std::string& device) {
  if (device == "auto" || device == "cpu") return std::nullopt;
  if (device == "cuda")
    return Error{ErrorCode::kUnsupported, "this build has no CUDA; take cpu or auto", "device"};
  return bad_input("must be auto, cpu or cuda, not '" + device.substr(0, 40) + "'", "device");
}

Result<TrainingJob> training_job(const TrainingOptions& options) {
  if (auto error = check_device(options.device)) return *error;
  if (options.threads < 1 || options.threads > 256)
    return bad_input("must be at least 1 and at most 256", "threads");
  auto settings = settings_from(options);
  if (!settings) return settings.error();
  TrainingJob out;
  out.settings = std::move(*settings);
  out.threads = static_cast<int>(options.threads);
  for (const std::string& text : options.optimizers) {
    auto optimizer = parse_spec(text, optimizer_family());
    if (!optimizer) return optimizer.error();
    out.optimizers.push_back({std::move(*optimizer), {}});
  }
  if (out.optimizers.empty()) out.optimizers.push_back(out.settings.optimizer);
  std::vector<const Descriptor*> rules;
  for (const LiveSpec& optimizer : out.optimizers) {
    TrainingSettings one = out.settings;
    one.optimizer = optimizer;
    keep_own_drives(one);
    if (auto error = check(one)) return *error;
    rules.push_back(find_optimizer(optimizer.spec.id));
  }
  if (auto error = check_used(out.settings.drives, rules)) return *error;
  out.settings.optimizer = out.optimizers.front();
  auto data = find_dataset(out.settings.data.id)->load(out.settings.data, options.folder);
  if (!data) return data.error();
  out.data = std::move(*data);
  catch_interrupts();
  return out;
}

Json written(const TrainingJob& job) {
  const TrainingSettings& used = job.settings;
  Json out;
  out["data"] = format_spec(used.data, *find_dataset(used.data.id), true);
  out["model"] = format_model(used.model);
  out["initialisation"] = format_spec(used.model.initialisation,
                                      *initialisation_family().find(used.model.initialisation.id), true);
  out["loss"] = format_spec(used.loss, *loss_family().find(used.loss.id), true);
  out["schedule"] = format_spec(used.schedule, *find_schedule(used.schedule.id), true);
  for (const Drive& drive : used.drives)
    out[drive.key + "_schedule"] = format_spec(drive.schedule, *find_schedule(drive.schedule.id), true);
  out["training"] = format_spec(used.training.spec, training_descriptor(), true);
  out["device"] = "cpu";
  out["threads"] = job.threads;
  return out;
}

std::string optimizer_text(const Spec& optimizer) {
  return format_spec(optimizer, *find_optimizer(optimizer.id), true);
}

std::string cell(double value) {
  if (std::isnan(value)) return "-";
  char text[32];
  const bool plain = value == 0.0 || (std::abs(value) >= 1e-4 && std::abs(value) < 1e6);
  std::snprintf(text, sizeof text, plain ? "%.5f" : "%.4g", value);
  return text;
}

}  // namespace thalweg::cli

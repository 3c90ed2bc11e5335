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
  auto device = read_device(options.device);
  if (!device) return device.error();
  out.device = std::move(*device);
  return out;
}

}  // namespace

Result<Spec> read_device(const std::vector<std::string>& values, const Spec& before) {
  std::vector<std::string> given = values;
  if (!given.empty() && given[0] == "cuda:0") given[0] = "cuda";  // as PyTorch also calls it
  auto read = parsed(device_descriptor(), given);
  if (!read) return read;
  for (std::size_t i = 0; i < read->values.size(); ++i)
    if (i >= given.size() || given[i].empty()) read->values[i] = before.values[i];
  return read;
}

void print_device(const DeviceUse& use) {
  if (use.why.empty() && use.id == kCpuDevice) return;
  std::string line = use.name == use.id ? use.id : use.id + " (" + use.name + ")";
  // What was measured begins with the device that was taken.
  if (!use.why.empty()) line += ": " + (use.measured ? use.why.substr(use.id.size() + 2) : use.why);
  std::printf("on %s\n", one_line(line).c_str());
}

Result<TrainingJob> training_job(const TrainingOptions& options) {
  auto settings = settings_from(options);
  if (!settings) return settings.error();
  TrainingJob out;
  out.settings = std::move(*settings);
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

void add_device(const DeviceUse& use, Json& out) {
  out["device"] = use.id;
  out["device_name"] = use.name;
  if (!use.why.empty()) out["device_choice"] = use.why;
}

Json written(const TrainingJob& job, const DeviceUse& use) {
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
  add_device(use, out);
  out["tf32"] = used.device.flag("tf32");
  out["threads"] = static_cast<std::int64_t>(used.device.number("threads"));
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

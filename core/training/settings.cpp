#include "core/training/settings.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/optimizer/optimizer.hpp"
#include "core/schedule/schedule.hpp"

namespace thalweg {
namespace {

Parameter count(std::string key, std::string symbol, std::string label, double value, double max,
                double soft_max, std::string help) {
  return {.key = std::move(key),
          .symbol = std::move(symbol),
          .label = std::move(label),
          .kind = Kind::kInteger,
          .default_value = value,
          .min = 1.0,
          .max = max,
          .soft_min = 1.0,
          .soft_max = soft_max,
          .scale = Scale::kLog,
          .help = std::move(help)};
}

/// A probe: off, or measured every so many steps.
Parameter probe(std::string key, std::string label, Value value, std::string help) {
  return {.key = std::move(key),
          .symbol = "",
          .label = std::move(label),
          .kind = Kind::kInteger,
          .default_value = std::move(value),
          .min = 1.0,
          .max = 1e9,
          .soft_min = 1.0,
          .soft_max = 10'000.0,
          .scale = Scale::kLog,
          .unit = "steps",
          .help = std::move(help),
          .off_word = "off"};
}

Descriptor make_training() {
  Parameter steps =
      count("steps", "T", "steps", 1.0, 1e9, 1e5,
            "Training ends after so many updates, whatever the epochs; auto: as the epochs need.");
  steps.default_value = Value{};
  steps.off_word = "auto";
  Parameter patience =
      count("patience", "", "patience", 1.0, 1e6, 50.0,
            "Early stopping: training ends after so many epochs without a lower validation loss, and "
            "the weights of the lowest are restored. Needs a validation share.");
  patience.default_value = Value{};
  patience.off_word = "off";
  return {
      .id = "training",
      .label = "Training",
      .summary = "How a network is trained.",
      .formula = "",
      .reference = "",
      .parameters = {
          count("batch", "B", "batch size", 64.0, 65'536.0, 4096.0,
                "Samples whose gradients are averaged in one step."),
          count("accumulate", "k", "accumulation", 1.0, 1024.0, 64.0,
                "Batches whose gradients are averaged for one update: as if the batch were k times as large, "
                "in the memory of one. Batch normalisation sees the single batches."),
          count("epochs", "E", "epochs", 10.0, 1e6, 100.0, "Passes over the training samples."),
          steps,
          {.key = "validation",
           .label = "validation share",
           .default_value = 0.0,
           .min = 0.0,
           .max = 0.9,
           .soft_min = 0.0,
           .soft_max = 0.5,
           .help = "Share of the training samples that is kept back and measured after each epoch, so that "
                   "choices "
                   "need not look at the test set. Chosen by the seed, every class in its proportion."},
          {.key = "clip_norm",
           .symbol = "c",
           .label = "clip norm",
           .default_value = Value{},
           .min = 0.0,
           .max = 1e12,
           .min_open = true,
           .soft_min = 0.01,
           .soft_max = 100.0,
           .scale = Scale::kLog,
           .help = "A gradient of all parameters longer than c is scaled down to length c (PyTorch's "
                   "clip_grad_norm_).",
           .live = true,
           .off_word = "off"},
          {.key = "ema_decay",
           .symbol = "d",
           .label = "weight average",
           .default_value = Value{},
           .min = 0.0,
           .max = 1.0,
           .max_open = true,
           .soft_min = 0.9,
           .soft_max = 0.9999,
           .scale = Scale::kLogOneMinus,
           .help = "A moving average of the weights, θ̄ ← d θ̄ + (1−d) θ after each update, is kept and "
                   "evaluated too.",
           .off_word = "off"},
          patience,
          {.key = "precision",
           .label = "precision",
           .kind = Kind::kChoice,
           .default_value = std::string("fp32"),
           .help =
               "What activations and gradients are rounded to; weights stay fp32. fp16 comes with dynamic "
               "loss "
               "scaling. On the CPU fp16 and bf16 are emulated by rounding: their numbers, not their speed.",
           .choices = {"fp32", "fp16", "bf16"}},
          {.key = "seed",
           .label = "seed",
           .kind = Kind::kInteger,
           .default_value = 0.0,
           .min = 0.0,
           .max = 9007199254740991.0,
           .soft_min = 0.0,
           .soft_max = 100.0,
           .help = "Chooses initial weights, batch order, dropout and the validation samples."},
      }};
}

Descriptor make_probes() {
  return {
      .id = "probes",
      .label = "Probes",
      .summary = "What is measured while a network trains, and every how many steps.",
      .formula = "",
      .reference = "",
      .parameters = {
          probe(
              "evaluation", "evaluation", Value{},
              "Loss and accuracy on validation and test samples within an epoch, besides those at its end."),
          probe("gradients", "gradient norms", 50.0,
                "Norm of each layer's gradient: smallest, mean and largest of the steps since the last "
                "measurement."),
          probe("weights", "weights and updates", 50.0,
                "Norm of each layer's weights, length of its update over that norm, and the effective rate: "
                "the median "
                "factor before a gradient, η/√v̂ for Adam and its kin."),
          probe("activations", "activations", 50.0,
                "Mean and standard deviation of each layer's outputs and the share of dead ReLU units: those "
                "that are "
                "0 for every sample of the probe batch."),
          probe("histograms", "histograms", 250.0,
                "Distributions of weights, gradients and activations, layer by layer."),
          probe("noise_scale", "gradient noise scale", Value{},
                "tr Σ / ‖G‖², the batch size at which noise and gradient are equally strong "
                "(McCandlish et al. 2018, appendix A.1)."),
          probe("calibration", "calibration", Value{},
                "Expected calibration error and reliability diagram: how far confidence is from accuracy "
                "(Guo et al. 2017)."),
          probe("curvature", "sharpness λmax", Value{},
                "Largest Hessian eigenvalue by power iteration on exact Hessian-vector products, next to the "
                "stability limit 2/η."),
          probe("spectrum", "Hessian spectrum", Value{},
                "The largest Hessian eigenvalues by Lanczos iteration."),
          probe("trace", "Hessian trace", Value{},
                "Trace of the Hessian by Hutchinson's estimate, with its standard error."),
          count("samples", "", "probe samples", 256.0, 65'536.0, 4096.0,
                "Training samples on which activations, noise scale and curvature are measured; chosen by "
                "the seed."),
          count("eigenvalues", "k", "eigenvalues", 5.0, 64.0, 20.0,
                "How many eigenvalues the spectrum shows."),
      }};
}

/// Updates that a run will make, as far as it is known without the data.
std::int64_t likely_steps(const TrainingSettings& settings) {
  const Spec& training = settings.training.spec;
  if (!training.is_off("steps")) return static_cast<std::int64_t>(training.number("steps"));
  double samples = 50'000.0;
  for (const char* key : {"n", "train"})
    if (settings.data.find(key) && !settings.data.is_off(key)) samples = settings.data.number(key);
  return static_cast<std::int64_t>(training.number("epochs") * std::ceil(samples / training.number("batch")));
}

}  // namespace

const Descriptor& training_descriptor() {
  static const Descriptor descriptor = make_training();
  return descriptor;
}

const Descriptor& probe_descriptor() {
  static const Descriptor descriptor = make_probes();
  return descriptor;
}

void keep_own_drives(TrainingSettings& settings) {
  if (const OptimizerDescriptor* optimizer = find_optimizer(settings.optimizer.spec.id))
    settings.drives = drives_of(settings.drives, *optimizer);
}

TrainingSettings default_training() {
  TrainingSettings out;
  out.data = default_spec(*find_dataset("mnist"));
  out.model = parse_model("784-128-10").value();
  out.loss = default_spec(losses().front());
  out.optimizer.spec = parse_spec("adam:lr=0.001", optimizer_family()).value();
  out.schedule = default_spec(schedules().front());
  out.training.spec = default_spec(training_descriptor());
  out.probes = default_spec(probe_descriptor());
  return out;
}

std::optional<Error> check(const TrainingSettings& settings) {
  const DatasetDescriptor* data = find_dataset(settings.data.id);
  if (!data) return bad_input("there is no data set '" + settings.data.id + "'");
  if (auto error = check(settings.data, *data)) return error;
  const Descriptor* loss = loss_family().find(settings.loss.id);
  if (!loss) return bad_input("there is no loss '" + settings.loss.id + "'");
  if (auto error = check(settings.loss, *loss)) return error;
  const OptimizerDescriptor* optimizer = find_optimizer(settings.optimizer.spec.id);
  if (!optimizer) return bad_input("there is no optimizer '" + settings.optimizer.spec.id + "'");
  if (auto error = check(settings.optimizer, *optimizer)) return error;
  if (auto error = check(settings.training, training_descriptor())) return error;
  if (auto error = check(settings.device, device_descriptor())) return error;
  if (auto error = check_schedules(settings.schedule, settings.drives, settings.optimizer, *optimizer,
                                   *training_descriptor().find("batch"),
                                   {settings.training.spec.number("batch")}, likely_steps(settings)))
    return error;
  if (auto error = check(settings.probes, probe_descriptor())) return error;
  const bool ramps = std::any_of(settings.drives.begin(), settings.drives.end(),
                                 [](const Drive& drive) { return drive.key == kBatchKey; });
  if (ramps && settings.training.spec.number("accumulate") > 1.0)
    return bad_input("follows a schedule only where nothing is accumulated", "training: batch");
  const Spec& training = settings.training.spec;
  if (!training.is_off("patience") && training.number("validation") == 0.0)
    return bad_input("needs a validation share, whose loss it watches", "training: patience");
  return std::nullopt;
}

NetworkSettings network_settings(const TrainingSettings& settings) {
  const Spec& training = settings.training.spec;
  const std::string& precision = training.text("precision");
  return {.model = settings.model,
          .loss = settings.loss,
          .optimizer = settings.optimizer.spec,
          .micro_batch = training.number("accumulate") > 1.0 ? static_cast<int>(training.number("batch")) : 0,
          .ema_decay = training.number_or("ema_decay", 0.0),
          .precision = precision == "fp16"   ? Precision::kFp16
                       : precision == "bf16" ? Precision::kBf16
                                             : Precision::kFp32};
}

std::int64_t first_difference(const TrainingSettings& a, const TrainingSettings& b) {
  if (a.data != b.data || a.model != b.model || a.loss != b.loss || a.schedule != b.schedule ||
      a.drives != b.drives)
    return 0;
  return std::min(first_difference(a.optimizer, b.optimizer), first_difference(a.training, b.training));
}

}  // namespace thalweg

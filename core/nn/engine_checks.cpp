#include "core/nn/engine_checks.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/optimizer/optimizer.hpp"

namespace thalweg {
namespace {

std::optional<Error> check_samples(const Dataset& data, const Samples& samples, const char* part) {
  const auto features = static_cast<std::size_t>(data.features);
  const auto count = static_cast<std::size_t>(samples.count);
  const std::string context = "data set " + data.name + ", " + part + " samples";
  const std::size_t held = samples.bytes.empty() ? samples.values.size() : samples.bytes.size();
  if (samples.count < 0 || held != count * features)
    return bad_input("hold " + std::to_string(held) + " numbers where " + std::to_string(samples.count) +
                         " times " + std::to_string(features) + " are expected",
                     context);
  if ((data.classes > 0 ? samples.labels.size() : samples.targets.size()) != count)
    return bad_input("need one label each", context);
  for (std::size_t i = 0; i < samples.labels.size(); ++i)
    if (samples.labels[i] >= data.classes && data.classes > 0)
      return bad_input("have label " + std::to_string(samples.labels[i]) + " at sample " + std::to_string(i) +
                           ", but there are " + std::to_string(data.classes) + " classes",
                       context);
  return {};
}

}  // namespace

std::optional<Error> check_data(const Dataset* data) {
  if (!data || data->features < 1) return bad_input("has no features", "data set");
  if (data->train.count < 1) return bad_input("has no training samples", "data set " + data->name);
  const auto channels = static_cast<std::size_t>(std::max(data->shape[0], 1));
  if (data->mean.size() != channels || data->deviation.size() != channels ||
      static_cast<std::size_t>(data->features) % channels != 0 ||
      !std::all_of(data->deviation.begin(), data->deviation.end(), [](float d) { return d > 0.0f; }))
    return bad_input("has no usable mean and deviation for each channel", "data set " + data->name);
  if (auto error = check_samples(*data, data->train, "training")) return error;
  return check_samples(*data, data->test, "test");
}

std::optional<Error> check_rule(const Spec& optimizer) {
  const OptimizerDescriptor* descriptor = find_optimizer(optimizer.id);
  if (!descriptor) return bad_input("there is no '" + optimizer.id + "'", "optimizer");
  return check(optimizer, *descriptor);
}

std::optional<Error> check_optimizer(const NetworkSettings& settings) {
  const OptimizerDescriptor& descriptor = *find_optimizer(settings.optimizer.id);
  const auto unsupported = [&](const std::string& why) {
    return Error{ErrorCode::kUnsupported, "'" + descriptor.id + "' " + why, "optimizer"};
  };
  if (!descriptor.not_on_networks.empty())
    return unsupported("can't train a network: it " + descriptor.not_on_networks);
  if (settings.precision == Precision::kFp16 && descriptor.asks_more)
    return unsupported(
        "can't train in fp16: it asks for more than a gradient, and the loss scale goes with that");
  return {};
}

std::optional<Error> check_settings(const NetworkSettings& settings, const Dataset& data) {
  const Spec& start = settings.model.initialisation;
  const Descriptor* initialisation = initialisation_family().find(start.id);
  if (!initialisation) return bad_input("there is no '" + start.id + "'", "initialisation");
  if (auto error = check(start, *initialisation)) return error;
  const Descriptor* loss = loss_family().find(settings.loss.id);
  if (!loss) return bad_input("there is no '" + settings.loss.id + "'", "loss");
  if (auto error = check(settings.loss, *loss)) return error;
  if (settings.loss.id == "cross_entropy" && data.classes < 1)
    return bad_input(
        "cross_entropy needs classes, and data set " + data.name + " is a regression; take squared_error",
        "loss");
  if (settings.micro_batch < 0) return bad_input("must be 0 (off) or at least 1", "micro_batch");
  if (!(settings.ema_decay >= 0.0 && settings.ema_decay < 1.0))
    return bad_input("must be 0 (off) or between 0 and 1", "ema_decay");
  return check_rule(settings.optimizer);
}

std::optional<Error> check_batch(std::span<const std::uint32_t> batch, const Samples& samples) {
  if (batch.empty()) return bad_input("is empty", "batch");
  for (const std::uint32_t index : batch)
    if (index >= samples.count)
      return bad_input("names sample " + std::to_string(index) + " of " + std::to_string(samples.count),
                       "batch");
  return {};
}

std::optional<Error> check_step(std::span<const std::uint32_t> batch, const StepRates& rates,
                                const Samples& samples, const Plan& plan, std::size_t part) {
  if (!(rates.clip_norm >= 0.0) || !std::isfinite(rates.clip_norm))
    return bad_input("must be 0 (off) or a positive number", "clip_norm");
  if (auto error = check_batch(batch, samples)) return error;
  if (!plan.needs_two_samples) return {};
  if (part < 2) return bad_input("batch normalisation needs at least two samples in a batch", "batch");
  if (batch.size() % part == 1)
    return bad_input("worked through in parts of " + std::to_string(part) +
                         " samples it leaves a last part of one, and batch normalisation needs at least two",
                     "batch");
  return {};
}

std::optional<Error> check_inputs(const Samples& samples, int features) {
  const auto held = samples.bytes.empty() ? samples.values.size() : samples.bytes.size();
  if (samples.count < 0 ||
      held != static_cast<std::size_t>(samples.count) * static_cast<std::size_t>(features))
    return bad_input("are not of the kind that the network was built for", "samples");
  return {};
}

}  // namespace thalweg

#include "gpu/probes.hpp"

#include <algorithm>
#include <limits>

#include "core/nn/activations.hpp"

namespace thalweg::gpu {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
/// Samples that go through the network at once.
constexpr int kProbeRows = 2048;

DevicePass pass_of(const DeviceSamples& samples, const Buffer<std::uint32_t>& chosen, std::int64_t first) {
  return {.samples = samples, .chosen = chosen.empty() ? nullptr : chosen.data() + first, .first = first};
}

int rows_of(std::int64_t left) { return static_cast<int>(std::min<std::int64_t>(kProbeRows, left)); }

}  // namespace

DeviceProbes::DeviceProbes(DeviceModel& model) : model_(model), queue_(model.queue), report_(queue_, 1) {}

const DeviceSamples& DeviceProbes::view_of(DataPart part) const {
  return part == DataPart::kTrain ? model_.data->train() : model_.data->test();
}

void DeviceProbes::make_room(std::int64_t samples) { model_.make_room(std::max(rows_of(samples), 1)); }

Buffer<std::uint32_t> DeviceProbes::on_device(Indices indices) const {
  return indices ? Buffer<std::uint32_t>(queue_, *indices) : Buffer<std::uint32_t>{};
}

/// The engine has made sure that there is an average.
void DeviceProbes::bind(Weights weights) {
  float* const average = weights == Weights::kAverage ? model_.average.data() : nullptr;
  if (average)
    model_.network->bind(average, average + model_.plan.parameters, model_.settings.precision);
  else
    model_.network->bind(found(), model_.running.data(), model_.settings.precision);
}

/// The weights that the optimizer has found: of one that averages they are not those it takes gradients at.
const float* DeviceProbes::found() {
  const bool averages = model_.updater ? model_.updater->averages() : model_.method->averages();
  if (!averages || model_.steps == 0) return model_.parameters.data();
  found_.reserve(queue_, model_.parameters.size());
  if (model_.updater) {
    model_.updater->found(queue_, model_.parameters.data(), model_.slots.data(), model_.plan.parameters,
                          found_.data());
  } else {
    const std::vector<float> theta = model_.parameters.values();
    std::vector<float> out(theta.size());
    model_.method->average(theta.data(), out.data());
    found_.assign(out);
  }
  return found_.data();
}

Evaluation DeviceProbes::evaluate(DataPart part, Indices indices, const std::function<bool()>& stop,
                                  Weights weights) {
  const Dataset& data = model_.data->dataset();
  const std::int64_t count = indices                    ? std::ssize(*indices)
                             : part == DataPart::kTrain ? data.train.count
                                                        : data.test.count;
  make_room(count);
  bind(weights);
  const Buffer<std::uint32_t> chosen = on_device(indices);
  DeviceNetwork& network = *model_.network;
  Evaluation out;
  while (out.count < count && !(stop && stop())) {
    const int rows = rows_of(count - out.count);
    const DevicePass pass = pass_of(view_of(part), chosen, out.count);
    network.forward(pass, rows, {});
    network.measure(pass, rows, {}, {.more = out.count > 0}, report_.data());
    out.count += rows;
    if (stop) queue_.wait();
  }
  StepReport sum;
  if (out.count > 0) queue_.download(&sum, report_.data(), sizeof sum);
  const auto total = static_cast<double>(out.count);
  out.loss = out.count > 0 ? sum.loss / total : kNan;
  out.accuracy = out.count > 0 && data.classes > 0 ? sum.correct / total : kNan;
  return out;
}

std::vector<float> DeviceProbes::outputs(const Samples& samples, Indices indices, Weights weights) {
  const Dataset& data = model_.data->dataset();
  const bool own = &samples != &data.train && &samples != &data.test;
  const DeviceData::Held held = own ? model_.data->hold(samples, false) : DeviceData::Held{};
  const DeviceSamples& view =
      own ? held.view : view_of(&samples == &data.train ? DataPart::kTrain : DataPart::kTest);
  const std::int64_t count = indices ? std::ssize(*indices) : samples.count;
  make_room(count);
  bind(weights);
  const Buffer<std::uint32_t> chosen = on_device(indices);
  const auto width = static_cast<std::size_t>(model_.plan.outputs);
  std::vector<float> out(static_cast<std::size_t>(count) * width);
  for (std::int64_t first = 0; first < count; first += kProbeRows) {
    const int rows = rows_of(count - first);
    model_.network->forward(pass_of(view, chosen, first), rows, {});
    queue_.download(out.data() + static_cast<std::size_t>(first) * width, model_.network->outputs(),
                    static_cast<std::size_t>(rows) * width * sizeof(float));
  }
  return out;
}

std::vector<LayerActivations> DeviceProbes::activations(DataPart part, std::span<const std::uint32_t> indices,
                                                        int bins) {
  make_room(std::ssize(indices));
  DeviceNetwork& network = *model_.network;
  network.bind(model_.parameters.data(), model_.running.data(), model_.settings.precision);
  const Buffer<std::uint32_t> chosen(queue_, indices);
  std::vector<float> values;
  const auto run = [&](const SeeOutputs& see) {
    for (std::int64_t first = 0; first < std::ssize(indices); first += kProbeRows) {
      const int rows = rows_of(std::ssize(indices) - first);
      network.watch([&](std::size_t layer, const float* y) {
        values.resize(static_cast<std::size_t>(rows) *
                      static_cast<std::size_t>(model_.plan.layers[layer].outputs));
        queue_.download(values.data(), y, values.size() * sizeof(float));
        see(layer, values);
      });
      network.forward(pass_of(view_of(part), chosen, first), rows, {});
      network.watch({});
    }
  };
  return describe_activations(model_.plan, indices.size(), bins, std::size_t{1} << 24, run);
}

void DeviceProbes::loss_gradient(std::span<const std::uint32_t> samples, std::span<float> out) {
  make_room(std::ssize(samples));
  DeviceNetwork& network = *model_.network;
  network.bind(model_.parameters.data(), model_.running.data());
  const Buffer<std::uint32_t> chosen(queue_, samples);
  const float scale = 1.0f / static_cast<float>(samples.size());
  part_gradient_.reserve(queue_, model_.parameters.size());
  std::vector<double> sum(out.size(), 0.0);
  for (std::int64_t first = 0; first < std::ssize(samples); first += kProbeRows) {
    const int rows = rows_of(std::ssize(samples) - first);
    const DevicePass pass = pass_of(model_.data->train(), chosen, first);
    network.forward(pass, rows, {});
    network.measure(pass, rows, {}, {.gradient = true, .scale = scale}, report_.data());
    network.backward(pass, rows, {}, part_gradient_.data());
    queue_.download(out.data(), part_gradient_.data(), out.size() * sizeof(float));
    for (std::size_t i = 0; i < out.size(); ++i) sum[i] += static_cast<double>(out[i]);
  }
  std::ranges::transform(sum, out.begin(), [](double g) { return static_cast<float>(g); });
}

}  // namespace thalweg::gpu

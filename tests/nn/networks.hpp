// Small networks and data for the tests of core/nn.
#pragma once

#include <memory>
#include <string>

#include "core/data/dataset.hpp"
#include "core/nn/engine.hpp"
#include "core/nn/reference.hpp"
#include "core/optimizer/optimizer.hpp"

namespace thalweg::test {

/// Every layer, alone and beside those that share memory with it in the engine.
inline const char* const kNetworks[] = {
    "linear:units=3",
    "linear:units=5; relu; linear:units=3",
    "linear:units=5; leaky_relu:negative_slope=0.2; linear:units=3",
    "linear:units=5; gelu; linear:units=3",
    "linear:units=5; silu; linear:units=3",
    "linear:units=5; tanh; linear:units=3",
    "linear:units=5; sigmoid; linear:units=3",
    "linear:units=5; batch_norm; relu; linear:units=3",
    "batch_norm:eps=0.01; linear:units=5; tanh; batch_norm; linear:units=3; batch_norm",
    "linear:units=5; layer_norm; gelu; linear:units=3; layer_norm",
    "layer_norm; relu; linear:units=5; layer_norm:eps=0.1; linear:units=3",
    "linear:units=17; relu; dropout:p=0.4; linear:units=3",
    "dropout:p=0.2; linear:units=6; dropout:p=0.3; silu; dropout:p=0.3; linear:units=3",
    "relu; tanh; leaky_relu; linear:units=4; sigmoid; tanh; relu; linear:units=7; linear:units=3; gelu",
    "linear:units=6; rms_norm; relu; linear:units=3",
    "rms_norm:eps=0.1; dropout:p=0.2; rms_norm; linear:units=3; rms_norm",
    "linear:units=6; group_norm:groups=2; relu; linear:units=3; group_norm:groups=1",
    "group_norm:groups=4,eps=0.1; linear:units=40; gelu; group_norm:groups=2; linear:units=3",
    "residual:units=5; linear:units=3",
    "residual:norm=none; relu; residual:units=7,norm=none,activation=tanh; linear:units=3",
    "linear:units=6; relu; residual:norm_first=0; residual:norm=rms_norm,activation=gelu; linear:units=3",
    "linear:units=6; residual:norm=batch_norm,norm_first=0,p=0.3; relu; residual:norm=batch_norm,p=0.2; "
    "dropout:p=0.1; linear:units=3",
    "relu; dropout:p=0.2; residual:norm=group_norm,groups=4,activation=silu; tanh; "
    "residual:norm=group_norm,groups=2,norm_first=0,activation=leaky_relu; linear:units=3; "
    "residual:units=4,norm=rms_norm,norm_first=0",
    "linear:units=20; batch_norm; dropout; leaky_relu; linear:units=19; layer_norm; relu; linear:units=3",
};

/// Bytes with structure, three classes; deterministic.
inline std::shared_ptr<const Dataset> toy_data(int train = 96, int test = 31, int features = 8) {
  auto data = std::make_shared<Dataset>();
  data->name = "toy";
  data->shape = {2, 1, features / 2};
  data->features = features;
  data->classes = 3;
  data->mean = {0.4f, 0.6f};
  data->deviation = {0.3f, 0.25f};
  const auto fill = [&](Samples& samples, int count, std::uint32_t salt) {
    samples.count = count;
    for (int i = 0; i < count; ++i) {
      const auto words = philox({static_cast<std::uint32_t>(i), salt, 0, 0}, {5, 7});
      const int label = static_cast<int>(words[3] % 3);
      samples.labels.push_back(static_cast<std::uint8_t>(label));
      for (int f = 0; f < features; ++f) {
        const auto noise =
            philox({static_cast<std::uint32_t>(i), salt, 1, static_cast<std::uint32_t>(f)}, {5, 7})[0];
        samples.bytes.push_back(static_cast<std::uint8_t>((f % 3 == label ? 90 : 0) + noise % 160));
      }
    }
  };
  fill(data->train, train, 1);
  fill(data->test, test, 2);
  return data;
}

/// Images that are mostly background, whose zeros the engine leaves out.
inline std::shared_ptr<const Dataset> background_data(int train = 40, int test = 20) {
  auto data = std::make_shared<Dataset>(*toy_data(train, test, 100));
  data->shape = {1, 10, 10};
  data->mean = {0.2f};
  data->deviation = {0.4f};
  for (Samples* samples : {&data->train, &data->test})
    for (std::size_t i = 0; i < samples->bytes.size(); ++i)
      if (i * 2654435761u % 100 < 80) samples->bytes[i] = 0;
  return data;
}

inline NetworkSettings network(const std::string& model, const std::string& optimizer = "gd:lr=0.1",
                               const std::string& loss = "cross_entropy") {
  NetworkSettings out;
  out.model = parse_model(model).value();
  out.optimizer = parse_spec(optimizer, optimizer_family()).value();
  out.loss = parse_spec(loss, loss_family()).value();
  return out;
}

/// The batch as the reference takes it, normalised in double.
template <class T>
ReferenceBatch<T> reference_batch(const Dataset& data, std::span<const std::uint32_t> indices) {
  ReferenceBatch<T> out;
  out.count = static_cast<int>(indices.size());
  const int plane = data.features / data.shape[0];
  for (const std::uint32_t i : indices) {
    for (int f = 0; f < data.features; ++f) {
      const auto channel = static_cast<std::size_t>(f / plane);
      const double pixel =
          data.train.bytes[i * static_cast<std::size_t>(data.features) + static_cast<std::size_t>(f)];
      out.inputs.push_back(T((pixel / 255.0 - data.mean[channel]) / data.deviation[channel]));
    }
    out.labels.push_back(data.train.labels[i]);
  }
  return out;
}

inline ReferenceLoss reference_loss(const Spec& loss) {
  const bool cross = loss.id == "cross_entropy";
  return {cross, cross ? loss.number("label_smoothing") : 0.0};
}

}  // namespace thalweg::test

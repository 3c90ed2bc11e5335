#include "core/nn/initialise.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "core/random/philox.hpp"

namespace thalweg {
namespace {

void fill_normal(std::uint64_t seed, std::uint64_t tensor, double deviation, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); i += 2) {
    const auto pair = normal_pair(seed, RandomStream::kWeights, tensor, static_cast<std::uint32_t>(i / 2));
    out[i] = static_cast<float>(deviation * pair[0]);
    if (i + 1 < out.size()) out[i + 1] = static_cast<float>(deviation * pair[1]);
  }
}

void fill_uniform(std::uint64_t seed, std::uint64_t tensor, double bound, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); i += 2) {
    const auto pair = uniform_pair(seed, RandomStream::kWeights, tensor, static_cast<std::uint32_t>(i / 2));
    out[i] = static_cast<float>(bound * (2.0 * pair[0] - 1.0));
    if (i + 1 < out.size()) out[i + 1] = static_cast<float>(bound * (2.0 * pair[1] - 1.0));
  }
}

/// Normal vectors made orthonormal one after the other; done twice, since once leaves rounding errors
/// that grow with the number of vectors.
void fill_orthogonal(std::uint64_t seed, std::uint64_t tensor, double gain, int rows, int columns,
                     std::span<float> out) {
  const bool tall = rows >= columns;
  const auto count = static_cast<std::size_t>(tall ? columns : rows);
  const auto length = static_cast<std::size_t>(tall ? rows : columns);
  std::vector<double> vectors(count * length);
  for (std::size_t i = 0; i < vectors.size(); i += 2) {
    const auto pair = normal_pair(seed, RandomStream::kWeights, tensor, static_cast<std::uint32_t>(i / 2));
    vectors[i] = pair[0];
    if (i + 1 < vectors.size()) vectors[i + 1] = pair[1];
  }
  const auto dot = [&](const double* a, const double* b) {
    double sum = 0.0;
    for (std::size_t k = 0; k < length; ++k) sum += a[k] * b[k];
    return sum;
  };
  for (std::size_t i = 0; i < count; ++i) {
    double* v = &vectors[i * length];
    for (int round = 0; round < 2; ++round) {
      for (std::size_t j = 0; j < i; ++j) {
        const double* u = &vectors[j * length];
        const double share = dot(u, v);
        for (std::size_t k = 0; k < length; ++k) v[k] -= share * u[k];
      }
    }
    const double norm = std::sqrt(dot(v, v));
    for (std::size_t k = 0; k < length; ++k) v[k] /= norm;
  }
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t k = 0; k < length; ++k) {
      const std::size_t at = tall ? k * static_cast<std::size_t>(columns) + i : i * length + k;
      out[at] = static_cast<float>(gain * vectors[i * length + k]);
    }
}

}  // namespace

void initialise(const Plan& plan, const Spec& initialisation, std::uint64_t seed,
                std::span<float> parameters) {
  const std::string& id = initialisation.id;
  std::uint64_t tensor = 0;
  for (const PlannedLayer& layer : plan.layers) {
    if (layer.weight < 0) continue;
    const auto outputs = static_cast<std::size_t>(layer.outputs);
    const auto bias = layer.bias < 0 ? std::span<float>{}
                                     : parameters.subspan(static_cast<std::size_t>(layer.bias), outputs);
    std::fill(bias.begin(), bias.end(), 0.0f);
    if (layer.kind != LayerKind::kLinear) {
      const auto scale = parameters.subspan(static_cast<std::size_t>(layer.weight), outputs);
      std::fill(scale.begin(), scale.end(), 1.0f);
      tensor += 2;
      continue;
    }
    const auto weight = parameters.subspan(static_cast<std::size_t>(layer.weight),
                                           static_cast<std::size_t>(layer.inputs) * outputs);
    const double in = layer.inputs, both = in + layer.outputs;
    if (id == "pytorch") {
      fill_uniform(seed, tensor, 1.0 / std::sqrt(in), weight);
      fill_uniform(seed, tensor + 1, 1.0 / std::sqrt(in), bias);
    } else if (id == "xavier_normal") {
      fill_normal(seed, tensor, std::sqrt(2.0 / both), weight);
    } else if (id == "xavier_uniform") {
      fill_uniform(seed, tensor, std::sqrt(6.0 / both), weight);
    } else if (id == "he_normal") {
      fill_normal(seed, tensor, std::sqrt(2.0 / in), weight);
    } else if (id == "he_uniform") {
      fill_uniform(seed, tensor, std::sqrt(6.0 / in), weight);
    } else if (id == "lecun_normal") {
      fill_normal(seed, tensor, std::sqrt(1.0 / in), weight);
    } else if (id == "lecun_uniform") {
      fill_uniform(seed, tensor, std::sqrt(3.0 / in), weight);
    } else if (id == "normal") {
      fill_normal(seed, tensor, initialisation.number("std"), weight);
    } else if (id == "orthogonal") {
      fill_orthogonal(seed, tensor, initialisation.number("gain"), layer.inputs, layer.outputs, weight);
    } else {
      throw std::logic_error("no initialisation '" + id + "'");
    }
    tensor += 2;
  }
}

void initialise_buffers(const Plan& plan, std::span<float> buffers) {
  for (const PlannedLayer& layer : plan.layers) {
    if (layer.buffer < 0) continue;
    const auto mean = buffers.begin() + layer.buffer;
    std::fill(mean, mean + layer.outputs, 0.0f);
    std::fill(mean + layer.outputs, mean + 2 * layer.outputs, 1.0f);
  }
}

}  // namespace thalweg

#include "core/nn/cpu_tape.hpp"

#include <algorithm>

#include "core/nn/cpu_hessian_kernels.hpp"
#include "core/nn/cpu_kernels.hpp"
#include "core/nn/cpu_product.hpp"
#include "core/nn/functions.hpp"

namespace thalweg {
namespace {

void copy(const float* from, std::int64_t count, std::vector<float>& to) { to.assign(from, from + count); }

}  // namespace

void Tape::record(CpuNetwork& network, const PassSamples& pass, float scale, const float* parameters,
                  const float* running) {
  rows_ = pass.rows;
  layers_.resize(network.plan().layers.size());
  network.gather(pass);
  network.forward(rows_, {});
  network.measure(pass, scale);
  record_values(network, running);
  record_gradients(network, parameters);
}

void Tape::record_values(CpuNetwork& network, const float* running) {
  const Plan& plan = network.plan();
  for (std::size_t i = network.first_trained(); i < layers_.size(); ++i) {
    const PlannedLayer& layer = plan.layers[i];
    LayerTape& tape = layers_[i];
    const std::int64_t inputs = std::int64_t{rows_} * layer.inputs;
    if (layer.kind == LayerKind::kLinear) {
      copy(network.input_of(i), inputs, tape.inputs);
    } else if (is_normalisation(layer.kind)) {
      tape.normal.resize(static_cast<std::size_t>(inputs));
      tape.inverse.resize(layer.kind == LayerKind::kBatchNorm
                              ? static_cast<std::size_t>(layer.inputs)
                              : static_cast<std::size_t>(rows_) * static_cast<std::size_t>(layer.groups));
      cpu::normal_values(layer, network.input_of(i), rows_, running + std::max<std::int64_t>(layer.buffer, 0),
                         tape.normal.data(), tape.inverse.data());
    }
  }
  softmax_.clear();
  if (!network.is_cross_entropy()) return;
  copy(network.outputs(), std::int64_t{rows_} * plan.outputs, softmax_);
  cpu::softmax(softmax_.data(), rows_, plan.outputs);
}

void Tape::record_gradients(CpuNetwork& network, const float* parameters) {
  const Plan& plan = network.plan();
  copy(network.delta(), std::int64_t{rows_} * plan.outputs, delta_);
  int from = -1;  // where the residual block begins that we are in
  for (std::size_t i = layers_.size(); i-- > network.first_trained();) {
    const PlannedLayer& layer = plan.layers[i];
    LayerTape& tape = layers_[i];
    const std::int64_t inputs = std::int64_t{rows_} * layer.inputs;
    if (layer.kind == LayerKind::kLinear) {
      tape.delta = delta_;
      delta_before_.resize(static_cast<std::size_t>(inputs));
      cpu::product('N', 'T', rows_, layer.inputs, layer.outputs, delta_.data(), layer.outputs,
                   parameters + layer.weight, layer.outputs, delta_before_.data());
      std::swap(delta_, delta_before_);
    } else if (is_normalisation(layer.kind)) {
      tape.delta = delta_;
      const cpu::NormValues values{parameters + layer.weight, tape.normal.data(), tape.inverse.data(),
                                   tape.delta.data()};
      cpu::norm_gradient(layer, values, rows_, delta_.data());
    } else if (is_activation(layer.kind)) {
      tape.slope.resize(static_cast<std::size_t>(inputs));
      if (!is_piecewise_linear(layer.kind)) tape.bend.resize(static_cast<std::size_t>(inputs));
      cpu::activation_derivatives(layer, network.input_of(i), delta_.data(), tape.slope.data(),
                                  tape.bend.empty() ? nullptr : tape.bend.data(), inputs);
      cpu::multiply(delta_.data(), tape.slope.data(), delta_.data(), inputs);
    } else if (layer.kind == LayerKind::kAdd) {
      from = layer.from;
      skipped_ = delta_;
    }
    if (static_cast<int>(i) == from) cpu::add(delta_.data(), skipped_.data(), delta_.data(), inputs);
  }
}

std::size_t Tape::bytes() const {
  std::size_t out = softmax_.capacity() + delta_.capacity() + delta_before_.capacity() + skipped_.capacity();
  for (const LayerTape& t : layers_)
    out += t.inputs.capacity() + t.delta.capacity() + t.slope.capacity() + t.bend.capacity() +
           t.normal.capacity() + t.inverse.capacity();
  return out * sizeof(float);
}

}  // namespace thalweg

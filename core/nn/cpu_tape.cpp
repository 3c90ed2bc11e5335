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

std::size_t Tape::bytes() const {
  std::size_t out = softmax.capacity();
  for (const LayerTape& t : layers)
    out += t.inputs.capacity() + t.delta.capacity() + t.slope.capacity() + t.bend.capacity() +
           t.normal.capacity() + t.inverse.capacity();
  return out * sizeof(float);
}

void TapeRecorder::record(CpuNetwork& network, const PassSamples& pass, const TapeSource& source,
                          Tape& tape) {
  tape.rows = pass.rows;
  tape.layers.resize(network.plan().layers.size());
  network.gather(pass);
  network.forward(pass.rows, {});
  network.measure(pass, source.scale);
  copy(network.delta(), std::int64_t{pass.rows} * network.plan().outputs, delta_);
  record_values(network, source, tape);
  record_gradients(network, source, tape);
}

void TapeRecorder::record_values(const CpuNetwork& network, const TapeSource& source, Tape& tape) {
  const Plan& plan = network.plan();
  for (std::size_t i = network.first_trained(); i < plan.layers.size(); ++i) {
    const PlannedLayer& layer = plan.layers[i];
    LayerTape& out = tape.layers[i];
    const std::int64_t count = std::int64_t{tape.rows} * layer.inputs;
    if (i == 0 && network.sparse_inputs()) {
      tape.sparse = *network.sparse_inputs();
    } else if (layer.kind == LayerKind::kLinear) {
      copy(network.input_of(i), count, out.inputs);
    } else if (is_normalisation(layer.kind)) {
      out.normal.resize(static_cast<std::size_t>(count));
      out.inverse.resize(layer.kind == LayerKind::kBatchNorm
                             ? static_cast<std::size_t>(layer.inputs)
                             : static_cast<std::size_t>(tape.rows) * static_cast<std::size_t>(layer.groups));
      cpu::normal_values(layer, network.input_of(i), tape.rows,
                         source.running + std::max<std::int64_t>(layer.buffer, 0), out.normal.data(),
                         out.inverse.data());
    }
  }
  if (!network.is_cross_entropy()) return;
  copy(network.outputs(), std::int64_t{tape.rows} * plan.outputs, tape.softmax);
  cpu::softmax(tape.softmax.data(), tape.rows, plan.outputs);
}

void TapeRecorder::record_gradients(const CpuNetwork& network, const TapeSource& source, Tape& tape) {
  const Plan& plan = network.plan();
  const std::size_t first = network.first_trained();
  int from = -1;  // where the residual block begins that we are in
  for (std::size_t i = plan.layers.size(); i-- > first;) {
    const PlannedLayer& layer = plan.layers[i];
    LayerTape& out = tape.layers[i];
    const std::int64_t count = std::int64_t{tape.rows} * layer.inputs;
    if (layer.kind == LayerKind::kLinear) {
      record_linear(layer, source, i == first, tape, out);
    } else if (is_normalisation(layer.kind)) {
      out.delta = delta_;
      const cpu::NormValues values{source.parameters + layer.weight, out.normal.data(), out.inverse.data(),
                                   out.delta.data()};
      cpu::norm_gradient(layer, values, tape.rows, delta_.data());
    } else if (is_activation(layer.kind)) {
      record_activation(layer, network.input_of(i), count, out);
    } else if (layer.kind == LayerKind::kAdd) {
      from = layer.from;
      skipped_ = delta_;
    }
    if (static_cast<int>(i) == from && i > first)
      cpu::add(delta_.data(), skipped_.data(), delta_.data(), count);
  }
}

void TapeRecorder::record_linear(const PlannedLayer& layer, const TapeSource& source, bool first, Tape& tape,
                                 LayerTape& out) {
  out.delta = delta_;
  if (first) return;  // nobody asks for the gradient by its inputs
  delta_before_.resize(static_cast<std::size_t>(tape.rows) * static_cast<std::size_t>(layer.inputs));
  cpu::product('N', 'T', tape.rows, layer.inputs, layer.outputs, delta_.data(), layer.outputs,
               source.parameters + layer.weight, layer.outputs, delta_before_.data());
  std::swap(delta_, delta_before_);
}

void TapeRecorder::record_activation(const PlannedLayer& layer, const float* x, std::int64_t count,
                                     LayerTape& out) {
  out.slope.resize(static_cast<std::size_t>(count));
  if (!is_piecewise_linear(layer.kind)) out.bend.resize(static_cast<std::size_t>(count));
  cpu::activation_derivatives(layer, x, delta_.data(), out.slope.data(),
                              out.bend.empty() ? nullptr : out.bend.data(), count);
  cpu::multiply(delta_.data(), out.slope.data(), delta_.data(), count);
}

}  // namespace thalweg

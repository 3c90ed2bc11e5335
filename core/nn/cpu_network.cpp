#include "core/nn/cpu_network.hpp"

#include <algorithm>
#include <cmath>

#include "core/nn/cpu_kernels.hpp"
#include "core/nn/cpu_product.hpp"
#include "core/nn/functions.hpp"

namespace thalweg {
namespace {

std::size_t numbers(int rows, int width) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(width);
}

/// How many means and inverses a layer needs.
std::size_t statistics(const PlannedLayer& layer, int rows) {
  if (layer.kind == LayerKind::kBatchNorm) return static_cast<std::size_t>(layer.inputs);
  if (is_normalisation(layer.kind)) return numbers(rows, layer.groups);
  return 0;
}

}  // namespace

CpuNetwork::CpuNetwork(Plan plan, const Spec& loss, std::shared_ptr<const Dataset> data, std::uint64_t seed,
                       int threads)
    : plan_(std::move(plan)),
      data_(std::move(data)),
      seed_(seed),
      threads_(threads),
      cross_entropy_(loss.id == "cross_entropy"),
      smoothing_(cross_entropy_ ? static_cast<float>(loss.number("label_smoothing")) : 0.0f),
      values_(plan_.layers.size()),
      outputs_(plan_.layers.size()),
      means_(plan_.layers.size()),
      inverses_(plan_.layers.size()) {
  while (plan_.layers[first_trained_].weight < 0) ++first_trained_;
}

void CpuNetwork::bind(const float* parameters, float* running, Precision precision) {
  parameters_ = parameters;
  running_ = running;
  precision_ = precision;
  if (precision == Precision::kFp32) return;
  rounded_.assign(parameters, parameters + plan_.parameters);
  for (const PlannedLayer& layer : plan_.layers) {
    if (layer.kind != LayerKind::kLinear) continue;
    cpu::round_to(precision, parameters + layer.weight, rounded_.data() + layer.weight,
                  std::int64_t{layer.inputs} * layer.outputs);
    cpu::round_to(precision, parameters + layer.bias, rounded_.data() + layer.bias, layer.outputs);
  }
  parameters_ = rounded_.data();
}

void CpuNetwork::round(float* x, int rows, int width) const {
  if (precision_ != Precision::kFp32) cpu::round_to(precision_, x, x, std::int64_t{rows} * width);
}

void CpuNetwork::leave_out_zeros(std::shared_ptr<const cpu::SparseDataset> sparse) {
  const auto adds_inputs = [](const PlannedLayer& layer) {
    return layer.kind == LayerKind::kAdd && layer.from == 0;
  };
  if (plan_.layers.front().kind == LayerKind::kLinear &&
      std::none_of(plan_.layers.begin(), plan_.layers.end(), adds_inputs))
    sparse_ = std::move(sparse);
}

void CpuNetwork::reserve(int rows) {
  if (rows <= rows_) return;
  rows_ = rows;
  int widest = plan_.inputs;
  bool residual = false;
  inputs_.resize(numbers(rows, plan_.inputs));
  float* before = inputs_.data();
  for (std::size_t i = 0; i < plan_.layers.size(); ++i) {
    const PlannedLayer& layer = plan_.layers[i];
    widest = std::max(widest, layer.outputs);
    residual |= layer.kind == LayerKind::kAdd;
    if (!works_in_place(layer.kind)) {
      values_[i].resize(numbers(rows, layer.outputs));
      before = values_[i].data();
    }
    outputs_[i] = before;
    means_[i].resize(statistics(layer, rows));
    inverses_[i].resize(statistics(layer, rows));
  }
  if (residual) skipped_.resize(numbers(rows, widest));
  delta_.resize(numbers(rows, widest));
  delta_before_.resize(numbers(rows, widest));
}

void CpuNetwork::gather(const PassSamples& pass) {
  const Samples& samples = *pass.samples;
  const int channels = std::max(data_->shape[0], 1);
  const std::int64_t plane = data_->features / channels;
  // Inputs that are rounded have no one scale and shift.
  const bool exact = precision_ == Precision::kFp32;
  const cpu::SparseSamples* const sparse = sparse_ && exact ? sparse_->of(*data_, samples) : nullptr;
  zeros_left_out_ = sparse != nullptr;
  if (sparse) {
    const double mean = data_->mean[0], deviation = data_->deviation[0];
    sparse_batch_.gather(*sparse, data_->features, pass.chosen, pass.first, pass.rows,
                         static_cast<float>(1.0 / (255.0 * deviation)),
                         static_cast<float>(-mean / deviation));
    return;
  }
#pragma omp parallel for schedule(static) num_threads(threads_) if (threads_ > 1)
  for (int r = 0; r < pass.rows; ++r) {
    const std::int64_t sample = pass.chosen ? pass.chosen[r] : pass.first + r;
    float* out = inputs_.data() + std::int64_t{r} * data_->features;
    for (int c = 0; c < channels; ++c) {
      const auto channel = static_cast<std::size_t>(c);
      const double mean = data_->mean[channel], deviation = data_->deviation[channel];
      const auto shift = static_cast<float>(-mean / deviation);
      const std::int64_t from = sample * data_->features + c * plane;
      if (samples.bytes.empty())
        cpu::normalise_floats(samples.values.data() + from, plane, static_cast<float>(1.0 / deviation), shift,
                              out + c * plane);
      else
        cpu::normalise_bytes(samples.bytes.data() + from, plane,
                             static_cast<float>(1.0 / (255.0 * deviation)), shift, out + c * plane);
    }
  }
  round(inputs_.data(), pass.rows, plan_.inputs);
}

/// Whether a linear layer adds its bias and computes the activation behind it in one go.
bool CpuNetwork::fuses(std::size_t i) const {
  return plan_.layers[i].kind == LayerKind::kLinear && i + 1 < plan_.layers.size() &&
         is_activation(plan_.layers[i + 1].kind) && precision_ == Precision::kFp32;
}

void CpuNetwork::forward(int rows, const PassMode& mode, const LayerWatch& watch) {
  for (std::size_t i = 0; i < plan_.layers.size(); ++i) {
    const bool fused = fuses(i) && !watch;
    forward_layer(i, rows, mode, fused);
    if (fused) ++i;
    round(outputs_[i], rows, plan_.layers[i].outputs);
    if (watch) watch(i, outputs_[i]);
  }
}

void CpuNetwork::forward_layer(std::size_t i, int rows, const PassMode& mode, bool fused) {
  const PlannedLayer& layer = plan_.layers[i];
  const float* x = input_of(i);
  float* y = outputs_[i];
  switch (layer.kind) {
    case LayerKind::kLinear:
      forward_linear(i, rows, fused);
      break;
    case LayerKind::kBatchNorm: {
      float* running = running_ + layer.buffer;
      if (mode.training)
        cpu::batch_norm(layer, x, y, rows, weight(layer), bias(layer), means_[i].data(), inverses_[i].data(),
                        running);
      else
        cpu::batch_norm_running(layer, x, y, rows, weight(layer), bias(layer), running, means_[i].data(),
                                inverses_[i].data());
      break;
    }
    case LayerKind::kLayerNorm:
    case LayerKind::kGroupNorm:
      cpu::group_norm(layer, x, y, rows, weight(layer), bias(layer), means_[i].data(), inverses_[i].data());
      break;
    case LayerKind::kRmsNorm:
      cpu::rms_norm(layer, x, y, rows, weight(layer), inverses_[i].data());
      break;
    case LayerKind::kAdd:
      cpu::add(x, input_of(static_cast<std::size_t>(layer.from)), y, std::int64_t{rows} * layer.outputs);
      break;
    case LayerKind::kDropout:
      dropout(i, rows, mode, y);
      break;
    default:  // an activation; in place where x is y
      cpu::bias_activation(layer.kind, static_cast<float>(layer.setting), const_cast<float*>(x), y, rows,
                           layer.outputs, nullptr);
  }
}

void CpuNetwork::forward_linear(std::size_t i, int rows, bool fused) {
  const PlannedLayer& layer = plan_.layers[i];
  float* y = outputs_[i];
  if (i == 0 && zeros_left_out_)
    sparse_batch_.product(weight(layer), layer.outputs, y, threads_);
  else
    cpu::product('N', 'N', rows, layer.outputs, layer.inputs, input_of(i), layer.inputs, weight(layer),
                 layer.outputs, y);
  if (!fused) return cpu::add_bias(y, rows, layer.outputs, bias(layer));
  const PlannedLayer& next = plan_.layers[i + 1];
  cpu::bias_activation(next.kind, static_cast<float>(next.setting), y, outputs_[i + 1], rows, layer.outputs,
                       bias(layer));
}

void CpuNetwork::dropout(std::size_t i, int rows, const PassMode& mode, float* x) const {
  if (!mode.training) return;
  const PlannedLayer& layer = plan_.layers[i];
  cpu::dropout(seed_, mode.step, static_cast<int>(i), layer.setting, mode.first_row * layer.outputs, x,
               std::int64_t{rows} * layer.outputs);
}

PassResult CpuNetwork::measure(const PassSamples& pass, float scale) {
  const int width = plan_.outputs;
  const Samples& samples = *pass.samples;
  PassResult out;
  for (int r = 0; r < pass.rows; ++r) {
    const auto sample = static_cast<std::size_t>(pass.chosen ? pass.chosen[r] : pass.first + r);
    const float* row = outputs() + std::int64_t{r} * width;
    float* d = scale != 0.0f ? delta_.data() + std::int64_t{r} * width : nullptr;
    const int label = data_->classes > 0 ? samples.labels[sample] : -1;
    const auto target = [&](int k) { return label < 0 ? samples.targets[sample] : k == label ? 1.0f : 0.0f; };
    out.loss += static_cast<double>(cross_entropy_ ? cross_entropy(row, width, label, smoothing_, scale, d)
                                                   : squared_error(row, width, target, scale, d));
    if (label >= 0 && prediction(row, width) == label) ++out.correct;
  }
  return out;
}

void CpuNetwork::measure_drawn(int rows, float scale, const LabelDraws& draws, std::size_t first) {
  const int width = plan_.outputs;
  for (int r = 0; r < rows; ++r) {
    const auto sample = static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(r);
    float* d = delta_.data() + std::int64_t{r} * width;
    if (cross_entropy_)
      drawn_cross_entropy(outputs() + std::int64_t{r} * width, width, draws(sample, 0)[0], scale, d);
    else
      drawn_squared_error(width, [&](int pair) { return draws(sample, pair); }, scale, d);
  }
}

void CpuNetwork::backward(int rows, const PassMode& mode, float* gradient) {
  int from = -1;  // where the residual block begins that we are in
  round(delta_.data(), rows, plan_.outputs);
  for (std::size_t i = plan_.layers.size(); i-- > first_trained_;) {
    const PlannedLayer& layer = plan_.layers[i];
    if (layer.kind == LayerKind::kAdd) from = layer.from;
    backward_layer(i, rows, mode, gradient);
    if (i == first_trained_) return;  // nobody wants the gradient by what goes in there
    round(delta_.data(), rows, layer.inputs);
    if (static_cast<int>(i) != from) continue;
    cpu::add(delta_.data(), skipped_.data(), delta_.data(), std::int64_t{rows} * layer.inputs);
    round(delta_.data(), rows, layer.inputs);
  }
}

void CpuNetwork::backward_layer(std::size_t i, int rows, const PassMode& mode, float* gradient) {
  const PlannedLayer& layer = plan_.layers[i];
  const float* x = input_of(i);
  float* d = delta_.data();
  float* dweight = gradient + layer.weight;
  float* dbias = gradient + layer.bias;
  switch (layer.kind) {
    case LayerKind::kLinear:
      backward_linear(i, rows, gradient);
      break;
    case LayerKind::kBatchNorm:
      if (mode.training)
        cpu::batch_norm_gradient(layer, x, d, rows, weight(layer), means_[i].data(), inverses_[i].data(),
                                 dweight, dbias);
      else
        cpu::batch_norm_running_gradient(layer, x, d, rows, weight(layer), means_[i].data(),
                                         inverses_[i].data(), dweight, dbias);
      break;
    case LayerKind::kLayerNorm:
    case LayerKind::kGroupNorm:
      cpu::group_norm_gradient(layer, x, d, rows, weight(layer), means_[i].data(), inverses_[i].data(),
                               dweight, dbias);
      break;
    case LayerKind::kRmsNorm:
      cpu::rms_norm_gradient(layer, x, d, rows, weight(layer), inverses_[i].data(), dweight);
      break;
    case LayerKind::kAdd:
      std::copy_n(d, std::int64_t{rows} * layer.outputs, skipped_.begin());
      return;
    case LayerKind::kDropout:
      dropout(i, rows, mode, d);
      break;
    default:
      cpu::activation_gradient(layer.kind, static_cast<float>(layer.setting), x, d,
                               std::int64_t{rows} * layer.outputs);
  }
}

void CpuNetwork::backward_linear(std::size_t i, int rows, float* gradient) {
  const PlannedLayer& layer = plan_.layers[i];
  const float* d = delta_.data();
  cpu::column_sums(d, rows, layer.outputs, gradient + layer.bias);
  if (i == 0 && zeros_left_out_)
    sparse_batch_.transposed_product(d, layer.outputs, gradient + layer.weight, threads_);
  else
    cpu::product('T', 'N', layer.inputs, layer.outputs, rows, input_of(i), layer.inputs, d, layer.outputs,
                 gradient + layer.weight);
  round(gradient + layer.weight, layer.inputs, layer.outputs);
  round(gradient + layer.bias, 1, layer.outputs);
  if (i == first_trained_) return;
  cpu::product('N', 'T', rows, layer.inputs, layer.outputs, d, layer.outputs, weight(layer), layer.outputs,
               delta_before_.data());
  std::swap(delta_, delta_before_);
}

}  // namespace thalweg

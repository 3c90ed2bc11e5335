#include "gpu/network.hpp"

#include <algorithm>
#include <utility>

#include "gpu/kernels/drawn.hpp"
#include "gpu/kernels/elements.hpp"
#include "gpu/kernels/norms.hpp"

namespace thalweg::gpu {
namespace {

/// Multiply-adds up to which a product is made by our own kernel, with all that surrounds it, and not by
/// cuBLAS. Not measured on a device: at 24 million the kernel's tiles still are fewer than 16,000 warps'
/// work.
constexpr std::int64_t kMostSmall = 24'000'000;

std::size_t numbers(int rows, int width) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(width);
}

std::size_t statistics(const PlannedLayer& layer, int rows) {
  if (layer.kind == LayerKind::kBatchNorm) return static_cast<std::size_t>(layer.inputs);
  if (is_normalisation(layer.kind)) return numbers(rows, layer.groups);
  return 0;
}

}  // namespace

DeviceData::DeviceData(std::shared_ptr<Queue> queue, std::shared_ptr<const Dataset> data)
    : queue_(std::move(queue)), data_(std::move(data)) {
  std::vector<float> scale, shift;
  const double unit = data_->train.bytes.empty() ? 1.0 : 255.0;
  for (std::size_t c = 0; c < data_->mean.size(); ++c) {
    const double mean = data_->mean[c], deviation = data_->deviation[c];
    scale.push_back(static_cast<float>(1.0 / (unit * deviation)));
    shift.push_back(static_cast<float>(-mean / deviation));
  }
  scale_ = Buffer<float>(*queue_, std::span<const float>(scale));
  shift_ = Buffer<float>(*queue_, std::span<const float>(shift));
  train_ = hold(data_->train, true);
  test_ = hold(data_->test, true);
}

DeviceData::Held DeviceData::hold(const Samples& samples, bool labels) const {
  Held out;
  out.bytes = Buffer<std::uint8_t>(*queue_, std::span<const std::uint8_t>(samples.bytes));
  out.values = Buffer<float>(*queue_, std::span<const float>(samples.values));
  if (labels) {
    out.labels = Buffer<std::uint8_t>(*queue_, std::span<const std::uint8_t>(samples.labels));
    out.targets = Buffer<float>(*queue_, std::span<const float>(samples.targets));
  }
  out.view = {.bytes = out.bytes.data(),
              .values = out.values.data(),
              .labels = out.labels.data(),
              .targets = out.targets.data(),
              .scale = scale_.data(),
              .shift = shift_.data(),
              .features = data_->features,
              .plane = data_->features / std::max(data_->shape[0], 1),
              .count = samples.count};
  return out;
}

DeviceNetwork::DeviceNetwork(Queue& queue, Products& products, Plan plan, const Spec& loss,
                             std::shared_ptr<const DeviceData> data, std::uint64_t seed, bool rounds)
    : queue_(queue),
      products_(products),
      plan_(std::move(plan)),
      data_(std::move(data)),
      seed_(seed),
      rounds_(rounds),
      cross_entropy_(loss.id == "cross_entropy"),
      smoothing_(cross_entropy_ ? static_cast<float>(loss.number("label_smoothing")) : 0.0f),
      values_(plan_.layers.size()),
      outputs_(plan_.layers.size()),
      means_(plan_.layers.size()),
      inverses_(plan_.layers.size()) {
  while (plan_.layers[first_trained_].weight < 0) ++first_trained_;
}

void DeviceNetwork::bind(const float* parameters, float* running, Precision precision) {
  running_ = running;
  precision_ = precision;
  parameters_ = parameters;
  if (precision == Precision::kFp32) return;
  queue_.copy(rounded_.data(), parameters, rounded_.size() * sizeof(float));
  for (const PlannedLayer& layer : plan_.layers) {
    if (layer.kind != LayerKind::kLinear) continue;
    round(rounded_.data() + layer.weight, std::int64_t{layer.inputs} * layer.outputs);
    round(rounded_.data() + layer.bias, layer.outputs);
  }
  parameters_ = rounded_.data();
}

void DeviceNetwork::round(float* x, std::int64_t count) {
  if (precision_ != Precision::kFp32) queue_.launch(grid_for(count), Round{precision_, x, x, count});
}

bool DeviceNetwork::reserve(int rows) {
  if (rows <= rows_) return false;
  rows_ = rows;
  int widest = plan_.inputs;
  bool residual = false;
  std::size_t largest = 0;
  inputs_ = Buffer<float>(queue_, numbers(rows, plan_.inputs));
  float* before = inputs_.data();
  for (std::size_t i = 0; i < plan_.layers.size(); ++i) {
    const PlannedLayer& layer = plan_.layers[i];
    widest = std::max(widest, layer.outputs);
    residual |= layer.kind == LayerKind::kAdd;
    if (!works_in_place(layer.kind)) {
      values_[i] = Buffer<float>(queue_, numbers(rows, layer.outputs));
      before = values_[i].data();
    }
    outputs_[i] = before;
    means_[i] = Buffer<float>(queue_, statistics(layer, rows));
    inverses_[i] = Buffer<float>(queue_, statistics(layer, rows));
    if (layer.kind == LayerKind::kLinear) largest = std::max(largest, numbers(layer.inputs, layer.outputs));
  }
  if (residual) skipped_ = Buffer<float>(queue_, numbers(rows, widest));
  for (Buffer<float>& delta : deltas_) delta = Buffer<float>(queue_, numbers(rows, widest));
  delta_ = deltas_[0].data();
  delta_before_ = deltas_[1].data();
  if (!rounds_) return true;
  if (rounded_.empty()) rounded_ = Buffer<float>(queue_, static_cast<std::size_t>(plan_.parameters));
  largest = std::max(largest, numbers(rows, widest));
  products_.reserve(static_cast<std::int64_t>(largest), static_cast<std::int64_t>(largest));
  return true;
}

bool DeviceNetwork::small(std::int64_t m, std::int64_t n, std::int64_t k) const {
  return m * n * k <= kMostSmall;
}

DropoutMask DeviceNetwork::mask(int layer, const DeviceMode& mode) const {
  if (layer < 0 || !mode.training) return {};
  const PlannedLayer& planned = plan_.layers[static_cast<std::size_t>(layer)];
  return {.p = planned.setting,
          .layer = layer,
          .seed = seed_,
          .step = &mode.order->step,
          .first = mode.first_row * planned.outputs};
}

Input DeviceNetwork::input_of(std::size_t layer, const DevicePass& pass) const {
  if (layer > 0) return {.numbers = outputs_[layer - 1], .width = plan_.layers[layer].inputs};
  return {.numbers = inputs_needed_ ? inputs_.data() : nullptr,
          .width = plan_.inputs,
          .pass = pass,
          .precision = precision_};
}

void DeviceNetwork::write_inputs(const DevicePass& pass, int rows) {
  const PlannedLayer& first = plan_.layers.front();
  const bool added = std::any_of(plan_.layers.begin(), plan_.layers.end(), [](const PlannedLayer& layer) {
    return layer.kind == LayerKind::kAdd && layer.from == 0;
  });
  inputs_needed_ = false;
  const Input input = input_of(0, pass);
  if (first.kind == LayerKind::kLinear && small(rows, first.outputs, first.inputs) && !added) return;
  queue_.launch(grid_for(std::int64_t{rows} * plan_.inputs), WriteInputs{input, inputs_.data(), rows});
  inputs_needed_ = true;
}

DeviceNetwork::Fused DeviceNetwork::fused_from(std::size_t linear) const {
  Fused out{.last = static_cast<int>(linear)};
  if (precision_ != Precision::kFp32 || watch_) return out;
  const auto kind = [&](int layer) {
    return static_cast<std::size_t>(layer) < plan_.layers.size()
               ? plan_.layers[static_cast<std::size_t>(layer)].kind
               : LayerKind::kLinear;
  };
  if (is_activation(kind(out.last + 1))) out.activation = ++out.last;
  if (kind(out.last + 1) == LayerKind::kDropout) out.dropout = ++out.last;
  return out;
}

void DeviceNetwork::forward(const DevicePass& pass, int rows, const DeviceMode& mode) {
  write_inputs(pass, rows);
  for (std::size_t i = 0; i < plan_.layers.size(); ++i) {
    if (plan_.layers[i].kind == LayerKind::kLinear)
      i = forward_linear(i, pass, rows, mode);
    else
      forward_other(i, pass, rows, mode);
    if (watch_) watch_(i, outputs_[i]);
  }
}

/// Returns the last layer that is done.
std::size_t DeviceNetwork::forward_linear(std::size_t i, const DevicePass& pass, int rows,
                                          const DeviceMode& mode) {
  const PlannedLayer& layer = plan_.layers[i];
  const Fused fused = fused_from(i);
  WriteLayer write{
      .bias = bias(layer), .y = outputs_[static_cast<std::size_t>(fused.last)], .width = layer.outputs};
  write.precision = precision_;
  if (fused.activation >= 0) {
    const PlannedLayer& next = plan_.layers[static_cast<std::size_t>(fused.activation)];
    write.kind = next.kind;
    write.slope = static_cast<float>(next.setting);
    if (!works_in_place(next.kind)) write.z = outputs_[i];
  }
  write.dropout = mask(fused.dropout, mode);
  const Input x = input_of(i, pass);
  if (small(rows, layer.outputs, layer.inputs)) {
    using Product = SmallProduct<LeftInput, Right, WriteLayer>;
    queue_.launch(Product::grid(rows, layer.outputs),
                  Product{{x}, {weight(layer), layer.outputs}, write, rows, layer.outputs, layer.inputs});
  } else {
    float* const sums = write.z ? write.z : write.y;
    products_.multiply(false, false, rows, layer.outputs, layer.inputs, x.numbers, weight(layer), sums,
                       precision_);
    queue_.launch(grid_for(std::int64_t{rows} * layer.outputs),
                  AfterProduct<WriteLayer>{sums, rows, layer.outputs, write});
  }
  return static_cast<std::size_t>(fused.last);
}

void DeviceNetwork::forward_other(std::size_t i, const DevicePass& pass, int rows, const DeviceMode& mode) {
  const PlannedLayer& layer = plan_.layers[i];
  const float* const x = i == 0 ? inputs_.data() : outputs_[i - 1];
  float* const y = outputs_[i];
  const std::int64_t count = std::int64_t{rows} * layer.outputs;
  const auto eps = static_cast<float>(layer.setting);
  (void)pass;
  switch (layer.kind) {
    case LayerKind::kBatchNorm: {
      float* const running = running_ + layer.buffer;
      if (mode.training)
        queue_.launch(ColumnBlock::grid(layer.inputs, 1),
                      BatchNorm{x, y, rows, layer.inputs, weight(layer), bias(layer), means_[i].data(),
                                inverses_[i].data(), running, eps, static_cast<float>(layer.momentum),
                                precision_, mode.order, mode.escaped});
      else
        queue_.launch(grid_for(count),
                      BatchNormRunning{x, y, rows, layer.inputs, weight(layer), bias(layer), means_[i].data(),
                                       inverses_[i].data(), running, eps, precision_});
      break;
    }
    case LayerKind::kLayerNorm:
    case LayerKind::kGroupNorm:
    case LayerKind::kRmsNorm:
      queue_.launch(GroupNorm::grid(rows, layer.groups),
                    GroupNorm{x, y, rows, layer.inputs, layer.groups, weight(layer),
                              layer.kind == LayerKind::kRmsNorm ? nullptr : bias(layer), means_[i].data(),
                              inverses_[i].data(), eps, precision_});
      break;
    case LayerKind::kAdd: {
      const auto from = static_cast<std::size_t>(layer.from);
      queue_.launch(grid_for(count),
                    Add{x, from == 0 ? inputs_.data() : outputs_[from - 1], y, count, precision_});
      break;
    }
    case LayerKind::kDropout:
      if (x != y) queue_.copy(y, x, static_cast<std::size_t>(count) * sizeof(float));
      if (const DropoutMask own = mask(static_cast<int>(i), mode); own.p > 0.0)
        queue_.launch(grid_for(count), Drop{own, y, count, precision_});
      break;
    default:
      queue_.launch(grid_for(count),
                    Activate{layer.kind, static_cast<float>(layer.setting), x, y, count, precision_});
  }
}

void DeviceNetwork::measure(const DevicePass& pass, int rows, const DeviceMode& mode, const Measure& what,
                            StepReport* report) {
  queue_.launch(Loss::grid(), Loss{.outputs = outputs(),
                                   .delta = what.gradient ? delta_ : nullptr,
                                   .rows = rows,
                                   .width = plan_.outputs,
                                   .pass = pass,
                                   .cross_entropy_loss = cross_entropy_,
                                   .smoothing = smoothing_,
                                   .order = mode.order,
                                   .scale = what.scale,
                                   .more = what.more,
                                   .precision = precision_,
                                   .last = what.last,
                                   .samples = what.samples,
                                   .report = report,
                                   .escaped = mode.escaped});
}

void DeviceNetwork::measure_drawn(int rows, float scale, const LabelDraws& draws, std::uint32_t first) {
  queue_.launch(grid_for(rows), DrawnLoss{outputs(), delta_, rows, plan_.outputs, cross_entropy_, draws,
                                          first, scale, precision_});
}

void DeviceNetwork::backward(const DevicePass& pass, int rows, const DeviceMode& mode, float* gradient) {
  int from = -1;  // where the residual block begins that we are in
  for (std::size_t i = plan_.layers.size(); i-- > first_trained_;) {
    const PlannedLayer& layer = plan_.layers[i];
    if (layer.kind == LayerKind::kAdd) from = layer.from;
    const std::size_t at = i;
    if (layer.kind == LayerKind::kLinear)
      i = backward_linear(i, pass, rows, mode, gradient);
    else
      backward_other(i, pass, rows, mode, gradient);
    if (i == first_trained_) return;  // nobody wants the gradient by what goes in there
    if (static_cast<int>(at) != from) continue;
    const std::int64_t count = std::int64_t{rows} * layer.inputs;
    queue_.launch(grid_for(count), Add{delta_, skipped_.data(), delta_, count, precision_});
  }
}

/// Returns the first layer that is done.
std::size_t DeviceNetwork::backward_linear(std::size_t i, const DevicePass& pass, int rows,
                                           const DeviceMode& mode, float* gradient) {
  const PlannedLayer& layer = plan_.layers[i];
  float* const dweight = gradient + layer.weight;
  float* const dbias = gradient + layer.bias;
  const Input x = input_of(i, pass);
  const bool is_small = small(rows, layer.outputs, layer.inputs);
  using Weights = SmallProduct<LeftInputTransposed, Right, WriteGradient>;
  const Weights by_weights{{x},
                           {delta_, layer.outputs},
                           {dweight, dbias, layer.inputs, layer.outputs, precision_},
                           layer.inputs + 1,
                           layer.outputs,
                           rows};
  if (is_small && i == first_trained_) {
    queue_.launch(Weights::grid(by_weights.m, by_weights.n), by_weights);
    return i;
  }
  if (!is_small) {
    products_.multiply(true, false, layer.inputs, layer.outputs, rows, x.numbers, delta_, dweight,
                       precision_);
    round(dweight, std::int64_t{layer.inputs} * layer.outputs);
    queue_.launch(ColumnBlock::grid(layer.outputs, 1),
                  ColumnSums{delta_, rows, layer.outputs, dbias, precision_});
    if (i == first_trained_) return i;
  }

  // Dropout and activation before it, if nothing else comes in between.
  std::size_t first = i;
  WriteDelta write{.d = delta_before_, .width = layer.inputs};
  write.precision = precision_;
  const bool begins_block =
      std::any_of(plan_.layers.begin(), plan_.layers.end(), [&](const PlannedLayer& other) {
        return other.kind == LayerKind::kAdd && other.from >= 0 && other.from <= static_cast<int>(i) &&
               other.from + 2 >= static_cast<int>(i);
      });
  if (precision_ == Precision::kFp32 && !begins_block) {
    if (first > first_trained_ + 1 && plan_.layers[first - 1].kind == LayerKind::kDropout)
      write.dropout = mask(static_cast<int>(--first), mode);
    if (first > first_trained_ + 1 && is_activation(plan_.layers[first - 1].kind)) {
      const PlannedLayer& before = plan_.layers[--first];
      write.kind = before.kind;
      write.slope = static_cast<float>(before.setting);
      write.x = outputs_[first - 1];
    }
  }
  if (is_small) {
    using Deltas = SmallProduct<LeftInput, RightTransposed, WriteDelta>;
    const Deltas by_inputs{{{.numbers = delta_, .width = layer.outputs}},
                           {weight(layer), layer.outputs},
                           write,
                           rows,
                           layer.inputs,
                           layer.outputs};
    const Grid one = Weights::grid(by_weights.m, by_weights.n), two = Deltas::grid(rows, layer.inputs);
    using Both = BothProducts<Weights, Deltas>;
    queue_.launch(Both::grid(one, two), Both{by_weights, by_inputs, one.x * one.y});
  } else {
    products_.multiply(false, true, rows, layer.inputs, layer.outputs, delta_, weight(layer), delta_before_,
                       precision_);
    if (first < i || precision_ != Precision::kFp32)
      queue_.launch(grid_for(std::int64_t{rows} * layer.inputs),
                    AfterProduct<WriteDelta>{delta_before_, rows, layer.inputs, write});
  }
  std::swap(delta_, delta_before_);
  return first;
}

void DeviceNetwork::backward_other(std::size_t i, const DevicePass& pass, int rows, const DeviceMode& mode,
                                   float* gradient) {
  const PlannedLayer& layer = plan_.layers[i];
  const float* const x = i == 0 ? inputs_.data() : outputs_[i - 1];
  const std::int64_t count = std::int64_t{rows} * layer.outputs;
  float* const dweight = gradient + layer.weight;
  float* const dbias = gradient + layer.bias;
  (void)pass;
  switch (layer.kind) {
    case LayerKind::kBatchNorm:
      queue_.launch(ColumnBlock::grid(layer.inputs, 2),
                    BatchNormBack{x, delta_, rows, layer.inputs, weight(layer), means_[i].data(),
                                  inverses_[i].data(), dweight, dbias, !mode.training, precision_});
      break;
    case LayerKind::kLayerNorm:
    case LayerKind::kGroupNorm:
    case LayerKind::kRmsNorm: {
      const bool rms = layer.kind == LayerKind::kRmsNorm;
      const float* const mean = rms ? nullptr : means_[i].data();
      queue_.launch(ColumnBlock::grid(layer.inputs, 2),
                    GroupNormScales{x, delta_, rows, layer.inputs, layer.groups, mean, inverses_[i].data(),
                                    dweight, rms ? nullptr : dbias});
      queue_.launch(GroupNorm::grid(rows, layer.groups),
                    GroupNormBack{x, delta_, rows, layer.inputs, layer.groups, weight(layer), mean,
                                  inverses_[i].data(), precision_});
      break;
    }
    case LayerKind::kAdd:
      queue_.copy(skipped_.data(), delta_, static_cast<std::size_t>(count) * sizeof(float));
      break;
    case LayerKind::kDropout:
      if (const DropoutMask own = mask(static_cast<int>(i), mode); own.p > 0.0)
        queue_.launch(grid_for(count), Drop{own, delta_, count, precision_});
      break;
    default:
      queue_.launch(grid_for(count), ActivateBack{layer.kind, static_cast<float>(layer.setting), x, delta_,
                                                  count, precision_});
  }
}

}  // namespace thalweg::gpu

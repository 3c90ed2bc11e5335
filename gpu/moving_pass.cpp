#include "gpu/moving_pass.hpp"

#include <algorithm>
#include <utility>

#include "gpu/kernels/elements.hpp"

namespace thalweg::gpu {
namespace {

std::size_t matrix(int rows, int width) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(width);
}

}  // namespace

DeviceMovingPass::DeviceMovingPass(Queue& queue, Products& products, const CurvaturePlan& plan, int rows)
    : queue_(queue), products_(products), plan_(plan), buffer_(queue, numbers(plan, rows)) {
  Pieces pieces(buffer_.data());
  memory_ = lay_out(plan, rows, pieces);
}

std::size_t DeviceMovingPass::numbers(const CurvaturePlan& plan, int rows) {
  Pieces pieces;
  lay_out(plan, rows, pieces);
  return pieces.used();
}

DeviceMovingPass::Memory DeviceMovingPass::lay_out(const CurvaturePlan& plan, int rows, Pieces& pieces) {
  Memory out;
  out.layers.resize(plan.size());
  for (std::size_t i = plan.first_trained; i < plan.size(); ++i) {
    const PlannedLayer& layer = plan.layer(i);
    if (layer.kind != LayerKind::kDropout) out.layers[i].outputs = pieces.take(matrix(rows, layer.outputs));
    if (!is_normalisation(layer.kind)) continue;
    out.layers[i].normal = pieces.take(matrix(rows, layer.inputs));
    if (layer.kind != LayerKind::kBatchNorm)
      out.layers[i].projection = pieces.take(matrix(rows, layer.groups));
  }
  out.delta = pieces.take(matrix(rows, plan.widest));
  out.delta_before = pieces.take(matrix(rows, plan.widest));
  if (plan.residual) out.skipped = pieces.take(matrix(rows, plan.widest));
  out.slices = pieces.take(matrix(MovedSums::slices(rows), plan.widest));
  out.scale_slices = pieces.take(matrix(MovedSums::slices(rows), plan.widest));
  return out;
}

void DeviceMovingPass::run(const DeviceTape& tape, float scale, const MovingVectors& vectors,
                           bool gauss_newton, bool more) {
  tape_ = &tape;
  vectors_ = vectors;
  gauss_newton_ = gauss_newton;
  more_ = more;
  for (std::size_t i = plan_.first_trained; i < plan_.size(); ++i) {
    if (plan_.layer(i).kind == LayerKind::kLinear)
      i = forward_linear(i);
    else
      forward_other(i);
  }
  loss(scale);
  int from = -1;  // where the residual block begins that we are in
  for (std::size_t i = plan_.size(); i-- > plan_.first_trained;) {
    const PlannedLayer& layer = plan_.layer(i);
    if (layer.kind == LayerKind::kLinear) {
      i = backward_linear(i);
    } else if (is_normalisation(layer.kind)) {
      backward_norm(i);
    } else if (is_activation(layer.kind)) {
      backward_activation(i);
    } else if (layer.kind == LayerKind::kAdd) {
      from = layer.from;
      queue_.copy(memory_.skipped, memory_.delta,
                  static_cast<std::size_t>(count(layer.outputs)) * sizeof(float));
    }
    if (static_cast<int>(i) == from && i > plan_.first_trained)
      queue_.launch(grid_for(count(plan_.layer(i).inputs)),
                    Add{memory_.delta, memory_.skipped, memory_.delta, count(plan_.layer(i).inputs)});
  }
}

/// R of what goes into layer i; null: 0, since nothing before it moves.
const float* DeviceMovingPass::moved_input(std::size_t i) const {
  while (i > plan_.first_trained && plan_.layer(i - 1).kind == LayerKind::kDropout) --i;
  return i > plan_.first_trained ? memory_.layers[i - 1].outputs : nullptr;
}

/// Returns the last layer that is done.
std::size_t DeviceMovingPass::forward_linear(std::size_t i) {
  const PlannedLayer& layer = plan_.layer(i);
  const int rows = tape_->rows;
  const float* const x = tape_->layers[i].inputs;
  const float* const rx = moved_input(i);
  const float* const weight = vectors_.parameters + layer.weight;
  WriteMove write{.bias = v(layer.bias), .y = memory_.layers[i].outputs, .width = layer.outputs};
  const int next = plan_.activation_after[i];
  if (next >= 0) {
    const DeviceLayerTape& bent = tape_->layers[static_cast<std::size_t>(next)];
    write.slope = bent.slope;
    if (bent.bend) write.z = memory_.layers[i].outputs;
    write.y = memory_.layers[static_cast<std::size_t>(next)].outputs;
  }
  const int terms = (rx ? 2 : 1) * layer.inputs;
  if (plan_.is_small(rows, layer.outputs, terms)) {
    using Product = SmallProduct<PairLeft, PairRight, WriteMove>;
    queue_.launch(Product::grid(rows, layer.outputs),
                  Product{{x, rx, layer.inputs},
                          {v(layer.weight), weight, layer.outputs, layer.inputs},
                          write,
                          rows,
                          layer.outputs,
                          terms});
  } else {
    products_.multiply(false, false, rows, layer.outputs, layer.inputs, x, v(layer.weight), write.y);
    if (rx)
      products_.multiply(false, false, rows, layer.outputs, layer.inputs, rx, weight, write.y,
                         Precision::kFp32, true);
    queue_.launch(grid_for(count(layer.outputs)),
                  AfterProduct<WriteMove>{write.y, rows, layer.outputs, write});
  }
  return next >= 0 ? static_cast<std::size_t>(next) : i;
}

void DeviceMovingPass::forward_other(std::size_t i) {
  const PlannedLayer& layer = plan_.layer(i);
  const DeviceLayerTape& tape = tape_->layers[i];
  const float* const rx = moved_input(i);
  float* const ry = memory_.layers[i].outputs;
  const std::int64_t all = count(layer.outputs);
  if (is_normalisation(layer.kind)) {
    const NormShape shape = plan_.norm(i, tape_->rows);
    queue_.launch(grid_of_rows(shape.segments()), NormMove{.shape = shape,
                                                           .gamma = vectors_.parameters + layer.weight,
                                                           .normal = tape.normal,
                                                           .inverse = tape.inverse,
                                                           .v_gamma = v(layer.weight),
                                                           .v_beta = v(layer.bias),
                                                           .rx = rx,
                                                           .moved_normal = memory_.layers[i].normal,
                                                           .projection = memory_.layers[i].projection,
                                                           .ry = ry});
  } else if (is_activation(layer.kind)) {
    queue_.launch(grid_for(all), Multiply{rx, tape.slope, ry, all});
  } else if (layer.kind == LayerKind::kAdd) {
    const float* const around = moved_input(static_cast<std::size_t>(layer.from));
    if (around)
      queue_.launch(grid_for(all), Add{rx, around, ry, all});
    else
      queue_.copy(ry, rx, static_cast<std::size_t>(all) * sizeof(float));
  }
}

/// R of the gradient of the loss by the outputs. Both losses are functions of the outputs alone, so it is
/// their Hessian by the outputs times R of the outputs.
void DeviceMovingPass::loss(float scale) {
  const int width = plan_.plan.outputs;
  const float* const r = moved_input(plan_.size());
  if (plan_.cross_entropy)
    queue_.launch(grid_of_rows(tape_->rows),
                  SoftmaxHessian{tape_->softmax, r, scale, memory_.delta, tape_->rows, width});
  else
    queue_.launch(grid_for(count(width)),
                  Multiple{r, scale * 2.0f / static_cast<float>(width), memory_.delta, count(width)});
}

/// On through the activation before a linear layer, if it is right there.
WriteBent DeviceMovingPass::bent_before(std::size_t linear) const {
  WriteBent out{.d = memory_.delta_before, .width = plan_.layer(linear).inputs};
  const int before = plan_.activation_before[linear];
  if (before < 0) return out;
  const DeviceLayerTape& tape = tape_->layers[static_cast<std::size_t>(before)];
  out.slope = tape.slope;
  out.bend = gauss_newton_ ? nullptr : tape.bend;
  out.r = moved_input(static_cast<std::size_t>(before));
  return out;
}

/// Returns the first layer that is done.
std::size_t DeviceMovingPass::backward_linear(std::size_t i) {
  const PlannedLayer& layer = plan_.layer(i);
  const bool last = i == plan_.first_trained;  // nobody wants R of the gradient by what goes in there
  const int rows = tape_->rows;
  const int outputs = (gauss_newton_ ? 1 : 2) * layer.outputs;
  const float* const rx = gauss_newton_ ? nullptr : moved_input(i);
  const int terms = (rx ? 2 : 1) * rows;
  const float* const weight = vectors_.parameters + layer.weight;
  const float* const delta = tape_->layers[i].delta;
  using Gradient = SmallProduct<PairLeftTransposed, PairRight, WriteSum>;
  using Deltas = SmallProduct<PairLeft, PairRightTransposed, WriteBent>;
  const bool small_gradient = plan_.is_small(layer.inputs + 1, layer.outputs, terms);
  const bool small_deltas = !last && plan_.is_small(rows, layer.inputs, outputs);
  const Gradient gradient{{tape_->layers[i].inputs, rx, layer.inputs, rows},
                          {memory_.delta, delta, layer.outputs, rows},
                          {out(layer.weight), out(layer.bias), layer.inputs, layer.outputs, more_},
                          layer.inputs + 1,
                          layer.outputs,
                          terms};
  const Deltas deltas{{memory_.delta, delta, layer.outputs},
                      {weight, v(layer.weight), layer.outputs},
                      bent_before(i),
                      rows,
                      layer.inputs,
                      outputs};
  const Grid one = Gradient::grid(gradient.m, gradient.n), two = Deltas::grid(deltas.m, deltas.n);
  if (small_gradient && small_deltas) {
    using Both = BothProducts<Gradient, Deltas>;
    queue_.launch(Both::grid(one, two), Both{gradient, deltas, one.x * one.y});
  } else {
    if (small_gradient)
      queue_.launch(one, gradient);
    else
      linear_gradient(i);
    if (small_deltas) queue_.launch(two, deltas);
  }
  if (last) return i;
  if (!small_deltas) {
    products_.multiply(false, true, rows, layer.inputs, layer.outputs, memory_.delta, weight,
                       memory_.delta_before);
    if (!gauss_newton_)
      products_.multiply(false, true, rows, layer.inputs, layer.outputs, delta, v(layer.weight),
                         memory_.delta_before, Precision::kFp32, true);
    if (deltas.write.slope)
      queue_.launch(grid_for(count(layer.inputs)),
                    AfterProduct<WriteBent>{memory_.delta_before, rows, layer.inputs, deltas.write});
  }
  std::swap(memory_.delta, memory_.delta_before);
  const int before = plan_.activation_before[i];
  return before >= 0 ? static_cast<std::size_t>(before) : i;
}

/// R of the gradient by the weights and bias of a linear layer, by large products.
void DeviceMovingPass::linear_gradient(std::size_t i) {
  const PlannedLayer& layer = plan_.layer(i);
  const float* const rx = gauss_newton_ ? nullptr : moved_input(i);
  products_.multiply(true, false, layer.inputs, layer.outputs, tape_->rows, tape_->layers[i].inputs,
                     memory_.delta, out(layer.weight), Precision::kFp32, more_);
  if (rx)
    products_.multiply(true, false, layer.inputs, layer.outputs, tape_->rows, rx, tape_->layers[i].delta,
                       out(layer.weight), Precision::kFp32, true);
  sums({.d = memory_.delta, .rows = tape_->rows, .width = layer.outputs, .sums = nullptr}, nullptr,
       out(layer.bias));
}

/// Sums over rows into the product: in two steps where there are many.
void DeviceMovingPass::sums(MovedSums what, float* scales, float* shifts) {
  const int slices = MovedSums::slices(what.rows);
  const Grid grid = MovedSums::grid(what.rows, what.width);
  if (slices == 1) {
    what.sums = shifts;
    what.scales = scales;
    what.more = more_;
    return queue_.launch(grid, what);
  }
  what.sums = shifts ? memory_.slices : nullptr;
  what.scales = scales ? memory_.scale_slices : nullptr;
  queue_.launch(grid, what);
  const Grid last = ColumnBlock::grid(what.width, 1);
  if (shifts) queue_.launch(last, ColumnSums{what.sums, slices, what.width, shifts, Precision::kFp32, more_});
  if (scales)
    queue_.launch(last, ColumnSums{what.scales, slices, what.width, scales, Precision::kFp32, more_});
}

void DeviceMovingPass::backward_norm(std::size_t i) {
  const PlannedLayer& layer = plan_.layer(i);
  const DeviceLayerTape& tape = tape_->layers[i];
  const Moves& moves = memory_.layers[i];
  MovedSums what{.d = memory_.delta, .rows = tape_->rows, .width = layer.inputs, .sums = nullptr};
  what.normal = tape.normal;
  NormBack back{.shape = plan_.norm(i, tape_->rows),
                .gamma = vectors_.parameters + layer.weight,
                .normal = tape.normal,
                .inverse = tape.inverse,
                .d = memory_.delta};
  if (!gauss_newton_) {
    what.delta = back.delta = tape.delta;
    what.moved = back.moved_normal = moves.normal;
    back.v_gamma = v(layer.weight);
    back.projection = moves.projection;
  }
  sums(what, out(layer.weight), out(layer.bias));
  if (i > plan_.first_trained) queue_.launch(grid_of_rows(back.shape.segments()), back);
}

void DeviceMovingPass::backward_activation(std::size_t i) {
  const DeviceLayerTape& tape = tape_->layers[i];
  const std::int64_t all = count(plan_.layer(i).inputs);
  queue_.launch(grid_for(all),
                Bend{tape.slope, gauss_newton_ ? nullptr : tape.bend, moved_input(i), memory_.delta, all});
}

}  // namespace thalweg::gpu

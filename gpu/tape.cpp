#include "gpu/tape.hpp"

#include <algorithm>
#include <utility>

#include "gpu/kernels/elements.hpp"

namespace thalweg::gpu {
namespace {

/// Terms of a sum that a block of our own kernel adds up one batch after the other.
constexpr std::int64_t kLongestSum = 4096;

std::size_t matrix(int rows, int width) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(width);
}

/// Whether a residual block begins behind layer `before` and not behind layer `after`.
bool block_begins(const Plan& plan, std::size_t before, std::size_t after) {
  return std::ranges::any_of(plan.layers, [&](const PlannedLayer& layer) {
    return layer.kind == LayerKind::kAdd && layer.from > static_cast<int>(before) &&
           layer.from <= static_cast<int>(after);
  });
}

}  // namespace

CurvaturePlan::CurvaturePlan(Plan planned, const Spec& loss)
    : plan(std::move(planned)), cross_entropy(loss.id == "cross_entropy") {
  while (layer(first_trained).weight < 0) ++first_trained;
  activation_after.assign(size(), -1);
  activation_before.assign(size(), -1);
  for (std::size_t i = first_trained; i < size(); ++i) {
    widest = std::max({widest, layer(i).outputs, i > first_trained ? layer(i).inputs : 0});
    residual |= layer(i).kind == LayerKind::kAdd;
    if (layer(i).kind != LayerKind::kLinear) continue;
    std::size_t near = i + 1;
    while (near < size() && layer(near).kind == LayerKind::kDropout) ++near;
    if (near < size() && is_activation(layer(near).kind) && !block_begins(plan, i, near))
      activation_after[i] = static_cast<int>(near);
    near = i;
    while (near > first_trained && layer(near - 1).kind == LayerKind::kDropout) --near;
    if (near > first_trained && is_activation(layer(near - 1).kind) && !block_begins(plan, near - 1, i))
      activation_before[i] = static_cast<int>(near - 1);
  }
}

NormShape CurvaturePlan::norm(std::size_t i, int rows) const {
  return {.rows = rows,
          .width = layer(i).inputs,
          .groups = layer(i).groups,
          .batch = layer(i).kind == LayerKind::kBatchNorm,
          .centred = layer(i).kind != LayerKind::kRmsNorm};
}

bool CurvaturePlan::is_small(std::int64_t m, std::int64_t n, std::int64_t k) const {
  return k <= kLongestSum && m * n * k <= most_small;
}

DeviceTape::DeviceTape(Queue& queue, const CurvaturePlan& plan, int most_rows) {
  memory_ = Buffer<float>(queue, numbers(plan, most_rows));
  Pieces pieces(memory_.data());
  lay_out(plan, most_rows, pieces);
}

std::size_t DeviceTape::numbers(const CurvaturePlan& plan, int rows) {
  DeviceTape nothing;
  Pieces pieces;
  nothing.lay_out(plan, rows, pieces);
  return pieces.used();
}

void DeviceTape::lay_out(const CurvaturePlan& plan, int most_rows, Pieces& pieces) {
  layers.resize(plan.size());
  for (std::size_t i = plan.first_trained; i < plan.size(); ++i) {
    const PlannedLayer& layer = plan.layer(i);
    DeviceLayerTape& out = layers[i];
    const std::size_t inputs = matrix(most_rows, layer.inputs), outputs = matrix(most_rows, layer.outputs);
    if (layer.kind == LayerKind::kLinear) {
      out.inputs = pieces.take(inputs);
      out.delta = pieces.take(outputs);
    } else if (is_normalisation(layer.kind)) {
      out.normal = pieces.take(inputs);
      out.delta = pieces.take(outputs);
      out.inverse = pieces.take(layer.kind == LayerKind::kBatchNorm ? static_cast<std::size_t>(layer.inputs)
                                                                    : matrix(most_rows, layer.groups));
    } else if (is_activation(layer.kind)) {
      out.slope = pieces.take(inputs);
      if (!is_piecewise_linear(layer.kind)) out.bend = pieces.take(inputs);
    }
  }
  if (plan.cross_entropy) softmax = pieces.take(matrix(most_rows, plan.plan.outputs));
}

DeviceTapeRecorder::DeviceTapeRecorder(Queue& queue, Products& products, const CurvaturePlan& plan,
                                       const Spec& loss, std::shared_ptr<const DeviceData> data, int rows)
    : queue_(queue),
      products_(products),
      plan_(plan),
      network_(queue, products, plan.plan, loss, std::move(data), 0, false),
      report_(queue, 1) {
  network_.reserve(rows);
  if (is_normalisation(plan.layer(0).kind)) inputs_ = Buffer<float>(queue, matrix(rows, plan.plan.inputs));
  other_ = Buffer<float>(queue, matrix(rows, std::max(plan.widest, plan.plan.inputs)));
  if (plan.residual) skipped_ = Buffer<float>(queue, matrix(rows, plan.widest));
}

void DeviceTapeRecorder::copy(float* to, const float* from, std::int64_t numbers) {
  queue_.copy(to, from, static_cast<std::size_t>(numbers) * sizeof(float));
}

void DeviceTapeRecorder::record(const DevicePass& pass, int rows, const CurvaturePoint& point,
                                DeviceTape& tape) {
  tape.rows = rows;
  // Running statistics are written to in training alone.
  network_.bind(point.parameters, const_cast<float*>(point.running));
  network_.forward(pass, rows, {});
  network_.measure(pass, rows, {}, {.gradient = true, .scale = point.scale}, report_.data());
  delta_ = network_.delta();
  delta_before_ = other_.data();
  record_values(pass, point, tape);
  record_gradients(point, tape);
}

void DeviceTapeRecorder::record_values(const DevicePass& pass, const CurvaturePoint& point,
                                       DeviceTape& tape) {
  const auto read = [&](float* to) {
    const Input input{.numbers = nullptr, .width = plan_.plan.inputs, .pass = pass};
    queue_.launch(grid_for(std::int64_t{tape.rows} * plan_.plan.inputs), WriteInputs{input, to, tape.rows});
  };
  for (std::size_t i = plan_.first_trained; i < plan_.size(); ++i) {
    const PlannedLayer& layer = plan_.layer(i);
    DeviceLayerTape& out = tape.layers[i];
    if (layer.kind == LayerKind::kLinear) {
      if (i == 0)
        read(out.inputs);
      else
        copy(out.inputs, network_.output_of(i - 1), std::int64_t{tape.rows} * layer.inputs);
    } else if (is_normalisation(layer.kind)) {
      if (i == 0) read(inputs_.data());
      const NormShape shape = plan_.norm(i, tape.rows);
      queue_.launch(grid_of_rows(shape.segments()),
                    NormalValues{shape, i == 0 ? inputs_.data() : network_.output_of(i - 1),
                                 shape.batch ? point.running + layer.buffer : nullptr,
                                 static_cast<float>(layer.setting), out.normal, out.inverse});
    }
  }
  if (plan_.cross_entropy)
    queue_.launch(grid_of_rows(tape.rows),
                  Softmax{network_.outputs(), tape.softmax, tape.rows, plan_.plan.outputs});
}

void DeviceTapeRecorder::record_gradients(const CurvaturePoint& point, DeviceTape& tape) {
  int from = -1;  // where the residual block begins that we are in
  for (std::size_t i = plan_.size(); i-- > plan_.first_trained;) {
    const PlannedLayer& layer = plan_.layer(i);
    DeviceLayerTape& out = tape.layers[i];
    const std::int64_t count = std::int64_t{tape.rows} * layer.inputs;
    if (layer.kind == LayerKind::kLinear) {
      record_linear(i, point, tape);
    } else if (is_normalisation(layer.kind)) {
      copy(out.delta, delta_, count);
      const NormShape shape = plan_.norm(i, tape.rows);
      NormBack back{.shape = shape,
                    .gamma = point.parameters + layer.weight,
                    .normal = out.normal,
                    .inverse = out.inverse,
                    .d = delta_};
      queue_.launch(grid_of_rows(shape.segments()), back);
    } else if (is_activation(layer.kind)) {
      // Of one that works in place the input is gone, but the output will do (works_in_place()).
      queue_.launch(grid_for(count),
                    ActivationDerivatives{layer.kind, static_cast<float>(layer.setting),
                                          network_.output_of(i - 1), delta_, out.slope, out.bend, count});
    } else if (layer.kind == LayerKind::kAdd) {
      from = layer.from;
      copy(skipped_.data(), delta_, count);
    }
    if (static_cast<int>(i) == from && i > plan_.first_trained)
      queue_.launch(grid_for(count), Add{delta_, skipped_.data(), delta_, count});
  }
}

void DeviceTapeRecorder::record_linear(std::size_t i, const CurvaturePoint& point, DeviceTape& tape) {
  const PlannedLayer& layer = plan_.layer(i);
  copy(tape.layers[i].delta, delta_, std::int64_t{tape.rows} * layer.outputs);
  if (i == plan_.first_trained) return;  // nobody asks for the gradient by its inputs
  const float* const weight = point.parameters + layer.weight;
  if (plan_.is_small(tape.rows, layer.inputs, layer.outputs)) {
    using Product = SmallProduct<PairLeft, PairRightTransposed, WriteBent>;
    queue_.launch(Product::grid(tape.rows, layer.inputs), Product{{delta_, nullptr, layer.outputs},
                                                                  {weight, nullptr, layer.outputs},
                                                                  {.d = delta_before_, .width = layer.inputs},
                                                                  tape.rows,
                                                                  layer.inputs,
                                                                  layer.outputs});
  } else {
    products_.multiply(false, true, tape.rows, layer.inputs, layer.outputs, delta_, weight, delta_before_);
  }
  std::swap(delta_, delta_before_);
}

}  // namespace thalweg::gpu

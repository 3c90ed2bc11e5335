#include "core/nn/cpu_hessian.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>

#include "core/nn/cpu_hessian_kernels.hpp"
#include "core/nn/cpu_kernels.hpp"
#include "core/nn/cpu_network.hpp"
#include "core/nn/cpu_product.hpp"
#include "core/nn/cpu_tape.hpp"
#include "core/nn/functions.hpp"

namespace thalweg {
namespace {

/// Samples that are worked through at a time: enough for the products to be fast, few enough for what lies
/// between them to stay in the cache.
constexpr std::int64_t kChunkRows = 512;

std::size_t numbers(int rows, int width) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(width);
}

/// R of a pass, for one thread: along v forward, then back to R of the gradient.
class MovingPass {
 public:
  MovingPass(const Plan& plan, std::size_t first_trained, int rows, bool gauss_newton)
      : plan_(plan), first_(first_trained), gauss_newton_(gauss_newton), layers_(plan.layers.size()) {
    int widest = 1;
    for (std::size_t i = first_; i < layers_.size(); ++i) {
      const PlannedLayer& layer = plan.layers[i];
      widest = std::max({widest, layer.outputs, i > first_ ? layer.inputs : 0});
      if (layer.kind != LayerKind::kDropout) layers_[i].outputs.resize(numbers(rows, layer.outputs));
      if (!is_normalisation(layer.kind)) continue;
      layers_[i].normal.resize(numbers(rows, layer.inputs));
      if (layer.kind != LayerKind::kBatchNorm) layers_[i].projection.resize(numbers(rows, layer.groups));
    }
    delta_.resize(numbers(rows, widest));
    delta_before_.resize(numbers(rows, widest));
    if (std::ranges::any_of(plan.layers, [](const auto& l) { return l.kind == LayerKind::kAdd; }))
      skipped_.resize(numbers(rows, widest));
  }

  /// Adds this part of H v to `out`. `scale`: as the tape was recorded with.
  void run(Tape& tape, float scale, const float* parameters, const float* v, float* out) {
    tape_ = &tape;
    parameters_ = parameters;
    v_ = v;
    out_ = out;
    for (std::size_t i = first_; i < layers_.size(); ++i) forward(i);
    loss(scale);
    int from = -1;  // where the residual block begins that we are in
    for (std::size_t i = layers_.size(); i-- > first_;) {
      if (plan_.layers[i].kind == LayerKind::kAdd) from = plan_.layers[i].from;
      backward(i);
      if (static_cast<int>(i) == from && i > first_)
        cpu::add(delta_.data(), skipped_.data(), delta_.data(), count(plan_.layers[i].inputs));
    }
  }

 private:
  struct LayerMoves {
    std::vector<float> outputs;
    std::vector<float> normal, projection;  ///< of normalisation: see NormMoves
  };

  std::int64_t count(int width) const { return std::int64_t{tape_->rows} * width; }

  /// R of what goes into layer i; null: 0, since nothing before it moves.
  const float* moved_input(std::size_t i) const {
    while (i > first_ && plan_.layers[i - 1].kind == LayerKind::kDropout) --i;
    return i > first_ ? layers_[i - 1].outputs.data() : nullptr;
  }

  cpu::NormValues values(std::size_t i) const {
    const LayerTape& tape = tape_->layers[i];
    return {parameters_ + plan_.layers[i].weight, tape.normal.data(), tape.inverse.data(), tape.delta.data()};
  }
  cpu::NormMoves moves(std::size_t i) {
    const PlannedLayer& layer = plan_.layers[i];
    return {v_ + layer.weight, layer.bias < 0 ? nullptr : v_ + layer.bias, layers_[i].normal.data(),
            layers_[i].projection.data()};
  }

  void forward(std::size_t i) {
    const PlannedLayer& layer = plan_.layers[i];
    const float* rx = moved_input(i);
    float* ry = layers_[i].outputs.data();
    const int rows = tape_->rows;
    if (layer.kind == LayerKind::kLinear) {
      if (i == 0 && tape_->sparse)
        tape_->sparse->product(v_ + layer.weight, layer.outputs, ry, 1);
      else
        cpu::product('N', 'N', rows, layer.outputs, layer.inputs, tape_->layers[i].inputs.data(),
                     layer.inputs, v_ + layer.weight, layer.outputs, ry);
      if (rx)
        cpu::add_product('N', 'N', rows, layer.outputs, layer.inputs, rx, layer.inputs,
                         parameters_ + layer.weight, layer.outputs, ry);
      cpu::add_bias(ry, rows, layer.outputs, v_ + layer.bias);
    } else if (is_normalisation(layer.kind)) {
      cpu::norm_forward(layer, values(i), moves(i), rows, rx, ry);
    } else if (is_activation(layer.kind)) {
      cpu::multiply(rx, tape_->layers[i].slope.data(), ry, count(layer.outputs));
    } else if (layer.kind == LayerKind::kAdd) {
      const float* around = moved_input(static_cast<std::size_t>(layer.from));
      if (around)
        cpu::add(rx, around, ry, count(layer.outputs));
      else
        std::copy_n(rx, count(layer.outputs), ry);
    }
  }

  /// R of the gradient of the loss by the outputs. Both losses are functions of the outputs alone, so it is
  /// their Hessian by the outputs times R of the outputs.
  void loss(float scale) {
    const float* r = moved_input(layers_.size());
    if (!tape_->softmax.empty()) {
      cpu::softmax_hessian(tape_->softmax.data(), r, scale, tape_->rows, plan_.outputs, delta_.data());
      return;
    }
    const float factor = scale * 2.0f / static_cast<float>(plan_.outputs);
    std::transform(r, r + count(plan_.outputs), delta_.begin(), [=](float x) { return factor * x; });
  }

  void backward(std::size_t i) {
    const PlannedLayer& layer = plan_.layers[i];
    float* d = delta_.data();
    if (layer.kind == LayerKind::kLinear) {
      backward_linear(i);
    } else if (is_normalisation(layer.kind) && gauss_newton_) {
      cpu::add_norm_parameters(layer, values(i), tape_->rows, d, out_ + layer.weight,
                               layer.bias < 0 ? nullptr : out_ + layer.bias);
      cpu::norm_gradient(layer, values(i), tape_->rows, d);
    } else if (is_normalisation(layer.kind)) {
      cpu::norm_backward(layer, values(i), moves(i), tape_->rows, d, out_ + layer.weight,
                         layer.bias < 0 ? nullptr : out_ + layer.bias);
    } else if (is_activation(layer.kind)) {
      const LayerTape& tape = tape_->layers[i];
      if (tape.bend.empty() || gauss_newton_)
        cpu::multiply(d, tape.slope.data(), d, count(layer.inputs));
      else
        cpu::bent_gradient(tape.slope.data(), tape.bend.data(), moved_input(i), d, count(layer.inputs));
    } else if (layer.kind == LayerKind::kAdd) {
      std::copy_n(d, count(layer.outputs), skipped_.begin());
    }
  }

  void backward_linear(std::size_t i) {
    const PlannedLayer& layer = plan_.layers[i];
    const LayerTape& tape = tape_->layers[i];
    const int rows = tape_->rows, in = layer.inputs, out = layer.outputs;
    const float* rx = moved_input(i);
    const float* d = delta_.data();
    cpu::add_column_sums(d, rows, out, out_ + layer.bias);
    if (i == 0 && tape_->sparse) {
      sparse_part_.resize(numbers(in, out));
      tape_->sparse->transposed_product(d, out, sparse_part_.data(), 1);
      cpu::add(out_ + layer.weight, sparse_part_.data(), out_ + layer.weight, std::int64_t{in} * out);
    } else {
      cpu::add_product('T', 'N', in, out, rows, tape.inputs.data(), in, d, out, out_ + layer.weight);
    }
    if (rx && !gauss_newton_)
      cpu::add_product('T', 'N', in, out, rows, rx, in, tape.delta.data(), out, out_ + layer.weight);
    if (i == first_) return;
    cpu::product('N', 'T', rows, in, out, d, out, parameters_ + layer.weight, out, delta_before_.data());
    if (!gauss_newton_)
      cpu::add_product('N', 'T', rows, in, out, tape.delta.data(), out, v_ + layer.weight, out,
                       delta_before_.data());
    std::swap(delta_, delta_before_);
  }

  const Plan& plan_;
  std::size_t first_;
  bool gauss_newton_;
  std::vector<LayerMoves> layers_;
  std::vector<float> delta_, delta_before_, skipped_;
  Floats sparse_part_;  ///< of the first layer's weights
  Tape* tape_ = nullptr;
  const float* parameters_ = nullptr;
  const float* v_ = nullptr;
  float* out_ = nullptr;
};

class CpuHessian final : public HessianProduct {
 public:
  explicit CpuHessian(CpuHessianSettings settings) : s_(std::move(settings)) {
    const auto total = std::ssize(s_.samples);
    const std::int64_t threads = std::clamp<std::int64_t>(s_.threads, 1, total);
    // Every thread gets a chunk, where there are few.
    rows_ = static_cast<int>(std::min(kChunkRows, (total + threads - 1) / threads));
    chunks_ = static_cast<std::size_t>((total + rows_ - 1) / rows_);
    scale_ = 1.0f / static_cast<float>(total);
    workers_.reserve(static_cast<std::size_t>(threads));
    for (std::int64_t t = 0; t < threads; ++t) workers_.emplace_back(s_, rows_);
    keep();
  }

  void multiply(std::span<const float> v, std::span<float> out) override {
    const auto size = static_cast<std::size_t>(s_.plan.parameters);
    if (v.size() != size || out.size() != size)
      throw std::invalid_argument("a Hessian-vector product of vectors of another size");
    std::ranges::fill(out, 0.0f);
    on_every_chunk(0, chunks_, [&](std::size_t t, std::size_t chunk) {
      Worker& worker = workers_[t];
      if (t > 0 && chunk == t) worker.sum.assign(size, 0.0f);
      const bool kept = chunk < kept_.size();
      if (!kept) record(worker, chunk, worker.tape);
      worker.moving.run(kept ? kept_[chunk] : worker.tape, scale_, s_.parameters.data(), v.data(),
                        t == 0 ? out.data() : worker.sum.data());
    });
    for (std::size_t t = 1; t < std::min(workers_.size(), chunks_); ++t)
      for (std::size_t i = 0; i < size; ++i) out[i] += workers_[t].sum[i];
  }

 private:
  /// What a thread needs for itself.
  struct Worker {
    Worker(const CpuHessianSettings& s, int rows)
        : network(s.plan, s.loss, s.data, 0, 1), moving(s.plan, network.first_trained(), rows, s.gauss_newton) {
      // Running statistics are written to in training alone.
      network.leave_out_zeros(s.sparse);
      network.bind(s.parameters.data(), const_cast<float*>(s.buffers.data()));
      network.reserve(rows);
    }

    CpuNetwork network;
    MovingPass moving;
    TapeRecorder recorder;
    Tape tape;               ///< of chunks that are not kept
    std::vector<float> sum;  ///< of its chunks; the first thread adds to the result itself
  };

  void record(Worker& worker, std::size_t chunk, Tape& tape) const {
    const auto first = chunk * static_cast<std::size_t>(rows_);
    const auto left = static_cast<int>(s_.samples.size() - first);
    const PassSamples pass{
        .samples = &s_.data->train, .chosen = s_.samples.data() + first, .rows = std::min(rows_, left)};
    worker.recorder.record(worker.network, pass, {s_.parameters.data(), s_.buffers.data(), scale_}, tape);
  }

  /// Records as many chunks as there is room for.
  void keep() {
    Tape first;
    {
      const cpu::ThreadCount one(1);
      record(workers_[0], 0, first);
    }
    kept_.resize(std::min(chunks_, s_.kept_bytes / std::max<std::size_t>(first.bytes(), 1)));
    if (kept_.empty()) return;
    kept_[0] = std::move(first);
    on_every_chunk(1, kept_.size(),
                   [&](std::size_t t, std::size_t chunk) { record(workers_[t], chunk, kept_[chunk]); });
  }

  /// Calls body(thread, chunk) for the chunks from `first` to before `last`; chunk c on thread c modulo their
  /// number, in ascending order.
  template <class Body>
  void on_every_chunk(std::size_t first, std::size_t last, const Body& body) {
    const int threads = static_cast<int>(workers_.size());
    std::exception_ptr failure;
#pragma omp parallel for schedule(static, 1) num_threads(threads) if (threads > 1)
    for (int t = 0; t < threads; ++t) {
      try {
        const cpu::ThreadCount one(1);
        for (auto chunk = static_cast<std::size_t>(t); chunk < last; chunk += workers_.size())
          if (chunk >= first) body(static_cast<std::size_t>(t), chunk);
      } catch (...) {
#pragma omp critical(thalweg_hessian)
        failure = std::current_exception();
      }
    }
    if (failure) std::rethrow_exception(failure);
  }

  CpuHessianSettings s_;
  int rows_ = 0;
  std::size_t chunks_ = 0;
  float scale_ = 0.0f;
  std::vector<Worker> workers_;
  std::vector<Tape> kept_;  ///< of the first chunks
};

}  // namespace

std::unique_ptr<HessianProduct> make_cpu_hessian(CpuHessianSettings settings) {
  return std::make_unique<CpuHessian>(std::move(settings));
}

}  // namespace thalweg

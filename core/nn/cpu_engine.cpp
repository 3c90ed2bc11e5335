// The training engine on the CPU: oneDNN's sgemm for the products, the loops of cpu_kernels.hpp around
// it, all memory set aside when the network is built or a batch is larger than any before.
//
// Weights lie inputs x outputs, so that the forward product needs no transposition.
#include <dnnl.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "core/nn/cpu_kernels.hpp"
#include "core/nn/engine.hpp"
#include "core/nn/functions.hpp"
#include "core/nn/initialise.hpp"
#include "core/optimizer/optimizer.hpp"

namespace thalweg {
namespace {

constexpr int kEvaluationRows = 256;

/// oneDNN takes its number of threads from OpenMP's setting of the calling thread.
class ThreadCount {
 public:
  explicit ThreadCount(int threads) : before_(omp_get_max_threads()) { omp_set_num_threads(threads); }
  ~ThreadCount() { omp_set_num_threads(before_); }
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

 private:
  int before_;
};

/// c (m x n) = a · b, row by row; 'T' takes the transpose of what lies in memory.
void product(char transpose_a, char transpose_b, int m, int n, int k, const float* a, int lda, const float* b,
             int ldb, float* c) {
  if (dnnl_sgemm(transpose_a, transpose_b, m, n, k, 1.0f, a, lda, b, ldb, 0.0f, c, n) != dnnl_success)
    throw std::runtime_error("oneDNN refused a matrix product");
}

std::optional<Error> check_samples(const Dataset& data, const Samples& samples, const char* part) {
  const auto features = static_cast<std::size_t>(data.features);
  const auto count = static_cast<std::size_t>(samples.count);
  const std::string context = "data set " + data.name + ", " + part + " samples";
  const std::size_t held = samples.bytes.empty() ? samples.values.size() : samples.bytes.size();
  if (samples.count < 0 || held != count * features)
    return bad_input("hold " + std::to_string(held) + " numbers where " + std::to_string(samples.count) +
                         " times " + std::to_string(features) + " are expected",
                     context);
  if ((data.classes > 0 ? samples.labels.size() : samples.targets.size()) != count)
    return bad_input("need one label each", context);
  for (std::size_t i = 0; i < samples.labels.size(); ++i)
    if (samples.labels[i] >= data.classes && data.classes > 0)
      return bad_input("have label " + std::to_string(samples.labels[i]) + " at sample " + std::to_string(i) +
                           ", but there are " + std::to_string(data.classes) + " classes",
                       context);
  return {};
}

class CpuEngine final : public TrainingEngine {
 public:
  explicit CpuEngine(const CpuOptions& options) : threads_(std::clamp(options.threads, 1, 1024)) {}

  std::optional<Error> load(std::shared_ptr<const Dataset> data) override {
    if (!data || data->features < 1) return bad_input("has no features", "data set");
    if (data->train.count < 1) return bad_input("has no training samples", "data set " + data->name);
    const auto channels = static_cast<std::size_t>(std::max(data->shape[0], 1));
    if (data->mean.size() != channels || data->deviation.size() != channels ||
        static_cast<std::size_t>(data->features) % channels != 0 ||
        !std::all_of(data->deviation.begin(), data->deviation.end(), [](float d) { return d > 0.0f; }))
      return bad_input("has no usable mean and deviation for each channel", "data set " + data->name);
    if (auto error = check_samples(*data, data->train, "training")) return error;
    if (auto error = check_samples(*data, data->test, "test")) return error;
    data_ = std::move(data);
    updater_ = nullptr;
    return {};
  }

  std::optional<Error> build(const NetworkSettings& settings, std::uint64_t seed) override {
    if (!data_) return bad_input("no data set is loaded", "model");
    auto planned = thalweg::plan(settings.model, data_->features, data_->classes > 0 ? data_->classes : 1);
    if (!planned) return planned.error();
    const Descriptor* initialisation = initialisation_family().find(settings.model.initialisation.id);
    if (!initialisation)
      return bad_input("there is no '" + settings.model.initialisation.id + "'", "initialisation");
    if (auto error = check(settings.model.initialisation, *initialisation)) return error;
    const Descriptor* loss = loss_family().find(settings.loss.id);
    if (!loss) return bad_input("there is no '" + settings.loss.id + "'", "loss");
    if (auto error = check(settings.loss, *loss)) return error;
    if (settings.loss.id == "cross_entropy" && data_->classes < 1)
      return bad_input(
          "cross_entropy needs classes, and data set " + data_->name + " is a regression; take squared_error",
          "loss");
    if (auto error = check_rule(settings.optimizer)) return error;

    plan_ = std::move(*planned);
    seed_ = seed;
    cross_entropy_ = settings.loss.id == "cross_entropy";
    smoothing_ = cross_entropy_ ? static_cast<float>(settings.loss.number("label_smoothing")) : 0.0f;
    updater_ = cpu::make_updater(settings.optimizer);
    optimizer_id_ = settings.optimizer.id;
    steps_ = 0;
    const auto count = static_cast<std::size_t>(plan_.parameters);
    parameters_.assign(count, 0.0f);
    gradient_.assign(count, 0.0f);
    slots_.assign(count * static_cast<std::size_t>(updater_->slot_count()), 0.0f);
    updater_->init(slots_.data(), plan_.parameters);
    buffers_.assign(static_cast<std::size_t>(plan_.buffers), 0.0f);
    initialise(plan_, settings.model.initialisation, seed, parameters_);
    initialise_buffers(plan_, buffers_);
    first_trained_ = 0;
    while (plan_.layers[first_trained_].weight < 0) ++first_trained_;
    rows_ = 0;
    reserve(kEvaluationRows);
    return {};
  }

  Result<StepResult> step(std::span<const std::uint32_t> batch, const StepRates& rates,
                          StepDetail*) override {
    if (!updater_) return bad_input("no network is built", "step");
    if (!(rates.clip_norm >= 0.0) || !std::isfinite(rates.clip_norm))
      return bad_input("must be 0 (off) or a positive number", "clip_norm");
    if (auto error = check_batch(batch, data_->train)) return *error;
    if (plan_.needs_two_samples && batch.size() < 2)
      return bad_input("batch normalisation needs at least two samples in a batch", "batch");
    const ThreadCount threads(threads_);
    const int rows = static_cast<int>(batch.size());
    reserve(rows);
    gather(data_->train, batch.data(), 0, rows);
    forward(rows, true);
    StepResult result;
    double loss = 0.0;
    measure(data_->train, batch.data(), 0, rows, delta_.data(), loss, result.correct);
    result.loss = loss / rows;
    backward(rows);
    float scale = 1.0f;
    result.gradient_norm = std::numeric_limits<double>::quiet_NaN();
    if (rates.clip_norm > 0.0) {
      result.gradient_norm = std::sqrt(cpu::sum_of_squares(gradient_.data(), plan_.parameters));
      // As PyTorch's clip_grad_norm_; false for NaN, which must show and not be clipped to something.
      const double factor = rates.clip_norm / (result.gradient_norm + 1e-6);
      if (!(factor >= 1.0)) scale = static_cast<float>(factor);
    }
    update(rates.learning_rate, scale);
    return result;
  }

  Result<Evaluation> evaluate(DataPart part, std::optional<std::span<const std::uint32_t>> indices,
                              const std::function<bool()>& stop, Weights) override {
    if (!updater_) return bad_input("no network is built", "evaluate");
    const Samples& samples = part == DataPart::kTrain ? data_->train : data_->test;
    if (indices && !indices->empty()) {
      if (auto error = check_batch(*indices, samples)) return *error;
    }
    const ThreadCount threads(threads_);
    const std::int64_t count = indices ? static_cast<std::int64_t>(indices->size()) : samples.count;
    Evaluation out;
    double loss = 0.0;
    std::int64_t correct = 0;
    while (out.count < count && !(stop && stop())) {
      const int rows = static_cast<int>(std::min<std::int64_t>(kEvaluationRows, count - out.count));
      const std::uint32_t* chosen = indices ? indices->data() + out.count : nullptr;
      gather(samples, chosen, out.count, rows);
      forward(rows, false);
      int right = 0;
      measure(samples, chosen, out.count, rows, nullptr, loss, right);
      correct += right;
      out.count += rows;
    }
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto total = static_cast<double>(out.count);
    out.loss = out.count > 0 ? loss / total : nan;
    out.accuracy = out.count > 0 && data_->classes > 0 ? static_cast<double>(correct) / total : nan;
    return out;
  }

  Result<std::vector<float>> outputs(const Samples& samples,
                                     std::optional<std::span<const std::uint32_t>> indices,
                                     Weights) override {
    if (!updater_) return bad_input("no network is built", "outputs");
    const auto held = samples.bytes.empty() ? samples.values.size() : samples.bytes.size();
    if (samples.count < 0 ||
        held != static_cast<std::size_t>(samples.count) * static_cast<std::size_t>(data_->features))
      return bad_input("are not of the kind that the network was built for", "samples");
    if (indices && !indices->empty()) {
      if (auto error = check_batch(*indices, samples)) return *error;
    }
    const ThreadCount threads(threads_);
    const std::int64_t count = indices ? static_cast<std::int64_t>(indices->size()) : samples.count;
    std::vector<float> out(static_cast<std::size_t>(count) * static_cast<std::size_t>(plan_.outputs));
    for (std::int64_t first = 0; first < count; first += kEvaluationRows) {
      const int rows = static_cast<int>(std::min<std::int64_t>(kEvaluationRows, count - first));
      gather(samples, indices ? indices->data() + first : nullptr, first, rows);
      forward(rows, false);
      std::copy_n(outputs_.back(), std::int64_t{rows} * plan_.outputs, out.begin() + first * plan_.outputs);
    }
    return out;
  }
  Result<std::vector<LayerActivations>> activations(DataPart, std::span<const std::uint32_t>, int) override {
    return bad_input("activations: not there yet");
  }
  std::optional<Error> loss_gradient(std::span<const std::uint32_t>, std::span<float>) override {
    return bad_input("loss_gradient: not there yet");
  }
  Result<std::unique_ptr<HessianProduct>> hessian(std::span<const std::uint32_t>) override {
    return bad_input("hessian: not there yet");
  }

  std::optional<Error> set_optimizer(const Spec& optimizer) override {
    if (!updater_) return bad_input("no network is built", "optimizer");
    if (auto error = check_rule(optimizer)) return error;
    if (optimizer.id != optimizer_id_ || !updater_->set(optimizer))
      return bad_input("this cannot change while a network is trained", "optimizer");
    return {};
  }

  EngineState state() const override {
    if (!updater_) return {};
    return {steps_, parameters_, buffers_, slots_, updater_->save(), {}, {}};
  }

  std::optional<Error> restore(const EngineState& state) override {
    if (!updater_ || state.steps < 0 || state.parameters.size() != parameters_.size() ||
        state.buffers.size() != buffers_.size() || state.slots.size() != slots_.size() ||
        !updater_->load(state.progress))
      return bad_input("belongs to another network or optimizer", "state");
    steps_ = state.steps;
    std::ranges::copy(state.parameters, parameters_.begin());
    std::ranges::copy(state.buffers, buffers_.begin());
    std::ranges::copy(state.slots, slots_.begin());
    return {};
  }

  const Plan& plan() const override { return plan_; }
  std::span<const float> parameters() const override { return parameters_; }
  std::span<const float> gradient() const override { return gradient_; }

 private:
  static std::optional<Error> check_rule(const Spec& spec) {
    const OptimizerDescriptor* descriptor = find_optimizer(spec.id);
    if (!descriptor) return bad_input("there is no '" + spec.id + "'", "optimizer");
    if (auto error = check(spec, *descriptor)) return error;
    if (!cpu::make_updater(spec))
      return bad_input("'" + spec.id + "' cannot train a network yet", "optimizer");
    return {};
  }

  static std::optional<Error> check_batch(std::span<const std::uint32_t> batch, const Samples& samples) {
    if (batch.empty()) return bad_input("is empty", "batch");
    for (const std::uint32_t index : batch)
      if (index >= samples.count)
        return bad_input("names sample " + std::to_string(index) + " of " + std::to_string(samples.count),
                         "batch");
    return {};
  }

  /// Layers that overwrite their input: their backward pass needs no more than their output.
  static bool in_place(LayerKind kind) {
    return kind == LayerKind::kRelu || kind == LayerKind::kLeakyRelu || kind == LayerKind::kDropout;
  }

  void reserve(int rows) {
    if (rows <= rows_) return;
    rows_ = rows;
    const auto size = [&](int width) {
      return static_cast<std::size_t>(rows) * static_cast<std::size_t>(width);
    };
    int widest = plan_.inputs;
    inputs_.resize(size(plan_.inputs));
    values_.resize(plan_.layers.size());
    outputs_.resize(plan_.layers.size());
    means_.resize(plan_.layers.size());
    inverses_.resize(plan_.layers.size());
    float* before = inputs_.data();
    for (std::size_t i = 0; i < plan_.layers.size(); ++i) {
      const PlannedLayer& layer = plan_.layers[i];
      widest = std::max(widest, layer.outputs);
      if (!in_place(layer.kind)) {
        values_[i].resize(size(layer.outputs));
        before = values_[i].data();
      }
      outputs_[i] = before;
      if (layer.kind == LayerKind::kBatchNorm || layer.kind == LayerKind::kLayerNorm) {
        const std::size_t groups = layer.kind == LayerKind::kBatchNorm
                                       ? static_cast<std::size_t>(layer.inputs)
                                       : static_cast<std::size_t>(rows);
        means_[i].resize(groups);
        inverses_[i].resize(groups);
      }
    }
    delta_.resize(size(widest));
    delta_before_.resize(size(widest));
  }

  const float* input_of(std::size_t layer) const { return layer == 0 ? inputs_.data() : outputs_[layer - 1]; }
  const float* weight(const PlannedLayer& layer) const { return parameters_.data() + layer.weight; }
  const float* bias(const PlannedLayer& layer) const { return parameters_.data() + layer.bias; }

  /// Normalised inputs of `rows` samples: those in `chosen`, or from `first` on.
  void gather(const Samples& samples, const std::uint32_t* chosen, std::int64_t first, int rows) {
    const int channels = std::max(data_->shape[0], 1);
    const std::int64_t plane = data_->features / channels;
#pragma omp parallel for schedule(static) num_threads(threads_) if (threads_ > 1)
    for (int r = 0; r < rows; ++r) {
      const std::int64_t sample = chosen ? chosen[r] : first + r;
      float* out = inputs_.data() + std::int64_t{r} * data_->features;
      for (int c = 0; c < channels; ++c) {
        const auto channel = static_cast<std::size_t>(c);
        const double mean = data_->mean[channel], deviation = data_->deviation[channel];
        const auto shift = static_cast<float>(-mean / deviation);
        const std::int64_t from = sample * data_->features + c * plane;
        if (samples.bytes.empty())
          cpu::normalise_floats(samples.values.data() + from, plane, static_cast<float>(1.0 / deviation),
                                shift, out + c * plane);
        else
          cpu::normalise_bytes(samples.bytes.data() + from, plane,
                               static_cast<float>(1.0 / (255.0 * deviation)), shift, out + c * plane);
      }
    }
  }

  void forward(int rows, bool training) {
    for (std::size_t i = 0; i < plan_.layers.size(); ++i) {
      const PlannedLayer& layer = plan_.layers[i];
      const float* x = input_of(i);
      float* y = outputs_[i];
      switch (layer.kind) {
        case LayerKind::kLinear: {
          product('N', 'N', rows, layer.outputs, layer.inputs, x, layer.inputs, weight(layer), layer.outputs,
                  y);
          if (i + 1 < plan_.layers.size() && is_activation(plan_.layers[i + 1].kind)) {
            ++i;
            cpu::bias_activation(plan_.layers[i].kind, static_cast<float>(plan_.layers[i].setting), y,
                                 outputs_[i], rows, layer.outputs, bias(layer));
          } else {
            cpu::add_bias(y, rows, layer.outputs, bias(layer));
          }
          break;
        }
        case LayerKind::kBatchNorm: {
          float* running = buffers_.data() + layer.buffer;
          if (training)
            cpu::batch_norm(layer, x, y, rows, weight(layer), bias(layer), means_[i].data(),
                            inverses_[i].data(), running);
          else
            cpu::batch_norm_running(layer, x, y, rows, weight(layer), bias(layer), running);
          break;
        }
        case LayerKind::kLayerNorm:
          cpu::layer_norm(layer, x, y, rows, weight(layer), bias(layer), means_[i].data(),
                          inverses_[i].data());
          break;
        case LayerKind::kDropout:
          if (training)
            cpu::dropout(seed_, static_cast<std::uint64_t>(steps_), static_cast<int>(i), layer.setting, y,
                         std::int64_t{rows} * layer.outputs);
          break;
        default:  // an activation; in place where x is y
          cpu::bias_activation(layer.kind, static_cast<float>(layer.setting), const_cast<float*>(x), y, rows,
                               layer.outputs, nullptr);
      }
    }
  }

  /// Adds to `loss` and `correct`; the gradient of the mean goes to `delta` unless it is null.
  void measure(const Samples& samples, const std::uint32_t* chosen, std::int64_t first, int rows,
               float* delta, double& loss, int& correct) const {
    const int width = plan_.outputs;
    const float scale = 1.0f / static_cast<float>(rows);
    for (int r = 0; r < rows; ++r) {
      const auto sample = static_cast<std::size_t>(chosen ? chosen[r] : first + r);
      const float* row = outputs_.back() + std::int64_t{r} * width;
      float* d = delta ? delta + std::int64_t{r} * width : nullptr;
      const int label = data_->classes > 0 ? samples.labels[sample] : -1;
      if (cross_entropy_)
        loss += static_cast<double>(cross_entropy(row, width, label, smoothing_, scale, d));
      else
        loss += static_cast<double>(squared_error(
            row, width, [&](int k) { return label < 0    ? samples.targets[sample]
                                            : k == label ? 1.0f
                                                         : 0.0f; },
            scale, d));
      if (label >= 0 && prediction(row, width) == label) ++correct;
    }
  }

  /// From the gradient of the outputs in delta_ to that of all parameters.
  void backward(int rows) {
    for (std::size_t i = plan_.layers.size(); i-- > first_trained_;) {
      const PlannedLayer& layer = plan_.layers[i];
      const float* x = input_of(i);
      float* d = delta_.data();
      float* dweight = gradient_.data() + layer.weight;
      float* dbias = gradient_.data() + layer.bias;
      switch (layer.kind) {
        case LayerKind::kLinear:
          cpu::column_sums(d, rows, layer.outputs, dbias);
          product('T', 'N', layer.inputs, layer.outputs, rows, x, layer.inputs, d, layer.outputs, dweight);
          if (i == first_trained_) break;
          product('N', 'T', rows, layer.inputs, layer.outputs, d, layer.outputs, weight(layer), layer.outputs,
                  delta_before_.data());
          std::swap(delta_, delta_before_);
          break;
        case LayerKind::kBatchNorm:
          cpu::batch_norm_gradient(layer, x, d, rows, weight(layer), means_[i].data(), inverses_[i].data(),
                                   dweight, dbias);
          break;
        case LayerKind::kLayerNorm:
          cpu::layer_norm_gradient(layer, x, d, rows, weight(layer), means_[i].data(), inverses_[i].data(),
                                   dweight, dbias);
          break;
        case LayerKind::kDropout:
          cpu::dropout(seed_, static_cast<std::uint64_t>(steps_), static_cast<int>(i), layer.setting, d,
                       std::int64_t{rows} * layer.outputs);
          break;
        default:
          cpu::activation_gradient(layer.kind, static_cast<float>(layer.setting), x, d,
                                   std::int64_t{rows} * layer.outputs);
      }
    }
  }

  void update(double learning_rate, float scale) {
    updater_->prepare(learning_rate, ++steps_);
    const std::int64_t count = plan_.parameters;
    // Blocks of whole cache lines, one for each thread; elements do not see each other, so how many there
    // are changes nothing.
    const std::int64_t block = (count / threads_ + 16) / 16 * 16;
#pragma omp parallel for schedule(static) num_threads(threads_) if (threads_ > 1)
    for (int part = 0; part < threads_; ++part) {
      const std::int64_t first = std::min(count, part * block);
      const std::int64_t last = part + 1 == threads_ ? count : std::min(count, first + block);
      updater_->update(parameters_.data(), gradient_.data(), scale, slots_.data(), count, first, last);
    }
  }

  int threads_;
  std::shared_ptr<const Dataset> data_;
  Plan plan_;
  std::uint64_t seed_ = 0;
  bool cross_entropy_ = true;
  float smoothing_ = 0.0f;
  std::string optimizer_id_;
  std::unique_ptr<cpu::Updater> updater_;  ///< null: nothing is built
  std::int64_t steps_ = 0;
  std::size_t first_trained_ = 0;  ///< no layer before it has parameters
  std::vector<float> parameters_, gradient_, slots_, buffers_;

  int rows_ = 0;  ///< room for as many samples in what follows
  std::vector<float> inputs_;
  std::vector<std::vector<float>> values_;  ///< by layer, where it has memory of its own
  std::vector<float*> outputs_;             ///< by layer: its output, maybe in an earlier layer's memory
  std::vector<std::vector<float>> means_, inverses_;
  std::vector<float> delta_, delta_before_;
};

}  // namespace

std::unique_ptr<TrainingEngine> make_cpu_engine(const CpuOptions& options) {
  return std::make_unique<CpuEngine>(options);
}

}  // namespace thalweg

// The training engine on the CPU: what makes a step out of passes through a CpuNetwork (parts of a batch,
// loss scaling, clipping, the update, the average), and the state of it all.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>

#include "core/nn/cpu_hessian.hpp"
#include "core/nn/cpu_kernels.hpp"
#include "core/nn/cpu_network.hpp"
#include "core/nn/cpu_probe.hpp"
#include "core/nn/cpu_product.hpp"
#include "core/nn/cpu_updater.hpp"
#include "core/nn/engine.hpp"
#include "core/nn/engine_checks.hpp"
#include "core/nn/initialise.hpp"
#include "core/nn/loss_scaler.hpp"

namespace thalweg {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double wall() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

class CpuEngine final : public TrainingEngine {
 public:
  explicit CpuEngine(const CpuOptions& options) : threads_(std::clamp(options.threads, 1, 1024)) {}

  std::optional<Error> load(std::shared_ptr<const Dataset> data) override {
    if (auto error = check_data(data.get())) return error;
    data_ = std::move(data);
    sparse_ = cpu::sparse(data_);
    updater_ = nullptr;
    return {};
  }

  std::optional<Error> build(const NetworkSettings& settings, std::uint64_t seed) override {
    if (!data_) return bad_input("no data set is loaded", "model");
    auto planned = thalweg::plan(settings.model, data_->features, data_->classes > 0 ? data_->classes : 1);
    if (!planned) return planned.error();
    if (auto error = check_settings(settings, *data_)) return error;
    auto updater = cpu::make_updater(settings.optimizer);
    if (!updater) return cannot_train(settings.optimizer);

    plan_ = std::move(*planned);
    settings_ = settings;
    updater_ = std::move(updater);
    steps_ = 0;
    scaler_ = {};
    const auto count = static_cast<std::size_t>(plan_.parameters);
    parameters_.assign(count, 0.0f);
    gradient_.assign(count, 0.0f);
    slots_.assign(count * static_cast<std::size_t>(updater_->slot_count()), 0.0f);
    updater_->init(slots_.data(), plan_.parameters);
    buffers_.assign(static_cast<std::size_t>(plan_.buffers), 0.0f);
    initialise(plan_, settings.model.initialisation, seed, parameters_);
    initialise_buffers(plan_, buffers_);
    average_.clear();
    if (settings.ema_decay > 0.0) {
      average_ = parameters_;
      average_.insert(average_.end(), buffers_.begin(), buffers_.end());
    }
    part_gradient_.clear();
    network_.emplace(plan_, settings.loss, data_, seed, threads_);
    network_->leave_out_zeros(sparse_);
    network_->reserve(cpu::kProbeRows);
    return {};
  }

  Result<StepResult> step(std::span<const std::uint32_t> batch, const StepRates& rates,
                          StepDetail* detail) override {
    if (auto error = check_step(batch, rates)) return *error;
    const cpu::ThreadCount threads(threads_);
    StepResult result = pass(batch);
    if (settings_.precision == Precision::kFp16) unscale(result);
    const double begin = wall();
    result.gradient_norm = rates.clip_norm > 0.0 || detail ? gradient_norm(detail) : kNan;
    const bool whole = detail && detail->whole;
    if (whole) before_ = parameters_;
    const double measured = wall();
    if (!result.skipped) {
      update(rates.learning_rate, clipping(rates.clip_norm, result.gradient_norm));
      move_average();
    }
    const double updated = wall();
    if (whole) describe_update(*detail, result.skipped);
    if (detail) detail->seconds = (measured - begin) + (wall() - updated);
    return result;
  }

  Result<Evaluation> evaluate(DataPart part, std::optional<std::span<const std::uint32_t>> indices,
                              const std::function<bool()>& stop, Weights weights) override {
    if (auto error = check_built("evaluate")) return *error;
    const Samples& samples = samples_of(part);
    if (indices && !indices->empty()) {
      if (auto error = check_batch(*indices, samples)) return *error;
    }
    if (auto error = bind(weights)) return *error;
    const cpu::ThreadCount threads(threads_);
    const std::int64_t count = indices ? static_cast<std::int64_t>(indices->size()) : samples.count;
    Evaluation out;
    PassResult sum;
    while (out.count < count && !(stop && stop())) {
      const int rows = static_cast<int>(std::min<std::int64_t>(cpu::kProbeRows, count - out.count));
      const PassSamples pass{&samples, indices ? indices->data() + out.count : nullptr, out.count, rows};
      network_->gather(pass);
      network_->forward(rows, {});
      const PassResult measured = network_->measure(pass, 0.0f);
      sum.loss += measured.loss;
      sum.correct += measured.correct;
      out.count += rows;
    }
    const auto total = static_cast<double>(out.count);
    out.loss = out.count > 0 ? sum.loss / total : kNan;
    out.accuracy = out.count > 0 && data_->classes > 0 ? sum.correct / total : kNan;
    return out;
  }

  Result<std::vector<float>> outputs(const Samples& samples,
                                     std::optional<std::span<const std::uint32_t>> indices,
                                     Weights weights) override {
    if (auto error = check_built("outputs")) return *error;
    if (auto error = check_inputs(samples, data_->features)) return *error;
    if (indices && !indices->empty()) {
      if (auto error = check_batch(*indices, samples)) return *error;
    }
    if (auto error = bind(weights)) return *error;
    const cpu::ThreadCount threads(threads_);
    const std::int64_t count = indices ? static_cast<std::int64_t>(indices->size()) : samples.count;
    std::vector<float> out(static_cast<std::size_t>(count) * static_cast<std::size_t>(plan_.outputs));
    for (std::int64_t first = 0; first < count; first += cpu::kProbeRows) {
      const int rows = static_cast<int>(std::min<std::int64_t>(cpu::kProbeRows, count - first));
      network_->gather({&samples, indices ? indices->data() + first : nullptr, first, rows});
      network_->forward(rows, {});
      std::copy_n(network_->outputs(), std::int64_t{rows} * plan_.outputs,
                  out.begin() + first * plan_.outputs);
    }
    return out;
  }

  Result<std::vector<LayerActivations>> activations(DataPart part, std::span<const std::uint32_t> indices,
                                                    int bins) override {
    if (auto error = check_built("activations")) return *error;
    if (auto error = check_batch(indices, samples_of(part))) return *error;
    if (bins < 1) return bad_input("must be at least 1", "bins");
    const cpu::ThreadCount threads(threads_);
    network_->bind(parameters_.data(), buffers_.data(), settings_.precision);
    return cpu::activations(*network_, samples_of(part), indices, bins);
  }

  std::optional<Error> loss_gradient(std::span<const std::uint32_t> samples, std::span<float> out) override {
    if (auto error = check_built("loss_gradient")) return error;
    if (auto error = check_batch(samples, data_->train)) return error;
    if (out.size() != parameters_.size())
      return bad_input("needs room for " + std::to_string(parameters_.size()) + " numbers", "loss_gradient");
    const cpu::ThreadCount threads(threads_);
    network_->bind(parameters_.data(), buffers_.data());
    cpu::mean_gradient(*network_, data_->train, samples, out);
    return {};
  }

  Result<std::unique_ptr<HessianProduct>> hessian(std::span<const std::uint32_t> samples) override {
    if (auto error = check_built("hessian")) return *error;
    if (auto error = check_batch(samples, data_->train)) return *error;
    return make_cpu_hessian({.plan = plan_,
                             .loss = settings_.loss,
                             .data = data_,
                             .sparse = sparse_,
                             .samples = {samples.begin(), samples.end()},
                             .parameters = {parameters_.begin(), parameters_.end()},
                             .buffers = buffers_,
                             .threads = threads_});
  }

  std::optional<Error> set_optimizer(const Spec& optimizer) override {
    if (auto error = check_built("optimizer")) return error;
    if (auto error = check_rule(optimizer)) return error;
    if (optimizer.id != settings_.optimizer.id || !updater_->set(optimizer))
      return bad_input("this cannot change while a network is trained", "optimizer");
    return {};
  }

  EngineState state() const override {
    if (!updater_) return {};
    EngineState out{.steps = steps_,
                    .parameters = {parameters_.begin(), parameters_.end()},
                    .buffers = buffers_,
                    .slots = {slots_.begin(), slots_.end()},
                    .progress = updater_->save(),
                    .average = {average_.begin(), average_.end()},
                    .scaling = {}};
    if (settings_.precision == Precision::kFp16)
      out.scaling = {scaler_.scale, static_cast<double>(scaler_.good)};
    return out;
  }

  std::optional<Error> restore(const EngineState& state) override {
    const std::size_t scaling = settings_.precision == Precision::kFp16 ? 2 : 0;
    if (!updater_ || state.steps < 0 || state.parameters.size() != parameters_.size() ||
        state.buffers.size() != buffers_.size() || state.slots.size() != slots_.size() ||
        state.average.size() != average_.size() || state.scaling.size() != scaling ||
        (scaling > 0 && !(state.scaling[0] > 0.0 && std::isfinite(state.scaling[0]))) ||
        !updater_->load(state.progress))
      return bad_input("belongs to another network or optimizer", "state");
    steps_ = state.steps;
    std::ranges::copy(state.parameters, parameters_.begin());
    std::ranges::copy(state.buffers, buffers_.begin());
    std::ranges::copy(state.slots, slots_.begin());
    std::ranges::copy(state.average, average_.begin());
    if (scaling > 0)
      scaler_ = {.scale = state.scaling[0], .good = static_cast<std::int64_t>(state.scaling[1])};
    return {};
  }

  const Plan& plan() const override { return plan_; }
  std::span<const float> parameters() const override { return parameters_; }
  std::span<const float> gradient() const override { return gradient_; }

 private:
  static Error cannot_train(const Spec& rule) {
    return bad_input("'" + rule.id + "' cannot train a network yet", "optimizer");
  }

  std::optional<Error> check_built(const char* what) const {
    if (!updater_) return bad_input("no network is built", what);
    return {};
  }

  const Samples& samples_of(DataPart part) const {
    return part == DataPart::kTrain ? data_->train : data_->test;
  }

  std::optional<Error> bind(Weights weights) {
    if (weights == Weights::kAverage && average_.empty())
      return bad_input("no average of the weights is kept, since ema_decay is 0", "weights");
    float* from = weights == Weights::kAverage ? average_.data() : nullptr;
    network_->bind(from ? from : parameters_.data(), from ? from + plan_.parameters : buffers_.data(),
                   settings_.precision);
    return {};
  }

  /// How many of so many samples go through the network at once.
  std::size_t part_of(std::size_t samples) const {
    const auto micro = static_cast<std::size_t>(settings_.micro_batch);
    return micro > 0 ? std::min(micro, samples) : samples;
  }

  std::optional<Error> check_step(std::span<const std::uint32_t> batch, const StepRates& rates) const {
    if (auto error = check_built("step")) return error;
    if (!(rates.clip_norm >= 0.0) || !std::isfinite(rates.clip_norm))
      return bad_input("must be 0 (off) or a positive number", "clip_norm");
    if (auto error = check_batch(batch, data_->train)) return error;
    if (!plan_.needs_two_samples) return {};
    const std::size_t part = part_of(batch.size());
    if (part < 2) return bad_input("batch normalisation needs at least two samples in a batch", "batch");
    if (batch.size() % part == 1)
      return bad_input(
          "worked through in parts of " + std::to_string(part) +
              " samples it leaves a last part of one, and batch normalisation needs at least two",
          "batch");
    return {};
  }

  /// Forwards and back with the samples of the batch, part by part. Loss and gradient are means over all of
  /// them; the gradient is still times the loss scale.
  StepResult pass(std::span<const std::uint32_t> batch) {
    const std::size_t size = part_of(batch.size());
    if (size < batch.size()) part_gradient_.resize(gradient_.size());
    StepResult out{.loss_scale = settings_.precision == Precision::kFp16 ? scaler_.scale : 1.0};
    const auto scale = static_cast<float>(out.loss_scale) / static_cast<float>(batch.size());
    network_->bind(parameters_.data(), buffers_.data(), settings_.precision);
    network_->reserve(static_cast<int>(size));
    for (std::size_t first = 0; first < batch.size(); first += size) {
      const int rows = static_cast<int>(std::min(size, batch.size() - first));
      const PassSamples samples{.samples = &data_->train, .chosen = batch.data() + first, .rows = rows};
      const PassMode mode{.training = true,
                          .step = static_cast<std::uint64_t>(steps_),
                          .first_row = static_cast<std::int64_t>(first)};
      network_->gather(samples);
      network_->forward(rows, mode);
      const PassResult measured = network_->measure(samples, scale);
      network_->backward(rows, mode, first == 0 ? gradient_.data() : part_gradient_.data());
      if (first > 0) cpu::add(gradient_.data(), part_gradient_.data(), gradient_.data(), plan_.parameters);
      out.loss += measured.loss;
      out.correct += measured.correct;
    }
    out.loss /= static_cast<double>(batch.size());
    return out;
  }

  /// Takes the loss scale out of the gradient; a step whose gradient overflowed is to be skipped.
  void unscale(StepResult& result) {
    result.skipped = !std::isfinite(cpu::sum_of_squares(gradient_.data(), plan_.parameters));
    cpu::scale(gradient_.data(), static_cast<float>(1.0 / scaler_.scale), plan_.parameters);
    scaler_.update(result.skipped);
  }

  /// Summed tensor by tensor whether anyone asks for their norms or not, so that asking changes nothing.
  double gradient_norm(StepDetail* detail) const {
    if (detail) detail->tensors.resize(plan_.tensors.size());
    double sum = 0.0;
    for (std::size_t i = 0; i < plan_.tensors.size(); ++i) {
      const TensorInfo& tensor = plan_.tensors[i];
      const double squares = cpu::sum_of_squares(gradient_.data() + tensor.offset, tensor.size());
      if (detail) detail->tensors[i] = {std::sqrt(squares), kNan, kNan, kNan};
      sum += squares;
    }
    return std::sqrt(sum);
  }

  void describe_update(StepDetail& detail, bool skipped) const {
    for (std::size_t i = 0; i < plan_.tensors.size(); ++i) {
      const std::int64_t first = plan_.tensors[i].offset, size = plan_.tensors[i].size();
      TensorStatistics& out = detail.tensors[i];
      const float* now = parameters_.data() + first;
      out.weight_norm = std::sqrt(cpu::sum_of_squares(now, size));
      out.update_norm = std::sqrt(cpu::squared_distance(now, before_.data() + first, size));
      if (skipped) continue;  // no rate was applied to anything
      out.effective_rate = updater_->median_rate(slots_.data(), plan_.parameters, first, first + size);
    }
  }

  /// What the gradient is multiplied by.
  static float clipping(double longest, double norm) {
    if (!(longest > 0.0)) return 1.0f;
    // As PyTorch's clip_grad_norm_; false for NaN, which must show and not be clipped to something.
    const double factor = longest / (norm + 1e-6);
    return factor >= 1.0 ? 1.0f : static_cast<float>(factor);
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

  void move_average() {
    if (average_.empty()) return;
    const auto share = static_cast<float>(1.0 - settings_.ema_decay);
    cpu::follow(average_.data(), parameters_.data(), share, plan_.parameters);
    cpu::follow(average_.data() + plan_.parameters, buffers_.data(), share, plan_.buffers);
  }

  int threads_;
  std::shared_ptr<const Dataset> data_;
  std::shared_ptr<const cpu::SparseDataset> sparse_;
  NetworkSettings settings_;
  Plan plan_;
  std::optional<CpuNetwork> network_;
  std::unique_ptr<cpu::Updater> updater_;  ///< null: nothing is built
  /// Updates made. It chooses dropout masks, too: those of a skipped step, which left no trace in the
  /// weights, are drawn once more.
  std::int64_t steps_ = 0;
  LossScaler scaler_;  ///< of fp16
  Floats parameters_, gradient_, slots_;
  std::vector<float> buffers_;
  Floats average_;        ///< of parameters, then buffers; empty if none is kept
  Floats part_gradient_;  ///< of one part of a batch
  Floats before_;         ///< parameters before an update that is described
};

}  // namespace

std::unique_ptr<TrainingEngine> make_cpu_engine(const CpuOptions& options) {
  return std::make_unique<CpuEngine>(options);
}

}  // namespace thalweg

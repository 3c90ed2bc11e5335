// The training engine on the CPU: what makes a step out of passes through a CpuNetwork (parts of a batch,
// loss scaling, clipping, the update, the average), and the state of it all.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "core/nn/cpu_batch.hpp"
#include "core/nn/cpu_hessian.hpp"
#include "core/nn/cpu_kernels.hpp"
#include "core/nn/cpu_network.hpp"
#include "core/nn/cpu_probe.hpp"
#include "core/nn/cpu_product.hpp"
#include "core/nn/engine.hpp"
#include "core/nn/engine_checks.hpp"
#include "core/nn/functions.hpp"
#include "core/nn/initialise.hpp"
#include "core/nn/loss_scaler.hpp"
#include "core/optimizer/flush.hpp"
#include "core/optimizer/optimizer.hpp"
#include "core/optimizer/updater.hpp"

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
    method_ = nullptr;
    return {};
  }

  std::optional<Error> build(const NetworkSettings& settings, std::uint64_t seed) override {
    if (!data_) return bad_input("no data set is loaded", "model");
    auto planned = thalweg::plan(settings.model, data_->features, data_->classes > 0 ? data_->classes : 1);
    if (!planned) return planned.error();
    if (auto error = check_settings(settings, *data_)) return error;
    if (auto error = check_optimizer(settings)) return error;

    plan_ = std::move(*planned);
    settings_ = settings;
    seed_ = seed;
    updater_ = cpu::make_updater(settings.optimizer);
    method_ = updater_ ? nullptr : make_float_stepper(settings.optimizer, layout_of(plan_));
    steps_ = 0;
    scaler_ = {};
    const auto count = static_cast<std::size_t>(plan_.parameters);
    parameters_.assign(count, 0.0f);
    gradient_.assign(count, 0.0f);
    slots_.assign(updater_ ? count * static_cast<std::size_t>(updater_->slot_count()) : 0, 0.0f);
    if (updater_) updater_->init(slots_.data(), plan_.parameters);
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
    CpuBatch samples = passes(batch);
    StepResult result = pass(samples);
    if (settings_.precision == Precision::kFp16) unscale(result);
    const double begin = wall();
    result.gradient_norm = rates.clip_norm > 0.0 || detail ? gradient_norm(detail) : kNan;
    const bool whole = detail && detail->whole;
    if (whole) before_ = parameters_;
    const double measured = wall();
    if (!result.skipped) {
      const float factor = clipping_factor(rates.clip_norm, result.gradient_norm);
      if (updater_)
        update(rates.learning_rate, factor);
      else
        update_by_method(samples, rates, result.loss, factor);
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
    const Error fixed = bad_input("this cannot change while a network is trained", "optimizer");
    if (optimizer.id != settings_.optimizer.id) return fixed;
    if (updater_) return updater_->set(optimizer) ? std::nullopt : std::optional(fixed);
    try {
      method_->set(optimizer);
    } catch (const std::logic_error&) {
      return fixed;
    }
    return {};
  }

  EngineState state() const override {
    if (!built()) return {};
    StepperState<float> optimizer;
    if (method_)
      optimizer = method_->state();
    else
      optimizer = {updater_->save(), {slots_.begin(), slots_.end()}};
    EngineState out{.steps = steps_,
                    .parameters = {parameters_.begin(), parameters_.end()},
                    .buffers = buffers_,
                    .slots = std::move(optimizer.numbers),
                    .progress = std::move(optimizer.scalars),
                    .average = {average_.begin(), average_.end()},
                    .scaling = {}};
    if (settings_.precision == Precision::kFp16)
      out.scaling = {scaler_.scale, static_cast<double>(scaler_.good)};
    return out;
  }

  std::optional<Error> restore(const EngineState& state) override {
    const std::size_t scaling = settings_.precision == Precision::kFp16 ? 2 : 0;
    if (!built() || state.steps < 0 || state.parameters.size() != parameters_.size() ||
        state.buffers.size() != buffers_.size() || state.average.size() != average_.size() ||
        state.scaling.size() != scaling ||
        (scaling > 0 && !(state.scaling[0] > 0.0 && std::isfinite(state.scaling[0]))) ||
        !restore_optimizer(state))
      return bad_input("belongs to another network or optimizer", "state");
    steps_ = state.steps;
    std::ranges::copy(state.parameters, parameters_.begin());
    std::ranges::copy(state.buffers, buffers_.begin());
    std::ranges::copy(state.average, average_.begin());
    if (scaling > 0)
      scaler_ = {.scale = state.scaling[0], .good = static_cast<std::int64_t>(state.scaling[1])};
    return {};
  }

  const Plan& plan() const override { return plan_; }
  std::span<const float> parameters() const override { return parameters_; }
  std::span<const float> gradient() const override { return gradient_; }

 private:
  bool built() const { return updater_ || method_; }

  std::optional<Error> check_built(const char* what) const {
    if (!built()) return bad_input("no network is built", what);
    return {};
  }

  const Samples& samples_of(DataPart part) const {
    return part == DataPart::kTrain ? data_->train : data_->test;
  }

  std::optional<Error> bind(Weights weights) {
    if (weights == Weights::kAverage && average_.empty())
      return bad_input("no average of the weights is kept, since ema_decay is 0", "weights");
    float* from = weights == Weights::kAverage ? average_.data() : nullptr;
    network_->bind(from ? from : found(), from ? from + plan_.parameters : buffers_.data(),
                   settings_.precision);
    return {};
  }

  /// The weights that the optimizer has found: of one that averages they are not those it takes gradients at.
  const float* found() {
    const bool averages = updater_ ? updater_->averages() : method_->averages();
    if (!averages || steps_ == 0) return parameters_.data();
    found_.resize(parameters_.size());
    if (updater_)
      updater_->average(parameters_.data(), slots_.data(), plan_.parameters, found_.data());
    else
      method_->average(parameters_.data(), found_.data());
    return found_.data();
  }

  /// False, and nothing changes, if the state is of another optimizer.
  bool restore_optimizer(const EngineState& state) {
    if (updater_) {
      if (state.slots.size() != slots_.size() || !updater_->load(state.progress)) return false;
      std::ranges::copy(state.slots, slots_.begin());
      return true;
    }
    try {
      method_->restore({state.progress, state.slots});
    } catch (const std::invalid_argument&) {
      return false;
    }
    return true;
  }

  /// How many of so many samples go through the network at once.
  std::size_t part_of(std::size_t samples) const {
    const auto micro = static_cast<std::size_t>(settings_.micro_batch);
    return micro > 0 ? std::min(micro, samples) : samples;
  }

  std::optional<Error> check_step(std::span<const std::uint32_t> batch, const StepRates& rates) const {
    if (auto error = check_built("step")) return error;
    return thalweg::check_step(batch, rates, data_->train, plan_, part_of(batch.size()));
  }

  CpuBatch passes(std::span<const std::uint32_t> batch) {
    return {.network = &*network_,
            .data = data_,
            .sparse = sparse_,
            .loss = &settings_.loss,
            .precision = settings_.precision,
            .samples = batch,
            .part = part_of(batch.size()),
            .step = static_cast<std::uint64_t>(steps_),
            .threads = threads_};
  }

  /// Forwards and back with the samples of the batch. The gradient is still times the loss scale.
  StepResult pass(const CpuBatch& batch) {
    StepResult out{.loss_scale = settings_.precision == Precision::kFp16 ? scaler_.scale : 1.0};
    const BatchLoss measured = run_batch(batch, parameters_.data(), buffers_.data(), out.loss_scale,
                                         gradient_.data(), part_gradient_);
    out.loss = measured.loss;
    out.correct = measured.correct;
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
      if (skipped || !updater_) continue;  // no rate was applied to anything, or none that is known
      out.effective_rate = updater_->median_rate(slots_.data(), plan_.parameters, first, first + size);
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

  void update_by_method(const CpuBatch& batch, const StepRates& rates, double loss, float scale) {
    const cpu::FlushToZero flush;
    ++steps_;
    handed_.assign(gradient_.begin(), gradient_.end());
    if (scale < 1.0f) cpu::scale(handed_.data(), scale, plan_.parameters);
    objective_.begin(batch, loss, buffers_, rates.clip_norm, seed_);
    method_->step(parameters_.data(), handed_.data(), rates.learning_rate, &objective_);
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
  std::unique_ptr<cpu::Updater> updater_;  ///< of an element-wise rule
  std::unique_ptr<FloatStepper> method_;   ///< of all others; both null: nothing is built
  CpuBatchObjective objective_;
  std::uint64_t seed_ = 0;
  /// Updates made. It chooses dropout masks, too: those of a skipped step, which left no trace in the
  /// weights, are drawn once more.
  std::int64_t steps_ = 0;
  LossScaler scaler_;  ///< of fp16
  Floats parameters_, gradient_, slots_;
  std::vector<float> buffers_;
  Floats average_;        ///< of parameters, then buffers; empty if none is kept
  Floats part_gradient_;  ///< of one part of a batch
  Floats handed_;         ///< the gradient as a method gets it
  Floats found_;          ///< what an averaging optimizer has found
  Floats before_;         ///< parameters before an update that is described
};

}  // namespace

std::unique_ptr<TrainingEngine> make_cpu_engine(const CpuOptions& options) {
  return std::make_unique<CpuEngine>(options);
}

}  // namespace thalweg

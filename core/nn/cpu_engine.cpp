// The training engine on the CPU: checks of what it is given, the update, the state around a CpuNetwork.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/nn/cpu_kernels.hpp"
#include "core/nn/cpu_network.hpp"
#include "core/nn/cpu_product.hpp"
#include "core/nn/cpu_updater.hpp"
#include "core/nn/engine.hpp"
#include "core/nn/initialise.hpp"
#include "core/optimizer/optimizer.hpp"

namespace thalweg {
namespace {

constexpr int kEvaluationRows = 256;

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
    network_.emplace(plan_, settings.loss, data_, seed, threads_);
    network_->bind(parameters_.data(), buffers_.data());
    network_->reserve(kEvaluationRows);
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
    const cpu::ThreadCount threads(threads_);
    const int rows = static_cast<int>(batch.size());
    const PassSamples pass{.samples = &data_->train, .chosen = batch.data(), .rows = rows};
    const PassMode mode{.training = true, .step = static_cast<std::uint64_t>(steps_)};
    network_->reserve(rows);
    network_->gather(pass);
    network_->forward(rows, mode);
    const PassResult measured = network_->measure(pass, 1.0f / static_cast<float>(rows));
    network_->backward(rows, mode, gradient_.data());
    StepResult result{.loss = measured.loss / rows, .correct = measured.correct};
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
    const cpu::ThreadCount threads(threads_);
    const std::int64_t count = indices ? static_cast<std::int64_t>(indices->size()) : samples.count;
    Evaluation out;
    double loss = 0.0;
    std::int64_t correct = 0;
    while (out.count < count && !(stop && stop())) {
      const int rows = static_cast<int>(std::min<std::int64_t>(kEvaluationRows, count - out.count));
      const PassSamples pass{&samples, indices ? indices->data() + out.count : nullptr, out.count, rows};
      network_->gather(pass);
      network_->forward(rows, {});
      const PassResult measured = network_->measure(pass, 0.0f);
      loss += measured.loss;
      correct += measured.correct;
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
    const cpu::ThreadCount threads(threads_);
    const std::int64_t count = indices ? static_cast<std::int64_t>(indices->size()) : samples.count;
    std::vector<float> out(static_cast<std::size_t>(count) * static_cast<std::size_t>(plan_.outputs));
    for (std::int64_t first = 0; first < count; first += kEvaluationRows) {
      const int rows = static_cast<int>(std::min<std::int64_t>(kEvaluationRows, count - first));
      network_->gather({&samples, indices ? indices->data() + first : nullptr, first, rows});
      network_->forward(rows, {});
      std::copy_n(network_->outputs(), std::int64_t{rows} * plan_.outputs,
                  out.begin() + first * plan_.outputs);
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
  std::optional<CpuNetwork> network_;
  std::string optimizer_id_;
  std::unique_ptr<cpu::Updater> updater_;  ///< null: nothing is built
  std::int64_t steps_ = 0;
  std::vector<float> parameters_, gradient_, slots_, buffers_;
};

}  // namespace

std::unique_ptr<TrainingEngine> make_cpu_engine(const CpuOptions& options) {
  return std::make_unique<CpuEngine>(options);
}

}  // namespace thalweg

#include "gpu/engine.hpp"

#include <chrono>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "core/nn/cpu_kernels.hpp"
#include "core/nn/engine_checks.hpp"
#include "core/nn/initialise.hpp"
#include "core/optimizer/flush.hpp"
#include "gpu/batch.hpp"
#include "gpu/hessian.hpp"
#include "gpu/probes.hpp"
#include "gpu/statistics.hpp"
#include "gpu/steps.hpp"

namespace thalweg::gpu {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double wall() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// What a method that trains works on: it runs on the host.
struct MethodAtWork {
  MethodAtWork(DeviceModel& model, const DeviceBatchObjective::Setting& setting)
      : theta(model.parameters.size()),
        handed(model.parameters.size()),
        objective(model.queue, model.products, setting) {}

  HostBuffer<float> theta, handed;  ///< parameters and gradient as it gets them
  DeviceBatchObjective objective;
};

class DeviceEngine final : public TrainingEngine {
 public:
  explicit DeviceEngine(const EngineOptions& options)
      : shared_queue_(std::make_shared<Queue>(options.device)),
        queue_(*shared_queue_),
        products_(queue_, options.tf32),
        model_(queue_, products_) {}

  ~DeviceEngine() override {
    try {
      queue_.use();
      queue_.wait();
    } catch (const DeviceError&) {  // it has been reported by the call that met it
    }
  }

  std::optional<Error> load(std::shared_ptr<const Dataset> data) override {
    queue_.use();
    if (auto error = check_data(data.get())) return error;
    take_apart();
    model_.data = std::make_shared<const DeviceData>(shared_queue_, std::move(data));
    return {};
  }

  std::optional<Error> build(const NetworkSettings& settings, std::uint64_t seed) override {
    queue_.use();
    if (!model_.data) return bad_input("no data set is loaded", "model");
    const Dataset& data = model_.data->dataset();
    auto planned = thalweg::plan(settings.model, data.features, data.classes > 0 ? data.classes : 1);
    if (!planned) return planned.error();
    if (auto error = check_settings(settings, data)) return error;
    if (auto error = check_optimizer(settings)) return error;

    take_apart();
    model_.plan = std::move(*planned);
    model_.settings = settings;
    model_.seed = seed;
    model_.steps = 0;
    model_.scaler = {};
    give_numbers();
    model_.network.emplace(queue_, products_, model_.plan, settings.loss, model_.data, seed,
                           settings.precision != Precision::kFp32);
    statistics_.emplace(model_);
    steps_.emplace(model_, *statistics_);
    probes_.emplace(model_);
    model_.updater = make_device_updater(settings.optimizer);
    if (model_.updater)
      give_slots();
    else
      give_method();
    return {};
  }

  Result<StepResult> step(std::span<const std::uint32_t> batch, const StepRates& rates,
                          StepDetail* detail) override {
    queue_.use();
    if (auto error = check_step(batch, rates)) return *error;
    forget();
    const bool wanted = rates.clip_norm > 0.0 || detail;
    const bool measures = wanted || model_.is_fp16();
    const double loss_scale = model_.is_fp16() ? model_.scaler.scale : 1.0;
    const StepReport report = steps_->run(batch, rates, loss_scale, measures);
    StepResult out{.loss = report.loss / static_cast<double>(batch.size()),
                   .gradient_norm = wanted ? std::sqrt(report.squares) / loss_scale : kNan,
                   .correct = report.correct,
                   .loss_scale = loss_scale};
    if (model_.is_fp16()) {
      out.skipped = !std::isfinite(report.squares);
      steps_->unscale(loss_scale);
      model_.scaler.update(out.skipped);
    }
    const double passed = wall();
    const bool whole = detail && detail->whole;
    if (detail) describe_gradient(*detail, loss_scale);
    if (whole) statistics_->remember();
    const double described = wall();
    if (!out.skipped) {
      if (model_.updater)
        steps_->update(rates.learning_rate, measures);
      else
        update_by_method(batch, rates, out);
    }
    queue_.wait();
    const double updated = wall();
    if (whole) statistics_->describe_update(*detail, out.skipped, steps_->order());
    if (detail) detail->seconds = (described - passed) + (wall() - updated);
    return out;
  }

  std::int64_t steps_ahead() const override {
    return model_.updater && !model_.is_fp16() ? DeviceSteps::kAhead : 1;
  }

  std::optional<Error> begin(std::span<const std::uint32_t> batch, const StepRates& rates,
                             const StepWish& wish) override {
    if (steps_ahead() == 1) return TrainingEngine::begin(batch, rates, wish);
    queue_.use();
    if (auto error = check_step(batch, rates)) return error;
    forget();
    return steps_->begin(batch, rates, wish);
  }

  std::vector<FinishedStep> finish() override {
    if (steps_ahead() == 1) return TrainingEngine::finish();
    queue_.use();
    return steps_->finish();
  }

  Result<Evaluation> evaluate(DataPart part, std::optional<std::span<const std::uint32_t>> indices,
                              const std::function<bool()>& stop, Weights weights) override {
    queue_.use();
    if (auto error = check_built("evaluate")) return *error;
    if (indices && !indices->empty()) {
      if (auto error = check_batch(*indices, samples_of(part))) return *error;
    }
    if (auto error = check_weights(weights)) return *error;
    return probes_->evaluate(part, indices, stop, weights);
  }

  Result<std::vector<float>> outputs(const Samples& samples,
                                     std::optional<std::span<const std::uint32_t>> indices,
                                     Weights weights) override {
    queue_.use();
    if (auto error = check_built("outputs")) return *error;
    if (auto error = check_inputs(samples, model_.data->dataset().features)) return *error;
    if (indices && !indices->empty()) {
      if (auto error = check_batch(*indices, samples)) return *error;
    }
    if (auto error = check_weights(weights)) return *error;
    return probes_->outputs(samples, indices, weights);
  }

  Result<std::vector<LayerActivations>> activations(DataPart part, std::span<const std::uint32_t> indices,
                                                    int bins) override {
    queue_.use();
    if (auto error = check_built("activations")) return *error;
    if (auto error = check_batch(indices, samples_of(part))) return *error;
    if (bins < 1) return bad_input("must be at least 1", "bins");
    return probes_->activations(part, indices, bins);
  }

  std::optional<Error> loss_gradient(std::span<const std::uint32_t> samples, std::span<float> out) override {
    queue_.use();
    if (auto error = check_built("loss_gradient")) return error;
    if (auto error = check_batch(samples, model_.data->dataset().train)) return error;
    if (out.size() != model_.parameters.size())
      return bad_input("needs room for " + std::to_string(model_.parameters.size()) + " numbers",
                       "loss_gradient");
    probes_->loss_gradient(samples, out);
    return {};
  }

  Result<std::unique_ptr<HessianProduct>> hessian(std::span<const std::uint32_t> samples) override {
    queue_.use();
    if (auto error = check_built("hessian")) return *error;
    if (auto error = check_batch(samples, model_.data->dataset().train)) return *error;
    queue_.wait();
    return make_device_hessian(
        {.device = queue_.device(),
         .curvature = {.plan = model_.plan, .loss = model_.settings.loss, .data = model_.data},
         .samples = samples,
         .parameters = model_.parameters.data(),
         .running = model_.running.data()});
  }

  std::optional<Error> set_optimizer(const Spec& optimizer) override {
    if (auto error = check_built("optimizer")) return error;
    if (auto error = check_rule(optimizer)) return error;
    const Error fixed = bad_input("this cannot change while a network is trained", "optimizer");
    if (optimizer.id != model_.settings.optimizer.id) return fixed;
    if (model_.updater) return model_.updater->set(optimizer) ? std::nullopt : std::optional(fixed);
    try {
      model_.method->set(optimizer);
    } catch (const std::logic_error&) {
      return fixed;
    }
    return {};
  }

  EngineState state() const override {
    if (!model_.built()) return {};
    queue_.use();
    StepperState<float> optimizer;
    if (model_.method)
      optimizer = model_.method->state();
    else
      optimizer = {model_.updater->save(), model_.slots.values()};
    EngineState out{.steps = model_.steps,
                    .parameters = model_.parameters.values(),
                    .buffers = model_.running.values(),
                    .slots = std::move(optimizer.numbers),
                    .progress = std::move(optimizer.scalars),
                    .average = model_.average.values(),
                    .scaling = {}};
    if (model_.is_fp16()) out.scaling = {model_.scaler.scale, static_cast<double>(model_.scaler.good)};
    return out;
  }

  std::optional<Error> restore(const EngineState& state) override {
    queue_.use();
    const std::size_t scaling = model_.is_fp16() ? 2 : 0;
    if (!model_.built() || state.steps < 0 || state.parameters.size() != model_.parameters.size() ||
        state.buffers.size() != model_.running.size() || state.average.size() != model_.average.size() ||
        state.scaling.size() != scaling ||
        (scaling > 0 && !(state.scaling[0] > 0.0 && std::isfinite(state.scaling[0]))) ||
        !restore_optimizer(state))
      return bad_input("belongs to another network or optimizer", "state");
    model_.steps = state.steps;
    model_.parameters.assign(state.parameters);
    model_.running.assign(state.buffers);
    model_.average.assign(state.average);
    if (scaling > 0)
      model_.scaler = {.scale = state.scaling[0], .good = static_cast<std::int64_t>(state.scaling[1])};
    forget();
    return {};
  }

  const Plan& plan() const override { return model_.plan; }
  std::span<const float> parameters() const override { return on_host(model_.parameters, host_parameters_); }
  std::span<const float> gradient() const override { return on_host(model_.gradient, host_gradient_); }

 private:
  // --- building

  /// Nothing is built from here on.
  void take_apart() {
    model_.updater = nullptr;
    model_.method = nullptr;
    method_.reset();
    probes_.reset();
    steps_.reset();
    statistics_.reset();
    model_.network.reset();
    forget();
  }

  void give_numbers() {
    std::vector<float> parameters(static_cast<std::size_t>(model_.plan.parameters)),
        running(static_cast<std::size_t>(model_.plan.buffers));
    initialise(model_.plan, model_.settings.model.initialisation, model_.seed, parameters);
    initialise_buffers(model_.plan, running);
    model_.parameters = Buffer<float>(queue_, std::span<const float>(parameters));
    model_.running = Buffer<float>(queue_, std::span<const float>(running));
    model_.gradient = Buffer<float>(queue_, parameters.size());
    model_.gradient.zero();
    model_.slots = Buffer<float>{};
    model_.average = Buffer<float>{};
    if (!(model_.settings.ema_decay > 0.0)) return;
    parameters.insert(parameters.end(), running.begin(), running.end());
    model_.average = Buffer<float>(queue_, std::span<const float>(parameters));
  }

  void give_slots() {
    std::vector<float> slots(model_.parameters.size() *
                             static_cast<std::size_t>(model_.updater->slot_count()));
    model_.updater->init(slots, model_.plan.parameters);
    model_.slots = Buffer<float>(queue_, std::span<const float>(slots));
  }

  void give_method() {
    model_.method = make_float_stepper(model_.settings.optimizer, layout_of(model_.plan));
    const DeviceBatchObjective::Setting setting{.network = &*model_.network,
                                                .data = model_.data,
                                                .loss = model_.settings.loss,
                                                .precision = model_.settings.precision,
                                                .running = model_.running.data(),
                                                .make_room = [this](int rows) { model_.make_room(rows); }};
    method_ = std::make_unique<MethodAtWork>(model_, setting);
  }

  // --- a step

  /// The pass has measured it.
  void describe_gradient(StepDetail& detail, double loss_scale) {
    const std::vector<double> norms = steps_->gradient_norms();
    detail.tensors.assign(norms.size(), {kNan, kNan, kNan, kNan});
    for (std::size_t t = 0; t < norms.size(); ++t) detail.tensors[t].gradient_norm = norms[t] / loss_scale;
  }

  /// On the host, with answers from the device.
  void update_by_method(std::span<const std::uint32_t> batch, const StepRates& rates,
                        const StepResult& result) {
    const cpu::FlushToZero flush;
    const std::size_t bytes = model_.parameters.size() * sizeof(float);
    float *const theta = method_->theta.data(), *const handed = method_->handed.data();
    queue_.fetch(theta, model_.parameters.data(), bytes);
    queue_.fetch(handed, model_.gradient.data(), bytes);
    method_->objective.begin({.samples = batch,
                              .part = model_.part_of(batch.size()),
                              .step = static_cast<std::uint64_t>(model_.steps),
                              .loss_here = result.loss,
                              .longest = rates.clip_norm,
                              .seed = model_.seed},
                             steps_->chosen());
    ++model_.steps;
    queue_.wait();
    const float factor = clipping_factor(rates.clip_norm, result.gradient_norm);
    if (factor < 1.0f) cpu::scale(handed, factor, model_.plan.parameters);
    model_.method->step(theta, handed, rates.learning_rate, &method_->objective);
    queue_.send(model_.parameters.data(), theta, bytes);
    move_average();
  }

  void move_average() {
    if (model_.average.empty()) return;
    const auto share = static_cast<float>(1.0 - model_.settings.ema_decay);
    const auto follow = [&](float* average, const Buffer<float>& x) {
      const auto count = static_cast<std::int64_t>(x.size());
      queue_.launch(grid_for(count), Follow{average, x.data(), share, count});
    };
    follow(model_.average.data(), model_.parameters);
    follow(model_.average.data() + model_.plan.parameters, model_.running);
  }

  // --- checks and copies

  std::optional<Error> check_built(const char* what) const {
    if (!model_.built()) return bad_input("no network is built", what);
    return {};
  }

  std::optional<Error> check_step(std::span<const std::uint32_t> batch, const StepRates& rates) const {
    if (auto error = check_built("step")) return error;
    return thalweg::check_step(batch, rates, model_.data->dataset().train, model_.plan,
                               model_.part_of(batch.size()));
  }

  std::optional<Error> check_weights(Weights weights) const {
    if (weights == Weights::kAverage && model_.average.empty())
      return bad_input("no average of the weights is kept, since ema_decay is 0", "weights");
    return {};
  }

  const Samples& samples_of(DataPart part) const {
    const Dataset& data = model_.data->dataset();
    return part == DataPart::kTrain ? data.train : data.test;
  }

  bool restore_optimizer(const EngineState& state) {
    if (model_.updater) {
      if (state.slots.size() != model_.slots.size() || !model_.updater->load(state.progress)) return false;
      model_.slots.assign(state.slots);
      return true;
    }
    try {
      model_.method->restore({state.progress, state.slots});
    } catch (const std::invalid_argument&) {
      return false;
    }
    return true;
  }

  /// What the host has of the device's numbers is old.
  void forget() { host_parameters_.clear(), host_gradient_.clear(); }

  std::span<const float> on_host(const Buffer<float>& from, std::vector<float>& to) const {
    if (to.size() != from.size()) {
      queue_.use();
      to = from.values();
    }
    return to;
  }

  std::shared_ptr<Queue> shared_queue_;  ///< with the data, which Hessians share
  Queue& queue_;
  Products products_;
  DeviceModel model_;
  // Of the network that is built; null until one is.
  std::optional<DeviceStatistics> statistics_;
  std::optional<DeviceSteps> steps_;
  std::optional<DeviceProbes> probes_;
  std::unique_ptr<MethodAtWork> method_;  ///< null where a rule trains
  mutable std::vector<float> host_parameters_, host_gradient_;
};

}  // namespace

std::unique_ptr<TrainingEngine> make_training_engine(const EngineOptions& options) {
  return std::make_unique<DeviceEngine>(options);
}

}  // namespace thalweg::gpu

#include "gpu/engine.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <tuple>

#include "core/nn/activations.hpp"
#include "core/nn/engine_checks.hpp"
#include "core/nn/initialise.hpp"
#include "core/nn/loss_scaler.hpp"
#include "core/optimizer/optimizer.hpp"
#include "gpu/kernels/elements.hpp"
#include "gpu/network.hpp"
#include "gpu/updater.hpp"

namespace thalweg::gpu {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

/// Steps that may be under way, and how many of them are one recording: launches of a recording cost, too.
constexpr int kAhead = 64;
constexpr int kTogether = 16;
/// Batches in more parts than this are not recorded.
constexpr std::size_t kMostRecordedParts = 16;
/// Recordings that are kept, for batches of different sizes.
constexpr std::size_t kMostRecordings = 32;
/// Samples that go through the network at once outside training.
constexpr int kProbeRows = 2048;
constexpr int kMostRates = 4096;

double wall() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Each tensor in pieces, some thousand of them in all at most, and the first of each tensor's.
struct Chunks {
  std::vector<Chunk> chunks;
  std::vector<std::int32_t> first;
};
Chunks chunks_of(const Plan& plan) {
  const std::int64_t most = std::max<std::int64_t>(4096, plan.parameters / 2048);
  Chunks out;
  for (const TensorInfo& tensor : plan.tensors) {
    out.first.push_back(static_cast<std::int32_t>(out.chunks.size()));
    for (std::int64_t first = 0; first < tensor.size(); first += most)
      out.chunks.push_back({tensor.offset + first, std::min(most, tensor.size() - first)});
  }
  out.first.push_back(static_cast<std::int32_t>(out.chunks.size()));
  return out;
}

class DeviceEngine final : public TrainingEngine {
 public:
  explicit DeviceEngine(const EngineOptions& options)
      : queue_(options.device),
        products_(queue_, options.tf32),
        orders_(queue_, kTogether),
        reports_(queue_, kTogether),
        probe_report_(queue_, 1),
        escaped_(queue_, 1),
        host_orders_(kAhead),
        host_reports_(kAhead),
        never_(1) {
    never_[0] = kNever;
  }

  ~DeviceEngine() override {
    try {
      queue_.wait();
    } catch (const DeviceError&) {  // it has been reported by the call that met it
    }
  }

  std::optional<Error> load(std::shared_ptr<const Dataset> data) override {
    queue_.use();
    if (auto error = check_data(data.get())) return error;
    data_ = std::make_shared<const DeviceData>(queue_, std::move(data));
    updater_ = nullptr;
    method_ = nullptr;
    return {};
  }

  std::optional<Error> build(const NetworkSettings& settings, std::uint64_t seed) override {
    queue_.use();
    if (!data_) return bad_input("no data set is loaded", "model");
    const Dataset& data = data_->dataset();
    auto planned = thalweg::plan(settings.model, data.features, data.classes > 0 ? data.classes : 1);
    if (!planned) return planned.error();
    if (auto error = check_settings(settings, data)) return error;
    if (auto error = check_optimizer(settings)) return error;

    recordings_.clear();
    plan_ = std::move(*planned);
    settings_ = settings;
    seed_ = seed;
    updater_ = make_device_updater(settings.optimizer);
    method_ = updater_ ? nullptr : make_float_stepper(settings.optimizer, layout_of(plan_));
    steps_ = 0;
    scaler_ = {};
    const auto count = static_cast<std::size_t>(plan_.parameters);
    std::vector<float> parameters(count), buffers(static_cast<std::size_t>(plan_.buffers));
    initialise(plan_, settings.model.initialisation, seed, parameters);
    initialise_buffers(plan_, buffers);
    parameters_ = Buffer<float>(queue_, std::span<const float>(parameters));
    buffers_ = Buffer<float>(queue_, std::span<const float>(buffers));
    gradient_ = Buffer<float>(queue_, count);
    gradient_.zero();
    std::vector<float> slots(updater_ ? count * static_cast<std::size_t>(updater_->slot_count()) : 0);
    if (updater_) updater_->init(slots, plan_.parameters);
    slots_ = Buffer<float>(queue_, std::span<const float>(slots));
    average_ = Buffer<float>{};
    if (settings.ema_decay > 0.0) {
      parameters.insert(parameters.end(), buffers.begin(), buffers.end());
      average_ = Buffer<float>(queue_, std::span<const float>(parameters));
    }
    for (Buffer<float>* buffer : {&part_gradient_, &before_, &found_}) *buffer = Buffer<float>{};
    const Chunks chunks = chunks_of(plan_);
    chunks_ = Buffer<Chunk>(queue_, std::span<const Chunk>(chunks.chunks));
    first_chunks_ = Buffer<std::int32_t>(queue_, std::span<const std::int32_t>(chunks.first));
    chunk_sums_ = Buffer<double>(queue_, chunks.chunks.size());
    tensor_sums_ = Buffer<double>(queue_, plan_.tensors.size() * kTogether);
    host_sums_ = HostBuffer<double>(plan_.tensors.size() * kAhead);
    network_.emplace(queue_, products_, plan_, settings.loss, data_, seed);
    forget();
    return {};
  }

  Result<StepResult> step(std::span<const std::uint32_t> batch, const StepRates& rates,
                          StepDetail* detail) override {
    queue_.use();
    if (auto error = check_step(batch, rates)) return *error;
    const bool fp16 = settings_.precision == Precision::kFp16;
    const bool measures = rates.clip_norm > 0.0 || detail || fp16;
    forget();
    make_room(batch.size());
    const double loss_scale = fp16 ? scaler_.scale : 1.0;
    write_order(0, batch, rates, std::numeric_limits<double>::infinity(), loss_scale);
    send_orders(0, 1);
    queue_.send(escaped_.data(), never_.data(), sizeof(std::int64_t));
    run_or_record({batch.size(), 1, measures, false}, [&] { pass(0, batch.size(), measures); });
    StepReport report;
    queue_.download(&report, reports_.data(), sizeof report);
    StepResult out{.loss = report.loss / static_cast<double>(batch.size()),
                   .gradient_norm = std::sqrt(report.squares),
                   .correct = report.correct,
                   .loss_scale = loss_scale};
    if (fp16) {
      out.skipped = !std::isfinite(report.squares);
      out.gradient_norm /= loss_scale;
      queue_.launch(
          grid_for(plan_.parameters),
          Unscale{gradient_.data(), plan_.parameters, static_cast<float>(1.0 / loss_scale), reports_.data()});
      scaler_.update(out.skipped);
    }
    if (!rates_measured(rates, detail)) out.gradient_norm = kNan;
    const double passed = wall();
    const bool whole = detail && detail->whole;
    if (detail) describe_gradient(*detail, loss_scale);
    if (whole) {
      before_.reserve(queue_, parameters_.size());
      before_.copy_from(parameters_);
    }
    const double described = wall();
    if (!out.skipped) {
      if (updater_)
        update(0, rates.learning_rate, measures);
      else
        update_by_method(batch, rates, out);
    }
    queue_.wait();
    const double updated = wall();
    if (whole) describe_update(*detail, out.skipped);
    if (detail) detail->seconds = (described - passed) + (wall() - updated);
    return out;
  }

  std::int64_t steps_ahead() const override {
    return updater_ && settings_.precision != Precision::kFp16 ? kAhead : 1;
  }

  std::optional<Error> begin(std::span<const std::uint32_t> batch, const StepRates& rates,
                             const StepWish& wish) override {
    if (steps_ahead() == 1) return TrainingEngine::begin(batch, rates, wish);
    queue_.use();
    if (auto error = check_step(batch, rates)) return error;
    if (begun_.size() == static_cast<std::size_t>(kAhead))
      return bad_input("too many steps are under way", "step");
    if (begun_.empty()) {
      forget();
      queue_.send(escaped_.data(), never_.data(), sizeof(std::int64_t));
      progress_before_ = updater_->save();
      steps_before_ = steps_;
      launched_ = 0;
    }
    const Shape shape{batch.size(), 1, rates.clip_norm > 0.0 || wish.norms, true};
    // Steps that go together are alike; room for larger batches is made when nothing is under way.
    if (!begun_.empty() && (shape != begun_.back().shape || batch.size() > capacity_)) launch_begun();
    make_room(batch.size());
    const int slot = static_cast<int>(begun_.size());
    write_order(slot, batch, rates, wish.escape, 1.0);
    updater_->prepare(rates.learning_rate, ++steps_, host_orders_[static_cast<std::size_t>(slot)].constants);
    begun_.push_back({shape, updater_->save(), wish.norms});
    if (static_cast<int>(begun_.size()) - launched_ == kTogether) launch_begun();
    return {};
  }

  std::vector<FinishedStep> finish() override {
    if (steps_ahead() == 1) return TrainingEngine::finish();
    std::vector<FinishedStep> out;
    if (begun_.empty()) return out;
    queue_.use();
    launch_begun();
    queue_.wait();
    for (std::size_t i = 0; i < begun_.size(); ++i) {
      const StepReport& report = host_reports_[i];
      if (report.made == 0) {
        // An earlier loss escaped: as if this step and all after it had not been begun.
        steps_ = steps_before_ + static_cast<std::int64_t>(i);
        updater_->load(i == 0 ? progress_before_ : begun_[i - 1].progress);
        break;
      }
      const Shape& shape = begun_[i].shape;
      FinishedStep made{.result = {.loss = report.loss / static_cast<double>(shape.rows),
                                   .gradient_norm = std::sqrt(report.squares),
                                   .correct = report.correct},
                        .norms = {}};
      if (begun_[i].norms)
        for (std::size_t t = 0; t < plan_.tensors.size(); ++t)
          made.norms.push_back(std::sqrt(host_sums_[i * plan_.tensors.size() + t]));
      out.push_back(std::move(made));
    }
    begun_.clear();
    return out;
  }

  Result<Evaluation> evaluate(DataPart part, std::optional<std::span<const std::uint32_t>> indices,
                              const std::function<bool()>& stop, Weights weights) override {
    queue_.use();
    if (auto error = check_built("evaluate")) return *error;
    const Samples& samples = samples_of(part);
    if (indices && !indices->empty()) {
      if (auto error = check_batch(*indices, samples)) return *error;
    }
    if (auto error = bind(weights)) return *error;
    const std::int64_t count = indices ? static_cast<std::int64_t>(indices->size()) : samples.count;
    Evaluation out;
    if (count > 0) room_for_passes(static_cast<int>(std::min<std::int64_t>(kProbeRows, count)));
    const Buffer<std::uint32_t> chosen =
        indices ? Buffer<std::uint32_t>(queue_, *indices) : Buffer<std::uint32_t>{};
    while (out.count < count && !(stop && stop())) {
      const int rows = static_cast<int>(std::min<std::int64_t>(kProbeRows, count - out.count));
      const DevicePass pass = pass_of(view_of(part), chosen, out.count);
      network_->forward(pass, rows, {});
      network_->measure(pass, rows, {}, {.more = out.count > 0}, probe_report_.data());
      out.count += rows;
      if (stop) queue_.wait();
    }
    StepReport sum;
    if (out.count > 0) queue_.download(&sum, probe_report_.data(), sizeof sum);
    const auto total = static_cast<double>(out.count);
    out.loss = out.count > 0 ? sum.loss / total : kNan;
    out.accuracy = out.count > 0 && data_->dataset().classes > 0 ? sum.correct / total : kNan;
    return out;
  }

  Result<std::vector<float>> outputs(const Samples& samples,
                                     std::optional<std::span<const std::uint32_t>> indices,
                                     Weights weights) override {
    queue_.use();
    if (auto error = check_built("outputs")) return *error;
    if (auto error = check_inputs(samples, data_->dataset().features)) return *error;
    if (indices && !indices->empty()) {
      if (auto error = check_batch(*indices, samples)) return *error;
    }
    if (auto error = bind(weights)) return *error;
    const Dataset& data = data_->dataset();
    const bool own = &samples != &data.train && &samples != &data.test;
    const DeviceData::Held held = own ? data_->hold(samples, false) : DeviceData::Held{};
    const DeviceSamples& view = own ? held.view : &samples == &data.train ? data_->train() : data_->test();
    const std::int64_t count = indices ? static_cast<std::int64_t>(indices->size()) : samples.count;
    std::vector<float> out(static_cast<std::size_t>(count) * static_cast<std::size_t>(plan_.outputs));
    if (count > 0) room_for_passes(static_cast<int>(std::min<std::int64_t>(kProbeRows, count)));
    const Buffer<std::uint32_t> chosen =
        indices ? Buffer<std::uint32_t>(queue_, *indices) : Buffer<std::uint32_t>{};
    for (std::int64_t first = 0; first < count; first += kProbeRows) {
      const int rows = static_cast<int>(std::min<std::int64_t>(kProbeRows, count - first));
      network_->forward(pass_of(view, chosen, first), rows, {});
      queue_.download(
          out.data() + first * plan_.outputs, network_->outputs(),
          static_cast<std::size_t>(rows) * static_cast<std::size_t>(plan_.outputs) * sizeof(float));
    }
    return out;
  }

  Result<std::vector<LayerActivations>> activations(DataPart part, std::span<const std::uint32_t> indices,
                                                    int bins) override {
    queue_.use();
    if (auto error = check_built("activations")) return *error;
    if (auto error = check_batch(indices, samples_of(part))) return *error;
    if (bins < 1) return bad_input("must be at least 1", "bins");
    room_for_passes(static_cast<int>(std::min<std::size_t>(kProbeRows, indices.size())));
    network_->bind(parameters_.data(), buffers_.data(), settings_.precision);
    const Buffer<std::uint32_t> chosen(queue_, indices);
    std::vector<float> values;
    const auto run = [&](const SeeOutputs& see) {
      for (std::size_t first = 0; first < indices.size(); first += kProbeRows) {
        const auto rows = std::min<std::size_t>(kProbeRows, indices.size() - first);
        network_->watch([&](std::size_t layer, const float* y) {
          values.resize(rows * static_cast<std::size_t>(plan_.layers[layer].outputs));
          queue_.download(values.data(), y, values.size() * sizeof(float));
          see(layer, values);
        });
        network_->forward(pass_of(view_of(part), chosen, static_cast<std::int64_t>(first)),
                          static_cast<int>(rows), {});
        network_->watch({});
      }
    };
    return describe_activations(plan_, indices.size(), bins, std::size_t{1} << 24, run);
  }

  std::optional<Error> loss_gradient(std::span<const std::uint32_t> samples, std::span<float> out) override {
    queue_.use();
    if (auto error = check_built("loss_gradient")) return error;
    if (auto error = check_batch(samples, data_->dataset().train)) return error;
    if (out.size() != parameters_.size())
      return bad_input("needs room for " + std::to_string(parameters_.size()) + " numbers", "loss_gradient");
    room_for_passes(static_cast<int>(std::min<std::size_t>(kProbeRows, samples.size())));
    network_->bind(parameters_.data(), buffers_.data());
    const Buffer<std::uint32_t> chosen(queue_, samples);
    const float scale = 1.0f / static_cast<float>(samples.size());
    part_gradient_.reserve(queue_, parameters_.size());
    std::vector<double> sum(out.size(), 0.0);
    for (std::size_t first = 0; first < samples.size(); first += kProbeRows) {
      const int rows = static_cast<int>(std::min<std::size_t>(kProbeRows, samples.size() - first));
      const DevicePass pass = pass_of(data_->train(), chosen, static_cast<std::int64_t>(first));
      network_->forward(pass, rows, {});
      network_->measure(pass, rows, {}, {.gradient = true, .scale = scale}, probe_report_.data());
      network_->backward(pass, rows, {}, part_gradient_.data());
      queue_.download(out.data(), part_gradient_.data(), out.size() * sizeof(float));
      for (std::size_t i = 0; i < out.size(); ++i) sum[i] += static_cast<double>(out[i]);
    }
    std::ranges::transform(sum, out.begin(), [](double g) { return static_cast<float>(g); });
    return {};
  }

  Result<std::unique_ptr<HessianProduct>> hessian(std::span<const std::uint32_t> samples) override {
    if (auto error = check_built("hessian")) return *error;
    if (auto error = check_batch(samples, data_->dataset().train)) return *error;
    return Error{ErrorCode::kUnsupported, "not on a device yet", "hessian"};
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
    queue_.use();
    StepperState<float> optimizer;
    if (method_)
      optimizer = method_->state();
    else
      optimizer = {updater_->save(), slots_.values()};
    EngineState out{.steps = steps_,
                    .parameters = parameters_.values(),
                    .buffers = buffers_.values(),
                    .slots = std::move(optimizer.numbers),
                    .progress = std::move(optimizer.scalars),
                    .average = average_.values(),
                    .scaling = {}};
    if (settings_.precision == Precision::kFp16)
      out.scaling = {scaler_.scale, static_cast<double>(scaler_.good)};
    return out;
  }

  std::optional<Error> restore(const EngineState& state) override {
    queue_.use();
    const std::size_t scaling = settings_.precision == Precision::kFp16 ? 2 : 0;
    if (!built() || state.steps < 0 || state.parameters.size() != parameters_.size() ||
        state.buffers.size() != buffers_.size() || state.average.size() != average_.size() ||
        state.scaling.size() != scaling ||
        (scaling > 0 && !(state.scaling[0] > 0.0 && std::isfinite(state.scaling[0]))) ||
        !restore_optimizer(state))
      return bad_input("belongs to another network or optimizer", "state");
    steps_ = state.steps;
    parameters_.assign(state.parameters);
    buffers_.assign(state.buffers);
    average_.assign(state.average);
    if (scaling > 0)
      scaler_ = {.scale = state.scaling[0], .good = static_cast<std::int64_t>(state.scaling[1])};
    forget();
    return {};
  }

  const Plan& plan() const override { return plan_; }
  std::span<const float> parameters() const override { return on_host(parameters_, host_parameters_); }
  std::span<const float> gradient() const override { return on_host(gradient_, host_gradient_); }

 private:
  /// What recorded work depends on.
  struct Shape {
    std::size_t rows = 0;
    int steps = 1;
    bool measures = false;  ///< the norm of the gradient
    bool updates = false;

    auto operator<=>(const Shape&) const = default;
  };
  struct Begun {
    Shape shape;
    std::vector<double> progress;  ///< of the rule, after its step
    bool norms = false;
  };

  bool built() const { return updater_ || method_; }

  std::optional<Error> check_built(const char* what) const {
    if (!built()) return bad_input("no network is built", what);
    return {};
  }

  const Samples& samples_of(DataPart part) const {
    return part == DataPart::kTrain ? data_->dataset().train : data_->dataset().test;
  }
  const DeviceSamples& view_of(DataPart part) const {
    return part == DataPart::kTrain ? data_->train() : data_->test();
  }
  static DevicePass pass_of(const DeviceSamples& samples, const Buffer<std::uint32_t>& chosen,
                            std::int64_t first) {
    return {.samples = samples, .chosen = chosen.empty() ? nullptr : chosen.data() + first, .first = first};
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

  static bool rates_measured(const StepRates& rates, const StepDetail* detail) {
    return rates.clip_norm > 0.0 || detail;
  }

  std::size_t part_of(std::size_t samples) const {
    const auto micro = static_cast<std::size_t>(settings_.micro_batch);
    return micro > 0 ? std::min(micro, samples) : samples;
  }

  std::optional<Error> check_step(std::span<const std::uint32_t> batch, const StepRates& rates) const {
    if (auto error = check_built("step")) return error;
    return thalweg::check_step(batch, rates, data_->dataset().train, plan_, part_of(batch.size()));
  }

  std::optional<Error> bind(Weights weights) {
    if (weights == Weights::kAverage && average_.empty())
      return bad_input("no average of the weights is kept, since ema_decay is 0", "weights");
    room_for_passes(1);
    if (weights == Weights::kAverage)
      network_->bind(average_.data(), average_.data() + plan_.parameters, settings_.precision);
    else
      network_->bind(found(), buffers_.data(), settings_.precision);
    return {};
  }

  /// The weights that the optimizer has found: of one that averages they are not those it takes gradients at.
  const float* found() {
    const bool averages = updater_ ? updater_->averages() : method_->averages();
    if (!averages || steps_ == 0) return parameters_.data();
    found_.reserve(queue_, parameters_.size());
    if (updater_) {
      updater_->found(queue_, parameters_.data(), slots_.data(), plan_.parameters, found_.data());
    } else {
      const std::vector<float> theta = parameters_.values();
      std::vector<float> out(theta.size());
      method_->average(theta.data(), out.data());
      found_.assign(out);
    }
    return found_.data();
  }

  bool restore_optimizer(const EngineState& state) {
    if (updater_) {
      if (state.slots.size() != slots_.size() || !updater_->load(state.progress)) return false;
      slots_.assign(state.slots);
      return true;
    }
    try {
      method_->restore({state.progress, state.slots});
    } catch (const std::invalid_argument&) {
      return false;
    }
    return true;
  }

  // --- memory and recordings

  /// For passes of so many rows. What was recorded may work on memory that has gone.
  void room_for_passes(int rows) {
    if (network_->reserve(rows)) recordings_.clear();
  }

  /// For batches of so many samples; nothing may be under way if they are more than ever before.
  void make_room(std::size_t batch) {
    const std::size_t part = part_of(batch);
    room_for_passes(static_cast<int>(part));
    if (part < batch && part_gradient_.size() < parameters_.size()) {
      part_gradient_ = Buffer<float>(queue_, parameters_.size());
      recordings_.clear();
    }
    if (batch <= capacity_) return;
    queue_.wait();
    chosen_ = Buffer<std::uint32_t>(queue_, batch * kTogether);
    host_chosen_ = HostBuffer<std::uint32_t>(batch * kAhead);
    capacity_ = batch;
    recordings_.clear();
  }

  void run_or_record(const Shape& shape, const std::function<void()>& work) {
    const std::size_t part = part_of(shape.rows);
    const std::size_t parts = (shape.rows + part - 1) / part * static_cast<std::size_t>(shape.steps);
    if (parts > kMostRecordedParts * static_cast<std::size_t>(shape.steps)) return work();
    auto found = recordings_.find(shape);
    if (found == recordings_.end()) {
      if (recordings_.size() >= kMostRecordings) recordings_.clear();
      found = recordings_.emplace(shape, queue_.record(work)).first;
    }
    queue_.replay(found->second);
  }

  // --- orders

  void write_order(int slot, std::span<const std::uint32_t> batch, const StepRates& rates, double escape,
                   double loss_scale) {
    StepOrder& order = host_orders_[static_cast<std::size_t>(slot)];
    order = {};
    order.step = static_cast<std::uint64_t>(steps_);
    order.clip_norm = rates.clip_norm;
    order.escape = escape;
    order.sequence = slot;
    order.loss_scale = loss_scale;
    order.average_share = average_.empty() ? 0.0f : static_cast<float>(1.0 - settings_.ema_decay);
    order.gradient_scale = static_cast<float>(loss_scale) / static_cast<float>(batch.size());
    std::ranges::copy(batch, host_chosen_.data() + static_cast<std::size_t>(slot) * capacity_);
  }

  /// Host slots [first, first + count) to the device's first ones.
  void send_orders(int first, int count) {
    const auto at = static_cast<std::size_t>(first), size = static_cast<std::size_t>(count);
    queue_.send(orders_.data(), host_orders_.data() + at, size * sizeof(StepOrder));
    queue_.send(chosen_.data(), host_chosen_.data() + at * capacity_,
                size * capacity_ * sizeof(std::uint32_t));
  }

  /// Launches what was begun and not yet launched: steps that are alike.
  void launch_begun() {
    const int waiting = static_cast<int>(begun_.size()) - launched_;
    if (waiting == 0) return;
    Shape shape = begun_.back().shape;
    const int together = waiting == kTogether ? kTogether : 1;
    for (int done = 0; done < waiting; done += together) {
      send_orders(launched_, together);
      shape.steps = together;
      run_or_record(shape, [&] {
        for (int slot = 0; slot < together; ++slot) {
          pass(slot, shape.rows, shape.measures);
          queue_update(slot, shape.measures);
        }
      });
      queue_.fetch(host_reports_.data() + launched_, reports_.data(),
                   static_cast<std::size_t>(together) * sizeof(StepReport));
      if (shape.measures)
        queue_.fetch(host_sums_.data() + static_cast<std::size_t>(launched_) * plan_.tensors.size(),
                     tensor_sums_.data(),
                     static_cast<std::size_t>(together) * plan_.tensors.size() * sizeof(double));
      launched_ += together;
    }
  }

  // --- a step

  /// Forwards and back with the batch in a slot. The gradient is still times the loss scale.
  void pass(int slot, std::size_t rows, bool measures) {
    const std::size_t part = part_of(rows);
    const auto at = static_cast<std::size_t>(slot);
    const StepOrder* const order = orders_.data() + at;
    StepReport* const report = reports_.data() + at;
    network_->bind(parameters_.data(), buffers_.data(), settings_.precision);
    for (std::size_t first = 0; first < rows; first += part) {
      const int here = static_cast<int>(std::min(part, rows - first));
      const DevicePass samples{.samples = data_->train(), .chosen = chosen_.data() + at * capacity_ + first};
      const DeviceMode mode{.training = true,
                            .first_row = static_cast<std::int64_t>(first),
                            .order = order,
                            .escaped = escaped_.data()};
      network_->forward(samples, here, mode);
      network_->measure(samples, here, mode,
                        {.gradient = true,
                         .more = first > 0,
                         .last = first + part >= rows,
                         .samples = static_cast<std::int64_t>(rows)},
                        report);
      network_->backward(samples, here, mode, first == 0 ? gradient_.data() : part_gradient_.data());
      if (first > 0)
        queue_.launch(grid_for(plan_.parameters),
                      Add{gradient_.data(), part_gradient_.data(), gradient_.data(), plan_.parameters});
    }
    if (measures)
      squares(gradient_.data(), nullptr, tensor_sums_.data() + at * plan_.tensors.size(), &report->squares);
  }

  /// Σ x², or Σ (x − before)², of each tensor and of all of them.
  void squares(const float* x, const float* before, double* tensors, double* total) {
    queue_.launch(ChunkSquares::grid(chunks_.size()),
                  ChunkSquares{chunks_.data(), x, before, chunk_sums_.data()});
    queue_.launch(TensorSquares::grid(),
                  TensorSquares{chunk_sums_.data(), first_chunks_.data(),
                                static_cast<int>(plan_.tensors.size()), tensors, total});
  }

  void queue_update(int slot, bool clips) {
    const auto at = static_cast<std::size_t>(slot);
    updater_->update(queue_, {.theta = parameters_.data(),
                              .gradient = gradient_.data(),
                              .slots = slots_.data(),
                              .count = plan_.parameters,
                              .order = orders_.data() + at,
                              .report = reports_.data() + at,
                              .escaped = escaped_.data(),
                              .clips = clips,
                              .average = average_.data(),
                              .buffers = buffers_.data(),
                              .buffer_count = plan_.buffers});
  }

  /// Of a step by itself: its constants are known only now, since it might have been skipped.
  void update(int slot, double learning_rate, bool clips) {
    StepOrder& order = host_orders_[static_cast<std::size_t>(slot)];
    updater_->prepare(learning_rate, ++steps_, order.constants);
    queue_.send(orders_.data() + slot, &order, sizeof order);
    queue_.send(escaped_.data(), never_.data(), sizeof(std::int64_t));
    queue_update(slot, clips);
  }

  void update_by_method(std::span<const std::uint32_t> batch, const StepRates& rates,
                        const StepResult& result) {
    (void)batch, (void)rates, (void)result;
    throw std::logic_error("methods are not on the device yet");
  }

  std::vector<double> tensor_sums() {
    std::vector<double> out(plan_.tensors.size());
    queue_.download(out.data(), tensor_sums_.data(), out.size() * sizeof(double));
    return out;
  }

  /// The pass has measured it.
  void describe_gradient(StepDetail& detail, double loss_scale) {
    const std::vector<double> sums = tensor_sums();
    detail.tensors.assign(sums.size(), {kNan, kNan, kNan, kNan});
    for (std::size_t t = 0; t < sums.size(); ++t)
      detail.tensors[t].gradient_norm = std::sqrt(sums[t]) / loss_scale;
  }

  void describe_update(StepDetail& detail, bool skipped) {
    squares(parameters_.data(), nullptr, tensor_sums_.data(), nullptr);
    const std::vector<double> weights = tensor_sums();
    squares(parameters_.data(), before_.data(), tensor_sums_.data(), nullptr);
    const std::vector<double> updates = tensor_sums();
    for (std::size_t t = 0; t < detail.tensors.size(); ++t) {
      detail.tensors[t].weight_norm = std::sqrt(weights[t]);
      detail.tensors[t].update_norm = std::sqrt(updates[t]);
      if (!skipped && updater_) detail.tensors[t].effective_rate = median_rate(plan_.tensors[t]);
    }
  }

  double median_rate(const TensorInfo& tensor) {
    const int looked = static_cast<int>(std::min<std::int64_t>(tensor.size(), kMostRates));
    rates_.reserve(queue_, kMostRates);
    if (looked == 0 || !updater_->rates(queue_, slots_.data(), plan_.parameters, tensor.offset, tensor.size(),
                                        looked, orders_.data(), rates_.data()))
      return kNan;
    std::vector<float> rates(static_cast<std::size_t>(looked));
    queue_.download(rates.data(), rates_.data(), rates.size() * sizeof(float));
    const auto middle = rates.begin() + looked / 2;
    std::nth_element(rates.begin(), middle, rates.end());
    return static_cast<double>(*middle);
  }

  Queue queue_;
  Products products_;
  std::shared_ptr<const DeviceData> data_;
  NetworkSettings settings_;
  Plan plan_;
  std::optional<DeviceNetwork> network_;
  std::unique_ptr<DeviceUpdater> updater_;  ///< of an element-wise rule
  std::unique_ptr<FloatStepper> method_;    ///< of all others; both null: nothing is built
  std::uint64_t seed_ = 0;
  std::int64_t steps_ = 0;  ///< updates made or begun
  LossScaler scaler_;
  Buffer<float> parameters_, gradient_, slots_, buffers_;
  Buffer<float> average_;        ///< of parameters, then buffers; empty if none is kept
  Buffer<float> part_gradient_;  ///< of one part of a batch
  Buffer<float> before_;         ///< parameters before an update that is described
  Buffer<float> found_;          ///< what an averaging optimizer has found
  Buffer<float> rates_;
  Buffer<Chunk> chunks_;
  Buffer<std::int32_t> first_chunks_;
  Buffer<double> chunk_sums_;
  Buffer<double> tensor_sums_;  ///< slot by slot
  HostBuffer<double> host_sums_;

  std::size_t capacity_ = 0;  ///< samples that a slot has room for
  Buffer<StepOrder> orders_;
  Buffer<StepReport> reports_;
  Buffer<StepReport> probe_report_;
  Buffer<std::int64_t> escaped_;
  Buffer<std::uint32_t> chosen_;
  HostBuffer<StepOrder> host_orders_;
  HostBuffer<StepReport> host_reports_;
  HostBuffer<std::uint32_t> host_chosen_;
  HostBuffer<std::int64_t> never_;
  std::map<Shape, Graph> recordings_;

  std::vector<Begun> begun_;
  int launched_ = 0;
  std::int64_t steps_before_ = 0;
  std::vector<double> progress_before_;

  mutable std::vector<float> host_parameters_, host_gradient_;
};

}  // namespace

std::unique_ptr<TrainingEngine> make_training_engine(const EngineOptions& options) {
  return std::make_unique<DeviceEngine>(options);
}

}  // namespace thalweg::gpu

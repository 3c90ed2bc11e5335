#include "gpu/steps.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "gpu/batch.hpp"

namespace thalweg::gpu {
namespace {

/// Steps that are one recording: launches of a recording cost, too.
constexpr int kTogether = 16;
/// Batches in more parts than this are not recorded.
constexpr std::size_t kMostRecordedParts = 16;
/// Recordings that are kept, for batches of different sizes.
constexpr std::size_t kMostRecordings = 32;

}  // namespace

DeviceSteps::DeviceSteps(DeviceModel& model, DeviceStatistics& statistics)
    : model_(model),
      statistics_(statistics),
      queue_(model.queue),
      orders_(queue_, kTogether),
      reports_(queue_, kTogether),
      escaped_(queue_, 1),
      tensor_sums_(queue_, tensors() * kTogether),
      host_orders_(kAhead),
      host_reports_(kAhead),
      host_sums_(tensors() * kAhead),
      never_(1) {
  never_[0] = std::numeric_limits<std::int64_t>::max();
}

StepReport DeviceSteps::run(std::span<const std::uint32_t> batch, const StepRates& rates, double loss_scale,
                            bool measures) {
  make_room(batch.size());
  write_order(0, batch, rates, std::numeric_limits<double>::infinity(), loss_scale);
  send_orders(0, 1);
  queue_.send(escaped_.data(), never_.data(), sizeof(std::int64_t));
  run_or_record({batch.size(), 1, measures, false}, [&] { pass(0, batch.size(), measures); });
  StepReport report;
  queue_.download(&report, reports_.data(), sizeof report);
  return report;
}

void DeviceSteps::unscale(double loss_scale) {
  queue_.launch(grid_for(model_.plan.parameters),
                Unscale{model_.gradient.data(), model_.plan.parameters, static_cast<float>(1.0 / loss_scale),
                        reports_.data()});
}

std::vector<double> DeviceSteps::gradient_norms() {
  std::vector<double> out(tensors());
  queue_.download(out.data(), tensor_sums_.data(), out.size() * sizeof(double));
  for (double& sum : out) sum = std::sqrt(sum);
  return out;
}

void DeviceSteps::update(double learning_rate, bool clips) {
  StepOrder& order = host_orders_[0];
  model_.updater->prepare(learning_rate, ++model_.steps, order.constants);
  queue_.send(orders_.data(), &order, sizeof order);
  queue_.send(escaped_.data(), never_.data(), sizeof(std::int64_t));
  queue_update(0, clips);
}

std::optional<Error> DeviceSteps::begin(std::span<const std::uint32_t> batch, const StepRates& rates,
                                        const StepWish& wish) {
  if (begun_.size() == static_cast<std::size_t>(kAhead))
    return bad_input("too many steps are under way", "step");
  if (begun_.empty()) {
    queue_.send(escaped_.data(), never_.data(), sizeof(std::int64_t));
    progress_before_ = model_.updater->save();
    steps_before_ = model_.steps;
    launched_ = 0;
  }
  const Shape shape{batch.size(), 1, rates.clip_norm > 0.0 || wish.norms, true};
  // Steps that go together are alike; room for larger batches is made when nothing is under way.
  if (!begun_.empty() && (shape != begun_.back().shape || batch.size() > capacity_)) launch_begun();
  make_room(batch.size());
  const int slot = static_cast<int>(begun_.size());
  write_order(slot, batch, rates, wish.escape, 1.0);
  model_.updater->prepare(rates.learning_rate, ++model_.steps,
                          host_orders_[static_cast<std::size_t>(slot)].constants);
  begun_.push_back({shape, model_.updater->save(), wish.norms});
  if (static_cast<int>(begun_.size()) - launched_ == kTogether) launch_begun();
  return {};
}

std::vector<FinishedStep> DeviceSteps::finish() {
  std::vector<FinishedStep> out;
  if (begun_.empty()) return out;
  launch_begun();
  queue_.wait();
  for (std::size_t i = 0; i < begun_.size(); ++i) {
    if (host_reports_[i].made == 0) {
      // An earlier loss escaped: as if this step and all after it had not been begun.
      model_.steps = steps_before_ + static_cast<std::int64_t>(i);
      model_.updater->load(i == 0 ? progress_before_ : begun_[i - 1].progress);
      break;
    }
    out.push_back(finished(i));
  }
  begun_.clear();
  return out;
}

FinishedStep DeviceSteps::finished(std::size_t begun) const {
  const StepReport& report = host_reports_[begun];
  FinishedStep out{.result = {.loss = report.loss / static_cast<double>(begun_[begun].shape.rows),
                              .gradient_norm = std::sqrt(report.squares),
                              .correct = report.correct},
                   .norms = {}};
  if (begun_[begun].norms)
    for (std::size_t t = 0; t < tensors(); ++t)
      out.norms.push_back(std::sqrt(host_sums_[begun * tensors() + t]));
  return out;
}

/// For batches of so many samples; nothing may be under way if they are more than ever before.
void DeviceSteps::make_room(std::size_t batch) {
  const std::size_t part = model_.part_of(batch);
  model_.make_room(static_cast<int>(part));
  if (part < batch && part_gradient_.empty()) {
    part_gradient_ = Buffer<float>(queue_, model_.parameters.size());
    ++model_.moves;
  }
  if (batch <= capacity_) return;
  queue_.wait();
  chosen_ = Buffer<std::uint32_t>(queue_, batch * kTogether);
  host_chosen_ = HostBuffer<std::uint32_t>(batch * kAhead);
  capacity_ = batch;
  ++model_.moves;
}

void DeviceSteps::run_or_record(const Shape& shape, const std::function<void()>& work) {
  const std::size_t part = model_.part_of(shape.rows);
  if ((shape.rows + part - 1) / part > kMostRecordedParts) return work();
  auto found = moves_ == model_.moves ? recordings_.find(shape) : recordings_.end();
  if (found == recordings_.end()) {
    if (moves_ != model_.moves || recordings_.size() >= kMostRecordings) {
      queue_.wait();  // one of them may be at work
      recordings_.clear();
      moves_ = model_.moves;
    }
    // Done before it is recorded: what is met for the first time may still have to be loaded, which need not
    // be possible while something is recorded.
    recordings_.emplace(shape, Graph{});
    return work();
  }
  if (!found->second) found->second = queue_.record(work);
  queue_.replay(found->second);
}

void DeviceSteps::write_order(int slot, std::span<const std::uint32_t> batch, const StepRates& rates,
                              double escape, double loss_scale) {
  StepOrder& order = host_orders_[static_cast<std::size_t>(slot)];
  order = {};
  order.step = static_cast<std::uint64_t>(model_.steps);
  order.clip_norm = rates.clip_norm;
  order.escape = escape;
  order.sequence = slot;
  order.loss_scale = loss_scale;
  order.average_share = model_.average.empty() ? 0.0f : static_cast<float>(1.0 - model_.settings.ema_decay);
  order.gradient_scale = static_cast<float>(loss_scale) / static_cast<float>(batch.size());
  std::ranges::copy(batch, host_chosen_.data() + static_cast<std::size_t>(slot) * capacity_);
}

/// Host slots [first, first + count) to the device's first ones.
void DeviceSteps::send_orders(int first, int count) {
  const auto at = static_cast<std::size_t>(first), size = static_cast<std::size_t>(count);
  queue_.send(orders_.data(), host_orders_.data() + at, size * sizeof(StepOrder));
  queue_.send(chosen_.data(), host_chosen_.data() + at * capacity_, size * capacity_ * sizeof(std::uint32_t));
}

/// Launches what was begun and not yet launched: steps that are alike.
void DeviceSteps::launch_begun() {
  const int waiting = static_cast<int>(begun_.size()) - launched_;
  if (waiting == 0) return;
  Shape shape = begun_.back().shape;
  const int together = waiting == kTogether ? kTogether : 1;
  const auto size = static_cast<std::size_t>(together);
  for (int done = 0; done < waiting; done += together) {
    send_orders(launched_, together);
    shape.steps = together;
    run_or_record(shape, [&] {
      for (int slot = 0; slot < together; ++slot) {
        pass(slot, shape.rows, shape.measures);
        queue_update(slot, shape.measures);
      }
    });
    queue_.fetch(host_reports_.data() + launched_, reports_.data(), size * sizeof(StepReport));
    if (shape.measures)
      queue_.fetch(host_sums_.data() + static_cast<std::size_t>(launched_) * tensors(), tensor_sums_.data(),
                   size * tensors() * sizeof(double));
    launched_ += together;
  }
}

/// Forwards and back with the batch in a slot. The gradient is times the loss scale.
void DeviceSteps::pass(int slot, std::size_t rows, bool measures) {
  const auto at = static_cast<std::size_t>(slot);
  StepReport* const report = reports_.data() + at;
  const DeviceBatch batch{.network = &*model_.network,
                          .samples = model_.data->train(),
                          .chosen = chosen_.data() + at * capacity_,
                          .rows = rows,
                          .part = model_.part_of(rows),
                          .precision = model_.settings.precision,
                          .order = orders_.data() + at,
                          .escaped = escaped_.data()};
  run_batch(queue_, batch, model_.parameters.data(), model_.running.data(), model_.gradient.data(),
            part_gradient_.data(), report);
  if (measures)
    statistics_.squares(model_.gradient.data(), nullptr, tensor_sums_.data() + at * tensors(),
                        &report->squares);
}

void DeviceSteps::queue_update(int slot, bool clips) {
  const auto at = static_cast<std::size_t>(slot);
  model_.updater->update(queue_, {.theta = model_.parameters.data(),
                                  .gradient = model_.gradient.data(),
                                  .slots = model_.slots.data(),
                                  .count = model_.plan.parameters,
                                  .order = orders_.data() + at,
                                  .report = reports_.data() + at,
                                  .escaped = escaped_.data(),
                                  .clips = clips,
                                  .average = model_.average.data(),
                                  .buffers = model_.running.data(),
                                  .buffer_count = model_.plan.buffers});
}

}  // namespace thalweg::gpu

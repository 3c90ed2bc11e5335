#include "gpu/batch.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "gpu/kernels/elements.hpp"

namespace thalweg::gpu {
namespace {

void add(Queue& queue, float* to, const float* what, std::int64_t count) {
  queue.launch(grid_for(count), Add{to, what, to, count});
}

}  // namespace

void run_batch(Queue& queue, const DeviceBatch& batch, const float* parameters, float* running,
               float* gradient, float* part_gradient, StepReport* report) {
  DeviceNetwork& network = *batch.network;
  network.bind(parameters, running, batch.precision);
  for (std::size_t first = 0; first < batch.rows; first += batch.part) {
    const int rows = static_cast<int>(std::min(batch.part, batch.rows - first));
    const DevicePass pass{.samples = batch.samples, .chosen = batch.chosen + first};
    const DeviceMode mode{.training = true,
                          .first_row = batch.first_row + static_cast<std::int64_t>(first),
                          .order = batch.order,
                          .escaped = batch.escaped};
    network.forward(pass, rows, mode);
    network.measure(pass, rows, mode,
                    {.gradient = gradient != nullptr,
                     .more = first > 0,
                     .last = first + batch.part >= batch.rows,
                     .samples = static_cast<std::int64_t>(batch.rows)},
                    report);
    if (!gradient) continue;
    network.backward(pass, rows, mode, first == 0 ? gradient : part_gradient);
    if (first > 0) add(queue, gradient, part_gradient, network.plan().parameters);
  }
}

DeviceBatchObjective::DeviceBatchObjective(Queue& queue, Products& products, Setting setting)
    : queue_(queue), products_(products), setting_(std::move(setting)) {
  const Plan& plan = setting_.network->plan();
  theta_ = Buffer<float>(queue, static_cast<std::size_t>(plan.parameters));
  running_ = Buffer<float>(queue, static_cast<std::size_t>(plan.buffers));
  host_theta_ = HostBuffer<float>(theta_.size());
  order_ = Buffer<StepOrder>(queue, 1);
  host_order_ = HostBuffer<StepOrder>(1);
  report_ = Buffer<StepReport>(queue, 1);
  const std::int64_t never = std::numeric_limits<std::int64_t>::max();
  escaped_ = Buffer<std::int64_t>(queue, std::span(&never, 1));
}

void DeviceBatchObjective::begin(const StepBatch& batch, const std::uint32_t* chosen) {
  BatchObjective::begin(setting_.network->plan(), batch);
  chosen_ = chosen;
}

/// Parameters up, and running statistics as they are, to be written to.
void DeviceBatchObjective::go_to(const float* theta) {
  std::copy_n(theta, size(), host_theta_.data());
  queue_.send(theta_.data(), host_theta_.data(), size() * sizeof(float));
  if (!running_.empty()) queue_.copy(running_.data(), setting_.running, running_.size() * sizeof(float));
}

void DeviceBatchObjective::make_room(std::size_t rows, std::size_t part, bool gradient) {
  setting_.make_room(static_cast<int>(std::min(part, rows)));
  if (!gradient || !gradient_.empty()) return;
  gradient_ = Buffer<float>(queue_, size());
  part_gradient_ = Buffer<float>(queue_, size());
  host_gradient_ = HostBuffer<float>(size());
}

void DeviceBatchObjective::fetch(float* out) {
  queue_.fetch(host_gradient_.data(), gradient_.data(), size() * sizeof(float));
  queue_.wait();
  std::copy_n(host_gradient_.data(), size(), out);
}

double DeviceBatchObjective::measure(const Share& share, const float* theta, float* out) {
  make_room(share.count, share.part, out != nullptr);
  go_to(theta);
  StepOrder& order = host_order_[0];
  order = {};
  order.step = batch().step;
  order.escape = std::numeric_limits<double>::infinity();
  order.gradient_scale = 1.0f / static_cast<float>(share.count);
  queue_.send(order_.data(), &order, sizeof order);
  const DeviceBatch passes{.network = setting_.network,
                           .samples = setting_.data->train(),
                           .chosen = chosen_ + share.first,
                           .rows = share.count,
                           .part = std::min(share.part, share.count),
                           .precision = setting_.precision,
                           .first_row = static_cast<std::int64_t>(share.first),
                           .order = order_.data(),
                           .escaped = escaped_.data()};
  run_batch(queue_, passes, theta_.data(), running_.data(), out ? gradient_.data() : nullptr,
            part_gradient_.data(), report_.data());
  StepReport report;
  queue_.download(&report, report_.data(), sizeof report);
  if (out) fetch(out);
  return report.loss / static_cast<double>(share.count);
}

void DeviceBatchObjective::drawn_gradient(const float* theta, const LabelDraws& draws, float* out) {
  DeviceNetwork& network = *setting_.network;
  const std::size_t all = batch().samples.size(), part = std::min(batch().part, all);
  make_room(all, part, true);
  go_to(theta);
  network.bind(theta_.data(), running_.data(), setting_.precision);
  for (std::size_t first = 0; first < all; first += part) {
    const int rows = static_cast<int>(std::min(part, all - first));
    const DevicePass pass{.samples = setting_.data->train(), .chosen = chosen_ + first};
    network.forward(pass, rows, {});
    network.measure_drawn(rows, 1.0f / static_cast<float>(all), draws, static_cast<std::uint32_t>(first));
    network.backward(pass, rows, {}, first == 0 ? gradient_.data() : part_gradient_.data());
    if (first > 0) add(queue_, gradient_.data(), part_gradient_.data(), network.plan().parameters);
  }
  fetch(out);
}

HessianProduct& DeviceBatchObjective::product_at(std::span<const float> theta, bool gauss_newton) {
  if (!curvature_)
    curvature_.emplace(queue_, products_,
                       DeviceCurvatureSettings{
                           .plan = setting_.network->plan(), .loss = setting_.loss, .data = setting_.data});
  go_to(theta.data());
  curvature_->at(theta_.data(), running_.data(), batch().samples);
  queue_.wait();  // the host's copy of theta may be written to again
  return product_.emplace(*curvature_, gauss_newton);
}

}  // namespace thalweg::gpu

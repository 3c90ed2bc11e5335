#include "gpu/hessian.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace thalweg::gpu {
namespace {

/// Of what lies between the layers, in numbers.
constexpr std::size_t kMostNumbers = std::size_t{64} << 20;
constexpr int kFewestRows = 256;

/// How many samples go through the network at once.
int rows_at_once(const CurvaturePlan& plan, std::size_t samples, int most) {
  const std::size_t each =
      (DeviceMovingPass::numbers(plan, kFewestRows) + 2 * DeviceTape::numbers(plan, kFewestRows)) /
          kFewestRows +
      1;
  const auto fit = static_cast<int>(std::min<std::size_t>(kMostNumbers / each, std::size_t{1} << 30));
  const int rows = std::min(std::max(fit, kFewestRows), most);
  return static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(rows), samples));
}

}  // namespace

DeviceCurvature::DeviceCurvature(Queue& queue, Products& products, DeviceCurvatureSettings settings)
    : queue_(queue),
      products_(products),
      data_(std::move(settings.data)),
      loss_(std::move(settings.loss)),
      kept_bytes_(settings.kept_bytes),
      most_rows_(std::max(settings.most_rows, 1)),
      plan_(std::move(settings.plan), loss_) {
  plan_.most_small = settings.most_small;
  const auto size = static_cast<std::size_t>(plan_.plan.parameters);
  for (Buffer<float>* buffer : {&parameters_, &v_, &out_}) *buffer = Buffer<float>(queue_, size);
  running_ = Buffer<float>(queue_, static_cast<std::size_t>(plan_.plan.buffers));
  host_v_ = HostBuffer<float>(size);
  host_out_ = HostBuffer<float>(size);
}

std::size_t DeviceCurvature::chunks() const {
  const auto rows = static_cast<std::size_t>(rows_);
  return (samples_ + rows - 1) / rows;
}

void DeviceCurvature::make_room(std::size_t samples) {
  if (samples != samples_) std::ranges::fill(recorded_, Recorded{});
  samples_ = samples;
  if (samples <= room_) return;
  queue_.wait();
  room_ = 0;
  kept_.clear();
  again_.reset();
  recorder_.reset();
  moving_.reset();
  rows_ = rows_at_once(plan_, samples, most_rows_);
  chosen_ = Buffer<std::uint32_t>(queue_, samples);
  recorder_.emplace(queue_, products_, plan_, loss_, data_, rows_);
  moving_.emplace(queue_, products_, plan_, rows_);
  const std::size_t bytes = std::max<std::size_t>(DeviceTape::numbers(plan_, rows_) * sizeof(float), 1);
  const std::size_t kept = std::min(chunks(), kept_bytes_ / bytes);
  for (std::size_t i = 0; i < kept; ++i) kept_.emplace_back(queue_, plan_, rows_);
  if (kept < chunks()) again_.emplace(queue_, plan_, rows_);
  room_ = samples;
}

void DeviceCurvature::at(const float* parameters, const float* running,
                         std::span<const std::uint32_t> samples) {
  make_room(samples.size());
  queue_.copy(parameters_.data(), parameters, parameters_.size() * sizeof(float));
  if (!running_.empty()) queue_.copy(running_.data(), running, running_.size() * sizeof(float));
  queue_.upload(chosen_.data(), samples.data(), samples.size_bytes());
  for (std::size_t chunk = 0; chunk < std::min(chunks(), kept_.size()); ++chunk) record(chunk, kept_[chunk]);
}

void DeviceCurvature::record(std::size_t chunk, DeviceTape& tape) {
  const std::size_t first = chunk * static_cast<std::size_t>(rows_);
  const auto rows = static_cast<int>(std::min(static_cast<std::size_t>(rows_), samples_ - first));
  const DevicePass pass{.samples = data_->train(), .chosen = chosen_.data() + first, .first = 0};
  const CurvaturePoint point{parameters_.data(), running_.data(), 1.0f / static_cast<float>(samples_)};
  recorder_->record(pass, rows, point, tape);
}

void DeviceCurvature::run(bool gauss_newton) {
  const MovingVectors vectors{parameters_.data(), v_.data(), out_.data()};
  const float scale = 1.0f / static_cast<float>(samples_);
  for (std::size_t chunk = 0; chunk < chunks(); ++chunk) {
    const bool kept = chunk < kept_.size();
    if (!kept) record(chunk, *again_);
    moving_->run(kept ? kept_[chunk] : *again_, scale, vectors, gauss_newton, chunk > 0);
  }
}

void DeviceCurvature::multiply(bool gauss_newton, std::span<const float> v, std::span<float> out) {
  if (v.size() != v_.size() || out.size() != v_.size())
    throw std::invalid_argument("a Hessian-vector product of vectors of another size");
  std::ranges::copy(v, host_v_.data());
  queue_.send(v_.data(), host_v_.data(), v.size_bytes());
  Recorded& recorded = recorded_[gauss_newton ? 1 : 0];
  if (recorded.warm) {
    if (!recorded.graph) recorded.graph = queue_.record([&] { run(gauss_newton); });
    queue_.replay(recorded.graph);
  } else {
    run(gauss_newton);
    recorded.warm = true;
  }
  queue_.fetch(host_out_.data(), out_.data(), out.size_bytes());
  queue_.wait();
  std::copy_n(host_out_.data(), out.size(), out.begin());
}

namespace {

class DeviceHessian final : public HessianProduct {
 public:
  explicit DeviceHessian(DeviceHessianSettings&& settings)
      : gauss_newton_(settings.gauss_newton),
        queue_(settings.device),
        products_(queue_, false),
        curvature_(queue_, products_, std::move(settings.curvature)) {
    curvature_.at(settings.parameters, settings.running, settings.samples);
    queue_.wait();
  }
  ~DeviceHessian() override {
    try {
      queue_.use();
      queue_.wait();
    } catch (const DeviceError&) {  // it has been reported by the call that met it
    }
  }

  void multiply(std::span<const float> v, std::span<float> out) override {
    queue_.use();
    curvature_.multiply(gauss_newton_, v, out);
  }

 private:
  bool gauss_newton_;
  Queue queue_;
  Products products_;
  DeviceCurvature curvature_;
};

}  // namespace

std::unique_ptr<HessianProduct> make_device_hessian(DeviceHessianSettings settings) {
  return std::make_unique<DeviceHessian>(std::move(settings));
}

}  // namespace thalweg::gpu

// Steps on the device: what each is told and what came of it (kernels/step.hpp), one by one and many under
// way, as recorded work wherever that can be had.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "gpu/model.hpp"
#include "gpu/statistics.hpp"

namespace thalweg::gpu {

class DeviceSteps {
 public:
  /// Steps that may be under way.
  static constexpr int kAhead = 64;

  /// Of the network that has been built. Both outlive it.
  DeviceSteps(DeviceModel& model, DeviceStatistics& statistics);

  /// Runs a batch forwards and back, and waits for what came of it. The gradient is times the loss scale.
  /// @param measures  norms of the gradient: `squares` of the report, and gradient_norms()
  StepReport run(std::span<const std::uint32_t> batch, const StepRates& rates, double loss_scale,
                 bool measures);
  /// Takes the loss scale out of the gradient of the last run.
  void unscale(double loss_scale);
  /// Of each tensor, of the last run.
  std::vector<double> gradient_norms();
  /// Queues the rule's update with the gradient of the last run. It is by itself, since it might have been
  /// skipped. `clips`: squares were measured.
  void update(double learning_rate, bool clips);

  /// Of the last run, on the device: what it was told, and its samples.
  const StepOrder* order() const { return orders_.data(); }
  const std::uint32_t* chosen() const { return chosen_.data(); }

  /// As TrainingEngine's, for a rule in fp32 or bf16.
  std::optional<Error> begin(std::span<const std::uint32_t> batch, const StepRates& rates,
                             const StepWish& wish);
  std::vector<FinishedStep> finish();

 private:
  /// What recorded work depends on.
  struct Shape {
    std::size_t rows = 0;
    int steps = 1;
    bool measures = false;  ///< the norms of the gradient
    bool updates = false;

    auto operator<=>(const Shape&) const = default;
  };
  struct Begun {
    Shape shape;
    std::vector<double> progress;  ///< of the rule, after its step
    bool norms = false;
  };

  std::size_t tensors() const { return model_.plan.tensors.size(); }
  void make_room(std::size_t batch);
  void run_or_record(const Shape& shape, const std::function<void()>& work);
  void write_order(int slot, std::span<const std::uint32_t> batch, const StepRates& rates, double escape,
                   double loss_scale);
  void send_orders(int first, int count);
  void launch_begun();
  FinishedStep finished(std::size_t begun) const;
  void pass(int slot, std::size_t rows, bool measures);
  void queue_update(int slot, bool clips);

  DeviceModel& model_;
  DeviceStatistics& statistics_;
  Queue& queue_;
  std::size_t capacity_ = 0;  ///< samples that a slot has room for
  Buffer<StepOrder> orders_;
  Buffer<StepReport> reports_;
  Buffer<std::int64_t> escaped_;
  Buffer<std::uint32_t> chosen_;
  Buffer<double> tensor_sums_;   ///< slot by slot
  Buffer<float> part_gradient_;  ///< of one part of a batch
  HostBuffer<StepOrder> host_orders_;
  HostBuffer<StepReport> host_reports_;
  HostBuffer<std::uint32_t> host_chosen_;
  HostBuffer<double> host_sums_;
  HostBuffer<std::int64_t> never_;
  std::map<Shape, Graph> recordings_;  ///< empty: it has been done once, and will be recorded
  std::int64_t moves_ = 0;             ///< DeviceModel::moves when they were made

  std::vector<Begun> begun_;
  int launched_ = 0;
  std::int64_t steps_before_ = 0;
  std::vector<double> progress_before_;
};

}  // namespace thalweg::gpu

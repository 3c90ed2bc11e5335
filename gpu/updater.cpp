#include "gpu/updater.hpp"

#include <algorithm>
#include <cstring>

#include "core/optimizer/rule_state.hpp"
#include "core/optimizer/rules.hpp"

namespace thalweg::gpu {
namespace {

template <UpdateRule R>
class RuleOnDevice final : public DeviceUpdater {
  using Step = typename R::template Step<float>;
  static_assert(sizeof(Step) <= kMostConstants && alignof(Step) <= 16);

 public:
  explicit RuleOnDevice(const Spec& spec) : rule_(spec) {}

  int slot_count() const override { return R::kSlots; }

  void init(std::span<float> slots, std::int64_t count) const override {
    float first[R::kSlots + 1] = {};
    init_slots<R>(rule_.hyper(), first);
    for (int k = 0; k < R::kSlots; ++k) std::fill_n(slots.begin() + k * count, count, first[k]);
  }

  void prepare(double learning_rate, std::int64_t t,
               std::span<std::byte, kMostConstants> constants) override {
    rule_.prepare(learning_rate, t);
    const Step step = rule_.constants();
    std::memcpy(constants.data(), &step, sizeof step);
  }

  void update(Queue& queue, const UpdateOf& what) const override {
    queue.launch(grid_for(std::max(what.count, what.buffer_count)),
                 Update<R>{what.theta, what.gradient, what.slots, what.count, what.order, what.report,
                           what.escaped, what.clips, what.average, what.buffers, what.buffer_count});
  }

  bool averages() const override { return HasAverage<R>; }
  void found(Queue& queue, const float* theta, const float* slots, std::int64_t count,
             float* out) const override {
    queue.launch(grid_for(count), Found<R>{theta, slots, count, rule_.hyper(), out});
  }

  bool rates(Queue& queue, const float* slots, std::int64_t count, std::int64_t first, std::int64_t size,
             int looked, const StepOrder* order, float* out) const override {
    if constexpr (HasEffectiveRate<R>)
      queue.launch(grid_for(looked), Rates<R>{slots, count, first, size, looked, order, out});
    return HasEffectiveRate<R>;
  }

  bool set(const Spec& spec) override { return rule_.set(spec); }
  std::vector<double> save() const override { return rule_.save(); }
  bool load(std::span<const double> progress) override { return rule_.load(progress); }

 private:
  RuleState<R> rule_;
};

}  // namespace

std::unique_ptr<DeviceUpdater> make_device_updater(const Spec& spec) {
  std::unique_ptr<DeviceUpdater> out;
  visit_rule(spec.id, [&]<class R>(std::type_identity<R>) { out = std::make_unique<RuleOnDevice<R>>(spec); });
  return out;
}

}  // namespace thalweg::gpu

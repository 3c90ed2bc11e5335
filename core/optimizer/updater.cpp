#include "core/optimizer/updater.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "core/optimizer/flush.hpp"
#include "core/optimizer/rule_state.hpp"
#include "core/optimizer/rules.hpp"
#include "core/optimizer/vectorise.hpp"

namespace thalweg::cpu {
namespace {

template <UpdateRule R>
class RuleUpdater final : public Updater {
  static constexpr int kSlots = R::kSlots;

 public:
  explicit RuleUpdater(const Spec& spec) : rule_(spec) {}

  int slot_count() const override { return kSlots; }

  void init(float* slots, std::int64_t count) const override {
    float first[kSlots + 1] = {};
    init_slots<R>(rule_.hyper(), first);
    for (int k = 0; k < kSlots; ++k) std::fill(slots + k * count, slots + (k + 1) * count, first[k]);
  }

  void prepare(double learning_rate, std::int64_t t) override {
    rule_.prepare(learning_rate, t);
  }

  void update(float* theta_, const float* gradient_, float gradient_scale, float* slots_, std::int64_t stride,
              std::int64_t first, std::int64_t last) const override {
    const FlushToZero flush;
    const auto constants = rule_.constants();
    vectorised([=] {
      // Slots are named one by one, since a pointer into an array of pointers cannot be restrict.
      const auto step = constants;
      float* __restrict theta = theta_;
      const float* __restrict gradient = gradient_;
      float* __restrict slot0 = slots_;
      float* __restrict slot1 = slots_ + (kSlots > 1 ? stride : 0);
      float* __restrict slot2 = slots_ + (kSlots > 2 ? 2 * stride : 0);
      float* __restrict slot3 = slots_ + (kSlots > 3 ? 3 * stride : 0);
      static_assert(kSlots <= kMostSlots);
      for (std::int64_t i = first; i < last; ++i) {
        float s[kSlots + 1] = {};
        if constexpr (kSlots > 0) s[0] = slot0[i];
        if constexpr (kSlots > 1) s[1] = slot1[i];
        if constexpr (kSlots > 2) s[2] = slot2[i];
        if constexpr (kSlots > 3) s[3] = slot3[i];
        float value = theta[i];
        R::update(value, gradient_scale * gradient[i], s, step);
        theta[i] = value;
        if constexpr (kSlots > 0) slot0[i] = s[0];
        if constexpr (kSlots > 1) slot1[i] = s[1];
        if constexpr (kSlots > 2) slot2[i] = s[2];
        if constexpr (kSlots > 3) slot3[i] = s[3];
      }
    });
  }

  double median_rate(const float* slots, std::int64_t stride, std::int64_t first,
                     std::int64_t last) const override {
    if constexpr (HasEffectiveRate<R>) {
      const std::int64_t count = last - first, looked = std::min(count, kMostRates);
      std::array<float, kMostRates> rates;
      for (std::int64_t n = 0; n < looked; ++n) {
        const std::int64_t i = first + n * count / looked;
        float s[kSlots + 1] = {};
        for (int k = 0; k < kSlots; ++k) s[k] = slots[k * stride + i];
        rates[static_cast<std::size_t>(n)] = R::effective_rate(s, rule_.constants());
      }
      const auto middle = rates.begin() + looked / 2;
      std::nth_element(rates.begin(), middle, rates.begin() + looked);
      if (looked > 0) return static_cast<double>(*middle);
    }
    return std::numeric_limits<double>::quiet_NaN();
  }

  bool averages() const override { return HasAverage<R>; }
  void average(const float* theta, const float* slots, std::int64_t count, float* out) const override {
    for (std::int64_t i = 0; i < count; ++i) {
      out[i] = theta[i];
      if constexpr (HasAverage<R>) {
        float s[kSlots + 1] = {};
        for (int k = 0; k < kSlots; ++k) s[k] = slots[k * count + i];
        out[i] = R::average(theta[i], s, rule_.hyper());
      }
    }
  }

  void shift(const float* by, float* slots, std::int64_t count) const override {
    if constexpr (HasPositions<R>) {
      for (std::int64_t i = 0; i < count; ++i) {
        float s[kSlots + 1] = {};
        for (int k = 0; k < kSlots; ++k) s[k] = slots[k * count + i];
        R::shift(by[i], s, rule_.hyper());
        for (int k = 0; k < kSlots; ++k) slots[k * count + i] = s[k];
      }
    } else {
      (void)by, (void)slots, (void)count;
    }
  }

  bool set(const Spec& spec) override { return rule_.set(spec); }
  std::vector<double> save() const override { return rule_.save(); }
  bool load(std::span<const double> progress) override { return rule_.load(progress); }

 private:
  RuleState<R> rule_;
};

class ArrayStepper final : public FloatStepper {
 public:
  ArrayStepper(std::unique_ptr<Updater> rule, std::int64_t count)
      : rule_(std::move(rule)),
        count_(count),
        slots_(static_cast<std::size_t>(count) * static_cast<std::size_t>(rule_->slot_count())) {
    rule_->init(slots_.data(), count_);
  }

  void step(float* theta, float* gradient, double learning_rate, Objective<float>*) override {
    rule_->prepare(learning_rate, ++steps_);
    rule_->update(theta, gradient, 1.0f, slots_.data(), count_, 0, count_);
  }
  void set(const Spec& spec) override {
    if (!rule_->set(spec))
      throw std::logic_error("'" + spec.id + "' cannot change this setting while it runs");
  }
  void shift(const float* by) override { rule_->shift(by, slots_.data(), count_); }
  std::int64_t steps() const override { return steps_; }
  bool averages() const override { return rule_->averages(); }
  void average(const float* theta, float* out) const override {
    if (steps_ > 0)
      rule_->average(theta, slots_.data(), count_, out);
    else
      std::copy_n(theta, count_, out);
  }
  void write(StepperState<float>& out) const override {
    out.put(static_cast<double>(steps_));
    for (const double number : rule_->save()) out.put(number);
    out.put(slots_);
  }
  void read(StateReader<float>& in) override {
    steps_ = in.count();
    std::vector<double> progress = rule_->save();
    for (double& number : progress) number = in.scalar();
    rule_->load(progress);
    in.numbers(slots_);
  }

 private:
  std::unique_ptr<Updater> rule_;
  std::int64_t count_;
  std::int64_t steps_ = 0;
  std::vector<float> slots_;
};

}  // namespace

std::unique_ptr<FloatStepper> make_array_stepper(const Spec& spec, std::int64_t count) {
  auto rule = make_updater(spec);
  if (!rule) throw std::logic_error("'" + spec.id + "' is no element-wise rule");
  return std::make_unique<ArrayStepper>(std::move(rule), count);
}

std::unique_ptr<Updater> make_updater(const Spec& spec) {
  std::unique_ptr<Updater> out;
  visit_rule(spec.id, [&]<class R>(std::type_identity<R>) { out = std::make_unique<RuleUpdater<R>>(spec); });
  return out;
}

}  // namespace thalweg::cpu

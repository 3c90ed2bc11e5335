// An element-wise rule on the flat memory of a network's parameters, in single precision.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/optimizer/stepper.hpp"
#include "core/spec/spec.hpp"

namespace thalweg::cpu {

inline constexpr std::int64_t kMostRates = 4096;

/// No element-wise rule keeps more numbers for each parameter.
inline constexpr int kMostSlots = 4;

/// The optimizer's rule on flat memory. Slots lie slot by slot: `slots[k · stride + i]`.
class Updater {
 public:
  virtual ~Updater() = default;
  virtual int slot_count() const = 0;
  virtual void init(float* slots, std::int64_t count) const = 0;
  /// Constants of step t = 1, 2, ...; once per step, before update().
  virtual void prepare(double learning_rate, std::int64_t t) = 0;
  /// Elements [first, last), with the gradient times `gradient_scale`. May run on several threads.
  virtual void update(float* theta, const float* gradient, float gradient_scale, float* slots,
                      std::int64_t stride, std::int64_t first, std::int64_t last) const = 0;
  /// Median of the factors that the last update put before the gradients of elements [first, last): η, or
  /// η/(√v̂ + ε). Of many elements kMostRates evenly spaced ones are looked at. NaN of a rule that does not
  /// say.
  virtual double median_rate(const float* slots, std::int64_t stride, std::int64_t first,
                             std::int64_t last) const = 0;
  /// Whether what the rule has found is not theta but average(), after the first step.
  virtual bool averages() const = 0;
  virtual void average(const float* theta, const float* slots, std::int64_t count, float* out) const = 0;
  /// Theta has been moved by `by` from outside: positions among the slots go along.
  virtual void shift(const float* by, float* slots, std::int64_t count) const = 0;
  /// False, and nothing changes, if the state would lose its meaning.
  virtual bool set(const Spec& spec) = 0;
  virtual std::vector<double> save() const = 0;
  virtual bool load(std::span<const double> progress) = 0;
};
/// Null if `spec` names no element-wise rule.
std::unique_ptr<Updater> make_updater(const Spec& spec);

/// The rule as a stepper that owns its slots, on one thread: what wrappers go around.
std::unique_ptr<FloatStepper> make_array_stepper(const Spec& spec, std::int64_t count);

}  // namespace thalweg::cpu

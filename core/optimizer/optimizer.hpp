// Optimizers: the list of update rules, their descriptors, and a rule at work on a small vector.
//
// A rule is written once, as an element-wise function for host and device (rule.hpp); this file is
// what the rest of the program sees of it. It does not evaluate gradients and knows no surface.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/optimizer/state_quantity.hpp"
#include "core/spec/python.hpp"
#include "core/spec/spec.hpp"

namespace thalweg {

/// One rule applied to a vector in double precision, with its state. One thread at a time.
class Stepper {
 public:
  virtual ~Stepper() = default;

  /// theta <- theta - update(gradient). `gradient` may be modified. Both have the stepper's
  /// dimension. `learning_rate` is the rate in force at this step (schedule included).
  virtual void step(double* theta, double* gradient, double learning_rate) = 0;

  /// Takes new hyperparameters from here on; state (moments, step count) is kept.
  virtual void set(const Spec& spec) = 0;

  /// Number of steps made.
  virtual std::int64_t steps() const = 0;

  /// Everything that step() depends on but the hyperparameters: save() and load() are exact.
  virtual std::vector<double> save() const = 0;
  virtual void load(std::span<const double> state) = 0;

  /// What there is to look at; the same as long as the rule is. Empty: nothing.
  virtual std::vector<StateQuantity> quantities() const { return {}; }
  /// Their values after the last step, one for each coordinate, quantity after quantity. Before the first
  /// step: whatever they begin with, NaN where that is undefined.
  virtual void look(std::span<double>) const {}
};

struct OptimizerDescriptor : Descriptor {
  /// `spec` has passed check(); `dim` > 0.
  std::function<std::unique_ptr<Stepper>(const Spec& spec, int dim)> make;
  /// How PyTorch writes it: as torch(spec, velocity_stops) of the rule (rule.hpp).
  std::function<TorchCall(const Spec& spec, bool velocity_stops)> torch;
};

/// All optimizers in the order of the menu.
const std::vector<OptimizerDescriptor>& optimizers();
const OptimizerDescriptor* find_optimizer(std::string_view id);
const Family& optimizer_family();
std::unique_ptr<Stepper> make_stepper(const Spec& spec, int dim);

}  // namespace thalweg

// An optimizer at work on a vector of parameters, with its state: on a surface in double precision, on a
// network in single. What it is and which settings it has say the descriptors (optimizer.hpp).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/optimizer/objective.hpp"
#include "core/optimizer/state_quantity.hpp"
#include "core/spec/spec.hpp"

namespace thalweg {

/// Everything that the next step depends on but the settings and the parameters.
template <class T>
struct StepperState {
  std::vector<double> scalars;
  std::vector<T> numbers;

  void put(double scalar) { scalars.push_back(scalar); }
  void put(std::span<const T> more) { numbers.insert(numbers.end(), more.begin(), more.end()); }
};

/// Takes a state apart in the order in which it was put together. Throws std::invalid_argument where there is
/// no more, or where a count is none.
template <class T>
class StateReader {
 public:
  explicit StateReader(const StepperState<T>& state) : state_(state) {}

  double scalar() {
    if (scalar_ == state_.scalars.size()) fail();
    return state_.scalars[scalar_++];
  }
  /// A count of steps or the like: 0, 1, 2, ... below 2^53.
  std::int64_t count() {
    const double value = scalar();
    if (!(value >= 0.0 && value <= 9007199254740992.0) || value != std::floor(value)) fail();
    return static_cast<std::int64_t>(value);
  }
  void numbers(std::span<T> out) {
    if (out.size() > state_.numbers.size() - number_) fail();
    for (T& x : out) x = state_.numbers[number_++];
  }
  [[noreturn]] static void fail() {
    throw std::invalid_argument("optimizer state does not belong to this rule and dimension");
  }

 private:
  const StepperState<T>& state_;
  std::size_t scalar_ = 0;
  std::size_t number_ = 0;
};

/// Something that an optimizer has in mind after a step: a moment, a velocity, a trust ratio.
struct Insight {
  std::string symbol;          ///< "m̂"
  std::string label;           ///< "first moment, corrected"
  std::vector<double> values;  ///< one for each coordinate
  bool positive = false;       ///< as of StateQuantity
  bool corrected = false;
};

/// One thread at a time.
template <class T>
class BasicStepper {
 public:
  virtual ~BasicStepper() = default;

  /// Moves theta. `gradient` is taken at theta and may be modified. Both have the stepper's dimension.
  /// `learning_rate` is the rate in force at this step (schedule included). Element-wise rules need no
  /// objective; all others throw std::logic_error without one.
  virtual void step(T* theta, T* gradient, double learning_rate, Objective<T>* objective = nullptr) = 0;

  /// Takes new hyperparameters from here on; state (moments, step count) is kept. Throws std::logic_error if
  /// the change would give the state another meaning; parameters marked live never do.
  virtual void set(const Spec& spec) = 0;

  /// Someone around it has moved theta by `by` since the last step: positions that it has in mind go along.
  virtual void shift(const T* by) { (void)by; }

  /// Number of steps made.
  virtual std::int64_t steps() const = 0;

  /// Whether what the optimizer has found is not theta, where gradients are taken, but average().
  virtual bool averages() const { return false; }
  /// What it has found so far; theta itself before the first step.
  virtual void average(const T* theta, T* out) const { (void)theta, (void)out; }

  /// Whether step() looks at the gradient it is handed. One that does not costs what it asks for alone.
  virtual bool uses_gradient() const { return true; }

  /// What it has in mind, one number for each coordinate; the same list before the first step.
  virtual std::vector<Insight> insight() const { return {}; }

  /// What there is to look at; the same as long as the settings are of the same kind. Empty: nothing.
  virtual std::vector<StateQuantity> quantities() const {
    std::vector<StateQuantity> out;
    for (const Insight& each : insight())
      out.push_back({each.symbol, each.label, each.positive, each.corrected});
    return out;
  }
  /// Their values after the last step, one for each coordinate, quantity after quantity. Before the first
  /// step: whatever they begin with, NaN where that is undefined.
  virtual void look(std::span<double> out) const {
    for (const Insight& each : insight()) {
      const std::size_t count = std::min(each.values.size(), out.size());
      std::copy_n(each.values.begin(), count, out.begin());
      out = out.subspan(count);
    }
  }

  /// state() and restore() are exact. Throws std::invalid_argument, and changes nothing, if the state is not
  /// of this optimizer and dimension.
  StepperState<T> state() const {
    StepperState<T> out;
    write(out);
    return out;
  }
  void restore(const StepperState<T>& wanted) {
    const StepperState<T> before = state();
    if (wanted.scalars.size() != before.scalars.size() || wanted.numbers.size() != before.numbers.size())
      StateReader<T>::fail();
    try {
      StateReader<T> reader(wanted);
      read(reader);
    } catch (const std::invalid_argument&) {
      StateReader<T> reader(before);
      read(reader);
      throw;
    }
  }

  /// The same as one list.
  std::vector<double> save() const {
    const StepperState<T> all = state();
    std::vector<double> out = all.scalars;
    out.insert(out.end(), all.numbers.begin(), all.numbers.end());
    return out;
  }
  void load(std::span<const double> saved) {
    const std::size_t scalars = state().scalars.size();
    if (saved.size() < scalars) StateReader<T>::fail();
    StepperState<T> wanted;
    wanted.scalars.assign(saved.begin(), saved.begin() + static_cast<std::ptrdiff_t>(scalars));
    wanted.numbers.assign(saved.begin() + static_cast<std::ptrdiff_t>(scalars), saved.end());
    restore(wanted);
  }

  /// For optimizers that hold another one: its part of the state.
  virtual void write(StepperState<T>& out) const = 0;
  virtual void read(StateReader<T>& in) = 0;
};

/// The objective that a step can't do without.
template <class T>
Objective<T>& asked(Objective<T>* objective) {
  if (!objective)
    throw std::logic_error("this optimizer asks for more than a gradient, and there is nobody to ask");
  return *objective;
}

using Stepper = BasicStepper<double>;
using FloatStepper = BasicStepper<float>;

}  // namespace thalweg

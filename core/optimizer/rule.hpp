// The contract of an element-wise update rule, written once for the CPU, ensembles and CUDA.
//
// A rule is a type with no data of its own. Its settings, what it carries from step to step and
// the constants of one step are separate structs, so that each engine keeps them where it needs
// them (a Stepper on the heap, an ensemble in columns, CUDA in kernel arguments).
//
//   struct Adam {
//     static constexpr int kSlots = 2;                  // state numbers per element, 0 at the start
//     struct Hyper { double beta1, beta2, eps; };       // settings; the learning rate is not among them
//     struct Progress { ... };                          // scalars that go on from step to step, or empty
//     template <class T> struct Step { T ...; };        // constants of one step, the same for all elements
//
//     static Descriptor describe();                     // id, formula, paper, parameters
//     static Hyper hyper(const Spec&);                  // `spec` has passed check()
//
//     // Once per step, on the host, in double. t = 1 at the first update, then 2, 3, ...
//     template <class T>
//     static Step<T> prepare(const Hyper&, double learning_rate, std::int64_t t, Progress&);
//
//     // Once per element, on host or device. `slots` points at the kSlots numbers of this element;
//     // an engine that keeps them in columns copies them to a local array around the call.
//     template <class T>
//     THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>&);
//
//     // The call that makes it in PyTorch, for "copy as PyTorch": the same numbers, or a class of a few lines
//     // where PyTorch has no such rule. `velocity_stops`: the momentum is 0 in a part of the run, and only in
//     // a part; there PyTorch leaves its velocity alone, and our rules do not.
//     static TorchCall torch(const Spec&, bool velocity_stops);
//   };
//
// Optional:
//   static constexpr const char* kTraining = "lr=0.001";  // what suits a network, where the defaults don't
//   static constexpr const char* kNotStochastic = "...";  // if so: why it is not meant for mini-batches
//
//   // If slots start at other than 0; whether a setting that gives the slots their meaning may change.
//   template <class T> static void init(const Hyper&, T* slots);
//   static bool keeps_state(const Hyper& before, const Hyper& after);
//
//   // What people may look at, beside the rate: names, and after update() the value of each for one element.
//   static std::vector<StateQuantity> quantities(const Hyper&);
//   static void look(const Hyper&, const Progress&, const Step<double>&, const double* slots, double* out);
//
//   // After update(): what stands before a gradient: η, or η/(√v̂ + ε).
//   template <class T>
//   THALWEG_HD static T effective_rate(const T* slots, const Step<T>&);
//
//   // Where slots hold positions, which go along when theta is moved from outside.
//   template <class T> static void shift(T by, T* slots, const Hyper&);
//
//   // Where it averages: what it has found, which is not theta.
//   template <class T>
//   THALWEG_HD static T average(T theta, const T* slots, const Hyper&);
//
// Rules hide nothing: NaN and infinity in the gradient come out in theta, and nothing is clamped. They
// are compiled without fast-math; a device build that must equal the CPU to the last bit also needs
// contraction off (nvcc -fmad=false), as the CPU build has it.
//
// Not here: rules that look at more than one element (norms, line searches; method.hpp).
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "core/optimizer/state_quantity.hpp"
#include "core/spec/platform.hpp"
#include "core/spec/python.hpp"
#include "core/spec/spec.hpp"

namespace thalweg {

template <class R>
concept UpdateRule = requires(const Spec& spec, const typename R::Hyper& hyper,
                              typename R::Progress& progress, double& theta, double* slots,
                              const typename R::template Step<double>& step) {
  requires R::kSlots >= 0;
  requires std::is_trivially_copyable_v<typename R::template Step<float>>;
  { R::describe() } -> std::same_as<Descriptor>;
  { R::hyper(spec) } -> std::same_as<typename R::Hyper>;
  { R::torch(spec, false) } -> std::same_as<TorchCall>;
  {
    R::template prepare<double>(hyper, 0.0, std::int64_t{1}, progress)
    } -> std::same_as<typename R::template Step<double>>;
  R::update(theta, 0.0, slots, step);
};

/// Writes the values the kSlots numbers of one element have before the first step.
template <UpdateRule R, class T>
void init_slots(const typename R::Hyper& hyper, T* slots) {
  for (int i = 0; i < R::kSlots; ++i) slots[i] = T(0);
  if constexpr (requires { R::init(hyper, slots); }) R::init(hyper, slots);
}

/// Whether the rule says which factor it puts before a gradient.
template <class R>
concept HasEffectiveRate = requires(const double* slots, const typename R::template Step<double>& step) {
  { R::effective_rate(slots, step) } -> std::same_as<double>;
};

/// Whether the rule keeps positions, which go along when theta is moved from outside.
template <class R>
concept HasPositions = requires(double* slots, const typename R::Hyper& hyper) { R::shift(0.0, slots, hyper); };

/// Whether what the rule has found is an average and not theta.
template <class R>
concept HasAverage = requires(const double* slots, const typename R::Hyper& hyper) {
  { R::average(0.0, slots, hyper) } -> std::same_as<double>;
};

/// Whether the rule says what it keeps.
template <class R>
concept HasState = requires(const typename R::Hyper& hyper, const typename R::Progress& progress,
                            const typename R::template Step<double>& step, const double* slots, double* out) {
  R::quantities(hyper);
  R::look(hyper, progress, step, slots, out);
};

}  // namespace thalweg

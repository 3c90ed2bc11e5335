// The contract of an element-wise update rule, written once for the CPU, ensembles and CUDA.
//
//   struct Adam {
//     static constexpr int kSlots = 2;                    // state numbers per element, start at 0
//     struct Hyper { double beta1, beta2, eps; ... };     // from the spec, in double
//     template <class T> struct Step { T lr, ...; };      // constants of one step, same for all elements
//
//     static Hyper hyper(const Spec&);
//     // Once per step, on the host, in double. t = 1 at the first update. `progress` holds scalars
//     // that go on from step to step (powers of beta).
//     struct Progress { ... };                            // plain doubles; default = before the first step
//     template <class T> static Step<T> prepare(const Hyper&, double learning_rate, std::int64_t t,
//     Progress&);
//     // Once per element, on host or device. slots points at kSlots numbers of this element.
//     template <class T> THALWEG_HD static void update(T& theta, T gradient, T* slots, const Step<T>&);
//
//     static OptimizerDescriptor describe();              // id, formula, paper, parameters
//   };
//
// Slots may be initialised by a rule that needs something else than zero (AdaGrad's initial
// accumulator): static void init(const Hyper&, double* slots) if it exists.
#pragma once

#include "core/optimizer/optimizer.hpp"
#include "core/spec/platform.hpp"

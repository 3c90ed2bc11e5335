// The contract of a wrapper: something done around the step of any other optimizer. Written before it with a
// plus, the outermost first: "lookahead+sam+adam:lr=0.01,sam_rho=0.05,sync_period=5". The settings of all
// stand side by side, so that no two wrappers, and no wrapper and optimizer, have a key in common.
//
//   struct Lookahead {
//     static constexpr bool kAsksMore = false;           // whether a step asks the objective for anything
//     static Descriptor describe();                     // its own parameters; no learning rate
//     static std::vector<std::string> pseudocode();     // one update; "base.step(g)" is the inner one
//     template <class T>
//     class At final : public Around<T> {               // or BasicStepper<T>, with several bases
//      public:
//       // `spec` has the settings of the whole. Each call of `make_base` makes an inner optimizer.
//       At(const Spec& spec, const Layout&, const MakeBase<T>& make_base);
//       // set(spec) hands the whole on to the base, which takes what is its own.
//       // uses_gradient() is the base's unless the wrapper itself looks at the gradient it is handed, or asks
//       // for others in its place.
//     };
//   };
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/optimizer/stepper.hpp"

namespace thalweg {

template <class T>
using MakeBase = std::function<std::unique_ptr<BasicStepper<T>>()>;

template <class W>
concept Wrapper = requires {
  { W::describe() } -> std::same_as<Descriptor>;
  { W::pseudocode() } -> std::same_as<std::vector<std::string>>;
  requires std::derived_from<typename W::template At<double>, BasicStepper<double>>;
  requires std::derived_from<typename W::template At<float>, BasicStepper<float>>;
};

/// A wrapper around one base: what it leaves to the base. Its own settings and state are the wrapper's part.
template <class T>
class Around : public BasicStepper<T> {
 public:
  explicit Around(std::unique_ptr<BasicStepper<T>> base) : base_(std::move(base)) {}

  void shift(const T* by) override { base_->shift(by); }
  std::int64_t steps() const override { return base_->steps(); }
  bool averages() const override { return base_->averages(); }
  bool uses_gradient() const override { return base_->uses_gradient(); }
  void average(const T* theta, T* out) const override { base_->average(theta, out); }
  std::vector<Insight> insight() const override { return base_->insight(); }

 protected:
  /// The base's state, then these numbers.
  void write_with(StepperState<T>& out, const std::vector<T>& own) const {
    base_->write(out);
    out.put(own);
  }
  void read_with(StateReader<T>& in, std::vector<T>& own) {
    base_->read(in);
    in.numbers(own);
  }

  std::unique_ptr<BasicStepper<T>> base_;
};

/// All wrappers in the order of the menu. Their ids are what stands before the plus.
const std::vector<Descriptor>& optimizer_wrappers();

/// `spec` with the wrapper called `wrapper` as its outermost, or without it if it has it; all other settings
/// stay, those of a new wrapper are its defaults. Nothing where there would be too many or there is no such
/// wrapper.
std::optional<Spec> with_wrapper_turned(const Spec& spec, std::string_view wrapper);

/// The most wrappers around one optimizer.
inline constexpr int kMostWrappers = 3;

}  // namespace thalweg

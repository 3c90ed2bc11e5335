// The contract of a wrapper: something done around the step of any other optimizer. Written before it with a
// plus, the outermost first: "lookahead+sam+adam:lr=0.01,sam_rho=0.05,sync_period=5". The settings of all
// stand side by side, so that no two wrappers, and no wrapper and optimizer, have a key in common.
//
//   struct Lookahead {
//     static constexpr bool kAsksMore = false;           // whether a step asks the objective for anything
//     static Descriptor describe();                     // its own parameters; no learning rate
//     static std::vector<std::string> pseudocode();     // one update, a line each; "base.step(g)" is the
//     inner one template <class T> class At final : public BasicStepper<T> {
//      public:
//       // `spec` holds the settings of the whole. `make_base` makes the inner optimizer, afresh with every
//       call. At(const Spec& spec, const Layout&, const MakeBase<T>& make_base);
//       // set(spec) hands the whole on to the base, which takes what is its own. uses_gradient() is the base's
//       // unless the wrapper itself looks at the gradient it is handed, or asks for others in its place.
//     };
//   };
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
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

/// All wrappers in the order of the menu. Their ids are what stands before the plus.
const std::vector<Descriptor>& optimizer_wrappers();

/// `spec` with the wrapper called `wrapper` as its outermost, or without it if it has it; all other settings
/// stay, those of a new wrapper are its defaults. Nothing where there would be too many or there is no such
/// wrapper.
std::optional<Spec> with_wrapper_turned(const Spec& spec, std::string_view wrapper);

/// The most wrappers around one optimizer.
inline constexpr int kMostWrappers = 3;

}  // namespace thalweg

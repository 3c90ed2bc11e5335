// The contract of a method: an optimizer that is no element-wise rule, because it looks at more than one
// element (norms, matrices), at more than one gradient, or at the function itself (line searches, curvature).
//
//   struct Lamb {                                       // no data of its own
//     static constexpr bool kAsksMore = false;           // whether a step asks the objective for anything
//     static Descriptor describe();                     // id, formula, paper, parameters
//     static std::vector<std::string> pseudocode();     // one update, a line each
//     template <class T>
//     class At final : public BasicStepper<T> {         // at work, with its settings and its state
//      public:
//       At(const Spec&, const Layout&);                 // `spec` has passed check()
//       ...
//     };
//   };
//
// Optional: kTraining and kNotStochastic as of a rule, and
//   static std::string not_on_surfaces();               // why it can't, as a sentence's end: "works on
//   static std::string not_on_networks();               // weight matrices, and a surface has none"
//   static constexpr bool kNeedsSquares = true;         // goes down only surfaces that are sums of squares
//   static TorchCall torch(const Spec&, bool);          // where PyTorch has it, or a class of a few lines
//                                                       // makes it; then pseudocode is not needed
//
// T is double on a surface and float on a network. As of rules (rule.hpp): nothing is hidden or clamped, NaN
// and infinity come out in theta; no fast-math. Norms and products are summed in double whatever T is.
#pragma once

#include <concepts>
#include <vector>

#include "core/optimizer/stepper.hpp"
#include "core/spec/python.hpp"

namespace thalweg {

template <class M>
concept Method = requires(const Spec& spec, const Layout& layout) {
  { M::describe() } -> std::same_as<Descriptor>;
  requires std::derived_from<typename M::template At<double>, BasicStepper<double>>;
  requires std::derived_from<typename M::template At<float>, BasicStepper<float>>;
  typename M::template At<double>;
};

/// A number of each tensor as one of each coordinate.
inline std::vector<double> by_coordinate(const Layout& layout, const std::vector<double>& by_tensor) {
  std::vector<double> out;
  for (std::size_t i = 0; i < layout.size(); ++i)
    out.insert(out.end(), static_cast<std::size_t>(layout[i].size()), by_tensor[i]);
  return out;
}

}  // namespace thalweg

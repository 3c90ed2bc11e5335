// Optimizers: the list of update rules, their descriptors, and a rule at work on a small vector.
//
// Most are rules: written once, element by element, for host and device (rule.hpp). The others are methods,
// which look at more than one element or ask the function for more than a gradient (method.hpp). Wrappers go
// around either (wrapper.hpp): `sam+adam` is an optimizer like any other, with the settings of both. This
// file is what the rest of the program sees of them all. It does not evaluate gradients and knows no surface.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/optimizer/stepper.hpp"
#include "core/spec/python.hpp"
#include "core/spec/spec.hpp"

namespace thalweg {

struct OptimizerDescriptor : Descriptor {
  /// `spec` has passed check(); the layout is not empty.
  std::function<std::unique_ptr<Stepper>(const Spec& spec, const Layout& layout)> make;
  std::function<std::unique_ptr<FloatStepper>(const Spec& spec, const Layout& layout)> make_float;
  /// Settings that suit a network where the defaults, which suit surfaces, do not: "lr=0.001".
  std::string training = {};
  /// Empty, or why it is not meant for mini-batches: "needs gradients of the whole batch: ...".
  std::string not_stochastic = {};
  /// Empty, or why it cannot go down a surface, or train a network: "works on weight matrices, and ...".
  std::string not_on_surfaces = {};
  std::string not_on_networks = {};
  /// Whether a step asks for more than the gradient it is handed.
  bool asks_more = false;
  /// Whether it goes down only such surfaces as are written as a sum of squares.
  bool needs_squares = false;
  /// One update, a line each, where PyTorch has no such optimizer and torch() makes none.
  std::vector<std::string> pseudocode = {};
  /// How PyTorch writes it: as torch(spec, velocity_stops) of the rule (rule.hpp); empty where there is
  /// pseudocode.
  std::function<TorchCall(const Spec& spec, bool velocity_stops)> torch;
};

/// All optimizers in the order of the menu, without wrappers.
const std::vector<OptimizerDescriptor>& optimizers();
/// One of them, or one with wrappers around it: "lookahead+sam+adam". The descriptor lives as long as the
/// program.
const OptimizerDescriptor* find_optimizer(std::string_view id);
/// Finds wrapped ones, too; its members are optimizers().
const Family& optimizer_family();

/// The settings that it begins with in the training of a network.
Spec training_spec(const OptimizerDescriptor& optimizer);

/// `spec` names an optimizer and has passed check(); throws std::logic_error if not.
std::unique_ptr<Stepper> make_stepper(const Spec& spec, int dim);
std::unique_ptr<Stepper> make_stepper(const Spec& spec, const Layout& layout);
std::unique_ptr<FloatStepper> make_float_stepper(const Spec& spec, const Layout& layout);

}  // namespace thalweg

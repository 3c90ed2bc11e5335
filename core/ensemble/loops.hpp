// The loops over a block that know a formula or a rule. Private to core/ensemble.
#pragma once

#include <cstdint>
#include <memory>

#include "core/ensemble/block.hpp"
#include "core/ensemble/ensemble.hpp"
#include "core/optimizer/vectorise.hpp"

namespace thalweg::ensemble {

/// Any number of threads may call it.
class FormulaLoop {
 public:
  virtual ~FormulaLoop() = default;
  virtual int dim() const = 0;
  /// Gradients at (x, y), and whether a particle that has found this point has come to an end. Returns
  /// whether any has. `count` is a multiple of kGroup; no two columns overlap.
  virtual bool look(cpu::Isa isa, const float* x, const float* y, float* slope_x, float* slope_y,
                    Ending* ending, int count, const Aim& aim) const = 0;
  virtual Slope slope(float x, float y) const = 0;
};

/// Null if visit_formula() knows no formula of `surface`.
std::unique_ptr<FormulaLoop> make_formula_loop(const Surface& surface);

/// prepare() on one thread while no other is at work; the rest on any number.
class RuleLoop {
 public:
  virtual ~RuleLoop() = default;
  virtual bool averages() const = 0;
  /// Constants of the next `count` steps.
  virtual void prepare(int count) = 0;
  /// Slots as they are before the first step.
  virtual void begin(Block& block) const = 0;
  /// Update number `step` of those that were prepared, counted from 0.
  virtual void update(cpu::Isa isa, Block& block, int dim, int step) const = 0;
  /// Of a rule that averages: what was found, into its columns.
  virtual void average(cpu::Isa isa, Block& block, int dim) const = 0;
};

/// `settings` has passed check().
std::unique_ptr<RuleLoop> make_rule_loop(const EnsembleSettings& settings);

}  // namespace thalweg::ensemble

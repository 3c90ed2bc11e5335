#include "core/ensemble/loops.hpp"

namespace thalweg::ensemble {
namespace {

template <class Formula>
class LoopOf final : public FormulaLoop {
 public:
  explicit LoopOf(const Formula& formula) : formula_(formula) {}

  int dim() const override { return kVariablesOf<Formula>; }

  bool look(cpu::Isa isa, const float* x, const float* y, float* slope_x, float* slope_y, Ending* ending,
            int count, const Aim& aim) const override {
    return aim.tolerance2 > 0.0f ? loop<true>(isa, x, y, slope_x, slope_y, ending, count, aim)
                                 : loop<false>(isa, x, y, slope_x, slope_y, ending, count, aim);
  }

  Slope slope(float x, float y) const override { return slope_of(formula_, x, y); }

 private:
  /// Without an aim a tenth of the time of a simple formula is saved.
  template <bool kAims>
  bool loop(cpu::Isa isa, const float* x_, const float* y_, float* slope_x_, float* slope_y_, Ending* ending_,
            int count, const Aim& aim_) const {
    Ending any = kGoesOn;
    Ending* const any_ = &any;
    cpu::vectorised(isa, [=, formula_ = formula_] {
      const Formula formula = formula_;
      const Aim aim = aim_;
      const float* __restrict x = x_;
      const float* __restrict y = y_;
      float* __restrict slope_x = slope_x_;
      float* __restrict slope_y = slope_y_;
      Ending* __restrict ending = ending_;
      Ending all = kGoesOn;
      for (int i = 0; i < count; ++i) {
        const Slope slope = slope_of(formula, x[i], y[i]);
        slope_x[i] = slope.x;
        slope_y[i] = slope.y;
        Ending here = kAims ? arrived_at(x[i], y[i], aim) : kGoesOn;
        here = broken_at(slope, x[i], y[i]) ? kBroken : here;
        ending[i] = here;
        all |= here;
      }
      *any_ = all;
    });
    return any != kGoesOn;
  }

  Formula formula_;
};

}  // namespace

std::unique_ptr<FormulaLoop> make_formula_loop(const Surface& surface) {
  std::unique_ptr<FormulaLoop> out;
  visit_formula(surface, [&]<class Formula>(const Formula& formula) {
    out = std::make_unique<LoopOf<Formula>>(formula);
  });
  return out;
}

}  // namespace thalweg::ensemble

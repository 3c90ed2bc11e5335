#include "core/ensemble/constants.hpp"
#include "core/ensemble/loops.hpp"
#include "core/optimizer/rules.hpp"

namespace thalweg::ensemble {
namespace {

template <UpdateRule Rule>
class LoopOf final : public RuleLoop {
  using Step = typename Rule::template Step<float>;
  static constexpr int kSlots = Rule::kSlots;
  static_assert(kSlots <= cpu::kMostSlots);

 public:
  explicit LoopOf(const EnsembleSettings& settings) : constants_(settings) {}

  bool averages() const override { return HasAverage<Rule>; }

  void prepare(int count) override { steps_ = constants_.next(count); }

  void begin(Block& block) const override {
    float first[kSlots + 1] = {};
    init_slots<Rule>(constants_.hyper(), first);
    for (int k = 0; k < kSlots; ++k)
      for (int axis = 0; axis < 2; ++axis) std::fill_n(block.slot(k, axis), kBlock, first[k]);
  }

  void update(cpu::Isa isa, Block& block_, int dim, int which) const override {
    const int count = block_.lanes();
    Block* const at = &block_;
    const Step* const step_ = &steps_[static_cast<std::size_t>(which)];
    cpu::vectorised(isa, [=] {
      const Step step = *step_;
      for (int axis = 0; axis < dim; ++axis) {
        // Slots are named one by one, since a pointer into an array of pointers cannot be restrict.
        float* __restrict theta = at->at(Block::kX + axis);
        const float* __restrict slope = at->at(Block::kSlopeX + axis);
        float* __restrict slot0 = at->slot(0, axis);
        float* __restrict slot1 = at->slot(1, axis);
        float* __restrict slot2 = at->slot(2, axis);
        float* __restrict slot3 = at->slot(3, axis);
        for (int i = 0; i < count; ++i) {
          float s[kSlots + 1] = {};
          if constexpr (kSlots > 0) s[0] = slot0[i];
          if constexpr (kSlots > 1) s[1] = slot1[i];
          if constexpr (kSlots > 2) s[2] = slot2[i];
          if constexpr (kSlots > 3) s[3] = slot3[i];
          float value = theta[i];
          Rule::update(value, slope[i], s, step);
          theta[i] = value;
          if constexpr (kSlots > 0) slot0[i] = s[0];
          if constexpr (kSlots > 1) slot1[i] = s[1];
          if constexpr (kSlots > 2) slot2[i] = s[2];
          if constexpr (kSlots > 3) slot3[i] = s[3];
        }
      }
    });
  }

  void average(cpu::Isa isa, Block& block, int dim) const override {
    if constexpr (HasAverage<Rule>) {
      for (int axis = 0; axis < dim; ++axis)
        average(isa, block.lanes(), block.at(Block::kX + axis), block.at(Block::kFoundX + axis),
                {block.slot(0, axis), block.slot(1, axis), block.slot(2, axis), block.slot(3, axis)});
    } else {
      (void)isa, (void)block, (void)dim;
    }
  }

 private:
  void average(cpu::Isa isa, int count, const float* theta_, float* found_,
               std::array<float*, cpu::kMostSlots> slots) const {
    cpu::vectorised(isa, [=, hyper_ = constants_.hyper()] {
      const auto hyper = hyper_;
      const float* __restrict theta = theta_;
      float* __restrict found = found_;
      const float* __restrict slot0 = slots[0];
      const float* __restrict slot1 = slots[1];
      for (int i = 0; i < count; ++i) {
        static_assert(!HasAverage<Rule> || kSlots <= 2);
        const float s[2] = {slot0[i], slot1[i]};
        found[i] = Rule::average(theta[i], s, hyper);
      }
    });
  }

  StepConstants<Rule> constants_;
  std::vector<Step> steps_;
};

}  // namespace

std::unique_ptr<RuleLoop> make_rule_loop(const EnsembleSettings& settings) {
  std::unique_ptr<RuleLoop> out;
  visit_rule(settings.optimizer.id,
             [&]<class Rule>(std::type_identity<Rule>) { out = std::make_unique<LoopOf<Rule>>(settings); });
  return out;
}

}  // namespace thalweg::ensemble

// A trainer that has several updates under way at once keeps the same record as one that waits for each.
#include <gtest/gtest.h>

#include "tests/training/runs.hpp"

namespace thalweg {
namespace {

/// The CPU engine, but it wants so many steps to be begun before they are waited for.
class AheadEngine final : public TrainingEngine {
 public:
  explicit AheadEngine(std::int64_t ahead) : ahead_(ahead), engine_(make_cpu_engine()) {}

  std::int64_t steps_ahead() const override { return ahead_; }

  std::optional<Error> load(std::shared_ptr<const Dataset> data) override {
    return engine_->load(std::move(data));
  }
  std::optional<Error> build(const NetworkSettings& settings, std::uint64_t seed) override {
    return engine_->build(settings, seed);
  }
  Result<StepResult> step(std::span<const std::uint32_t> batch, const StepRates& rates,
                          StepDetail* detail) override {
    return engine_->step(batch, rates, detail);
  }
  Result<Evaluation> evaluate(DataPart part, std::optional<std::span<const std::uint32_t>> indices,
                              const std::function<bool()>& stop, Weights weights) override {
    return engine_->evaluate(part, indices, stop, weights);
  }
  Result<std::vector<float>> outputs(const Samples& samples,
                                     std::optional<std::span<const std::uint32_t>> indices,
                                     Weights weights) override {
    return engine_->outputs(samples, indices, weights);
  }
  Result<std::vector<LayerActivations>> activations(DataPart part, std::span<const std::uint32_t> indices,
                                                    int bins) override {
    return engine_->activations(part, indices, bins);
  }
  std::optional<Error> loss_gradient(std::span<const std::uint32_t> samples, std::span<float> out) override {
    return engine_->loss_gradient(samples, out);
  }
  Result<std::unique_ptr<HessianProduct>> hessian(std::span<const std::uint32_t> samples) override {
    return engine_->hessian(samples);
  }
  std::optional<Error> set_optimizer(const Spec& optimizer) override {
    return engine_->set_optimizer(optimizer);
  }
  EngineState state() const override { return engine_->state(); }
  std::optional<Error> restore(const EngineState& state) override { return engine_->restore(state); }
  const Plan& plan() const override { return engine_->plan(); }
  std::span<const float> parameters() const override { return engine_->parameters(); }
  std::span<const float> gradient() const override { return engine_->gradient(); }

  /// The most steps that were under way.
  std::size_t most = 0;
  std::optional<Error> begin(std::span<const std::uint32_t> batch, const StepRates& rates,
                             const StepWish& wish) override {
    most = std::max(most, ++under_way_);
    return TrainingEngine::begin(batch, rates, wish);
  }
  std::vector<FinishedStep> finish() override {
    under_way_ = 0;
    return TrainingEngine::finish();
  }

 private:
  std::int64_t ahead_;
  std::size_t under_way_ = 0;
  std::unique_ptr<TrainingEngine> engine_;
};

struct Pair {
  std::unique_ptr<Trainer> plain, ahead;
  AheadEngine* engine;  ///< of `ahead`
};

Pair pair_of(const TrainingSettings& settings, std::int64_t ahead) {
  const auto data = test::toy_data(100);
  auto engine = std::make_unique<AheadEngine>(ahead);
  AheadEngine* const seen = engine.get();
  auto trainer = Trainer::create(settings, data, std::move(engine));
  if (!trainer) throw std::runtime_error(trainer.error().text());
  return {test::made(settings, data), std::move(*trainer), seen};
}

/// Everything but the measured seconds.
void expect_same(const Trainer& a, const Trainer& b) {
  EXPECT_EQ(a.state().engine, b.state().engine);
  EXPECT_EQ(test::timeless(a.state()), test::timeless(b.state()));
}

TEST(StepsAhead, LeaveTheSameRecord) {
  for (const test::KindOfRun& kind : test::every_kind_of_run())
    for (const std::int64_t ahead : {2, 7, 64}) {
      SCOPED_TRACE(kind.name);
      const Pair pair = pair_of(kind.settings, ahead);
      for (const std::int64_t steps : {1, 10, 3, 1000}) {
        pair.plain->advance(steps);
        pair.ahead->advance(steps);
        expect_same(*pair.plain, *pair.ahead);
      }
      EXPECT_GT(pair.engine->most, 1u);
      EXPECT_LE(pair.engine->most, static_cast<std::size_t>(ahead));
    }
}

TEST(StepsAhead, StopWhereTheLossEscapes) {
  TrainingSettings settings = test::run_settings("8-16-3", "gd:lr=1");
  settings.schedule = parse_spec("exponential:gamma=3", schedule_family()).value();
  settings.probes = test::probes(test::kNoProbes);
  test::set(settings, "epochs", 100.0);
  const Pair pair = pair_of(settings, 64);
  pair.plain->advance(400);
  pair.ahead->advance(400);
  EXPECT_EQ(pair.plain->outcome(), Outcome::kDiverged);
  expect_same(*pair.plain, *pair.ahead);
}

TEST(StepsAhead, TakeChangesWhereTheyBelong) {
  TrainingSettings settings = test::run_settings();
  settings.probes = test::probes("gradients=5,weights=off,activations=off,histograms=off");
  const Pair pair = pair_of(settings, 64);
  for (Trainer* trainer : {pair.plain.get(), pair.ahead.get()}) {
    trainer->advance(3);
    TrainingSettings changed = settings;
    changed.optimizer.change(6, "beta1", 0.5);
    ASSERT_FALSE(trainer->retarget(changed));
    trainer->advance(9);
  }
  expect_same(*pair.plain, *pair.ahead);
}

}  // namespace
}  // namespace thalweg

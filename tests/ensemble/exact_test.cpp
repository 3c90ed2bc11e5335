// Every number of an ensemble against a plain loop, one particle after the other: bit for bit, whatever the
// instruction set, the threads and the blocks that particles happen to be in.
#include <bit>
#include <functional>

#include "core/ensemble/constants.hpp"
#include "core/ensemble/element.hpp"
#include "core/optimizer/flush.hpp"
#include "tests/ensemble/ensembles.hpp"

namespace thalweg {
namespace {

using namespace ensemble;
using namespace test;

struct End {
  float x, y, loss;
  std::int64_t steps;
  Outcome outcome;
  int minimum;
};

/// What the rule's update and the formula alone make of one start; all minima are looked at, in every step.
class PlainLoop {
 public:
  explicit PlainLoop(const EnsembleSettings& settings) : settings_(settings), surface_(surface_of(settings)) {
    visit_formula(*surface_, [&](const auto& formula) {
      slope_ = [formula](float x, float y) { return slope_of(formula, x, y); };
    });
    tolerance_ = static_cast<float>(settings.run.number_or("tol", 0.0));
    budget_ = static_cast<std::int64_t>(settings.run.number("steps"));
  }

  std::vector<End> run() const {
    std::vector<End> out;
    visit_rule(settings_.optimizer.id, [&]<class Rule>(std::type_identity<Rule>) {
      StepConstants<Rule> constants(settings_);
      const auto steps = constants.next(static_cast<int>(budget_));
      const cpu::FlushToZero flush;
      for (std::int64_t i = 0; i < count_of(settings_.starts); ++i)
        out.push_back(one<Rule>(i, steps, constants.hyper()));
    });
    return out;
  }

 private:
  template <class Rule, class Steps>
  End one(std::int64_t i, const Steps& steps, const typename Rule::Hyper& hyper) const {
    const StartPoint start = start_point(settings_.starts, i, surface_->dim());
    float theta[2] = {start.x, start.y}, found[2] = {start.x, start.y}, slots[2][Rule::kSlots + 1] = {};
    for (auto& each : slots) init_slots<Rule>(hyper, each);
    std::int64_t made = 0;
    Outcome outcome = judge(theta, found);
    while (outcome == Outcome::kRunning && made < budget_) {
      const Slope here = slope_(theta[0], theta[1]);
      const float slope[2] = {here.x, here.y};
      for (int axis = 0; axis < surface_->dim(); ++axis) {
        Rule::update(theta[axis], slope[axis], slots[axis], steps[static_cast<std::size_t>(made)]);
        found[axis] = theta[axis];
        if constexpr (HasAverage<Rule>) found[axis] = Rule::average(theta[axis], slots[axis], hyper);
      }
      ++made;
      outcome = judge(theta, found);
    }
    if (outcome == Outcome::kRunning) outcome = Outcome::kBudget;
    int minimum = -1;
    float nearest = HUGE_VALF;
    for (int m = 0; outcome != Outcome::kDiverged && m < static_cast<int>(surface_->minima().size()); ++m)
      if (distance2(found, m) < nearest) nearest = distance2(found, minimum = m);
    return {found[0], found[1], slope_(found[0], found[1]).loss, made, outcome, minimum};
  }

  float distance2(const float* found, int m) const {
    const auto& x = surface_->minima()[static_cast<std::size_t>(m)].x;
    const float dx = found[0] - static_cast<float>(x[0]);
    const float dy = x.size() > 1 ? found[1] - static_cast<float>(x[1]) : 0.0f;
    return dx * dx + dy * dy;
  }

  Outcome judge(const float* theta, const float* found) const {
    const Slope slope = slope_(found[0], found[1]);
    if (!std::isfinite(std::fabs(slope.loss) + std::fabs(slope.x) + std::fabs(slope.y)))
      return Outcome::kDiverged;
    for (int axis = 0; axis < 2; ++axis)
      if (!(std::fabs(theta[axis]) <= 1e15f) || !(std::fabs(found[axis]) <= 1e15f)) return Outcome::kDiverged;
    if (tolerance_ == 0.0f) return Outcome::kRunning;
    if (surface_->minima().empty())
      return slope.x * slope.x + slope.y * slope.y < tolerance_ * tolerance_ ? Outcome::kConverged
                                                                             : Outcome::kRunning;
    for (int m = 0; m < static_cast<int>(surface_->minima().size()); ++m)
      if (distance2(found, m) < tolerance_ * tolerance_) return Outcome::kConverged;
    return Outcome::kRunning;
  }

  const EnsembleSettings& settings_;
  std::shared_ptr<const Surface> surface_;
  std::function<Slope(float, float)> slope_;
  float tolerance_ = 0.0f;
  std::int64_t budget_ = 0;
};

void expect_same(float got, float wanted) {
  // NaNs of a particle that diverged may differ in their sign.
  if (std::isnan(got) && std::isnan(wanted)) return;
  EXPECT_EQ(std::bit_cast<std::uint32_t>(got), std::bit_cast<std::uint32_t>(wanted))
      << got << " not " << wanted;
}

void expect_exact(const EnsembleResult& result, const std::vector<End>& wanted) {
  ASSERT_EQ(result.count(), static_cast<std::int64_t>(wanted.size()));
  for (std::size_t i = 0; i < wanted.size() && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("particle " + std::to_string(i));
    EXPECT_EQ(result.steps[i], wanted[i].steps);
    EXPECT_EQ(result.outcome[i], wanted[i].outcome);
    EXPECT_EQ(result.minimum[i], wanted[i].minimum);
    expect_same(result.x[i], wanted[i].x);
    expect_same(result.y[i], wanted[i].y);
    expect_same(result.loss[i], wanted[i].loss);
  }
}

std::vector<cpu::Isa> instruction_sets() {
  std::vector<cpu::Isa> out;
  for (const cpu::Isa isa : {cpu::Isa::kBase, cpu::Isa::kAvx2, cpu::Isa::kAvx512})
    if (isa <= cpu::find_isa()) out.push_back(isa);
  return out;
}

void expect_exact_everywhere(const EnsembleSettings& settings) {
  const std::vector<End> wanted = PlainLoop(settings).run();
  for (const cpu::Isa isa : instruction_sets()) {
    SCOPED_TRACE("instruction set " + std::to_string(static_cast<int>(isa)));
    const auto got = run_ensemble(settings, {}, {.threads = 1, .isa = isa});
    ASSERT_TRUE(got.ok()) << got.error().text();
    expect_exact(*got, wanted);
  }
}

class EnsembleOfEveryRule : public testing::TestWithParam<std::string> {};

TEST_P(EnsembleOfEveryRule, IsAPlainLoopBitForBit) {
  expect_exact_everywhere(ensemble_of("rosenbrock", GetParam(), 9, 7, 60, 0.3));
  expect_exact_everywhere(ensemble_of("quartic", GetParam(), 21, 1, 60, 0.1));
}

INSTANTIATE_TEST_SUITE_P(All, EnsembleOfEveryRule, testing::ValuesIn(rules()), name_of);

class EnsembleOnEverySurface : public testing::TestWithParam<std::string> {};

TEST_P(EnsembleOnEverySurface, IsAPlainLoopBitForBit) {
  expect_exact_everywhere(small_ensemble(GetParam(), "adam:lr=0.05", 6, 60, 0.05));
}

INSTANTIATE_TEST_SUITE_P(All, EnsembleOnEverySurface, testing::ValuesIn(built_in_surfaces()), name_of);

TEST(Ensemble, IsThePlainLoopWhereParticlesEndAtAllTimesAndBlocksArePutTogether) {
  // Four blocks and a bit; most particles end in the first chunk of steps, some in the third.
  const auto settings = ensemble_of("himmelblau", "adam:lr=0.05", 47, 45, 700, 1e-3);
  const std::vector<End> wanted = PlainLoop(settings).run();
  for (const int threads : {1, 3}) {
    const auto got = run_ensemble(settings, {}, {.threads = threads, .isa = {}});
    ASSERT_TRUE(got.ok());
    expect_exact(*got, wanted);
  }
  std::int64_t late = 0;
  for (const End& end : wanted) late += end.steps > 256 ? 1 : 0;
  EXPECT_GT(late, 10);
  EXPECT_LT(late, 1000);
}

TEST(Ensemble, MissesNoMinimumOfMany) {
  // Steps from a fraction of the distance between minima to several of it.
  for (const char* optimizer : {"gd:lr=0.004", "momentum:lr=0.01", "signsgd:lr=0.7"}) {
    SCOPED_TRACE(optimizer);
    expect_exact_everywhere(ensemble_of("rastrigin", optimizer, 23, 23, 40, 0.1));
  }
  // The tolerance is larger than the distance between minima.
  expect_exact_everywhere(ensemble_of("griewank", "gd:lr=5", 13, 13, 20, 9.0));
}

TEST(Ensemble, FollowsSchedulesAndSaysWhereItDiverges) {
  auto settings = ensemble_of("booth", "momentum:lr=0.05", 8, 8, 90, 1e-3);
  settings.schedule = parse_spec("one_cycle:peak=0.2,total=90", schedule_family()).value();
  expect_exact_everywhere(settings);
  expect_exact_everywhere(ensemble_of("rosenbrock", "gd:lr=0.01", 8, 8, 60, 1e-3));
}

TEST(Ensemble, TakesSubnormalNumbersAsZero) {
  // Every step halves x, until the half would be subnormal.
  const auto halving = ensemble_of("parabola", "gd:lr=0.5", 40, 1, 140);
  expect_exact_everywhere(halving);
  const EnsembleResult halved = run_ensemble(halving).value();
  for (const float x : halved.x) {
    EXPECT_GE(std::fabs(x), 0x1p-126f);
    EXPECT_LT(std::fabs(x), 0x1p-124f);
  }
  expect_exact_everywhere(ensemble_of("quadratic", "adam:lr=0.5,beta1=0.1,beta2=0.5", 5, 5, 300));
}

TEST(Ensemble, OneParticleWithAllThatItIsIsTheSame) {
  // The functions that kernels of a device are made of, put together as they do.
  const auto settings = ensemble_of("rosenbrock", "adam:lr=0.01", 1, 1, 50);
  StepConstants<Adam> constants(settings);
  const auto steps = constants.next(50);
  const formulas::Rosenbrock formula;
  const float slots[] = {0.0f, 0.0f};
  const StartPoint start = start_point(settings.starts, 0, 2);
  auto particle = particle_at<Adam>(formula, slots, start.x, start.y);
  for (const auto& step : steps) advance(particle, formula, step);
  float x = 0.0f, y = 0.0f;
  found_by<Adam>(particle, constants.hyper(), 2, x, y);
  const auto all = run_ensemble(settings).value();
  expect_same(x, all.x[0]);
  expect_same(y, all.y[0]);
  expect_same(particle.slope.loss, all.loss[0]);
}

}  // namespace
}  // namespace thalweg

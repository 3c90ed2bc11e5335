// What every method, and every wrapper around a rule or two, must hold to.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "core/optimizer/wrapper.hpp"
#include "tests/optimizer/toy_objective.hpp"

namespace thalweg::test {
namespace {

struct Case {
  std::string name;
  Spec spec;
};

/// Methods; each wrapper around three rules; wrappers around each other and around a method.
std::vector<std::string> subjects() {
  // Line searches and the like have a suite of their own.
  std::vector<std::string> out = {"lars", "lamb", "muon", "sophia"};
  for (const Descriptor& wrapper : optimizer_wrappers())
    for (const char* base : {"gd", "momentum", "adam"}) out.push_back(wrapper.id + "+" + base);
  out.insert(out.end(), {"lookahead+sam+adam", "local+sam+momentum", "lookahead+local+adam", "sam+sophia",
                         "local+schedule_free_sgd", "delayed+lookahead+lamb"});
  return out;
}

std::string legible(std::string id) {
  std::replace(id.begin(), id.end(), '+', '_');
  return id;
}

/// Each with its defaults, with every choice and flag turned over.
std::vector<Case> cases() {
  std::vector<Case> out;
  for (const std::string& id : subjects()) {
    const OptimizerDescriptor& descriptor = *find_optimizer(id);
    const Spec defaults = default_spec(descriptor);
    out.push_back({legible(id), defaults});
    for (const Parameter& parameter : descriptor.parameters) {
      const auto add = [&](const std::string& suffix, Value value) {
        Spec spec = defaults;
        *spec.find(parameter.key) = std::move(value);
        out.push_back({legible(id) + "_" + parameter.key + suffix, spec});
      };
      if (parameter.kind == Kind::kChoice)
        for (const std::string& choice : parameter.choices) add("_" + choice, choice);
      else if (parameter.kind == Kind::kBoolean)
        add("", defaults.flag(parameter.key) ? 0.0 : 1.0);
    }
  }
  return out;
}

/// A hidden layer's weights and bias, and an output layer's: 3 x 2, 2, 2 x 2, 2.
Layout small_network() {
  return {{.offset = 0, .rows = 3, .columns = 2, .matrix = true},
          {.offset = 6, .columns = 2},
          {.offset = 8, .rows = 2, .columns = 2, .matrix = true, .output = true},
          {.offset = 12, .columns = 2, .output = true}};
}

const std::vector<Layout> kLayouts = {vector_layout(1), vector_layout(2), vector_layout(7), small_network()};

template <class T>
std::unique_ptr<BasicStepper<T>> make(const Spec& spec, const Layout& layout) {
  if constexpr (std::is_same_v<T, double>)
    return make_stepper(spec, layout);
  else
    return make_float_stepper(spec, layout);
}

/// A stepper on its way down the bowl.
template <class T>
struct Going {
  Going(const Spec& spec, const Layout& layout)
      : stepper(make<T>(spec, layout)),
        theta(static_cast<std::size_t>(size_of(layout))),
        gradient(theta.size()),
        objective(theta.size(), ToyObjective::bowl(static_cast<int>(theta.size()))) {
    for (std::size_t i = 0; i < theta.size(); ++i)
      theta[i] = static_cast<T>(1.5 - 0.4 * static_cast<double>(i));
  }
  void advance(int steps, double lr = 0.002) {
    for (int i = 0; i < steps; ++i) {
      objective.begin(theta.data(), gradient.data(), stepper->steps());
      stepper->step(theta.data(), gradient.data(), lr, &objective);
    }
  }
  std::vector<T> found() const {
    std::vector<T> out(theta.size());
    stepper->average(theta.data(), out.data());
    return stepper->averages() ? out : theta;
  }

  std::unique_ptr<BasicStepper<T>> stepper;
  std::vector<T> theta, gradient;
  BasicToyObjective<T> objective;
};

class MethodContract : public ::testing::TestWithParam<Case> {};

TEST_P(MethodContract, MovesAndStaysFinite) {
  for (const Layout& layout : kLayouts) {
    Going<double> run(GetParam().spec, layout);
    const auto before = run.theta;
    run.advance(200);
    EXPECT_EQ(run.stepper->steps(), 200);
    EXPECT_NE(run.theta, before);
    for (std::size_t i = 0; i < before.size(); ++i) {
      EXPECT_TRUE(std::isfinite(run.theta[i]));
      EXPECT_LT(std::abs(run.theta[i]), 6.0);
    }
    std::set<std::string> symbols;
    for (const Insight& insight : run.stepper->insight()) {
      EXPECT_EQ(insight.values.size(), before.size()) << insight.symbol;
      EXPECT_TRUE(symbols.insert(insight.symbol).second) << insight.symbol;
    }
  }
}

/// Moved from outside, and the slope with it, it goes on as if nothing had been.
TEST_P(MethodContract, GoesAlongWhenItIsMoved) {
  Spec spec = GetParam().spec;
  if (Value* decay = spec.find("weight_decay")) *decay = 0.0;
  static const std::set<std::string> kLooksAtItsPlace = {"lars", "lamb"};
  if (std::any_of(kLooksAtItsPlace.begin(), kLooksAtItsPlace.end(),
                  [&](const std::string& id) { return spec.id.ends_with(id); }) ||
      (spec.find("adaptive") && spec.flag("adaptive")))
    return;
  const Layout layout = vector_layout(3);
  const std::vector<double> by = {0.5, -2.0, 1.0};
  for (const int before : {1, 7}) {
    Going<double> still(spec, layout), moved(spec, layout);
    still.advance(before);
    moved.advance(before);
    moved.stepper->shift(by.data());
    for (std::size_t i = 0; i < by.size(); ++i) moved.theta[i] += by[i];
    moved.objective.move(by);
    still.advance(30);
    moved.advance(30);
    const auto a = still.found(), b = moved.found();
    for (std::size_t i = 0; i < by.size(); ++i) EXPECT_NEAR(b[i] - by[i], a[i], 1e-9);
  }
}

TEST_P(MethodContract, SameRunTwiceIsTheSameToTheBit) {
  for (const Layout& layout : kLayouts) {
    Going<double> a(GetParam().spec, layout), b(GetParam().spec, layout);
    a.advance(60);
    b.advance(60);
    EXPECT_EQ(a.theta, b.theta);
  }
}

template <class T>
void expect_exact_state(const Spec& spec, const Layout& layout, int before) {
  Going<T> original(spec, layout), copy(spec, layout);
  original.advance(before);
  const auto state = original.stepper->state();
  copy.advance(5, 0.02);  // whatever it did before must be gone
  copy.stepper->restore(state);
  copy.theta = original.theta;
  EXPECT_EQ(copy.stepper->steps(), before);
  EXPECT_EQ(copy.stepper->state().numbers, state.numbers);
  EXPECT_EQ(copy.stepper->state().scalars, state.scalars);
  if (before > 0 && spec.id.find('+') == std::string::npos) {  // a rule knows its rate again after a step
    const auto mind = original.stepper->insight(), other = copy.stepper->insight();
    for (std::size_t i = 0; i < mind.size(); ++i)
      EXPECT_EQ(mind[i].values, other[i].values) << mind[i].symbol;
  }
  original.advance(40);
  copy.advance(40);
  EXPECT_EQ(original.theta, copy.theta);
  EXPECT_EQ(original.found(), copy.found());
  EXPECT_EQ(original.stepper->save(), copy.stepper->save());
}

TEST_P(MethodContract, SaveAndLoadContinueToTheBit) {
  for (const Layout& layout : kLayouts)
    for (const int before : {0, 1, 13}) {
      expect_exact_state<double>(GetParam().spec, layout, before);
      expect_exact_state<float>(GetParam().spec, layout, before);
    }
}

TEST_P(MethodContract, LoadRefusesStateOfAnotherShapeAndKeepsItsOwn) {
  Going<double> run(GetParam().spec, vector_layout(2));
  run.advance(3);
  const auto state = run.stepper->save();
  auto longer = state;
  longer.push_back(0.0);
  EXPECT_THROW(run.stepper->load(longer), std::invalid_argument);
  EXPECT_THROW(run.stepper->load({}), std::invalid_argument);
  for (const double steps : {-1.0, 0.5, 1e300, std::numeric_limits<double>::quiet_NaN()}) {
    auto wrong = state;
    wrong[0] = steps;
    EXPECT_THROW(run.stepper->load(wrong), std::invalid_argument) << steps;
  }
  EXPECT_EQ(run.stepper->save(), state);
}

TEST_P(MethodContract, LiveSettingsTakeEffectAndKeepTheState) {
  const Spec& spec = GetParam().spec;
  const OptimizerDescriptor& descriptor = *find_optimizer(spec.id);
  const std::string base = spec.id.substr(spec.id.rfind('+') + 1);
  for (const Parameter& parameter : descriptor.parameters) {
    if (!parameter.live || parameter.key == "lr") continue;
    if (parameter.key == "dampening" && spec.text("form") != "pytorch") continue;  // has no effect there
    const Layout layout = small_network();
    Going<double> changed(spec, layout), unchanged(spec, layout);
    changed.advance(21);
    unchanged.advance(21);
    Spec next = spec;
    const double now = spec.number(parameter.key);
    *next.find(parameter.key) = now == parameter.soft_max ? parameter.soft_min : parameter.soft_max;
    ASSERT_FALSE(check(next, descriptor)) << parameter.key;
    const auto state = changed.stepper->save();
    changed.stepper->set(next);
    EXPECT_EQ(changed.stepper->save(), state) << parameter.key;
    changed.advance(100);
    unchanged.advance(100);
    EXPECT_NE(changed.found(), unchanged.found()) << parameter.key << " changed nothing";
  }
}

TEST_P(MethodContract, SettingTheSameChangesNothing) {
  Going<double> a(GetParam().spec, small_network()), b(GetParam().spec, small_network());
  for (int i = 0; i < 30; ++i) {
    a.advance(1);
    b.stepper->set(GetParam().spec);
    b.advance(1);
  }
  EXPECT_EQ(a.theta, b.theta);
}

TEST_P(MethodContract, TheRateGivenIsTheRateUsed) {
  Spec spec = GetParam().spec;
  *spec.find("lr") = 123.0;
  Going<double> a(GetParam().spec, small_network()), b(spec, small_network());
  a.advance(20);
  b.advance(20);
  EXPECT_EQ(a.theta, b.theta);  // the rate in the spec is for whoever calls
  a.advance(1, 0.01);
  b.advance(1, 0.02);
  EXPECT_NE(a.theta, b.theta);
}

TEST_P(MethodContract, WhatIsNotFiniteComesOut) {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity()}) {
    for (const Layout& layout : kLayouts) {
      for (const int before : {0, 10}) {
        Going<double> run(GetParam().spec, layout);
        run.advance(before);
        std::vector<double> by(run.theta.size());
        by[0] = bad;
        run.stepper->shift(by.data());
        run.theta[0] += bad;
        run.advance(5);  // one by one, and a delayed one comes to it
        EXPECT_FALSE(std::isfinite(run.theta[0])) << bad << " after " << before;
      }
      Going<double> run(GetParam().spec, layout);
      run.advance(1, bad);
      EXPECT_FALSE(std::isfinite(run.theta[0])) << "rate " << bad;
    }
  }
}

/// Sums of a tensor's squares are in double, so that little is lost; a step is not chaotic in so few.
TEST_P(MethodContract, SinglePrecisionStaysNearDouble) {
  for (const Layout& layout : kLayouts) {
    Going<double> exact(GetParam().spec, layout);
    Going<float> rounded(GetParam().spec, layout);
    exact.advance(40);
    rounded.advance(40);
    for (std::size_t i = 0; i < exact.theta.size(); ++i)
      EXPECT_NEAR(static_cast<double>(rounded.theta[i]), exact.theta[i], 1e-4);
  }
}

INSTANTIATE_TEST_SUITE_P(All, MethodContract, ::testing::ValuesIn(cases()),
                         [](const auto& each) { return each.param.name; });

class MethodDescription : public ::testing::TestWithParam<std::string> {};

TEST_P(MethodDescription, SaysHowItIsWritten) {
  const OptimizerDescriptor& descriptor = *find_optimizer(GetParam());
  EXPECT_NE(descriptor.torch == nullptr, descriptor.pseudocode.empty());
  EXPECT_EQ(descriptor.find("lr"), &descriptor.parameters.front());
  std::set<std::string> keys;
  for (const Parameter& parameter : descriptor.parameters) {
    EXPECT_TRUE(keys.insert(parameter.key).second) << parameter.key;
    EXPECT_FALSE(parameter.label.empty() || parameter.help.empty()) << parameter.key;
  }
  const Spec spec = default_spec(descriptor);
  EXPECT_EQ(spec_of(format_spec(spec, descriptor, true)), spec);
}

/// Whoever asks for more than the gradient he is handed says so, and no one else.
TEST_P(MethodDescription, SaysWhetherItAsksForMore) {
  const OptimizerDescriptor& descriptor = *find_optimizer(GetParam());
  const auto stepper = make_stepper(default_spec(descriptor), vector_layout(2));
  double theta[2] = {1.0, 2.0}, gradient[2] = {0.1, 0.2};
  if (descriptor.asks_more)
    EXPECT_THROW(stepper->step(theta, gradient, 0.01), std::logic_error);
  else
    EXPECT_NO_THROW(stepper->step(theta, gradient, 0.01));
}

INSTANTIATE_TEST_SUITE_P(All, MethodDescription, ::testing::ValuesIn(subjects()),
                         [](const auto& each) { return legible(each.param); });

/// At the ends of each parameter's bounds an optimizer runs, or is refused with a reason.
TEST(Bounds, EveryParameterAtBothEndsRunsOrIsRefused) {
  std::vector<std::string> all = subjects();
  for (const OptimizerDescriptor& rule : element_wise()) all.push_back(rule.id);
  for (const std::string& id : all) {
    const OptimizerDescriptor& descriptor = *find_optimizer(id);
    for (const Parameter& parameter : descriptor.parameters) {
      if (parameter.kind != Kind::kReal && parameter.kind != Kind::kInteger) continue;
      for (const double end : {parameter.min, parameter.max}) {
        SCOPED_TRACE(id + " " + parameter.key + "=" + std::to_string(end));
        Spec spec = default_spec(descriptor);
        *spec.find(parameter.key) = end;
        if (const auto error = check(spec, descriptor)) {
          EXPECT_FALSE(error->text().empty());
          EXPECT_TRUE((end == parameter.min && parameter.min_open) ||
                      (end == parameter.max && parameter.max_open))
              << error->text();
          continue;
        }
        Going<double> run(spec, small_network());
        run.advance(3, parameter.key == "lr" ? end : 1e-3);
        EXPECT_EQ(run.stepper->steps(), 3);
        for (const double x : run.theta) EXPECT_FALSE(std::isnan(x));
      }
    }
  }
}

TEST(Wrappers, IdsAreStable) {
  std::vector<std::string> ids;
  for (const Descriptor& wrapper : optimizer_wrappers()) ids.push_back(wrapper.id);
  EXPECT_EQ(ids, (std::vector<std::string>{"sam", "lookahead", "delayed", "local"}));
}

/// The settings of all stand side by side.
TEST(Wrappers, HaveNoKeyInCommonWithAnything) {
  for (const Descriptor& wrapper : optimizer_wrappers())
    for (const Parameter& parameter : wrapper.parameters) {
      for (const OptimizerDescriptor& optimizer : optimizers())
        EXPECT_EQ(optimizer.find(parameter.key), nullptr)
            << wrapper.id << ", " << optimizer.id << ": " << parameter.key;
      for (const Descriptor& other : optimizer_wrappers())
        EXPECT_TRUE(&other == &wrapper || !other.find(parameter.key)) << wrapper.id << ", " << other.id;
    }
}

TEST(Wrappers, AreTurnedOnAndOffWithoutChangingAnythingElse) {
  const Spec plain = spec_of("adam:lr=0.3,beta2=0.5");
  const Spec once = *with_wrapper_turned(plain, "sam");
  EXPECT_EQ(once, spec_of("sam+adam:lr=0.3,beta2=0.5"));
  Spec changed = once;
  *changed.find("sam_rho") = 0.7;
  const Spec twice = *with_wrapper_turned(changed, "lookahead");
  EXPECT_EQ(twice, spec_of("lookahead+sam+adam:lr=0.3,beta2=0.5,sam_rho=0.7"));
  EXPECT_EQ(*with_wrapper_turned(twice, "sam"), spec_of("lookahead+adam:lr=0.3,beta2=0.5"));
  EXPECT_EQ(*with_wrapper_turned(*with_wrapper_turned(plain, "delayed"), "delayed"), plain);
  EXPECT_FALSE(with_wrapper_turned(plain, "nothing"));
  static_assert(kMostWrappers == 3);
  EXPECT_FALSE(with_wrapper_turned(*with_wrapper_turned(twice, "delayed"), "local"));
}

TEST(Wrappers, StandBeforeWhatTheyGoAround) {
  EXPECT_NE(find_optimizer("lookahead+sam+adam"), nullptr);
  for (const char* none : {"sam", "sam+", "+adam", "adam+sam", "sam+sam+adam", "sam+nothing", "nothing+adam",
                           "sam+lookahead+sam+adam", "sam+lookahead+delayed+local+adam"})
    EXPECT_EQ(find_optimizer(none), nullptr) << none;
}

}  // namespace
}  // namespace thalweg::test

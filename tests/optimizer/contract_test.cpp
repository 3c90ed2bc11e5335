// What every optimizer must hold to, whatever its rule: run over all descriptors, each with its
// defaults and with every option turned on in turn.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "core/optimizer/optimizer.hpp"
#include "tests/optimizer/toy_objective.hpp"

namespace thalweg::test {
namespace {

/// A value of the slider's range that is not the default.
double other_value(const Parameter& parameter) {
  const double now = std::get<double>(parameter.default_value);
  return now == parameter.soft_max ? parameter.soft_min : parameter.soft_max;
}

struct Case {
  std::string name;
  Spec spec;
};

/// The defaults; each choice; each flag turned over; each number that is 0 by default made 0.05.
std::vector<Case> cases() {
  std::vector<Case> out;
  for (const auto& descriptor : element_wise()) {
    const Spec defaults = default_spec(descriptor);
    out.push_back({descriptor.id, defaults});
    for (const auto& parameter : descriptor.parameters) {
      const auto add = [&](const std::string& suffix, Value value) {
        Spec spec = defaults;
        *spec.find(parameter.key) = std::move(value);
        out.push_back({descriptor.id + "_" + parameter.key + suffix, spec});
      };
      if (parameter.kind == Kind::kChoice) {
        for (const auto& choice : parameter.choices) add("_" + choice, choice);
      } else if (parameter.kind == Kind::kBoolean) {
        add("", defaults.flag(parameter.key) ? 0.0 : 1.0);
      } else if (defaults.number(parameter.key) == 0.0) {
        add("", parameter.kind == Kind::kInteger ? 5.0 : 0.05);
      }
    }
  }
  return out;
}

/// What it has found: theta, or the average.
std::vector<double> found(const Stepper& stepper, const std::vector<double>& theta) {
  std::vector<double> out = theta;
  stepper.average(theta.data(), out.data());
  return stepper.averages() ? out : theta;
}

class OptimizerContract : public ::testing::TestWithParam<Case> {
 protected:
  static std::vector<double> start(int dim) {
    std::vector<double> theta(static_cast<std::size_t>(dim));
    for (int i = 0; i < dim; ++i) theta[static_cast<std::size_t>(i)] = 1.5 - 0.4 * i;
    return theta;
  }
  static void advance(Stepper& stepper, std::vector<double>& theta, int steps, double lr = 0.01) {
    std::vector<double> g(theta.size());
    for (int i = 0; i < steps; ++i) {
      bowl_gradient(theta.data(), g.data(), static_cast<int>(theta.size()));
      stepper.step(theta.data(), g.data(), lr);
    }
  }
};

TEST_P(OptimizerContract, MovesAndStaysFiniteInEveryDimension) {
  for (const int dim : {1, 2, 7}) {
    const auto stepper = make_stepper(GetParam().spec, dim);
    EXPECT_EQ(stepper->steps(), 0);
    auto theta = start(dim);
    advance(*stepper, theta, 300);
    EXPECT_EQ(stepper->steps(), 300);
    const auto before = start(dim);
    for (std::size_t i = 0; i < theta.size(); ++i) {
      EXPECT_TRUE(std::isfinite(theta[i])) << "dim " << dim;
      EXPECT_NE(theta[i], before[i]) << "dim " << dim;
      EXPECT_LT(std::abs(theta[i]), 2.0) << "dim " << dim;
    }
  }
}

TEST_P(OptimizerContract, SameRunTwiceIsTheSameToTheBit) {
  auto first = start(7), second = start(7);
  const auto a = make_stepper(GetParam().spec, 7), b = make_stepper(GetParam().spec, 7);
  advance(*a, first, 200);
  advance(*b, second, 200);
  EXPECT_EQ(first, second);
}

TEST_P(OptimizerContract, ElementsDoNotSeeEachOther) {
  for (const int dim : {2, 7}) {
    const auto together = make_stepper(GetParam().spec, dim);
    std::vector<std::unique_ptr<Stepper>> alone;
    for (int i = 0; i < dim; ++i) alone.push_back(make_stepper(GetParam().spec, 1));
    auto theta = start(dim);
    auto single = theta;
    std::vector<double> g(theta.size());
    for (int step = 0; step < 100; ++step) {
      bowl_gradient(theta.data(), g.data(), dim);
      const auto kept = g;
      together->step(theta.data(), g.data(), 0.01);
      for (std::size_t i = 0; i < theta.size(); ++i) {
        double one = kept[i];
        alone[i]->step(&single[i], &one, 0.01);
      }
      ASSERT_EQ(theta, single) << "dim " << dim << ", step " << step;
    }
  }
}

TEST_P(OptimizerContract, SaveAndLoadContinueToTheBit) {
  for (const int dim : {1, 2, 7}) {
    for (const int before : {0, 1, 37}) {
      const auto original = make_stepper(GetParam().spec, dim);
      auto theta = start(dim);
      advance(*original, theta, before);
      const auto state = original->save();
      auto copied = theta;
      const auto copy = make_stepper(GetParam().spec, dim);
      auto elsewhere = start(dim);
      advance(*copy, elsewhere, 5, 0.02);  // whatever it did before must be gone
      copy->load(state);
      EXPECT_EQ(copy->steps(), before);
      EXPECT_EQ(copy->save(), state);
      advance(*original, theta, 60);
      advance(*copy, copied, 60);
      EXPECT_EQ(theta, copied) << "dim " << dim << ", after " << before;
      EXPECT_EQ(original->save(), copy->save());
    }
  }
}

TEST_P(OptimizerContract, LoadRefusesStateOfAnotherShapeAndKeepsItsOwn) {
  const auto stepper = make_stepper(GetParam().spec, 2);
  auto theta = start(2);
  advance(*stepper, theta, 3);
  const auto state = stepper->save();
  auto longer = state;
  longer.push_back(0.0);
  EXPECT_THROW(stepper->load(longer), std::invalid_argument);
  EXPECT_THROW(stepper->load({}), std::invalid_argument);
  for (const double steps : {-1.0, 0.5, 1e300, std::numeric_limits<double>::quiet_NaN()}) {
    auto wrong = state;
    wrong[0] = steps;
    EXPECT_THROW(stepper->load(wrong), std::invalid_argument) << steps;
  }
  EXPECT_EQ(stepper->save(), state);
}

TEST_P(OptimizerContract, SetKeepsTheStateAndTakesEffect) {
  const Spec& spec = GetParam().spec;
  const auto* descriptor = find_optimizer(spec.id);
  for (const auto& parameter : descriptor->parameters) {
    if (!parameter.live || parameter.kind != Kind::kReal || parameter.key == "lr") continue;
    if (parameter.key == "dampening" && spec.text("form") != "pytorch") continue;  // has no effect there
    if (parameter.key == "t0" && spec.text("found") == "last") continue;           // is of the average alone
    const auto stepper = make_stepper(spec, 2), unchanged = make_stepper(spec, 2);
    auto theta = start(2), other = start(2);
    advance(*stepper, theta, 20);
    advance(*unchanged, other, 20);
    Spec changed = spec;
    *changed.find(parameter.key) = other_value(parameter);
    ASSERT_FALSE(check(changed, *descriptor));
    const auto state = stepper->save();
    stepper->set(changed);
    EXPECT_EQ(stepper->save(), state) << parameter.key;
    // Long enough that also a sign comes out differently.
    advance(*stepper, theta, 200);
    advance(*unchanged, other, 200);
    EXPECT_NE(found(*stepper, theta), found(*unchanged, other)) << parameter.key << " changed nothing";
  }
}

TEST_P(OptimizerContract, SettingTheSameChangesNothing) {
  const auto a = make_stepper(GetParam().spec, 2), b = make_stepper(GetParam().spec, 2);
  auto first = start(2), second = start(2);
  for (int i = 0; i < 50; ++i) {
    advance(*a, first, 1);
    b->set(GetParam().spec);
    advance(*b, second, 1);
  }
  EXPECT_EQ(first, second);
}

TEST_P(OptimizerContract, TheRateGivenIsTheRateUsed) {
  Spec spec = GetParam().spec;
  *spec.find("lr") = 123.0;
  const auto a = make_stepper(GetParam().spec, 2), b = make_stepper(spec, 2);
  auto first = start(2), second = start(2);
  advance(*a, first, 20);
  advance(*b, second, 20);
  EXPECT_EQ(first, second);  // the rate in the spec is for whoever calls
  if (spec.id == "rprop") return;  // takes it at the first update alone
  const int steps = spec.id == "asgd" ? 2 : 1;  // there a rate is felt one step later, as in PyTorch
  advance(*a, first, steps, 0.01);
  advance(*b, second, steps, 0.02);
  EXPECT_NE(first, second);
}

TEST_P(OptimizerContract, WhatIsNotFiniteComesOut) {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity()}) {
    for (const int before : {0, 10}) {
      const auto stepper = make_stepper(GetParam().spec, 2);
      auto theta = start(2);
      advance(*stepper, theta, before);
      double g[2] = {bad, 0.5};
      stepper->step(theta.data(), g, 0.01);
      EXPECT_FALSE(std::isfinite(theta[0])) << bad << " after " << before;
      EXPECT_TRUE(std::isfinite(theta[1])) << bad << " after " << before;
    }
    const Spec& spec = GetParam().spec;
    const auto stepper = make_stepper(spec, 2);
    auto theta = start(2);
    double g[2] = {1.0, 1.0};
    stepper->step(theta.data(), g, bad);
    if (spec.id == "rprop" && std::isinf(bad)) continue;  // between its bounds, as every step size
    EXPECT_FALSE(std::isfinite(theta[0])) << "rate " << bad;
  }
}

INSTANTIATE_TEST_SUITE_P(All, OptimizerContract, ::testing::ValuesIn(cases()),
                         [](const auto& each) { return each.param.name; });

class OptimizerDescription : public ::testing::TestWithParam<std::string> {};

TEST_P(OptimizerDescription, IsComplete) {
  const auto* descriptor = find_optimizer(GetParam());
  ASSERT_NE(descriptor, nullptr);
  EXPECT_FALSE(descriptor->label.empty());
  EXPECT_FALSE(descriptor->summary.empty());
  EXPECT_EQ(descriptor->summary.find('\n'), std::string::npos);
  EXPECT_FALSE(descriptor->formula.empty());
  EXPECT_FALSE(descriptor->reference.empty());
  EXPECT_FALSE(check(default_spec(*descriptor), *descriptor));
  ASSERT_NE(descriptor->find("lr"), nullptr);
  EXPECT_EQ(descriptor->index_of("lr"), 0);
  std::set<std::string> keys;
  for (const auto& parameter : descriptor->parameters) {
    EXPECT_TRUE(keys.insert(parameter.key).second) << parameter.key;
    EXPECT_FALSE(parameter.label.empty()) << parameter.key;
    EXPECT_FALSE(parameter.help.empty()) << parameter.key;
    if (parameter.kind != Kind::kReal) {
      EXPECT_FALSE(parameter.live) << parameter.key;  // a form or a flag gives the state its meaning
      continue;
    }
    EXPECT_FALSE(parameter.symbol.empty()) << parameter.key;
    EXPECT_LT(parameter.soft_min, parameter.soft_max) << parameter.key;
    EXPECT_FALSE(check(parameter, parameter.soft_min)) << parameter.key;
    EXPECT_FALSE(check(parameter, parameter.soft_max)) << parameter.key;
    if (parameter.scale == Scale::kLog) {
      EXPECT_GT(parameter.soft_min, 0.0) << parameter.key;
    }
    if (parameter.scale == Scale::kLogOneMinus) {
      EXPECT_LT(parameter.soft_max, 1.0) << parameter.key;
    }
    const double value = std::get<double>(parameter.default_value);
    EXPECT_TRUE(value == 0.0 || (value >= parameter.soft_min && value <= parameter.soft_max))
        << parameter.key;
  }
}

TEST_P(OptimizerDescription, SpecStringReadsBack) {
  const auto* descriptor = find_optimizer(GetParam());
  const Spec spec = default_spec(*descriptor);
  EXPECT_EQ(spec_of(format_spec(spec, *descriptor)), spec);
  EXPECT_EQ(spec_of(format_spec(spec, *descriptor, true)), spec);
}

/// On the surface people meet first every default makes its way down the valley, without diverging.
TEST_P(OptimizerDescription, DefaultsDescendRosenbrock) {
  if (!find_optimizer(GetParam())->not_on_surfaces.empty()) return;
  const Spec spec = default_spec(*find_optimizer(GetParam()));
  const auto stepper = make_stepper(spec, 2);
  ToyObjective objective(2, ToyObjective::rosenbrock());
  double p[2] = {-1.35, 1.55};
  double g[2];
  const int steps = stepper->uses_gradient() ? 2000 : 10'000;  // one direction at a time
  for (int i = 0; i < steps; ++i) {
    objective.begin(p, g, i);
    stepper->step(p, g, spec.number("lr"), &objective);
    ASSERT_LT(std::hypot(p[0], p[1]), 3.0) << i;
  }
  if (stepper->averages()) stepper->average(p, g), std::copy(g, g + 2, p);
  EXPECT_GT(p[0], 0.5);
  EXPECT_LT(std::abs(p[1] - p[0] * p[0]), 0.05);
}

std::vector<std::string> ids() {
  std::vector<std::string> out;
  for (const auto& descriptor : optimizers()) out.push_back(descriptor.id);
  return out;
}

INSTANTIATE_TEST_SUITE_P(All, OptimizerDescription, ::testing::ValuesIn(ids()),
                         [](const auto& each) { return each.param; });

/// Stored in files and databases: a name may be added, never changed.
TEST(Optimizers, IdsAreStable) {
  EXPECT_EQ(ids(), (std::vector<std::string>{"gd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "rprop",
                                             "adam", "adam_l2", "adamw", "amsgrad", "adamax", "nadam", "radam",
                                             "adabelief", "adan", "lion", "signsgd", "asgd", "schedule_free_sgd",
                                             "schedule_free_adamw", "lars", "lamb", "muon", "sophia", "cg", "lbfgs",
                                             "newton", "gauss_newton", "spsa"}));
  EXPECT_EQ(optimizer_family().members.size(), optimizers().size());
  EXPECT_EQ(find_optimizer("sgdd"), nullptr);
}

TEST(Optimizers, BoundsAreRefusedByName) {
  for (const char* text :
       {"gd:lr=0", "gd:lr=-1", "adam:beta1=1", "adam:beta2=-0.1", "momentum:momentum=1", "rmsprop:alpha=1",
        "adamw:weight_decay=-1", "momentum:form=heavy", "rmsprop:centered=2", "adam:weight_decay=0.1"})
    EXPECT_FALSE(parse_spec(text, optimizer_family())) << text;
  for (const char* text : {"adam:beta1=0", "adam:eps=0", "gd:weight_decay=0", "rmsprop:alpha=0"})
    EXPECT_TRUE(parse_spec(text, optimizer_family())) << text;
}

TEST(Optimizers, UnknownIdIsABrokenInvariant) {
  EXPECT_THROW(make_stepper(Spec{"nothing", {}}, 2), std::logic_error);
  EXPECT_THROW(make_stepper(spec_of("gd"), 0), std::logic_error);
}

/// The slot means velocity in one form and position in another: a change must not pass silently.
TEST(Optimizers, SettingsThatGiveTheStateItsMeaningStay) {
  const auto momentum = stepper_of("momentum:form=pytorch", 2);
  EXPECT_THROW(momentum->set(spec_of("momentum:form=polyak")), std::logic_error);
  const auto rmsprop = stepper_of("rmsprop", 2);
  EXPECT_THROW(rmsprop->set(spec_of("rmsprop:centered=true")), std::logic_error);
}

/// Each kind of id that can't be put together says what is wrong with it.
TEST(Optimizers, WhatCantBeWrappedSaysWhy) {
  const auto why = [](const char* text) {
    const auto spec = parse_spec(text, optimizer_family());
    return spec ? std::string() : spec.error().message;
  };
  EXPECT_EQ(why("sam+adam"), "");
  EXPECT_NE(why("sam").find("goes around another"), std::string::npos);
  EXPECT_NE(why("delayed:delay=0+adam").find("goes around another"), std::string::npos);
  EXPECT_NE(why("sam+adm").find("did you mean 'adam'"), std::string::npos);
  EXPECT_NE(why("foo+adam").find("'foo' does not go around"), std::string::npos);
  EXPECT_NE(why("sam+sam+gd").find("twice"), std::string::npos);
  EXPECT_NE(why("adm").find("did you mean 'adam'"), std::string::npos);
}

}  // namespace
}  // namespace thalweg::test

// Programs of descents, run in PyTorch, against our own runs.
#include <gtest/gtest.h>

#include <cmath>

#include "core/descent/descent.hpp"
#include "core/script/script.hpp"
#include "tests/script/torch.hpp"

namespace thalweg {
namespace {

using test::Program;

DescentSettings descent(const std::string& surface, const std::string& optimizer, int steps,
                        std::vector<double> start = {}) {
  DescentSettings out;
  out.surface = parse_spec(surface, surface_family()).value();
  out.start = start.empty() ? make_surface(out.surface).value()->start() : std::move(start);
  out.optimizer.spec = parse_spec(optimizer, optimizer_family()).value();
  out.gradient.spec = default_spec(gradient_descriptor());
  out.schedule = default_spec(schedules().front());
  out.run = default_spec(run_descriptor());
  *out.run.find("steps") = static_cast<double>(steps);
  return out;
}

struct Case {
  std::string name;
  DescentSettings settings;
};

/// Every program makes as many updates as our run and comes to the same position.
void expect_same_ends(const std::vector<Case>& cases, double tolerance = 1e-10) {
  std::vector<Program> programs;
  for (const Case& one : cases) {
    auto source = pytorch_script(one.settings);
    ASSERT_TRUE(source) << one.name << ": " << source.error().text();
    const bool averages = source->find(").detach().requires_grad_()") != std::string::npos;
    programs.push_back({one.name, *source, {averages ? "x.detach()" : "p.detach()", "step", "loss"}});
  }
  const auto answers = test::run_in_torch(programs);
  if (!answers.missing.empty())
    GTEST_SKIP() << answers.missing << ": " << cases.size() << " programs not run";
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(cases[i].name);
    ASSERT_EQ(answers.errors[i], "") << programs[i].source;
    Descent run(cases[i].settings, make_surface(cases[i].settings.surface).value());
    run.advance(10'000'000);
    const DescentView view = run.view();
    const auto p = test::numbers(answers.answers[i][0]);
    EXPECT_EQ(answers.answers[i][1], view.steps());
    ASSERT_EQ(static_cast<int>(p.size()), view.columns.dim);
    double size = 0.0, distance = 0.0;
    for (int axis = 0; axis < view.columns.dim; ++axis) {
      const double ours = view.table.at(view.steps(), axis);
      size = std::max(size, std::abs(ours));
      distance = std::max(distance, std::abs(p[static_cast<std::size_t>(axis)] - ours));
    }
    EXPECT_LE(distance, tolerance * std::max(size, 1e-3)) << programs[i].source;
  }
}

LiveSpec with_changes(LiveSpec live, std::vector<Change> changes) {
  for (Change& change : changes) live.change(change.step, change.key, std::move(change.value));
  return live;
}

TEST(DescentScript, EveryOptimizerWithItsOptions) {
  std::vector<Case> cases;
  for (const char* optimizer :
       {"gd:lr=0.001",
        "gd:lr=0.001,weight_decay=0.05",
        "momentum:lr=2e-4",
        "momentum:lr=2e-4,momentum=0",
        "momentum:lr=1e-3,momentum=0.9,dampening=0.8,weight_decay=0.02",
        "momentum:lr=2e-4,form=classical",
        "momentum:lr=2e-4,form=polyak,weight_decay=0.02",
        "momentum:lr=2e-3,form=ema",
        "nesterov:lr=2e-4",
        "nesterov:lr=2e-4,momentum=0",
        "nesterov:lr=2e-4,momentum=0.8,weight_decay=0.02",
        "adagrad",
        "adagrad:lr=0.3,lr_decay=0.01,initial_accumulator_value=0.1,eps=1e-3,weight_decay=0.02",
        "rmsprop:lr=0.001",
        "rmsprop:lr=0.0005,centered=true",
        "rmsprop:lr=0.0003,momentum=0.5",
        "rmsprop:lr=0.001,alpha=0.995,eps=1e-2,weight_decay=0.02",
        "adam",
        "adam:lr=0.01,beta1=0.8,beta2=0.995,eps=1e-2",
        "adam_l2:lr=0.01,weight_decay=0.05",
        "adamw:lr=0.01,beta1=0.85,beta2=0.995,eps=1e-4,weight_decay=0.3",
        "amsgrad",
        "amsgrad:lr=0.01,weight_decay=0.05,beta2=0.99",
        "amsgrad:lr=0.01,weight_decay=0.3,beta2=0.99,decoupled_weight_decay=true",
        "amsgrad:lr=0.01,decoupled_weight_decay=true",
        "adam:lr=0.01,bias_correction=false",
        "adamw:lr=0.01,weight_decay=0.3,bias_correction=false",
        "adadelta",
        "adadelta:lr=0.3,rho=0.8,eps=1e-4,weight_decay=0.02",
        "rprop",
        "rprop:lr=0.02,eta_minus=0.4,eta_plus=1.3,step_max=0.1",
        "adamax",
        "adamax:lr=0.002,beta1=0.8,beta2=0.99,weight_decay=0.05",
        "nadam",
        "nadam:lr=0.002,beta2=0.99,weight_decay=0.05,momentum_decay=0.02",
        "nadam:lr=0.002,beta2=0.99,weight_decay=0.5,decoupled_weight_decay=true",
        "radam",
        "radam:lr=0.01,beta2=0.99,weight_decay=0.05",
        "radam:lr=0.003,beta2=0.99,weight_decay=0.5,decoupled_weight_decay=true",
        "adabelief",
        "adabelief:lr=0.002,beta2=0.99,eps=1e-8,weight_decay=0.05",
        "adan:lr=0.002",
        "adan:lr=0.003,weight_decay=0.05",
        "lion",
        "lion:lr=0.003,beta1=0.8,weight_decay=0.1",
        "signsgd",
        "signsgd:lr=0.003,momentum=0.5,weight_decay=0.1",
        "asgd",
        "asgd:lr=0.001,lambd=0.01,alpha=0.6,t0=100,weight_decay=0.02",
        "asgd:lr=0.001,t0=100,found=last",
        "schedule_free_sgd:lr=0.001",
        "schedule_free_sgd:lr=0.002,momentum=0.8,weight_decay=0.02,warmup_steps=50,r=1,weight_lr_power=1",
        "schedule_free_adamw:lr=0.01",
        "schedule_free_adamw:lr=0.005,beta1=0.8,beta2=0.99,eps=1e-3,weight_decay=0.05,warmup_steps=30,r=0.5",
        "lars:lr=0.5",
        "lars:lr=0.05,momentum=0.5,trust_coefficient=0.02,weight_decay=0.1",
        "lamb:lr=0.002",
        "lamb:lr=0.005,beta1=0.8,eps=1e-2,weight_decay=0.1,bias_correction=false",
        "lbfgs",
        "lbfgs:max_iter=3,max_eval=5,history_size=4,lr=0.8",
        "lbfgs:tolerance_grad=1e-3,tolerance_change=1e-6,max_iter=20"})
    cases.push_back({optimizer, descent("rosenbrock", optimizer, 1000, {-1.35, 1.55})});
  // Every one that is written in PyTorch and goes down a surface stands in the list.
  for (const OptimizerDescriptor& rule : optimizers())
    EXPECT_TRUE(!rule.torch || !rule.not_on_surfaces.empty() || std::any_of(cases.begin(), cases.end(), [&](const Case& one) {
      return one.settings.optimizer.spec.id == rule.id;
    })) << rule.id;
  expect_same_ends(cases);
}

DescentSettings scheduled(DescentSettings settings, const std::vector<std::string>& schedules) {
  for (const std::string& text : schedules) {
    Drive drive = parse_drive(text).value();
    if (drive.key.empty())
      settings.schedule = drive.schedule;
    else
      settings.drives.push_back(std::move(drive));
  }
  return settings;
}

TEST(DescentScript, SchedulesMoveTheMomentumAndOtherSettings) {
  std::vector<Case> cases;
  const auto add = [&](const std::string& optimizer, const std::vector<std::string>& schedules) {
    cases.push_back({optimizer + " " + schedules[0],
                     scheduled(descent("rosenbrock", optimizer, 400, {-1.35, 1.55}), schedules)});
  };
  for (const char* schedule : {"one_cycle:total=400", "one_cycle:total=300,three_phase=true",
                               "cyclic:step_size_up=40,min=1e-5", "sequence:constant@100|one_cycle:total=300",
                               "product:warmup|cyclic:step_size_up=30,mode=exp_range"}) {
    add("momentum:lr=2e-4", {schedule});
    add("nesterov:lr=2e-4", {schedule});
    add("momentum:lr=2e-4,form=classical", {schedule});
    add("adam:lr=0.01", {schedule});
    add("gd:lr=1e-3", {schedule});
  }
  add("momentum:lr=2e-4", {"momentum=linear:start_factor=1,end_factor=0.5,total=300"});
  add("momentum:lr=2e-4",
      {"momentum=step:step_size=100,gamma=0.5", "cosine:total=400", "weight_decay=constant:peak=0.1"});
  add("momentum:lr=2e-4", {"momentum=drawn:points=0/0/100/1/200/0/300/1"});
  add("adam:lr=0.01",
      {"beta1=linear:total=400,end_factor=0.2", "beta2=constant:peak=0.99", "eps=exponential"});
  add("adamw:lr=0.01", {"weight_decay=cosine:total=400,peak=0.3"});
  add("rmsprop:lr=0.001", {"alpha=linear:total=400,end_factor=0.9", "momentum=warmup:peak=0.5"});
  add("momentum:lr=2e-4", {"plateau:patience=3,factor=0.5,threshold=0.01"});
  add("adam:lr=0.02", {"plateau:patience=0,factor=0.9,mode=max,cooldown=4"});
  // Own values that change on the way are what "auto" means from then on.
  cases.push_back(
      {"changes", scheduled(descent("rosenbrock", "momentum:lr=2e-4", 400, {-1.35, 1.55}),
                            {"momentum=linear:total=400,end_factor=0.5", "one_cycle:cycle_momentum=false"})});
  cases.back().settings.optimizer = with_changes(
      cases.back().settings.optimizer, {{50, "momentum", 0.8}, {90, "lr", 1e-4}, {120, "weight_decay", 0.1}});
  // A batch under the noise.
  cases.push_back({"batch", scheduled(descent("rosenbrock", "gd:lr=1e-3", 300),
                                      {"batch=batch_ramp:start=1,peak=50,ramp=2000"})});
  *cases.back().settings.gradient.spec.find("noise") = 3.0;
  expect_same_ends(cases);
}

TEST(DescentScript, EverySurface) {
  std::vector<Case> cases;
  for (const SurfaceDescriptor& surface : surfaces())
    cases.push_back({surface.id, descent(surface.id, "adam:lr=0.01", 200)});
  for (const char* surface :
       {"quadratic:eigenvalues=1/10,angle=30", "quadratic:eigenvalues=1/3,condition=20",
        "quadratic:eigenvalues=1/10/100/0.5/-1", "rosenbrock:a=-0.5,b=7", "huber:tau=0.1",
        "sharp_flat:gap=-1,distance=2", "quartic:b=-1,c=-0.5", "ackley:a=10,b=0.5,c=3"})
    cases.push_back({surface, descent(surface, "momentum:lr=1e-3,form=classical", 200)});
  expect_same_ends(cases);
}

TEST(DescentScript, SchedulesMoveTheRate) {
  std::vector<Case> cases;
  for (const char* schedule :
       {"constant:peak=0.003", "step:step_size=70,gamma=0.5", "exponential:gamma=0.995", "linear:total=200",
        "linear:total=300,start_factor=0,end_factor=1.5", "cosine:total=300,min=1e-4",
        "cosine:total=100,min=1e-4", "cosine_warmup:total=250,warmup=40,peak=0.05",
        "cosine_warmup:total=250,warmup=40,convention=from_one,min=1e-3",
        "cosine_warmup:total=20,warmup=40"}) {
    cases.push_back({schedule, descent("booth", "momentum:lr=0.01,momentum=0.5", 300)});
    cases.back().settings.schedule = parse_spec(schedule, schedule_family()).value();
    // Moved on the way: also the rate, which the schedule scales.
    cases.push_back(cases.back());
    cases.back().name += ", changed";
    cases.back().settings.optimizer = with_changes(
        cases.back().settings.optimizer, {{50, "lr", 0.02}, {50, "momentum", 0.7}, {120, "lr", 0.005}});
  }
  expect_same_ends(cases);
}

TEST(DescentScript, ChangesOnTheWay) {
  const auto changed = [](const std::string& optimizer, std::vector<Change> changes) {
    Case out{optimizer + " changed", descent("booth", optimizer, 300)};
    out.settings.optimizer = with_changes(out.settings.optimizer, std::move(changes));
    return out;
  };
  std::vector<Case> cases = {
      changed("gd:lr=0.01", {{100, "lr", 0.002}, {100, "weight_decay", 0.1}, {200, "weight_decay", 0.0}}),
      changed("momentum:lr=0.005", {{50, "momentum", 0.5}, {100, "dampening", 0.5}, {150, "lr", 0.01}}),
      // PyTorch's velocity rests while the momentum is 0, ours does not.
      changed("momentum:lr=0.005", {{50, "momentum", 0.0}, {60, "momentum", 0.9}}),
      changed("momentum:lr=0.005,momentum=0,dampening=0.3", {{7, "momentum", 0.9}}),
      changed("nesterov:lr=0.005", {{50, "momentum", 0.0}, {60, "momentum", 0.9}}),
      changed("nesterov:lr=0.005,momentum=0", {{7, "momentum", 0.8}}),
      changed("rmsprop:lr=0.01,momentum=0",
              {{10, "momentum", 0.8}, {20, "momentum", 0.0}, {30, "momentum", 0.5}}),
      changed("rmsprop:lr=0.01,momentum=0,centered=true", {{10, "momentum", 0.8}, {30, "weight_decay", 0.1}}),
      changed("momentum:lr=0.005,form=classical", {{50, "lr", 0.01}, {70, "momentum", 0.5}}),
      changed("momentum:lr=0.005,form=polyak",
              {{50, "lr", 0.01}, {70, "momentum", 0.0}, {90, "momentum", 0.5}}),
      changed("momentum:lr=0.05,form=ema", {{50, "lr", 0.01}, {70, "momentum", 0.5}}),
      changed("adagrad", {{50, "lr", 0.1}, {60, "lr_decay", 0.01}, {70, "eps", 1e-3}}),
      changed("adam", {{50, "lr", 0.1}, {60, "beta1", 0.5}, {70, "beta2", 0.99}, {80, "eps", 1e-3}}),
      changed("adamw", {{50, "weight_decay", 0.5}}),
      changed("amsgrad", {{50, "lr", 0.1}, {90, "weight_decay", 0.5}}),
      changed("adam", {{0, "lr", 0.1}}),
  };
  expect_same_ends(cases);
}

TEST(DescentScript, NoiseClippingAndEnds) {
  std::vector<Case> cases;
  const auto add = [&](const char* name, const char* surface, const char* optimizer,
                       const std::function<void(DescentSettings&)>& change) {
    cases.push_back({name, descent(surface, optimizer, 300)});
    change(cases.back().settings);
  };
  const auto set = [](LiveSpec& live, const char* key, double value) { *live.spec.find(key) = value; };
  add("clip norm", "rosenbrock", "gd:lr=0.01", [&](auto& s) { set(s.gradient, "clip", 2.0); });
  add("clip value", "rosenbrock", "momentum:lr=0.001", [&](auto& s) { set(s.gradient, "clip_value", 3.0); });
  add("both, changed", "rosenbrock", "gd:lr=0.001", [&](auto& s) {
    s.gradient =
        with_changes(s.gradient, {{20, "clip", 50.0}, {40, "clip_value", 10.0}, {60, "clip", Value{}}});
  });
  add("noise", "booth", "gd:lr=0.01", [&](auto& s) {
    set(s.gradient, "noise", 0.5);
    *s.run.find("seed") = 9007199254740991.0;
  });
  add("noise in one variable", "parabola", "gd:lr=0.01", [&](auto& s) { set(s.gradient, "noise", 0.5); });
  add("noise in five, changed", "quadratic:eigenvalues=1/2/3/4/5", "adam", [&](auto& s) {
    set(s.gradient, "noise", 0.5);
    set(s.gradient, "batch", 16.0);
    s.gradient = with_changes(s.gradient, {{100, "noise", 0.0}, {150, "noise", 1.0}, {150, "batch", 4.0}});
  });
  add("diverges", "booth", "gd:lr=1", [](auto&) {});
  add("converges", "booth", "gd:lr=0.05", [](auto& s) { *s.run.find("tol") = 1e-3; });
  add("converges to one of many", "ackley", "gd:lr=0.01", [](auto& s) { *s.run.find("tol") = 1e-2; });
  add("no minimum known", "expr:x^2 - 0.0001*x", "gd:lr=0.05", [](auto& s) { *s.run.find("tol") = 1e-3; });
  add("no step", "booth", "gd", [](auto& s) { *s.run.find("steps") = 0.0; });
  add("one step", "booth", "gd", [](auto& s) { *s.run.find("steps") = 1.0; });
  expect_same_ends(cases);
}

/// Every program again, uphill: weight decay is not turned round with the gradient.
TEST(DescentScript, GoesUp) {
  std::vector<Case> cases;
  for (const char* optimizer :
       {"gd:lr=0.01,weight_decay=0.05", "momentum:lr=0.005,dampening=0.3,weight_decay=0.02",
        "momentum:lr=0.005,form=classical", "nesterov:lr=0.005,weight_decay=0.02",
        "adagrad:lr=0.3,weight_decay=0.02", "adadelta:weight_decay=0.02", "rmsprop:lr=0.001,weight_decay=0.02",
        "rprop", "adam", "adam:lr=0.01,bias_correction=false", "adam_l2:lr=0.01,weight_decay=0.05",
        "adamw:lr=0.01,weight_decay=0.3", "amsgrad:lr=0.01,weight_decay=0.3,decoupled_weight_decay=true",
        "adamax:lr=0.01,weight_decay=0.02", "nadam:lr=0.01,weight_decay=0.05", "radam:lr=0.01,weight_decay=0.05",
        "asgd:lr=0.01,lambd=0.01", "schedule_free_adamw:lr=0.01", "lamb:lr=0.005", "lion:weight_decay=0.1"})
    cases.push_back({optimizer, descent("expr:sin(x)+cos(y/2)-0.05*(x^2+y^2)", optimizer, 300, {-1.35, 1.55})});
  const auto add = [&](const char* name, const char* optimizer, int steps,
                       const std::function<void(DescentSettings&)>& change) {
    cases.push_back({name, descent("expr:sin(x)+cos(y/2)-0.05*(x^2+y^2)", optimizer, steps, {-1.35, 1.55})});
    change(cases.back().settings);
  };
  for (const char* optimizer : {"gd:lr=0.05", "radam:lr=0.01"}) {
    add("noise, clipped", optimizer, 200, [](auto& s) {
      *s.gradient.spec.find("noise") = 0.5;
      *s.gradient.spec.find("clip") = 0.7;
    });
    add("to its end", optimizer, 2000, [](auto& s) { *s.run.find("tol") = 1e-4; });
  }
  add("by plateau", "gd:lr=0.05", 200,
      [](auto& s) { s.schedule = parse_spec("plateau:mode=max,patience=2", schedule_family()).value(); });
  add("searched", "lbfgs", 12, [](auto&) {});
  add("searched with noise", "lbfgs", 12, [](auto& s) { *s.gradient.spec.find("noise") = 0.2; });
  for (Case& one : cases) *one.settings.gradient.spec.find("maximize") = 1.0;
  expect_same_ends(cases);
}

/// To paste: the argument where PyTorch has it, else what to do instead.
TEST(DescentScript, SaysHowToGoUp) {
  const auto lines = [](const char* optimizer, bool maximize) {
    return pytorch_optimizer_and_schedule(parse_spec(optimizer, optimizer_family()).value(),
                                          default_spec(schedules().front()), 100, "[p]", {}, maximize)
        .value();
  };
  EXPECT_NE(lines("adam", true).find("maximize=True)"), std::string::npos);
  EXPECT_NE(lines("radam", true).find("backward() of -loss"), std::string::npos);
  EXPECT_EQ(lines("radam", true).find("maximize=True"), std::string::npos);
  for (const char* optimizer : {"adam", "radam"})
    EXPECT_EQ(lines(optimizer, false).find("aximize"), std::string::npos);
}

/// A line search looks at the same sample of the noise as the gradient that it begins with. Few steps: what a
/// search does with the last digit is not continuous.
TEST(DescentScript, LineSearchesSeeNoiseClippingAndRates) {
  std::vector<Case> cases;
  const auto add = [&](const char* name, const char* optimizer,
                       const std::function<void(DescentSettings&)>& change) {
    cases.push_back({name, descent("rosenbrock", optimizer, 12)});
    change(cases.back().settings);
  };
  add("noise", "lbfgs", [](auto& s) { *s.gradient.spec.find("noise") = 0.5; });
  add("noise and several iterations", "lbfgs:max_iter=3",
      [](auto& s) { *s.gradient.spec.find("noise") = 2.0; });
  add("clipped", "lbfgs:line_search_fn=none,lr=0.1", [](auto& s) { *s.gradient.spec.find("clip") = 20.0; });
  add("scheduled", "lbfgs",
      [](auto& s) { s.schedule = parse_spec("linear:total=10,end_factor=0.5", schedule_family()).value(); });
  add("changed", "lbfgs", [](auto& s) {
    s.optimizer = with_changes(s.optimizer, {{4, "lr", 0.5}, {6, "tolerance_change", 1e-3}});
  });
  expect_same_ends(cases);
}

/// What is not written in PyTorch is shown as pseudo-code, and has no program.
TEST(DescentScript, ShowsTheUpdateOfOthers) {
  for (const char* optimizer : {"sophia", "sam+adam:sam_rho=0.1", "lookahead+gd"}) {
    const Spec spec = parse_spec(optimizer, optimizer_family()).value();
    const auto lines = pytorch_optimizer(spec);
    ASSERT_TRUE(lines);
    EXPECT_NE(lines->find("#     " + find_optimizer(spec.id)->pseudocode.back()), std::string::npos) << *lines;
    const auto program = pytorch_script(descent("booth", optimizer, 10));
    ASSERT_FALSE(program);
    EXPECT_EQ(program.error().code, ErrorCode::kUnsupported);
  }
}

TEST(DescentScript, RefusesWhatCannotBe) {
  for (const char* optimizer : {"cg", "newton", "gauss_newton", "spsa"})
    EXPECT_FALSE(pytorch_script(descent("booth", optimizer, 10))) << optimizer;  // PyTorch has none
  DescentSettings settings = descent("booth", "gd", 10);
  settings.start = {1.0};
  EXPECT_FALSE(pytorch_script(settings));
  settings = descent("booth", "gd", 10);
  *settings.optimizer.spec.find("lr") = -1.0;
  EXPECT_FALSE(pytorch_script(settings));
}

}  // namespace
}  // namespace thalweg

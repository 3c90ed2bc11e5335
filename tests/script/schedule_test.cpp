// Lines of optimizers and schedules, run in PyTorch.
#include <gtest/gtest.h>

#include <cmath>

#include "core/optimizer/optimizer.hpp"
#include "core/schedule/schedule.hpp"
#include "core/script/script.hpp"
#include "tests/script/torch.hpp"

namespace thalweg {
namespace {

TEST(ScheduleScript, EveryRateOfEverySchedule) {
  struct Case {
    const char* schedule;
    int steps;
    bool native;  ///< whether PyTorch's own scheduler serves
  };
  const Case cases[] = {
      {"constant", 20, false},
      {"constant:peak=0.7", 20, false},
      {"step:step_size=30", 400, true},
      {"step:step_size=7,gamma=0.5,peak=0.3", 100, true},
      {"exponential:gamma=0.95", 2000, true},
      {"exponential:gamma=1.01", 500, true},
      {"linear:total=40", 60, true},
      {"linear:total=500,start_factor=0.3333333333333333,end_factor=1", 700, true},
      {"linear:total=50,start_factor=0,end_factor=2", 70, false},
      {"linear:total=50,start_factor=0.25,end_factor=0", 70, false},
      {"linear:total=1", 5, true},
      {"cosine:total=100", 101, true},
      {"cosine:total=100,min=1e-3", 101, true},
      {"cosine:total=100,min=1e-3", 300, false},
      {"cosine:total=1", 3, false},
      {"cosine_warmup:total=100,warmup=10", 150, false},
      {"cosine_warmup:total=100,warmup=10,min=0.01,convention=from_one", 150, false},
      {"cosine_warmup:total=100,warmup=0", 150, false},
      {"cosine_warmup:total=10,warmup=20", 30, false},
      {"cosine:total=20,after=climb", 90, false},
      {"constant_start:total=30", 60, true},
      {"constant_start:total=30,factor=3", 60, false},
      {"multi_step:milestones=10/20/50,gamma=0.3", 80, true},
      {"multi_step:milestones=0/20,gamma=0.3", 80, false},
      {"polynomial:total=50,power=1.5", 70, true},
      {"polynomial:total=50,power=0", 70, false},
      {"polynomial:total=50,min=0.01", 70, false},
      {"inverse_time", 100, false},
      {"inverse_time:power=0.75", 100, false},
      {"sgdr:T_0=7,T_mult=3", 150, true},
      {"sgdr:T_0=9,T_mult=1,min=0.01", 60, true},
      {"sgdr:T_0=9,T_mult=1,gamma=0.5", 60, false},
      {"sgdr:T_0=9,T_mult=2,gamma=0.5,min=0.01", 60, false},
      {"warmup:warmup=10", 30, false},
      {"warmup:warmup=10,convention=from_one", 30, true},
      {"warmup:warmup=0", 5, false},
      {"cyclic:step_size_up=10,step_size_down=25", 100, true},
      {"cyclic:step_size_up=10,mode=triangular2,min=0.01", 100, true},
      {"cyclic:step_size_up=10,mode=exp_range", 100, true},
      {"one_cycle:total=100", 100, true},
      {"one_cycle:total=100", 150, false},
      {"one_cycle:total=100,three_phase=true,anneal_strategy=linear,peak=0.7", 100, true},
      {"one_cycle:total=100,pct_start=1", 100, false},
      {"one_cycle:total=10,pct_start=0.1", 10, false},
      {"inverse_sqrt:warmup=20", 60, false},
      {"inverse_sqrt:warmup=20,d_model=64,convention=from_one", 60, false},
      {"wsd:warmup=10,decay=20,total=60", 70, false},
      {"wsd:warmup=10,decay=20,total=60,shape=sqrt,min=0.01,convention=from_one", 70, false},
      {"wsd:warmup=0,decay=0,total=60,shape=cosine", 70, false},
      {"tokens:warmup=5000,total=1e5,batch_start=100,batch=900,ramp=20000", 300, false},
      {"tokens:warmup=0,total=1e5,ramp=0,batch=900", 130, false},
      {"drawn:points=3/0/20/1/30/1/50/0.2", 60, false},
      {"drawn:points=3/0.1/20/1/50/0.2,axis=log", 60, false},
      {"drawn:points=3/0.1", 6, false},
      {"sweep:total=50", 60, false},
      {"sweep:total=50,spacing=linear", 60, false},
      {"sequence:constant_start:total=5@20|exponential:gamma=0.9", 60, true},
      {"sequence:linear:total=20,start_factor=0.2,end_factor=1@20|cosine:total=50", 70, true},
      {"sequence:warmup:warmup=10@10|cosine:total=50@40|constant:peak=0.01", 90, false},
      {"product:warmup:warmup=10|(sequence:constant@30|step:step_size=10)", 90, false},
      {"product:linear:total=20,start_factor=0.2,end_factor=1|exponential:gamma=0.9", 70, true}};
  constexpr double kBase = 0.2;
  std::vector<test::Program> programs;
  for (const Case& one : cases) {
    const Spec spec = parse_spec(one.schedule, schedule_family()).value();
    const Spec rule = parse_spec("gd:lr=0.2", optimizer_family()).value();
    const auto lines = pytorch_optimizer_and_schedule(rule, spec, one.steps, "[p]");
    ASSERT_TRUE(lines);
    const bool moves = spec.id != "constant";
    EXPECT_EQ(lines->find("LambdaLR") == std::string::npos && moves, one.native) << *lines;
    programs.push_back({one.schedule,
                        // PyTorch warns of what its own SequentialLR does.
                        "import math\nimport warnings\nimport torch\nwarnings.filterwarnings('ignore', 'The "
                        "epoch parameter')\ntorch.set_default_dtype(torch.float64)\np = torch.zeros(1, "
                        "requires_grad=True)\n" +
                            *lines + "\nrates = []\np.grad = torch.zeros(1)\nfor t in range(" +
                            std::to_string(one.steps) +
                            "):\n    rates.append(optimizer.param_groups[0]['lr'])\n    optimizer.step()\n" +
                            (moves ? "    scheduler.step()\n" : ""),
                        {"rates"}});
  }
  const auto answers = test::run_in_torch(programs);
  if (!answers.missing.empty())
    GTEST_SKIP() << answers.missing << ": " << programs.size() << " schedules not run";
  for (std::size_t i = 0; i < programs.size(); ++i) {
    SCOPED_TRACE(programs[i].source);
    ASSERT_EQ(answers.errors[i], "");
    const auto rates = test::numbers(answers.answers[i][0]);
    ASSERT_EQ(static_cast<int>(rates.size()), cases[i].steps);
    const Spec spec = parse_spec(cases[i].schedule, schedule_family()).value();
    const ScheduleDescriptor& schedule = *find_schedule(spec.id);
    for (int t = 0; t < cases[i].steps; ++t) {
      const double ours = schedule.at(spec, t, kBase);
      // PyTorch's recursions lose digits where a rate nears 0: there it counts against the first one.
      const double scale = std::max(std::abs(ours), 1e-3 * kBase);
      ASSERT_NEAR(rates[static_cast<std::size_t>(t)], ours, 1e-12 * scale) << t;
    }
  }
}

TEST(ScheduleScript, EveryScheduleHasLines) {
  for (const ScheduleDescriptor& schedule : schedules()) {
    const auto lines = pytorch_schedule(default_spec(schedule), 0.1, 100);
    ASSERT_TRUE(lines) << schedule.id << ": " << lines.error().text();
    EXPECT_FALSE(lines->empty() && schedule.id != "constant") << schedule.id;
  }
  EXPECT_NE(pytorch_schedule(default_spec(*find_schedule("plateau")), 0.1, 100)
                .value()
                .find("scheduler.step(loss)"),
            std::string::npos);
  EXPECT_EQ(pytorch_schedule(default_spec(*find_schedule("loss_scale")), 0.1, 100).value(),
            "scaler = torch.cuda.amp.GradScaler(init_scale=65536, growth_factor=2, backoff_factor=0.5, "
            "growth_interval=2000)\n");
}

TEST(ScheduleScript, LinesReadAsPeopleWriteThem) {
  const auto optimizer = [](const char* text) {
    return pytorch_optimizer(parse_spec(text, optimizer_family()).value()).value();
  };
  EXPECT_EQ(optimizer("adam:lr=3e-4"),
            "optimizer = torch.optim.Adam(model.parameters(), lr=3e-4, betas=(0.9, 0.999), eps=1e-8)\n");
  EXPECT_EQ(optimizer("nesterov:lr=0.1"),
            "optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)\n");
  EXPECT_EQ(optimizer("gd:lr=1"), "optimizer = torch.optim.SGD(model.parameters(), lr=1)\n");
  EXPECT_EQ(pytorch_schedule(parse_spec("step:step_size=30", schedule_family()).value(), 0.1, 100).value(),
            "scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30, gamma=0.1)\n"
            "# After each optimizer.step(): scheduler.step()\n");
}

/// Lines to paste bring what they need, and move the momentum where the schedule does.
TEST(ScheduleLines, AreWhole) {
  const auto lines = [](const char* text) {
    return pytorch_schedule(parse_spec(text, schedule_family()).value(), 0.1, 1000).value();
  };
  EXPECT_TRUE(lines("cosine_warmup").starts_with("import math\n"));
  EXPECT_EQ(lines("cosine").find("import"), std::string::npos);
  EXPECT_NE(lines("one_cycle").find("cycle_momentum=True"), std::string::npos);
  EXPECT_NE(lines("one_cycle:cycle_momentum=false").find("cycle_momentum=False"), std::string::npos);
  EXPECT_TRUE(lines("constant").starts_with("#"));
}

}  // namespace
}  // namespace thalweg

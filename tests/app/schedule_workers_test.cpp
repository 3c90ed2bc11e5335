// The workers of the Schedule view with no window: what they publish is what plain loops give, whatever was
// asked for in between.
#include <gtest/gtest.h>

#include <cmath>

#include "app/work/descent_trials.hpp"
#include "app/work/schedule_reader.hpp"
#include "app/work/training_trials.hpp"
#include "core/descent/race.hpp"
#include "core/scene/scene.hpp"

namespace thalweg {
namespace {

Spec schedule(const char* text) { return parse_spec(text, schedule_family()).value(); }

TEST(ScheduleReader, EveryScheduleHasItsOwnValuesAndSums) {
  ScheduleReader reader;
  ScheduleRequest request;
  for (const ScheduleDescriptor& descriptor : schedules())
    request.schedules.push_back({default_spec(descriptor), 0.5});
  request.steps = 700;
  reader.request(request);
  reader.wait();
  const auto snapshot = reader.snapshot();
  ASSERT_EQ(snapshot->curves.size(), request.schedules.size());
  for (std::size_t i = 0; i < request.schedules.size(); ++i) {
    const Spec& spec = request.schedules[i].spec;
    const ScheduleDescriptor& descriptor = *find_schedule(spec.id);
    const ScheduleCurve& curve = *snapshot->curves[i];
    ASSERT_EQ(curve.rate.x.size(), 700U) << spec.id;
    for (std::int64_t t = 0; t < 700; t += 13)
      EXPECT_EQ(curve.rate.y[static_cast<std::size_t>(t)], descriptor.at(spec, t, 0.5)) << spec.id;
    ASSERT_TRUE(curve.sums) << spec.id;
    const ScheduleStatistics sums = schedule_statistics(spec, 700, 0.5);
    EXPECT_EQ(curve.sums->mean, sums.mean) << spec.id;
    EXPECT_EQ(curve.sums->area, sums.area) << spec.id;
    EXPECT_EQ(curve.sums->max_step, sums.max_step) << spec.id;
    const bool moves = descriptor.momentum && !std::isnan(descriptor.momentum(spec, 0));
    EXPECT_EQ(!curve.momentum.empty(), moves) << spec.id;
    if (moves) {
      EXPECT_EQ(curve.effective.y[350],
                descriptor.at(spec, 350, 0.5) / (1.0 - descriptor.momentum(spec, 350)));
    }
  }
}

TEST(ScheduleReader, RequestsOvertakeAndTheLastOneCounts) {
  ScheduleReader reader;
  ScheduleRequest request;
  request.steps = 300'000;
  double sum = 0.0;
  for (int i = 0; i < 60; ++i) {
    const double base = 0.1 + 0.01 * i;
    request.schedules = {{schedule("cosine:total=300000"), base},
                         {schedule("step:step_size=1000,gamma=0.9"), base}};
    if (i % 3 == 0) request.window = StepRange{1000 * i, 1000 * i + 5000};
    reader.request(request);
    const auto snapshot = reader.snapshot();
    for (const auto& curve : snapshot->curves)
      if (curve) sum += curve->rate.y.back();
  }
  EXPECT_TRUE(std::isfinite(sum));
  reader.wait();
  const auto snapshot = reader.snapshot();
  ASSERT_EQ(snapshot->curves.size(), 2U);
  for (const auto& curve : snapshot->curves) {
    EXPECT_EQ(curve->base, request.schedules[0].base);
    ASSERT_TRUE(curve->sums);
    EXPECT_EQ(curve->sums->mean, schedule_statistics(curve->spec, request.steps, curve->base).mean);
  }
  EXPECT_EQ(snapshot->curves[0]->window, request.window);
}

TEST(ScheduleReader, ALookFromCloseByHasEveryStep) {
  ScheduleReader reader;
  ScheduleRequest request;
  request.schedules = {{schedule("cyclic:step_size_up=7,step_size_down=5"), 1.0}};
  request.steps = 1'000'000;
  request.window = StepRange{500'000, 500'400};
  reader.request(request);
  reader.wait();
  const Sampled& rate = reader.snapshot()->curves[0]->rate;
  std::size_t inside = 0;
  for (std::size_t i = 0; i < rate.x.size(); ++i) {
    if (rate.x[i] < 500'000 || rate.x[i] >= 500'400) continue;
    ++inside;
    EXPECT_EQ(rate.y[i], find_schedule("cyclic")->at(request.schedules[0].spec,
                                                     static_cast<std::int64_t>(rate.x[i]), 1.0));
  }
  EXPECT_EQ(inside, 400U);
  EXPECT_EQ(rate.x.back(), 999'999.0);
}

TEST(DescentTrials, EachLaneIsTheDescentWithItsSchedule) {
  const Scene scene = default_scene();
  DescentTrials trials;
  trials.steps = 900;
  for (const char* text : {"cosine:total=900", "step:step_size=100,gamma=0.5", "constant"}) {
    DescentSettings lane = scene.race().lane(3);
    lane.schedule = schedule(text);
    trials.lanes.push_back(lane);
  }
  DescentTrialsWorker worker;
  for (int i = 0; i < 20; ++i) {
    trials.lanes[0].start[0] = -1.0 + 0.01 * i;
    trials.lanes[1].start = trials.lanes[2].start = trials.lanes[0].start;
    worker.request(trials);
  }
  worker.wait();
  const auto view = worker.snapshot();
  ASSERT_EQ(view->lanes.size(), 3U);
  EXPECT_TRUE(view->arrived);
  for (std::size_t i = 0; i < 3; ++i) {
    const DescentSettings& settings = trials.lanes[i];
    Race alone;
    ASSERT_FALSE(alone.set({settings.surface,
                            settings.start,
                            {settings.optimizer},
                            settings.gradient,
                            settings.schedule,
                            settings.run}));
    alone.advance(trials.steps);
    const DescentView expected = alone.view().lanes[0];
    ASSERT_EQ(view->lanes[i].steps(), expected.steps());
    for (std::int64_t row = 0; row <= expected.steps(); row += 50)
      EXPECT_EQ(view->lanes[i].table.at(row, 0), expected.table.at(row, 0)) << i << " " << row;
  }
}

TEST(DescentTrials, ALaneThatCantBeMadeSaysWhyAndTheOthersGoOn) {
  DescentTrials trials;
  trials.steps = 50;
  trials.lanes = {default_scene().race().lane(0), default_scene().race().lane(0)};
  *trials.lanes[1].schedule.find("peak") = -1.0;
  DescentTrialsWorker worker;
  worker.request(trials);
  worker.wait();
  const auto view = worker.snapshot();
  ASSERT_EQ(view->lanes.size(), 2U);
  EXPECT_EQ(view->lanes[0].steps(), 50);
  EXPECT_EQ(view->lanes[1].table.rows(), 0);
  EXPECT_FALSE(view->troubles[0]);
  EXPECT_TRUE(view->troubles[1]);
}

TrainingTrials small_trials() {
  Scene scene = default_scene();
  scene.training.data = parse_spec("blobs:n=400,test=100", dataset_family()).value();
  scene.training.model = parse_model("2-8-3").value();
  *scene.training.training.spec.find("batch") = 16.0;
  *scene.training.training.spec.find("steps") = 120.0;
  TrainingTrials out;
  for (const char* text : {"cosine:total=120", "constant"}) {
    TrainingSettings lane = scene.training.lane(1, 0);
    lane.schedule = schedule(text);
    out.lanes.push_back(lane);
  }
  return out;
}

TEST(TrainingTrials, TrainsOnlyWhenAskedAndAsATrainerAlone) {
  TrainingTrials trials = small_trials();
  TrainingTrialsWorker worker;
  worker.request(trials);
  worker.wait();
  EXPECT_TRUE(worker.snapshot()->lanes.empty());
  trials.go = true;
  worker.request(trials);
  worker.wait();
  const auto view = worker.snapshot();
  ASSERT_FALSE(view->error) << view->error->text();
  EXPECT_TRUE(view->finished);
  EXPECT_FALSE(view->working);
  ASSERT_EQ(view->lanes.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto data = find_dataset(trials.lanes[i].data.id)->load(trials.lanes[i].data, "").value();
    auto alone = Trainer::create(trials.lanes[i], data, make_cpu_engine()).value();
    alone->advance(1000);
    const TableView& steps = view->lanes[i].view.steps;
    ASSERT_EQ(steps.rows(), 120);
    for (std::int64_t row = 0; row < 120; row += 7)
      EXPECT_EQ(steps.at(row, TrainingColumns::kLoss), alone->table().at(row, TrainingColumns::kLoss));
    EXPECT_EQ(steps.at(60, TrainingColumns::kLearningRate),
              find_schedule(trials.lanes[i].schedule.id)
                  ->at(trials.lanes[i].schedule, 60, trials.lanes[i].optimizer.spec.number("lr")));
  }
}

TEST(TrainingTrials, OnlyTheLaneWhoseScheduleChangedIsTrainedAnew) {
  TrainingTrials trials = small_trials();
  trials.go = true;
  TrainingTrialsWorker worker;
  worker.request(trials);
  worker.wait();
  const auto before = worker.snapshot();
  trials.lanes[0].schedule = schedule("cosine:total=60");
  worker.request(trials);
  worker.wait();
  const auto after = worker.snapshot();
  ASSERT_EQ(after->lanes.size(), 2U);
  EXPECT_EQ(*after->lanes[0].settings, trials.lanes[0]);
  EXPECT_EQ(after->lanes[1].settings, before->lanes[1].settings) << "the same object: it was kept";
  EXPECT_TRUE(after->lanes[1].view.steps.extends(before->lanes[1].view.steps));
  EXPECT_TRUE(after->finished);
}

TEST(TrainingTrials, WhatCantBeTrainedSaysWhy) {
  TrainingTrials trials = small_trials();
  trials.go = true;
  trials.lanes[0].model = trials.lanes[1].model = parse_model("5-3").value();
  TrainingTrialsWorker worker;
  worker.request(trials);
  worker.wait();
  EXPECT_TRUE(worker.snapshot()->error);
  EXPECT_FALSE(worker.snapshot()->working);
}

}  // namespace
}  // namespace thalweg

// Histories that have an illness, and some that nearly have it.
#include "core/training/diagnosis.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "tests/training/runs.hpp"

namespace thalweg {
namespace {

double noise(std::int64_t i) {
  return 2.0 * unit_uniform(philox({static_cast<std::uint32_t>(i), 3, 0, 0}, {1, 2})[0], 0) - 1.0;
}

/// A finished run of so many steps with these losses.
TrainingView history(std::int64_t steps, const std::function<double(std::int64_t)>& loss) {
  Table table(TrainingColumns::kCount);
  for (std::int64_t i = 0; i < steps; ++i) {
    const auto tail = table.tail();
    for (int c = 0; c < TrainingColumns::kCount; ++c) tail.column(c)[0] = 0.01;
    tail.column(TrainingColumns::kLoss)[0] = loss(i);
    table.commit(1);
  }
  TrainingView out;
  out.steps = table.view();
  out.epochs = std::make_shared<const std::vector<EpochRecord>>();
  out.outcome = Outcome::kBudget;
  out.steps_per_epoch = out.budget = steps;
  return out;
}

/// What a healthy classification of 10 classes looks like: a quick fall, then a slow one, with noise.
double healthy(std::int64_t i) {
  const double mean = 0.05 + 2.25 * std::exp(-static_cast<double>(i) / 60.0);
  return mean * (1.0 + 0.5 * noise(i));
}

std::string ids(const TrainingView& view, int classes = 10) {
  std::string out;
  for (const Finding& finding : diagnose(view, classes)) {
    EXPECT_FALSE(finding.headline.empty());
    EXPECT_FALSE(finding.evidence.empty());
    EXPECT_LE(finding.first_step, finding.last_step) << finding.id;
    if (finding.id != "healthy" && finding.id != "too_short") {
      EXPECT_FALSE(finding.causes.empty()) << finding.id;
      EXPECT_FALSE(finding.remedy.empty()) << finding.id;
    }
    out += (out.empty() ? "" : " ") + finding.id;
  }
  return out;
}

void with_epochs(TrainingView& view, const std::vector<double>& train, const std::vector<double>& test,
                 bool validated) {
  std::vector<EpochRecord> epochs;
  for (std::size_t e = 0; e < train.size(); ++e) {
    EpochRecord record;
    record.epoch = static_cast<std::int64_t>(e) + 1;
    record.steps = 100 * record.epoch;
    record.train_loss = train[e];
    record.test_loss = test[e];
    if (validated) record.validation_loss = test[e];
    if (validated) record.test_loss = 1.0;
    epochs.push_back(record);
  }
  view.epochs = std::make_shared<const std::vector<EpochRecord>>(epochs);
}

void with_probe(TrainingView& view, const char* id, std::vector<std::string> columns,
                const std::vector<std::vector<double>>& rows) {
  columns.insert(columns.begin(), "step");
  Table table(static_cast<int>(columns.size()));
  for (const auto& row : rows) {
    const auto tail = table.tail();
    for (std::size_t c = 0; c < row.size(); ++c) tail.column(static_cast<int>(c))[0] = row[c];
    table.commit(1);
  }
  view.probes.push_back({.id = id, .columns = std::move(columns), .table = table.view(), .seconds = 0.0});
}

TEST(Diagnosis, AHealthyRun) {
  for (const std::int64_t steps : {30, 47, 100, 469, 938, 9380})
    EXPECT_EQ(ids(history(steps, healthy)), "healthy") << steps;
  EXPECT_EQ(ids(history(29, healthy)), "too_short");
  EXPECT_EQ(ids(history(0, healthy)), "too_short");
  // Batches that are hard now and then, as of a network that has nearly learnt its data.
  EXPECT_EQ(ids(history(4000, [](std::int64_t i) { return i % 97 == 60 ? 8.0 * healthy(i) : healthy(i); })),
            "healthy");
}

TEST(Diagnosis, Diverged) {
  auto view =
      history(18, [](std::int64_t i) { return i < 17 ? 2.3 : std::numeric_limits<double>::infinity(); });
  view.outcome = Outcome::kDiverged;
  const auto found = diagnose(view, 10);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].id, "diverged");
  EXPECT_EQ(found[0].headline, "The loss diverged at step 17.");
  EXPECT_NE(found[0].remedy.find("0.001"), std::string::npos) << found[0].remedy;
}

TEST(Diagnosis, StuckAtChance) {
  const double chance = std::log(10.0);
  EXPECT_EQ(ids(history(200, [&](std::int64_t i) { return chance + 0.05 * noise(i); })), "stuck");
  EXPECT_EQ(
      ids(history(200, [&](std::int64_t i) { return i < 20 ? 5.0 - 0.1 * static_cast<double>(i) : chance; })),
      "stuck");
  EXPECT_EQ(ids(history(200, [&](std::int64_t i) { return chance + 0.05 * noise(i); }), 2), "flat");  // not ln 2
  EXPECT_EQ(ids(history(200, [&](std::int64_t i) { return chance + 0.05 * noise(i); }), 0), "flat");
  // Near chance for a long time, then it begins to learn.
  EXPECT_EQ(ids(history(200,
                        [&](std::int64_t i) {
                          return i < 170 ? chance : chance - 0.03 * static_cast<double>(i - 170);
                        })),
            "healthy");
  EXPECT_EQ(ids(history(200, [&](std::int64_t) { return 0.9 * chance; })), "flat");
  EXPECT_EQ(ids(history(49, [&](std::int64_t) { return chance; })), "healthy");
}

TEST(Diagnosis, Overfitting) {
  for (const bool validated : {true, false}) {
    auto view = history(800, healthy);
    with_epochs(view, {1.0, 0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.01}, {1.0, 0.6, 0.5, 0.52, 0.6, 0.7, 0.8, 0.9},
                validated);
    const auto found = diagnose(view, 10);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].id, "overfitting");
    EXPECT_EQ(found[0].headline, "Overfitting since epoch 3.");
    EXPECT_EQ(found[0].evidence.starts_with(validated ? "the validation loss" : "the test loss"), true);
    EXPECT_EQ(found[0].first_step, 299);
  }
  // Wobbles; both rise together; the last epoch alone is bad.
  for (const auto& [train, test] : std::vector<std::pair<std::vector<double>, std::vector<double>>>{
           {{1.0, 0.5, 0.3, 0.2, 0.1}, {1.0, 0.6, 0.5, 0.52, 0.51}},
           {{1.0, 0.5, 0.3, 0.5, 0.6}, {1.0, 0.6, 0.4, 0.6, 0.7}},
           {{1.0, 0.5, 0.3, 0.2, 0.1}, {1.0, 0.6, 0.5, 0.4, 0.9}},
           {{1.0, 0.1}, {0.5, 0.9}}}) {
    auto view = history(800, healthy);
    with_epochs(view, train, test, true);
    EXPECT_EQ(ids(view), "healthy");
  }
}

TEST(Diagnosis, GrowingOscillation) {
  const auto swinging = [](double growth) {
    return history(200, [growth](std::int64_t i) {
      const double swing = 0.02 * std::exp(growth * static_cast<double>(i));
      return 1.2 - 0.0005 * static_cast<double>(i) + (i % 2 == 0 ? swing : -swing);
    });
  };
  EXPECT_EQ(ids(swinging(0.02)), "oscillation");
  EXPECT_EQ(ids(swinging(0.0)).find("oscillation"), std::string::npos);
  EXPECT_EQ(ids(swinging(-0.02)).find("oscillation"), std::string::npos);
  // With momentum it swings more slowly.
  EXPECT_EQ(ids(history(400,
                        [](std::int64_t i) {
                          const auto t = static_cast<double>(i);
                          return 1.2 - 0.0001 * t + 0.01 * std::exp(0.01 * t) * std::sin(1.7 * t);
                        })),
            "oscillation");
  // The noise grows because the loss is on its way down.
  EXPECT_EQ(ids(history(400,
                        [](std::int64_t i) {
                          const auto t = static_cast<double>(i);
                          return 2.3 * std::exp(-t / 100.0) + 0.02 * std::exp(t / 200.0) * noise(i);
                        }))
                .find("oscillation"),
            std::string::npos);
}

TEST(Diagnosis, SpikeAndRecovery) {
  const auto spiked = [](double height, std::int64_t length) {
    return history(1000, [=](std::int64_t i) { return i >= 500 && i < 500 + length ? height : healthy(i); });
  };
  const auto found = diagnose(spiked(3.0, 10), 10);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].id, "spike");
  EXPECT_EQ(found[0].headline, "The loss spiked at step 500 and recovered.");
  EXPECT_EQ(found[0].last_step, 514);
  EXPECT_EQ(ids(spiked(3.0, 400)), "jump");
  EXPECT_EQ(ids(spiked(0.2, 10)), "healthy");
  EXPECT_EQ(ids(spiked(0.5, 1)), "healthy");
}

TEST(Diagnosis, StillFalling) {
  const auto line = [](double fall) {
    return history(300, [fall](std::int64_t i) {
      return 2.3 - fall * static_cast<double>(i) / 300.0 + 0.002 * noise(i);
    });
  };
  EXPECT_EQ(ids(line(0.8)), "slow");
  EXPECT_EQ(ids(line(0.2)), "slow");
  EXPECT_EQ(ids(line(2.0)), "healthy");
  auto running = line(0.8);
  running.outcome = Outcome::kRunning;
  EXPECT_EQ(ids(running), "healthy");
  EXPECT_EQ(
      ids(history(300, [](std::int64_t i) { return 1.2 + 1.1 * std::exp(-static_cast<double>(i) / 40.0); })),
      "healthy");
}

TEST(Diagnosis, DeadLayers) {
  auto view = history(300, healthy);
  with_probe(view, "activations", {"0.linear: mean", "1.relu: dead", "3.relu: dead"},
             {{0, 0.1, 0.0, 0.1}, {100, 0.1, 0.95, 0.3}, {200, 0.1, 1.0, 0.6}});
  const auto found = diagnose(view, 10);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].headline, "Layer 1.relu is dead since step 100.");
  EXPECT_EQ(found[1].id, "dead_units");
  EXPECT_EQ(found[1].first_step, 200);
  auto fine = history(300, healthy);
  with_probe(fine, "activations", {"1.relu: dead", "3.relu: dead"},
             {{0, 0.9, 0.3}, {100, 0.3, 0.45}, {200, 0.2, std::numeric_limits<double>::quiet_NaN()}});
  EXPECT_EQ(ids(fine), "healthy");
}

TEST(Diagnosis, VanishingGradients) {
  const auto with_norms = [](double first, double second, double last) {
    auto view = history(300, healthy);
    std::vector<std::vector<double>> rows;
    for (int i = 0; i < 6; ++i) rows.push_back({50.0 * i, first, 1e-9, second, last});
    with_probe(view, "gradients", {"0.weight: mean", "0.bias: mean", "2.weight: mean", "4.weight: mean"},
               rows);
    return view;
  };
  EXPECT_EQ(ids(with_norms(1e-5, 1e-2, 1.0)), "vanishing");
  EXPECT_EQ(ids(with_norms(0.0, 0.0, 1.0)), "vanishing");
  EXPECT_EQ(ids(with_norms(0.01, 0.1, 1.0)), "healthy");
  EXPECT_EQ(ids(with_norms(1e-8, 1e-8, 1e-8)), "healthy");
  EXPECT_EQ(diagnose(with_norms(1e-5, 1e-2, 1.0), 10)[0].headline,
            "Hardly any gradient arrives at 0.weight.");
}

// Real runs.

std::string of_run(const TrainingSettings& settings, std::shared_ptr<const Dataset> data) {
  const auto trainer = test::made(settings, std::move(data));
  trainer->advance(1'000'000);
  return ids(trainer->view(), trainer->data().classes);
}

TEST(Diagnosis, OfRealRuns) {
  const auto moons = test::generated("two_moons");
  auto s = test::run_settings("2-32-2", "adam:lr=0.01");
  test::set(s, "epochs", 10.0);
  EXPECT_EQ(of_run(s, moons), "healthy");
  s = test::run_settings("2-32-2", "gd:lr=1e6");
  EXPECT_EQ(of_run(s, moons).substr(0, 8), "diverged");
  s = test::run_settings("2-32-2", "gd:lr=1e-6");
  EXPECT_EQ(of_run(s, moons), "flat");
  // Labels that have nothing to do with the inputs, and a network that can learn them by heart.
  auto noise_data = std::make_shared<Dataset>(*test::toy_data(64, 64));
  for (std::size_t i = 0; i < 64; ++i)
    noise_data->train.labels[i] =
        static_cast<std::uint8_t>(philox({static_cast<std::uint32_t>(i), 0, 0, 0}, {9, 9})[0] % 3);
  s = test::run_settings("8-128-3", "adam:lr=0.01");
  test::set(s, "epochs", 60.0);
  EXPECT_NE(of_run(s, noise_data).find("overfitting"), std::string::npos);
}

}  // namespace
}  // namespace thalweg

// The learning-rate finder and overfitting one batch.
#include <gtest/gtest.h>

#include <numeric>

#include "core/training/curvature_report.hpp"
#include "core/training/lr_find.hpp"
#include "core/training/overfit.hpp"
#include "tests/golden/close.hpp"
#include "tests/training/runs.hpp"

namespace thalweg {
namespace {

/// A curve of `count` rates from 1e-6 to 10 whose loss is a function of the decimal logarithm of the rate.
template <class F>
LrFindResult curve(int count, const F& loss) {
  LrFindResult out;
  for (int i = 0; i < count; ++i) {
    const double log_rate = -6.0 + 7.0 * i / (count - 1);
    out.rates.push_back(std::pow(10.0, log_rate));
    out.losses.push_back(loss(log_rate, i));
  }
  return out;
}

/// Flat, a fall around 10^`centre`, a rise beyond 10^`end`.
double valley(double x, double centre, double end) {
  return 2.3 - 2.0 / (1.0 + std::exp(-4.0 * (x - centre))) + (x > end ? 0.5 * std::pow(x - end, 2) : 0.0);
}

TEST(LrFind, TheSteepestPointOfAKnownCurve) {
  auto r = curve(400, [](double x, int) { return valley(x, -3.0, -1.0); });
  suggest_rate(r, 0.0);
  EXPECT_TRUE(test::close(std::log10(r.steepest), -3.0, 0.1));
  EXPECT_GT(std::log10(r.minimum), -1.5);
  EXPECT_TRUE(test::close(r.tenth, r.minimum / 10.0, 1e-12));
  // Smoothing moves it to the right by about β/(1−β) of 400 steps over 7 decades.
  auto smooth = curve(400, [](double x, int) { return valley(x, -3.0, -1.0); });
  suggest_rate(smooth, 0.9);
  EXPECT_TRUE(test::close(std::log10(smooth.steepest), -3.0 + 9.0 * 7.0 / 400.0, 0.15));
}

TEST(LrFind, AFallBeyondTheMinimumIsNotTakenForIt) {
  // Beyond the minimum the loss jumps up and falls again, more steeply than ever, but not as far.
  auto r = curve(400, [](double x, int) {
    const double base = valley(x, -3.0, 5.0);
    return x < -0.5 ? base : x < 0.0 ? 2.0 : std::max(0.8, 2.0 - 12.0 * x);
  });
  suggest_rate(r, 0.0);
  EXPECT_TRUE(test::close(std::log10(r.steepest), -3.0, 0.1));
}

TEST(LrFind, SaysSoWhereNothingFalls) {
  const auto noise = [](int i) {
    return unit_uniform(philox({static_cast<std::uint32_t>(i), 0, 0, 0}, {1, 2})[0], 0) - 0.5;
  };
  for (const double swing : {0.0, 0.05, 0.5}) {
    auto r = curve(200, [&](double x, int i) { return 2.3 + swing * noise(i) + (x > 0.0 ? x * x : 0.0); });
    suggest_rate(r, 0.9);
    EXPECT_TRUE(std::isnan(r.steepest)) << swing << ' ' << r.verdict;
    EXPECT_NE(r.verdict.find("falls nowhere"), std::string::npos) << r.verdict;
  }
  // The same noise with a fall below it is seen.
  auto r = curve(200, [&](double x, int i) { return valley(x, -3.0, 0.0) + 0.5 * noise(i); });
  suggest_rate(r, 0.9);
  EXPECT_TRUE(test::close(std::log10(r.steepest), -2.7, 0.6));
  auto short_one = curve(5, [](double x, int) { return x; });
  suggest_rate(short_one, 0.9);
  EXPECT_NE(short_one.verdict.find("begin at a lower rate"), std::string::npos);
}

TEST(LrFind, FindsARateThatTrains) {
  const auto data = test::generated("two_moons");
  auto settings = test::run_settings("2-32-2", "gd:lr=1");
  const Spec sweep = default_spec(lr_find_descriptor());
  const auto found = lr_find(settings, data, make_cpu_engine(), sweep);
  ASSERT_TRUE(found);
  ASSERT_TRUE(std::isfinite(found->steepest)) << found->verdict;
  EXPECT_LT(found->steepest, found->minimum);
  EXPECT_EQ(found->rates.size() >= found->smoothed.size(), true);
  EXPECT_TRUE(test::close(found->rates[1] / found->rates[0], std::pow(1e8, 1.0 / 199.0), 1e-12));
  settings.optimizer.spec.values[0].second = found->steepest;
  const auto trainer = test::made(settings, data);
  trainer->advance(1000);
  EXPECT_LT(trainer->epochs().back().test_loss, 0.5);
  int asked = 0;
  const auto stopped =
      lr_find(settings, data, make_cpu_engine(), sweep, [&](double) { return ++asked == 12; });
  ASSERT_TRUE(stopped);
  EXPECT_TRUE(stopped->stopped);
  EXPECT_EQ(stopped->losses.size(), 12u);
  EXPECT_TRUE(std::isnan(stopped->steepest));
}

TEST(LrFind, RefusesASweepThatIsNone) {
  const auto data = test::toy_data(100);
  const auto found = lr_find(test::run_settings(), data, make_cpu_engine(),
                             parse_spec("sweep:min=1,max=0.1", lr_find_descriptor()).value());
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().text().find("min: must be less than max"), std::string::npos);
}

OverfitResult overfit(const TrainingSettings& s, const std::string& limits = "overfit",
                      std::shared_ptr<const Dataset> data = test::toy_data(100)) {
  const auto result = overfit_one_batch(s, std::move(data), make_cpu_engine(),
                                        parse_spec(limits, overfit_descriptor()).value());
  if (!result) throw std::runtime_error(result.error().text());
  return *result;
}

bool hints_at(const OverfitResult& result, const std::string& word) {
  for (const std::string& hint : result.hints)
    if (hint.find(word) != std::string::npos) return true;
  return false;
}

TEST(OverfitOneBatch, PassesWhereANetworkCanLearn) {
  const auto result = overfit(test::run_settings("8-64-3", "adam:lr=0.01"));
  EXPECT_TRUE(result.passed) << result.reason;
  EXPECT_EQ(result.accuracy, 1.0);
  EXPECT_LT(result.loss, 0.01);
  EXPECT_LT(result.losses.size(), 1000u);
  EXPECT_TRUE(result.hints.empty());
  // Label smoothing leaves a loss that nothing gets below.
  auto smoothed = test::run_settings("8-64-3", "adam:lr=0.01");
  smoothed.loss = parse_spec("cross_entropy:label_smoothing=0.1", loss_family()).value();
  const auto above = overfit(smoothed);
  EXPECT_TRUE(above.passed) << above.reason;
  EXPECT_GT(above.floor, 0.2);
  EXPECT_LT(above.loss - above.floor, 0.01);
}

TEST(OverfitOneBatch, SaysWhyItFails) {
  const auto wild = overfit(test::run_settings("8-64-3", "gd:lr=1e6"));
  EXPECT_FALSE(wild.passed);
  EXPECT_NE(wild.reason.find("too large"), std::string::npos) << wild.reason;
  const auto tiny = overfit(test::run_settings("8-64-3", "gd:lr=1e-7"), "overfit:most_steps=50");
  EXPECT_NE(tiny.reason.find("hardly moved"), std::string::npos) << tiny.reason;
  const auto slow = overfit(test::run_settings("8-64-3", "gd:lr=0.01"), "overfit:most_steps=100");
  EXPECT_NE(slow.reason.find("still falling"), std::string::npos) << slow.reason;
  auto braked = test::run_settings("linear:units=8; relu; dropout:p=0.9; linear:units=3",
                                   "adamw:lr=0.001,weight_decay=1");
  const auto held = overfit(braked, "overfit:most_steps=100");
  EXPECT_FALSE(held.passed);
  EXPECT_TRUE(hints_at(held, "Dropout"));
  EXPECT_TRUE(hints_at(held, "Weight decay"));
  EXPECT_FALSE(hints_at(held, "equal samples"));
}

TEST(OverfitOneBatch, EqualSamplesWithDifferentLabels) {
  auto data = std::make_shared<Dataset>(*test::toy_data(32));
  std::copy_n(data->train.bytes.begin(), 8, data->train.bytes.begin() + 8);
  data->train.labels[0] = 0;
  data->train.labels[1] = 1;
  const auto result = overfit(test::run_settings("8-64-3", "adam:lr=0.01"), "overfit:most_steps=200", data);
  EXPECT_FALSE(result.passed);
  EXPECT_LT(result.accuracy, 1.0);
  EXPECT_TRUE(hints_at(result, "equal samples"));
}

TEST(OverfitOneBatch, Regression) {
  const auto data = test::generated("noisy_cubic");
  auto settings = test::run_settings("linear:units=64; tanh; linear:units=1", "adam:lr=0.01");
  settings.loss = parse_spec("squared_error", loss_family()).value();
  test::set(settings, "batch", 4.0);
  const auto result = overfit(settings, "overfit:most_steps=5000", data);
  EXPECT_TRUE(result.passed) << result.reason;
  EXPECT_TRUE(std::isnan(result.accuracy));
}

TEST(CurvatureReport, OfAQuadratic) {
  const auto engine = make_cpu_engine();
  ASSERT_FALSE(engine->load(test::toy_data(60)));
  ASSERT_FALSE(engine->build(test::network("8-3", "gd", "squared_error"), 4));
  std::vector<std::uint32_t> samples(60);
  std::iota(samples.begin(), samples.end(), 0u);
  const Spec gd = parse_spec("gd", optimizer_family()).value();
  const auto report = measure_curvature(
      *engine, samples, gd, 0.05,
      parse_spec("curvature:eigenvalues=4,trace_probes=400,density=200", curvature_descriptor()).value(), 1);
  ASSERT_TRUE(report);
  // The trace and the sum of squares of a matrix that is small enough to be written down.
  const auto hessian = engine->hessian(samples);
  ASSERT_TRUE(hessian);
  const auto size = static_cast<std::size_t>(engine->plan().parameters);
  std::vector<float> unit(size, 0.0f), column(size);
  double trace = 0.0;
  for (std::size_t i = 0; i < size; ++i) {
    unit[i] = 1.0f;
    (*hessian)->multiply(unit, column);
    trace += static_cast<double>(column[i]);
    unit[i] = 0.0f;
  }
  EXPECT_TRUE(test::close(report->trace.mean, trace, 5.0 * report->trace.standard_error));
  EXPECT_LT(report->trace.standard_error, 0.05 * trace);
  ASSERT_EQ(report->spectrum.largest.size(), 4u);
  EXPECT_TRUE(test::close(report->sharpness.value, report->spectrum.largest[0].value,
                          1e-3 * report->sharpness.value));
  EXPECT_GE(report->spectrum.smallest.at(0).value, -1e-3);
  EXPECT_EQ(report->stability_limit, 2.0 / 0.05);
  ASSERT_TRUE(report->density);
  EXPECT_EQ(report->density->x.size(), 200u);
  const auto measured = engine->evaluate(DataPart::kTrain, samples);
  EXPECT_EQ(report->loss, measured->loss);
  const auto adaptive = measure_curvature(*engine, samples, parse_spec("adam", optimizer_family()).value(),
                                          0.05, default_spec(curvature_descriptor()), 1);
  ASSERT_TRUE(adaptive);
  EXPECT_FALSE(adaptive->stability_limit);
  EXPECT_FALSE(adaptive->density);
  const auto stopped = measure_curvature(*engine, samples, gd, 0.05, default_spec(curvature_descriptor()), 1,
                                         [] { return true; });
  ASSERT_TRUE(stopped);
  EXPECT_TRUE(stopped->stopped);
  EXPECT_EQ(stopped->sharpness.products, 0);
}

}  // namespace
}  // namespace thalweg

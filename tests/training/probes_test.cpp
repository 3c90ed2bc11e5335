// Probes: what they measure against values found in other ways, when they do, and that they change nothing.
#include "core/training/probes.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "core/data/order.hpp"
#include "core/training/inspect.hpp"
#include "core/training/noise_scale.hpp"
#include "tests/golden/close.hpp"
#include "tests/training/runs.hpp"

namespace thalweg {
namespace {

const char* const kEveryProbe =
    "evaluation=3,gradients=2,weights=3,activations=2,histograms=4,noise_scale=3,calibration=5,curvature=4,"
    "spectrum=4,trace=4,samples=40,eigenvalues=2";

int column(const ProbeSeries& series, const std::string& name) {
  const auto it = std::find(series.columns.begin(), series.columns.end(), name);
  if (it == series.columns.end()) throw std::runtime_error("no column " + name);
  return static_cast<int>(it - series.columns.begin());
}

TrainingSettings with(const std::string& probes, const std::string& model = "8-16-3",
                      const std::string& optimizer = "adam:lr=0.01") {
  TrainingSettings out = test::run_settings(model, optimizer);
  out.probes = test::probes(probes);
  return out;
}

TEST(Probes, ChangeNoNumberOfTheTraining) {
  for (const char* model : {"8-16-3", "linear:units=16; batch_norm; relu; dropout:p=0.3; linear:units=3",
                            "linear:units=16; layer_norm; gelu; linear:units=3"}) {
    for (const char* optimizer : {"adam:lr=0.01", "momentum:lr=0.1"}) {
      auto on = with(kEveryProbe, model, optimizer);
      auto off = with(test::kNoProbes, model, optimizer);
      for (TrainingSettings* s : {&on, &off}) {
        test::set(*s, "validation", 0.2);
        test::set(*s, "clip_norm", 1.0);
      }
      const auto a = test::made(on), b = test::made(off);
      a->advance(100);
      b->advance(100);
      EXPECT_EQ(a->engine().state(), b->engine().state()) << model;
      for (std::int64_t t = 0; t < b->steps(); ++t)
        EXPECT_EQ(a->table().at(t, TrainingColumns::kLoss), b->table().at(t, TrainingColumns::kLoss));
      EXPECT_EQ(a->view().probes.size(), 9u) << model;
      EXPECT_FALSE(a->view().histograms->empty());
      EXPECT_TRUE(b->view().probes.empty());
      EXPECT_TRUE(b->view().histograms->empty());
    }
  }
}

TEST(Probes, MeasureAtTheirStepsAndSayWhatItCost) {
  const auto trainer = test::made(with("gradients=3,weights=5,activations=off,histograms=4"));
  trainer->advance(100);
  const TrainingView view = trainer->view();
  ASSERT_EQ(view.probes.size(), 2u);
  const ProbeSeries& gradients = *view.find("gradients");
  ASSERT_EQ(gradients.table.rows(), 6);  // 0, 3, ... 15 of 16 steps
  for (std::int64_t row = 0; row < 6; ++row)
    EXPECT_EQ(gradients.table.at(row, 0), 3.0 * static_cast<double>(row));
  EXPECT_EQ(view.find("weights")->table.rows(), 4);
  EXPECT_EQ(view.histograms->size(), 4u);
  EXPECT_EQ(view.histograms->back()->step, 12);
  double cost = 0.0, updates = 0.0;
  for (const ProbeSeries& series : view.probes) {
    EXPECT_GT(series.seconds, 0.0) << series.id;
    cost += series.seconds;
  }
  for (const EpochRecord& epoch : *view.epochs) updates += epoch.seconds;
  EXPECT_GT(view.histogram_seconds, 0.0);
  EXPECT_GE(view.seconds, updates + cost + view.histogram_seconds);
}

TEST(Probes, TurnedOnAndOffWhileItTrains) {
  auto s = with("gradients=2,weights=off,activations=off,histograms=off");
  const auto trainer = test::made(s);
  trainer->advance(4);
  s.probes = test::probes("gradients=off,weights=2,activations=off,histograms=off");
  ASSERT_FALSE(trainer->retarget(s));
  trainer->advance(4);
  s.probes = test::probes("gradients=3,weights=off,activations=off,histograms=off");
  ASSERT_FALSE(trainer->retarget(s));
  trainer->advance(2);
  const TrainingView view = trainer->view();
  const TableView& gradients = view.find("gradients")->table;
  ASSERT_EQ(gradients.rows(), 3);  // 0, 2, then 9
  EXPECT_EQ(gradients.at(2, 0), 9.0);
  EXPECT_EQ(view.find("weights")->table.rows(), 2);
}

TEST(Probes, GradientNormsOfTheInterval) {
  const auto trainer = test::made(with("gradients=3,weights=off,activations=off,histograms=off"));
  const Plan plan = trainer->engine().plan();
  std::vector<std::vector<double>> norms(plan.tensors.size());
  while (trainer->steps() < 4) {
    trainer->advance(1);
    double all = 0.0;
    for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
      double sum = 0.0;
      for (std::int64_t k = 0; k < plan.tensors[i].size(); ++k)
        sum +=
            std::pow(static_cast<double>(
                         trainer->engine().gradient()[static_cast<std::size_t>(plan.tensors[i].offset + k)]),
                     2);
      norms[i].push_back(std::sqrt(sum));
      all += sum;
    }
    EXPECT_TRUE(test::close(trainer->table().at(trainer->steps() - 1, TrainingColumns::kGradientNorm),
                            std::sqrt(all), 1e-5));
  }
  const ProbeSeries series = *trainer->view().find("gradients");
  ASSERT_EQ(series.table.rows(), 2);
  for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
    const auto at = [&](const char* what) {
      return series.table.at(1, column(series, plan.tensors[i].name + ": " + what));
    };
    const std::vector<double> interval(norms[i].begin() + 1, norms[i].end());  // steps 1 to 3
    EXPECT_TRUE(test::close(at("min"), *std::min_element(interval.begin(), interval.end()), 1e-5));
    EXPECT_TRUE(test::close(at("max"), *std::max_element(interval.begin(), interval.end()), 1e-5));
    EXPECT_TRUE(test::close(at("mean"), std::accumulate(interval.begin(), interval.end(), 0.0) / 3.0, 1e-5));
  }
}

TEST(Probes, WeightsUpdatesAndRates) {
  const auto trainer =
      test::made(with("gradients=off,weights=2,activations=off,histograms=off", "8-16-3", "gd:lr=0.1"));
  trainer->advance(2);
  const auto copy = [&] {
    const auto now = trainer->engine().parameters();
    return std::vector<float>(now.begin(), now.end());
  };
  const std::vector<float> before = copy();
  trainer->advance(1);  // step 2, which is measured
  const std::vector<float> after = copy();
  const ProbeSeries series = *trainer->view().find("weights");
  ASSERT_EQ(series.table.rows(), 2);
  for (const TensorInfo& tensor : trainer->engine().plan().tensors) {
    double norm = 0.0, update = 0.0;
    for (std::int64_t k = tensor.offset; k < tensor.offset + tensor.size(); ++k) {
      const auto i = static_cast<std::size_t>(k);
      norm += std::pow(static_cast<double>(after[i]), 2);
      update += std::pow(static_cast<double>(after[i]) - static_cast<double>(before[i]), 2);
    }
    EXPECT_TRUE(
        test::close(series.table.at(1, column(series, tensor.name + ": norm")), std::sqrt(norm), 1e-5));
    EXPECT_TRUE(test::close(series.table.at(1, column(series, tensor.name + ": update ratio")),
                            std::sqrt(update / norm), 1e-5));
    EXPECT_TRUE(test::close(series.table.at(1, column(series, tensor.name + ": effective rate")), 0.1, 1e-7));
  }
  EXPECT_EQ(series.table.at(1, column(series, "learning rate")), 0.1);
  EXPECT_TRUE(std::isnan(series.table.at(1, column(series, "momentum"))));
  const auto adam = test::made(with("weights=2", "8-16-3", "adam:lr=0.01,beta1=0.8"));
  adam->advance(1);
  const ProbeSeries other = *adam->view().find("weights");
  EXPECT_EQ(other.table.at(0, column(other, "momentum")), 0.8);
}

TEST(Probes, ActivationsAndDeadUnits) {
  const auto trainer = test::made(with("activations=1,histograms=1,samples=50"));
  EngineState state = trainer->engine().state();
  const Plan plan = trainer->engine().plan();
  const TensorInfo& bias = plan.tensors[1];
  ASSERT_EQ(bias.name, "0.bias");
  for (int unit = 0; unit < 4; ++unit) state.parameters[static_cast<std::size_t>(bias.offset + unit)] = -1e6f;
  ASSERT_FALSE(trainer->engine().restore(state));
  trainer->advance(1);
  const TrainingView view = trainer->view();
  const ProbeSeries& series = *view.find("activations");
  EXPECT_EQ(series.columns, (std::vector<std::string>{"step", "0.linear: mean", "0.linear: deviation",
                                                      "1.relu: mean", "1.relu: deviation", "1.relu: dead",
                                                      "2.linear: mean", "2.linear: deviation"}));
  EXPECT_GE(series.table.at(0, column(series, "1.relu: dead")), 0.25);
  EXPECT_LT(series.table.at(0, column(series, "1.relu: dead")), 1.0);
  EXPECT_LT(series.table.at(0, column(series, "0.linear: mean")), -1e5);
  const HistogramShot& shot = *view.histograms->front();
  ASSERT_EQ(shot.weights.size(), plan.tensors.size());
  ASSERT_EQ(shot.activations.size(), plan.layers.size());
  for (std::size_t i = 0; i < plan.tensors.size(); ++i)
    for (const Histogram* h : {&shot.weights[i], &shot.gradients[i]}) {
      EXPECT_EQ(std::accumulate(h->counts.begin(), h->counts.end(), std::int64_t{0}), plan.tensors[i].size());
      EXPECT_EQ(h->not_finite, 0);
    }
  EXPECT_EQ(shot.weights[1].low, -1e6);
  EXPECT_EQ(shot.weights[1].counts.front(), 4);
}

TEST(Probes, EvaluationAndCalibration) {
  auto s = with("evaluation=4,calibration=4");
  test::set(s, "validation", 0.3);
  const auto trainer = test::made(s);
  trainer->advance(5);
  const TrainingView view = trainer->view();
  const auto seen =
      inspect(trainer->engine(), trainer->data(), DataPart::kTrain, trainer->samples().validation);
  const ProbeSeries& calibration = *view.find("calibration");
  EXPECT_EQ(calibration.table.rows(), 2);
  EXPECT_EQ(calibration.table.at(1, column(calibration, "calibration error")), seen->calibration_error);
  EXPECT_EQ(calibration.table.at(1, column(calibration, "accuracy")), seen->accuracy);
  const ProbeSeries& evaluation = *view.find("evaluation");
  EXPECT_EQ(evaluation.columns, (std::vector<std::string>{"step", "validation loss", "validation accuracy",
                                                          "test loss", "test accuracy"}));
  EXPECT_EQ(evaluation.table.at(1, 3), trainer->engine().evaluate(DataPart::kTest)->loss);
  EXPECT_EQ(evaluation.table.at(1, 1),
            trainer->engine().evaluate(DataPart::kTrain, trainer->samples().validation)->loss);
}

TEST(Probes, ARegressionHasNoCalibration) {
  auto s = test::run_settings("linear:units=8; tanh; linear:units=1");
  s.loss = parse_spec("squared_error", loss_family()).value();
  const auto data = test::generated("noisy_cubic");
  s.probes = test::probes("calibration=5");
  EXPECT_NE(test::refusal(s, data).find("calibration"), std::string::npos);
  s.probes = test::probes("evaluation=4");
  test::set(s, "steps", 5.0);
  const auto trainer = test::made(s, data);
  trainer->advance(10);
  EXPECT_EQ(trainer->view().find("evaluation")->columns, (std::vector<std::string>{"step", "test loss"}));
}

TEST(NoiseScale, IsWithoutBias) {
  const auto data = test::toy_data(60);
  const auto engine = make_cpu_engine();
  ASSERT_FALSE(engine->load(data));
  ASSERT_FALSE(engine->build(test::network("8-3"), 4));
  const auto count = static_cast<std::size_t>(engine->plan().parameters);
  // The truth, from every single sample's gradient.
  std::vector<std::vector<float>> each(60, std::vector<float>(count));
  std::vector<double> mean(count, 0.0);
  for (std::uint32_t i = 0; i < 60; ++i) {
    ASSERT_FALSE(engine->loss_gradient(std::vector{i}, each[i]));
    for (std::size_t k = 0; k < count; ++k) mean[k] += static_cast<double>(each[i][k]) / 60.0;
  }
  double squared = 0.0, trace = 0.0;
  for (std::size_t k = 0; k < count; ++k) {
    squared += mean[k] * mean[k];
    for (const auto& gradient : each) trace += std::pow(static_cast<double>(gradient[k]) - mean[k], 2) / 59.0;
  }
  // Drawn without putting back, the expectation of tr Σ is exact and that of ‖G‖² lower by tr Σ / 60.
  constexpr int kDraws = 3000;
  double squared_sum = 0.0, trace_sum = 0.0;
  std::vector<std::uint32_t> order(60);
  for (int draw = 0; draw < kDraws; ++draw) {
    std::iota(order.begin(), order.end(), 0u);
    shuffle(order, 7, RandomStream::kProbeSamples, static_cast<std::uint64_t>(draw));
    const auto noise = measure_noise(*engine, std::span(order).first(16));
    ASSERT_TRUE(noise);
    squared_sum += noise->squared_gradient / kDraws;
    trace_sum += noise->trace / kDraws;
  }
  EXPECT_TRUE(test::close(trace_sum, trace, 0.02 * trace));
  EXPECT_TRUE(test::close(squared_sum, squared - trace / 60.0, 0.05 * squared));
}

TEST(NoiseScale, AveragesBothPartsByThemselves) {
  const GradientNoise a = gradient_noise(2.0 + 8.0 / 4.0, 4.0, 2.0 + 8.0 / 32.0, 32.0);
  EXPECT_TRUE(test::close(a.squared_gradient, 2.0, 1e-12));
  EXPECT_TRUE(test::close(a.trace, 8.0, 1e-12));
  NoiseScale scale;
  EXPECT_TRUE(std::isnan(scale.value()));
  scale.add({1.0, 6.0});
  EXPECT_TRUE(test::close(scale.value(), 6.0, 1e-12));
  scale.add({3.0, 2.0});
  EXPECT_TRUE(test::close(scale.value(), (0.9 * 6.0 + 2.0) / (0.9 + 3.0), 1e-12));
  scale.add({-100.0, 2.0});
  EXPECT_TRUE(std::isnan(scale.value()));
}

TEST(Probes, CurvatureOfAQuadratic) {
  // A linear network with squared error: the Hessian is the same everywhere, and known.
  auto s = with(
      "curvature=2,spectrum=4,trace=1,samples=100,eigenvalues=3,gradients=off,weights=off,activations=off,"
      "histograms=off",
      "8-3", "momentum:lr=0.05,momentum=0.5");
  s.loss = parse_spec("squared_error", loss_family()).value();
  const auto trainer = test::made(s);
  trainer->advance(9);
  const TrainingView view = trainer->view();
  std::vector<std::uint32_t> all(100);
  std::iota(all.begin(), all.end(), 0u);
  const auto hessian = trainer->engine().hessian(all);
  ASSERT_TRUE(hessian);
  const auto size = static_cast<std::size_t>(trainer->engine().plan().parameters);
  std::vector<float> v(size, 0.0f), out(size);
  double trace = 0.0;
  for (std::size_t i = 0; i < size; ++i) {
    v[i] = 1.0f;
    (*hessian)->multiply(v, out);
    trace += static_cast<double>(out[i]);
    v[i] = 0.0f;
  }
  // Plain power iteration in double on the same products.
  std::fill(v.begin(), v.end(), 1.0f);
  v[0] = 2.0f;
  double largest = 0.0;
  for (int k = 0; k < 500; ++k) {
    (*hessian)->multiply(v, out);
    double norm = 0.0;
    for (const float x : out) norm += static_cast<double>(x) * static_cast<double>(x);
    largest = std::sqrt(norm);
    for (std::size_t i = 0; i < size; ++i) v[i] = static_cast<float>(static_cast<double>(out[i]) / largest);
  }
  const ProbeSeries& curvature = *view.find("curvature");
  ASSERT_EQ(curvature.table.rows(), 5);
  EXPECT_TRUE(test::close(curvature.table.at(4, 1), largest, 0.01 * largest));
  EXPECT_TRUE(test::close(curvature.table.at(4, 3), 2.0 * 1.5 / 0.05, 1e-9));
  EXPECT_LE(curvature.table.at(4, 4), 5.0);  // a warm start on a constant Hessian
  const ProbeSeries& spectrum = *view.find("spectrum");
  EXPECT_EQ(spectrum.columns, (std::vector<std::string>{"step", "λ1", "λ2", "λ3", "largest residual"}));
  EXPECT_TRUE(test::close(spectrum.table.at(2, 1), largest, 0.01 * largest));
  EXPECT_GE(spectrum.table.at(2, 1), spectrum.table.at(2, 2));
  const ProbeSeries& traces = *view.find("trace");
  double mean = 0.0;
  for (std::int64_t row = 0; row < traces.table.rows(); ++row)
    mean += traces.table.at(row, 1) / static_cast<double>(traces.table.rows());
  EXPECT_TRUE(test::close(mean, trace, 0.1 * trace));
  EXPECT_GT(traces.table.at(0, 2), 0.0);
}

TEST(Probes, SurviveACheckpoint) {
  auto s = with("gradients=2,weights=2,histograms=3");
  const auto first = test::made(s), second = test::made(s);
  first->advance(6);
  ASSERT_FALSE(second->restore(first->state()));
  second->advance(3);
  EXPECT_EQ(second->view().find("weights")->table.rows(), 5);  // 0, 2, 4, then 6, 8
  EXPECT_EQ(second->view().find("weights")->table.at(1, 3), first->view().find("weights")->table.at(1, 3));
  EXPECT_EQ(second->view().histograms->size(), 3u);
}

TEST(Probes, NamesOfLayers) {
  const Plan plan =
      thalweg::plan(parse_model("linear:units=4; relu; linear:units=4; batch_norm; linear:units=3").value(),
                    8, 3)
          .value();
  EXPECT_EQ(layer_names(plan),
            (std::vector<std::string>{"0.linear", "1.relu", "2.linear", "3.batch_norm", "4.linear"}));
  Plan block = plan;
  block.layers[2].place = block.layers[4].place = 2;
  EXPECT_EQ(layer_names(block)[2], "2.linear1");
  EXPECT_EQ(layer_names(block)[4], "2.linear2");
}

}  // namespace
}  // namespace thalweg

// Products with the Gauss-Newton matrix against Jᵀ H_L J v of the reference network in long double: J by
// central differences of its outputs, H_L written out. And the methods that look at more than the gradient,
// at work on a small network.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "core/nn/cpu_hessian.hpp"
#include "tests/golden/close.hpp"
#include "tests/nn/engines.hpp"

namespace thalweg {
namespace {

constexpr std::uint32_t kSamples[] = {0, 5, 17, 40, 41, 90, 3};

double normal(std::uint64_t number, std::size_t i) {
  return normal_pair(4, RandomStream::kWeights, number, static_cast<std::uint32_t>(i))[0];
}

std::unique_ptr<TrainingEngine> engine_for(const NetworkSettings& settings) {
  auto engine = test::built(settings, test::toy_data());
  EngineState state = engine->state();
  for (std::size_t i = 0; i < state.parameters.size(); ++i)
    state.parameters[i] = static_cast<float>(0.7 * normal(9, i));
  for (std::size_t i = 0; i < state.buffers.size(); ++i)
    state.buffers[i] = static_cast<float>(0.6 + 0.3 * std::tanh(normal(10, i)));
  if (engine->restore(state)) std::abort();
  return engine;
}

/// The outputs of the reference network and their derivatives along a direction.
class Outputs {
 public:
  using Row = std::vector<long double>;

  Outputs(const NetworkSettings& settings, const TrainingEngine& engine, long double h)
      : net_(engine.plan(), test::reference_loss(settings.loss), 7),
        batch_(test::reference_batch<long double>(*test::toy_data(), kSamples)),
        h_(h) {
    const EngineState state = engine.state();
    net_.buffers.assign(state.buffers.begin(), state.buffers.end());
    base_.assign(state.parameters.begin(), state.parameters.end());
  }

  Row at(std::span<const float> v, long double far) {
    for (std::size_t k = 0; k < base_.size(); ++k)
      net_.parameters[k] = base_[k] + far * static_cast<long double>(v[k]);
    net_.forward(batch_, false);
    return net_.outputs();
  }
  /// J v, samples x outputs.
  Row moved(std::span<const float> v) {
    Row out = at(v, h_);
    const Row behind = at(v, -h_);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = (out[i] - behind[i]) / (2.0L * h_);
    return out;
  }

 private:
  ReferenceNet<long double> net_;
  ReferenceBatch<long double> batch_;
  long double h_;
  Row base_;
};

/// H_L r of the mean loss, for `width` outputs a sample.
Outputs::Row loss_hessian(const Outputs::Row& outputs, const Outputs::Row& r, std::size_t width, bool cross) {
  Outputs::Row out(r.size());
  const auto samples = static_cast<long double>(r.size() / width);
  for (std::size_t first = 0; first < r.size(); first += width) {
    long double sum = 0.0L, mean = 0.0L;
    for (std::size_t k = first; k < first + width; ++k) sum += std::exp(outputs[k]);
    for (std::size_t k = first; k < first + width; ++k) mean += std::exp(outputs[k]) / sum * r[k];
    for (std::size_t k = first; k < first + width; ++k)
      out[k] = (cross ? std::exp(outputs[k]) / sum * (r[k] - mean)
                      : 2.0L * r[k] / static_cast<long double>(width)) /
               samples;
  }
  return out;
}

class GaussNewtonProduct : public ::testing::TestWithParam<const char*> {};

TEST_P(GaussNewtonProduct, IsThatOfTheOutputs) {
  const std::string model = GetParam();
  for (const char* loss : {"cross_entropy", "squared_error"}) {
    const NetworkSettings settings = test::network(model, "gd", loss);
    const auto engine = engine_for(settings);
    const EngineState state = engine->state();
    const auto product = make_cpu_hessian({.plan = engine->plan(),
                                           .loss = settings.loss,
                                           .data = test::toy_data(),
                                           .samples = {std::begin(kSamples), std::end(kSamples)},
                                           .parameters = state.parameters,
                                           .buffers = state.buffers,
                                           .gauss_newton = true});
    std::vector<float> v(state.parameters.size()), found(v.size(), 7.0f), unit(v.size());
    for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<float>(normal(1, i));
    product->multiply(v, found);
    const bool kinks = model.find("relu") != std::string::npos;
    Outputs outputs(settings, *engine, kinks ? 1e-8L : 1e-5L);
    const auto width = static_cast<std::size_t>(engine->plan().outputs);
    const auto weighted = loss_hessian(outputs.at(v, 0.0L), outputs.moved(v), width, loss[0] == 'c');
    std::vector<std::pair<std::size_t, double>> expected;
    double largest = 0.0;
    for (std::size_t i = 0; i < v.size(); i += v.size() / 40 + 1) {
      unit.assign(v.size(), 0.0f);
      unit[i] = 1.0f;
      const auto column = outputs.moved(unit);
      long double sum = 0.0L;
      for (std::size_t k = 0; k < column.size(); ++k) sum += column[k] * weighted[k];
      expected.emplace_back(i, static_cast<double>(sum));
      largest = std::max(largest, std::abs(expected.back().second));
    }
    EXPECT_GT(largest, 1e-3) << "nothing was compared";
    for (const auto& [i, value] : expected)
      EXPECT_TRUE(test::close(found[i], value, 1e-5 * largest)) << loss << ", component " << i;
    double bent = 0.0;
    for (std::size_t i = 0; i < v.size(); ++i)
      bent += static_cast<double>(v[i]) * static_cast<double>(found[i]);
    EXPECT_GE(bent, 0.0);  // never a negative curvature
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, GaussNewtonProduct, ::testing::ValuesIn(test::kNetworks));

/// Loss of the whole toy set after so many steps with all of it.
std::vector<double> losses(const std::string& optimizer, int steps,
                           const std::string& loss = "cross_entropy") {
  const auto engine =
      test::built(test::network("linear:units=6; tanh; linear:units=3", optimizer, loss), test::toy_data());
  const double rate = parse_spec(optimizer, optimizer_family())->number("lr");
  std::vector<double> out;
  for (int i = 0; i < steps; ++i) {
    const auto result = engine->step(test::batch_of(96), {rate});
    if (!result) {
      ADD_FAILURE() << result.error().text();
      return {0.0};
    }
    out.push_back(result->loss);
  }
  return out;
}

TEST(MethodsOnNetworks, LowerTheLoss) {
  const double start = losses("gd:lr=0.1", 1).back();
  const double descended = losses("gd:lr=0.1", 20).back();
  for (const char* optimizer :
       {"lbfgs", "lbfgs:max_iter=3", "lbfgs:line_search_fn=none,lr=0.5", "cg", "cg:beta=fletcher_reeves",
        "cg:beta=hestenes_stiefel", "gauss_newton", "gauss_newton:adaptation=1,damping=0.05"}) {
    const auto found = losses(optimizer, 20);
    EXPECT_LT(found.back(), 0.5 * descended) << optimizer << " from " << start;
  }
  EXPECT_LT(losses("spsa:lr=0.01", 200).back(), 0.9 * start);
  EXPECT_LT(losses("spsa:lr=0.01,direction=gaussian", 200).back(), 0.9 * start);
  EXPECT_LT(losses("gauss_newton", 20, "squared_error").back(),
            0.5 * losses("gd:lr=0.1", 1, "squared_error").back());
}

TEST(MethodsOnNetworks, NeverClimbOnOneBatchWithASearch) {
  for (const char* optimizer : {"lbfgs", "cg", "gauss_newton"}) {
    const auto found = losses(optimizer, 30);
    for (std::size_t i = 1; i < found.size(); ++i)
      EXPECT_LE(found[i], found[i - 1] * (1.0 + 1e-6)) << optimizer;
  }
}

/// One product is one pass over the batch: linear conjugate gradient in as many products as there are weights
/// finds the damped step itself.
TEST(MethodsOnNetworks, GaussNewtonSolvesItsSystem) {
  const auto step = [](int products) {
    const auto engine = test::built(
        test::network("linear:units=3",
                      "gauss_newton:damping=0.1,adaptation=1,cg_iterations=" + std::to_string(products),
                      "squared_error"),
        test::toy_data());
    EXPECT_TRUE(engine->step(test::batch_of(96), {1.0}));
    return engine->state().parameters;
  };
  const auto few = step(27), many = step(200), one = step(1);
  double apart = 0.0, far = 0.0;
  for (std::size_t i = 0; i < few.size(); ++i) {
    apart = std::max(apart, std::abs(static_cast<double>(few[i] - many[i])));
    far = std::max(far, std::abs(static_cast<double>(one[i] - many[i])));
  }
  EXPECT_LT(apart, 1e-4);
  EXPECT_GT(far, 1e-2);
}

TEST(MethodsOnNetworks, ContinueToTheBitFromTheirState) {
  for (const char* optimizer : {"lbfgs:history_size=3", "cg", "gauss_newton", "spsa:lr=0.01"}) {
    const NetworkSettings settings = test::network("linear:units=6; tanh; linear:units=3", optimizer);
    const double rate = settings.optimizer.number("lr");
    const auto whole = test::built(settings, test::toy_data());
    const auto resumed = test::built(settings, test::toy_data());
    for (int i = 0; i < 7; ++i) ASSERT_TRUE(whole->step(test::batch_of(96), {rate}));
    ASSERT_FALSE(resumed->restore(whole->state()));
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(whole->step(test::batch_of(96), {rate}));
      ASSERT_TRUE(resumed->step(test::batch_of(96), {rate}));
    }
    EXPECT_EQ(whole->state().parameters, resumed->state().parameters) << optimizer;
    EXPECT_EQ(whole->state().slots, resumed->state().slots) << optimizer;
  }
}

TEST(MethodsOnNetworks, NewtonIsRefusedWithAReason) {
  auto engine = make_cpu_engine({});
  ASSERT_FALSE(engine->load(test::toy_data()));
  const auto error = engine->build(test::network("linear:units=3", "newton"), 1);
  ASSERT_TRUE(error);
  EXPECT_NE(error->text().find("n² numbers"), std::string::npos) << error->text();
}

}  // namespace
}  // namespace thalweg

// Exact Hessian-vector products against mixed central differences of the reference network's loss: in long
// double, and by the forward pass alone, so that they share no derivative with what they check.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <numeric>

#include "core/nn/cpu_hessian.hpp"
#include "tests/golden/close.hpp"
#include "tests/nn/networks.hpp"

namespace thalweg {
namespace {

double normal(std::uint64_t number, std::size_t i) {
  return normal_pair(3, RandomStream::kWeights, number, static_cast<std::uint32_t>(i))[0];
}

std::vector<float> direction(std::uint64_t number, std::size_t size) {
  std::vector<float> out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<float>(normal(number, i));
  return out;
}

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

/// An engine away from its initial values: scales of 1 and shifts of 0 hide factors.
std::unique_ptr<TrainingEngine> engine_for(const NetworkSettings& settings,
                                           std::shared_ptr<const Dataset> data, int threads = 1) {
  auto engine = make_cpu_engine({threads});
  if (engine->load(std::move(data)) || engine->build(settings, 11)) std::abort();
  EngineState state = engine->state();
  for (std::size_t i = 0; i < state.parameters.size(); ++i)
    state.parameters[i] = static_cast<float>(0.7 * normal(9, i));
  for (std::size_t i = 0; i < state.buffers.size(); ++i)
    state.buffers[i] = static_cast<float>(0.6 + 0.3 * std::tanh(normal(10, i)));
  if (engine->restore(state)) std::abort();
  return engine;
}

std::vector<float> product(HessianProduct& hessian, std::span<const float> v) {
  std::vector<float> out(v.size(), 7.0f);
  hessian.multiply(v, out);
  return out;
}

/// The reference network with an engine's weights; uᵀHv by mixed central differences of the loss.
class Differences {
 public:
  Differences(const NetworkSettings& settings, const Dataset& data, const TrainingEngine& engine,
              std::span<const std::uint32_t> samples, long double h)
      : net_(engine.plan(), test::reference_loss(settings.loss), 11),
        batch_(test::reference_batch<long double>(data, samples)),
        h_(h) {
    const EngineState state = engine.state();
    net_.buffers.assign(state.buffers.begin(), state.buffers.end());
    base_.assign(state.parameters.begin(), state.parameters.end());
  }

  /// (Hv)_i.
  double component(std::span<const float> v, std::size_t i) {
    long double sum = 0.0L;
    for (const int a : {-1, 1})
      for (const int b : {-1, 1}) {
        for (std::size_t k = 0; k < base_.size(); ++k)
          net_.parameters[k] = base_[k] + h_ * static_cast<long double>(a) * static_cast<long double>(v[k]);
        net_.parameters[i] += h_ * static_cast<long double>(b);
        sum += static_cast<long double>(a * b) * net_.forward(batch_, false);
      }
    return static_cast<double>(sum / (4.0L * h_ * h_));
  }

 private:
  ReferenceNet<long double> net_;
  ReferenceBatch<long double> batch_;
  long double h_;
  std::vector<long double> base_;
};

bool has_kinks(const std::string& model) { return model.find("relu") != std::string::npos; }

constexpr std::uint32_t kSamples[] = {0, 5, 17, 40, 41, 90, 3};

class Hessian : public ::testing::TestWithParam<const char*> {};

void compare(const std::string& model, const std::string& loss) {
  SCOPED_TRACE(model + " with " + loss);
  const NetworkSettings settings = test::network(model, "gd", loss);
  const auto data = test::toy_data();
  const auto engine = engine_for(settings, data);
  const auto hessian = engine->hessian(kSamples);
  ASSERT_TRUE(hessian);
  const auto size = static_cast<std::size_t>(engine->plan().parameters);
  const std::vector<float> v = direction(1, size);
  const std::vector<float> found = product(**hessian, v);
  // Kinks lie further away than a small step goes, for these seeds; a larger one is more precise.
  Differences differences(settings, *data, *engine, kSamples, has_kinks(model) ? 1e-6L : 1e-4L);
  std::vector<std::pair<std::size_t, double>> expected;
  double largest = 0.0;
  for (std::size_t i = 0; i < size; i += size / 100 + 1) {
    expected.emplace_back(i, differences.component(v, i));
    largest = std::max(largest, std::abs(expected.back().second));
  }
  for (const auto& [i, value] : expected)
    EXPECT_TRUE(test::close(found[i], value, 1e-5 * largest)) << "component " << i;
  EXPECT_GT(largest, 1e-3) << "nothing was compared";
}

TEST_P(Hessian, IsThatOfTheLoss) {
  compare(GetParam(), "cross_entropy");
  compare(GetParam(), "cross_entropy:label_smoothing=0.2");
  compare(GetParam(), "squared_error");
}

TEST_P(Hessian, IsSymmetricAndLinear) {
  const NetworkSettings settings = test::network(GetParam());
  const auto engine = engine_for(settings, test::toy_data());
  const auto hessian = engine->hessian(kSamples);
  ASSERT_TRUE(hessian);
  const auto size = static_cast<std::size_t>(engine->plan().parameters);
  const std::vector<float> u = direction(2, size), v = direction(3, size);
  const std::vector<float> hu = product(**hessian, u), hv = product(**hessian, v);
  const double scale = std::sqrt(dot(u, u) * dot(hv, hv));
  EXPECT_NEAR(dot(u, hv), dot(v, hu), 2e-6 * scale);
  std::vector<float> sum(size);
  for (std::size_t i = 0; i < size; ++i) sum[i] = 2.0f * u[i] - 0.5f * v[i];
  const std::vector<float> hsum = product(**hessian, sum);
  const double length = std::sqrt(dot(hsum, hsum));
  for (std::size_t i = 0; i < size; ++i)
    EXPECT_NEAR(hsum[i], 2.0 * static_cast<double>(hu[i]) - 0.5 * static_cast<double>(hv[i]), 1e-5 * length);
  // A product leaves nothing behind.
  EXPECT_EQ(product(**hessian, u), hu);
}

TEST_P(Hessian, IsTheMeanOverPartsHoweverItIsSplit) {
  const NetworkSettings settings = test::network(GetParam());
  const auto data = test::toy_data(1300, 5);
  std::vector<std::uint32_t> all(1300);
  for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i * 7 % 1300;
  const auto engine = engine_for(settings, data);
  const std::vector<float> v = direction(4, static_cast<std::size_t>(engine->plan().parameters));
  std::vector<double> expected(v.size());
  for (std::size_t first = 0; first < all.size(); first += 260) {  // five parts of one chunk each
    const auto part = engine->hessian(std::span(all).subspan(first, 260));
    const std::vector<float> hv = product(**part, v);
    for (std::size_t i = 0; i < v.size(); ++i) expected[i] += static_cast<double>(hv[i]) / 5.0;
  }
  double length = 0.0;
  for (const double e : expected) length += e * e;
  length = std::sqrt(length);
  const EngineState state = engine->state();
  for (const int threads : {1, 2, 5}) {
    std::vector<float> kept;
    for (const std::size_t bytes : {std::size_t{1} << 30, std::size_t{150'000}, std::size_t{0}}) {
      const auto hessian = make_cpu_hessian({.plan = engine->plan(),
                                             .loss = settings.loss,
                                             .data = data,
                                             .samples = all,
                                             .parameters = state.parameters,
                                             .buffers = state.buffers,
                                             .threads = threads,
                                             .kept_bytes = bytes});
      const std::vector<float> hv = product(*hessian, v);
      for (std::size_t i = 0; i < v.size(); ++i) EXPECT_NEAR(hv[i], expected[i], 2e-6 * length);
      // Passes that are run again give what the kept ones give.
      if (kept.empty()) kept = hv;
      EXPECT_EQ(hv, kept) << threads << " threads, " << bytes << " bytes";
      EXPECT_EQ(product(*hessian, v), kept);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, Hessian, ::testing::ValuesIn(test::kNetworks));

TEST(DenseHessian, OfATinyNetworkColumnByColumn) {
  const NetworkSettings settings = test::network("linear:units=3; tanh; linear:units=3");
  const auto data = test::toy_data();
  const auto engine = engine_for(settings, data);
  const auto size = static_cast<std::size_t>(engine->plan().parameters);
  ASSERT_LE(size, 60u);
  const auto hessian = engine->hessian(kSamples);
  Differences differences(settings, *data, *engine, kSamples, 1e-4L);
  std::vector<std::vector<float>> columns;
  for (std::size_t j = 0; j < size; ++j) {
    std::vector<float> unit(size);
    unit[j] = 1.0f;
    columns.push_back(product(**hessian, unit));
    for (std::size_t i = 0; i < size; ++i)
      EXPECT_TRUE(test::close(columns[j][i], differences.component(unit, i), 3e-6)) << i << ", " << j;
  }
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j < i; ++j) EXPECT_NEAR(columns[i][j], columns[j][i], 1e-6);
}

/// A regression on one target: the Hessian of ‖Xw + b − t‖²/N is 2 [X 1]ᵀ[X 1] / N.
TEST(DenseHessian, OfALinearRegressionIsThatOfLeastSquares) {
  auto data = std::make_shared<Dataset>();
  data->name = "line";
  data->shape = {2, 1, 1};
  data->features = 2;
  data->mean = {0.0f, 0.0f};
  data->deviation = {1.0f, 1.0f};
  data->train.count = 3;
  data->train.values = {1.0f, 2.0f, -1.0f, 0.5f, 3.0f, -2.0f};
  data->train.targets = {1.0f, -1.0f, 0.5f};
  const NetworkSettings settings = test::network("linear:units=1", "gd", "squared_error");
  const auto engine = engine_for(settings, data);
  const std::uint32_t samples[] = {0, 1, 2};
  const auto hessian = engine->hessian(samples);
  ASSERT_TRUE(hessian);
  const double expected[3][3] = {{11.0, -4.5, 3.0}, {-4.5, 8.25, 0.5}, {3.0, 0.5, 3.0}};
  for (std::size_t j = 0; j < 3; ++j) {
    std::vector<float> unit(3);
    unit[j] = 1.0f;
    const std::vector<float> column = product(**hessian, unit);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(column[i], expected[i][j] * 2.0 / 3.0, 1e-5);
  }
}

TEST(HessianProduct, LeavesOutZerosOfImages) {
  const auto data = test::background_data();
  const auto engine = engine_for(test::network("linear:units=37; tanh; linear:units=3"), data, 2);
  std::vector<std::uint32_t> samples(30);
  std::iota(samples.begin(), samples.end(), 4u);
  const auto sparse = engine->hessian(samples);
  ASSERT_TRUE(sparse);
  const EngineState state = engine->state();
  const auto dense = make_cpu_hessian({.plan = engine->plan(),
                                       .loss = default_spec(losses().front()),
                                       .data = data,
                                       .sparse = nullptr,
                                       .samples = samples,
                                       .parameters = state.parameters,
                                       .buffers = state.buffers});
  for (std::uint64_t number = 0; number < 2; ++number) {
    const auto v = direction(number, state.parameters.size());
    const auto a = product(**sparse, v), b = product(*dense, v);
    double largest = 0.0;
    for (const float x : b) largest = std::max(largest, std::abs(static_cast<double>(x)));
    ASSERT_GT(largest, 0.0);
    for (std::size_t i = 0; i < a.size(); ++i) ASSERT_TRUE(test::close(a[i], b[i], 2e-5 * largest)) << i;
  }
}

TEST(HessianProduct, KeepsTheWeightsThereWere) {
  const auto engine = engine_for(test::network("linear:units=5; tanh; linear:units=3"), test::toy_data());
  const std::vector<float> v = direction(5, static_cast<std::size_t>(engine->plan().parameters));
  const auto before = engine->hessian(kSamples);
  const std::vector<float> hv = product(**before, v);
  ASSERT_TRUE(engine->step(kSamples, {0.5}));
  EXPECT_EQ(product(**before, v), hv);
  EXPECT_NE(product(**engine->hessian(kSamples), v), hv);
}

TEST(HessianProduct, ChangesNothingInItsEngine) {
  const auto engine = engine_for(test::network("linear:units=5; batch_norm; dropout:p=0.3; linear:units=3"),
                                 test::toy_data());
  ASSERT_TRUE(engine->step(kSamples, {0.1}));
  const EngineState before = engine->state();
  const std::vector<float> gradient(engine->gradient().begin(), engine->gradient().end());
  product(**engine->hessian(kSamples), direction(5, before.parameters.size()));
  EXPECT_EQ(engine->state(), before);
  EXPECT_EQ(gradient, std::vector<float>(engine->gradient().begin(), engine->gradient().end()));
}

TEST(HessianProduct, RefusesWhatItCannotDo) {
  const auto empty = make_cpu_engine();
  EXPECT_FALSE(empty->hessian(kSamples));
  const auto engine = engine_for(test::network("linear:units=3"), test::toy_data());
  EXPECT_FALSE(engine->hessian({}));
  const std::uint32_t beyond[] = {0, 96};
  EXPECT_FALSE(engine->hessian(beyond));
  const auto hessian = engine->hessian(kSamples);
  std::vector<float> wrong(4), right(static_cast<std::size_t>(engine->plan().parameters));
  EXPECT_THROW((*hessian)->multiply(wrong, right), std::invalid_argument);
  EXPECT_THROW((*hessian)->multiply(right, wrong), std::invalid_argument);
}

TEST(HessianProduct, ShowsNan) {
  const auto engine = engine_for(test::network("linear:units=4; relu; linear:units=3"), test::toy_data());
  std::vector<float> v = direction(5, static_cast<std::size_t>(engine->plan().parameters));
  v.back() = std::nanf("");
  const std::vector<float> out = product(**engine->hessian(kSamples), v);
  EXPECT_TRUE(std::isnan(out.back()));
}

TEST(Functions, CurvatureIsTheSlopesDerivative) {
  for (const LayerDescriptor& descriptor : layers())
    visit_activation(descriptor.kind, [&]<LayerKind kind>() {
      for (const double x : {-30.0, -4.0, -1.3, -0.2, 0.1, 0.9, 2.5, 6.0, 30.0}) {
        constexpr double h = 1e-5;
        const double expected =
            (activation_slope<kind>(x + h, 0.1) - activation_slope<kind>(x - h, 0.1)) / (2 * h);
        EXPECT_NEAR(activation_curvature<kind>(x), expected, 1e-9) << descriptor.id << " at " << x;
      }
      EXPECT_EQ(is_piecewise_linear(kind), activation_curvature<kind>(0.7) == 0.0) << descriptor.id;
    });
}

}  // namespace
}  // namespace thalweg

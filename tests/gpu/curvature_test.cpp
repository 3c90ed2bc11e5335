// Products with the Hessian and the Gauss-Newton matrix on the emulated device, apart from an engine: by own
// kernels and by large products, in parts, from point to point. Against those of the CPU (which
// tests/nn/hessian_test.cpp and gauss_newton_test.cpp hold against differences of the loss).
#include "gpu/hessian.hpp"

#include <stdexcept>

#include "core/nn/cpu_hessian.hpp"
#include "tests/gpu/comparisons.hpp"

namespace thalweg {
namespace {

using test::batch_of, test::difference, test::direction, test::product;

/// One network with scattered weights, on the emulated device and on the CPU.
class Both {
 public:
  Both(const std::string& model, const std::string& loss, std::shared_ptr<const Dataset> data)
      : settings_(test::network(model, "gd", loss)), data_(std::move(data)) {
    const auto engine = test::built(settings_, data_);
    plan_ = engine->plan();
    state_ = test::scattered(engine->state());
    parameters_ = {queue_, std::span<const float>(state_.parameters)};
    running_ = {queue_, std::span<const float>(state_.buffers)};
    on_device_ = std::make_shared<const gpu::DeviceData>(std::make_shared<gpu::Queue>(0), data_);
  }

  std::size_t size() const { return state_.parameters.size(); }

  std::unique_ptr<HessianProduct> cpu(std::span<const std::uint32_t> samples, bool gauss_newton) const {
    return make_cpu_hessian({.plan = plan_,
                             .loss = settings_.loss,
                             .data = data_,
                             .samples = {samples.begin(), samples.end()},
                             .parameters = state_.parameters,
                             .buffers = state_.buffers,
                             .gauss_newton = gauss_newton});
  }
  gpu::DeviceCurvatureSettings curvature() const {
    return {.plan = plan_, .loss = settings_.loss, .data = on_device_};
  }
  std::unique_ptr<HessianProduct> device(std::span<const std::uint32_t> samples, bool gauss_newton,
                                         gpu::DeviceCurvatureSettings curvature) const {
    return gpu::make_device_hessian({.curvature = std::move(curvature),
                                     .samples = samples,
                                     .parameters = parameters_.data(),
                                     .running = running_.data(),
                                     .gauss_newton = gauss_newton});
  }
  /// Other weights, from here on.
  void scale(float factor) {
    for (float& x : state_.parameters) x *= factor;
    parameters_.assign(state_.parameters);
  }
  const gpu::Buffer<float>& parameters() const { return parameters_; }
  const gpu::Buffer<float>& running() const { return running_; }

 private:
  NetworkSettings settings_;
  std::shared_ptr<const Dataset> data_;
  Plan plan_;
  EngineState state_;
  gpu::Queue queue_{0};
  gpu::Buffer<float> parameters_, running_;
  std::shared_ptr<const gpu::DeviceData> on_device_;
};

constexpr std::uint32_t kSamples[] = {0, 5, 17, 40, 41, 90, 3, 3, 77, 31, 32, 60, 61, 62, 63, 64, 65, 66, 67};

class CurvatureProduct : public ::testing::TestWithParam<const char*> {};

TEST_P(CurvatureProduct, IsThatOfTheCpu) {
  for (const std::string loss : {"cross_entropy", "squared_error"}) {
    SCOPED_TRACE(loss);
    const Both both(GetParam(), loss, test::toy_data());
    gpu::DeviceCurvatureSettings curvature = both.curvature();
    if (loss == "cross_entropy") curvature.most_small = 0;  // large products
    for (const bool gauss_newton : {false, true}) {
      SCOPED_TRACE(gauss_newton ? "Gauss-Newton" : "Hessian");
      const auto cpu = both.cpu(kSamples, gauss_newton),
                 ours = both.device(kSamples, gauss_newton, curvature);
      for (int i = 0; i < 3; ++i) {  // as it is, recorded, and replayed
        test::before_step(i);
        const std::vector<float> v = direction(static_cast<std::uint64_t>(i), both.size());
        EXPECT_LE(difference(product(*ours, v), product(*cpu, v)), 3e-6) << "product " << i;
      }
    }
  }
  test::before_step(0);
}

INSTANTIATE_TEST_SUITE_P(Networks, CurvatureProduct, ::testing::ValuesIn(test::kNetworks));

class SplitHessian : public ::testing::TestWithParam<const char*> {};

/// In one part and in several, with and without room for what is kept.
TEST_P(SplitHessian, IsTheMeanOverItsParts) {
  const Both both(GetParam(), "cross_entropy", test::toy_data(300, 5));
  std::vector<std::uint32_t> samples(270);  // more than one slice of sums over rows
  for (std::uint32_t i = 0; i < samples.size(); ++i) samples[i] = i * 7 % 300;
  const std::vector<float> v = direction(4, both.size());
  const std::vector<float> expected = product(*both.cpu(samples, false), v);
  const auto split = [&](int rows, std::int64_t own, std::size_t bytes) {
    gpu::DeviceCurvatureSettings curvature = both.curvature();
    curvature.most_rows = rows;
    curvature.most_small = own;
    curvature.kept_bytes = bytes;
    const auto ours = both.device(samples, false, curvature);
    const std::vector<float> hv = product(*ours, v);
    EXPECT_LE(difference(hv, expected), 1e-5) << rows << " rows, own kernels up to " << own;
    return hv;
  };
  constexpr std::size_t kAll = std::size_t{1} << 30;
  split(1000, kAll, kAll);
  split(1000, 0, kAll);
  split(120, 0, kAll);
  const std::vector<float> kept = split(120, kAll, kAll);
  // Passes that are run again give what the kept ones give.
  EXPECT_EQ(split(120, kAll, std::size_t{60'000}), kept);
  EXPECT_EQ(split(120, kAll, 0), kept);
}

INSTANTIATE_TEST_SUITE_P(Networks, SplitHessian,
                         ::testing::Values("linear:units=5; tanh; linear:units=3",
                                           "linear:units=6; batch_norm; relu; linear:units=5; layer_norm; "
                                           "linear:units=3",
                                           "rms_norm; residual:norm=group_norm,groups=4,activation=silu; "
                                           "linear:units=3"));

/// One object at one point after the other, as methods ask: other weights, other samples, more and fewer.
TEST(DeviceCurvature, GoesFromPointToPoint) {
  Both both("linear:units=7; tanh; layer_norm; linear:units=3", "cross_entropy", test::toy_data());
  gpu::Queue queue(0);
  gpu::Products products(queue, false);
  gpu::DeviceCurvature curvature(queue, products, both.curvature());
  const std::vector<float> v = direction(1, both.size());
  std::vector<float> out(both.size());
  for (const int count : {20, 20, 20, 9, 31, 20}) {
    const auto samples = batch_of(count, static_cast<std::uint32_t>(count));
    both.scale(0.9f);
    curvature.at(both.parameters().data(), both.running().data(), samples);
    for (const bool gauss_newton : {false, true, false}) {
      curvature.multiply(gauss_newton, v, out);
      EXPECT_LE(difference(out, product(*both.cpu(samples, gauss_newton), v)), 3e-6) << count;
    }
  }
  EXPECT_THROW(curvature.multiply(false, v, std::span(out).first(3)), std::invalid_argument);
}

/// What a device needs as many nodes of a graph for: 10,000 samples at once, where launches still count.
TEST(DeviceCurvature, MakesAProductOfFewPiecesOfWork) {
  auto data = std::make_shared<Dataset>();
  data->name = "empty";
  data->shape = {1, 28, 28};
  data->features = 784;
  data->classes = 10;
  data->mean = {0.0f};
  data->deviation = {1.0f};
  data->train.count = 10'000;
  data->train.labels.resize(10'000);
  data->train.bytes.resize(7'840'000);
  gpu::emulator::count_only(true);
  const Both both("784-128-10", "cross_entropy", data);
  gpu::Queue queue(0);
  gpu::Products products(queue, false);
  gpu::DeviceCurvature curvature(queue, products, both.curvature());
  curvature.at(both.parameters().data(), both.running().data(), batch_of(10'000));
  std::vector<float> v(both.size()), out(both.size());
  for (const bool gauss_newton : {false, true}) {
    const std::int64_t before = gpu::emulator::pieces_of_work();
    curvature.multiply(gauss_newton, v, out);
    EXPECT_LE(gpu::emulator::pieces_of_work() - before, gauss_newton ? 13 : 16);
  }
  gpu::emulator::count_only(false);
}

}  // namespace
}  // namespace thalweg

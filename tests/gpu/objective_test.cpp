// What methods ask of a batch, answered by the emulated device and by the CPU.
#include <string>
#include <vector>

#include "core/nn/cpu_batch.hpp"
#include "gpu/batch.hpp"
#include "tests/gpu/comparisons.hpp"

namespace thalweg {
namespace {

using test::batch_of, test::difference;

constexpr const char* kModel =
    "linear:units=9; tanh; batch_norm; dropout:p=0.3; linear:units=6; relu; linear:units=3";

/// Answers are those of the CPU at any parameters, and change nothing.
TEST(DeviceBatchObjective, AnswersAsTheCpuDoes) {
  const auto data = test::toy_data();
  const auto samples = batch_of(23, 40);
  for (const char* loss : {"cross_entropy:label_smoothing=0.1", "squared_error"}) {
    SCOPED_TRACE(loss);
    const NetworkSettings settings = test::network(kModel, "gd", loss);
    const auto engine = test::built(settings, data);
    const EngineState state = test::scattered(engine->state());
    const std::size_t count = state.parameters.size();
    CpuNetwork cpu_network(engine->plan(), settings.loss, data, 7, 1);
    CpuBatchObjective cpu;
    cpu.begin({.network = &cpu_network,
               .data = data,
               .sparse = nullptr,
               .loss = &settings.loss,
               .samples = samples,
               .part = 9,
               .step = 3},
              0.5, state.buffers, 0.7, 7);
    const auto queue = std::make_shared<gpu::Queue>(0);
    gpu::Products products(*queue, false);
    const auto held = std::make_shared<const gpu::DeviceData>(queue, data);
    gpu::DeviceNetwork network(*queue, products, engine->plan(), settings.loss, held, 7, false);
    const gpu::Buffer<float> running(*queue, std::span<const float>(state.buffers));
    const gpu::Buffer<std::uint32_t> chosen(*queue, std::span<const std::uint32_t>(samples));
    gpu::DeviceBatchObjective ours(*queue, products,
                                   {.network = &network,
                                    .data = held,
                                    .loss = settings.loss,
                                    .precision = Precision::kFp32,
                                    .running = running.data(),
                                    .make_room = [&](int rows) { network.reserve(rows); }});
    ours.begin({.samples = samples, .part = 9, .step = 3, .loss_here = 0.5, .longest = 0.7, .seed = 7},
               chosen.data());
    const float* const theta = state.parameters.data();
    EXPECT_EQ(ours.loss_here(), 0.5);
    EXPECT_EQ(ours.seed(), 7u);
    EXPECT_NEAR(ours.loss(theta), cpu.loss(theta), 1e-5);
    std::vector<float> a(count), b(count);
    const auto expect_same = [&](const char* what) { EXPECT_LE(difference(a, b), 1e-5) << what; };
    EXPECT_NEAR(ours.gradient(theta, a.data()), cpu.gradient(theta, b.data()), 1e-5);
    expect_same("gradient");
    EXPECT_NEAR(difference(a, std::vector<float>(count)) * 1e-30, 0.7, 1e-4);  // clipped
    for (int worker = 0; worker < 3; ++worker) {
      EXPECT_NEAR(ours.worker_gradient(theta, worker, 3, a.data()),
                  cpu.worker_gradient(theta, worker, 3, b.data()), 1e-5);
      expect_same("worker's gradient");
    }
    for (int i = 0; i < 2; ++i)  // other numbers are drawn each time
      for (const auto estimate : {DiagonalEstimate::kHutchinson, DiagonalEstimate::kGaussNewtonBartlett}) {
        ours.hessian_diagonal(theta, estimate, a.data());
        cpu.hessian_diagonal(theta, estimate, b.data());
        expect_same("diagonal");
      }
    ours.hessian_product(theta, state.parameters.data(), a.data());
    cpu.hessian_product(theta, state.parameters.data(), b.data());
    expect_same("Hessian");
    EXPECT_TRUE(ours.gauss_newton_product(theta, state.parameters.data(), a.data()));
    EXPECT_TRUE(cpu.gauss_newton_product(theta, state.parameters.data(), b.data()));
    expect_same("Gauss-Newton");
    EXPECT_EQ(ours.evaluations(), cpu.evaluations());
    EXPECT_EQ(running.values(), state.buffers);
  }
}

}  // namespace
}  // namespace thalweg

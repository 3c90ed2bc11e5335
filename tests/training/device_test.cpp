// Which device `auto` takes: the choice as a pure function, and what is measured, with a clock of the test's
// own.
#include "core/training/device.hpp"

#include <gtest/gtest.h>

#include "tests/gpu/wrapped_engine.hpp"
#include "tests/training/runs.hpp"

namespace thalweg {
namespace {

using test::run_settings;
using test::toy_data;

std::size_t picked(std::vector<StepTime> times) { return pick_device(times); }

TEST(Device, IsWrittenAsPyTorchWritesIt) {
  EXPECT_EQ(cuda_index("cuda"), 0);
  EXPECT_EQ(cuda_index("cuda:3"), 3);
  for (const char* other : {"cpu", "auto", "cuda:", "cuda:x", "cuda:1x", "cudas"})
    EXPECT_FALSE(cuda_index(other)) << other;
  for (const std::string& id : device_descriptor().find("device")->choices)
    EXPECT_EQ(cuda_index(id).has_value(), id != kAutoDevice && id != kCpuDevice) << id;
  EXPECT_EQ(default_training().device.text("device"), kAutoDevice);
  EXPECT_FALSE(default_training().device.flag("tf32"));
}

TEST(Device, AutoTakesAnotherThanTheFirstOnlyIfThatIsClearlyFaster) {
  EXPECT_EQ(picked({{"cpu", 180e-6}, {"cuda", 12e-6}}), 1U);
  EXPECT_EQ(picked({{"cpu", 12e-6}, {"cuda", 180e-6}}), 0U);
  EXPECT_EQ(picked({{"cpu", 11.9e-6}, {"cuda", 10e-6}}), 0U);
  EXPECT_EQ(picked({{"cpu", 12.1e-6}, {"cuda", 10e-6}}), 1U);
  EXPECT_EQ(picked({{"cpu", 180e-6}, {"cuda", 12e-6}, {"cuda:1", 9e-6}}), 2U);
  EXPECT_EQ(picked({{"cpu", 180e-6}}), 0U);
}

TEST(Device, AutoLeavesOutWhatCantBeUsed) {
  EXPECT_EQ(picked({{"cpu", 180e-6}, {"cuda", 0.0, "out of memory"}}), 0U);
  EXPECT_EQ(picked({{"cpu", 0.0, "no"}, {"cuda", 1.0}}), 1U);
  EXPECT_EQ(picked({{"cpu", 9.0}, {"cuda", 0.0, "out of memory"}, {"cuda:1", 1.0}}), 2U);
}

TEST(Device, TheChoiceIsSaidWithItsFigures) {
  EXPECT_EQ(pick_text(std::vector<StepTime>{{"cpu", 180e-6}, {"cuda", 12e-6}}, 1),
            "cuda: 12 µs a step, cpu: 180 µs");
  EXPECT_EQ(pick_text(std::vector<StepTime>{{"cpu", 11.5e-6}, {"cuda", 9.9e-6}}, 0),
            "cpu: 12 µs a step, cuda: 9.9 µs, not clearly faster");
  EXPECT_EQ(pick_text(std::vector<StepTime>{{"cpu", 1.4e-3}, {"cuda", 0.0, "out of memory"}}, 0),
            "cpu: 1.4 ms a step; cuda can't be used: out of memory");
  EXPECT_EQ(duration_text(0.9996e-3), "1.0 ms");
  EXPECT_EQ(duration_text(2.06), "2.1 s");
}

/// Each update takes as long as it is told, the first ones more; everything goes through a clock that stands
/// still otherwise.
class TimedEngine final : public test::WrappedEngine {
 public:
  struct Log {
    double now = 0.0;
    int updates = 0;
    std::vector<std::uint32_t> first_batch;
  };
  TimedEngine(Log& log, double seconds, double first)
      : WrappedEngine(make_cpu_engine()), log_(log), seconds_(seconds), first_(first) {}

  std::int64_t steps_ahead() const override { return 8; }
  Result<StepResult> step(std::span<const std::uint32_t> batch, const StepRates& rates,
                          StepDetail* detail) override {
    if (log_.updates == 0) log_.first_batch.assign(batch.begin(), batch.end());
    log_.now += ++made_ <= 3 ? first_ : seconds_;
    ++log_.updates;
    return WrappedEngine::step(batch, rates, detail);
  }

 private:
  Log& log_;
  double seconds_, first_;
  int made_ = 0;
};

class DeviceTiming : public ::testing::Test {
 protected:
  DeviceCandidate candidate(const char* id, double seconds, double first) {
    return {id, [=, this]() -> Result<std::unique_ptr<TrainingEngine>> {
              return std::unique_ptr<TrainingEngine>(std::make_unique<TimedEngine>(log_, seconds, first));
            }};
  }
  Result<std::vector<StepTime>> time(std::vector<DeviceCandidate> candidates,
                                     const TrainingSettings& settings = run_settings()) {
    return time_devices(settings, toy_data(100), candidates, {}, [this] { return log_.now; });
  }

  TimedEngine::Log log_;
};

TEST_F(DeviceTiming, MeasuresAnUpdateWithoutWhatComesFirst) {
  const auto times = time({candidate("cpu", 180e-6, 180e-6), candidate("cuda", 12e-6, 20e-3)});
  ASSERT_TRUE(times);
  ASSERT_EQ(times->size(), 2U);
  EXPECT_NEAR((*times)[0].seconds, 180e-6, 1e-12);
  EXPECT_NEAR((*times)[1].seconds, 12e-6, 1e-12);
  EXPECT_LT(log_.now, 0.5);  // both together, and in the end
  EXPECT_EQ(pick_device(*times), 1U);
}

TEST_F(DeviceTiming, MakesNoMoreThanAnUpdateThatTakesLong) {
  const auto times = time({candidate("cpu", 5.0, 5.0), candidate("cuda", 0.4, 0.4)});
  ASSERT_TRUE(times);
  EXPECT_EQ(log_.updates, 2);
  EXPECT_DOUBLE_EQ((*times)[0].seconds, 5.0);
  EXPECT_NEAR((*times)[1].seconds, 0.4, 1e-12);
}

TEST_F(DeviceTiming, UpdatesAreThoseOfTheTraining) {
  ASSERT_TRUE(time({candidate("cpu", 1.0, 1.0)}));
  auto prepared = prepare(run_settings(), toy_data(100), make_cpu_engine());
  ASSERT_TRUE(prepared);
  const auto batch = prepared->batches.at(0);
  EXPECT_EQ(log_.first_batch, std::vector<std::uint32_t>(batch.begin(), batch.end()));
}

TEST_F(DeviceTiming, ADeviceThatFailsIsOutAndTheSettingsErrorsAreTheSettings) {
  const DeviceCandidate failing{
      "cuda", []() -> Result<std::unique_ptr<TrainingEngine>> { throw DeviceError("out of memory"); }};
  const DeviceCandidate refusing{"cuda:1", []() -> Result<std::unique_ptr<TrainingEngine>> {
                                   return Error{ErrorCode::kUnsupported, "is not there", "cuda:1"};
                                 }};
  const auto times = time({candidate("cpu", 1.0, 1.0), failing, refusing});
  ASSERT_TRUE(times);
  EXPECT_EQ((*times)[1], (StepTime{"cuda", 0.0, "out of memory"}));
  EXPECT_EQ((*times)[2].trouble, "cuda:1: is not there");
  TrainingSettings wrong = run_settings();
  wrong.model = parse_model("9-3").value();
  const auto refused = time({candidate("cpu", 1.0, 1.0), candidate("cuda", 1.0, 1.0)}, wrong);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text(), test::refusal(wrong));
}

TEST_F(DeviceTiming, StopsWhenItIsTold) {
  const std::vector<DeviceCandidate> both{candidate("cpu", 1e-3, 1e-3), candidate("cuda", 1e-3, 1e-3)};
  const auto times = time_devices(
      run_settings(), toy_data(100), both, [] { return true; }, [this] { return log_.now; });
  ASSERT_TRUE(times);
  EXPECT_EQ(times->size(), 1U);
}

TEST(Device, MeasuringChangesNothingOfTheTraining) {
  const TrainingSettings settings = run_settings("linear:units=16; relu; dropout:p=0.3; linear:units=3");
  auto before = test::made(settings);
  before->advance(20);
  const auto data = toy_data(100);
  const DeviceCandidate cpu{"cpu",
                            []() -> Result<std::unique_ptr<TrainingEngine>> { return make_cpu_engine(); }};
  auto trainer = test::made(settings, data);
  trainer->advance(7);
  ASSERT_TRUE(time_devices(settings, data, std::vector{cpu, cpu}));
  trainer->advance(13);
  EXPECT_EQ(test::timeless(trainer->state()), test::timeless(before->state()));
}

TEST(Device, MakesNoDifferenceToWhatTwoRunsShare) {
  TrainingSettings other = run_settings();
  *other.device.find("device") = std::string("cuda");
  EXPECT_EQ(first_difference(other, run_settings()), INT64_MAX);
  EXPECT_NE(other, run_settings());
  *other.device.find("device") = std::string("tpu");
  EXPECT_TRUE(check(other));
}

}  // namespace
}  // namespace thalweg

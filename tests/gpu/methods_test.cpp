// Methods and wrappers on the device engine against the CPU engine: they run on the host, and what they ask
// is answered by the device.
#include <string>
#include <vector>

#include "core/optimizer/updater.hpp"
#include "core/optimizer/wrapper.hpp"
#include "tests/gpu/comparisons.hpp"

namespace thalweg {
namespace {

using test::batch_of, test::difference;

constexpr const char* kModel =
    "linear:units=9; tanh; batch_norm; dropout:p=0.3; linear:units=6; relu; linear:units=3";

/// Every method, and every wrapper around rules and methods.
std::vector<std::string> everything() {
  std::vector<std::string> out;
  for (const OptimizerDescriptor& descriptor : optimizers())
    if (!cpu::make_updater(default_spec(descriptor)) && descriptor.not_on_networks.empty())
      out.push_back(format_spec(training_spec(descriptor), descriptor));
  for (const Descriptor& wrapper : optimizer_wrappers())
    for (const char* base : {"gd:lr=0.1", "adam:lr=0.01"}) out.push_back(wrapper.id + "+" + base);
  out.insert(out.end(),
             {"sophia:estimate=hutchinson,period=2,lr=0.01", "sophia:period=1,lr=0.01", "sam+muon:lr=0.01",
              "local+schedule_free_adamw:lr=0.01", "gauss_newton", "lookahead+sam+lamb:lr=0.02"});
  return out;
}

void go(TrainingEngine& engine, const NetworkSettings& settings, std::uint32_t from, std::uint32_t to,
        double clip = 0.0) {
  const double rate = settings.optimizer.number("lr");
  for (std::uint32_t t = from; t < to; ++t) {
    test::before_step(static_cast<int>(t));
    const auto result = engine.step(batch_of(20, 5 * t % 70), {.learning_rate = rate, .clip_norm = clip});
    ASSERT_TRUE(result) << result.error().text();
  }
  test::before_step(0);
}

void expect_near(const TrainingEngine& ours, const TrainingEngine& cpu, double tolerance) {
  const EngineState a = ours.state(), b = cpu.state();
  EXPECT_EQ(a.steps, b.steps);
  EXPECT_LE(difference(a.parameters, b.parameters), tolerance);
  EXPECT_LE(difference(a.buffers, b.buffers), tolerance);
  EXPECT_LE(difference(a.average, b.average), tolerance);
  EXPECT_EQ(a.slots.size(), b.slots.size());
  EXPECT_EQ(a.progress.size(), b.progress.size());
  EXPECT_EQ(a.scaling, b.scaling);
}

class DeviceMethod : public test::OnDevice<::testing::TestWithParam<std::string>> {};

TEST_P(DeviceMethod, KeepsToTheCpuAndGoesOnFromItsState) {
  const auto data = test::toy_data();
  NetworkSettings settings = test::network(kModel, GetParam());
  settings.ema_decay = 0.8;
  const auto ours = test::on_device(settings, data), cpu = test::built(settings, data);
  const EngineState start = ours->state();
  go(*ours, settings, 0, 7);
  go(*cpu, settings, 0, 7);
  expect_near(*ours, *cpu, 1e-4 * test::looseness());
  EXPECT_GT(difference(ours->state().parameters, start.parameters), 1e-4) << "nothing happened";
  // The state of one on the other, and on.
  const auto crossed = test::on_device(settings, data), back = test::built(settings, data);
  ASSERT_FALSE(crossed->restore(cpu->state()));
  ASSERT_FALSE(back->restore(ours->state()));
  EXPECT_EQ(crossed->state(), cpu->state());
  EXPECT_EQ(back->state(), ours->state());
  for (TrainingEngine* each : {ours.get(), cpu.get(), crossed.get(), back.get()}) go(*each, settings, 7, 14);
  // Conjugate directions magnify from batch to batch what the last one was rounded by: a start that is off by
  // 1e-7 ends off by 2e-4 on the CPU, too. The others end off by less than 2e-5 so.
  const double tolerance = (GetParam() == "cg" ? 1e-3 : 1e-4) * test::looseness();
  expect_near(*ours, *cpu, tolerance);
  expect_near(*crossed, *cpu, tolerance);
  expect_near(*ours, *back, tolerance);
  const auto evaluated = ours->evaluate(DataPart::kTest), wanted = cpu->evaluate(DataPart::kTest);
  EXPECT_NEAR(evaluated->loss, wanted->loss, 1e-3 * wanted->loss);
}

INSTANTIATE_TEST_SUITE_P(Methods, DeviceMethod, ::testing::ValuesIn(everything()));

class DeviceMethods : public test::OnDevice<> {};

/// Parts of a batch, clipping, 16-bit numbers, the squared error.
TEST_F(DeviceMethods, DoAsTheCpuDoesWithEverySetting) {
  const auto data = test::toy_data();
  struct Case {
    const char* optimizer;
    const char* loss;
    int micro_batch;
    double clip;
    Precision precision;
  };
  for (const Case& c :
       {Case{"sam+gd:lr=0.1", "cross_entropy", 7, 0.3, Precision::kFp32},
        Case{"local+momentum:workers=3,lr=0.02", "cross_entropy", 4, 0.2, Precision::kFp32},
        Case{"sophia:period=1,lr=0.01", "squared_error", 7, 0.0, Precision::kFp32},
        Case{"sophia:estimate=hutchinson,period=1,lr=0.01", "squared_error", 0, 0.0, Precision::kFp32},
        Case{"lamb:lr=0.02", "cross_entropy", 6, 0.1, Precision::kFp32},
        Case{"muon:lr=0.02", "squared_error", 0, 0.5, Precision::kFp32},
        Case{"lars:lr=5", "cross_entropy", 0, 0.0, Precision::kBf16},
        Case{"sam+gd:lr=0.1", "cross_entropy", 0, 0.0, Precision::kBf16},
        Case{"sophia:period=1,lr=0.01", "cross_entropy", 0, 0.0, Precision::kBf16}}) {
    SCOPED_TRACE(std::string(c.optimizer) + " with " + c.loss);
    NetworkSettings settings = test::network(kModel, c.optimizer, c.loss);
    settings.micro_batch = c.micro_batch;
    settings.precision = c.precision;
    const auto ours = test::on_device(settings, data), cpu = test::built(settings, data);
    // 16-bit numbers hold every rounding that falls on the other side for long.
    const std::uint32_t steps = c.precision == Precision::kFp32 ? 10 : 2;
    const double tolerance = (c.precision == Precision::kFp32 ? 1e-4 : 1e-3) * test::looseness();
    go(*ours, settings, 0, steps, c.clip);
    go(*cpu, settings, 0, steps, c.clip);
    EXPECT_LE(difference(ours->parameters(), cpu->parameters()), tolerance);
    EXPECT_LE(difference(ours->state().buffers, cpu->state().buffers), tolerance);
  }
}

/// What needs the gradient alone trains in fp16, and skips what overflows; what asks for more is refused.
TEST_F(DeviceMethods, TrainInHalfPrecisionWhereTheCpuDoes) {
  const auto data = test::toy_data();
  NetworkSettings settings = test::network(kModel, "lamb:lr=0.02");
  settings.precision = Precision::kFp16;
  const auto ours = test::on_device(settings, data), cpu = test::built(settings, data);
  EngineState state = cpu->state();
  state.scaling[0] = 0x1p30;  // overflows at first
  ASSERT_FALSE(cpu->restore(state));
  ASSERT_FALSE(ours->restore(state));
  int skipped = 0;
  for (std::uint32_t t = 0; t < 20; ++t) {
    const auto batch = batch_of(20, t);
    const auto a = ours->step(batch, {.learning_rate = 0.02}), b = cpu->step(batch, {.learning_rate = 0.02});
    ASSERT_TRUE(a && b);
    EXPECT_EQ(a->skipped, b->skipped) << t;
    EXPECT_EQ(a->loss_scale, b->loss_scale);
    skipped += a->skipped ? 1 : 0;
  }
  EXPECT_GT(skipped, 2);
  EXPECT_LT(skipped, 20);
  EXPECT_EQ(ours->state().steps, 20 - skipped);
  EXPECT_LE(difference(ours->parameters(), cpu->parameters()), 1e-3 * test::looseness());

  settings.optimizer = test::network(kModel, "sam+gd").optimizer;
  const auto engine = test::make_device_engine();
  ASSERT_FALSE(engine->load(data));
  const auto error = engine->build(settings, 1);
  ASSERT_TRUE(error);
  EXPECT_NE(error->text().find("loss scale"), std::string::npos);
}

}  // namespace
}  // namespace thalweg

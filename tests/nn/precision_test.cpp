// 16-bit formats emulated by rounding: the rounding itself against every number of the formats, networks
// against the reference rounded in the same places, and the loss scaling that fp16 needs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/nn/cpu_kernels.hpp"
#include "core/nn/loss_scaler.hpp"
#include "core/nn/rounding.hpp"
#include "tests/golden/close.hpp"
#include "tests/nn/engines.hpp"

namespace thalweg {
namespace {

/// The number that a bit pattern of the format stands for, by its definition (IEEE 754, section 3.4).
double decode(unsigned bits, int exponent_bits, int mantissa_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = static_cast<int>(bits >> mantissa_bits) & ((1 << exponent_bits) - 1);
  const int mantissa = static_cast<int>(bits) & ((1 << mantissa_bits) - 1);
  const double sign = bits >> 15 ? -1.0 : 1.0;
  if (exponent == (1 << exponent_bits) - 1) return mantissa ? std::nan("") : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(mantissa, 1 - bias - mantissa_bits);
  return sign * std::ldexp(mantissa + (1 << mantissa_bits), exponent - bias - mantissa_bits);
}

struct Format {
  const char* name;
  Precision precision;
  int exponent_bits, mantissa_bits;
};
class Rounding : public ::testing::TestWithParam<Format> {
 protected:
  double number(unsigned bits) const {
    return decode(bits, GetParam().exponent_bits, GetParam().mantissa_bits);
  }
  float rounded(float x) const { return round_to(GetParam().precision, x); }
  /// The bits of infinity.
  unsigned top() const { return ((1u << GetParam().exponent_bits) - 1) << GetParam().mantissa_bits; }
};

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

TEST_P(Rounding, KeepsEveryNumberOfTheFormat) {
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const auto x = static_cast<float>(number(bits));
    if (std::isnan(x))
      ASSERT_TRUE(std::isnan(rounded(x)));
    else
      ASSERT_TRUE(same_bits(rounded(x), x)) << bits;
  }
}

TEST_P(Rounding, GoesToTheNearestAndFromTheMiddleToTheEvenOne) {
  for (unsigned bits = 0; bits < top(); ++bits) {
    const double low = number(bits);
    // Above the largest number the next would be, if exponents went on; half-way there it is infinity.
    const bool last = bits + 1 == top();
    const double high = last ? 2 * low - number(bits - 1) : number(bits + 1);
    const auto middle = static_cast<float>((low + high) / 2);
    ASSERT_EQ(static_cast<double>(middle), (low + high) / 2) << "a float holds it";
    const auto below = static_cast<float>(low), above = last ? INFINITY : static_cast<float>(high);
    for (const float sign : {1.0f, -1.0f}) {
      ASSERT_TRUE(same_bits(rounded(sign * middle), sign * (bits % 2 == 0 ? below : above))) << bits;
      ASSERT_TRUE(same_bits(rounded(sign * std::nextafter(middle, 0.0f)), sign * below)) << bits;
      ASSERT_TRUE(same_bits(rounded(sign * std::nextafter(middle, INFINITY)), sign * above)) << bits;
    }
  }
}

TEST_P(Rounding, KernelIsTheFormula) {
  std::vector<float> x, y(10007);
  for (std::uint32_t i = 0; i < 10007; ++i)  // any bits: NaN, subnormals, both signs
    x.push_back(std::bit_cast<float>(philox({i, 0, 0, 0}, {1, 2})[0]));
  cpu::round_to(GetParam().precision, x.data(), y.data(), 10007);
  for (std::size_t i = 0; i < x.size(); ++i)
    ASSERT_TRUE(same_bits(y[i], rounded(x[i])) || (std::isnan(x[i]) && std::isnan(y[i]))) << x[i];
}

INSTANTIATE_TEST_SUITE_P(Formats, Rounding,
                         ::testing::Values(Format{"fp16", Precision::kFp16, 5, 10},
                                           Format{"bf16", Precision::kBf16, 8, 7}),
                         [](const auto& format) { return format.param.name; });

TEST(RoundingByHand, KnownNumbers) {
  EXPECT_EQ(round_to_fp16(65504.0f), 65504.0f);
  EXPECT_EQ(round_to_fp16(65519.99f), 65504.0f);
  EXPECT_EQ(round_to_fp16(65520.0f), INFINITY);
  EXPECT_EQ(round_to_fp16(-1e30f), -INFINITY);
  EXPECT_EQ(round_to_fp16(0x1p-24f), 0x1p-24f);
  EXPECT_EQ(round_to_fp16(0x1p-25f), 0.0f);
  EXPECT_EQ(round_to_fp16(0x1.000002p-25f), 0x1p-24f);
  EXPECT_TRUE(std::signbit(round_to_fp16(-1e-30f)));
  EXPECT_EQ(round_to_fp16(0.1f), 0.0999755859375f);
  EXPECT_EQ(round_to_bf16(0.1f), 0.10009765625f);
  EXPECT_EQ(round_to_bf16(3.4e38f), INFINITY);
}

NetworkSettings settings_with(const std::string& model, Precision precision,
                              const std::string& optimizer = "gd:lr=0.1") {
  NetworkSettings out = test::network(model, optimizer);
  out.precision = precision;
  return out;
}

class Rounded : public ::testing::TestWithParam<const char*> {};

TEST_P(Rounded, NetworkIsTheReferenceRoundedInTheSamePlaces) {
  const auto data = test::toy_data();
  for (const Precision precision : {Precision::kFp16, Precision::kBf16}) {
    const auto settings = settings_with(GetParam(), precision);
    const auto engine = test::built(settings, data);
    constexpr double kScale = 1024.0;  // none of these networks' gradients overflows
    if (EngineState state = engine->state(); !state.scaling.empty()) {
      state.scaling[0] = kScale;
      ASSERT_FALSE(engine->restore(state));
    }
    const auto batch = test::batch_of(32);
    const auto inputs = test::reference_batch<double>(*data, batch);
    const auto computed = [&](Precision with) {
      ReferenceNet<double> net(engine->plan(), test::reference_loss(settings.loss), 7);
      net.precision = with;
      net.loss_scale = with == Precision::kFp16 ? kScale : 1.0;
      std::ranges::copy(engine->parameters(), net.parameters.begin());
      std::ranges::copy(engine->state().buffers, net.buffers.begin());
      net.forward(inputs, true, 0);
      net.backward(inputs, 0);
      return net.gradient;
    };
    const auto wanted = computed(precision), exact = computed(Precision::kFp32);
    ASSERT_FALSE(engine->step(batch, {0.0})->skipped);
    // The engine's sums are in another order and precision, and where they end at the other side of a
    // middle they are rounded the other way: few numbers differ, but those by a whole rounding.
    double off = 0.0, rounding = 0.0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      off += std::pow(static_cast<double>(engine->gradient()[i]) - wanted[i], 2);
      rounding += std::pow(exact[i] - wanted[i], 2);
    }
    EXPECT_GT(rounding, 0.0);
    EXPECT_LT(std::sqrt(off), 0.2 * std::sqrt(rounding)) << (precision == Precision::kFp16 ? "fp16" : "bf16");
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, Rounded, ::testing::ValuesIn(test::kNetworks));

TEST(Precision, TrainsNearlyAsFp32) {
  const auto data = test::toy_data(300);
  const char* model = "linear:units=20; relu; residual:norm=layer_norm; linear:units=3";
  const auto losses = [&](Precision precision) {
    const auto engine = test::built(settings_with(model, precision, "adam"), data);
    std::vector<double> out;
    for (int step = 0; step < 60; ++step) {
      const auto result =
          engine->step(test::batch_of(30, static_cast<std::uint32_t>(step % 10 * 30)), {0.005});
      EXPECT_EQ(result->loss_scale, precision == Precision::kFp16 ? 65536.0 : 1.0);
      EXPECT_FALSE(result->skipped);
      out.push_back(result->loss);
    }
    out.push_back(engine->evaluate(DataPart::kTest)->loss);
    return out;
  };
  const auto exact = losses(Precision::kFp32);
  EXPECT_LT(exact[59], 0.5 * exact[0]);
  for (const Precision precision : {Precision::kFp16, Precision::kBf16}) {
    const auto rounded = losses(precision);
    EXPECT_NE(rounded, exact);
    for (std::size_t i = 0; i < exact.size(); ++i)
      ASSERT_TRUE(test::close(rounded[i], exact[i], 0.02 * exact[i] + 0.004)) << i;
  }
}

TEST(LossScaler, GrowsAndBacksOffAsGradScaler) {
  LossScaler scaler;
  for (int step = 1; step < 2000; ++step) scaler.update(false);
  EXPECT_EQ(scaler.scale, 65536.0);
  scaler.update(false);
  EXPECT_EQ(scaler.scale, 131072.0);
  for (int step = 1; step < 2000; ++step) scaler.update(false);
  scaler.update(true);  // the count begins anew
  EXPECT_EQ(scaler.scale, 65536.0);
  scaler.update(true);
  EXPECT_EQ(scaler.scale, 32768.0);
  for (int step = 1; step < 2000; ++step) scaler.update(false);
  EXPECT_EQ(scaler.scale, 32768.0);
  scaler.update(false);
  EXPECT_EQ(scaler.scale, 65536.0);
  for (int step = 0; step < 1000; ++step) scaler.update(true);
  EXPECT_GT(static_cast<float>(scaler.scale), 0.0f);
}

TEST(Precision, AStepWhoseGradientOverflowsIsSkipped) {
  const auto data = test::toy_data();
  NetworkSettings settings = settings_with("linear:units=9; tanh; linear:units=3", Precision::kFp16, "adam");
  settings.ema_decay = 0.5;
  const auto engine = test::built(settings, data);
  ASSERT_TRUE(engine->step(test::batch_of(32), {0.01}));
  EngineState before = engine->state();
  EXPECT_EQ(before.scaling, (std::vector{65536.0, 1.0}));
  before.scaling = {0x1p24, 7.0};
  ASSERT_FALSE(engine->restore(before));
  StepDetail detail{.whole = true, .tensors = {}};
  const auto skipped = engine->step(test::batch_of(32, 9), {0.01, 1.0}, &detail);
  ASSERT_TRUE(skipped);
  EXPECT_TRUE(skipped->skipped);
  EXPECT_EQ(skipped->loss_scale, 0x1p24);
  EXPECT_TRUE(std::isfinite(skipped->loss));
  EXPECT_FALSE(std::isfinite(skipped->gradient_norm));
  EXPECT_EQ(detail.tensors[0].update_norm, 0.0);
  EXPECT_TRUE(std::isnan(detail.tensors[0].effective_rate));
  before.scaling = {0x1p23, 0.0};
  EXPECT_EQ(engine->state(), before);
  // It goes down until a step can be made, and that is the step that was to be made: as with a scale that
  // bore it from the start.
  StepResult result = *skipped;
  for (int i = 0; i < 20 && result.skipped; ++i) result = *engine->step(test::batch_of(32, 9), {0.01});
  ASSERT_FALSE(result.skipped);
  const auto other = test::built(settings, data);
  before.scaling = {result.loss_scale, 0.0};
  ASSERT_FALSE(other->restore(before));
  ASSERT_TRUE(other->step(test::batch_of(32, 9), {0.01}));
  EXPECT_EQ(other->state(), engine->state());
  EXPECT_EQ(other->state().steps, before.steps + 1);
}

/// A line through tiny targets: the gradient of each output is below what fp16 can tell from 0.
std::shared_ptr<const Dataset> tiny_line() {
  auto data = std::make_shared<Dataset>();
  data->name = "tiny line";
  data->shape = {1, 1, 1};
  data->features = 1;
  data->mean = {0.0f};
  data->deviation = {1.0f};
  data->train.count = 64;
  for (int i = 0; i < 64; ++i) {
    const auto x = static_cast<float>(i - 32) / 16.0f;
    data->train.values.push_back(x);
    data->train.targets.push_back(3e-7f * x + 1e-7f);
  }
  return data;
}

TEST(Precision, LossScalingSavesGradientsThatWouldVanish) {
  NetworkSettings settings = test::network("1-1", "gd", "squared_error");
  settings.model.initialisation = parse_spec("normal:std=0", initialisation_family()).value();
  settings.precision = Precision::kFp16;
  const auto scaled = test::built(settings, tiny_line()), bare = test::built(settings, tiny_line());
  EngineState without = bare->state();
  without.scaling = {1.0, 0.0};
  ASSERT_FALSE(bare->restore(without));
  const double before = scaled->evaluate(DataPart::kTrain)->loss;
  for (int step = 0; step < 100; ++step) {
    ASSERT_TRUE(scaled->step(test::batch_of(64), {0.1}));
    ASSERT_TRUE(bare->step(test::batch_of(64), {0.1}));
  }
  EXPECT_EQ(bare->state().parameters, without.parameters) << "not a single gradient survived";
  EXPECT_LT(scaled->evaluate(DataPart::kTrain)->loss, 0.05 * before);
}

}  // namespace
}  // namespace thalweg

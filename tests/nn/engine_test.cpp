// The CPU engine against the reference network, and what it promises: determinism, exact restore, no
// allocation in a step, refusals that change nothing.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "core/optimizer/rules.hpp"
#include "tests/golden/close.hpp"
#include "tests/nn/engines.hpp"

namespace {
std::atomic<long> g_allocations = 0;
}
// GCC inlines one of the pair and then misses the other.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
void* operator new(std::size_t size) {
  ++g_allocations;
  if (void* p = std::malloc(size ? size : 1)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace thalweg {
namespace {

using test::batch_of;
using test::built;

class Engine : public ::testing::TestWithParam<const char*> {};

TEST_P(Engine, HasTheLossAndGradientOfTheReference) {
  for (const char* loss : {"cross_entropy:label_smoothing=0.1", "squared_error"}) {
    SCOPED_TRACE(loss);
    const auto data = test::toy_data();
    const NetworkSettings settings = test::network(GetParam(), "gd:lr=0.1", loss);
    const auto engine = built(settings, data);
    ReferenceNet<double> net(engine->plan(), test::reference_loss(settings.loss), 7);
    for (int step = 0; step < 3; ++step) {  // other batches, and a size that is no multiple of anything
      const auto batch = batch_of(step == 1 ? 13 : 32, static_cast<std::uint32_t>(step * 20));
      std::ranges::copy(engine->parameters(), net.parameters.begin());
      std::ranges::copy(engine->state().buffers, net.buffers.begin());
      const auto inputs = test::reference_batch<double>(*data, batch);
      const auto wanted = net.forward(inputs, true, static_cast<std::uint64_t>(step), true);
      net.backward(inputs, static_cast<std::uint64_t>(step));
      const auto result = engine->step(batch, {.learning_rate = 0.1});
      ASSERT_TRUE(result);
      EXPECT_TRUE(test::close(result->loss, wanted, 2e-6 * (1.0 + wanted)));
      double largest = 0.0;
      for (const double g : net.gradient) largest = std::max(largest, std::abs(g));
      for (std::size_t i = 0; i < net.gradient.size(); ++i) {
        ASSERT_TRUE(test::close(engine->gradient()[i], net.gradient[i], 2e-5 * largest)) << "parameter " << i;
        ASSERT_TRUE(test::close(engine->parameters()[i], net.parameters[i] - 0.1 * net.gradient[i], 4e-6));
      }
      const auto buffers = engine->state().buffers;
      for (std::size_t i = 0; i < buffers.size(); ++i)
        ASSERT_TRUE(test::close(buffers[i], net.buffers[i], 1e-6 * (1.0 + std::abs(net.buffers[i])))) << i;
    }
    // And outside training: no dropout, running statistics.
    const auto all = batch_of(96);
    std::ranges::copy(engine->parameters(), net.parameters.begin());
    std::ranges::copy(engine->state().buffers, net.buffers.begin());
    const auto inputs = test::reference_batch<double>(*data, all);
    const double wanted = net.forward(inputs, false);
    const auto measured = engine->evaluate(DataPart::kTrain);
    ASSERT_TRUE(measured);
    EXPECT_TRUE(test::close(measured->loss, wanted, 2e-6 * (1.0 + wanted)));
    int correct = 0;
    for (int r = 0; r < 96; ++r)
      correct += prediction(&net.outputs()[static_cast<std::size_t>(r) * 3], 3) ==
                 inputs.labels[static_cast<std::size_t>(r)];
    EXPECT_EQ(measured->count, 96);
    EXPECT_TRUE(test::close(measured->accuracy, correct / 96.0, 1e-12));
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, Engine, ::testing::ValuesIn(test::kNetworks));

TEST(CpuEngine, EveryRuleIsTheRegistrysRule) {
  const auto data = test::toy_data();
  for (const auto& descriptor : optimizers()) {
    if (rule_index(descriptor.id) < 0) continue;
    SCOPED_TRACE(descriptor.id);
    Spec spec = default_spec(descriptor);
    if (Value* decay = spec.find("weight_decay")) *decay = 0.01;
    NetworkSettings settings = test::network("linear:units=9; tanh; linear:units=3");
    settings.optimizer = spec;
    const auto engine = built(settings, data);
    const auto n = engine->parameters().size();
    const auto stepper = make_stepper(spec, static_cast<int>(n));
    std::vector<double> theta(engine->parameters().begin(), engine->parameters().end());
    for (int step = 0; step < 5; ++step) {
      const double rate = 0.01 * (step + 1);
      ASSERT_TRUE(engine->step(batch_of(32, static_cast<std::uint32_t>(step)), {rate}));
      std::vector<double> gradient(engine->gradient().begin(), engine->gradient().end());
      stepper->step(theta.data(), gradient.data(), rate);
      for (std::size_t i = 0; i < n; ++i)
        ASSERT_TRUE(test::close(engine->parameters()[i], theta[i], 2e-5)) << i;
    }
  }
}

TEST(CpuEngine, LeavesOutZerosOfImages) {
  const auto data = test::background_data();
  const NetworkSettings settings = test::network("linear:units=37; relu; linear:units=3");
  for (const int threads : {1, 2}) {
    const auto engine = built(settings, data, 7, threads);
    ReferenceNet<double> net(engine->plan(), test::reference_loss(settings.loss), 7);
    std::ranges::copy(engine->parameters(), net.parameters.begin());
    const auto batch = batch_of(13, 5);
    const auto inputs = test::reference_batch<double>(*data, batch);
    const double wanted = net.forward(inputs, true);
    net.backward(inputs);
    const auto result = engine->step(batch, {0.1});
    ASSERT_TRUE(result);
    EXPECT_TRUE(test::close(result->loss, wanted, 1e-5));
    for (std::size_t i = 0; i < net.gradient.size(); ++i)
      ASSERT_TRUE(test::close(engine->gradient()[i], net.gradient[i], 1e-5)) << "parameter " << i;
    // Samples that are not the data set's own take the other way, to the same outputs.
    const Samples copy = data->test;
    const auto own = engine->outputs(data->test), foreign = engine->outputs(copy);
    ASSERT_TRUE(own && foreign);
    for (std::size_t i = 0; i < own->size(); ++i) EXPECT_TRUE(test::close((*own)[i], (*foreign)[i], 1e-5));
  }
}

TEST(CpuEngine, ClipsToTheGlobalNorm) {
  const auto data = test::toy_data();
  const NetworkSettings settings = test::network("linear:units=9; tanh; linear:units=3");
  const auto engine = built(settings, data);
  const std::vector<float> before(engine->parameters().begin(), engine->parameters().end());
  const auto result = engine->step(batch_of(32), {1.0, 0.05});
  ASSERT_TRUE(result);
  double moved = 0.0, norm = 0.0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    moved += std::pow(engine->parameters()[i] - before[i], 2);
    norm += std::pow(engine->gradient()[i], 2);
  }
  EXPECT_TRUE(test::close(result->gradient_norm, std::sqrt(norm), 1e-6));
  EXPECT_GT(result->gradient_norm, 0.05);
  EXPECT_TRUE(test::close(std::sqrt(moved), 0.05, 1e-5));
  const auto other = built(settings, data);
  ASSERT_TRUE(other->step(batch_of(32), {1.0, 1e6}));  // far above: nothing is clipped
  EXPECT_TRUE(test::close(other->parameters()[0], before[0] - other->gradient()[0], 1e-6));
}

TEST(CpuEngine, SameCallsSameNumbersAndRestoreIsExact) {
  const auto data = test::toy_data();
  NetworkSettings plain =
      test::network("linear:units=20; batch_norm; relu; dropout; linear:units=3", "adamw:lr=0.01");
  NetworkSettings full = plain;
  full.micro_batch = 7;
  full.ema_decay = 0.8;
  full.precision = Precision::kFp16;
  for (const auto& [threads, settings] : {std::pair{1, plain}, {2, plain}, {1, full}}) {
    const auto a = built(settings, data, 3, threads), b = built(settings, data, 3, threads);
    EngineState middle;
    std::vector<double> losses;
    for (int step = 0; step < 12; ++step) {
      if (step == 6) middle = a->state();
      const auto batch = batch_of(24, static_cast<std::uint32_t>(step * 5));
      losses.push_back(a->step(batch, {0.01})->loss);
      EXPECT_EQ(losses.back(), b->step(batch, {0.01})->loss);
    }
    EXPECT_EQ(a->state(), b->state());
    EXPECT_EQ(a->state().average.empty(), settings.ema_decay == 0.0);
    const EngineState end = a->state();
    ASSERT_FALSE(a->restore(middle));
    for (int step = 6; step < 12; ++step)
      EXPECT_EQ(a->step(batch_of(24, static_cast<std::uint32_t>(step * 5)), {0.01})->loss,
                losses[static_cast<std::size_t>(step)]);
    EXPECT_EQ(a->state(), end);
  }
}

TEST(CpuEngine, AStepAllocatesNothing) {
  const auto engine = built(
      test::network("linear:units=20; batch_norm; gelu; dropout; linear:units=3", "adam"), test::toy_data());
  const auto batch = batch_of(32);
  ASSERT_TRUE(engine->step(batch, {0.01}));
  const long before = g_allocations;
  for (int i = 0; i < 10; ++i)
    if (!engine->step(batch, {0.01})) FAIL();
  EXPECT_EQ(g_allocations - before, 0);
}

TEST(CpuEngine, NorDoesOneWithEverythingOn) {
  NetworkSettings settings =
      test::network("linear:units=20; batch_norm; dropout; residual:norm=rms_norm; linear:units=3", "adam");
  settings.micro_batch = 10;
  settings.ema_decay = 0.9;
  settings.precision = Precision::kFp16;
  const auto engine = built(settings, test::toy_data());
  const auto batch = batch_of(32);
  StepDetail detail{.whole = true, .tensors = {}};
  ASSERT_TRUE(engine->step(batch, {0.01, 1.0}, &detail));
  const long before = g_allocations;
  for (int i = 0; i < 10; ++i)
    if (!engine->step(batch, {0.01, 1.0}, &detail)) FAIL();
  EXPECT_EQ(g_allocations - before, 0);
}

TEST(CpuEngine, LearnsTheToyData) {
  const auto engine = built(test::network("8-16-3", "adam"), test::toy_data(300));
  const double before = engine->evaluate(DataPart::kTest)->loss;
  for (int i = 0; i < 300; ++i)
    ASSERT_TRUE(engine->step(batch_of(30, static_cast<std::uint32_t>(i % 10 * 30)), {0.01}));
  const auto after = engine->evaluate(DataPart::kTest);
  EXPECT_LT(after->loss, 0.5 * before);
  EXPECT_GT(after->accuracy, 0.8);
}

TEST(CpuEngine, Regression) {
  auto data = std::make_shared<Dataset>();
  data->name = "line";
  data->shape = {1, 1, 2};
  data->features = 2;
  data->mean = {0.0f};
  data->deviation = {2.0f};
  data->train.count = 64;
  for (int i = 0; i < 64; ++i) {
    const auto a = static_cast<float>(i % 8), b = static_cast<float>(i / 8);
    data->train.values.insert(data->train.values.end(), {a, b});
    data->train.targets.push_back(0.5f * a - 0.25f * b + 1.0f);
  }
  const auto engine = built(test::network("2-1", "gd", "squared_error"), data);
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(engine->step(batch_of(64), {0.05}));
  EXPECT_NEAR(engine->parameters()[0], 1.0, 1e-3);  // inputs are halved
  EXPECT_NEAR(engine->parameters()[1], -0.5, 1e-3);
  EXPECT_NEAR(engine->parameters()[2], 1.0, 1e-3);
  EXPECT_TRUE(std::isnan(engine->evaluate(DataPart::kTrain)->accuracy));
  EXPECT_EQ(engine->evaluate(DataPart::kTest)->count, 0);
  auto other = make_cpu_engine();
  ASSERT_FALSE(other->load(data));
  EXPECT_TRUE(other->build(test::network("2-1"), 1)) << "cross-entropy of a regression";
}

TEST(CpuEngine, RefusesAndChangesNothing) {
  const auto data = test::toy_data();
  const auto engine = built(test::network("linear:units=5; batch_norm; linear:units=3", "momentum"), data);
  const EngineState before = engine->state();
  EXPECT_FALSE(engine->step({}, {0.1}));
  EXPECT_FALSE(engine->step(std::vector<std::uint32_t>{96}, {0.1}));
  const auto one = engine->step(std::vector<std::uint32_t>{1}, {0.1});
  ASSERT_FALSE(one);
  EXPECT_NE(one.error().text().find("at least two samples"), std::string::npos);
  EXPECT_TRUE(engine->set_optimizer(parse_spec("adam", optimizer_family()).value()));
  EXPECT_TRUE(engine->set_optimizer(parse_spec("momentum:form=polyak", optimizer_family()).value()));
  EXPECT_FALSE(engine->set_optimizer(parse_spec("momentum:momentum=0.5", optimizer_family()).value()));
  EngineState wrong = before;
  wrong.slots.pop_back();
  EXPECT_TRUE(engine->restore(wrong));
  wrong = before;
  wrong.average = wrong.parameters;
  EXPECT_TRUE(engine->restore(wrong)) << "no average is kept";
  wrong = before;
  wrong.scaling = {1.0, 0.0};
  EXPECT_TRUE(engine->restore(wrong)) << "not fp16";
  EXPECT_EQ(engine->state(), before);

  auto fresh = make_cpu_engine();
  EXPECT_TRUE(fresh->build(test::network("8-3"), 1)) << "no data";
  EXPECT_FALSE(fresh->step(batch_of(1), {0.1}));
  EXPECT_FALSE(fresh->evaluate(DataPart::kTest));
  Dataset bad = *data;
  bad.train.labels[40] = 3;
  const auto error = fresh->load(std::make_shared<Dataset>(bad));
  ASSERT_TRUE(error);
  EXPECT_NE(error->text().find("label 3 at sample 40"), std::string::npos);
  bad = *data;
  bad.train.bytes.pop_back();
  EXPECT_TRUE(fresh->load(std::make_shared<Dataset>(bad)));
  bad = *data;
  bad.deviation[1] = 0.0f;
  EXPECT_TRUE(fresh->load(std::make_shared<Dataset>(bad)));
  ASSERT_FALSE(fresh->load(data));
  EXPECT_TRUE(fresh->build(test::network("9-3"), 1));
  NetworkSettings settings = test::network("8-3");
  settings.micro_batch = -1;
  EXPECT_TRUE(fresh->build(settings, 1));
  settings.micro_batch = 0;
  for (const double decay : {-0.1, 1.0, std::nan("")}) {
    settings.ema_decay = decay;
    EXPECT_TRUE(fresh->build(settings, 1)) << decay;
  }
}

TEST(CpuEngine, DivergenceShowsAsANumberThatIsNotFinite) {
  const auto engine = built(test::network("8-16-3", "gd"), test::toy_data());
  double loss = 0.0;
  for (int i = 0; i < 50 && std::isfinite(loss); ++i) {
    const auto result = engine->step(batch_of(96), {1e20});
    ASSERT_TRUE(result);
    loss = result->loss;
  }
  EXPECT_FALSE(std::isfinite(loss));
}

}  // namespace
}  // namespace thalweg

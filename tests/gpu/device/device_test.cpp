// Networks of the size that people train, and what only a device can do. Not in the emulator, where they
// would take minutes.
#include <string>
#include <thread>

#include "core/curvature/power_iteration.hpp"
#include "core/optimizer/rules.hpp"
#include "tests/ensemble/ensembles.hpp"
#include "tests/gpu/comparisons.hpp"
#include "tests/gpu/digits.hpp"

namespace thalweg {
namespace {

using test::difference;

constexpr char kSmall[] = "784-128-10";
constexpr char kLarge[] = "784-512-512-10";

class AtSize : public test::OnDevice<> {
 protected:
  static std::shared_ptr<const Dataset> data() {
    static const auto shared = test::mnist_like(12'800, 2'000);
    return shared;
  }

  static std::span<const std::uint32_t> order() {
    static const auto shared = [] {
      std::vector<std::uint32_t> out(static_cast<std::size_t>(data()->train.count));
      batch_order(1, 0, out);
      return out;
    }();
    return shared;
  }

  /// An epoch, or less: mean losses of ten steps each.
  static std::vector<double> train(TrainingEngine& engine, std::size_t batch, double rate,
                                   int steps = 1 << 30) {
    std::vector<double> losses;
    int made = 0;
    std::int64_t begun = 0;
    double sum = 0.0;
    const auto finish = [&] {
      for (const FinishedStep& step : engine.finish()) {
        sum += step.result.loss / 10.0;
        if (++made % 10 == 0) losses.push_back(std::exchange(sum, 0.0));
      }
      begun = 0;
    };
    int left = steps;
    for (std::size_t first = 0; first + batch <= order().size() && left > 0; first += batch, --left) {
      if (auto error = engine.begin(order().subspan(first, batch), {.learning_rate = rate}, {}))
        ADD_FAILURE() << error->text();
      if (++begun == engine.steps_ahead()) finish();
    }
    finish();
    return losses;
  }

  static void expect_losses(const std::vector<double>& losses, const std::vector<double>& wanted,
                            double tolerance) {
    ASSERT_EQ(losses.size(), wanted.size());
    for (std::size_t i = 0; i < losses.size(); ++i)
      EXPECT_NEAR(losses[i], wanted[i], tolerance * wanted[i]) << i;
  }
};

struct Epoch {
  const char* model;
  const char* optimizer;
  std::size_t batch;
};

class EpochsAtSize : public AtSize, public ::testing::WithParamInterface<Epoch> {};

TEST_P(EpochsAtSize, LossesAndAccuracyAreTheCpus) {
  const NetworkSettings settings = test::network(GetParam().model, GetParam().optimizer);
  const double rate = settings.optimizer.number("lr");
  const auto ours = test::on_device(settings, data());
  const auto cpu = test::built(settings, data());
  const auto losses = train(*ours, GetParam().batch, rate), wanted = train(*cpu, GetParam().batch, rate);
  expect_losses(losses, wanted, 1e-3);
  EXPECT_LT(losses.back(), 0.7 * losses.front());
  const auto a = ours->evaluate(DataPart::kTest), b = cpu->evaluate(DataPart::kTest);
  EXPECT_NEAR(a->loss, b->loss, 1e-3 * b->loss);
  EXPECT_NEAR(a->accuracy, b->accuracy, 2e-3);
  std::printf("%s, %s: parameters %.1e apart\n", GetParam().model, GetParam().optimizer,
              difference(ours->parameters(), cpu->parameters()));
}

INSTANTIATE_TEST_SUITE_P(
    Networks, EpochsAtSize,
    ::testing::Values(Epoch{kSmall, "adam:lr=0.001", 64}, Epoch{kSmall, "momentum:lr=0.01", 64},
                      Epoch{kLarge, "adam:lr=0.001", 512},
                      Epoch{"linear:units=512; relu; dropout:p=0.2; linear:units=512; relu; linear:units=10",
                            "adam:lr=0.002", 512}));

class RulesAtSize : public AtSize, public ::testing::WithParamInterface<std::string> {};

TEST_P(RulesAtSize, ParametersAfterAHundredStepsAreTheCpus) {
  NetworkSettings settings = test::network(kSmall);
  settings.optimizer = training_spec(*find_optimizer(GetParam()));
  const double rate = settings.optimizer.number("lr");
  const auto ours = test::on_device(settings, data());
  const auto cpu = test::built(settings, data());
  train(*ours, 64, rate, 100);
  train(*cpu, 64, rate, 100);
  EXPECT_EQ(ours->state().steps, 100);
  const double apart = difference(ours->parameters(), cpu->parameters());
  RecordProperty("apart", std::to_string(apart));
  std::printf("%s: %.1e apart\n", GetParam().c_str(), apart);
  EXPECT_LE(apart, 1e-4);
}

INSTANTIATE_TEST_SUITE_P(Rules, RulesAtSize, ::testing::ValuesIn(test::rules()));

TEST_F(AtSize, LargeProductsKeepToTheCpu) {
  for (const char* optimizer : {"gd:lr=0.05", "momentum:lr=0.01", "adam:lr=0.001"}) {
    SCOPED_TRACE(optimizer);
    const NetworkSettings settings = test::network(kLarge, optimizer);
    const double rate = settings.optimizer.number("lr");
    const auto ours = test::on_device(settings, data());
    const auto cpu = test::built(settings, data());
    train(*ours, 512, rate, 25);
    train(*cpu, 512, rate, 25);
    EXPECT_LE(difference(ours->gradient(), cpu->gradient()), 1e-3);
    EXPECT_LE(difference(ours->parameters(), cpu->parameters()), 1e-4);
  }
}

TEST_F(AtSize, TwoRunsAreTheSameToTheBit) {
  for (const Precision precision : {Precision::kFp32, Precision::kFp16, Precision::kBf16})
    for (const char* model : {kSmall, kLarge}) {
      SCOPED_TRACE(model);
      NetworkSettings settings = test::network(model, "adam:lr=0.001");
      settings.precision = precision;
      const auto one = test::on_device(settings, data()), two = test::on_device(settings, data());
      EXPECT_EQ(train(*one, 256, 0.001, 40), train(*two, 256, 0.001, 40));
      EXPECT_EQ(one->state(), two->state());
    }
}

TEST_F(AtSize, RoundedTrainingFollowsTheCpus) {
  for (const Precision precision : {Precision::kFp16, Precision::kBf16}) {
    const double place = precision == Precision::kFp16 ? 1e-3 : 8e-3;
    NetworkSettings settings = test::network(kLarge, "momentum:lr=0.01");
    settings.precision = precision;
    const auto ours = test::on_device(settings, data());
    const auto cpu = test::built(settings, data());
    expect_losses(train(*ours, 512, 0.01, 20), train(*cpu, 512, 0.01, 20), 4.0 * place);
    EXPECT_LE(difference(ours->parameters(), cpu->parameters()), 4.0 * place);
    EXPECT_EQ(ours->state().scaling, cpu->state().scaling);
  }
}

TEST_F(AtSize, CurvatureIsTheCpus) {
  const NetworkSettings settings = test::network(kSmall, "gd:lr=0.1");
  const auto ours = test::on_device(settings, data());
  const auto cpu = test::built(settings, data());
  train(*cpu, 64, 0.1);
  ASSERT_FALSE(ours->restore(cpu->state()));
  const auto samples = test::batch_of(2'000);
  auto a = ours->hessian(samples);
  const auto b = cpu->hessian(samples);
  ASSERT_TRUE(b);
  ASSERT_TRUE(a);
  const auto size = ours->plan().parameters;
  std::vector<float> v(static_cast<std::size_t>(size)), x(v.size()), y(v.size());
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = (i * 2654435761u % 1000) * 1e-3f - 0.5f;
  (*a)->multiply(v, x);
  (*b)->multiply(v, y);
  EXPECT_LE(difference(x, y), 1e-4);
  const PowerSettings power{.tolerance = 0.0, .products = 30, .seed = 1};
  const auto found = power_iteration(hessian_operator(**a, size), power);
  const auto wanted = power_iteration(hessian_operator(**b, size), power);
  EXPECT_NEAR(found.value, wanted.value, 1e-3 * wanted.value);
}

TEST_F(AtSize, AnEngineOnAnotherThreadWorksOnItsDevice) {
  const NetworkSettings settings = test::network(kSmall, "adam:lr=0.001");
  const auto engine = test::on_device(settings, data()), other = test::on_device(settings, data());
  std::thread([&] { train(*engine, 64, 0.001, 30); }).join();
  train(*other, 64, 0.001, 30);
  EXPECT_EQ(engine->state(), other->state());
}

/// Ends of particles are those of the CPU, but for starts on the edge of a basin: those from which the CPU
/// itself comes elsewhere if the start is moved by a millionth of its size.
TEST_F(AtSize, EnsemblesEndWhereTheCpusDo) {
  for (const char* surface : {"rosenbrock", "himmelblau", "rastrigin"}) {
    EnsembleSettings settings = test::ensemble_of(surface, "adam:lr=0.01", 200, 200, 2'000, 1e-3);
    const int dim = test::surface_of(settings)->dim();
    StartList starts, moved;
    for (std::int64_t i = 0; i < count_of(settings.starts); ++i) {
      const StartPoint start = start_point(settings.starts, i, dim);
      starts.x.push_back(start.x), starts.y.push_back(start.y);
      moved.x.push_back(start.x * 1.000001f + 1e-6f), moved.y.push_back(start.y * 1.000001f - 1e-6f);
    }
    settings.starts = starts;
    const auto ours = test::device_ensemble(settings), cpu = run_ensemble(settings);
    settings.starts = moved;
    const auto other = run_ensemble(settings);
    ASSERT_TRUE(ours && cpu && other);
    const auto together = [&](const EnsembleResult& a, const EnsembleResult& b, std::size_t i) {
      return a.outcome[i] == b.outcome[i] && a.minimum[i] == b.minimum[i] &&
             std::hypot(a.x[i] - b.x[i], a.y[i] - b.y[i]) <= 2e-3f;
    };
    std::int64_t edge = 0, parted = 0;
    for (std::size_t i = 0; i < cpu->x.size(); ++i) {
      if (!together(*cpu, *other, i))
        ++edge;
      else if (!together(*ours, *cpu, i))
        ++parted;
    }
    std::printf("%s: %lld of %lld starts on an edge, %lld others part\n", surface,
                static_cast<long long>(edge), static_cast<long long>(cpu->count()),
                static_cast<long long>(parted));
    EXPECT_EQ(parted, 0) << surface;
    EXPECT_LE(edge, cpu->count() / 50) << surface;
  }
}

/// Activations of this network for one batch take 260 GB, which no device has.
TEST_F(AtSize, WithoutRoomItSaysSoAndTheNextEngineWorks) {
  const auto toy = test::toy_data();
  const NetworkSettings wide = test::network("linear:units=65536; tanh; linear:units=3");
  {
    const auto engine = test::on_device(wide, toy);
    const std::vector<std::uint32_t> batch(1'000'000, 5);
    try {
      const auto result = engine->step(batch, {.learning_rate = 0.1});
      ADD_FAILURE() << "a device with 260 GB of room";
    } catch (const DeviceError& error) {
      const std::string what = error.what();
      EXPECT_NE(what.find("out of memory"), std::string::npos) << what;
      EXPECT_NE(what.find("GB"), std::string::npos) << what;
    }
  }
  const NetworkSettings settings = test::network("linear:units=5; relu; linear:units=3");
  const auto ours = test::on_device(settings, toy);
  const auto cpu = test::built(settings, toy);
  for (int step = 0; step < 3; ++step) {
    ASSERT_TRUE(ours->step(test::batch_of(32), {.learning_rate = 0.1}));
    ASSERT_TRUE(cpu->step(test::batch_of(32), {.learning_rate = 0.1}));
  }
  test::expect_alike(*ours, *cpu, 1e-5);
}

}  // namespace
}  // namespace thalweg

// Methods and wrappers at work on networks: against the plain network with the same optimizer in double, and
// what they are promised about batches, running statistics and drawn labels.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/nn/cpu_batch.hpp"
#include "core/nn/initialise.hpp"
#include "core/optimizer/updater.hpp"
#include "core/optimizer/wrapper.hpp"
#include "tests/optimizer/flat_objective.hpp"
#include "tests/golden/close.hpp"
#include "tests/nn/engines.hpp"

namespace thalweg {
namespace {

constexpr const char* kModel =
    "linear:units=9; tanh; batch_norm; dropout:p=0.3; linear:units=6; relu; linear:units=3";

std::vector<std::string> everything() {
  std::vector<std::string> out;
  for (const OptimizerDescriptor& descriptor : optimizers())
    if (!cpu::make_updater(default_spec(descriptor)) && descriptor.not_on_networks.empty())
      out.push_back(descriptor.id);
  for (const Descriptor& wrapper : optimizer_wrappers())
    for (const char* base : {"gd", "adam"}) out.push_back(wrapper.id + "+" + base);
  out.insert(out.end(), {"sophia:estimate=hutchinson,period=2", "sam+muon", "local+schedule_free_adamw"});
  return out;
}

/// The loss of a batch as the plain network sees it.
class ReferenceObjective final : public test::FlatObjective {
 public:
  explicit ReferenceObjective(ReferenceNet<double>& net) : net_(net) {}
  void begin(const ReferenceBatch<double>& batch, std::uint64_t step, double loss) {
    batch_ = &batch;
    step_ = step;
    loss_ = loss;
  }
  double loss_here() const override { return loss_; }
  double loss(const double* theta) override {
    net_.parameters.assign(theta, theta + net_.parameters.size());
    return net_.forward(*batch_, true, step_, false);
  }
  double gradient(const double* theta, double* out) override {
    const double result = loss(theta);
    net_.backward(*batch_, step_);
    std::copy(net_.gradient.begin(), net_.gradient.end(), out);
    return result;
  }
  double worker_gradient(const double* theta, int, int, double* out) override { return gradient(theta, out); }

 private:
  ReferenceNet<double>& net_;
  const ReferenceBatch<double>* batch_ = nullptr;
  std::uint64_t step_ = 0;
  double loss_ = 0.0;
};

/// Several tensors, batch normalisation and dropout: the second gradient of SAM has the masks of the first,
/// and leaves running statistics alone.
TEST(Methods, TrainAsThePlainNetworkDoes) {
  for (const char* optimizer :
       {"lars:lr=20", "lars:lr=5,weight_decay=0.1,momentum=0.5", "lamb:lr=0.05",
        "muon:lr=0.02,weight_decay=0.1", "sam+gd:lr=0.1,sam_rho=0.2",
        "sam+momentum:lr=0.02,sam_rho=0.5,adaptive=true", "lookahead+gd:lr=0.2,sync_period=3",
        "delayed+momentum:lr=0.02,delay=2", "lookahead+sam+lamb:lr=0.02"}) {
    SCOPED_TRACE(optimizer);
    const auto data = test::toy_data();
    const NetworkSettings settings = test::network(kModel, optimizer);
    const auto engine = test::built(settings, data, 11);
    const Plan& plan = engine->plan();
    ReferenceNet<double> net(plan, test::reference_loss(settings.loss), 11);
    std::vector<double> theta(engine->parameters().begin(), engine->parameters().end()),
        gradient(theta.size());
    const EngineState begun = engine->state();
    net.buffers.assign(begun.buffers.begin(), begun.buffers.end());
    const auto stepper = make_stepper(settings.optimizer, layout_of(plan));
    ReferenceObjective objective(net);
    const double lr = settings.optimizer.number("lr");
    for (std::uint32_t t = 0; t < 8; ++t) {
      const auto samples = test::batch_of(20, 7 * t);
      ASSERT_TRUE(engine->step(samples, {lr}, nullptr));
      const auto batch = test::reference_batch<double>(*data, samples);
      net.parameters = theta;
      objective.begin(batch, t, net.forward(batch, true, t, true));
      net.backward(batch, t);
      gradient = net.gradient;
      stepper->step(theta.data(), gradient.data(), lr, &objective);
      for (std::size_t i = 0; i < theta.size(); ++i)
        ASSERT_TRUE(test::close(engine->parameters()[i], theta[i], 2e-4))
            << "step " << t << ", parameter " << i;
      const EngineState now = engine->state();
      for (std::size_t i = 0; i < now.buffers.size(); ++i)
        ASSERT_TRUE(test::close(now.buffers[i], net.buffers[i], 2e-4)) << "step " << t << ", statistic " << i;
    }
  }
}

TEST(Methods, GoOnWithoutAChangedBitAfterARestore) {
  const auto data = test::toy_data();
  for (const std::string& optimizer : everything()) {
    SCOPED_TRACE(optimizer);
    const NetworkSettings settings = test::network(kModel, optimizer);
    const auto engine = test::built(settings, data), other = test::built(settings, data);
    const auto go = [&](TrainingEngine& one, std::uint32_t from, std::uint32_t to) {
      for (std::uint32_t t = from; t < to; ++t) ASSERT_TRUE(one.step(test::batch_of(20, t), {0.01}, nullptr));
    };
    go(*engine, 0, 7);
    go(*other, 3, 5);
    ASSERT_FALSE(other->restore(engine->state()));
    go(*engine, 7, 13);
    go(*other, 7, 13);
    const EngineState a = engine->state(), b = other->state();
    EXPECT_EQ(a.parameters, b.parameters);
    EXPECT_EQ(a.buffers, b.buffers);
    EXPECT_EQ(a.slots, b.slots);
    EXPECT_EQ(a.progress, b.progress);
    for (const float x : a.parameters) ASSERT_TRUE(std::isfinite(x));
    // A state of another optimizer is refused, and nothing changes.
    EXPECT_TRUE(test::built(test::network(kModel, "gd"), data)->restore(a));
    EngineState wrong = a;
    wrong.slots.push_back(0.0f);
    EXPECT_TRUE(engine->restore(wrong));
    EXPECT_EQ(engine->state().parameters, b.parameters);
  }
}

/// Parts of a batch, one after the other, make the step of the whole.
TEST(Methods, WorkThroughABatchInParts) {
  const auto data = test::toy_data();
  const char* model = "linear:units=9; tanh; dropout:p=0.3; linear:units=3";
  for (const char* optimizer : {"sam+gd", "local+momentum:workers=3", "sophia", "lamb"}) {
    SCOPED_TRACE(optimizer);
    NetworkSettings settings = test::network(model, optimizer);
    const auto whole = test::built(settings, data);
    settings.micro_batch = 7;
    const auto parts = test::built(settings, data);
    for (std::uint32_t t = 0; t < 5; ++t)
      for (TrainingEngine* one : {whole.get(), parts.get()})
        ASSERT_TRUE(one->step(test::batch_of(24, t), {0.02}, nullptr));
    for (std::size_t i = 0; i < whole->parameters().size(); ++i)
      EXPECT_TRUE(test::close(parts->parameters()[i], whole->parameters()[i], 2e-5)) << i;
  }
}

/// Each worker has its share of the batch, with the dropout masks of its rows: workers that meet after every
/// step of gradient descent are one.
TEST(Methods, WorkersShareTheBatch) {
  const auto data = test::toy_data();
  const char* model = "linear:units=9; tanh; dropout:p=0.3; linear:units=3";
  const auto plain = test::built(test::network(model, "gd"), data);
  const auto local = test::built(test::network(model, "local+gd:workers=4,local_steps=1"), data);
  for (std::uint32_t t = 0; t < 5; ++t)
    for (TrainingEngine* one : {plain.get(), local.get()})
      ASSERT_TRUE(one->step(test::batch_of(24, t), {0.1}, nullptr));
  for (std::size_t i = 0; i < plain->parameters().size(); ++i)
    EXPECT_TRUE(test::close(local->parameters()[i], plain->parameters()[i], 1e-5)) << i;
}

/// More workers than pairs of samples, and batch normalisation: none is left with a batch of one.
TEST(Methods, WorkersUnderBatchNormalisationHaveTwoSamples) {
  const auto data = test::toy_data();
  NetworkSettings settings =
      test::network("linear:units=5; batch_norm; linear:units=3", "local+gd:workers=5");
  settings.micro_batch = 4;
  const auto engine = test::built(settings, data);
  for (const int size : {8, 24, 26}) {
    ASSERT_TRUE(engine->step(test::batch_of(size), {0.1}, nullptr)) << size;
    for (const float x : engine->parameters()) ASSERT_TRUE(std::isfinite(x)) << size;
  }
}

/// What is evaluated is what an averaging optimizer has found, and not where it takes gradients.
TEST(Methods, AveragesAreWhatIsEvaluated) {
  const auto data = test::toy_data();
  for (const char* optimizer : {"schedule_free_sgd", "schedule_free_adamw", "asgd:t0=0",
                                "lookahead+schedule_free_sgd", "sam+asgd:t0=0"}) {
    SCOPED_TRACE(optimizer);
    const NetworkSettings settings = test::network("linear:units=6; tanh; linear:units=3", optimizer);
    const auto engine = test::built(settings, data);
    const auto stepper = make_float_stepper(settings.optimizer, layout_of(engine->plan()));
    for (std::uint32_t t = 0; t < 9; ++t) ASSERT_TRUE(engine->step(test::batch_of(20, t), {0.05}, nullptr));
    EngineState state = engine->state();
    stepper->restore(StepperState<float>{state.progress.size() == stepper->state().scalars.size()
                                             ? state.progress
                                             : [&] {  // a rule's engine counts steps by itself
                                                 std::vector<double> out = {static_cast<double>(state.steps)};
                                                 out.insert(out.end(), state.progress.begin(), state.progress.end());
                                                 return out;
                                               }(),
                                         state.slots});
    std::vector<float> found(state.parameters.size());
    stepper->average(state.parameters.data(), found.data());
    EXPECT_NE(found, state.parameters);
    const auto plain = test::built(test::network("linear:units=6; tanh; linear:units=3", "gd"), data);
    EngineState at = plain->state();
    at.parameters = found;
    ASSERT_FALSE(plain->restore(at));
    EXPECT_EQ(engine->outputs(data->test, {}, Weights::kCurrent).value(),
              plain->outputs(data->test, {}, Weights::kCurrent).value());
    EXPECT_EQ(engine->evaluate(DataPart::kTest, {}, {}, Weights::kCurrent)->loss,
              plain->evaluate(DataPart::kTest, {}, {}, Weights::kCurrent)->loss);
  }
}

/// A model without hidden layers, whose Gauss-Newton matrix is its Hessian: the mean of many draws is the
/// diagonal, for both estimates and both losses.
TEST(Methods, DiagonalEstimatesAreRightOnTheAverage) {
  const auto data = test::toy_data();
  for (const char* loss : {"cross_entropy", "cross_entropy:label_smoothing=0.2", "squared_error"}) {
    const NetworkSettings settings = test::network("linear:units=3", "gd", loss);
    const Plan planned = plan(settings.model, data->features, data->classes).value();
    CpuNetwork network(planned, settings.loss, data, 3, 1);
    std::vector<float> parameters(static_cast<std::size_t>(planned.parameters));
    initialise(planned, settings.model.initialisation, 3, parameters);
    const auto samples = test::batch_of(30);
    const CpuBatch batch{.network = &network,
                         .data = data,
                         .sparse = nullptr,
                         .loss = &settings.loss,
                         .samples = samples,
                         .part = 11};
    CpuBatchObjective objective;
    const std::size_t count = parameters.size();
    std::vector<float> unit(count), column(count), drawn(count);
    std::vector<double> exact(count);
    objective.begin(batch, 0.0, {}, 0.0, 0);
    for (std::size_t i = 0; i < count; ++i) {
      unit.assign(count, 0.0f);
      unit[i] = 1.0f;
      objective.hessian_product(parameters.data(), unit.data(), column.data());
      exact[i] = static_cast<double>(column[i]);
    }
    for (const DiagonalEstimate estimate :
         {DiagonalEstimate::kGaussNewtonBartlett, DiagonalEstimate::kHutchinson}) {
      SCOPED_TRACE(std::string(loss) + (estimate == DiagonalEstimate::kHutchinson ? ", Hutchinson" : ""));
      constexpr int kDraws = 3000;
      std::vector<double> mean(count), square(count);
      for (int draw = 0; draw < kDraws; ++draw) {
        objective.hessian_diagonal(parameters.data(), estimate, drawn.data());
        for (std::size_t i = 0; i < count; ++i) {
          mean[i] += static_cast<double>(drawn[i]) / kDraws;
          square[i] += static_cast<double>(drawn[i]) * static_cast<double>(drawn[i]) / kDraws;
        }
      }
      for (std::size_t i = 0; i < count; ++i) {
        const double deviation = std::sqrt(std::max(0.0, square[i] - mean[i] * mean[i]) / kDraws);
        EXPECT_NEAR(mean[i], exact[i], 5.0 * deviation + 1e-6) << i;
        EXPECT_LT(deviation, 0.1 * exact[i] + 1e-6) << i;
      }
    }
  }
}

/// What asks for more than a gradient can't have it times the loss scale.
TEST(Methods, SayWhyTheyDoNotTrainInHalfPrecision) {
  const auto data = test::toy_data();
  NetworkSettings settings = test::network("linear:units=3", "sam+gd");
  settings.precision = Precision::kFp16;
  const auto engine = make_cpu_engine({1});
  ASSERT_FALSE(engine->load(data));
  const auto error = engine->build(settings, 1);
  ASSERT_TRUE(error);
  EXPECT_NE(error->text().find("loss scale"), std::string::npos);
}

}  // namespace
}  // namespace thalweg

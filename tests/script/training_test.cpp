// Programs of trainings, run in PyTorch, against our own runs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/optimizer/updater.hpp"
#include "core/script/script.hpp"
#include "core/training/trainer.hpp"
#include "tests/data/scratch.hpp"
#include "tests/script/torch.hpp"

namespace thalweg {
namespace {

struct Case {
  std::string name;
  TrainingSettings settings;
  std::string folder = {};
};

Case training(const std::string& data, const std::string& model, const std::string& optimizer,
              const std::function<void(TrainingSettings&)>& change = {}) {
  Case out{data + ", " + model + ", " + optimizer, default_training()};
  TrainingSettings& s = out.settings;
  s.data = parse_spec(data, dataset_family()).value();
  s.model = parse_model(model).value();
  s.optimizer.spec = parse_spec(optimizer, optimizer_family()).value();
  *s.training.spec.find("batch") = 32.0;
  *s.training.spec.find("epochs") = 3.0;
  *s.training.spec.find("seed") = 5.0;
  if (change) change(s);
  return out;
}

std::function<void(TrainingSettings&)> with(std::vector<std::pair<const char*, Value>> values) {
  return [values](TrainingSettings& s) {
    for (const auto& [key, value] : values) *s.training.spec.find(key) = value;
  };
}

/// The weights that were found in the end: of an optimizer that averages, the average.
std::vector<float> found_by(const Trainer& trainer) {
  const EngineState state = trainer.engine().state();
  const auto rule = cpu::make_updater(trainer.settings().optimizer.at(trainer.steps()));
  if (!rule || !rule->averages()) return state.parameters;
  std::vector<float> out(state.parameters.size());
  rule->average(state.parameters.data(), state.slots.data(), std::ssize(out), out.data());
  return out;
}

/// Tensor by tensor: no number further off than 2e-3 of the tensor's root mean square, or of 0.05 where it is
/// smaller than that.
void expect_same_weights(const Trainer& trainer, const std::vector<double>& theirs) {
  const std::vector<float> ours = found_by(trainer);
  ASSERT_EQ(theirs.size(), ours.size());
  const Plan& plan = trainer.engine().plan();
  for (const TensorInfo& tensor : plan.tensors) {
    const auto next = static_cast<std::size_t>(tensor.layer) + 1;
    // A bias before batch normalisation has no gradient but rounding.
    if (tensor.name.ends_with("bias") && next < plan.layers.size() &&
        plan.layers[next].kind == LayerKind::kBatchNorm)
      continue;
    double squares = 0.0;
    for (std::int64_t i = 0; i < tensor.size(); ++i)
      squares += std::pow(theirs[static_cast<std::size_t>(tensor.offset + i)], 2);
    const double size = std::max(0.05, std::sqrt(squares / static_cast<double>(tensor.size())));
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      const auto at = static_cast<std::size_t>(tensor.offset + i);
      ASSERT_NEAR(ours[at], theirs[at], 2e-3 * size) << tensor.name << ", " << i;
    }
  }
}

/// As many steps, and every loss, and the weights in the end, to what single precision holds.
void expect_same_training(const std::vector<Case>& cases) {
  std::vector<test::Program> programs;
  for (const Case& one : cases) {
    const auto source = pytorch_script(one.settings, one.folder);
    ASSERT_TRUE(source) << one.name << ": " << source.error().text();
    const bool averages = source->find("def found(") != std::string::npos;
    const std::string model = averages ? "found(model, optimizer)" : "model";
    programs.push_back({one.name,
                        *source,
                        {"losses", "evaluate(" + model + ", test_x, test_y)[0]",
                         "[(p.t() if p.dim() == 2 else p).tolist() for p in " + model + ".parameters()]"}});
  }
  const auto answers = test::run_in_torch(programs);
  if (!answers.missing.empty())
    GTEST_SKIP() << answers.missing << ": " << cases.size() << " programs not run";
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(cases[i].name);
    ASSERT_EQ(answers.errors[i], "") << programs[i].source;
    const Spec& spec = cases[i].settings.data;
    auto data = find_dataset(spec.id)->load(spec, cases[i].folder).value();
    auto trainer = Trainer::create(cases[i].settings, data, make_cpu_engine()).value();
    trainer->advance(1'000'000);
    const TrainingView view = trainer->view();
    const auto losses = test::numbers(answers.answers[i][0]);
    ASSERT_EQ(static_cast<std::int64_t>(losses.size()), view.steps.rows()) << programs[i].source;
    for (std::size_t t = 0; t < losses.size(); ++t)
      ASSERT_NEAR(losses[t], view.steps.at(static_cast<std::int64_t>(t), TrainingColumns::kLoss),
                  2e-4 * std::max(0.1, losses[t]))
          << "step " << t << "\n"
          << programs[i].source;
    EXPECT_NEAR(answers.answers[i][1].get<double>(), view.final_epoch()->test_loss, 1e-3);
    expect_same_weights(*trainer, test::numbers(answers.answers[i][2]));
  }
}

TEST(TrainingScript, EveryDataSetThatIsGenerated) {
  expect_same_training(
      {training("two_moons:n=200,test=50", "2-16-2", "adam:lr=0.01"),
       training("spirals:n=200,test=50,arms=3,turns=1", "2-16-3", "gd:lr=0.1"),
       training("blobs:n=200,test=50,classes=4,features=5", "5-8-4", "momentum:lr=0.01"),
       training("credit:n=200,test=50", "20-8-2", "adamw:lr=0.01"),
       training("logistic:n=200,test=50,informative=3,uninformative=2", "5-2", "rmsprop:lr=0.01"),
       training("noisy_cubic:n=100,test=50", "1-16-1", "nesterov:lr=0.01",
                [](auto& s) { s.loss = default_spec(*loss_family().find("squared_error")); }),
       training("noisy_cubic:n=100,test=50,points=chebyshev,seed=9", "1-8-1", "adagrad:lr=0.1",
                [](auto& s) { s.loss = default_spec(*loss_family().find("squared_error")); })});
}

TEST(TrainingScript, EveryLayer) {
  const std::string data = "blobs:n=200,test=50,classes=4,features=6,noise=3";
  std::vector<Case> cases;
  for (const char* model : {"linear:units=8; relu; linear:units=4",
                            "linear:units=8; leaky_relu:negative_slope=0.1; linear:units=4",
                            "linear:units=8; gelu; linear:units=4", "linear:units=8; silu; linear:units=4",
                            "linear:units=8; tanh; linear:units=4", "linear:units=8; sigmoid; linear:units=4",
                            "linear:units=8; batch_norm:momentum=0.3,eps=1e-3; relu; linear:units=4",
                            "linear:units=8; layer_norm; relu; linear:units=4",
                            "linear:units=8; group_norm:groups=2; relu; linear:units=4",
                            "linear:units=8; rms_norm:eps=1e-3; relu; linear:units=4",
                            "linear:units=8; dropout:p=0; linear:units=4", "residual; linear:units=4",
                            "residual:units=10,activation=gelu,norm=group_norm,groups=3; linear:units=4",
                            "residual:norm=batch_norm,norm_first=0; linear:units=4",
                            "residual:norm=rms_norm,activation=silu; residual:norm=none; linear:units=4"})
    // A bias before batch normalisation has no gradient but rounding, of which Adam would make whole steps.
    cases.push_back(
        training(data, model, std::string(model).find("batch_norm") < 40 ? "gd:lr=0.1" : "adam:lr=0.01"));
  for (const LayerDescriptor& layer : layers())
    EXPECT_TRUE(std::any_of(cases.begin(), cases.end(), [&](const Case& one) {
      return one.name.find(layer.id) != std::string::npos;
    })) << layer.id;
  expect_same_training(cases);
}

TEST(TrainingScript, EveryInitialisation) {
  std::vector<Case> cases;
  for (const Descriptor& initialisation : initialisations())
    cases.push_back(training("blobs:n=100,test=50,features=7", "7-9-5-3", "gd:lr=0.01",
                             [&](auto& s) { s.model.initialisation = default_spec(initialisation); }));
  expect_same_training(cases);
}

TEST(TrainingScript, EveryOptimizer) {
  std::vector<Case> cases;
  for (const OptimizerDescriptor& rule : optimizers())
    if (rule.torch && !rule.asks_more)
      cases.push_back(training("two_moons:n=200,test=50", "2-16-2", rule.id + ":lr=0.01"));
  for (const char* more : {"momentum:lr=0.05,form=classical", "asgd:lr=0.1,t0=5,lambd=0.01",
                           "schedule_free_sgd:lr=0.1,warmup_steps=5,momentum=0.7",
                           "schedule_free_adamw:lr=0.02,warmup_steps=5,r=1,weight_decay=0.1"})
    cases.push_back(training("two_moons:n=200,test=50", "2-16-2", more));
  expect_same_training(cases);
}

/// Weight matrices that are wide, square and tall, and vectors beside them.
TEST(TrainingScript, OptimizersThatLookAtWholeTensors) {
  const std::string data = "blobs:n=200,test=50,classes=4,features=6,noise=3";
  const std::string model =
      "linear:units=12; tanh; linear:units=12; layer_norm; tanh; linear:units=5; tanh; linear:units=4";
  expect_same_training({
      training(data, model, "muon:lr=0.01"),
      training(data, model, "muon:lr=0.01,nesterov=false,momentum=0.8,adam_share=0.5"),
      training(data, model, "muon:lr=0.02,weight_decay=0.1,beta1=0.8,beta2=0.95,eps=1e-4"),
      training(data, model, "lars:lr=20,momentum=0.8,weight_decay=0.01"),
      training(data, model, "lars:lr=1,trust_coefficient=0.02"),
      training(data, model, "lamb:lr=0.01,weight_decay=0.1,beta1=0.8"),
      training(data, model, "lamb:lr=0.01,eps=1e-3,bias_correction=false"),
  });
}

/// Of all data at once: curvature from two batches is noise, in which single precision does not agree.
TEST(TrainingScript, LbfgsWithItsClosure) {
  const auto whole = with({{"batch", 200.0}, {"epochs", 6.0}});
  const std::string data = "two_moons:n=200,test=50", model = "linear:units=8; tanh; linear:units=2";
  expect_same_training(
      {training(data, model, "lbfgs:line_search_fn=none,lr=0.3", whole),
       training(data, model, "lbfgs", whole), training(data, model, "lbfgs:max_iter=2,history_size=3", whole),
       training(data, model, "lbfgs", with({{"batch", 50.0}, {"accumulate", 4.0}, {"epochs", 6.0}})),
       // One step: the curvature between two clipped gradients is next to none, and what follows is huge.
       training(data, model, "lbfgs:line_search_fn=none",
                with({{"batch", 200.0}, {"epochs", 1.0}, {"clip_norm", 0.2}}))});
}

TEST(TrainingScript, HowItIsTrained) {
  const std::string data = "blobs:n=230,test=50,classes=4,noise=4", model = "2-16-4", rule = "adam:lr=0.02";
  const auto changed = [](TrainingSettings& s) {
    s.optimizer.change(5, "lr", 0.1);
    s.optimizer.change(9, "beta1", 0.5);
    s.training.change(7, "clip_norm", 0.1);
    s.training.change(12, "clip_norm", Value{});
  };
  expect_same_training({
      training(data, model, rule, with({{"validation", 0.2}})),
      training(data, model, rule, with({{"accumulate", 3.0}})),
      training(data, "linear:units=8; batch_norm; linear:units=4", rule, with({{"batch", 229.0}})),
      training(data, model, rule, with({{"clip_norm", 0.2}})),
      training(data, model, rule, with({{"ema_decay", 0.9}})),
      training(data, model, rule, with({{"steps", 17.0}})),
      training(data, model, "adam:lr=0.5", with({{"validation", 0.3}, {"patience", 1.0}, {"epochs", 20.0}})),
      training(
          data, model, rule,
          [](auto& s) { s.loss = parse_spec("cross_entropy:label_smoothing=0.2", loss_family()).value(); }),
      training(data, model, rule,
               [](auto& s) {
                 s.loss = default_spec(*loss_family().find("squared_error"));
                 *s.training.spec.find("validation") = 0.2;
               }),
      training(data, model, rule, changed),
      training(data, model, rule,
               [](auto& s) {
                 s.schedule = parse_spec("cosine_warmup:total=20,warmup=5", schedule_family()).value();
               }),
      training(data, model, rule,
               [](auto& s) {
                 s.schedule = parse_spec("step:step_size=5", schedule_family()).value();
                 s.optimizer.change(7, "lr", 0.05);
               }),
      training(data, model, rule, with({{"seed", 9007199254740991.0}})),
  });
}

TEST(TrainingScript, SettingsThatFollowSchedules) {
  const std::string data = "blobs:n=230,test=50,classes=4,noise=4", model = "2-16-4";
  const auto follows = [](std::vector<std::string> schedules, double validation = 0.0) {
    return [=](TrainingSettings& s) {
      for (const std::string& text : schedules) {
        Drive drive = parse_drive(text).value();
        if (drive.key.empty())
          s.schedule = drive.schedule;
        else
          s.drives.push_back(std::move(drive));
      }
      *s.training.spec.find("validation") = validation;
    };
  };
  expect_same_training({
      training(data, model, "momentum:lr=0.05", follows({"one_cycle:total=24"})),
      training(data, model, "adam:lr=0.02", follows({"cyclic:step_size_up=5", "beta2=constant:peak=0.99"})),
      training(data, model, "momentum:lr=0.05",
               follows({"momentum=step:step_size=7,gamma=0.5", "cosine:total=24"})),
      training(data, model, "adam:lr=0.02", follows({"batch=batch_ramp:start=5,peak=60,ramp=300"})),
      training(data, "linear:units=8; batch_norm; linear:units=4", "adam:lr=0.02",
               follows({"batch=linear:total=20,end_factor=0.3"})),
      training(data, model, "adam:lr=0.05", follows({"plateau:patience=0,factor=0.3,threshold=0.5"}, 0.2)),
      training(data, model, "adam:lr=0.05", follows({"plateau:patience=0,factor=0.3,threshold=0.5"})),
  });
}

TEST(TrainingScript, FilesAndPartsOfThem) {
  const test::Scratch scratch;
  for (const std::string part : {"train", "t10k"}) {
    test::Bytes labels(300);
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::uint8_t>(i * i % 10);
    scratch.write(part + "-images-idx3-ubyte",
                  test::idx(0x803, {300, 28, 28}, test::pattern(std::size_t{300} * 784)));
    scratch.write(part + "-labels-idx1-ubyte", test::idx(0x801, {300}, labels));
  }
  std::vector<Case> cases = {training("mnist", "784-16-10", "adam:lr=0.001"),
                             training("fashion_mnist:train=150,test=77,seed=4", "784-16-10", "adam:lr=0.001",
                                      with({{"validation", 0.1}}))};
  for (Case& one : cases) one.folder = scratch.folder().string();
  expect_same_training(cases);
}

TEST(TrainingScript, SaysWhatItCannotReproduce) {
  const auto of = [](const Case& one) { return pytorch_script(one.settings).value(); };
  EXPECT_NE(of(training("two_moons", "linear:units=8; dropout; linear:units=2", "gd"))
                .find("# Dropout draws other"),
            std::string::npos);
  EXPECT_NE(of(training("two_moons", "2-2", "gd", with({{"precision", std::string("bf16")}}))).find("bf16"),
            std::string::npos);
  EXPECT_EQ(of(training("two_moons", "2-2", "gd")).find("differ"), std::string::npos);
}

TEST(TrainingScript, EveryDataSetHasAProgram) {
  for (const DatasetDescriptor& data : datasets()) {
    const int inputs = data.id == "cifar10" ? 3072 : 784;
    if (data.parameters.front().key != "train") continue;  // generated: above
    EXPECT_TRUE(pytorch_script(training(data.id, std::to_string(inputs) + "-10", "gd").settings)) << data.id;
  }
  EXPECT_FALSE(pytorch_script(training("two_moons", "3-2", "gd").settings));
}

TEST(TrainingScript, FoldersNeverBecomeCode) {
  const std::string program =
      pytorch_script(training("mnist", "784-10", "gd").settings, "\"); raise SystemExit(\"\n\\").value();
  EXPECT_NE(program.find("\"\\\"); raise SystemExit(\\\"?\\\\\""), std::string::npos) << program;
}

}  // namespace
}  // namespace thalweg

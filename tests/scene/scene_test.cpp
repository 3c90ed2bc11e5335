#include "core/scene/scene.hpp"

#include <gtest/gtest.h>

#include <random>

namespace thalweg {
namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(Scene, DefaultIsValidAndRoundTrips) {
  Scene scene = default_scene();
  EXPECT_FALSE(check(scene)) << check(scene)->text();
  scene.optimizers[0].live.change(5, "lr", 0.25);
  scene.gradient.change(7, "noise", 0.5);
  *scene.gradient.spec.find("maximize") = 1.0;
  scene.optimizers[1].visible = false;
  scene.drives = {parse_drive("momentum=linear:end_factor=0.5").value(),
                  parse_drive("batch=step:gamma=2").value()};
  scene.training.drives = {parse_drive("batch=batch_ramp:start=8").value()};
  scene.step = 12;
  *scene.camera.find("x") = 0.1;
  scene.runs.filter = "lr<0.01 and name~\"a\"";
  scene.runs.columns = {"lr", "best(test_loss)"};
  scene.runs.list_group = "optimizer";
  scene.runs.selected = {{"0123456789abcdef0123", 3, false}};
  const auto back = scene_from_json(to_json(scene));
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(*back, scene);
}

TEST(Scene, EverySurfaceAndOptimizerRoundTrips) {
  for (const SurfaceDescriptor& surface : surfaces()) {
    Scene scene = default_scene();
    ASSERT_FALSE(set_surface(scene, default_spec(surface))) << surface.id;
    const auto made = make_surface(scene.surface).value();
    for (const OptimizerDescriptor& optimizer : optimizers()) {
      if (!unfit(optimizer, *made).empty()) continue;
      scene.optimizers = {{{default_spec(optimizer), {}}, 1, true}};
      ASSERT_FALSE(check(scene)) << surface.id << ": " << check(scene)->text();
      const auto back = scene_from_json(to_json(scene));
      ASSERT_TRUE(back) << surface.id << ": " << back.error().text();
      EXPECT_EQ(*back, scene) << surface.id << ", " << optimizer.id;
    }
  }
}

TEST(Scene, EveryScheduleRoundTrips) {
  for (const ScheduleDescriptor& schedule : schedules()) {
    if (schedule.role != ScheduleRole::kLearningRate) continue;
    Scene scene = default_scene();
    scene.schedule = scene.training.schedule = default_spec(schedule);
    ASSERT_FALSE(check(scene)) << schedule.id << ": " << check(scene)->text();
    const auto back = scene_from_json(to_json(scene));
    ASSERT_TRUE(back) << schedule.id << ": " << back.error().text();
    EXPECT_EQ(*back, scene) << schedule.id;
  }
}

TEST(Scene, SchedulesOfSettingsAreChecked) {
  Scene scene = default_scene();
  scene.drives = {parse_drive("momentum=linear").value()};
  const std::string good = to_json(scene);
  const auto error = [&](const std::string& from, const std::string& to) {
    const auto read = scene_from_json(replaced(good, from, to));
    return read ? std::string("accepted") : read.error().text();
  };
  EXPECT_EQ(
      error("momentum=linear:", "momentm=linear:"),
      "scene: schedule of momentm: no optimizer has a number 'momentm' that may change while a run goes on");
  EXPECT_NE(error("momentum=linear:", "linear:").find("expected setting=schedule"), std::string::npos);
  EXPECT_NE(error("end_factor=0,", "end_factor=3,").find("momentum must be at least 0 and less than 1"),
            std::string::npos);
  // A race needs one who has the setting, the others are let be.
  std::erase_if(scene.optimizers, [](const SceneOptimizer& one) { return one.live.spec.id != "gd"; });
  EXPECT_TRUE(check(scene));
  scene.optimizers.clear();
  EXPECT_FALSE(check(scene));
}

TEST(Scene, ErrorsNameTheKey) {
  const std::string good = to_json(default_scene());
  const auto error = [&](const std::string& from, const std::string& to) {
    const auto scene = scene_from_json(replaced(good, from, to));
    return scene ? std::string("accepted") : scene.error().text();
  };
  EXPECT_EQ(error("\"step\"", "\"stepp\""), "scene: has an unknown key 'stepp'; did you mean 'step'?");
  EXPECT_EQ(error("\"thalweg_scene\": 1", "\"thalweg_scene\": 2"),
            "scene: has version 2, this program reads version 1");
  EXPECT_EQ(error("\"rosenbrock:", "\"rosenbrok:"),
            "scene: surface: there is no 'rosenbrok'; did you mean 'rosenbrock'?");
  EXPECT_EQ(error("\"colour\": 0", "\"colour\": -1"),
            "optimizers: 'colour' must be at least 0 and at most 63");
  EXPECT_EQ(error("\"colour\": 0", "\"colour\": \"red\""), "optimizers: 'colour' must be a whole number");
  EXPECT_EQ(error("\"step\": 0", "\"step\": -4"), "scene: step: must be at least 0");
  EXPECT_EQ(error("\"step\": 0", "\"step\": 1e3"), "scene: 'step' must be a whole number");
  EXPECT_EQ(error("\"step\": 0", "\"step\": 0, \"step\": 1"), "scene: the key 'step' stands there twice");
  EXPECT_EQ(error("\"colour\": 0", "\"colour\": 0, \"colour\": 0"),
            "scene: the key 'colour' stands there twice");
  EXPECT_EQ(error("-1.35", "1e999"), "scene: has a number that is too large");
  EXPECT_EQ(scene_from_json(good + std::string("\0 and more", 10)).error().text().substr(0, 18),
            "scene: is not JSON");
  EXPECT_EQ(scene_from_json("").error().text(), "scene: is not JSON (mistake at byte 1)");
  EXPECT_EQ(scene_from_json("[]").error().text(), "scene: must be an object");
  EXPECT_EQ(scene_from_json("{}").error().text(),
            "scene: is not a Thalweg scene (it has no 'thalweg_scene')");
}

TEST(Scene, TrainingRoundTripsWithEveryPart) {
  Scene scene = default_scene();
  TrainingScene& training = scene.training;
  training.data = parse_spec("blobs:seed=3", dataset_family()).value();
  training.folder = "/a folder/with \"quotes\"";
  training.model = parse_model("linear:units=7; batch_norm; gelu; dropout:p=0.25; linear:units=3").value();
  training.model.initialisation = parse_spec("orthogonal:gain=2", initialisation_family()).value();
  training.loss = parse_spec("cross_entropy:label_smoothing=0.1", loss_family()).value();
  training.schedule = parse_spec("cosine_warmup:peak=0.3,warmup=10,total=100", schedule_family()).value();
  training.optimizers[1].live.change(30, "lr", 0.5);
  training.optimizers[2].visible = false;
  training.training.change(12, "clip_norm", 0.5);
  *training.training.spec.find("batch") = 32.0;
  *training.probes.find("gradients") = 7.0;
  *training.view.find("x_axis") = std::string("time");
  training.seeds = 3;
  training.step = 123;
  ASSERT_FALSE(check(scene)) << check(scene)->text();
  const auto back = scene_from_json(to_json(scene));
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(*back, scene);
  EXPECT_NE(scene, default_scene());
}

TEST(Scene, AFileFromBeforeTrainingIsRead) {
  std::string text = to_json(default_scene());
  const auto begin = text.find(",\n  \"training\": {");
  ASSERT_NE(begin, std::string::npos);
  text.replace(begin, text.rfind('}') - begin, "\n");
  const auto scene = scene_from_json(text);
  ASSERT_TRUE(scene) << scene.error().text();
  EXPECT_EQ(scene->training, default_training_scene());
}

/// Settings that came later have their default in older files.
TEST(Scene, AFileFromBeforeASettingIsRead) {
  std::string text = to_json(default_scene());
  const auto begin = text.find("\"gradient\": \"");
  ASSERT_NE(begin, std::string::npos);
  text.replace(begin, text.find('\n', begin) - begin, "\"gradient\": \"gradient:noise=0.5\",");
  const auto old = scene_from_json(text);
  ASSERT_TRUE(old) << old.error().text();
  EXPECT_EQ(old->gradient.spec.number("noise"), 0.5);
  EXPECT_FALSE(maximizes(old->gradient));
}

TEST(Scene, ErrorsOfTheTrainingPartNameTheKey) {
  const std::string good = to_json(default_scene());
  const auto error = [&](const std::string& from, const std::string& to) {
    const auto scene = scene_from_json(replaced(good, from, to));
    return scene ? std::string("accepted") : scene.error().text();
  };
  EXPECT_EQ(error("\"seeds\"", "\"sedes\""), "training: has an unknown key 'sedes'; did you mean 'seeds'?");
  EXPECT_EQ(error("\"seeds\": 1", "\"seeds\": 0"), "training: 'seeds' must be at least 1 and at most 8");
  EXPECT_EQ(error("\"data\": \"mnist:", "\"data\": \"mnits:"),
            "training: data set: there is no 'mnits'; did you mean 'mnist'?");
  EXPECT_EQ(error("units=128", "units=0"),
            "training: model: linear: units: must be at least 1 and at most 65536, not 0");
  EXPECT_EQ(error("batch=64", "batch=64.5"), "training: training: batch: must be a whole number, not 64.5");
  EXPECT_EQ(error("\"inputs\": 784", "\"inputs\": -784"),
            "training: model: 'inputs' must be at least 0 and at most 2^30");
  EXPECT_EQ(error("patience=off", "patience=3,steps=auto"), "training: training: steps: is given twice");
  EXPECT_EQ(error("validation=0.1,", "validation=0,"), "accepted");
  Scene scene = default_scene();
  *scene.training.training.spec.find("validation") = 0.0;
  *scene.training.training.spec.find("patience") = 3.0;
  EXPECT_EQ(check(scene)->text(),
            "training: training: patience: needs a validation share, whose loss it watches");
}

TEST(Scene, LanesAreOptimizersTimesSeeds) {
  TrainingScene scene = default_training_scene();
  scene.seeds = 3;
  *scene.training.spec.find("seed") = 5.0;
  const auto lanes = scene.lanes();
  ASSERT_EQ(lanes.size(), 12U);
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    EXPECT_EQ(lanes[i].optimizer, scene.optimizers[i / 3].live);
    EXPECT_EQ(lanes[i].training.spec.number("seed"), 5.0 + static_cast<double>(i % 3));
    EXPECT_FALSE(check(lanes[i]));
  }
  // From the largest seed on they go round, so that every Scene can be trained.
  *scene.training.spec.find("seed") = 9007199254740991.0;
  for (const TrainingSettings& lane : scene.lanes()) EXPECT_FALSE(check(lane)) << check(lane)->text();
  EXPECT_NE(scene.lane(0, 0), scene.lane(0, 1));
}

TEST(Scene, HostileTextIsRefused) {
  EXPECT_FALSE(scene_from_json(std::string(100'000, '[')));
  EXPECT_FALSE(scene_from_json(std::string(5 * 1024 * 1024, ' ')));
  EXPECT_FALSE(scene_from_json(std::string("\0\xff\xfe{", 4)));
  // Every file cut short, and every one with a byte changed, is read or refused; nothing else happens.
  const std::string good = to_json(default_scene());
  for (std::size_t n = 0; n + 2 < good.size(); n += 3) EXPECT_FALSE(scene_from_json(good.substr(0, n))) << n;
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    std::string bad = good;
    bad[random() % bad.size()] = static_cast<char>(random() % 256);
    const auto scene = scene_from_json(bad);
    EXPECT_TRUE(!scene || !check(*scene));
  }
}

TEST(Scene, ChangingTheSurfaceMovesTheStartOnlyToAnotherKind) {
  Scene scene = default_scene();
  scene.start = {0.5, 0.5};
  *scene.camera.find("width") = 0.1;
  ASSERT_FALSE(set_surface(scene, parse_spec("rosenbrock:b=10", surface_family()).value()));
  EXPECT_EQ(scene.start, (std::vector<double>{0.5, 0.5}));
  EXPECT_FALSE(scene.camera.is_off("width"));
  ASSERT_FALSE(set_surface(scene, parse_spec("beale", surface_family()).value()));
  EXPECT_EQ(scene.start, make_surface(scene.surface).value()->start());
  EXPECT_TRUE(scene.camera.is_off("width"));
  const Scene before = scene;
  EXPECT_TRUE(set_surface(scene, parse_spec("expr:x + (", surface_family()).value()));
  EXPECT_EQ(scene, before);
}

TEST(Scene, TheLargestFitsIntoItsFile) {
  Scene scene = default_scene();
  std::string many = "0.1234567890123456";
  for (int i = 0; i < 999; ++i) many += "/0.1234567890123456";
  ASSERT_FALSE(set_surface(scene, parse_spec("quadratic:eigenvalues=" + many, surface_family()).value()));
  while (scene.optimizers.size() < kMostOptimizers) scene.optimizers.push_back(scene.optimizers[0]);
  const auto fill = [](LiveSpec& live, const char* key) {
    for (std::size_t i = 0; i < kMostChanges + 50; ++i)
      live.change(9'000'000'000'000'000 + static_cast<std::int64_t>(i), key, 0.12345678901234566);
  };
  for (SceneOptimizer& optimizer : scene.optimizers) fill(optimizer.live, "lr");
  fill(scene.gradient, "noise");
  while (scene.training.optimizers.size() < kMostOptimizers)
    scene.training.optimizers.push_back(scene.training.optimizers[0]);
  for (SceneOptimizer& optimizer : scene.training.optimizers) fill(optimizer.live, "lr");
  fill(scene.training.training, "clip_norm");
  scene.training.folder = std::string(4096, 'x');
  EXPECT_EQ(scene.gradient.changes.size(), kMostChanges);
  EXPECT_EQ(scene.gradient.changes.back().step,
            9'000'000'000'000'000 + static_cast<std::int64_t>(kMostChanges) + 49);
  const auto back = scene_from_json(to_json(scene));
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(*back, scene);
}

TEST(Scene, ColoursAreHandedOutWithoutRepeats) {
  Scene scene = default_scene();
  const int colour = free_colour(scene);
  for (const auto& optimizer : scene.optimizers) EXPECT_NE(optimizer.colour, colour);
}

}  // namespace
}  // namespace thalweg

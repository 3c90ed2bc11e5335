// Networks of kept runs, looked into through their checkpoints.
#include "app/work/network_reader.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/scene/scene.hpp"
#include "core/training/checkpoint.hpp"
#include "core/training/trainer.hpp"
#include "tests/store/files.hpp"

namespace thalweg {
namespace {

using store::test::need;

/// Two networks of one lab, trained for an epoch and kept; and a run without a checkpoint.
class NetworkReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto file = need(store::Store::open(path()));
    Scene scene = default_scene();
    scene.training.data = parse_spec("blobs:n=200,test=60", dataset_family()).value();
    scene.training.model = parse_model("2-6-3").value();
    *scene.training.training.spec.find("batch") = 20.0;
    scene.training.optimizers.resize(2);
    ASSERT_FALSE(check(scene));
    const std::vector<TrainingSettings> lanes = scene.training.lanes();
    const auto data = need(find_dataset("blobs")->load(lanes[0].data, ""));
    for (int lane = 0; lane < 2; ++lane) {
      auto trainer = need(Trainer::create(lanes[static_cast<std::size_t>(lane)], data, make_cpu_engine()));
      trainer->advance(trainer->steps_per_epoch());
      accuracy_.push_back(trainer->epochs().front().test_accuracy);
      uids_.push_back("network" + std::to_string(lane) + "000000000000");
      const std::int64_t id = need(file->begin({.uid = uids_.back(),
                                                .kind = "training",
                                                .race = "race0000000000000000",
                                                .lane = lane,
                                                .scene = to_json(scene)}));
      need(file->save(id, {trainer->steps(), kCheckpointVersion, to_bytes(trainer->state())}));
      need(file->finish(id, {"stopped", trainer->steps(), 1.0}));
    }
    uids_.push_back("bare0000000000000000");
    need(file->begin({.uid = uids_.back(), .kind = "training", .scene = to_json(scene)}));
  }
  std::filesystem::path path() const { return scratch_ / "runs.sqlite"; }

  store::test::Scratch scratch_;
  std::vector<std::string> uids_;
  std::vector<double> accuracy_;
};

TEST_F(NetworkReaderTest, EachRunIsJudgedByItsOwnWeights) {
  NetworkReader reader(path());
  reader.request({.uids = uids_});
  reader.wait();
  const auto report = reader.report();
  EXPECT_FALSE(report->running);
  EXPECT_FALSE(report->error);
  ASSERT_EQ(report->looks.size(), 3U);
  ASSERT_NE(accuracy_[0], accuracy_[1]);  // else this could not tell them apart
  for (std::size_t i = 0; i < 2; ++i) {
    const NetworkLook& look = report->looks[i];
    EXPECT_EQ(look.trouble, "");
    EXPECT_EQ(look.uid, uids_[i]);
    EXPECT_EQ(look.step, 9);  // 180 samples, the rest kept back, in batches of 20
    EXPECT_TRUE(look.test);
    ASSERT_TRUE(look.inspection);
    // What the trainer measured at the end of the epoch, in another way.
    EXPECT_NEAR(look.inspection->accuracy, accuracy_[i], 1e-12);
    EXPECT_EQ(look.inspection->count, 60);
    EXPECT_FALSE(look.density);
  }
  EXPECT_NE(report->looks[2].trouble, "");
  EXPECT_FALSE(report->looks[2].inspection);
}

TEST_F(NetworkReaderTest, ADensityIsOneInAllAndComesOnDemand) {
  NetworkReader reader(path());
  reader.request({.uids = {uids_[0]}, .density = true});
  reader.wait();
  const auto report = reader.report();
  ASSERT_EQ(report->looks.size(), 1U);
  const NetworkLook& look = report->looks[0];
  ASSERT_TRUE(look.density) << look.density_trouble;
  EXPECT_EQ(look.samples, 180);
  double area = 0.0;
  for (std::size_t i = 1; i < look.density->x.size(); ++i)
    area += 0.5 * (look.density->density[i] + look.density->density[i - 1]) *
            (look.density->x[i] - look.density->x[i - 1]);
  EXPECT_NEAR(area, 1.0, 0.02);
  // It stays when it is not asked for any more.
  reader.request({.uids = {uids_[0]}});
  reader.wait();
  EXPECT_TRUE(reader.report()->looks[0].density);
}

TEST_F(NetworkReaderTest, AFileThatIsNotThereIsSaid) {
  NetworkReader reader(scratch_ / "none.sqlite");
  reader.request({.uids = uids_});
  reader.wait();
  EXPECT_TRUE(reader.report()->error);
  EXPECT_FALSE(reader.report()->running);
}

}  // namespace
}  // namespace thalweg

// Ensembles by the device's kernels, in the emulator or on a device (target.hpp), against the CPU's.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/ensemble/ensembles.hpp"
#include "tests/gpu/target.hpp"

namespace thalweg {
namespace {

/// The element code is one: the same bits. On a device a particle in twenty may part, where a library rounds
/// differently and the path is chaotic.
void expect_same(const EnsembleSettings& settings) {
  const auto wanted = run_ensemble(settings);
  ASSERT_TRUE(wanted) << wanted.error().text();
  const auto got = test::device_ensemble(settings);
  ASSERT_TRUE(got) << got.error().text();
  ASSERT_EQ(got->count(), wanted->count());
  const double near = test::looseness() == 1.0 ? 0.0 : 1e-3;
  const auto same = [&](float a, float b) {
    return a == b || (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= near * (1.0 + std::abs(b));
  };
  std::int64_t parted = 0;
  for (std::size_t i = 0; i < wanted->x.size(); ++i) {
    const bool alike = same(got->x[i], wanted->x[i]) && same(got->y[i], wanted->y[i]) &&
                       same(got->loss[i], wanted->loss[i]) && got->outcome[i] == wanted->outcome[i] &&
                       got->minimum[i] == wanted->minimum[i] &&
                       (near > 0.0 || got->steps[i] == wanted->steps[i]);
    if (!alike) ++parted;
  }
  EXPECT_LE(parted, near > 0.0 ? wanted->count() / 20 : 0);
}

class EnsembleRules : public test::OnDevice<::testing::TestWithParam<std::string>> {};
TEST_P(EnsembleRules, EndWhereThoseOfTheCpuDo) {
  expect_same(test::small_ensemble("rosenbrock", GetParam(), 6, 300, 1e-3));
  expect_same(test::small_ensemble("himmelblau", GetParam(), 6, 300, 1e-2));
}
INSTANTIATE_TEST_SUITE_P(All, EnsembleRules, ::testing::ValuesIn(test::rules()), test::name_of);

class EnsembleSurfaces : public test::OnDevice<::testing::TestWithParam<std::string>> {};
TEST_P(EnsembleSurfaces, EndWhereThoseOfTheCpuDo) {
  expect_same(test::small_ensemble(GetParam(), "adam:lr=0.05", 6, 300, 1e-2));
  expect_same(test::small_ensemble(GetParam(), "gd:lr=0.5", 4, 60, 0.0));
}
INSTANTIATE_TEST_SUITE_P(All, EnsembleSurfaces, ::testing::ValuesIn(test::built_in_surfaces()),
                         test::name_of);

class EnsemblesOnADevice : public test::OnDevice<> {};

TEST_F(EnsemblesOnADevice, BeginInLists) {
  EnsembleSettings settings = test::ensemble_of("beale", "momentum:lr=0.001", 2, 2, 100, 1e-3);
  settings.starts = StartList{.x = {1.0f, -2.0f, 3.0f, 3.0f, 1e9f}, .y = {0.5f, 2.0f, 0.5f, 0.51f, 1e9f}};
  expect_same(settings);
  settings = test::ensemble_of("quartic", "gd:lr=0.01", 2, 1, 100, 1e-3);
  settings.starts = StartList{.x = {1.0f, -2.0f, 0.0f}, .y = {}};
  expect_same(settings);
}

TEST_F(EnsemblesOnADevice, FollowASchedule) {
  EnsembleSettings settings = test::ensemble_of("rosenbrock", "adam:lr=0.1", 5, 5, 700, 1e-3);
  settings.schedule = parse_spec("cosine:total=700", schedule_family()).value();
  expect_same(settings);
}

TEST_F(EnsemblesOnADevice, StopWhenTold) {
  const EnsembleSettings settings = test::ensemble_of("rosenbrock", "gd:lr=0.0001", 3, 3, 5000);
  int asked = 0;
  std::vector<double> shares;
  const auto got = test::device_ensemble(
      settings,
      {.stop = [&] { return ++asked == 3; }, .progress = [&](double share) { shares.push_back(share); }});
  ASSERT_TRUE(got);
  EXPECT_EQ(got->outcome[0], Outcome::kStopped);
  EXPECT_EQ(got->steps[0], 768);
  EXPECT_EQ(shares.size(), 3u);
  EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
}

TEST_F(EnsemblesOnADevice, RefuseWhatTheCpuRefuses) {
  EnsembleSettings settings = test::ensemble_of("rosenbrock", "adam", 3, 3, 10);
  settings.optimizer = parse_spec("lbfgs", optimizer_family()).value();
  const auto got = test::device_ensemble(settings), wanted = run_ensemble(settings);
  ASSERT_FALSE(got || wanted);
  EXPECT_EQ(got.error().text(), wanted.error().text());
}

}  // namespace
}  // namespace thalweg

#include "core/compare/facts.hpp"

#include <gtest/gtest.h>

#include "core/compare/groups.hpp"

namespace thalweg {
namespace {

Facts run(const std::string& optimizer, const std::string& lr, const std::string& seed) {
  return {{"optimizer", optimizer}, {"optimizer.lr", lr}, {"training.batch", "64"}, {"training.seed", seed}};
}

TEST(Facts, OnlyWhatDiffersIsListed) {
  const std::vector<Facts> runs{run("adam", "0.1", "0"), run("adam", "0.01", "0")};
  EXPECT_EQ(differing_keys(runs), (std::vector<std::string>{"optimizer.lr"}));
  EXPECT_EQ(differing_keys(runs, true).size(), 4U);
  std::vector<Facts> more = runs;
  more[1].push_back({"optimizer.momentum", "0.9"});  // the other has no such setting
  EXPECT_EQ(differing_keys(more), (std::vector<std::string>{"optimizer.lr", "optimizer.momentum"}));
  EXPECT_TRUE(differing_keys({}).empty());
}

TEST(Facts, AreFoundByTheirLastPartToo) {
  const Facts facts = run("adam", "0.1", "3");
  ASSERT_TRUE(find_fact(facts, "lr"));
  EXPECT_EQ(find_fact(facts, "lr")->key, "optimizer.lr");
  EXPECT_EQ(find_fact(facts, "optimizer")->text, "adam");
  EXPECT_EQ(find_fact(facts, "momentum"), nullptr);
}

TEST(Facts, KeysAreShortWhereTheyAreClear) {
  const std::vector<std::string> keys{"optimizer.lr", "schedule.lr", "training.batch"};
  EXPECT_EQ(short_key("training.batch", keys), "batch");
  EXPECT_EQ(short_key("optimizer.lr", keys), "optimizer.lr");
}

TEST(Facts, NoTwoRunsHaveOneName) {
  const std::vector<std::string> names{"a", "adam", "adam", "adam"},
      uids{"u1", "abcdefgh", "bcdefghi", "cdefghij"};
  const std::vector<Facts> settings{run("gd", "1", "0"), run("adam", "0.1", "0"), run("adam", "0.01", "0"),
                                    run("adam", "0.01", "0")};
  EXPECT_EQ(distinct_names(names, uids, settings),
            (std::vector<std::string>{"a", "adam, lr 0.1", "adam, lr 0.01 bcdefg", "adam, lr 0.01 cdefgh"}));
}

TEST(Facts, ChangesAreSaidInOneLine) {
  EXPECT_EQ(with_changes("0.1", {}), "0.1");
  const std::vector<ChangedValue> changes{{400, "0.01"}, {900, "0.001"}};
  EXPECT_EQ(with_changes("0.1", changes), "0.1 → 0.01 at 400 → 0.001 at 900");
}

TEST(Groups, SeedsAreOneGroupWhateverTheirOrder) {
  const std::vector<Facts> settings{run("adam", "0.1", "0"), run("gd", "0.1", "0"), run("adam", "0.1", "1"),
                                    run("adam", "0.1", "2")};
  const Grouping grouping = group_runs(settings, kAllButSeed);
  ASSERT_EQ(grouping.runs.size(), 2U);
  EXPECT_EQ(grouping.runs[0], (std::vector<std::size_t>{0, 2, 3}));
  EXPECT_EQ(grouping.runs[1], (std::vector<std::size_t>{1}));
  EXPECT_EQ(grouping.of, (std::vector<std::size_t>{0, 1, 0, 0}));
  EXPECT_EQ(grouping.names[0], "optimizer adam");
  EXPECT_EQ(grouping.names[1], "optimizer gd");
}

TEST(Groups, ASettingGroupsAndWhoHasItNotIsAlone) {
  std::vector<Facts> settings{run("adam", "0.1", "0"), run("gd", "0.1", "1"), run("gd", "0.2", "1"), {}, {}};
  const Grouping grouping = group_runs(settings, "optimizer.lr");
  EXPECT_EQ(grouping.of, (std::vector<std::size_t>{0, 0, 1, 2, 3}));
  EXPECT_EQ(grouping.names[0], "lr 0.1");
  EXPECT_EQ(group_runs(settings, "").runs.size(), 5U);
}

}  // namespace
}  // namespace thalweg

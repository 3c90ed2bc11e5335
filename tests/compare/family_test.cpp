#include "core/compare/family.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace thalweg {
namespace {

TEST(Family, ForksStandBelowTheirParentTheLatestFirst) {
  const std::vector<FamilyMember> members{{"root", "", 0, 1000},
                                          {"early", "root", 100, 900},
                                          {"late", "root", 800, 1200},
                                          {"child", "early", 500, 700},
                                          {"other", "", 0, 50}};
  const auto branches = lay_out_family(members);
  ASSERT_EQ(branches.size(), 5U);
  std::vector<std::string> order;
  for (const FamilyBranch& branch : branches) order.push_back(members[branch.member].uid);
  EXPECT_EQ(order, (std::vector<std::string>{"root", "late", "early", "child", "other"}));
  for (std::size_t i = 0; i < branches.size(); ++i) EXPECT_EQ(branches[i].row, static_cast<int>(i));
  EXPECT_EQ(branches[1].first, 800);
  EXPECT_EQ(branches[1].last, 1200);
  EXPECT_EQ(branches[3].depth, 2);
  ASSERT_TRUE(branches[3].parent);
  EXPECT_EQ(*branches[3].parent, 1U);
}

/// No upright line from a run to its fork meets the line of a third.
TEST(Family, NoLineCrossesAnother) {
  std::uint32_t state = 7;
  const auto random = [&](std::uint32_t below) {
    state = state * 1664525U + 1013904223U;
    return (state >> 8) % below;
  };
  for (int round = 0; round < 200; ++round) {
    std::vector<FamilyMember> members;
    for (std::uint32_t i = 0; i < 12; ++i) {
      FamilyMember member{std::to_string(i), "", 0, 0};
      if (i > 0 && random(5) > 0) {
        const FamilyMember& parent = members[random(i)];
        member.parent = parent.uid;
        member.parent_step = parent.parent_step + random(100);
      }
      member.steps = member.parent_step + random(300);
      members.push_back(member);
    }
    // A run is at least as long as its latest fork needs it.
    for (std::size_t i = members.size(); i-- > 0;)
      for (FamilyMember& parent : members)
        if (parent.uid == members[i].parent) parent.steps = std::max(parent.steps, members[i].parent_step);
    const auto branches = lay_out_family(members);
    ASSERT_EQ(branches.size(), members.size());
    std::map<std::size_t, int> row;
    for (const FamilyBranch& branch : branches) row[branch.member] = branch.row;
    for (const FamilyBranch& branch : branches) {
      if (!branch.parent) continue;
      for (const FamilyBranch& third : branches) {
        const bool between = third.row > row[*branch.parent] && third.row < branch.row;
        EXPECT_FALSE(between && third.first < branch.first && third.last > branch.first) << round;
      }
    }
  }
}

TEST(Family, DamagedAncestryIsCutApart) {
  const std::vector<FamilyMember> members{
      {"a", "b", 5, 10}, {"b", "a", 5, 10}, {"self", "self", 1, 2}, {"lost", "gone", 3, 9}};
  const auto branches = lay_out_family(members);
  std::set<std::size_t> seen;
  for (const FamilyBranch& branch : branches) seen.insert(branch.member);
  EXPECT_EQ(branches.size(), 4U);
  EXPECT_EQ(seen.size(), 4U);
}

}  // namespace
}  // namespace thalweg

// Filters as texts: terms that a click puts in and takes out, and names that are completed.
#include <gtest/gtest.h>

#include <cmath>

#include "app/panels/runs_columns.hpp"
#include "app/panels/runs_filter.hpp"
#include "core/store/filter.hpp"

namespace thalweg {
namespace {

TEST(RunsFilter, ATermIsPutInAndTakenOut) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "star=1"},
      {"lr<1", "lr<1 and star=1"},
      {"lr<1 or adam", "(lr<1 or adam) and star=1"},
      {"(lr<1 or adam)", "(lr<1 or adam) and star=1"},
      {"name=\"a or b\"", "name=\"a or b\" and star=1"},
      {"not star=1", "not star=1 and star=1"},
  };
  for (const auto& [before, after] : cases) {
    EXPECT_FALSE(has_term(before, "star=1")) << before;
    EXPECT_EQ(with_term(before, "star=1", true), after) << before;
    EXPECT_TRUE(has_term(after, "star=1")) << after;
    EXPECT_TRUE(store::parse_filter(after)) << after;
  }
  EXPECT_EQ(with_term("star=1 and lr<1", "star=1", false), "lr<1");
  EXPECT_EQ(with_term("lr<1 and star=1 and adam", "star=1", false), "lr<1 and adam");
  EXPECT_EQ(with_term("lr<1 star=1", "star=1", false), "lr<1");
  EXPECT_EQ(with_term("star=1", "star=1", false), "");
  EXPECT_EQ(with_term("not star=1 and star=1", "star=1", false), "not star=1");
  // Inside of parentheses, quotes or beside an or it is not a term by itself.
  EXPECT_FALSE(has_term("(star=1 lr<1)", "star=1"));
  EXPECT_FALSE(has_term("\"x star=1 y\"", "star=1"));
  EXPECT_FALSE(has_term("adam or star=1", "star=1"));
}

TEST(RunsFilter, NamesAndValuesAreCompleted) {
  const std::vector<std::string> keys{"learning_rate", "loss", "lr", "test_loss", "what is this"};
  const Completion word = complete("kind=descent and l", 18, keys, 8);
  EXPECT_EQ(word.begin, 17U);
  EXPECT_EQ(word.words, (std::vector<std::string>{"learning_rate", "loss", "lr"}));
  EXPECT_EQ(complete("best(te", 7, keys, 8).words, std::vector<std::string>{"test_loss"});
  EXPECT_EQ(complete("LO", 2, keys, 8).words, std::vector<std::string>{"loss"});
  EXPECT_EQ(complete("outcome=d", 9, keys, 8).words, std::vector<std::string>{"diverged"});
  EXPECT_EQ(complete("kind=", 5, keys, 8).words, (std::vector<std::string>{"descent", "training"}));
  EXPECT_TRUE(complete("lr<0", 4, keys, 8).words.empty());
  EXPECT_TRUE(complete("", 0, keys, 8).words.empty());
  EXPECT_TRUE(complete("lr", 2, keys, 8).words.empty());  // it is there already
  EXPECT_EQ(complete("l", 1, keys, 2).words.size(), 2U);
  const Completion inside = complete("lxx<1", 1, keys, 8);
  EXPECT_EQ(inside.end, 3U);
  EXPECT_EQ(quoted("what is this"), "\"what is this\"");
  EXPECT_EQ(quoted("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quoted("lr"), "lr");
}

TEST(RunsColumns, MomentsAndDurationsAsPeopleSayThem) {
  const std::int64_t now = 1'769'860'800;  // 2026-01-31T12:00:00Z
  EXPECT_EQ(parse_moment("2026-01-31T12:00:00.000Z"), now);
  EXPECT_FALSE(parse_moment("yesterday"));
  EXPECT_EQ(when("2026-01-31T11:59:30.000Z", now), "now");
  EXPECT_EQ(when("2026-01-31T11:48:00.000Z", now), "12 min ago");
  EXPECT_EQ(when("2026-01-31T09:00:00.000Z", now), "3 h ago");
  EXPECT_EQ(when("2025-06-15T12:00:00.000Z", now), "2025-06-15");
  EXPECT_EQ(when("no time", now), "no time");
  EXPECT_EQ(time_spent(0.1234), "0.12 s");
  EXPECT_EQ(time_spent(0.00016), "0.16 ms");
  EXPECT_EQ(time_spent(59.4), "59 s");
  EXPECT_EQ(time_spent(200.0), "3 min 20 s");
  EXPECT_EQ(time_spent(3900.0), "1 h 05 min");
  EXPECT_EQ(setting_text("0.0005", 0.0005), "0.0005");
  EXPECT_EQ(setting_text("5e-4", 5e-4), "5\u00d710\u207b\u2074");
  EXPECT_EQ(setting_text("0.1234567891", 0.1234567891), "0.1235");
  EXPECT_EQ(setting_text("the rest", std::nan("")), "the rest");
}

}  // namespace
}  // namespace thalweg

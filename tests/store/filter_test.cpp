// The filter language: what it accepts, what it says to mistakes, and what it picks, against a plain
// evaluation of the same tree.
#include "core/store/filter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <random>

#include "tests/store/files.hpp"

namespace thalweg::store {
namespace {

using test::need;

std::string error_of(const std::string& text) {
  const auto filter = parse_filter(text);
  return filter ? "accepted" : filter.error().text();
}

TEST(Filter, ReadsTheLanguage) {
  const Filter filter =
      need(parse_filter("optimizer=adam and lr<0.01 and not (tag~\"a b\" or best(loss) >= -1e-3)"));
  ASSERT_EQ(filter.nodes.size(), 8U);
  EXPECT_EQ(filter.nodes[0].condition.name, "optimizer");
  EXPECT_EQ(filter.nodes[0].condition.text, "adam");
  EXPECT_EQ(filter.nodes[1].condition.comparison, Comparison::kLess);
  EXPECT_EQ(filter.nodes[1].condition.number, 0.01);
  EXPECT_EQ(filter.nodes.back().kind, Filter::Kind::kAnd);
  EXPECT_TRUE(need(parse_filter("  ")).empty());
  EXPECT_EQ(need(parse_filter("a b")).nodes, need(parse_filter("a b")).nodes);
  EXPECT_EQ(need(parse_filter("mnist adam")).nodes.back().kind, Filter::Kind::kAnd);
  EXPECT_EQ(need(parse_filter("x OR y")).nodes.back().kind, Filter::Kind::kOr);
  // or binds less than and.
  EXPECT_EQ(need(parse_filter("a or b and c")).nodes.back().kind, Filter::Kind::kOr);
  EXPECT_EQ(need(parse_filter("'it''s'")).nodes[0].condition.text, "it's");
  EXPECT_EQ(need(parse_filter("lr=\"0.1\"")).nodes[0].condition.number, std::nullopt);
  EXPECT_EQ(need(parse_filter("\"0.weight: mean\">3")).nodes[0].condition.name, "0.weight: mean");
}

TEST(Filter, ErrorsNameThePlace) {
  EXPECT_EQ(error_of("lr<"), "filter: position 4: a value is missing after '<'");
  EXPECT_EQ(error_of("<3"), "filter: position 1: '<' has no name in front of it");
  EXPECT_EQ(error_of("lr<fast"), "filter: position 4: '<' needs a number after it");
  EXPECT_EQ(error_of("(a"), "filter: position 1: there is no ')' for this '('");
  EXPECT_EQ(error_of("a)"), "filter: position 2: there is no '(' for this ')'");
  EXPECT_EQ(error_of("a and"), "filter: position 6: a condition is missing");
  EXPECT_EQ(error_of("or b"), "filter: position 1: a condition is missing before 'or'");
  EXPECT_EQ(error_of("a and or b"), "filter: position 7: a condition is missing before 'or'");
  EXPECT_EQ(error_of("name=\"x"), "filter: position 6: this quote is never closed");
  EXPECT_EQ(error_of("a!b"),
            "filter: position 2: '!' must be followed by = or ~; to turn a condition round, write not");
  EXPECT_EQ(error_of("steps~3"), "filter: position 6: 'steps' is a number and can't be searched for a text");
  EXPECT_EQ(error_of("steps=many"), "filter: position 7: 'steps' must be compared with a number");
  EXPECT_EQ(error_of("best(loss"), "filter: position 10: expected ')'");
  EXPECT_EQ(error_of("best(loss)"), "filter: position 11: best(...) must be compared with something");
  EXPECT_EQ(error_of("tag<3"), "filter: position 4: a tag can only be compared with =, !=, ~ and !~");
  EXPECT_EQ(error_of("lr<nan"), "filter: position 4: '<' needs a number after it");
  EXPECT_EQ(error_of(std::string(5000, 'a')), "filter: is longer than 4096 characters");
  EXPECT_EQ(error_of(std::string("a\0b", 3)), "filter: position 2: there is a zero byte");
  EXPECT_NE(error_of(std::string(1000, '(')).find("nested too deep"), std::string::npos);
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "a ";
  EXPECT_NE(error_of(many).find("too many conditions"), std::string::npos);
}

TEST(Filter, WhatIsTypedIsNeverPartOfTheSql) {
  const char* hostile[] = {"name='; DROP TABLE runs; --'",
                           "\"x' OR 1=1 --\" = 3",
                           "tag=\"a'); DELETE FROM tags; --\"",
                           "';ATTACH''x'",
                           "evil~`",
                           "best(\"a'b\")<1",
                           "lr.\"; DROP\" = 1"};
  for (const char* text : hostile) {
    const auto filter = parse_filter(text);
    if (!filter) continue;
    const SqlCondition sql = to_sql(*filter);
    for (const char* word : {"DROP", "DELETE", "ATTACH", "1=1", "--", "`", "a'b", ";"})
      EXPECT_EQ(sql.sql.find(word), std::string::npos) << text << ": " << sql.sql;
    EXPECT_EQ(static_cast<std::size_t>(std::count(sql.sql.begin(), sql.sql.end(), '?')), sql.values.size())
        << text;
  }
}

/// What a run is to the reference below.
struct Known {
  RunStart start;
  std::map<std::string, double> last, best;
  std::int64_t id = 0;
};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

template <class T>
bool compares(Comparison comparison, const T& a, const T& b) {
  switch (comparison) {
    case Comparison::kEqual:
      return a == b;
    case Comparison::kNotEqual:
      return a != b;
    case Comparison::kLess:
      return a < b;
    case Comparison::kLessEqual:
      return a <= b;
    case Comparison::kGreater:
      return a > b;
    default:
      return a >= b;
  }
}

bool matches_text(const Condition& condition, const std::string& text) {
  const bool contains = lower(text).find(lower(condition.text)) != std::string::npos;
  if (condition.comparison == Comparison::kContains) return contains;
  if (condition.comparison == Comparison::kContainsNot) return !contains;
  return compares(condition.comparison, lower(text), lower(condition.text));
}

bool matches(const Condition& condition, const Known& run) {
  const auto& tags = run.start.tags;
  const auto any_tag = [&](Condition like) {
    return std::any_of(tags.begin(), tags.end(), [&](const auto& tag) { return matches_text(like, tag); });
  };
  if (condition.name.empty()) {
    Condition like = condition;
    like.comparison = Comparison::kContains;
    return matches_text(like, run.start.name) || matches_text(like, run.start.note) || any_tag(like);
  }
  if (condition.name == "name") return matches_text(condition, run.start.name);
  if (condition.name == "tag") {
    Condition like = condition;
    const bool negated =
        like.comparison == Comparison::kNotEqual || like.comparison == Comparison::kContainsNot;
    if (like.comparison == Comparison::kNotEqual) like.comparison = Comparison::kEqual;
    if (like.comparison == Comparison::kContainsNot) like.comparison = Comparison::kContains;
    return any_tag(like) != negated;
  }
  const auto result = [&](const std::map<std::string, double>& values) {
    const auto found = values.find(condition.name);
    return found != values.end() && compares(condition.comparison, found->second, *condition.number);
  };
  if (condition.best) return result(run.best);
  const bool contains =
      condition.comparison == Comparison::kContains || condition.comparison == Comparison::kContainsNot;
  for (const Setting& setting : run.start.settings) {
    if (setting.key != condition.name && setting.part + "." + setting.key != condition.name) continue;
    if (contains || !condition.number
            ? matches_text(condition, setting.value)
            : setting.number && compares(condition.comparison, *setting.number, *condition.number))
      return true;
  }
  return condition.number && !contains && result(run.last);
}

bool matches(const Filter& filter, std::size_t index, const Known& run) {
  const Filter::Node& node = filter.nodes[index];
  switch (node.kind) {
    case Filter::Kind::kCondition:
      return matches(node.condition, run);
    case Filter::Kind::kNot:
      return !matches(filter, node.left, run);
    case Filter::Kind::kAnd:
      return matches(filter, node.left, run) && matches(filter, node.right, run);
    default:
      return matches(filter, node.left, run) || matches(filter, node.right, run);
  }
}

std::vector<Known> make_runs(Store& store) {
  std::vector<Known> out;
  std::mt19937 random(7);
  const char* optimizers[] = {"adam", "AdamW", "gd", "100%"};
  need(store.batch([&]() -> std::optional<Error> {
    for (int i = 0; i < 60; ++i) {
      Known run;
      const std::string optimizer = optimizers[random() % 4];
      const double lr = 0.001 * static_cast<double>(1 + random() % 20);
      run.start.kind = "descent";
      run.start.name = optimizer + " on a_b" + std::to_string(i % 5);
      run.start.note = i % 3 ? "" : "good\nlines";
      run.start.settings = {{"", "optimizer", optimizer, {}}, {"optimizer", "lr", format_number(lr), lr}};
      if (i % 2) run.start.settings.push_back({"optimizer", "momentum", "off", {}});
      if (i % 4 == 0) run.start.settings.push_back({"data", "seed", "3", 3.0});
      if (i % 5 == 0) run.start.settings.push_back({"run", "seed", "4", 4.0});
      if (i % 6 == 0) run.start.tags = {"odd", "it's \"x\""};
      if (i % 7 == 0) run.start.tags.push_back("100%");
      run.id = need(store.begin(run.start));
      if (i % 3) {
        const double first = static_cast<double>(random() % 10), last = static_cast<double>(random() % 10);
        need(store.append(run.id, {"loss", "", Goal::kLowest, {0, 1}, {first, last}}));
        run.last["loss"] = last;
        run.best["loss"] = std::min(first, last);
      }
      out.push_back(std::move(run));
    }
    return {};
  }));
  return out;
}

std::string random_filter(std::mt19937& random, int depth) {
  const auto pick = [&](std::initializer_list<const char*> of) {
    return std::string(of.begin()[random() % of.size()]);
  };
  const std::string number_sign = pick({"=", "!=", "<", "<=", ">", ">="});
  if (depth > 0 && random() % 2) {
    const std::string left = random_filter(random, depth - 1), right = random_filter(random, depth - 1);
    switch (random() % 4) {
      case 0:
        return "(" + left + ") or (" + right + ")";
      case 1:
        return "(" + left + ") and (" + right + ")";
      case 2:
        return "(" + left + ") (" + right + ")";
      default:
        return "not (" + left + ")";
    }
  }
  switch (random() % 8) {
    case 0:
      return "optimizer" + pick({"=", "!=", "~", "!~"}) +
             pick({"adam", "ADAM", "gd", "a", "'100%'", "\"%\""});
    case 1:
      return "lr" + number_sign + pick({"0.005", "1e-2", "0.02", "-1"});
    case 2:
      return "loss" + number_sign + pick({"3", "5", "0"});
    case 3:
      return "best(loss)" + number_sign + pick({"1", "2", "4"});
    case 4:
      return "tag" + pick({"=", "!=", "~", "!~"}) + pick({"odd", "'100%'", "'it''s \"x\"'", "o"});
    case 5:
      return "name" + pick({"=", "!=", "~", "!~", "<", ">="}) + pick({"'gd on a_b1'", "a_b", "ADAM", "b%"});
    case 6:
      return pick({"seed", "data.seed", "run.seed", "optimizer.lr"}) + number_sign +
             pick({"3", "4", "0.004"});
    default:
      return pick({"good", "a_b3", "odd", "'_'", "momentum=off", "momentum=0"});
  }
}

TEST(Filter, PicksWhatAPlainEvaluationPicks) {
  test::Scratch scratch;
  const auto store = test::open(scratch / "runs.sqlite");
  const std::vector<Known> runs = make_runs(*store);
  std::mt19937 random(42);
  int picked = 0;
  for (int round = 0; round < 400; ++round) {
    const std::string text = random_filter(random, 3);
    const Filter filter = need(parse_filter(text));
    std::vector<std::int64_t> expected, got;
    for (const Known& run : runs)
      if (matches(filter, filter.nodes.size() - 1, run)) expected.push_back(run.id);
    for (const RunInfo& run : need(store->list({.filter = filter, .sort = "id", .descending = false})))
      got.push_back(run.id);
    EXPECT_EQ(got, expected) << text;
    picked += static_cast<int>(got.size());
  }
  EXPECT_GT(picked, 2000);
}

TEST(Filter, NamesThatNoRunHasAreRefused) {
  test::Scratch scratch;
  const auto store = test::open(scratch / "runs.sqlite");
  const auto said = [&](const std::string& text) {
    const auto list = store->list({.filter = need(parse_filter(text))});
    return list ? "accepted" : list.error().text();
  };
  EXPECT_EQ(said("test_acuracy>1"), "accepted") << "there are no runs at all";
  const std::int64_t run = need(store->begin({.kind = "training"}));
  need(store->append(run, {"test_accuracy", "", Goal::kHighest, {0}, {0.5}}));
  EXPECT_EQ(said("kind=training and test_acuracy>1"),
            "filter: position 19: no run has 'test_acuracy'; did you mean 'test_accuracy'?");
  EXPECT_EQ(said("optimizer.test_accuracy>1").substr(0, 18), "filter: position 1");
  const auto sorted = store->list({.sort = "nonsense"});
  ASSERT_FALSE(sorted);
  EXPECT_EQ(sorted.error().text(), "sort: no run has 'nonsense'");
}

TEST(Filter, SurvivesWhateverIsTyped) {
  test::Scratch scratch;
  const auto store = test::open(scratch / "runs.sqlite");
  (void)make_runs(*store);
  const std::string alphabet[] = {"a",    "lr",  "=",    "<",    ">",       "!",  "~",   "(",
                                  ")",    "\"",  "'",    " ",    "and",     "or", "not", "best(",
                                  ".",    "1e9", "-",    ";",    "--",      "%",  "\\",  "\xc3\xa9",
                                  "\xff", "tag", "name", "star", "created", "\t", "?1"};
  std::mt19937 random(3);
  int accepted = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (std::size_t length = random() % 14; length > 0; --length)
      text += alphabet[random() % std::size(alphabet)];
    const auto filter = parse_filter(text);
    if (!filter) continue;
    ++accepted;
    const auto list = store->list({.filter = *filter});
    if (list) continue;
    EXPECT_NE(list.error().text().find("no run has"), std::string::npos)
        << text << ": " << list.error().text();
  }
  EXPECT_GT(accepted, 100);
  EXPECT_EQ(need(store->list({})).size(), 60U);
}

}  // namespace
}  // namespace thalweg::store

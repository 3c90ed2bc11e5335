// One run as a file: it comes back as it was, and hostile files are refused whole.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/store/files.hpp"

namespace thalweg::store {
namespace {

using test::need;
using test::sql;

std::int64_t full_run(Store& store) {
  const std::int64_t run =
      need(store.begin({.uid = "abcdef0123456789",
                        .kind = "training",
                        .name = "name \"quoted\" \xc3\xa9",
                        .note = "a\nb",
                        .parent = "feedfeed",
                        .parent_step = 12,
                        .race = "beefbeef",
                        .lane = 2,
                        .device = "cuda",
                        .program_version = "0.1.0",
                        .scene = R"({"deep":[1,{"x":null}]})",
                        .settings = {{"", "optimizer", "adam", {}}, {"optimizer", "lr", "0.1", 0.1}},
                        .tags = {"x", "y"}}));
  need(
      store.append(run, {"loss", "nat", Goal::kLowest, {0, 1, 2, 3}, {0.1 + 0.2, NAN, INFINITY, -INFINITY}}));
  need(store.append(run, {"odd", "", Goal::kNone, {5, 7, 1000}, {1e-308, -0.0, 3}}));
  need(store.append(run, {"every 50", "", Goal::kHighest, {0, 50, 100}, {1, 2, 3}}));
  need(store.set_result(run, "parameters", 7));
  need(store.add_event(run, {2, "changed", "lr", "0.2"}));
  for (std::size_t size : {0U, 1U, 2U, 3U, 4U, 1000U}) {
    std::vector<std::uint8_t> state(size);
    for (std::size_t i = 0; i < size; ++i) state[i] = static_cast<std::uint8_t>(37 * i + 200);
    need(store.save(run, {static_cast<std::int64_t>(size), 1, std::move(state)}));
  }
  need(store.set_star(run, true));
  need(store.finish(run, {"budget", 4, 2.5}));
  return run;
}

/// Everything but what belongs to one file or one machine.
std::string content(const std::filesystem::path& file) {
  std::string out;
  for (const char* query :
       {"SELECT uid, kind, name, note, star, parent, parent_step, race, lane, created, host, device, "
        "program_version,"
        " outcome, steps, duration, scene FROM runs",
        "SELECT part, key, value, number FROM settings ORDER BY 1, 2", "SELECT tag FROM tags ORDER BY 1",
        "SELECT key, last, best, best_step FROM results ORDER BY 1",
        "SELECT name, unit, goal, rollup FROM series",
        "SELECT series, step, hex(value), value FROM history ORDER BY 1, 2",
        "SELECT level, bucket, count, min, max, first, last, gaps FROM rollup ORDER BY series, 1, 2",
        "SELECT step, kind, key, value FROM events ORDER BY id",
        "SELECT step, version, checksum, hex(state) FROM checkpoints ORDER BY step"})
    for (const auto& row : sql(file, query)) {
      for (const std::string& cell : row) out += cell + "|";
      out += "\n";
    }
  return out;
}

TEST(RunFile, ComesBackAsItWas) {
  test::Scratch scratch;
  std::string text;
  {
    const auto store = test::open(scratch / "a.sqlite");
    const std::int64_t run = full_run(*store);
    need(store->begin({.uid = "another"}));
    text = need(store->export_run(run));
    EXPECT_FALSE(store->import_run(text)) << "it is there already";
    need(store->set_deleted(need(store->find("another")).id, true));
  }
  sql(scratch / "a.sqlite", "DELETE FROM runs WHERE uid = 'another'");
  {
    const auto store = test::open(scratch / "b.sqlite");
    const std::int64_t run = need(store->import_run(text));
    EXPECT_EQ(need(store->export_run(run)), text);
    EXPECT_FALSE(store->check());
  }
  EXPECT_EQ(content(scratch / "b.sqlite"), content(scratch / "a.sqlite"));
}

TEST(RunFile, ARunThatWentOnIsInterruptedElsewhere) {
  test::Scratch scratch;
  const auto store = test::open(scratch / "a.sqlite");
  const std::string text = need(store->export_run(need(store->begin({}))));
  const auto other = test::open(scratch / "b.sqlite");
  need(other->import_run(text));
  EXPECT_EQ(need(other->list({})).front().outcome, "interrupted");
  EXPECT_TRUE(need(other->mark_interrupted()).empty());
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(RunFile, HostileFilesAreRefusedWhole) {
  test::Scratch scratch;
  const std::filesystem::path file = scratch / "b.sqlite";
  std::string good;
  {
    const auto store = test::open(scratch / "a.sqlite");
    good = need(store->export_run(full_run(*store)));
  }
  const auto store = test::open(file);
  const auto said = [&](const std::string& from, const std::string& to) {
    const auto run = store->import_run(replaced(good, from, to));
    return run ? "accepted" : run.error().text();
  };
  EXPECT_EQ(said("\"thalweg_run\":1", "\"thalweg_run\":2"),
            "run: has version 2, this program reads version 1");
  EXPECT_EQ(said("\"thalweg_run\":1,", ""), "run: is not a run of this program (it has no 'thalweg_run')");
  EXPECT_EQ(said("\"events\"", "\"evens\""), "run: has an unknown key 'evens'; did you mean 'events'?");
  EXPECT_EQ(said("\"kind\":\"training\"", "\"kind\":3"), "run: 'kind' must be a text");
  EXPECT_EQ(said("\"star\":true", "\"star\":1"), "run: 'star' must be true or false");
  EXPECT_EQ(said("\"uid\":\"abcdef0123456789\"", "\"uid\":\"'); DROP TABLE runs; --\""),
            "run: 'uid' must be hexadecimal digits, 8 at least");
  EXPECT_EQ(said("\"lane\":2", "\"lane\":1e300"), "run: 'lane' must be a whole number");
  EXPECT_EQ(said("\"lane\":2", "\"lane\":99999999999999999999"), "run: 'lane' must be a whole number");
  EXPECT_EQ(said("\"steps\":4,", "\"steps\":-4,"), "run: 'steps' must be at least 0");
  EXPECT_EQ(said("\"a\\nb\"", "\"a\\u0000b\""), "note: has a control character in it");
  EXPECT_EQ(said("\"name\":\"name", "\"name\":\"\\u001b]0;evil"), "name: has a control character in it")
      << "a terminal must not be steered";
  EXPECT_EQ(said("{\"first\":0,\"stride\":1}", "{\"first\":0,\"stride\":9007199254740992}"),
            "steps: 'first' must be at least 0 and 'stride' at least 1, and not too large");
  EXPECT_EQ(said("{\"first\":0,\"stride\":1}", "{\"first\":0,\"count\":1e15}").substr(0, 25),
            "steps: has an unknown key");
  EXPECT_EQ(said("[5,7,1000]", "[5,7]"), "series: has not as many values as steps");
  EXPECT_EQ(said("[5,7,1000]", "[5,7,6]"), "odd: step 6 does not come after step 7");
  EXPECT_EQ(said("[5,7,1000]", "[5,7,\"8\"]"), "series: a step must be a whole number");
  EXPECT_EQ(said("null,\"inf\"", "null,\"infinite\"").substr(0, 23), "series: a value must be");
  EXPECT_EQ(said("null,\"inf\"", "null,1e999"), "run: has a number that is too large");
  EXPECT_EQ(said("\"name\":\"odd\"", "\"name\":\"loss\""), "series: 'loss' stands there twice");
  EXPECT_EQ(said("\"goal\":\"lowest\"", "\"goal\":\"best\""),
            "series: 'goal' must be none, lowest or highest");
  EXPECT_EQ(said("\"state\":\"", "\"state\":\"*"), "checkpoints: 'state' is not base64");
  EXPECT_EQ(said("\"checksum\":0", "\"checksum\":1"), "checkpoints: a state does not fit its checksum");
  EXPECT_EQ(said("\"scene\":{", "\"scene\":3,\"scen\":{").substr(0, 24), "run: has an unknown key ");
  EXPECT_EQ(said("\"tags\":[\"x\"", "\"tags\":[\"\""), "tag: is empty");
  EXPECT_EQ(said("\"key\":\"lr\",\"value\":\"0.1\"", "\"key\":\"lr\",\"value\":\"0.1\",\"value\":\"0.1\""),
            "run: the key 'value' stands there twice");
  std::string deep(100'000, '[');
  EXPECT_EQ(said("\"scene\":{", "\"scene\":" + deep), "run: is nested too deep to be a run");
  EXPECT_EQ(store->import_run("").error().text(), "run: is not JSON (mistake at byte 1)");
  EXPECT_EQ(store->import_run("[]").error().text(), "run: must be an object");
  // Cut off anywhere, or with bytes changed: refused, or as good as a run can be.
  std::mt19937 random(9);
  for (int round = 0; round < 200; ++round)
    EXPECT_FALSE(store->import_run(std::string_view(good).substr(0, random() % (good.size() - 2)))) << round;
  EXPECT_TRUE(need(store->list({})).empty());
  for (const char* table :
       {"runs", "settings", "tags", "series", "points", "rollup", "results", "events", "checkpoints"})
    EXPECT_EQ(sql(file, std::string("SELECT count(*) FROM ") + table)[0][0], "0") << table;
  int accepted = 0;
  for (int round = 0; round < 300; ++round) {
    std::string bad = good;
    bad[random() % bad.size()] = static_cast<char>(random() % 256);
    const auto run = store->import_run(bad);
    if (!run) continue;
    ++accepted;
    need(store->set_deleted(*run, true));
    need(store->purge(0.0));
  }
  EXPECT_LT(accepted, 200);
  EXPECT_FALSE(store->check());
}

}  // namespace
}  // namespace thalweg::store

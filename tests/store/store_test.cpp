// Runs as rows: what people change, find, list and delete, and what other programs see.
#include "core/store/store.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cmath>

#include "core/store/process.hpp"
#include "core/store/schema.hpp"
#include "tests/store/files.hpp"

namespace thalweg::store {
namespace {

namespace fs = std::filesystem;
using test::need;
using test::Scratch;
using test::sql;

RunStart example() {
  return {.kind = "descent",
          .name = "adam on rosenbrock",
          .note = "first\nline",
          .parent = "0123456789",
          .parent_step = 77,
          .race = "feedbeef",
          .lane = 3,
          .device = "cpu",
          .program_version = "0.1.0",
          .scene = R"({"a": 1})",
          .settings = {{"", "optimizer", "adam", {}}, {"optimizer", "lr", "0.001", 0.001}},
          .tags = {"b", "a", "a"}};
}

TEST(Store, KeepsARunAsItWasToldOf) {
  Scratch scratch;
  const fs::path file = scratch / "deep" / "runs.sqlite";
  std::string uid;
  {
    const auto store = test::open(file);
    const std::int64_t run = need(store->begin(example()));
    need(store->add_event(run, {5, "changed", "lr", "0.1"}));
    need(store->save(run, {4, 2, {1, 2, 3}}));
    need(store->save(run, {6, 2, {}}));
    need(store->set_result(run, "parameters", 101770));
    need(store->append(run, {"loss", "nat", Goal::kLowest, {0, 1, 5}, {3.0, 1.0, 2.0}}));
    need(store->finish(run, {"budget", 6, 1.5}));
    uid = need(store->list({})).front().uid;
  }
  EXPECT_FALSE(fs::exists(file.string() + "-wal")) << "the last one to close leaves one file";
  const auto store = test::open(file, Access::kRead);
  const RunInfo info = need(store->find(uid));
  EXPECT_EQ(info.kind, "descent");
  EXPECT_EQ(info.name, "adam on rosenbrock");
  EXPECT_EQ(info.note, "first\nline");
  EXPECT_EQ(info.parent, "0123456789");
  EXPECT_EQ(info.parent_step, 77);
  EXPECT_EQ(info.race, "feedbeef");
  EXPECT_EQ(info.lane, 3);
  EXPECT_EQ(info.program_version, "0.1.0");
  EXPECT_EQ(info.host, host_name());
  EXPECT_EQ(info.outcome, "budget");
  EXPECT_EQ(info.steps, 6);
  EXPECT_EQ(info.duration, 1.5);
  EXPECT_EQ(info.tags, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(info.created.size(), 24U);
  EXPECT_LE(info.created, timestamp());
  EXPECT_GT(info.created, timestamp(600.0));
  EXPECT_EQ(need(store->scene(info.id)), R"({"a": 1})");
  EXPECT_EQ(need(store->settings(info.id)), example().settings);
  EXPECT_EQ(need(store->events(info.id)),
            (std::vector<Event>{{5, "changed", "lr", "0.1"}, {6, "budget", "", ""}}));
  EXPECT_EQ(need(store->checkpoints(info.id)), (std::vector<std::int64_t>{4, 6}));
  EXPECT_EQ(need(store->checkpoint(info.id, 5)).state, (std::vector<std::uint8_t>{1, 2, 3}));
  EXPECT_EQ(need(store->checkpoint(info.id)).step, 6);
  EXPECT_FALSE(store->checkpoint(info.id, 3));
  const auto results = need(store->results(info.id));
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].key, "loss");
  EXPECT_EQ(results[0].last, 2.0);
  EXPECT_EQ(results[0].best, 1.0);
  EXPECT_EQ(results[0].best_step, 1);
  EXPECT_EQ(results[1].last, 101770.0);
  EXPECT_TRUE(std::isnan(results[1].best));
  const auto series = need(store->series(info.id));
  ASSERT_EQ(series.size(), 1U);
  EXPECT_EQ(series[0].unit, "nat");
  EXPECT_EQ(series[0].goal, Goal::kLowest);
  EXPECT_EQ(series[0].count, 3);
  EXPECT_EQ(series[0].last_step, 5);
  EXPECT_FALSE(store->check());
  // Where nothing may be written, writing says so.
  EXPECT_NE(store->rename(info.id, "x")->message.find("read-only"), std::string::npos);
}

TEST(Store, OtherProgramsSeePlainTables) {
  Scratch scratch;
  const fs::path file = scratch / "runs.sqlite";
  const auto store = test::open(file);
  const std::int64_t run = need(store->begin(example()));
  const double infinity = INFINITY;
  need(store->append(run, {"loss", "", Goal::kLowest, {2, 4, 6, 8}, {1.5, NAN, infinity, -infinity}}));
  EXPECT_EQ(sql(file, "SELECT run, series, step, value FROM history"),
            (std::vector<std::vector<std::string>>{{"1", "loss", "2", "1.5"},
                                                   {"1", "loss", "4", "NULL"},
                                                   {"1", "loss", "6", "Inf"},
                                                   {"1", "loss", "8", "-Inf"}}));
  EXPECT_EQ(sql(file, "SELECT count(*) FROM history WHERE value = 9e999")[0][0], "1");
  EXPECT_EQ(sql(file, "SELECT number FROM settings WHERE run = 1 AND key = 'lr'")[0][0], "0.001");
  EXPECT_EQ(sql(file, "SELECT json_extract(scene, '$.a') FROM runs")[0][0], "1");
  EXPECT_EQ(sql(file, "PRAGMA application_id")[0][0], std::to_string(kApplicationId));
  EXPECT_EQ(sql(file, "PRAGMA user_version")[0][0], "1");
  EXPECT_EQ(sql(file, "PRAGMA journal_mode")[0][0], "wal");
  // One series is found by its name, and its points by their place, without reading the others.
  std::string plan;
  for (const auto& row :
       sql(file, "EXPLAIN QUERY PLAN SELECT value FROM history WHERE run = 1 AND series = 'loss'"))
    plan += row.back() + "\n";
  EXPECT_EQ(plan.find("SCAN"), std::string::npos) << plan;
}

TEST(Store, ABatchIsAllOrNothing) {
  Scratch scratch;
  const auto store = test::open(scratch / "runs.sqlite");
  const std::int64_t run = need(store->begin(example()));
  need(store->append(run, {"loss", "", Goal::kLowest, {0, 1}, {3.0, 2.0}}));
  const auto error = store->batch([&]() -> std::optional<Error> {
    need(store->append(run, {"loss", "", Goal::kLowest, {2}, {1.0}}));
    need(store->append(run, {"new", "", Goal::kNone, {2}, {1.0}}));
    return store->append(run, {"loss", "", Goal::kLowest, {2}, {0.0}});
  });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->text(), "loss: step 2 does not come after step 2");
  EXPECT_EQ(need(store->points(run, "loss")).steps.size(), 2U);
  EXPECT_EQ(need(store->series(run)).size(), 1U);
  // What is remembered of a series was undone with it.
  need(store->append(run, {"loss", "", Goal::kLowest, {2}, {5.0}}));
  need(store->append(run, {"new", "", Goal::kNone, {0}, {1.0}}));
  EXPECT_EQ(need(store->results(run))[0].best, 2.0);
  // A refused part of a batch leaves the rest.
  need(store->batch([&]() -> std::optional<Error> {
    EXPECT_TRUE(store->append(run, {"loss", "", Goal::kLowest, {1}, {9.0}}));
    // This one fails when half of it is written.
    EXPECT_FALSE(store->begin({.settings = {{"", "a", "1", {}}, {"", "a", "2", {}}}}));
    return store->append(run, {"loss", "", Goal::kLowest, {3}, {1.0}});
  }));
  EXPECT_EQ(need(store->points(run, "loss")).values, (std::vector<double>{3.0, 2.0, 5.0, 1.0}));
  EXPECT_EQ(need(store->list({})).size(), 1U);
}

TEST(Store, WhatPeopleChange) {
  Scratch scratch;
  const auto store = test::open(scratch / "runs.sqlite");
  const std::int64_t run = need(store->begin(example()));
  need(store->rename(run, "Renamed'); DROP TABLE runs; --"));
  need(store->set_note(run, ""));
  need(store->set_star(run, true));
  need(store->add_tag(run, "x'); DELETE FROM runs; --"));
  need(store->add_tag(run, "a"));
  need(store->remove_tag(run, "b"));
  const RunInfo info = need(store->find("1"));
  EXPECT_EQ(info.name, "Renamed'); DROP TABLE runs; --");
  EXPECT_TRUE(info.star);
  EXPECT_EQ(info.tags, (std::vector<std::string>{"a", "x'); DELETE FROM runs; --"}));
  EXPECT_EQ(
      need(store->list({.filter = need(parse_filter("star=yes and tag=\"x'); DELETE FROM runs; --\""))}))
          .size(),
      1U);
  EXPECT_EQ(store->remove_tag(run, "none")->text(), "none: the run has no such tag");
  EXPECT_EQ(store->add_tag(run, " ")->text(), "tag: is empty");
  EXPECT_EQ(store->rename(run, "a\nb")->text(), "name: has a control character in it");
  EXPECT_EQ(store->rename(run, "\xff")->text(), "name: is not UTF-8");
  EXPECT_EQ(store->rename(run, std::string(2000, 'x'))->text(), "name: is longer than 1000 characters");
  for (const auto& error :
       {store->rename(99, "x"), store->set_note(99, "x"), store->set_star(99, true), store->add_tag(99, "x"),
        store->set_deleted(99, true), store->finish(99, {"budget", 0, 0}), store->add_event(99, {}),
        store->append(99, {"loss", "", Goal::kNone, {0}, {0.0}})})
    EXPECT_EQ(error.value_or(Error{}).code, ErrorCode::kNotFound);
  EXPECT_FALSE(store->begin({.uid = info.uid})) << "a uid is there once";
}

TEST(Store, DeletedRunsComeBackUntilTheyArePurged) {
  Scratch scratch;
  const fs::path file = scratch / "runs.sqlite";
  const auto store = test::open(file);
  const std::int64_t kept = need(store->begin(example())), gone = need(store->begin(example()));
  need(store->append(gone, {"loss", "", Goal::kLowest, {0, 1}, {3.0, 2.0}}));
  need(store->save(gone, {1, 1, {1}}));
  need(store->add_event(gone, {}));
  need(store->finish(gone, {"budget", 1, 0}));
  need(store->set_deleted(gone, true));
  EXPECT_EQ(need(store->list({})).size(), 1U);
  EXPECT_EQ(need(store->list({.deleted = true})).front().id, gone);
  need(store->set_deleted(gone, false));
  EXPECT_EQ(need(store->list({})).size(), 2U);
  need(store->set_deleted(gone, true));
  EXPECT_EQ(need(store->purge(1.0)), 0) << "only what was deleted long ago";
  EXPECT_EQ(need(store->purge(0.0)), 1);
  for (const char* table : {"points", "rollup", "series", "checkpoints", "events"})
    EXPECT_EQ(sql(file, std::string("SELECT count(*) FROM ") + table)[0][0], "0") << table;
  EXPECT_EQ(need(store->list({})).front().id, kept);
  EXPECT_FALSE(store->check());
}

TEST(Store, OneRunIsRemovedForGoodOnceItWasDeleted) {
  Scratch scratch;
  const fs::path file = scratch / "runs.sqlite";
  const auto store = test::open(file);
  const std::int64_t kept = need(store->begin(example())), gone = need(store->begin(example()));
  need(store->append(gone, {"loss", "", Goal::kLowest, {0, 1}, {3.0, 2.0}}));
  need(store->set_deleted(kept, true));
  EXPECT_EQ(need(store->count()), 1);
  EXPECT_EQ(need(store->count(true)), 1);
  EXPECT_TRUE(store->remove(gone)) << "it is not deleted";
  need(store->set_deleted(gone, true));
  EXPECT_TRUE(store->remove(gone)) << "it goes on";
  EXPECT_EQ(need(store->count(true)), 2);
  need(store->finish(gone, {"budget", 1, 0}));
  need(store->remove(gone));
  EXPECT_EQ(store->remove(gone).value_or(Error{}).code, ErrorCode::kNotFound);
  EXPECT_EQ(need(store->list({.deleted = true})).front().id, kept);
  EXPECT_EQ(sql(file, "SELECT count(*) FROM points")[0][0], "0");
}

TEST(Store, TellsWhetherOthersHaveWritten) {
  Scratch scratch;
  const auto store = test::open(scratch / "runs.sqlite");
  const auto reader = test::open(scratch / "runs.sqlite", Access::kRead);
  const std::int64_t run = need(store->begin(example()));
  const std::int64_t first = need(reader->data_version());
  EXPECT_EQ(need(reader->data_version()), first);
  need(store->set_result(run, "accuracy", 0.5));
  EXPECT_NE(need(reader->data_version()), first);
  const auto keys = need(reader->result_keys());
  EXPECT_EQ(keys, std::vector<std::string>{"accuracy"}) << "no settings";
}

TEST(Store, RunsAreFoundByWhatPeopleType) {
  Scratch scratch;
  const auto store = test::open(scratch / "runs.sqlite");
  need(store->begin({.uid = "abcd1111aaaa", .name = "one"}));
  need(store->begin({.uid = "abcd2222bbbb", .name = "two"}));
  need(store->begin({.uid = "12345678cccc", .name = "two"}));
  EXPECT_EQ(need(store->find("abcd1")).name, "one");
  EXPECT_EQ(need(store->find("2")).uid, "abcd2222bbbb");
  EXPECT_EQ(need(store->find("one")).uid, "abcd1111aaaa");
  EXPECT_EQ(need(store->find("1234567")).id, 3) << "digits that are no id may begin a uid";
  EXPECT_EQ(store->find("abcd").error().text(),
            "abcd: several runs are called that; use the uid (abcd1111aaaa, abcd2222bbbb)");
  EXPECT_FALSE(store->find("two"));
  EXPECT_EQ(store->find("").error().text(), "there is no such run");
  EXPECT_EQ(store->find("%").error().text(), "%: there is no such run");
  EXPECT_EQ(store->find("99999999999999999999999999").error().code, ErrorCode::kNotFound);
}

TEST(Store, ListsAreSortedByAnything) {
  Scratch scratch;
  const auto store = test::open(scratch / "runs.sqlite");
  for (const double lr : {0.2, 0.1, 0.3}) {
    const std::int64_t run = need(
        store->begin({.name = format_number(lr), .settings = {{"optimizer", "lr", format_number(lr), lr}}}));
    need(store->append(run, {"loss", "", Goal::kLowest, {0}, {-lr}}));
  }
  const auto order = [&](const ListQuery& query) {
    std::string out;
    for (const RunInfo& run : need(store->list(query))) out += run.name + " ";
    return out;
  };
  EXPECT_EQ(order({.sort = "lr", .descending = false}), "0.1 0.2 0.3 ");
  EXPECT_EQ(order({.sort = "optimizer.lr"}), "0.3 0.2 0.1 ");
  EXPECT_EQ(order({.sort = "loss"}), "0.1 0.2 0.3 ");
  EXPECT_EQ(order({.sort = "id", .descending = false, .limit = 2}), "0.2 0.1 ");
  EXPECT_FALSE(store->list({.sort = "r.id; DROP TABLE runs"}));
  const auto column = need(store->column("lr"));
  ASSERT_EQ(column.size(), 3U);
  EXPECT_EQ(column[1].number, 0.1);
  EXPECT_EQ(column[1].text, "0.1");
  EXPECT_EQ(need(store->column("loss", true))[2].number, -0.3);
  EXPECT_TRUE(need(store->column("data.lr")).empty());
  EXPECT_EQ(need(store->keys()), (std::vector<std::string>{"loss", "lr"}));
}

TEST(Store, ComparisonShowsWhatDiffers) {
  Scratch scratch;
  const auto store = test::open(scratch / "runs.sqlite");
  const std::int64_t a = need(store->begin({.settings = {{"o", "lr", "1", 1.0}, {"o", "beta", "2", 2.0}}}));
  const std::int64_t b =
      need(store->begin({.settings = {{"o", "lr", "3", 3.0}, {"o", "beta", "2", 2.0}, {"", "x", "y", {}}}}));
  const auto rows = need(store->compare_settings({a, b}));
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].key, "x");
  EXPECT_EQ(rows[0].values, (std::vector<std::optional<std::string>>{std::nullopt, "y"}));
  EXPECT_EQ(rows[1].values, (std::vector<std::optional<std::string>>{"1", "3"}));
  EXPECT_EQ(need(store->compare_settings({a, b}, true)).size(), 3U);
}

TEST(Store, RunsOfDeadProcessesAreInterrupted) {
  Scratch scratch;
  const fs::path file = scratch / "runs.sqlite";
  const pid_t child = fork();
  if (child == 0) {
    const auto store = test::open(file);
    const std::int64_t run = need(store->begin({.name = "child"}));
    need(store->heartbeat(run, 17, 2.0));
    _exit(0);
  }
  // Ended, but not yet waited for: its number is still taken.
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  const auto store = test::open(file);
  const std::int64_t mine = need(store->begin({.name = "mine"}));
  EXPECT_EQ(need(store->mark_interrupted()), std::vector<std::string>{need(store->find("child")).uid});
  EXPECT_EQ(need(store->find("child")).outcome, "interrupted");
  EXPECT_EQ(need(store->events(1)), (std::vector<Event>{{17, "interrupted", "", ""}}));
  EXPECT_EQ(need(store->find("mine")).outcome, "running");
  int status = 0;
  waitpid(child, &status, 0);
  // Of a process elsewhere only its silence tells.
  sql(file, "UPDATE runs SET host = 'elsewhere' WHERE name = 'mine'");
  EXPECT_TRUE(need(store->mark_interrupted()).empty());
  sql(file, "UPDATE runs SET heartbeat = '2020-01-01T00:00:00.000Z' WHERE name = 'mine'");
  EXPECT_EQ(need(store->mark_interrupted()).size(), 1U);
  // A sign of life, and it runs again.
  need(store->heartbeat(mine, 1, 0.0));
  EXPECT_EQ(need(store->find("mine")).outcome, "running");
}

TEST(Store, ThisProcessIsAliveAndAnotherOfItsNumberIsNot) {
  EXPECT_EQ(is_alive(host_name(), this_process()), Alive::kYes);
  EXPECT_EQ(is_alive(host_name(), this_process() + "0"), Alive::kNo) << "it started at another time";
  EXPECT_EQ(is_alive("elsewhere", this_process()), Alive::kUnknown);
  for (const char* nonsense : {"", " ", "a b c", "1", "boot pid:[1] 1 1"})
    EXPECT_EQ(is_alive(host_name(), nonsense), Alive::kUnknown) << nonsense;
}

TEST(Store, SettingsComeFromSpecs) {
  const Descriptor descriptor{
      .id = "adam",
      .parameters = {
          {.key = "lr", .default_value = 0.5},
          {.key = "clip", .default_value = std::monostate{}, .off_word = "off"},
          {.key = "eigenvalues", .kind = Kind::kRealList, .default_value = std::vector<double>{1, 10}}}};
  std::vector<Setting> out;
  add_settings(out, "optimizer", default_spec(descriptor), descriptor);
  EXPECT_EQ(out, (std::vector<Setting>{{"", "optimizer", "adam", {}},
                                       {"optimizer", "lr", "0.5", 0.5},
                                       {"optimizer", "clip", "off", {}},
                                       {"optimizer", "eigenvalues", "1/10", {}}}));
}

}  // namespace
}  // namespace thalweg::store

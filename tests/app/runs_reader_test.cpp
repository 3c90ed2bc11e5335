// The thread that reads the list of runs, with no window: what it lists, that it sees what others change, and
// that changes and requests from another thread do not disturb it. Labelled `threads`.
#include <gtest/gtest.h>

#include <atomic>

#include "app/work/runs_reader.hpp"
#include "tests/app/runs_file.hpp"

namespace thalweg {
namespace {

using test::must;
using test::RunsFile;

std::shared_ptr<const RunsSnapshot> ask(RunsReader& reader, RunsQuery query) {
  reader.request(std::move(query));
  reader.look();
  reader.wait();
  return reader.snapshot();
}

std::string names(const RunsSnapshot& list) {
  std::string out;
  for (const store::RunInfo& run : list.runs) out += (out.empty() ? "" : " ") + run.name;
  return out;
}

TEST(RunsReader, SortsByAnythingAndPutsWhatHasNoValueLast) {
  RunsFile file;
  file.add({.name = "b", .lr = 0.5, .loss = 3.0, .steps = 7});
  file.add({.name = "none", .lr = 0.001, .steps = 90});
  file.add({.name = "A", .lr = 0.02, .loss = -1.0, .steps = 8});
  file.add({.name = "c10", .lr = 2.0, .loss = 20.0, .steps = 1000});
  file.add({.name = "c9", .lr = 1.0, .loss = 100.0, .steps = 10});
  RunsReader reader(file.path());
  EXPECT_EQ(names(*ask(reader, {.sort = "lr", .descending = false})), "none A b c9 c10");
  EXPECT_EQ(names(*ask(reader, {.sort = "loss", .descending = false})), "A b c10 c9 none");
  EXPECT_EQ(names(*ask(reader, {.sort = "best(loss)", .descending = true})), "c9 c10 b A none");
  EXPECT_EQ(names(*ask(reader, {.sort = "steps", .descending = true})), "c10 none c9 A b");
  EXPECT_EQ(names(*ask(reader, {.sort = "name", .descending = false})), "A b c9 c10 none");
  EXPECT_EQ(names(*ask(reader, {.sort = "id", .descending = true})), "c9 c10 A none b");
  // Nobody has that: the newest first.
  EXPECT_EQ(names(*ask(reader, {.sort = "no such key"})), "c9 c10 A none b");
}

TEST(RunsReader, AFilterThatIsWrongSaysWhereAndLeavesTheList) {
  RunsFile file;
  file.add({.name = "one", .optimizer = "gd"});
  file.add({.name = "two", .optimizer = "adam"});
  RunsReader reader(file.path());
  EXPECT_EQ(names(*ask(reader, {.filter = "optimizer=gd"})), "one");
  const auto wrong = ask(reader, {.filter = "optimizer=gd and lrr<1"});
  EXPECT_EQ(names(*wrong), "one");
  ASSERT_TRUE(wrong->filter_error);
  EXPECT_EQ(wrong->filter_position, 18U);
  EXPECT_NE(wrong->filter_error->message.find("did you mean 'lr'"), std::string::npos);
  EXPECT_FALSE(wrong->file_error);
  const auto half = ask(reader, {.filter = "optimizer="});
  EXPECT_TRUE(half->filter_error);
  const auto right = ask(reader, {.filter = "optimizer=adam"});
  EXPECT_FALSE(right->filter_error);
  EXPECT_EQ(names(*right), "two");
  EXPECT_EQ(right->total, 2);
}

TEST(RunsReader, SeesWhatOthersWrite) {
  RunsFile file;
  file.add({.name = "first", .loss = 1.0});
  RunsReader reader(file.path());
  const RunsQuery query{.columns = {"lr", "best(loss)"}};
  EXPECT_EQ(ask(reader, query)->runs.size(), 1U);
  const std::int64_t second = file.add({.name = "second", .lr = 0.25, .loss = 0.5});
  auto list = ask(reader, query);
  EXPECT_EQ(names(*list), "second first");
  EXPECT_EQ(list->columns[0].cells[0].number, 0.25);
  EXPECT_EQ(list->columns[1].cells[0].number, 0.5);
  must(file.store().append(second, {"loss", "", store::Goal::kLowest, {1}, {0.125}}));
  list = ask(reader, query);
  EXPECT_EQ(list->columns[1].cells[0].number, 0.125);
  // Nothing new: the same snapshot, nothing read again.
  EXPECT_EQ(ask(reader, query), list);
}

TEST(RunsReader, ChangesAreMadeInTheirOrderAndWhatIsRefusedIsSaid) {
  RunsFile file;
  const std::int64_t run = file.add({.uid = "aaaa", .name = "old"});
  const std::int64_t other = file.add({.uid = "bbbb", .name = "other"});
  std::atomic<int> wakes = 0;
  RunsReader reader(file.path(), [&] { ++wakes; });
  const RunsQuery query{.focus = "aaaa"};
  ask(reader, query);
  reader.change([=](store::Store& store) { return store.rename(run, "middle"); });
  reader.change([=](store::Store& store) { return store.rename(run, "new"); }, "renamed");
  // A part that is refused takes the rest of its change with it.
  reader.change([=](store::Store& store) -> std::optional<Error> {
    if (auto error = store.rename(other, "half done")) return error;
    return store.rename(run, "two\nlines");
  });
  reader.change([=](store::Store& store) { return store.add_tag(run, "kept"); });
  reader.wait();
  const auto list = reader.snapshot();
  EXPECT_EQ(names(*list), "other new");
  ASSERT_TRUE(list->details);
  EXPECT_EQ(list->details->run.tags, std::vector<std::string>{"kept"});
  const auto messages = reader.take_messages();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].note, "renamed");
  EXPECT_NE(messages[1].error.message.find("control character"), std::string::npos);
  EXPECT_TRUE(reader.take_messages().empty());
  EXPECT_GE(wakes, 3);
  EXPECT_EQ(must(file.store().find("aaaa")).name, "new");
}

TEST(RunsReader, WhatIsWaitingAtTheEndIsDone) {
  RunsFile file;
  const std::int64_t run = file.add({.uid = "aaaa", .name = "old"});
  {
    RunsReader reader(file.path());
    for (int i = 0; i < 20; ++i)
      reader.change([=](store::Store& store) { return store.rename(run, "name " + std::to_string(i)); });
  }
  EXPECT_EQ(must(file.store().find("aaaa")).name, "name 19");
}

TEST(RunsReader, AFileThatComesLater) {
  RunsFile file;
  RunsReader reader(file.path());
  auto list = ask(reader, {});
  EXPECT_TRUE(list->missing);
  EXPECT_TRUE(list->read);
  EXPECT_FALSE(list->file_error);
  // A change does not make one.
  reader.change([](store::Store& store) { return store.rename(1, "x"); });
  reader.wait();
  EXPECT_EQ(reader.take_messages().size(), 1U);
  EXPECT_FALSE(std::filesystem::exists(file.path()));
  file.add({.name = "here"});
  list = ask(reader, {});
  EXPECT_FALSE(list->missing);
  EXPECT_EQ(names(*list), "here");
}

TEST(RunsReader, AFileOfSomethingElseIsAnErrorAndAnotherInItsPlaceIsRead) {
  RunsFile file;
  std::ofstream(file.path()) << "this is no database, and it is long enough to be looked at as one. ";
  RunsReader reader(file.path());
  auto list = ask(reader, {});
  ASSERT_TRUE(list->file_error);
  EXPECT_NE(list->file_error->text().find(file.path().string()), std::string::npos);
  std::filesystem::remove(file.path());
  file.add({.name = "good"});
  list = ask(reader, {});
  EXPECT_FALSE(list->file_error);
  EXPECT_EQ(names(*list), "good");
}

TEST(RunsReader, GroupsStandTogetherWithTheirBest) {
  RunsFile file;
  file.add({.name = "a1", .optimizer = "adam", .loss = 0.5, .race = "r1"});
  file.add({.name = "g1", .optimizer = "gd", .loss = 0.25, .race = "r1"});
  file.add({.name = "a2", .optimizer = "adam", .loss = 0.125});
  file.add({.name = "x", .optimizer = "gd"});
  RunsReader reader(file.path());
  auto list =
      ask(reader, {.sort = "id", .descending = false, .group = "optimizer", .columns = {"lr", "loss"}});
  EXPECT_EQ(names(*list), "a1 a2 g1 x");
  ASSERT_EQ(list->groups.size(), 2U);
  EXPECT_EQ(list->groups[0].label, "optimizer adam");
  EXPECT_EQ(list->groups[0].count, 2U);
  EXPECT_EQ(list->groups[0].best_of, "loss");
  EXPECT_EQ(list->groups[0].best, 0.125);
  EXPECT_EQ(list->groups[1].first, 2U);
  EXPECT_EQ(list->groups[1].best, 0.25);
  list = ask(reader, {.sort = "id", .descending = false, .group = "race"});
  EXPECT_EQ(names(*list), "a1 g1 a2 x");
  EXPECT_EQ(list->groups[1].label, "single runs");
  list = ask(reader, {.group = "day"});
  ASSERT_EQ(list->groups.size(), 1U);
  EXPECT_EQ(list->groups[0].count, 4U);
}

TEST(RunsReader, DetailsNameParentAndForks) {
  RunsFile file;
  file.add({.uid = "aaaa", .name = "parent", .loss = 2.0});
  file.add({.uid = "bbbb", .name = "fork", .parent = "aaaa"});
  file.add({.uid = "cccc", .name = "fork of fork", .parent = "bbbb"});
  RunsReader reader(file.path());
  const auto list = ask(reader, {.focus = "bbbb"});
  ASSERT_TRUE(list->details);
  ASSERT_TRUE(list->details->parent);
  EXPECT_EQ(list->details->parent->name, "parent");
  ASSERT_EQ(list->details->children.size(), 1U);
  EXPECT_EQ(list->details->children[0].uid, "cccc");
  EXPECT_EQ(list->details->settings.size(), 3U);
  EXPECT_FALSE(ask(reader, {.focus = "no such run"})->details);
}

TEST(RunsReader, RequestsAndChangesFromTwoSidesAtOnce) {
  RunsFile file;
  const std::int64_t run = file.add({.uid = "aaaa", .name = "start"});
  for (int i = 0; i < 30; ++i) file.add({.name = "run " + std::to_string(i), .lr = 0.001 * (i + 1)});
  RunsReader reader(file.path());
  std::size_t seen = 0;
  for (int i = 0; i < 150; ++i) {
    reader.request({.filter = i % 3 == 0 ? "lr<0.0" + std::to_string(i % 9) : "",
                    .sort = i % 2 ? "lr" : "name",
                    .group = i % 5 ? "" : "day",
                    .focus = "aaaa"});
    if (i % 10 == 0)
      reader.change([=](store::Store& store) { return store.rename(run, "n" + std::to_string(i)); });
    if (i % 25 == 0) reader.pause();
    if (i % 40 == 1) reader.wait();
    const auto list = reader.snapshot();
    for (const store::RunInfo& one : list->runs) seen += one.name.size();
    if (list->details) seen += list->details->settings.size();
  }
  const auto last = ask(reader, {.filter = "n140", .focus = "aaaa"});
  EXPECT_EQ(names(*last), "n140");
  EXPECT_GT(seen, 0U);
  EXPECT_TRUE(reader.take_messages().empty());
}

}  // namespace
}  // namespace thalweg

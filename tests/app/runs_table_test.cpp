// The list of runs driven as a user would drive it: mouse and keys go in; the Scene and the file that come
// out are looked at.
#include <gtest/gtest.h>

#include "app/headless.hpp"
#include "app/panels/runs_session.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/marks.hpp"
#include "tests/app/runs_file.hpp"

namespace thalweg {
namespace {

using test::must;
using test::RunsFile;

class RunsTableTest : public ::testing::Test {
 protected:
  void open(Scene scene, int width = 1280, int height = 800) {
    headless_.reset();
    WorkbenchOptions options;
    options.synchronous = true;
    options.db = file_.path();
    auto made = Headless::create(std::move(scene), width, height, std::move(options));
    if (!made && made.error().context == "EGL") GTEST_SKIP() << made.error().text();
    ASSERT_TRUE(made) << made.error().text();
    headless_ = std::move(*made);
    ASSERT_FALSE(h().workbench().show("runs"));
    h().frames(3);
  }
  /// The oldest first, so that rows have the order in which they were added.
  static Scene listed() {
    Scene scene = default_scene();
    *scene.runs.view.find("layout") = std::string("list");
    scene.runs.sort = "id";
    *scene.runs.view.find("descending") = 0.0;
    return scene;
  }
  void three() {
    file_.add({.uid = "aaaa", .name = "one", .optimizer = "adam", .lr = 0.1, .loss = 3.0});
    file_.add({.uid = "bbbb", .name = "two", .optimizer = "gd", .lr = 0.3, .loss = 1.0});
    file_.add({.uid = "cccc",
               .name = "three",
               .optimizer = "gd",
               .lr = 0.2,
               .loss = 2.0,
               .outcome = "interrupted"});
    open(listed());
  }

  Headless& h() { return *headless_; }
  const RunsScene& runs() { return headless_->scene().runs; }
  void key(Key key, bool ctrl = false, bool shift = false) {
    h().workbench().key({key, ctrl, shift});
    h().frames(3);
  }
  void click(const std::string& mark, ui::Modifiers held = {}) {
    const ImVec2 at = h().place("runs." + mark);
    ui::modifiers(held);
    h().click(at);
    ui::modifiers({});
    h().frame(0.5);  // not the first half of a double click
    h().frame();
  }
  bool there(const std::string& mark) { return ui::find_mark("runs." + mark) != nullptr; }
  std::vector<std::string> chosen() {
    std::vector<std::string> out;
    for (const SelectedRun& run : runs().selected) out.push_back(run.uid);
    return out;
  }
  store::RunInfo find(const std::string& uid) { return must(file_.store().find(uid)); }
  int rows() {
    int count = 0;
    while (there("row." + std::to_string(count))) ++count;
    return count;
  }

  RunsFile file_;
  std::unique_ptr<Headless> headless_;
};

using Uids = std::vector<std::string>;

TEST_F(RunsTableTest, TypingFiltersAndAMistakeIsShownBelow) {
  three();
  EXPECT_EQ(rows(), 3);
  click("filter");
  h().type("optimizer=gd");
  EXPECT_EQ(runs().filter, "optimizer=gd");
  h().frames(2);
  EXPECT_EQ(rows(), 2);
  EXPECT_FALSE(there("filter.error"));
  h().type(" and lrr<1");
  h().frames(2);
  EXPECT_TRUE(there("filter.error"));
  EXPECT_EQ(rows(), 2);  // the list of the last filter that was right
  // All that was typed is one edit.
  h().workbench().editor().end_group();
  h().workbench().editor().undo();
  EXPECT_EQ(runs().filter, "");
}

TEST_F(RunsTableTest, NamesAreCompletedByTabAndByClick) {
  three();
  key(Key::kF, true);
  h().type("optim");
  h().tap(ImGuiKey_Tab);
  EXPECT_EQ(runs().filter, "optimizer");
  h().type("=a");
  h().frames(2);
  ASSERT_TRUE(there("completion.0"));
  h().click("runs.completion.2");
  h().frames(3);
  EXPECT_EQ(runs().filter, "optimizer=adam");
  h().type(" x");  // the keyboard is back, behind the word
  EXPECT_EQ(runs().filter, "optimizer=adam x");
}

TEST_F(RunsTableTest, QuickFiltersAreTermsOfTheFilter) {
  three();
  click("interrupted");
  EXPECT_EQ(runs().filter, "outcome=interrupted");
  EXPECT_EQ(rows(), 1);
  click("interrupted");
  EXPECT_EQ(runs().filter, "");
  click("descents");
  click("trainings");
  EXPECT_EQ(runs().filter, "kind=training");
  EXPECT_EQ(rows(), 0);
  EXPECT_TRUE(there("empty"));
}

TEST_F(RunsTableTest, HeadsSortAndTurnRound) {
  three();
  click("head.lr");
  EXPECT_EQ(runs().sort, "lr");
  EXPECT_NE(runs().view.number("descending"), 0.0);
  click("row.0");
  EXPECT_EQ(chosen(), Uids{"bbbb"});
  click("head.lr");
  EXPECT_EQ(runs().view.number("descending"), 0.0);
  click("row.0");
  EXPECT_EQ(chosen(), (Uids{"bbbb", "aaaa"}));
  click("head.name");
  EXPECT_EQ(runs().sort, "name");
  EXPECT_EQ(runs().view.number("descending"), 0.0);  // texts begin with a
  click("head.star");
  EXPECT_EQ(runs().sort, "star");
}

TEST_F(RunsTableTest, RunsAreChosenWithColoursThatStay) {
  three();
  click("row.1");
  click("row.0.dot");
  EXPECT_EQ(chosen(), (Uids{"bbbb", "aaaa"}));
  EXPECT_EQ(runs().selected[1].colour, 1);
  click("row.1.dot");
  EXPECT_EQ(chosen(), Uids{"aaaa"});
  EXPECT_EQ(runs().selected[0].colour, 1);
  click("row.1", {.ctrl = true});
  EXPECT_EQ(runs().selected[1].colour, 0);  // free again
  click("row.1", {.ctrl = true});
  EXPECT_EQ(chosen(), Uids{"aaaa"});
  click("clear");
  EXPECT_TRUE(chosen().empty());
  click("row.0");
  click("row.2", {.shift = true});
  EXPECT_EQ(chosen(), (Uids{"aaaa", "bbbb", "cccc"}));
  click("clear");
  click("all");
  EXPECT_EQ(chosen().size(), 3U);
}

TEST_F(RunsTableTest, NoMoreAreChosenThanCanBeCompared) {
  must(file_.store().batch([&]() -> std::optional<Error> {
    for (int i = 0; i < 230; ++i) file_.add({.name = "run " + std::to_string(i)});
    return {};
  }));
  open(listed());
  key(Key::kA, true);
  EXPECT_EQ(runs().selected.size(), kMostSelected);
  EXPECT_FALSE(check(h().scene()));
}

TEST_F(RunsTableTest, TheKeyboardMovesChoosesAndDeletes) {
  three();
  key(Key::kDown);
  key(Key::kDown);
  key(Key::kSpace);
  EXPECT_EQ(chosen(), Uids{"bbbb"});
  key(Key::kSpace);
  EXPECT_TRUE(chosen().empty());
  key(Key::kEnd);
  key(Key::kSpace);
  EXPECT_EQ(chosen(), Uids{"cccc"});
  key(Key::kUp);
  key(Key::kDelete);
  EXPECT_TRUE(find("bbbb").deleted);
  EXPECT_EQ(rows(), 2);
  key(Key::kSpace);  // the keyboard went on to the next one
  EXPECT_TRUE(chosen().empty());
}

TEST_F(RunsTableTest, DeletingCanBeUndoneWithItsColour) {
  three();
  click("row.1");
  click("row.2");
  ASSERT_EQ(chosen(), (Uids{"bbbb", "cccc"}));
  click("details.delete");
  EXPECT_TRUE(find("cccc").deleted);
  EXPECT_EQ(chosen(), Uids{"bbbb"});
  click("undo");
  EXPECT_FALSE(find("cccc").deleted);
  EXPECT_EQ(chosen(), (Uids{"bbbb", "cccc"}));
  EXPECT_EQ(runs().selected[1].colour, 1);
  h().frames(2);
  EXPECT_EQ(rows(), 3);
}

TEST_F(RunsTableTest, WhatWasDeletedIsBroughtBackOrRemovedForGood) {
  three();
  must(file_.store().set_deleted(1, true));
  must(file_.store().set_deleted(2, true));
  click("deleted");
  EXPECT_EQ(rows(), 2);
  click("row.0");
  click("details.restore");
  EXPECT_FALSE(find("aaaa").deleted);
  click("row.0");
  click("details.purge");
  h().frames(3);
  h().click("runs.details.cancel");
  h().frames(3);
  EXPECT_TRUE(find("bbbb").deleted);
  click("details.purge");
  h().frames(3);
  h().click("runs.details.confirm");
  h().frames(3);
  EXPECT_FALSE(file_.store().find("bbbb"));
  EXPECT_TRUE(there("empty"));
  EXPECT_TRUE(chosen().empty() || chosen() == Uids{"aaaa"});
}

TEST_F(RunsTableTest, NamesNotesTagsAndStarsGoToTheFile) {
  three();
  click("row.1.star");
  EXPECT_TRUE(find("bbbb").star);
  click("row.0");
  key(Key::kF2);
  h().tap(ImGuiKey_A, true);
  h().type("renamed %s 'quoted'");
  h().tap(ImGuiKey_Enter);
  h().frames(2);
  EXPECT_EQ(find("aaaa").name, "renamed %s 'quoted'");
  click("details.add_tag");
  h().type("good");
  h().tap(ImGuiKey_Enter);
  h().frames(2);
  EXPECT_EQ(find("aaaa").tags, Uids{"good"});
  click("details.note");
  h().type("It went well.");
  click("details.star");  // the keyboard leaves the note
  h().frames(2);
  EXPECT_EQ(find("aaaa").note, "It went well.");
  EXPECT_TRUE(find("aaaa").star);
  click("details.tag.0");
  EXPECT_TRUE(find("aaaa").tags.empty());
}

TEST_F(RunsTableTest, ANoteGoesToTheRunItWasTypedFor) {
  three();
  click("row.0");
  click("details.note");
  h().type("of the first");
  click("row.1");
  h().frames(3);
  EXPECT_EQ(find("aaaa").note, "of the first");
  EXPECT_EQ(find("bbbb").note, "");
}

TEST_F(RunsTableTest, ARenameIsTakenBackByEscape) {
  three();
  click("row.0");
  key(Key::kF2);
  h().tap(ImGuiKey_A, true);
  h().type("never mind");
  h().tap(ImGuiKey_Escape);
  h().frames(3);
  EXPECT_EQ(find("aaaa").name, "one");
}

TEST_F(RunsTableTest, GroupsAreClosedAndOpened) {
  three();
  click("group");
  h().frames(2);
  h().click("runs.group.search.optimizer");
  h().frames(3);
  EXPECT_EQ(runs().list_group, "optimizer");
  ASSERT_TRUE(there("group_head.1"));
  EXPECT_EQ(rows(), 3);
  click("group_head.0");
  EXPECT_FALSE(there("row.0"));
  EXPECT_TRUE(there("row.1"));
  click("group_head.0");
  EXPECT_TRUE(there("row.0"));
}

TEST_F(RunsTableTest, ColumnsAreAddedAndRemoved) {
  three();
  EXPECT_FALSE(there("head.best(loss)"));
  click("add_column");
  h().frames(2);
  h().type("best loss");
  h().frames(2);
  h().click("runs.columns.best(loss)");
  h().frames(2);
  ASSERT_FALSE(runs().columns.empty());
  EXPECT_EQ(runs().columns.back(), "best(loss)");
  h().tap(ImGuiKey_Escape);
  h().frames(2);
  h().click(h().place("runs.head.lr"), 1);
  h().frames(2);
  h().click("runs.column.remove");
  h().frames(2);
  EXPECT_EQ(std::count(runs().columns.begin(), runs().columns.end(), "lr"), 0);
  EXPECT_FALSE(there("head.lr"));
}

TEST_F(RunsTableTest, TagsForAllThatWereChosen) {
  three();
  click("row.0");
  click("row.2");
  click("more");
  h().frames(2);
  h().click("runs.chosen.tag");
  h().type("both");
  h().tap(ImGuiKey_Enter);
  h().frames(3);
  EXPECT_EQ(find("aaaa").tags, Uids{"both"});
  EXPECT_TRUE(find("bbbb").tags.empty());
  EXPECT_EQ(find("cccc").tags, Uids{"both"});
}

TEST_F(RunsTableTest, ARunIsWrittenToAFileOfItsOwn) {
  const std::string uid = store::new_uid();
  file_.add({.uid = uid, .name = "one", .loss = 3.0, .steps = 0});
  open(listed());
  click("row.0");
  click("details.export");
  h().frames(3);
  h().click("runs.details.path");
  h().tap(ImGuiKey_A, true);
  h().type((file_.folder() / "out.json").c_str());
  h().click("runs.details.write");
  h().frames(3);
  RunsFile other;
  std::ifstream in(file_.folder() / "out.json");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  ASSERT_FALSE(text.empty());
  must(other.store().import_run(text));
  EXPECT_EQ(must(other.store().find(uid)).name, "one");
}

TEST_F(RunsTableTest, HostileNamesAreShownAsTheyAre) {
  std::string longest(1000, 'x');
  std::string wide;
  while (wide.size() < 990) wide += "\u2207\u2016";
  const Uids names{longest,
                   wide,
                   "\u05e9\u05dc\u05d5\u05dd \u202e abc",
                   "'; DROP TABLE runs; --",
                   "%s%n%d",
                   "{}{0}",
                   "##id",
                   "a###b",
                   "<b>bold</b>",
                   "\"quoted\" \\ /"};
  for (const std::string& name : names) {
    const std::int64_t run = file_.add({.name = name, .optimizer = name.substr(0, 900), .loss = 1.0});
    must(file_.store().add_tag(run, name));
    must(file_.store().set_note(run, name + "\n\n" + name));
  }
  Scene scene = listed();
  scene.runs.columns = {"optimizer", "note", "tags", longest, "best(" + longest + ")", "%s"};
  scene.runs.list_group = "optimizer";
  scene.runs.filter = "";
  open(scene);
  EXPECT_EQ(rows(), 10);
  for (int i = 0; i < 10; ++i) {
    key(Key::kDown);
    h().move("runs.row." + std::to_string(i));
    h().frame(0.6);  // the tooltip too
    h().frame();
  }
  click("filter");
  h().type("'; DROP TABLE runs; --");
  h().frames(3);
  EXPECT_EQ(must(file_.store().count()), 10);
  h().tap(ImGuiKey_A, true);
  h().type("\"'; DROP TABLE runs; --\"");
  h().frames(3);
  EXPECT_EQ(rows(), 1);
  EXPECT_FALSE(must(file_.store().list({})).empty());
}

TEST_F(RunsTableTest, EmptyAndUnreadableFilesSayWhatToDo) {
  open(default_scene());
  EXPECT_TRUE(there("nothing"));
  file_.store();
  h().frames(3);
  EXPECT_TRUE(there("nothing"));
  file_.add({.name = "one"});
  h().frames(3);
  EXPECT_FALSE(there("nothing"));
  EXPECT_EQ(rows(), 1);
}

TEST_F(RunsTableTest, EveryThemeScaleAndSizeCanBeDrawn) {
  for (int i = 0; i < 40; ++i)
    file_.add({.uid = "uid" + std::to_string(1000 + i),
               .name = "adam on mnist",
               .loss = 1.0 / (1 + i),
               .kind = i % 2 ? "training" : "descent",
               .race = i % 4 ? "r" : "",
               .outcome = i == 3 ? "" : "diverged"});
  const std::pair<const char*, double> looks[] = {{"dark", 1.0}, {"light", 3.0}, {"projector", 1.5}};
  for (const auto& [theme, scale] : looks)
    for (const auto& [width, height] : {std::pair{320, 240}, {1280, 720}, {1920, 1080}}) {
      Scene scene = default_scene();
      *scene.appearance.find("theme") = std::string(theme);
      *scene.appearance.find("scale") = scale;
      scene.runs.selected = {{"uid1003", 0, true}, {"uid1004", 1, false}};
      if (scale > 1.0) scene.runs.list_group = "race";
      open(scene, width, height);
    }
}

}  // namespace
}  // namespace thalweg

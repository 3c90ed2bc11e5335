// Files of every sort: not ours, newer, damaged, read-only, locked, shared, of the first schema.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/store/schema.hpp"
#include "tests/store/files.hpp"

namespace thalweg::store {
namespace {

namespace fs = std::filesystem;
using test::need;
using test::Scratch;
using test::sql;

std::string error_of(const fs::path& file, Access access = Access::kWrite) {
  const auto store = Store::open(file, access);
  return store ? "opened" : store.error().text();
}

TEST(StoreFile, FilesThatAreNotOurs) {
  Scratch scratch;
  const fs::path text = scratch / "text.sqlite";
  test::write_text(text, std::string(5000, 'x'));
  EXPECT_EQ(error_of(text), text.string() + ": is not a database of runs; choose another with --db FILE");
  EXPECT_EQ(error_of(text, Access::kRead),
            text.string() + ": is not a database of runs; choose another with --db FILE");
  EXPECT_EQ(test::read_text(text), std::string(5000, 'x'));

  const fs::path other = scratch / "other.sqlite";
  sql(other, "CREATE TABLE t(x); INSERT INTO t VALUES (1)");
  const std::string before = test::read_text(other);
  EXPECT_EQ(error_of(other),
            other.string() + ": is a database of another program; choose another with --db FILE");
  EXPECT_EQ(test::read_text(other), before) << "somebody else's file was changed";

  const fs::path newer = scratch / "newer.sqlite";
  { (void)test::open(newer); }
  sql(newer, "PRAGMA user_version = 9");
  EXPECT_EQ(error_of(newer),
            newer.string() +
                ": was written by a newer version of this program (schema 9, this one knows 1); "
                "update, or choose another with --db FILE");

  const fs::path hollow = scratch / "hollow.sqlite";
  sql(hollow, "PRAGMA application_id = " + std::to_string(kApplicationId) +
                  "; PRAGMA user_version = 1; CREATE TABLE runs(id)");
  const auto opened = Store::open(hollow);
  ASSERT_TRUE(opened);
  const auto listed = (*opened)->list({});
  ASSERT_FALSE(listed);
  EXPECT_NE(listed.error().text().find("is not as this program made it"), std::string::npos);

  EXPECT_EQ(error_of(scratch.folder()),
            scratch.folder().string() + ": is not a plain file; choose another with --db FILE");
  EXPECT_EQ(error_of(scratch / "none.sqlite", Access::kRead),
            (scratch / "none.sqlite").string() + ": does not exist");
  EXPECT_FALSE(fs::exists(scratch / "none.sqlite"));
  EXPECT_NE(error_of("/proc/no-folder/runs.sqlite").find("can't be opened"), std::string::npos);
  EXPECT_NE(error_of("").find("--db FILE"), std::string::npos);
}

TEST(StoreFile, NamesOfFilesAreTakenAsTheyAre) {
  Scratch scratch;
  for (const char* name : {"a b?mode=memory#x%41.sqlite", "it's \"quoted\".sqlite", "\xc3\xa9.sqlite"}) {
    { (void)test::open(scratch / name); }
    EXPECT_TRUE(fs::exists(scratch / name)) << name;
  }
}

TEST(StoreFile, DamageIsSaid) {
  Scratch scratch;
  const fs::path file = scratch / "runs.sqlite";
  {
    const auto store = test::open(file);
    const std::int64_t run = need(store->begin({}));
    need(store->save(run, {1, 1, std::vector<std::uint8_t>(20'000, 0xab)}));
  }
  std::string bytes = test::read_text(file);
  const auto at = bytes.rfind(std::string(100, '\xab'));
  ASSERT_NE(at, std::string::npos);
  bytes[at + 10] = 'x';
  test::write_text(file, bytes);
  {
    const auto state = test::open(file)->checkpoint(1);
    ASSERT_FALSE(state);
    EXPECT_NE(state.error().text().find("the checkpoint at step 1 is damaged"), std::string::npos);
  }
  test::write_text(file, bytes.substr(0, 4096 * 2) + std::string(bytes.size() - 4096 * 2, '\x55'));
  const auto store = Store::open(file);
  ASSERT_TRUE(store);
  EXPECT_TRUE((*store)->check());
}

/// Runs `work` as a user who may not write what root wrote; rights mean nothing to root.
template <class Work>
void as_nobody(Work work) {
  const bool root = geteuid() == 0;
  ASSERT_TRUE(!root || seteuid(65534) == 0);
  work();
  ASSERT_TRUE(!root || seteuid(0) == 0);
}

TEST(StoreFile, ReadOnlyFilesAreReadAndNotWritten) {
  Scratch scratch;
  const fs::path file = scratch / "runs.sqlite";
  {
    const auto store = test::open(file);
    need(store->begin({}));
  }
  chmod(file.c_str(), 0444);
  chmod(scratch.folder().c_str(), 0555);
  as_nobody([&] {
    EXPECT_NE(error_of(file).find("read-only; change that, or choose another with --db FILE"),
              std::string::npos)
        << error_of(file);
    const auto store = Store::open(file, Access::kRead);
    ASSERT_TRUE(store) << store.error().text();
    EXPECT_EQ(need((*store)->list({})).size(), 1U);
    EXPECT_NE(error_of(scratch / "new.sqlite").find("can't be opened"), std::string::npos);
  });
  chmod(scratch.folder().c_str(), 0755);
}

TEST(StoreFile, LockedIsSaidAndPasses) {
  Scratch scratch;
  const fs::path file = scratch / "runs.sqlite";
  const auto store = test::open(file);
  store->set_patience(std::chrono::milliseconds(10));
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  const auto run = store->begin({});
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().text(), file.string() + ": is locked by another program; end that one or wait");
  EXPECT_TRUE(store->last_error_passes());
  EXPECT_TRUE(need(store->list({})).empty()) << "reading goes on";
  sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  EXPECT_TRUE(store->begin({}));
}

TEST(StoreFile, TwoProcessesWriteOneFile) {
  Scratch scratch;
  const fs::path file = scratch / "runs.sqlite";
  const auto write = [&](const std::string& name) {
    const auto store = test::open(file);
    for (int i = 0; i < 40; ++i) {
      const std::int64_t run = need(store->begin({.kind = "descent", .name = name}));
      need(store->append(run, {"loss", "", Goal::kLowest, {0, 1}, {1.0, 2.0}}));
    }
  };
  const pid_t child = fork();
  if (child == 0) {
    try {
      write("child");
    } catch (...) {
      _exit(1);
    }
    _exit(0);
  }
  write("parent");
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  const auto store = test::open(file);
  EXPECT_EQ(need(store->list({.filter = need(parse_filter("name=child"))})).size(), 40U);
  EXPECT_EQ(need(store->list({.filter = need(parse_filter("name=parent and loss=2"))})).size(), 40U);
  EXPECT_FALSE(store->check());
}

// A file that the first version of this schema wrote (tests/golden/make_store.sh) opens in every later one.
TEST(StoreFile, OpensAFileOfSchema1) {
  Scratch scratch;
  const fs::path file = scratch / "runs.sqlite";
  fs::copy_file(fs::path(THALWEG_SOURCE_DIR) / "tests/golden/store_schema_1.sqlite", file);
  ASSERT_EQ(sql(file, "PRAGMA user_version")[0][0], "1");
  const auto store = test::open(file);
  EXPECT_FALSE(store->check());
  const auto runs =
      need(store->list({.filter = need(parse_filter("optimizer=adam and best(loss)<0.5")), .sort = "name"}));
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].name, "fixture");
  EXPECT_EQ(runs[0].tags, std::vector<std::string>{"kept"});
  EXPECT_EQ(runs[0].outcome, "diverged");
  EXPECT_EQ(need(store->points(runs[0].id, "loss")).values.size(), 300U);
  EXPECT_EQ(need(store->read_series(runs[0].id, "loss", 0, 299, 5)).size(), 5U);
  EXPECT_EQ(need(store->checkpoint(runs[0].id)).state, (std::vector<std::uint8_t>{1, 2, 3}));
  const std::int64_t next = need(store->begin({}));
  need(store->append(next, {"loss", "", Goal::kLowest, {0}, {0.0}}));
}

}  // namespace
}  // namespace thalweg::store

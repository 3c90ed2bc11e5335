// Programs that are killed, and runs that go on from what they left: bit for bit as if nothing had happened.
// 3 rounds of each kind; THALWEG_KILL_ROUNDS=100 for more, of longer runs.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>

#include "app/cli/commands.hpp"
#include "app/keep/opened_run.hpp"
#include "app/keep/training_keeper.hpp"
#include "tests/app/keep_files.hpp"
#include "tests/training/runs.hpp"

namespace thalweg {
namespace {

using test::lab;
using test::made;
using test::need;

/// Everything that computes does so in a process of its own: one that has threads cannot be forked.
class Child {
 public:
  explicit Child(const std::function<int()>& work) {
    int pipes[2];
    if (pipe(pipes) != 0) throw std::runtime_error("pipe");
    std::fflush(nullptr);  // what waits to be written would be written by both
    pid_ = fork();
    if (pid_ == 0) {
      dup2(pipes[1], STDOUT_FILENO);
      dup2(pipes[1], STDERR_FILENO);
      close(pipes[0]);
      close(pipes[1]);
      int code = 99;
      try {
        code = work();
      } catch (const std::exception& exception) {
        std::fprintf(stderr, "%s\n", exception.what());
      }
      std::fflush(nullptr);
      _exit(code);
    }
    close(pipes[1]);
    out_ = pipes[0];
  }
  ~Child() {
    end(SIGKILL);
    close(out_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Waits for what it says until it is quiet for good, or for so many milliseconds.
  void listen(int milliseconds = -1) {
    const auto begin = std::chrono::steady_clock::now();
    const auto passed = [&] {
      return static_cast<int>(
          std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin)
              .count());
    };
    while (milliseconds < 0 || passed() < milliseconds) {
      pollfd waiting{out_, POLLIN, 0};
      if (poll(&waiting, 1, milliseconds < 0 ? -1 : std::max(milliseconds - passed(), 0)) <= 0) continue;
      char text[4096];
      const ssize_t size = read(out_, text, sizeof text);
      if (size <= 0) break;
      said_.append(text, static_cast<std::size_t>(size));
    }
  }
  /// @return the exit code, or minus the signal that ended it
  int end(int signal = 0) {
    if (pid_ <= 0) return code_;
    if (signal != 0) kill(pid_, signal);
    if (signal == 0) listen();
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    code_ = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    return code_;
  }
  const std::string& said() const { return said_; }

 private:
  pid_t pid_ = 0;
  int out_ = -1;
  int code_ = 0;
  std::string said_;
};

/// The program with these arguments.
std::function<int()> program(std::vector<std::string> arguments) {
  return [arguments = std::move(arguments)]() mutable {
    std::vector<char*> argv{const_cast<char*>("thalweg")};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    return cli::run(static_cast<int>(argv.size()), argv.data());
  };
}

struct Said {
  int code = 0;
  std::string text;
};
Said run(std::vector<std::string> arguments) {
  Child child(program(std::move(arguments)));
  const int code = child.end();
  return {code, child.said()};
}

int rounds() {
  const char* const wanted = std::getenv("THALWEG_KILL_ROUNDS");
  return wanted ? std::atoi(wanted) : 3;
}
bool by_hand() { return rounds() > 10; }

/// Everything about two runs that does not depend on the time of day.
void expect_same(const test::RunFile& a, const std::string& first, const test::RunFile& b,
                 const std::string& second) {
  const auto one = a.open(), two = b.open();
  const store::RunInfo left = need(one->find(first)), right = need(two->find(second));
  EXPECT_EQ(left.outcome, right.outcome);
  EXPECT_EQ(left.steps, right.steps);
  const auto names = [](const std::vector<store::SeriesInfo>& all) {
    std::vector<std::string> out;
    for (const store::SeriesInfo& series : all) out.push_back(series.name);
    std::sort(out.begin(), out.end());
    return out;
  };
  const auto series = names(need(one->series(left.id)));
  EXPECT_EQ(series, names(need(two->series(right.id))));
  for (const std::string& name : series) {
    if (name.ends_with("seconds")) continue;
    const store::SeriesData x = need(one->points(left.id, name)), y = need(two->points(right.id, name));
    EXPECT_EQ(x.steps, y.steps) << name;
    ASSERT_EQ(x.values.size(), y.values.size()) << name;
    for (std::size_t i = 0; i < x.values.size(); ++i)
      ASSERT_TRUE(test::same_bits(x.values[i], y.values[i])) << name << " at step " << x.steps[i];
  }
  if (left.kind != "training") return;
  const OpenedRun p = need(open_run(*one, first)), q = need(open_run(*two, second));
  ASSERT_TRUE(p.states[p.lane] && q.states[q.lane]);
  EXPECT_EQ(p.states[p.lane]->engine.parameters, q.states[q.lane]->engine.parameters);
  EXPECT_EQ(test::timeless(*p.states[p.lane]), test::timeless(*q.states[q.lane]));
}

// 500 steps straight are 200, kill -9, and 300 -----------------------------------------------------

constexpr double kAlways = 0.0, kNever = 1e9;

TEST(Resume, ParametersAreThoseOfARunThatWasNeverStopped) {
  for (test::KindOfRun& kind : test::every_kind_of_run()) {
    TrainingSettings& settings = kind.settings;
    test::set(settings, "steps", 500.0);
    if (!settings.training.spec.is_off("patience")) test::set(settings, "patience", 500.0);
    settings.training.change(300, "clip_norm", 0.5);
    const test::RunFile straight, killed;
    Child first([&] {
      store::Recorder recorder(straight.path());
      const auto trainer = made(settings);
      TrainingKeeper keeper(recorder, {.scene = lab(settings)}, *trainer, kNever);
      trainer->advance(500);
      keeper.finish(*trainer);
      return recorder.flush() ? 0 : 1;
    });
    EXPECT_EQ(first.end(), 0) << kind.name << first.said();
    Child second([&] {
      store::Recorder recorder(killed.path());
      const auto trainer = made(settings);
      TrainingKeeper keeper(recorder, {.scene = lab(settings)}, *trainer, kAlways);
      trainer->advance(200);
      keeper.update(*trainer);
      trainer->advance(30);
      (void)recorder.flush();
      kill(getpid(), SIGKILL);
      return 1;
    });
    EXPECT_EQ(second.end(), -SIGKILL) << kind.name << second.said();
    EXPECT_FALSE(killed.open()->check());
    EXPECT_EQ(need(killed.open()->mark_interrupted()).size(), 1U);
    const std::string uid = killed.runs().at(0).uid;
    EXPECT_EQ(killed.checkpoints(uid), std::vector<std::int64_t>{200}) << kind.name;
    Child third([&] {
      const OpenedRun opened = need(open_run(*killed.open(), uid));
      const auto state = need(state_before(*killed.open(), uid, INT64_MAX));
      store::Recorder recorder(killed.path());
      const auto trainer = made(opened.scene.training.lane(0, 0));
      need(trainer->restore(*state));
      TrainingKeeper keeper(recorder, opened.lanes[0], *trainer, kNever);
      trainer->advance(300);
      keeper.finish(*trainer);
      return recorder.flush() && !recorder.status().refused ? 0 : 1;
    });
    EXPECT_EQ(third.end(), 0) << kind.name << third.said();
    EXPECT_EQ(killed.run(uid).steps, 500) << kind.name;
    expect_same(killed, uid, straight, straight.runs().at(0).uid);
  }
}

// The program itself, killed at any moment ----------------------------------------------------------

/// Epochs that a table on standard output has come to.
std::int64_t epochs_in(const std::string& said) {
  std::int64_t out = 0;
  for (std::size_t at = said.find('\n'); at != std::string::npos && at + 1 < said.size();
       at = said.find('\n', at + 1)) {
    const std::string line = said.substr(at + 1, said.find('\n', at + 1) - at - 1);
    if (const auto digit = line.find_first_not_of(' ');
        digit != std::string::npos && std::isdigit(line[digit]))
      ++out;
  }
  return out;
}

/// Kills a command at moments of which the last are about as late as its end, and has each run go on.
/// @param whole  milliseconds that it takes
void kill_rounds(const std::vector<std::string>& command, int whole) {
  const test::RunFile straight;
  auto arguments = command;
  arguments.insert(arguments.end(), {"--db", straight.path().string()});
  const auto begin = std::chrono::steady_clock::now();
  const Said undisturbed = run(arguments);
  ASSERT_EQ(undisturbed.code, 0) << undisturbed.text;
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  whole = std::max(whole, static_cast<int>(took.count()));
  const std::string end = straight.runs().at(0).uid;
  std::mt19937 random(4);
  int killed = 0;
  for (int round = 0; round < rounds(); ++round) {
    const test::RunFile file;
    arguments = command;
    arguments.insert(arguments.end(), {"--db", file.path().string()});
    Child child(program(arguments));
    const int moment = static_cast<int>(random() % static_cast<unsigned>(whole));
    child.listen(std::max(0, moment - 1000));
    const std::int64_t a_second_before = epochs_in(child.said());
    child.listen(std::min(moment, 1000));
    const int code = child.end(SIGKILL);
    if (!std::filesystem::exists(file.path())) continue;
    SCOPED_TRACE("killed after " + std::to_string(moment) + " ms");
    {
      const auto store = file.open();
      const auto damage = store->check();
      ASSERT_FALSE(damage) << damage->text();
      (void)store->mark_interrupted();
    }
    if (file.runs().empty() || code == 0) continue;
    ++killed;
    const store::RunInfo info = file.runs().at(0);
    if (info.outcome == "budget") continue;
    ASSERT_EQ(info.outcome, "interrupted");
    // By hand alone: a machine that is busy with other things may not let the file be written in time.
    if (by_hand()) {
      EXPECT_GE(static_cast<std::int64_t>(file.points(info.uid, "test_loss").steps.size()), a_second_before);
    }
    const Said resumed = run({"runs", "resume", info.uid, "--db", file.path().string()});
    ASSERT_EQ(resumed.code, 0) << resumed.text;
    expect_same(file, info.uid, straight, end);
    EXPECT_EQ(file.runs().size(), 1U);
    EXPECT_FALSE(file.open()->check());
  }
  // The moments are spread over the time that the command took undisturbed, which may have been long.
  if (by_hand()) {
    EXPECT_GT(killed, rounds() / 4);
  }
}

TEST(Resume, TrainingIsKilledAtAnyMoment) {
  const std::string steps = by_hand() ? "30000" : "1500";
  kill_rounds(
      {"train", "--data", "spirals", "--model", "2-32-32-2", "--optimizer", "adam:lr=0.003", "--batch", "32",
       "--steps", steps, "--validation", "0.2", "--probe", "gradients=50,weights=50,histograms=100"},
      300);
}

TEST(Resume, ADescentIsKilledAtAnyMoment) {
  const std::string steps = by_hand() ? "1000000" : "60000";
  kill_rounds({"descend", "--surface", "rosenbrock", "--optimizer", "adam:lr=0.0001", "--noise", "0.1",
               "--steps", steps},
              100);
}

// What it says ----------------------------------------------------------------------------------------

class ResumeCommand : public testing::Test {
 protected:
  Said thalweg(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--db", file_.path().string()});
    return run(std::move(arguments));
  }
  /// A short training that is set back as if it had been interrupted.
  std::string interrupted(const std::string& seed = "0") {
    EXPECT_EQ(
        thalweg({"train", "--data", "spirals", "--model", "2-8-2", "--steps", "60", "--seed", seed}).code, 0);
    const std::string uid = file_.runs().back().uid;
    set_back(uid);
    return uid;
  }
  void set_back(const std::string& uid) {
    store::test::sql(file_.path(), "DELETE FROM checkpoints WHERE run = (SELECT id FROM runs WHERE uid = '" +
                                       uid + "'); UPDATE runs SET outcome = 'interrupted' WHERE uid = '" +
                                       uid + "'");
  }

  test::RunFile file_;
};

TEST_F(ResumeCommand, ListsWhatCouldGoOnAndGoesOnWithAll) {
  EXPECT_EQ(thalweg({"descend", "--optimizer", "gd:lr=0.0001", "--optimizer", "adam", "--steps", "50"}).code,
            0);
  EXPECT_NE(thalweg({"runs", "resume"}).text.find("no run was interrupted or stopped"), std::string::npos);
  const std::string training = interrupted(), descent = file_.runs().at(1).uid,
                    stopped = file_.runs().at(0).uid;
  set_back(descent);
  store::test::sql(file_.path(), "UPDATE runs SET outcome = 'stopped' WHERE uid = '" + stopped + "'");
  const Said listed = thalweg({"runs", "resume"});
  EXPECT_EQ(listed.code, 0);
  for (const std::string& uid : {training, descent, stopped})
    EXPECT_NE(listed.text.find(uid.substr(0, 8)), std::string::npos) << listed.text;
  EXPECT_NE(thalweg({"runs", "resume", "--json"}).text.find("\"from\": 0"), std::string::npos);

  const Said all = thalweg({"runs", "resume", "--all", "--json"});
  EXPECT_EQ(all.code, 0) << all.text;
  EXPECT_NE(all.text.find(training), std::string::npos);
  EXPECT_NE(all.text.find(descent), std::string::npos);
  EXPECT_EQ(all.text.find(stopped), std::string::npos) << "somebody wanted it to stop";
  EXPECT_EQ(file_.run(training).outcome, "budget");
  EXPECT_EQ(file_.run(descent).outcome, "budget");
  EXPECT_EQ(file_.run(stopped).outcome, "stopped");
  const Said last = thalweg({"runs", "resume", stopped});
  EXPECT_EQ(last.code, 0) << last.text;
  EXPECT_EQ(file_.run(stopped).outcome, "budget");
  EXPECT_EQ(file_.runs().size(), 3U);
}

TEST_F(ResumeCommand, SaysInOneLineWhyItCannot) {
  const auto refused = [&](const std::vector<std::string>& arguments, const std::string& with) {
    const Said said = thalweg(arguments);
    EXPECT_NE(said.code, 0) << said.text;
    EXPECT_NE(said.text.find(with), std::string::npos) << said.text;
    EXPECT_EQ(said.text.find('\n'), said.text.size() - 1) << said.text;
    EXPECT_EQ(said.text.find("thalweg: "), 0U) << said.text;
  };
  refused({"runs", "resume"}, "does not exist");
  const std::string uid = interrupted();
  refused({"runs", "resume", "nothing", "--json"}, "there is no such run");
  refused({"runs", "resume", uid, "--all", "--json"}, "--all and RUN exclude each other");
  const auto change = [&](const std::string& set) {
    store::test::sql(file_.path(), "UPDATE runs SET " + set + " WHERE uid = '" + uid + "'");
  };
  const std::string scene = file_.scene(uid);
  change("outcome = 'budget'");
  refused({"runs", "resume", uid, "--json"}, "has come to its end (budget): there is nothing left to do");
  change(
      "outcome = 'running', host = 'elsewhere', process = 'boot pid:[1] 7 7', heartbeat = "
      "'2999-01-01T00:00:00.000Z'");
  refused({"runs", "resume", uid, "--json"}, "goes on in another process on elsewhere; end it there first");
  change("outcome = 'interrupted', deleted = '2026-01-01T00:00:00.000Z'");
  refused({"runs", "resume", uid, "--json"}, "was deleted; runs delete --undo brings it back");
  change("deleted = NULL, scene = '{}'");
  refused({"runs", "resume", uid, "--json"}, "its settings can't be read by this version of the program");
  Scene other = scene_from_json(scene).value();
  other.training.data = parse_spec("mnist", dataset_family()).value();
  other.training.folder = "/nowhere";
  change("scene = '" + to_json(other) + "'");
  refused({"runs", "resume", uid, "--json"}, "/nowhere");
  EXPECT_EQ(file_.run(uid).outcome, "interrupted") << "a run that can't go on stays as it is";
  EXPECT_EQ(file_.points(uid).steps.size(), 60U);
  change("scene = '" + scene + "'");
  sqlite3* locked = nullptr;
  ASSERT_EQ(sqlite3_open(file_.path().c_str(), &locked), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(locked, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  refused({"runs", "resume", uid, "--json"}, "is locked by another program");
  sqlite3_exec(locked, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(locked);
  EXPECT_EQ(thalweg({"runs", "resume", uid, "--json"}).code, 0);
  store::test::sql(file_.path(), "PRAGMA user_version = 9");
  refused({"runs", "resume", uid}, "was written by a newer version of this program");
}

TEST_F(ResumeCommand, ADamagedCheckpointCostsTimeAlone) {
  const std::string whole = interrupted();
  store::test::sql(file_.path(), "UPDATE runs SET outcome = 'budget'");
  const std::string uid = interrupted();
  store::test::sql(
      file_.path(),
      "INSERT INTO checkpoints (run, step, version, checksum, state) VALUES (2, 40, 1, 1, x'00')");
  const Said said = thalweg({"runs", "resume", uid, "--json"});
  EXPECT_EQ(said.code, 0) << said.text;
  EXPECT_NE(said.text.find("the checkpoint at step 40 is damaged; it goes on from step 0"), std::string::npos)
      << said.text;
  EXPECT_EQ(file_.points(uid).values, file_.points(whole).values);
}

// A run that is stopped with Ctrl+C goes on as if it had not been.
TEST_F(ResumeCommand, AfterAnInterrupt) {
  const std::vector<std::string> command{"train",   "--data",    "spirals",
                                         "--model", "2-32-32-2", "--steps",
                                         "3000",    "--probe",   "gradients=7,weights=11"};
  auto arguments = command;
  arguments.insert(arguments.end(), {"--db", file_.path().string()});
  std::string uid;
  {
    Child child(program(arguments));
    // Once it has printed something it is under way.
    while (epochs_in(child.said()) == 0) child.listen(1);
    EXPECT_EQ(child.end(SIGINT), 0);
    uid = file_.runs().at(0).uid;
  }
  if (file_.run(uid).outcome != "stopped") GTEST_SKIP() << "it was faster";
  const Said resumed = thalweg({"runs", "resume", uid});
  EXPECT_EQ(resumed.code, 0) << resumed.text;
  const test::RunFile straight;
  arguments = command;
  arguments.insert(arguments.end(), {"--db", straight.path().string()});
  EXPECT_EQ(run(arguments).code, 0);
  expect_same(file_, uid, straight, straight.runs().at(0).uid);
}

// The disk is full while the checkpoints of a run that goes on are to be written: it says so, and what was
// there stays.
TEST_F(ResumeCommand, OnAFullDisk) {
  const std::string uid = interrupted();
  const auto before = file_.points(uid).steps;
  auto arguments = std::vector<std::string>{"runs", "resume", uid, "--json", "--db", file_.path().string()};
  Child child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit tight{1, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &tight);
    return program(arguments)();
  });
  EXPECT_NE(child.end(), 0) << child.said();
  EXPECT_NE(child.said().find(file_.path().string()), std::string::npos) << child.said();
  EXPECT_EQ(file_.points(uid).steps, before);
  EXPECT_EQ(file_.run(uid).outcome, "interrupted");
  EXPECT_EQ(thalweg({"runs", "resume", uid}).code, 0);
}

}  // namespace
}  // namespace thalweg

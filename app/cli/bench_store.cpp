// thalweg bench store: how fast runs are written, compared and found, in a file made for it and removed.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>

#include "app/cli/bench.hpp"
#include "app/keep/training_keeper.hpp"
#include "app/work/comparison_reader.hpp"
#include "core/store/store.hpp"
#include "core/training/checkpoint.hpp"
#include "core/training/probes.hpp"

namespace thalweg::cli {
namespace {

namespace fs = std::filesystem;
using store::Goal;
using store::Points;
using store::Store;

constexpr int kRuns = 50;
constexpr std::int64_t kSteps = 100'000;
constexpr int kListed = 10'000;
constexpr int kPixels = 1000;

/// Seconds by the clock, and of the thread alone: what else the machine does is not in the second.
struct Seconds {
  double wall = 0.0;
  double thread = 0.0;
};

Seconds now() { return {wall(), thread_time()}; }

Seconds seconds_of(const std::function<void()>& work) {
  const Seconds begin = now();
  work();
  const Seconds end = now();
  return {end.wall - begin.wall, end.thread - begin.thread};
}

Seconds median_of(const std::vector<Seconds>& all) {
  std::vector<double> wall, thread;
  for (const Seconds& seconds : all) {
    wall.push_back(seconds.wall);
    thread.push_back(seconds.thread);
  }
  return {median(wall), median(thread)};
}

void add_milliseconds(std::vector<Figure>& out, const std::string& name, const std::vector<Seconds>& all) {
  const Seconds seconds = median_of(all);
  out.push_back({name, 1e3 * seconds.wall, "ms"});
  out.push_back({"  of the thread alone", 1e3 * seconds.thread, "ms"});
}

struct Stop {
  Error error;
};

template <class T>
T need(Result<T> result) {
  if (!result) throw Stop{result.error()};
  return std::move(*result);
}
void need(const std::optional<Error>& error) {
  if (error) throw Stop{*error};
}

class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "thalweg-bench-XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw Stop{{ErrorCode::kIo, "can't be made", pattern}};
    path_ = pattern;
  }
  ~Folder() {
    std::error_code code;
    fs::remove_all(path_, code);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  fs::path operator/(const char* name) const { return path_ / name; }

 private:
  fs::path path_;
};

/// What a run hands over at once: so many rows of a noisy decay.
Points noisy(const std::string& name, std::int64_t first, std::int64_t count, int run) {
  Points out{name, "", Goal::kLowest, {}, {}};
  for (std::int64_t step = first; step < first + count; ++step) {
    const auto t = static_cast<double>(step);
    out.steps.push_back(step);
    out.values.push_back(std::exp(-1e-5 * t) + 0.1 * std::sin(1.7 * t + run));
  }
  return out;
}

void write_points(std::vector<Figure>& out, const fs::path& file) {
  constexpr int kSeries = 8;
  constexpr std::int64_t kBatch = 16'384, kBatches = 16;
  {
    const auto runs = need(Store::open(file));
    const std::int64_t run = need(runs->begin({.kind = "bench"}));
    std::vector<Seconds> all;
    for (std::int64_t batch = 0; batch < kBatches; ++batch) {
      std::vector<Points> points;
      for (int i = 0; i < kSeries; ++i)
        points.push_back(noisy("series " + std::to_string(i), batch * kBatch, kBatch, i));
      all.push_back(seconds_of([&] {
        need(runs->batch([&]() -> std::optional<Error> {
          for (const Points& series : points)
            if (auto error = runs->append(run, series)) return error;
          return {};
        }));
      }));
    }
    Seconds sum;
    for (const Seconds& seconds : all) {
      sum.wall += seconds.wall;
      sum.thread += seconds.thread;
    }
    constexpr double kMillions = 1e-6 * kSeries * kBatch * kBatches;
    out.push_back(
        {"points written in batches of 131,072, with their rollup", kMillions / sum.wall, "million/s"});
    out.push_back({"  of the thread alone", kMillions / sum.thread, "million/s"});
  }
  out.push_back({"size of the file", static_cast<double>(fs::file_size(file)) / (kSeries * kBatch * kBatches),
                 "bytes/point"});
}

/// Through the thread that the window compares with: from the request to the first picture, and until every
/// point is smoothed.
void read_comparison(std::vector<Figure>& out, const fs::path& file, const std::vector<std::string>& uids) {
  std::vector<double> first, full;
  for (int round = 0; round < 5; ++round) {
    std::vector<double> published;  // the reader's thread alone, until it has nothing to do
    ComparisonReader reader(file, [&] { published.push_back(wall()); });
    const double begin = wall();
    reader.request({.uids = uids, .visible = std::vector<bool>(uids.size(), true), .curves = true,
                    .series = {"loss"}, .smoothing = 0.99, .pixels = kPixels});
    reader.wait();
    const auto seen = reader.comparison();
    if (!seen || seen->error || seen->curves.size() != uids.size() || seen->curves.back().smooth.x.empty())
      throw Stop{{ErrorCode::kInternal, "compared nothing", "bench"}};
    first.push_back(published.front() - begin);
    full.push_back(published.back() - begin);
  }
  out.push_back({"50 runs x 100,000 points: the window's first picture", 1e3 * median(first), "ms"});
  out.push_back({"50 runs x 100,000 points: all of them smoothed", 1e3 * median(full), "ms"});
}

void compare(std::vector<Figure>& out, const fs::path& file) {
  std::vector<std::int64_t> ids;
  std::vector<std::string> uids;
  {
    const auto runs = need(Store::open(file));
    for (int i = 0; i < kRuns; ++i) {
      uids.push_back(store::new_uid());
      ids.push_back(need(runs->begin({.uid = uids.back(), .kind = "bench"})));
      need(runs->append(ids.back(), noisy("loss", 0, kSteps, i)));
    }
  }
  std::vector<Seconds> first, full;
  for (int round = 0; round < 5; ++round) {
    // Opened anew, as by somebody who selects fifty runs of last week.
    std::size_t columns = 0, points = 0;
    std::unique_ptr<Store> runs;
    first.push_back(seconds_of([&] {
      runs = need(Store::open(file));
      for (const std::int64_t id : ids)
        columns += need(runs->read_series(id, "loss", 0, kSteps, kPixels)).size();
    }));
    full.push_back(seconds_of([&] {
      for (const std::int64_t id : ids) points += need(runs->points(id, "loss")).values.size();
    }));
    if (columns < kRuns * kPixels / 4 || points != kRuns * kSteps)
      throw Stop{{ErrorCode::kInternal, "lost points", "bench"}};
  }
  add_milliseconds(out, "50 runs x 100,000 points: opened, 1000 columns each", first);
  add_milliseconds(out, "50 runs x 100,000 points: every point", full);
  read_comparison(out, file, uids);
}

void filter(std::vector<Figure>& out, const fs::path& file) {
  const auto runs = need(Store::open(file));
  const char* optimizers[] = {"adam", "gd", "momentum", "adamw"};
  need(runs->batch([&]() -> std::optional<Error> {
    for (int i = 0; i < kListed; ++i) {
      const double lr = std::pow(10.0, -1.0 - 0.001 * (i % 3000));
      store::RunStart start{.kind = "training", .name = "run " + std::to_string(i)};
      start.settings = {{"", "optimizer", optimizers[i % 4], {}}, {"optimizer", "lr", format_number(lr), lr}};
      for (int k = 0; k < 20; ++k)
        start.settings.push_back({"training", "setting " + std::to_string(k), "1", 1.0});
      const auto run = runs->begin(start);
      if (!run) return run.error();
      for (const char* key : {"train_loss", "test_loss", "train_accuracy", "test_accuracy"})
        if (auto error = runs->set_result(*run, key, 0.9 + 0.0001 * (i % 1000))) return error;
      if (i % 10 == 0)
        if (auto error = runs->add_tag(*run, "good")) return error;
    }
    return {};
  }));
  const auto measure = [&](const char* what, const char* text) {
    std::vector<Seconds> seconds;
    for (int round = 0; round < 15; ++round)
      seconds.push_back(seconds_of([&] {
        const auto found = need(runs->list({.filter = need(store::parse_filter(text))}));
        if (found.empty()) throw Stop{{ErrorCode::kInternal, "found nothing", "bench"}};
      }));
    add_milliseconds(out, std::string("10,000 runs: ") + what, seconds);
  };
  measure("all of them", "");
  measure("optimizer, lr and test_accuracy", "optimizer=adam and lr<0.01 and test_accuracy>0.97");
  measure("not tag=good and (adam or \"run 7\")", "not tag=good and (adam or \"run 7\")");
}

/// A training of 784-128-10 with Adam after 10,000 updates, with its histograms.
TrainerState trained() {
  constexpr std::size_t kParameters = 101'770;
  constexpr std::int64_t kTrained = 10'000;
  TrainerState out;
  out.engine.steps = kTrained;
  out.engine.parameters.assign(kParameters, 0.01f);
  out.engine.slots.assign(2 * kParameters, 1e-4f);
  Table steps(TrainingColumns::kCount);
  while (steps.rows() < kTrained) {
    const Table::Tail tail = steps.tail();
    const auto count = static_cast<int>(std::min<std::int64_t>(tail.count(), kTrained - steps.rows()));
    for (int column = 0; column < TrainingColumns::kCount; ++column)
      for (int i = 0; i < count; ++i) tail.column(column)[i] = std::exp(-1e-3 * i) + column;
    steps.commit(count);
  }
  out.record.steps = steps.view();
  out.record.steps_per_epoch = 938;
  out.record.budget = 2 * kTrained;
  out.record.epochs = std::make_shared<const std::vector<EpochRecord>>();
  Histograms shots;
  for (std::int64_t i = 0; i < 100; ++i) {
    auto shot = std::make_shared<HistogramShot>();
    shot->step = 100 * i;
    shot->weights.assign(4, Histogram{-1.0, 1.0, std::vector<std::int64_t>(kHistogramBins, i), 0});
    shot->gradients = shot->weights;
    shot->activations.assign(3, LayerActivations{.histogram = shot->weights.front()});
    shots.push_back(std::move(shot));
  }
  out.record.histograms = std::make_shared<const Histograms>(std::move(shots));
  return out;
}

void checkpoints(std::vector<Figure>& out, const fs::path& file) {
  const auto runs = need(Store::open(file));
  const std::int64_t run = need(runs->begin({.kind = "training"}));
  const TrainerState state = trained();
  std::vector<Seconds> made, kept, read;
  std::vector<std::uint8_t> bytes;
  for (std::int64_t round = 0; round < 31; ++round) {
    made.push_back(seconds_of([&] { bytes = to_bytes(state); }));
    const store::Checkpoint checkpoint{1000 * (round + 1), kCheckpointVersion, bytes};
    kept.push_back(seconds_of([&] {
      need(runs->batch([&] {
        auto error = runs->save(run, checkpoint);
        return error ? error : runs->thin_checkpoints(run, kMostCheckpoints);
      }));
    }));
    read.push_back(seconds_of([&] { (void)need(trainer_state(need(runs->checkpoint(run)).state)); }));
  }
  out.push_back({"checkpoint of 784-128-10 with Adam after 10,000 steps",
                 1e-6 * static_cast<double>(bytes.size()), "MB"});
  add_milliseconds(out, "  made", made);
  add_milliseconds(out, "  written", kept);
  add_milliseconds(out, "  read", read);
}

}  // namespace

std::vector<Figure> bench_store() {
  try {
    const Folder folder;
    std::vector<Figure> out;
    write_points(out, folder / "points.sqlite");
    compare(out, folder / "compare.sqlite");
    filter(out, folder / "list.sqlite");
    checkpoints(out, folder / "checkpoints.sqlite");
    return out;
  } catch (const Stop& stop) {
    fail(stop.error);
    return {};
  }
}

}  // namespace thalweg::cli

// A file of runs that goes away, and what is in it, for the tests of what the program keeps.
#pragma once

#include "core/scene/training_scene.hpp"
#include "core/store/recorder.hpp"
#include "tests/store/files.hpp"

namespace thalweg::test {

using store::test::need;

/// Opens the file anew for each question: nothing that is remembered can hide what is not there.
class RunFile {
 public:
  std::filesystem::path path() const { return scratch_ / "runs.sqlite"; }
  std::unique_ptr<store::Store> open() const { return store::test::open(path()); }

  /// In the order in which they were begun.
  std::vector<store::RunInfo> runs() const {
    if (!std::filesystem::exists(path())) return {};
    return need(open()->list({.sort = "id", .descending = false}));
  }
  store::RunInfo run(const std::string& uid) const { return need(open()->find(uid)); }
  store::SeriesData points(const std::string& uid, const std::string& series = "loss") const {
    const auto store = open();
    return need(store->points(need(store->find(uid)).id, series));
  }
  std::vector<store::Event> events(const std::string& uid) const {
    const auto store = open();
    return need(store->events(need(store->find(uid)).id));
  }
  std::string scene(const std::string& uid) const {
    const auto store = open();
    return need(store->scene(need(store->find(uid)).id));
  }
  std::vector<std::int64_t> checkpoints(const std::string& uid) const {
    const auto store = open();
    return need(store->checkpoints(need(store->find(uid)).id));
  }

 private:
  store::test::Scratch scratch_;
};

/// The lab that trains these settings alone.
inline TrainingScene lab(const TrainingSettings& settings) {
  TrainingScene out = default_training_scene();
  out.data = settings.data;
  out.model = settings.model;
  out.loss = settings.loss;
  out.schedule = settings.schedule;
  out.drives = settings.drives;
  out.training = settings.training;
  out.probes = settings.probes;
  out.optimizers = {{settings.optimizer, 0, true}};
  return out;
}

}  // namespace thalweg::test

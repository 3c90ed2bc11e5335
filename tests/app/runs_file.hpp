// A file of runs in a folder that goes away, for the tests of the Runs view.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "core/store/store.hpp"

namespace thalweg::test {

struct SampleRun {
  std::string uid;
  std::string name = "a run";
  std::string optimizer = "adam";
  double lr = 0.01;
  std::optional<double> loss = {};  ///< last and best
  std::string kind = "descent";
  std::string race = {};
  std::string parent = {};
  std::string outcome = "budget";  ///< empty: it goes on
  std::int64_t steps = 100;
};

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().text());
  return std::move(*result);
}
inline void must(const std::optional<Error>& error) {
  if (error) throw std::runtime_error(error->text());
}

class RunsFile {
 public:
  RunsFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "thalweg-runs-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch folder");
    folder_ = pattern;
  }
  ~RunsFile() {
    store_.reset();
    std::error_code code;
    std::filesystem::remove_all(folder_, code);
  }
  RunsFile(const RunsFile&) = delete;
  RunsFile& operator=(const RunsFile&) = delete;

  std::filesystem::path path() const { return folder_ / "runs.sqlite"; }
  const std::filesystem::path& folder() const { return folder_; }

  /// Another program's connection.
  store::Store& store() {
    if (!store_) store_ = must(store::Store::open(path()));
    return *store_;
  }

  std::int64_t add(const SampleRun& sample) {
    store::RunStart start{.uid = sample.uid,
                          .kind = sample.kind,
                          .name = sample.name,
                          .parent = sample.parent,
                          .race = sample.race};
    start.settings = {{"", "optimizer", sample.optimizer, {}},
                      {"optimizer", "lr", std::to_string(sample.lr), sample.lr},
                      {"",
                       sample.kind == "training" ? "data" : "surface",
                       sample.kind == "training" ? "mnist" : "rosenbrock",
                       {}}};
    const std::int64_t run = must(store().begin(start));
    if (sample.loss) must(store().append(run, {"loss", "", store::Goal::kLowest, {0}, {*sample.loss}}));
    if (!sample.outcome.empty()) must(store().finish(run, {sample.outcome, sample.steps, 1.5}));
    return run;
  }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<store::Store> store_;
};

}  // namespace thalweg::test

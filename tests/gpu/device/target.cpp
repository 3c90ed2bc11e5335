// The CUDA module of this build, loaded as the program loads it.
#include "tests/gpu/target.hpp"

#include <cstdio>
#include <utility>

#include "gpu/gpu.hpp"

namespace thalweg::test {
namespace {

/// Says last, in one line, how many tests were skipped.
class Count final : public ::testing::EmptyTestEventListener {
  void OnTestProgramEnd(const ::testing::UnitTest& all) override {
    if (all.skipped_test_count() > 0)
      std::printf("%d of %d GPU tests skipped: %s\n", all.skipped_test_count(), all.test_to_run_count(),
                  why_no_device().c_str());
  }
};
const bool counts = (::testing::UnitTest::GetInstance()->listeners().Append(new Count), true);

}  // namespace

const std::string& why_no_device() { return gpu::status().why; }

std::unique_ptr<TrainingEngine> make_device_engine() {
  auto engine = gpu::make_engine();
  if (engine) return std::move(*engine);
  ADD_FAILURE() << engine.error().text();
  return nullptr;
}

Result<EnsembleResult> device_ensemble(const EnsembleSettings& settings, const EnsembleControl& control) {
  return gpu::run_ensemble({}, settings, control);
}

void before_step(int) {}

double looseness() { return 3.0; }

}  // namespace thalweg::test

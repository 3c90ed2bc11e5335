// The CUDA module of this build, loaded as the program loads it.
#include "tests/gpu/target.hpp"

#include <dlfcn.h>

#include <cstdio>

#include "gpu/module.hpp"

namespace thalweg::test {
namespace {

struct Loaded {
  gpu::Module* module = nullptr;
  std::string why;
};

Loaded load() {
  void* const library = dlopen(THALWEG_CUDA_MODULE, RTLD_NOW | RTLD_LOCAL);
  if (!library) return {nullptr, dlerror()};
  const auto entry = reinterpret_cast<gpu::ModuleEntry>(dlsym(library, gpu::kModuleEntry));
  gpu::Module* const module = entry ? entry(gpu::kModuleBuild) : nullptr;
  if (!module) return {nullptr, THALWEG_CUDA_MODULE " is not of this build"};
  return {module, module->status().why};
}

const Loaded& loaded() {
  static const Loaded once = load();
  return once;
}

/// Says last, in one line, how many tests were skipped.
class Count final : public ::testing::Environment {
 public:
  void TearDown() override {
    const ::testing::UnitTest& all = *::testing::UnitTest::GetInstance();
    if (!loaded().why.empty())
      std::printf("%d of %d GPU tests skipped: %s\n", all.skipped_test_count(), all.test_to_run_count(),
                  loaded().why.c_str());
  }
};
::testing::Environment* const count = ::testing::AddGlobalTestEnvironment(new Count);

}  // namespace

const std::string& why_no_device() { return loaded().why; }

std::unique_ptr<TrainingEngine> make_device_engine() {
  auto engine = loaded().module->make_engine({});
  if (engine) return std::move(*engine);
  ADD_FAILURE() << engine.error().text();
  return nullptr;
}

void before_step(int) {}

double looseness() { return 3.0; }

}  // namespace thalweg::test

// A module that pretends to be CUDA devices and computes on the CPU, so that everything a person meets of
// devices, their failures above all, is tried where there is none. Loaded through THALWEG_CUDA_MODULE.
//
// THALWEG_FAKE_DEVICES  how many there are: 1
// THALWEG_FAKE_NAME     of the first: "Fake GPU 80GB"
// THALWEG_FAKE_FAULT    what goes wrong, read whenever an engine is made:
//   no_driver, old_driver, no_device   there is none to compute on, and why
//   wrong_build                        the module is not of this program
//   out_of_memory_at_build             building a network throws
//   out_of_memory_at_step:N, lost_at_step:N   update number N throws, counted from 0
//   lost_at_evaluation                 the first evaluation throws
//   lost_at_state                      the first reading of a state throws
//   lost_in_ensemble                   ensembles fail
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "gpu/module.hpp"
#include "tests/gpu/wrapped_engine.hpp"

namespace thalweg::gpu {
namespace {

std::string variable(const char* name, const char* otherwise = "") {
  const char* value = std::getenv(name);
  return value ? value : otherwise;
}

constexpr char kOutOfMemory[] =
    "the device is out of memory; a smaller batch or network needs less, or the CPU will do";
constexpr char kLost[] = "the device was lost: its driver has reset it, or it was taken away";

class FakeEngine final : public test::WrappedEngine {
 public:
  FakeEngine() : WrappedEngine(make_cpu_engine()), fault_(variable("THALWEG_FAKE_FAULT")) {
    if (const auto colon = fault_.find(':'); colon != std::string::npos) {
      fault_step_ = std::atoll(fault_.c_str() + colon + 1);
      fault_.resize(colon);
    }
  }

  std::optional<Error> build(const NetworkSettings& settings, std::uint64_t seed) override {
    if (fault_ == "out_of_memory_at_build") fail(kOutOfMemory);
    steps_ = 0;
    return WrappedEngine::build(settings, seed);
  }
  Result<StepResult> step(std::span<const std::uint32_t> batch, const StepRates& rates,
                          StepDetail* detail) override {
    if (fault_step_ >= 0 && steps_ >= fault_step_) fail(fault_ == "lost_at_step" ? kLost : kOutOfMemory);
    auto result = WrappedEngine::step(batch, rates, detail);
    if (result) ++steps_;
    return result;
  }
  std::int64_t steps_ahead() const override { return 4; }
  Result<Evaluation> evaluate(DataPart part, std::optional<std::span<const std::uint32_t>> indices,
                              const std::function<bool()>& stop, Weights weights) override {
    if (fault_ == "lost_at_evaluation") fail(kLost);
    return WrappedEngine::evaluate(part, indices, stop, weights);
  }
  EngineState state() const override {
    if (fault_ == "lost_at_state" && steps_ > 0) fail(kLost);
    return WrappedEngine::state();
  }
  std::optional<Error> restore(const EngineState& state) override {
    auto error = WrappedEngine::restore(state);
    if (!error) steps_ = state.steps;
    return error;
  }

 protected:
  /// An engine that has failed can only be destroyed: whoever asks more of it is told loudly.
  TrainingEngine& inner() const override {
    if (failed_) {
      std::fprintf(stderr, "fake module: an engine was used after its device had failed\n");
      std::abort();
    }
    return *engine_;
  }

 private:
  [[noreturn]] void fail(const char* message) const {
    (void)inner();
    failed_ = true;
    throw DeviceError(message);
  }

  std::string fault_;
  std::int64_t fault_step_ = -1;
  std::int64_t steps_ = 0;
  mutable bool failed_ = false;
};

class FakeModule final : public Module {
 public:
  Status status() override {
    Status out;
    out.toolkit = "13.0";
    const std::string fault = variable("THALWEG_FAKE_FAULT");
    if (fault == "no_driver") {
      out.why = "no NVIDIA driver is installed (libcuda.so.1 is not there); installing one would help";
      return out;
    }
    out.driver = fault == "old_driver" ? "11.4" : "13.0";
    if (fault == "old_driver") {
      out.why = "the NVIDIA driver runs CUDA 11.4 and this build needs 12.0; a newer driver would help";
      return out;
    }
    if (fault == "no_device") {
      out.why =
          "the NVIDIA driver sees no device that this build has code for (compute capability 7.5 to 12.0)";
      return out;
    }
    const int count = std::max(1, std::atoi(variable("THALWEG_FAKE_DEVICES", "1").c_str()));
    for (int i = 0; i < count; ++i)
      out.devices.push_back({.name = i == 0 ? variable("THALWEG_FAKE_NAME", "Fake GPU 80GB")
                                            : "Fake GPU " + std::to_string(8 * i) + "GB",
                             .major = 9,
                             .minor = 0,
                             .multiprocessors = 132,
                             .memory = std::int64_t{80} << 30U,
                             .free_memory = std::int64_t{79} << 30U});
    return out;
  }
  Result<EnsembleResult> run_ensemble(const EngineOptions&, const EnsembleSettings& settings,
                                      const EnsembleControl& control) override {
    if (variable("THALWEG_FAKE_FAULT") == "lost_in_ensemble")
      return Error{ErrorCode::kUnsupported, kLost, "device"};
    return thalweg::run_ensemble(settings, control);
  }

  Result<std::unique_ptr<TrainingEngine>> make_engine(const EngineOptions&) override {
    return std::unique_ptr<TrainingEngine>(std::make_unique<FakeEngine>());
  }
};

}  // namespace
}  // namespace thalweg::gpu

extern "C" [[gnu::visibility("default")]] thalweg::gpu::Module* thalweg_gpu_module(const char* build) {
  using namespace thalweg::gpu;
  if (std::strcmp(build, kModuleBuild) != 0 || variable("THALWEG_FAKE_FAULT") == "wrong_build")
    return nullptr;
  static FakeModule module;
  return &module;
}

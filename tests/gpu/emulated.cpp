#include "core/optimizer/flush.hpp"
#include "gpu/device/queue.hpp"
#include "gpu/engine.hpp"
#include "gpu/ensemble.hpp"
#include "tests/gpu/target.hpp"

namespace thalweg::test {

const std::string& why_no_device() {
  static const std::string nothing;
  return nothing;
}

std::unique_ptr<TrainingEngine> make_device_engine() { return gpu::make_training_engine({}); }

Result<EnsembleResult> device_ensemble(const EnsembleSettings& settings, const EnsembleControl& control) {
  const cpu::FlushToZero flush;  // as the device's code is compiled
  return gpu::run_ensemble_on({}, settings, control);
}

void before_step(int step) {
  gpu::emulator::set_thread_order(step % 2 == 0 ? gpu::emulator::Order::kForward
                                                : gpu::emulator::Order::kBackward);
}

double looseness() { return 1.0; }

}  // namespace thalweg::test

// Where the tests of the device engine run: by the emulator (emulated.cpp), or by the CUDA module on a real
// device (device/target.cpp). The tests are the same; each program links one of the two.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "core/ensemble/ensemble.hpp"
#include "core/nn/engine.hpp"

namespace thalweg::test {

/// Why nothing can be tested here; empty if it can.
const std::string& why_no_device();

/// Nothing is loaded into it yet.
std::unique_ptr<TrainingEngine> make_device_engine();

Result<EnsembleResult> device_ensemble(const EnsembleSettings& settings, const EnsembleControl& control = {});

/// To be called before steps: the emulator takes its threads in another order from one to the next, so that a
/// race shows.
void before_step(int step);

/// On a device exp and its kin are not the host's, and may differ in the last digit: how many times as far as
/// in the emulator numbers may be apart.
double looseness();

/// Skips the test where there is no device. For suites without parameters and, with a base of theirs, with.
template <class Base = ::testing::Test>
class OnDevice : public Base {
 protected:
  void SetUp() override {
    if (!why_no_device().empty()) GTEST_SKIP() << why_no_device();
  }
};

}  // namespace thalweg::test

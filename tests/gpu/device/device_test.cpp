// Networks of the size that people train, on a device alone: the emulator would take minutes.
#include <chrono>

#include "core/nn/engine.hpp"
#include "tests/gpu/comparisons.hpp"

namespace thalweg {
namespace {
// filled below
}  // namespace
}  // namespace thalweg

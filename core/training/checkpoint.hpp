// Where a training run stands, as bytes that are kept in a file and read back by later versions. What the
// bytes say may come from a stranger: reading refuses whatever no trainer has written.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/spec/result.hpp"
#include "core/training/trainer.hpp"

namespace thalweg {

/// Number of the form that to_bytes() writes. Another form gets another number, and these are still read.
inline constexpr int kCheckpointVersion = 2;

/// All of it, little-endian, every number with all its bits; checkpoint.cpp says in which order.
std::vector<std::uint8_t> to_bytes(const TrainerState& state);

/// Reads it back. Refuses other versions, what is cut off or goes on, counts that can't be, and states that
/// contradict themselves; takes no more memory than a few times the bytes. Whether it belongs to a given run
/// is Trainer::restore()'s to say.
Result<TrainerState> trainer_state(std::span<const std::uint8_t> bytes);

}  // namespace thalweg

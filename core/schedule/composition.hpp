// Schedules made of schedules, part by part: what an editor of "sequence" and "product" needs.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/schedule/schedule.hpp"

namespace thalweg {

struct SchedulePart {
  Spec spec;  ///< of schedule_family()
  std::optional<std::int64_t>
      end;  ///< in a sequence: the update at which the next one begins; the last has none

  bool operator==(const SchedulePart&) const = default;
};

/// Whether a schedule of this kind is made of parts.
bool is_composition(const Spec& spec);
/// Whether its parts come one after the other, each with an end, rather than all at once.
bool is_sequence(const Spec& spec);

/// The parts of `spec` in their order; empty if it has none or they can't be read.
std::vector<SchedulePart> composition_parts(const Spec& spec);

/// `spec` with these parts. In a sequence the ends are made to fit: each part lasts at least one update, the
/// last is without end. check_schedule() says what else may be wrong.
Spec with_parts(const Spec& spec, std::vector<SchedulePart> parts);

/// A part that can be added: a schedule that goes by the step alone and sets a learning rate.
bool can_be_part(const ScheduleDescriptor& descriptor);

}  // namespace thalweg

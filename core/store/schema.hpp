// The tables of a file of runs, schema 1. Any SQL tool may read it, also while runs go on; writing is
// better left to this program.
//
//   runs         one row a run: id, uid (the same in every file), kind, name, note, star, parent (uid),
//                parent_step, race (uid shared by runs started together), lane, created and heartbeat
//                (UTC, ISO 8601), process (who writes it), host, device, program_version, scene (JSON),
//                outcome, steps, duration (seconds), deleted (when, or NULL)
//   tags         run, tag
//   settings     run, key, part, value (text), number (NULL where the value is none): the choice
//                'optimizer' = 'adam' has part '', its learning rate has part 'optimizer', key 'lr'
//   results      run, key, last, best, best_step: of each series, and figures that are no series
//   series       id, run, name, unit, goal ('none', 'lowest', 'highest': what is best), rollup (level of
//                its finest buckets, or NULL)
//   points       series, step, value
//   rollup       series, level, bucket, count, min, max, first, last, gaps: of the points whose
//                step >> level is bucket, so that long series draw at once
//   events       run, step, kind, key, value
//   checkpoints  run, step, version, checksum (CRC-32 of state), state
//   history      view: run, series (name), step, value; one row a point
//
// A value that is NaN is NULL. Infinities are stored as such; SQL writes them 9e999 and -9e999. min and
// max of a bucket are over finite values; gaps counts the others.
#pragma once

#include <cstdint>

namespace thalweg::store {

class Database;

/// "Thlw": tells our files from others (PRAGMA application_id).
inline constexpr std::int64_t kApplicationId = 0x54686c77;
inline constexpr std::int64_t kSchemaVersion = 1;

/// Makes the tables in an empty file and brings an older file up to date, in one transaction. Throws
/// Failure for a file that is not ours or newer.
/// @param may_write  false: only checks
void prepare_schema(Database& database, bool may_write);

}  // namespace thalweg::store

// Checkpoints: saved, spread over the run, bounded over the file.
#include <zlib.h>

#include <algorithm>

#include "core/store/store_parts.hpp"

namespace thalweg::store {
namespace {

/// Which of ascending steps go so that `most` are left: one after the other the one that leaves the smallest
/// gap. The newest stays; the start of the run counts as a step that is there.
std::vector<std::int64_t> superfluous(std::vector<std::int64_t> steps, std::size_t most) {
  std::vector<std::int64_t> out;
  while (steps.size() > most && steps.size() > 1) {
    std::size_t least = 0;
    std::int64_t smallest = INT64_MAX;
    for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
      const std::int64_t gap = steps[i + 1] - (i > 0 ? steps[i - 1] : 0);
      if (gap >= smallest) continue;
      smallest = gap;
      least = i;
    }
    out.push_back(steps[least]);
    steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(least));
  }
  return out;
}

}  // namespace

std::uint32_t checksum(const std::vector<std::uint8_t>& bytes) {
  return static_cast<std::uint32_t>(crc32_z(crc32_z(0, nullptr, 0), bytes.data(), bytes.size()));
}

std::optional<Error> Store::save(std::int64_t run, const Checkpoint& checkpoint) {
  return write([&] {
    database_
        ->query(
            "INSERT INTO checkpoints (run, step, version, checksum, state) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET version = excluded.version, checksum = excluded.checksum,"
            " state = excluded.state")
        .bind(run)
        .bind(checkpoint.step)
        .bind(checkpoint.version)
        .bind(std::int64_t{checksum(checkpoint.state)})
        .bind(checkpoint.state)
        .run();
  });
}

std::optional<Error> Store::thin_checkpoints(std::int64_t run, std::int64_t most) {
  return write([&] {
    std::vector<std::int64_t> steps;
    {
      Query query = database_->query("SELECT step FROM checkpoints WHERE run = ? ORDER BY step");
      query.bind(run);
      while (query.step()) steps.push_back(query.integer(0));
    }
    for (const std::int64_t step :
         superfluous(std::move(steps), static_cast<std::size_t>(std::max<std::int64_t>(most, 1))))
      database_->query("DELETE FROM checkpoints WHERE run = ? AND step = ?").bind(run).bind(step).run();
  });
}

std::optional<Error> Store::bound_checkpoints(std::int64_t bytes) {
  const auto total = read([&] { return database_->number("SELECT sum(length(state)) FROM checkpoints"); });
  if (!total) return total.error();
  if (*total <= bytes) return std::nullopt;
  return write([&] {
    std::int64_t left = database_->number("SELECT sum(length(state)) FROM checkpoints");
    std::vector<std::int64_t> go;
    {
      Query query = database_->query(
          "SELECT c.id, length(c.state) FROM checkpoints c JOIN runs r ON r.id = c.run"
          " WHERE r.outcome != 'running' AND c.step < (SELECT max(step) FROM checkpoints WHERE run = c.run)"
          " ORDER BY r.star, r.created, r.id, c.step");
      while (left > bytes && query.step()) {
        go.push_back(query.integer(0));
        left -= query.integer(1);
      }
    }
    for (const std::int64_t id : go) database_->query("DELETE FROM checkpoints WHERE id = ?").bind(id).run();
  });
}

}  // namespace thalweg::store

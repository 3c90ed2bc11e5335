// What the files of the Store share. For them alone.
#pragma once

#include <map>
#include <new>

#include "core/store/batch_table.hpp"
#include "core/store/database.hpp"
#include "core/store/store.hpp"

namespace thalweg::store {

/// What is known of a series that is being written, so that appending reads nothing.
struct SeriesState {
  std::int64_t id = 0;
  Goal goal = Goal::kNone;
  std::optional<int> level;  ///< of its finest buckets; nothing: it has one point at most
  std::int64_t last_step = -1;
  double best = 0.0;  ///< NaN: none
  std::optional<std::int64_t> best_step;
};

struct Store::Cache {
  std::map<std::pair<std::int64_t, std::string>, SeriesState> series;
  // These outlive the connection, which refers to them.
  PointBatch batch;  ///< what the table point_batch holds
  PointSink sink;    ///< where collect_points() puts its rows
};

/// CRC-32 of a checkpoint's state.
std::uint32_t checksum(const std::vector<std::uint8_t>& bytes);

inline constexpr std::size_t kLongestName = 1000;       ///< bytes of a name, a tag, a key
inline constexpr std::size_t kLongestNote = 64 * 1024;  ///< likewise
inline constexpr std::size_t kLongestScene = 4 * 1024 * 1024;

/// Refuses what has no place in a name: too long, no UTF-8, a zero byte, and control characters unless it
/// may have several lines. Throws Error.
void check_text(const char* what, std::string_view text, std::size_t most, bool lines = false);

template <class Work>
std::optional<Error> Store::write(Work work) {
  const auto done = write_for([&] {
    work();
    return true;
  });
  return done ? std::nullopt : std::optional(done.error());
}

template <class Work>
auto Store::write_for(Work work) -> Result<decltype(work())> {
  auto out = read([&] {
    Transaction transaction(*database_);
    auto value = work();
    transaction.commit();
    return value;
  });
  // What is remembered may be of what was undone.
  if (!out) cache_->series.clear();
  return out;
}

template <class Work>
auto Store::read(Work work) -> Result<decltype(work())> {
  try {
    return work();
  } catch (const Failure& failure) {
    last_error_passes_ = passes(failure.code);
    return failure.error;
  } catch (const Error& error) {
    last_error_passes_ = false;
    return error;
  } catch (const std::bad_alloc&) {
    last_error_passes_ = true;
    return Error{ErrorCode::kIo, "needs more memory than there is", database_->file().string()};
  }
}

}  // namespace thalweg::store

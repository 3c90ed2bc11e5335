// How the values of a run are written in the list: head, text, side, width. Nothing here draws.
#pragma once

#include <cstdint>
#include <string>

#include "app/work/runs_list.hpp"

namespace thalweg {

/// "best test_accuracy" for best(test_accuracy); else the name.
std::string column_head(const std::string& name);
/// One sentence for its tooltip.
std::string column_help(const std::string& name);

/// @param now  seconds since 1970, for what is said relative to it
std::string cell_text(const RunsSnapshot& list, const RunsColumn& column, std::size_t row, std::int64_t now);
bool is_right_aligned(const RunsColumn& column);
/// Pixels that its texts need, within bounds; without the space beside it.
/// @param compact  heads may be cut short
float column_width(const RunsColumn& column, bool compact);

/// "now", "12 min ago", "3 h ago", "Tue 14:05", "31 Jan 14:05", "2025-01-31".
std::string when(const std::string& created, std::int64_t now);
/// "2026-01-31 14:05:09", local.
std::string exact_time(const std::string& created);
/// "0.16 ms", "0.12 s", "48 s", "3 min 20 s", "1 h 05 min".
std::string time_spent(double seconds);
/// What an outcome means.
std::string outcome_help(const std::string& outcome);
/// A setting as written; of long numbers four digits.
std::string setting_text(const std::string& written, double number);

}  // namespace thalweg

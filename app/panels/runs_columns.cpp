#include "app/panels/runs_columns.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>

#include "app/ui/text.hpp"

namespace thalweg {
namespace {

using store::RunInfo;

constexpr std::int64_t kMinute = 60, kHour = 3600, kDay = 86400;

std::tm local(std::int64_t moment) {
  const auto time = static_cast<std::time_t>(moment);
  std::tm out{};
  localtime_r(&time, &out);
  return out;
}

std::string formatted(const std::tm& parts, const char* format) {
  char text[64];
  std::strftime(text, sizeof text, format, &parts);
  return text;
}

std::string own_text(const RunInfo& run, const std::string& name, std::int64_t now) {
  if (name == "steps") return ui::integer(run.steps);
  if (name == "duration") return time_spent(run.duration);
  if (name == "created") return when(run.created, now);
  if (name == "outcome") return run.outcome;
  if (name == "kind") return run.kind;
  if (name == "device") return run.device;
  if (name == "host") return run.host;
  if (name == "version") return run.program_version;
  if (name == "uid") return run.uid;
  if (name == "id") return ui::integer(run.id);
  if (name == "lane") return ui::integer(run.lane);
  if (name == "parent") return run.parent;
  if (name == "race") return run.race;
  if (name == "name") return run.name;
  // The first line says enough.
  if (name == "note") return run.note.substr(0, run.note.find('\n'));
  return {};
}

std::string number_text(const RunsColumn& column, double value) {
  const bool whole = column.integral && std::abs(value) < 1e15;
  return whole ? ui::integer(std::llround(value)) : ui::number(value);
}

}  // namespace

std::string setting_text(const std::string& written, double number) {
  if (written.empty() || (written.size() > 9 && !std::isnan(number))) return ui::number(number);
  // "5e-4"
  const auto e = written.find('e');
  if (e != std::string::npos && !std::isnan(number))
    return written.substr(0, e) + "\u00d710" + ui::superscript(std::atoi(written.c_str() + e + 1));
  return written;
}

std::string column_head(const std::string& name) {
  const auto [key, best] = split_best(name);
  return best ? "best " + key : key;
}

std::string column_help(const std::string& name) {
  if (name == "on") return "The surface, or the data and the network that was trained on them.";
  if (name == "outcome") return "How it ended, or that it goes on.";
  if (name == "steps") return "Updates made.";
  if (name == "duration") return "Time spent working on it.";
  if (name == "created") return "When it began, in local time.";
  if (name == "tags") return "Words that you gave it.";
  if (is_own_column(name)) return "What is known of the run: " + name + ".";
  const auto [key, best] = split_best(name);
  return best ? "The best value that " + key + " had on the way."
              : "The setting " + key + ", or the last value of the result of that name.";
}

std::string cell_text(const RunsSnapshot& list, const RunsColumn& column, std::size_t row, std::int64_t now) {
  if (column.cells.empty()) return own_text(list.runs[row], column.name, now);
  const RunsCell& cell = column.cells[row];
  if (!cell.there) return {};
  return cell.text.empty() ? number_text(column, cell.number) : setting_text(cell.text, cell.number);
}

bool is_right_aligned(const RunsColumn& column) {
  if (!column.cells.empty()) return column.numeric;
  return column.name == "steps" || column.name == "duration" || column.name == "id" || column.name == "lane";
}

float column_width(const RunsColumn& column, bool compact) {
  const auto wide = [](const std::string& text) { return ui::text_width(ui::Type::kNormal, text); };
  const float most = ui::px(column.name == "name" ? 220 : column.name == "note" ? 240 : 180);
  float width = std::min(wide(column_head(column.name)), ui::px(compact ? 84 : 96));
  if (column.name == "tags") return ui::px(140);
  if (column.name == "outcome") return wide("interrupted") + ui::px(22);
  if (column.name == "created") return wide("59 min ago") + ui::px(8);
  if (column.name == "duration") return std::max(width, wide("59 min 59 s"));
  if (column.name == "steps" || column.name == "id") return std::max(width, wide("1 000 000"));
  if (column.numeric && column.low > 0.0) {
    const std::string sign = column.negative ? "\u2212" : "";
    for (const double end : {column.low, column.high, std::sqrt(column.low * column.high)})
      width = std::max(width, wide(sign + number_text(column, end)) + ui::px(4));
  }
  // Other texts of that many characters may be a little wider.
  width = std::max(width, 1.06F * wide(column.longest.substr(0, 120)) + ui::px(8));
  return std::round(std::clamp(width, ui::px(column.name == "name" ? 120 : 32), most));
}

std::string when(const std::string& created, std::int64_t now) {
  const auto moment = parse_moment(created);
  if (!moment) return created.substr(0, 16);
  const std::int64_t ago = now - *moment;
  if (ago >= -kMinute && ago < kMinute) return "now";
  if (ago >= 0 && ago < kHour) return std::to_string(ago / kMinute) + " min ago";
  if (ago >= 0 && ago < 12 * kHour) return std::to_string(ago / kHour) + " h ago";
  const std::tm then = local(*moment), today = local(now);
  if (ago >= 0 && ago < 6 * kDay) return formatted(then, "%a %H:%M");
  if (then.tm_year == today.tm_year && ago >= 0) {
    const std::string day = formatted(then, "%d %b");
    return day[0] == '0' ? day.substr(1) : day;
  }
  return formatted(then, "%Y-%m-%d");
}

std::string exact_time(const std::string& created) {
  const auto moment = parse_moment(created);
  return moment ? formatted(local(*moment), "%Y-%m-%d %H:%M:%S") : created;
}

std::string time_spent(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0.0) return "";
  if (seconds > 0.0 && seconds < 0.01) return ui::number(1e3 * seconds, 2) + " ms";
  if (seconds < 10.0) return ui::number(seconds, 2) + " s";
  const auto whole = std::llround(seconds);
  if (whole < kMinute) return std::to_string(whole) + " s";
  const auto two = [](std::int64_t value) { return (value < 10 ? "0" : "") + std::to_string(value); };
  if (whole < kHour) return std::to_string(whole / kMinute) + " min " + two(whole % kMinute) + " s";
  return std::to_string(whole / kHour) + " h " + two(whole % kHour / kMinute) + " min";
}

std::string outcome_help(const std::string& outcome) {
  if (outcome == "running") return "It goes on at this moment, here or in another program.";
  if (outcome == "converged") return "It came within the tolerance, or stopped getting better.";
  if (outcome == "budget") return "It made all the steps that it was given.";
  if (outcome == "diverged") return "A number was no longer finite, or too large.";
  if (outcome == "stopped") return "Somebody ended it.";
  if (outcome == "interrupted")
    return "The program ended before the run did. Open it to go on from its last checkpoint.";
  return "How it ended.";
}

}  // namespace thalweg

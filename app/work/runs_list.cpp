#include "app/work/runs_list.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace thalweg {
namespace {

using store::RunInfo;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Without regard to capitals; digits by what they are worth, so that "run 9" comes before "run 10".
int compare_text(const std::string& a, const std::string& b) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  std::size_t i = 0, k = 0;
  while (i < a.size() && k < b.size()) {
    if (digit(a[i]) && digit(b[k])) {
      const auto number_end = [&](const std::string& text, std::size_t& at) {
        while (at < text.size() && text[at] == '0') ++at;
        std::size_t end = at;
        while (end < text.size() && digit(text[end])) ++end;
        return end;
      };
      const std::size_t i_end = number_end(a, i), k_end = number_end(b, k);
      if (i_end - i != k_end - k) return i_end - i < k_end - k ? -1 : 1;
      if (const int order = a.compare(i, i_end - i, b, k, k_end - k); order != 0) return order;
      i = i_end;
      k = k_end;
      continue;
    }
    if (lower(a[i]) != lower(b[k]))
      return static_cast<unsigned char>(lower(a[i])) < static_cast<unsigned char>(lower(b[k])) ? -1 : 1;
    ++i;
    ++k;
  }
  return i < a.size() ? 1 : k < b.size() ? -1 : 0;
}

/// What a row is sorted by.
struct SortKey {
  bool there = true;
  double number = std::numeric_limits<double>::quiet_NaN();
  std::string text;
};

/// The widths of a network's layers: "32-10" for "linear:units=32; relu; linear:units=10". As it is written
/// where that is not all there is to it.
std::string widths(const std::string& model) {
  std::string out;
  for (std::size_t begin = 0; begin < model.size();) {
    const std::size_t end = std::min(model.find(';', begin), model.size());
    std::string layer = model.substr(begin, end - begin);
    layer.erase(0, std::min(layer.find_first_not_of(' '), layer.size()));
    begin = end + 1;
    constexpr std::string_view kLinear = "linear:units=";
    if (layer.starts_with(kLinear) && layer.find(',') == std::string::npos)
      out += (out.empty() ? "" : "-") + layer.substr(kLinear.size());
    else if (layer.find(':') != std::string::npos || layer.starts_with("conv"))
      return model;
  }
  return out.empty() ? model : out;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : " ") + text;
  return out;
}

SortKey own_key(const RunInfo& run, const std::string& column) {
  SortKey out;
  if (column == "steps")
    out.number = static_cast<double>(run.steps);
  else if (column == "duration")
    out.number = run.duration;
  else if (column == "star")
    out.number = run.star ? 1.0 : 0.0;
  else if (column == "id")
    out.number = static_cast<double>(run.id);
  else if (column == "lane")
    out.number = run.lane;
  else if (column == "name")
    out.text = run.name;
  else if (column == "kind")
    out.text = run.kind;
  else if (column == "outcome")
    out.text = run.outcome;
  else if (column == "host")
    out.text = run.host;
  else if (column == "device")
    out.text = run.device;
  else if (column == "version")
    out.text = run.program_version;
  else if (column == "note")
    out.text = run.note;
  else if (column == "tags")
    out.text = joined(run.tags);
  else if (column == "uid")
    out.text = run.uid;
  else if (column == "parent")
    out.text = run.parent;
  else if (column == "race")
    out.text = run.race;
  else
    out.text = run.created;
  out.there = !std::isnan(out.number) || !out.text.empty();
  return out;
}

/// Numbers before texts.
int compare(const SortKey& a, const SortKey& b) {
  const bool a_number = !std::isnan(a.number), b_number = !std::isnan(b.number);
  if (a_number != b_number) return a_number ? -1 : 1;
  if (a_number) return a.number < b.number ? -1 : a.number > b.number ? 1 : 0;
  return compare_text(a.text, b.text);
}

void reorder(std::vector<RunInfo>& runs, const std::vector<std::size_t>& order) {
  std::vector<RunInfo> out;
  out.reserve(runs.size());
  for (const std::size_t i : order) out.push_back(std::move(runs[i]));
  runs = std::move(out);
}

std::string local_time(const std::string& created, const char* format) {
  const auto moment = parse_moment(created);
  if (!moment) return {};
  const auto time = static_cast<std::time_t>(*moment);
  std::tm parts{};
  localtime_r(&time, &parts);
  char text[64];
  std::strftime(text, sizeof text, format, &parts);
  return text;
}

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

/// The text of a column that every run has; empty for those that are drawn as numbers.
std::string own_text(const RunInfo& run, const std::string& name) {
  if (name == "steps" || name == "duration" || name == "star" || name == "id" || name == "lane") return {};
  if (name == "created") return {};
  return own_key(run, name).text;
}

}  // namespace

std::string what_on(const std::string& data, const std::string& model) { return data + " " + widths(model); }

const std::vector<std::string>& runs_own_columns() {
  static const std::vector<std::string> names{"outcome", "steps", "duration", "created", "tags", "kind",
                                              "device",  "host",  "version",  "note",    "uid",  "id"};
  return names;
}

bool is_own_column(const std::string& name) {
  static const std::vector<std::string> others{"name", "star", "lane", "parent", "race"};
  const auto in = [&](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  return in(runs_own_columns()) || in(others);
}

std::pair<std::string, bool> split_best(const std::string& column) {
  if (column.starts_with("best(") && column.ends_with(")"))
    return {column.substr(5, column.size() - 6), true};
  return {column, false};
}

std::vector<std::string> usual_columns(const std::vector<std::string>& keys, bool compact) {
  const auto has = [&](const char* key) { return std::binary_search(keys.begin(), keys.end(), key); };
  std::vector<std::string> out;
  if (compact) {
    out.push_back("outcome");
  } else {
    if (has("optimizer")) out.push_back("optimizer");
    out.push_back("on");
  }
  if (has("lr")) out.push_back("lr");
  if (has("loss")) out.push_back("loss");
  if (has("test_accuracy")) out.push_back("best(test_accuracy)");
  if (!compact) out.insert(out.end(), {"outcome", "steps", "duration"});
  out.insert(out.end(), {"created", "tags"});
  return out;
}

void sort_runs(std::vector<RunInfo>& runs, const std::string& column, bool descending,
               const RunsValues* values) {
  std::vector<SortKey> keys(runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!values) {
      keys[i] = own_key(runs[i], column);
      continue;
    }
    const auto found = values->find(runs[i].id);
    keys[i].there = found != values->end() && found->second.there;
    if (keys[i].there) keys[i] = {true, found->second.number, found->second.text};
  }
  std::vector<std::size_t> order(runs.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (keys[a].there != keys[b].there) return keys[a].there;
    if (keys[a].there)
      if (const int way = compare(keys[a], keys[b]); way != 0) return descending ? way > 0 : way < 0;
    return descending ? runs[a].id > runs[b].id : runs[a].id < runs[b].id;
  });
  reorder(runs, order);
}

std::vector<RunsGroup> group_runs(std::vector<RunInfo>& runs, const std::string& by,
                                  const RunsValues* values) {
  std::vector<RunsGroup> groups;
  std::unordered_map<std::string, std::size_t> known;
  std::vector<std::size_t> group_of(runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const RunInfo& run = runs[i];
    std::string key, label;
    if (by == "day") {
      key = label = local_day(run.created);
    } else if (by == "race") {
      key = run.race;
      label = key.empty() ? "single runs" : "race of " + local_time(run.created, "%Y-%m-%d %H:%M");
    } else if (values) {
      const auto found = values->find(run.id);
      const bool there = found != values->end() && found->second.there;
      key = there ? found->second.text : "";
      label = there ? by + " " + key : "without " + by;
    }
    const auto [entry, is_new] = known.try_emplace(key, groups.size());
    if (is_new) groups.push_back({.key = key, .label = label});
    group_of[i] = entry->second;
    ++groups[entry->second].count;
  }
  std::size_t first = 0;
  for (RunsGroup& group : groups) {
    group.first = first;
    first += group.count;
  }
  std::vector<std::size_t> next, order(runs.size());
  for (const RunsGroup& group : groups) next.push_back(group.first);
  for (std::size_t i = 0; i < runs.size(); ++i) order[next[group_of[i]]++] = i;
  reorder(runs, order);
  return groups;
}

RunsColumn make_column(const std::string& name, const std::vector<RunInfo>& runs, const RunsValues* values) {
  RunsColumn out{.name = name};
  std::size_t longest = 0;
  const auto see = [&](const std::string& text) {
    // A character has a byte at least: most need no counting.
    if (text.size() <= longest) return;
    if (const std::size_t length = characters(text); length > longest) {
      longest = length;
      out.longest = text;
    }
  };
  if (!values) {
    for (const RunInfo& run : runs) see(own_text(run, name));
    return out;
  }
  out.numeric = out.integral = true;
  out.cells.reserve(runs.size());
  for (const RunInfo& run : runs) {
    const auto found = values->find(run.id);
    out.cells.push_back(found == values->end() ? RunsCell() : found->second);
    const RunsCell& cell = out.cells.back();
    if (!cell.there) continue;
    if (std::isnan(cell.number) && !cell.text.empty()) {
      out.numeric = false;
      see(cell.text);
    }
    const double size = std::abs(cell.number);
    out.integral = out.integral && std::floor(size) == size;
    out.negative = out.negative || cell.number < 0.0;
    if (!std::isfinite(size) || size == 0.0) continue;
    out.low = out.low == 0.0 ? size : std::min(out.low, size);
    out.high = std::max(out.high, size);
  }
  return out;
}

std::optional<std::int64_t> parse_moment(const std::string& created) {
  std::tm parts{};
  if (std::sscanf(created.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
                  &parts.tm_hour, &parts.tm_min, &parts.tm_sec) != 6)
    return {};
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return static_cast<std::int64_t>(timegm(&parts));
}

std::string local_day(const std::string& created) { return local_time(created, "%Y-%m-%d"); }

}  // namespace thalweg

#include "core/compare/facts.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace thalweg {
namespace {

std::string last_part(const std::string& key) {
  const auto dot = key.rfind('.');
  return dot == std::string::npos ? key : key.substr(dot + 1);
}

/// At most so many settings in a name.
constexpr std::size_t kMostInName = 3;

}  // namespace

const Fact* find_fact(const Facts& facts, const std::string& key) {
  const auto whole = std::find_if(facts.begin(), facts.end(), [&](const Fact& f) { return f.key == key; });
  if (whole != facts.end()) return &*whole;
  const auto part =
      std::find_if(facts.begin(), facts.end(), [&](const Fact& f) { return last_part(f.key) == key; });
  return part == facts.end() ? nullptr : &*part;
}

std::vector<std::string> differing_keys(std::span<const Facts> runs, bool all) {
  struct Seen {
    std::size_t count = 0;
    std::string text;
    bool differs = false;
  };
  std::map<std::string, Seen> seen;
  std::vector<std::string> order;
  for (const Facts& facts : runs)
    for (const Fact& fact : facts) {
      Seen& entry = seen[fact.key];
      if (entry.count++ == 0) {
        order.push_back(fact.key);
        entry.text = fact.text;
      }
      entry.differs = entry.differs || entry.text != fact.text;
    }
  std::vector<std::string> out;
  for (std::string& key : order) {
    const Seen& entry = seen[key];
    if (all || entry.differs || entry.count < runs.size()) out.push_back(std::move(key));
  }
  return out;
}

std::string short_key(const std::string& key, std::span<const std::string> keys) {
  const std::string last = last_part(key);
  const auto same = std::count_if(keys.begin(), keys.end(),
                                  [&](const std::string& other) { return last_part(other) == last; });
  return same > 1 ? key : last;
}

std::vector<std::string> distinct_names(std::span<const std::string> names, std::span<const std::string> uids,
                                        std::span<const Facts> settings) {
  std::vector<std::string> out(names.begin(), names.end());
  std::map<std::string, std::vector<std::size_t>> by_name;
  for (std::size_t i = 0; i < names.size(); ++i) by_name[names[i]].push_back(i);
  for (const auto& [name, runs] : by_name) {
    if (runs.size() < 2) continue;
    std::vector<Facts> theirs;
    for (const std::size_t i : runs) theirs.push_back(settings[i]);
    const std::vector<std::string> keys = differing_keys(theirs);
    for (const std::size_t i : runs) {
      std::size_t told = 0;
      for (const std::string& key : keys) {
        const Fact* fact = find_fact(settings[i], key);
        if (!fact || told == kMostInName) continue;
        out[i] += ", " + short_key(key, keys) + " " + fact->text;
        ++told;
      }
    }
  }
  std::map<std::string, int> count;
  for (const std::string& name : out) ++count[name];
  for (std::size_t i = 0; i < out.size(); ++i)
    if (count[out[i]] > 1 || out[i].empty()) out[i] += (out[i].empty() ? "" : " ") + uids[i].substr(0, 6);
  return out;
}

std::string with_changes(const std::string& value, std::span<const ChangedValue> changes) {
  std::string out = value;
  for (const ChangedValue& change : changes)
    out += " → " + change.value + " at " + std::to_string(change.step);
  return out;
}

}  // namespace thalweg

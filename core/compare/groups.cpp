#include "core/compare/groups.hpp"

#include <map>
#include <optional>

namespace thalweg {
namespace {

bool is_seed(const std::string& key) { return key == "seed" || key.ends_with(".seed"); }

Facts without_seeds(const Facts& facts) {
  Facts out;
  for (const Fact& fact : facts)
    if (!is_seed(fact.key)) out.push_back(fact);
  return out;
}

std::string signature(const Facts& facts) {
  std::map<std::string, std::string> sorted;
  for (const Fact& fact : facts) sorted[fact.key] = fact.text;
  std::string out;
  for (const auto& [key, text] : sorted) out += key + '\n' + text + '\n';
  return out;
}

}  // namespace

Grouping group_runs(std::span<const Facts> settings, const std::string& by) {
  Grouping out;
  std::map<std::string, std::size_t> known;
  std::vector<Facts> bare;
  if (by == kAllButSeed)
    for (const Facts& facts : settings) bare.push_back(without_seeds(facts));
  const std::vector<std::string> keys = differing_keys(bare);
  for (std::size_t i = 0; i < settings.size(); ++i) {
    std::optional<std::string> value;
    std::string name;
    if (by == kAllButSeed) {
      value = signature(bare[i]);
      for (const std::string& key : keys)
        if (const Fact* fact = find_fact(bare[i], key))
          name += (name.empty() ? "" : ", ") + short_key(key, keys) + " " + fact->text;
      if (name.empty()) name = "all";
    } else if (!by.empty()) {
      if (const Fact* fact = find_fact(settings[i], by)) {
        value = fact->text;
        name = short_key(by, {}) + " " + fact->text;
      }
    }
    std::size_t group = out.runs.size();
    if (value) group = known.try_emplace(*value, group).first->second;
    if (group == out.runs.size()) {
      out.runs.emplace_back();
      out.names.push_back(name);
    }
    out.runs[group].push_back(i);
    out.of.push_back(group);
  }
  return out;
}

}  // namespace thalweg

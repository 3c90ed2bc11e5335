#include "app/panels/runs_filter.hpp"

#include <algorithm>
#include <optional>

#include "core/optimizer/optimizer.hpp"

namespace thalweg {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t'; }
bool is_sign(char c) { return c == '=' || c == '<' || c == '>' || c == '!' || c == '~'; }
bool is_word(char c) { return !is_space(c) && !is_sign(c) && c != '(' && c != ')' && c != '"' && c != '\''; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// A stretch between spaces that is outside of quotes and parentheses.
struct Part {
  std::size_t begin = 0;
  std::size_t end = 0;
};

std::vector<Part> parts_of(const std::string& text) {
  std::vector<Part> out;
  int depth = 0;
  char quote = 0;
  std::optional<std::size_t> begin;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool at_end = i == text.size();
    if (at_end || (quote == 0 && depth == 0 && is_space(text[i]))) {
      if (begin) out.push_back({*begin, i});
      begin.reset();
      continue;
    }
    if (!begin) begin = i;
    if (quote != 0)
      quote = text[i] == quote ? '\0' : quote;
    else if (text[i] == '"' || text[i] == '\'')
      quote = text[i];
    else if (text[i] == '(')
      ++depth;
    else if (text[i] == ')')
      depth = std::max(0, depth - 1);
  }
  return out;
}

std::string lowered(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), lower);
  return text;
}

bool is_joined_by(const std::string& text, const std::vector<Part>& parts, const char* word) {
  return std::any_of(parts.begin(), parts.end(), [&](const Part& part) {
    return lowered(text.substr(part.begin, part.end - part.begin)) == word;
  });
}

std::string trimmed(std::string text) {
  while (!text.empty() && is_space(text.back())) text.pop_back();
  text.erase(0, std::min(text.find_first_not_of(" \t"), text.size()));
  return text;
}

/// Values that are known beforehand.
const std::vector<std::string>& values_of(const std::string& name) {
  static const std::vector<std::string> none,
      outcomes{"budget", "converged", "diverged", "interrupted", "running", "stopped"},
      kinds{"descent", "training"};
  static const std::vector<std::string> rules = [] {
    std::vector<std::string> out;
    for (const OptimizerDescriptor& rule : optimizers()) out.push_back(rule.id);
    return out;
  }();
  return name == "outcome" ? outcomes : name == "kind" ? kinds : name == "optimizer" ? rules : none;
}

}  // namespace

bool has_term(const std::string& filter, const std::string& term) {
  const std::vector<Part> parts = parts_of(filter);
  // Beside an or it would be only one of the ways.
  if (is_joined_by(filter, parts, "or")) return false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (filter.compare(parts[i].begin, parts[i].end - parts[i].begin, term) != 0) continue;
    if (i > 0 && lowered(filter.substr(parts[i - 1].begin, parts[i - 1].end - parts[i - 1].begin)) == "not")
      continue;
    return true;
  }
  return false;
}

std::string with_term(const std::string& filter, const std::string& term, bool on) {
  if (has_term(filter, term) == on) return filter;
  const std::vector<Part> parts = parts_of(filter);
  if (on) {
    const std::string rest = trimmed(filter);
    if (rest.empty()) return term;
    if (is_joined_by(filter, parts, "or")) return "(" + rest + ") and " + term;
    return rest + " and " + term;
  }
  // Each part but this one, and one of the ands beside it.
  std::vector<std::string> words;
  for (const Part& part : parts) words.push_back(filter.substr(part.begin, part.end - part.begin));
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] != term || (i > 0 && lowered(words[i - 1]) == "not")) continue;
    const auto at = words.begin() + static_cast<std::ptrdiff_t>(i);
    if (i > 0 && lowered(words[i - 1]) == "and")
      words.erase(at - 1, at + 1);
    else if (i + 1 < words.size() && lowered(words[i + 1]) == "and")
      words.erase(at, at + 2);
    else
      words.erase(at);
    break;
  }
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

Completion complete(const std::string& filter, std::size_t cursor, const std::vector<std::string>& keys,
                    std::size_t most) {
  cursor = std::min(cursor, filter.size());
  Completion out{cursor, cursor, {}};
  while (out.begin > 0 && is_word(filter[out.begin - 1])) --out.begin;
  while (out.end < filter.size() && is_word(filter[out.end])) ++out.end;
  const std::string prefix = lowered(filter.substr(out.begin, cursor - out.begin));
  const bool value = out.begin > 0 && is_sign(filter[out.begin - 1]);
  const auto consider = [&](const std::string& word) {
    if (out.words.size() >= most || word.size() <= prefix.size()) return;
    if (lowered(word.substr(0, prefix.size())) != prefix) return;
    if (std::find(out.words.begin(), out.words.end(), word) == out.words.end()) out.words.push_back(word);
  };
  if (value) {
    std::size_t end = out.begin;
    while (end > 0 && is_sign(filter[end - 1])) --end;
    std::size_t begin = end;
    while (begin > 0 && is_word(filter[begin - 1])) --begin;
    for (const std::string& word : values_of(filter.substr(begin, end - begin))) consider(word);
    return out;
  }
  if (prefix.empty()) return out;
  for (const char* column : {"name", "kind", "outcome", "created", "steps", "duration", "star", "tag", "note",
                             "device", "host", "parent"})
    consider(column);
  for (const std::string& key : keys) consider(key);
  return out;
}

std::string quoted(const std::string& word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), is_word)) return word;
  std::string out = "\"";
  for (const char c : word) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

}  // namespace thalweg

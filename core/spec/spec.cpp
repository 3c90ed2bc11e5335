#include "core/spec/spec.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace thalweg {
namespace {

/// A text longer than this is not a spec but an accident; it is refused before it is looked at.
constexpr std::size_t kLongestSpec = 64 * 1024;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string shortened(std::string_view text) {
  constexpr std::size_t kMost = 40;
  return text.size() <= kMost ? std::string(text) : std::string(text.substr(0, kMost)) + "…";
}

std::string suggestion(std::string_view word, std::span<const std::string> candidates) {
  const std::string close = nearest(word, candidates);
  if (!close.empty()) return "; did you mean '" + close + "'?";
  std::string all;
  for (const auto& candidate : candidates) all += (all.empty() ? "" : ", ") + candidate;
  return candidates.empty() ? "; it has no parameters" : "; there are " + all;
}

[[noreturn]] void missing(std::string_view id, std::string_view key) {
  throw std::logic_error("spec '" + std::string(id) + "' has no value of that kind for '" + std::string(key) +
                         "'");
}

template <class T>
const T& held(const Spec& spec, std::string_view key) {
  const Value* value = spec.find(key);
  const T* typed = value ? std::get_if<T>(value) : nullptr;
  if (!typed) missing(spec.id, key);
  return *typed;
}

/// Splits off what stands before `separator`; the rest stays in `text`.
std::string_view take(std::string_view& text, char separator) {
  const auto at = text.find(separator);
  const std::string_view head = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
  return head;
}

}  // namespace

const Parameter* Descriptor::find(std::string_view key) const {
  const int index = index_of(key);
  return index < 0 ? nullptr : &parameters[static_cast<std::size_t>(index)];
}

int Descriptor::index_of(std::string_view key) const {
  for (std::size_t i = 0; i < parameters.size(); ++i)
    if (parameters[i].key == key) return static_cast<int>(i);
  return -1;
}

const Value* Spec::find(std::string_view key) const {
  for (const auto& [name, value] : values)
    if (name == key) return &value;
  return nullptr;
}

Value* Spec::find(std::string_view key) {
  return const_cast<Value*>(static_cast<const Spec*>(this)->find(key));
}

double Spec::number(std::string_view key) const { return held<double>(*this, key); }
const std::string& Spec::text(std::string_view key) const { return held<std::string>(*this, key); }
const std::vector<double>& Spec::list(std::string_view key) const {
  return held<std::vector<double>>(*this, key);
}

bool Spec::is_off(std::string_view key) const {
  const Value* value = find(key);
  if (!value) missing(id, key);
  return std::holds_alternative<std::monostate>(*value);
}

double Spec::number_or(std::string_view key, double fallback) const {
  return is_off(key) ? fallback : number(key);
}

const Descriptor* Family::find(std::string_view id) const {
  const auto it =
      std::find_if(members.begin(), members.end(), [&](const Descriptor* d) { return d->id == id; });
  if (it != members.end()) return *it;
  return compose ? compose(id) : nullptr;
}

Spec default_spec(const Descriptor& descriptor) {
  Spec spec{descriptor.id, {}};
  for (const auto& parameter : descriptor.parameters)
    spec.values.emplace_back(parameter.key, parameter.default_value);
  return spec;
}

namespace {

std::vector<std::string> ids_of(const Family& family) {
  std::vector<std::string> out;
  for (const Descriptor* member : family.members) out.push_back(member->id);
  return out;
}

/// What is wrong with an id put together from several, or with a wrapper that has nothing to go around.
std::optional<Error> not_composed(std::string_view id, const Family& family) {
  const std::string& some = family.members.front()->id;
  const auto is_wrapper = [&](std::string_view part) {
    return family.compose(std::string(part) + "+" + some) != nullptr;
  };
  const auto plus = id.rfind('+');
  if (plus == std::string_view::npos) {
    if (!is_wrapper(id)) return std::nullopt;
    return bad_input("'" + std::string(id) + "' goes around another, with all settings behind one colon: " +
                         std::string(id) + "+" + some + ":...",
                     family.name);
  }
  const std::string_view base = trimmed(id.substr(plus + 1));
  const auto ids = ids_of(family);
  if (std::find(ids.begin(), ids.end(), base) == ids.end())
    return bad_input("there is no '" + shortened(base) + "' to go around" + suggestion(base, ids), family.name);
  for (std::string_view rest = id.substr(0, plus); !rest.empty();) {
    const std::string_view part = take(rest, '+');
    if (!is_wrapper(part))
      return bad_input("'" + shortened(part) + "' does not go around another; 'list wrappers' has what does",
                       family.name);
  }
  return bad_input("'" + shortened(id) + "' has a wrapper twice, or too many", family.name);
}

}  // namespace

Result<Spec> parse_spec(std::string_view text, const Family& family) {
  if (text.size() > kLongestSpec) return bad_input("is longer than 64 KiB", family.name);
  const std::string_view whole = trimmed(text);
  const std::string_view id = trimmed(whole.substr(0, whole.find(':')));
  if (const Descriptor* descriptor = family.find(id)) return parse_spec(whole, *descriptor);
  if (id.empty()) return bad_input("is empty", family.name);
  if (family.compose)
    if (auto error = not_composed(id, family)) return *error;
  return bad_input("there is no '" + shortened(id) + "'" + suggestion(id, ids_of(family)), family.name);
}

Result<Spec> parse_spec(std::string_view text, const Descriptor& descriptor) {
  if (text.size() > kLongestSpec) return bad_input("is longer than 64 KiB", descriptor.id);
  std::string_view rest = trimmed(text);
  const bool has_colon = rest.find(':') != std::string_view::npos;
  const std::string_view id = trimmed(take(rest, ':'));
  if (id != descriptor.id) return bad_input("expected '" + descriptor.id + "', not '" + shortened(id) + "'");

  Spec spec = default_spec(descriptor);
  std::vector<bool> given(descriptor.parameters.size(), false);
  const auto set = [&](std::string_view key, std::string_view value) -> std::optional<Error> {
    const int index = descriptor.index_of(key);
    if (index < 0) {
      std::vector<std::string> keys;
      for (const auto& parameter : descriptor.parameters) keys.push_back(parameter.key);
      return bad_input("has no parameter '" + shortened(key) + "'" + suggestion(key, keys), descriptor.id);
    }
    const auto at = static_cast<std::size_t>(index);
    if (given[at]) return bad_input("is given twice", descriptor.id + ": " + std::string(key));
    given[at] = true;
    auto parsed = parse_value(descriptor.parameters[at], value);
    if (!parsed) {
      Error error = parsed.error();
      error.context = descriptor.id + ": " + error.context;
      return error;
    }
    spec.values[at].second = std::move(*parsed);
    return std::nullopt;
  };

  if (!descriptor.leading_text.empty() && has_colon) {
    const std::string_view leading = trimmed(take(rest, ';'));
    if (auto error = set(descriptor.leading_text, leading)) return *error;
  }
  while (!trimmed(rest).empty()) {
    const std::string_view item = take(rest, ',');
    const auto equals = item.find('=');
    const std::string_view key = trimmed(item.substr(0, equals));
    if (equals == std::string_view::npos)
      return bad_input("expected key=value, not '" + shortened(trimmed(item)) + "'", descriptor.id);
    if (auto error = set(key, trimmed(item.substr(equals + 1)))) return *error;
  }
  return spec;
}

std::optional<Error> check(const Spec& spec, const Descriptor& descriptor) {
  if (spec.id != descriptor.id || spec.values.size() != descriptor.parameters.size())
    return bad_input("does not have the parameters of '" + descriptor.id + "'", spec.id);
  for (std::size_t i = 0; i < spec.values.size(); ++i) {
    if (spec.values[i].first != descriptor.parameters[i].key)
      return bad_input("does not have the parameters of '" + descriptor.id + "'", spec.id);
    if (auto error = check(descriptor.parameters[i], spec.values[i].second)) {
      error->context = spec.id + ": " + error->context;
      return error;
    }
  }
  return std::nullopt;
}

std::string format_spec(const Spec& spec, const Descriptor& descriptor, bool all) {
  std::string items;
  std::string leading;
  for (const auto& parameter : descriptor.parameters) {
    const Value* value = spec.find(parameter.key);
    if (!value) continue;
    if (parameter.key == descriptor.leading_text) {
      leading = format_value(*value, parameter);
      continue;
    }
    if (!all && *value == parameter.default_value) continue;
    items += (items.empty() ? "" : ",") + parameter.key + "=" + format_value(*value, parameter);
  }
  std::string out = spec.id;
  if (!descriptor.leading_text.empty()) return out + ":" + leading + (items.empty() ? "" : ";" + items);
  return items.empty() ? out : out + ":" + items;
}

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
  if (word.empty() || word.size() > 64) return {};
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    std::vector<std::size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < word.size(); ++i) {
      std::size_t diagonal = std::exchange(row[0], i + 1);
      for (std::size_t j = 0; j < candidate.size(); ++j) {
        const std::size_t change = diagonal + (word[i] == candidate[j] ? 0 : 1);
        diagonal = row[j + 1];
        row[j + 1] = std::min({change, row[j] + 1, row[j + 1] + 1});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

}  // namespace thalweg

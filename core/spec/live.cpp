#include "core/spec/live.hpp"

#include <algorithm>
#include <limits>

namespace thalweg {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

std::vector<Change>::const_iterator first_after(const std::vector<Change>& changes, std::int64_t step) {
  return std::upper_bound(changes.begin(), changes.end(), step,
                          [](std::int64_t at, const Change& change) { return at < change.step; });
}

}  // namespace

Spec LiveSpec::at(std::int64_t step) const {
  Spec out = spec;
  for (const Change& change : changes) {
    if (change.step > step) break;
    if (Value* value = out.find(change.key)) *value = change.value;
  }
  return out;
}

std::int64_t LiveSpec::next_change(std::int64_t step) const {
  const auto next = first_after(changes, step);
  return next == changes.end() ? kNever : next->step;
}

void LiveSpec::proceed(Spec& now, std::int64_t from, std::int64_t to) const {
  for (auto change = first_after(changes, from); change != changes.end() && change->step <= to; ++change)
    if (Value* value = now.find(change->key)) *value = change->value;
}

void LiveSpec::change(std::int64_t step, const std::string& key, Value value) {
  std::erase_if(changes, [&](const Change& c) { return c.step > step || (c.step == step && c.key == key); });
  if (changes.size() >= kMostChanges) {
    const auto last = std::find_if(changes.rbegin(), changes.rend(), [&](const Change& c) { return c.key == key; });
    changes.erase(last == changes.rend() ? changes.end() - 1 : last.base() - 1);
  }
  changes.push_back({step, key, std::move(value)});
}

void LiveSpec::set(const std::string& key, Value value) {
  std::erase_if(changes, [&](const Change& c) { return c.key == key; });
  if (Value* held = spec.find(key)) *held = std::move(value);
}

std::int64_t first_difference(const LiveSpec& a, const LiveSpec& b) {
  if (a.spec != b.spec) return 0;
  const std::size_t shared = std::min(a.changes.size(), b.changes.size());
  for (std::size_t i = 0; i < shared; ++i)
    if (a.changes[i] != b.changes[i]) return std::min(a.changes[i].step, b.changes[i].step);
  if (a.changes.size() > shared) return a.changes[shared].step;
  if (b.changes.size() > shared) return b.changes[shared].step;
  return kNever;
}

std::optional<Error> check(const LiveSpec& live, const Descriptor& descriptor) {
  if (auto error = check(live.spec, descriptor)) return error;
  if (live.changes.size() > kMostChanges)
    return bad_input("at most " + std::to_string(kMostChanges) + " changes are possible", descriptor.id);
  std::int64_t last = 0;
  for (const Change& change : live.changes) {
    const Parameter* parameter = descriptor.find(change.key);
    if (!parameter) return bad_input("has no parameter '" + change.key + "'", descriptor.id);
    if (!parameter->live) return bad_input("can't change while a run goes on", descriptor.id + ": " + change.key);
    if (change.step < 0) return bad_input("a change can't be before step 0", descriptor.id);
    if (change.step < last) return bad_input("changes are not in the order of their steps", descriptor.id);
    last = change.step;
    if (auto error = check(*parameter, change.value)) return error;
  }
  return std::nullopt;
}

}  // namespace thalweg

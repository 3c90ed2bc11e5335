#include "core/store/run.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <random>
#include <stdexcept>

namespace thalweg::store {
namespace {

constexpr std::string_view kThen = ", then ";

}  // namespace
namespace {

constexpr std::array<std::string_view, 3> kGoals = {"none", "lowest", "highest"};

}  // namespace

void add_settings(std::vector<Setting>& out, const std::string& part, const Spec& spec,
                  const Descriptor& descriptor) {
  // A family's choice; a fixed descriptor (run, gradient) is no choice.
  if (spec.id != part) out.push_back({"", part, spec.id, {}});
  for (const auto& [key, value] : spec.values) {
    Setting setting{part, key, format_value(value, *descriptor.find(key)), {}};
    if (const double* number = std::get_if<double>(&value)) setting.number = *number;
    out.push_back(std::move(setting));
  }
}

std::string last_device(const std::string& devices) {
  const auto last = devices.rfind(kThen);
  return last == std::string::npos ? devices : devices.substr(last + kThen.size());
}

std::string then_on(const std::string& before, const std::string& device) {
  if (before.empty()) return device;
  return last_device(before) == device ? before : before + std::string(kThen) + device;
}

std::string new_uid() {
  std::random_device device;
  std::string out;
  for (int i = 0; i < 5; ++i) {
    char digits[8];
    std::snprintf(digits, sizeof digits, "%04x", static_cast<unsigned>(device() & 0xffffU));
    out += digits;
  }
  return out;
}

std::string timestamp(double seconds_ago) {
  using namespace std::chrono;
  const auto now = system_clock::now() - duration_cast<system_clock::duration>(duration<double>(seconds_ago));
  const auto milliseconds = duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  const std::time_t seconds = static_cast<std::time_t>(milliseconds / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900, utc.tm_mon + 1,
                utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, static_cast<int>(milliseconds % 1000));
  return text;
}

std::string_view goal_name(Goal goal) { return kGoals.at(static_cast<std::size_t>(goal)); }

std::optional<Goal> find_goal(std::string_view name) {
  for (std::size_t i = 0; i < kGoals.size(); ++i)
    if (kGoals[i] == name) return static_cast<Goal>(i);
  return std::nullopt;
}

}  // namespace thalweg::store

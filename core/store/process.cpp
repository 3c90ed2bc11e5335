#include "core/store/process.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fstream>
#include <sstream>

namespace thalweg::store {
namespace {

std::string first_line(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

/// Field 22 of /proc/PID/stat: clock ticks from boot to the start of the process. Empty if there is none, or
/// if it has ended and only waits for its parent to notice.
std::string start_time(long pid) {
  const std::string stat = first_line("/proc/" + std::to_string(pid) + "/stat");
  // The name of the program, in parentheses, may hold anything.
  const auto after = stat.rfind(')');
  if (after == std::string::npos) return {};
  std::istringstream rest(stat.substr(after + 1));
  std::string field;
  rest >> field;
  if (field == "Z" || field == "X") return {};
  for (int i = 4; i <= 22; ++i) rest >> field;
  return field;
}

/// Processes of one value can see each other by number.
std::string scope() {
  std::array<char, 64> link{};
  const ssize_t length = readlink("/proc/self/ns/pid", link.data(), link.size() - 1);
  return first_line("/proc/sys/kernel/random/boot_id") + " " +
         (length > 0 ? std::string(link.data(), static_cast<std::size_t>(length)) : "pid");
}

}  // namespace

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

std::string this_process() {
  const long pid = getpid();
  return scope() + " " + std::to_string(pid) + " " + start_time(pid);
}

Alive is_alive(const std::string& host, const std::string& process) {
  const auto last = process.rfind(' ');
  if (last == std::string::npos || last == 0) return Alive::kUnknown;
  const auto before = process.rfind(' ', last - 1);
  if (before == std::string::npos || host != host_name() || process.substr(0, before) != scope())
    return Alive::kUnknown;
  const std::string number = process.substr(before + 1, last - before - 1);
  long pid = 0;
  const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), pid);
  if (code != std::errc() || end != number.data() + number.size() || pid <= 0) return Alive::kUnknown;
  if (kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) return Alive::kNo;
  // A number is given again: the start time says whether it is still the same process.
  const std::string started = start_time(pid);
  return !started.empty() && started == process.substr(last + 1) ? Alive::kYes : Alive::kNo;
}

}  // namespace thalweg::store

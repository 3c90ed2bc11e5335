#include "app/work/cpu_info.hpp"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <thread>

namespace thalweg {
namespace {

std::string value_of(const std::string& line) {
  const auto colon = line.find(": ");
  return colon == std::string::npos ? "" : line.substr(colon + 2);
}

int threads_to_use() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

std::vector<std::string> instruction_sets() {
  std::vector<std::string> out;
#if defined(__x86_64__)
  const auto add = [&](bool there, const char* name) {
    if (there) out.emplace_back(name);
  };
  add(__builtin_cpu_supports("avx2") != 0, "AVX2");
  add(__builtin_cpu_supports("fma") != 0, "FMA");
  add(__builtin_cpu_supports("avx512f") != 0, "AVX-512");
  add(__builtin_cpu_supports("avx512vnni") != 0, "VNNI");
  add(__builtin_cpu_supports("avx512bf16") != 0, "BF16");
#elif defined(__aarch64__)
  out.emplace_back("NEON");
#endif
  return out;
}

}  // namespace

CpuInfo cpu_info() {
  CpuInfo out;
  std::set<std::pair<std::string, std::string>> cores;
  std::string socket;
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) out.name = value_of(line);
    if (line.starts_with("physical id")) socket = value_of(line);
    if (line.starts_with("core id")) cores.emplace(socket, value_of(line));
  }
  out.threads = threads_to_use();
  out.cores = cores.empty() ? out.threads : static_cast<int>(cores.size());
  out.instruction_sets = instruction_sets();
  return out;
}

}  // namespace thalweg

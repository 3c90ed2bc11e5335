// What is known of the CPU, for people to read.
#pragma once

#include <string>
#include <vector>

namespace thalweg {

struct CpuInfo {
  std::string name = "CPU";                   ///< "AMD EPYC 9654 96-Core Processor"
  int cores = 1;                              ///< of all sockets
  int threads = 1;                            ///< that this program may use
  std::vector<std::string> instruction_sets;  ///< that matter here: "AVX2", "AVX-512"

  bool operator==(const CpuInfo&) const = default;
};

CpuInfo cpu_info();

}  // namespace thalweg

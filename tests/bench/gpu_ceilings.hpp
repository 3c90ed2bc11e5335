// What a device can do at most, measured: what gpu_bench.cpp holds the engine's steps against.
#pragma once

#include <string>

namespace thalweg::bench {

struct Ceilings {
  double copy = 0.0;    ///< bytes/s, read and written, of a copy much larger than the caches
  double fp32 = 0.0;    ///< operations/s of a large product, without tensor cores
  double tf32 = 0.0;    ///< likewise on them, operands rounded to 10 bits
  double fp16 = 0.0;    ///< likewise, with sums in fp32
  double node = 0.0;    ///< s for each kernel of a graph, one after the other, that do nothing
  double replay = 0.0;  ///< s from launching a graph of one such kernel until the host knows that it is done
};

/// Of device 0. Throws std::runtime_error if CUDA fails.
Ceilings measure_ceilings();

}  // namespace thalweg::bench

// One loop for several instruction sets, chosen at run time. A loop is written once, as a lambda;
// vectorised() compiles everything it calls for each set, by inlining it. Contraction is off for the whole
// project, so all compute the same numbers. Pointers are copied to local restrict ones inside the lambdas,
// or nothing would be vectorised.
#pragma once

#include <cstdint>
#include <cstring>

namespace thalweg::cpu {

/// Instruction sets that loops are compiled for; kBase is what every machine of the architecture has.
enum class Isa { kBase, kAvx2, kAvx512 };

#if defined(__x86_64__) && defined(__GNUC__)
template <class Loop>
[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512"), gnu::flatten]] void run_avx512(
    const Loop loop) {
  loop();
}
template <class Loop>
[[gnu::target("avx2"), gnu::flatten]] void run_avx2(const Loop loop) {
  loop();
}

/// The widest that this machine has.
inline Isa find_isa() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return Isa::kAvx512;
  return __builtin_cpu_supports("avx2") ? Isa::kAvx2 : Isa::kBase;
}

/// With an instruction set that the machine has.
template <class Loop>
void vectorised(Isa isa, const Loop& loop) {
  if (isa == Isa::kAvx512) return run_avx512(loop);
  if (isa == Isa::kAvx2) return run_avx2(loop);
  loop();
}
#else
inline Isa find_isa() { return Isa::kBase; }

template <class Loop>
void vectorised(Isa, const Loop& loop) {
  loop();
}
#endif

template <class Loop>
void vectorised(const Loop& loop) {
  static const Isa isa = find_isa();
  vectorised(isa, loop);
}

constexpr int kLanes = 16;

#if defined(__GNUC__)
/// Sixteen floats that the compiler keeps in registers. With its arithmetic and comparisons.
typedef float Lanes __attribute__((vector_size(4 * kLanes), aligned(4)));

// By reference: how vectors are returned depends on the instruction set.
inline void load(Lanes& out, const float* p) { std::memcpy(&out, p, sizeof out); }
inline void store(float* p, const Lanes& v) { std::memcpy(p, &v, sizeof v); }
#endif

/// Σ f(i) in sixteen running sums: vectors, whatever their width, in one fixed order.
template <class F>
inline float lane_sum(int count, const F& f) {
  float lanes[kLanes] = {};
  int i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (int l = 0; l < kLanes; ++l) lanes[l] += f(i + l);
  float sum = 0.0f;
  for (int l = 0; l < kLanes; ++l) sum += lanes[l];
  for (; i < count; ++i) sum += f(i);
  return sum;
}

/// Likewise in double, in more sums: enough that the next addition need not wait for the last.
template <class F>
inline double lane_sum_double(std::int64_t count, const F& f) {
  constexpr int kSums = 2 * kLanes;
  double lanes[kSums] = {};
  std::int64_t i = 0;
  for (; i + kSums <= count; i += kSums)
    for (int l = 0; l < kSums; ++l) lanes[l] += f(i + l);
  double sum = 0.0;
  for (int l = 0; l < kSums; ++l) sum += lanes[l];
  for (; i < count; ++i) sum += f(i);
  return sum;
}

/// Where a row of a matrix without gaps begins.
inline std::int64_t row_start(int row, int width) { return std::int64_t{row} * width; }

}  // namespace thalweg::cpu

// Loops compiled for several instruction sets and chosen at run time, for what people install.
#pragma once

namespace thalweg::cpu {

// A loop is written once, as a lambda; these three compile everything it calls for their instruction
// set, by inlining it. Contraction is off for the whole project, so they compute the same numbers.
// Pointers are copied to local restrict ones inside the lambdas, or nothing would be vectorised.
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

enum class Isa { kBase, kAvx2, kAvx512 };
inline Isa find_isa() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return Isa::kAvx512;
  return __builtin_cpu_supports("avx2") ? Isa::kAvx2 : Isa::kBase;
}

template <class Loop>
void vectorised(const Loop& loop) {
  static const Isa isa = find_isa();
  if (isa == Isa::kAvx512) return run_avx512(loop);
  if (isa == Isa::kAvx2) return run_avx2(loop);
  loop();
}
#else
template <class Loop>
void vectorised(const Loop& loop) {
  loop();
}
#endif

}  // namespace thalweg::cpu

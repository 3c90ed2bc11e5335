// exp, expm1, log1p, sin and cos of a float: the same bits on every machine and device, and without branches
// or calls, so that loops over them become vectors. What the libraries of CPU and device offer differs in the
// last bit, and is called once for each number. Within 2 units in the last place, exp and log1p within 1
// (tested); results below the smallest normal number may be 0. Not here: the same in double, which is the
// library's.
//
// Arguments are reduced as usual (W. J. Cody, W. Waite, Software Manual for the Elementary Functions, 1980,
// chapters 6 to 8), to what is left of a multiple of ln 2 or π/2; there a polynomial that was fitted for the
// smallest largest error takes over.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/spec/platform.hpp"

namespace thalweg::floats {

/// 2^n for -126 <= n <= 127.
THALWEG_HD constexpr float power_of_two(std::int32_t n) { return std::bit_cast<float>((n + 127) << 23); }

/// x = n ln 2 + r with |r| <= ln 2 / 2.
struct Halvings {
  std::int32_t n;
  float r;
};
/// For |x| < 1000; numbers beyond are taken as their nearest there, and stay on the safe side of over- and
/// underflow.
THALWEG_HD constexpr Halvings halvings_of(float x) {
  constexpr float kMagic = 0x1.8p23f;  // what is added to it is rounded to a whole number
  constexpr float kHigh = 0x1.62e4p-1f, kLow = 0x1.7f7d1cp-20f;
  float inside = x < -110.0f ? -110.0f : x;
  inside = inside > 90.0f ? 90.0f : inside;
  const float shifted = inside * 0x1.715476p0f + kMagic;
  const float whole = shifted - kMagic;
  return {std::bit_cast<std::int32_t>(shifted) - std::bit_cast<std::int32_t>(kMagic),
          (inside - whole * kHigh) - whole * kLow};
}

/// e^r - 1 of a reduced argument.
THALWEG_HD constexpr float reduced_expm1(float r) {
  const float p =
      0x1.0p-1f +
      r * (0x1.555556p-3f +
           r * (0x1.55548p-5f + r * (0x1.11108p-7f + r * (0x1.6d969cp-10f + r * 0x1.a1b50ep-13f))));
  return r + (r * r) * p;
}

THALWEG_HD constexpr float exp(float x) {
  const auto [n, r] = halvings_of(x);
  const std::int32_t half = n >> 1;
  const float value = (1.0f + reduced_expm1(r)) * power_of_two(half) * power_of_two(n - half);
  return x != x ? x : value;
}

THALWEG_HD constexpr float expm1(float x) {
  const auto [n, r] = halvings_of(x);
  // Half of it, since 2^128 is no float.
  const float scale = power_of_two(n < -125 ? -126 : n - 1);
  const float value = 2.0f * (scale * reduced_expm1(r) + (scale - 0.5f));
  return x != x || x == 0.0f ? x : x > 89.0f ? std::numeric_limits<float>::infinity() : value;
}

/// ln(1 + x), by way of double: 1 + x = 2^k m, √½ <= m < √2.
THALWEG_HD constexpr float log1p(float x) {
  const double d = static_cast<double>(x);
  const double u = 1.0 + d;
  constexpr std::uint64_t kRootOfHalf = 0x3fe6a09e667f3bcd;
  const auto bits = std::bit_cast<std::uint64_t>(u);
  // k, where a double has its exponent.
  const std::uint64_t k = (bits - kRootOfHalf) & 0xfff0000000000000;
  const double m = std::bit_cast<double>(bits - k);
  const double powers = static_cast<double>(static_cast<std::int32_t>(k >> 32) / (1 << 20));
  const double f = k == 0 ? d : m - 1.0;
  const double s = f / (2.0 + f);
  const double z = s * s;
  const double series =
      z * (1.0 / 3.0 + z * (1.0 / 5.0 + z * (1.0 / 7.0 + z * (1.0 / 9.0 + z * (1.0 / 11.0)))));
  const double value = powers * 0.69314718055994530942 + 2.0 * (s + s * series);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float inside = x == 0.0f || x == kInfinity ? x : static_cast<float>(value);
  return x > -1.0f ? inside : x == -1.0f ? -kInfinity : std::numeric_limits<float>::quiet_NaN();
}

/// x = n π/2 + r with |r| <= π/4; of n its last bits.
struct Quarters {
  std::uint32_t n;
  float r;
};
THALWEG_HD constexpr Quarters quarters_of(float x) {
  constexpr double kMagic = 0x1.8p52;
  constexpr double kHigh = 0x1.921fb544p0, kLow = 0x1.0b4611a626331p-34;
  const double d = static_cast<double>(x);
  const double shifted = d * 0x1.45f306dc9c883p-1 + kMagic;
  const double whole = shifted - kMagic;
  const double r = (d - whole * kHigh) - whole * kLow;
  return {static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(shifted)), static_cast<float>(r)};
}

/// Of |r| <= π/4.
THALWEG_HD constexpr float reduced_sin(float r) {
  const float z = r * r;
  return r + (r * z) * (-0x1.555546p-3f + z * (0x1.11076p-7f + z * -0x1.994e58p-13f));
}
THALWEG_HD constexpr float reduced_cos(float r) {
  const float z = r * r;
  return (1.0f - 0.5f * z) + (z * z) * (0x1.55554ap-5f + z * (-0x1.6c0c8ap-10f + z * 0x1.9a0208p-16f));
}

/// sin at n quarter turns and r.
THALWEG_HD constexpr float turned(const Quarters& at) {
  const float value = (at.n & 1) != 0 ? reduced_cos(at.r) : reduced_sin(at.r);
  return (at.n & 2) != 0 ? -value : value;
}

/// As exact as it says above up to 2^20; beyond, the error grows with |x|, to 0.1 at 10^15. NaN above 10^15.
THALWEG_HD constexpr float sin(float x) {
  const float value = turned(quarters_of(x));
  return x <= 1e15f && x >= -1e15f ? (x == 0.0f ? x : value) : std::numeric_limits<float>::quiet_NaN();
}
THALWEG_HD constexpr float cos(float x) {
  const Quarters at = quarters_of(x);
  const float value = turned({at.n + 1, at.r});
  return x <= 1e15f && x >= -1e15f ? value : std::numeric_limits<float>::quiet_NaN();
}

}  // namespace thalweg::floats

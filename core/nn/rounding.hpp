// Emulation of 16-bit floating point: a float rounded to the nearest number of the format, halves to the
// even one, as the hardware converts (IEEE 754, roundTiesToEven). Infinity and NaN stay; numbers beyond the
// format's largest become infinity. Not here: storage in 16 bits, arithmetic of its own.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "core/nn/engine.hpp"
#include "core/spec/platform.hpp"

namespace thalweg {

/// 5 bits of exponent, 10 of mantissa: largest 65504, smallest normal 2⁻¹⁴, smallest 2⁻²⁴.
THALWEG_HD inline float round_to_fp16(float x) {
  const float size = std::fabs(x);
  // Between ½ and 1 floats are 2⁻²⁴ apart, as subnormals of the format are: the addition rounds to them.
  const float small = (size + 0.5f) - 0.5f;
  const auto bits = std::bit_cast<std::uint32_t>(size);
  const float normal = std::bit_cast<float>((bits + 0xFFFu + ((bits >> 13) & 1u)) & ~0x1FFFu);
  const float rounded = size < 0x1p-14f ? small : normal;
  const float held = rounded > 65504.0f ? std::bit_cast<float>(0x7F800000u) : rounded;
  return std::copysign(size < std::bit_cast<float>(0x7F800000u) ? held : size, x);
}

/// A float without its last 16 bits: 8 bits of exponent, 7 of mantissa.
THALWEG_HD inline float round_to_bf16(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const float rounded = std::bit_cast<float>((bits + 0x7FFFu + ((bits >> 16) & 1u)) & 0xFFFF0000u);
  return std::fabs(x) <= 0x1.FFFFFEp127f ? rounded : x;
}

THALWEG_HD inline float round_to(Precision precision, float x) {
  return precision == Precision::kFp16   ? round_to_fp16(x)
         : precision == Precision::kBf16 ? round_to_bf16(x)
                                         : x;
}

}  // namespace thalweg

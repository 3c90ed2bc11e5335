#include "core/figure/text.hpp"

#include <array>
#include <cstdint>

namespace thalweg {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

/// Advance widths of Inter Regular 4.0 from the space to the tilde, thousandths of an em.
constexpr std::array<std::uint16_t, 95> kInter{
    281, 278, 403, 631, 638, 813, 639, 222, 362, 362, 500, 659, 280, 460, 276, 357,  //
    625, 464, 605, 636, 642, 608, 624, 571, 616, 624, 276, 280, 659, 659, 659, 507,  //
    936, 676, 651, 727, 719, 598, 587, 743, 740, 264, 543, 652, 563, 889, 753, 761,  //
    635, 761, 639, 638, 642, 741, 676, 949, 642, 665, 625, 362, 357, 362, 469, 452,  //
    497, 564, 621, 558, 621, 582, 361, 609, 591, 237, 237, 544, 237, 869, 585, 597,  //
    609, 609, 372, 523, 364, 581, 557, 813, 540, 557, 541, 362, 327, 362, 659};

/// The code point at `at`, which moves behind it. What is no UTF-8 (RFC 3629) gives U+FFFD for its first
/// byte.
char32_t next_code(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at++);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xF0 && lead < 0xF5   ? 3
                   : lead >= 0xE0 && lead < 0xF0 ? 2
                   : lead >= 0xC2 && lead < 0xE0 ? 1
                                                 : 0;
  if (more == 0 || at + static_cast<std::size_t>(more) > text.size()) return kReplacement;
  char32_t code = lead & (0x3FU >> more);
  for (int i = 0; i < more; ++i) {
    const unsigned char follow = byte(at + static_cast<std::size_t>(i));
    if ((follow & 0xC0U) != 0x80) return kReplacement;
    code = (code << 6) | (follow & 0x3FU);
  }
  constexpr std::array<char32_t, 4> kLeast{0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  if (code < kLeast[static_cast<std::size_t>(more)] || code > 0x10FFFF || surrogate) return kReplacement;
  at += static_cast<std::size_t>(more);
  return code;
}

void append(std::string& out, char32_t code) {
  const auto put = [&](char32_t value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

/// Control characters, separators of lines and noncharacters.
bool unprintable(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029 ||
         (code >= 0xFDD0 && code <= 0xFDEF) || (code & 0xFFFE) == 0xFFFE;
}

double ems_of(char32_t code) {
  if (code >= 0x20 && code < 0x7F) return 1e-3 * kInter[code - 0x20];
  if ((code >= 0x300 && code < 0x370) || (code >= 0x200B && code <= 0x200F) ||
      (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF)
    return 0.0;
  if (code == 0x2009) return 0.18;
  if (code == 0x2026) return 0.82;
  if ((code >= 0x1100 && code < 0x1200) || (code >= 0x2E80 && code < 0xD7B0) ||
      (code >= 0xF900 && code < 0xFB00) || (code >= 0xFE30 && code < 0xFFE7) || code >= 0x1F000 ||
      (code >= 0x2200 && code < 0x2300))
    return 1.0;
  return 0.66;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const char32_t code = next_code(text, at);
    append(out, unprintable(code) ? U' ' : code);
  }
  return out;
}

std::string xml_escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

double text_ems(std::string_view text) {
  double out = 0.0;
  for (std::size_t at = 0; at < text.size();) out += ems_of(next_code(text, at));
  return out;
}

std::string elided_to(std::string_view text, double ems) {
  const double dots = ems_of(0x2026);
  double width = 0.0;
  std::size_t fits = 0;
  for (std::size_t at = 0; at < text.size();) {
    const double next = width + ems_of(next_code(text, at));
    if (next > ems) return std::string(text.substr(0, fits)) + "\u2026";
    width = next;
    if (width + dots <= ems) fits = at;
  }
  return std::string(text);
}

}  // namespace thalweg

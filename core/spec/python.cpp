#include "core/spec/python.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>

#include "core/spec/parameter.hpp"

namespace thalweg {
namespace {

/// The character at the start of `text` and how many bytes it takes; code 0 where it is not UTF-8.
struct Character {
  std::uint32_t code = 0;
  std::size_t length = 1;
};

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (length == 0 || length > text.size()) return {};
  std::uint32_t code = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {};
    code = code << 6U | (byte(i) & 0x3FU);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < kLeast[length] || code > 0x10FFFF || surrogate) return {};
  return {code, length};
}

/// Controls, line and paragraph separators, marks of direction and of no width: what could make source look
/// like something it is not.
bool is_plain(std::uint32_t code) {
  return code >= 0x20 && !(code >= 0x7F && code < 0xA0) && code != 0xAD &&
         !(code >= 0x200B && code <= 0x200F) && !(code >= 0x2028 && code <= 0x202E) &&
         !(code >= 0x2060 && code <= 0x206F) && code != 0xFEFF && !(code >= 0xFFF0 && code <= 0xFFFF) &&
         !(code >= 0xE0000 && code <= 0xE0FFF);
}

template <class Put>
std::string transcribed(std::string_view text, Put put) {
  std::string out;
  while (!text.empty()) {
    const Character character = first_character(text);
    if (is_plain(character.code))
      put(out, text.substr(0, character.length));
    else
      out += '?';
    text.remove_prefix(character.length);
  }
  return out;
}

}  // namespace

std::string python_number(double value) {
  if (std::isnan(value)) return "math.nan";
  if (std::isinf(value)) return value > 0 ? "math.inf" : "-math.inf";
  const bool whole = value == std::floor(value);
  if (whole && std::abs(value) < 1e15 && !(value == 0.0 && std::signbit(value)))
    return std::to_string(static_cast<std::int64_t>(value));
  std::string out = format_number(value);
  // A longer whole number would be an int beyond what a tensor takes.
  if (whole && out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

std::string python_list(const std::vector<double>& values) {
  std::string out = "[";
  for (const double value : values) out += (out.size() > 1 ? ", " : "") + python_number(value);
  return out + "]";
}

std::string python_string(std::string_view text) {
  return '"' +
         transcribed(text,
                     [](std::string& out, std::string_view character) {
                       if (character == "\\" || character == "\"") out += '\\';
                       out += character;
                     }) +
         '"';
}

std::string python_comment(std::string_view text) {
  return transcribed(text, [](std::string& out, std::string_view character) { out += character; });
}

std::string TorchCall::text(const std::string& first) const {
  std::string out = callee + "(" + first;
  bool begun = !first.empty();
  for (const Argument& argument : arguments) {
    if (argument.neutral) continue;
    out += (begun ? ", " : "") + (argument.name.empty() ? "" : argument.name + "=") + argument.value;
    begun = true;
  }
  return out + ")";
}

}  // namespace thalweg

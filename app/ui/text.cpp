#include "app/ui/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace thalweg::ui {
namespace {

constexpr const char* kMinus = "\u2212";
constexpr const char* kThinSpace = "\u2009";
constexpr float kCapHeight = 0.727f;  ///< of Inter and, near enough, DejaVu Sans, in ems

/// Bytes of the UTF-8 sequence that begins with `lead`.
std::size_t sequence(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

std::string plain(double magnitude, int decimals) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, magnitude);
  const std::string body = text.data();
  const std::size_t whole = std::min(body.find('.'), body.size());
  std::string out;
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (i > 0 && i < whole && (whole - i) % 3 == 0) out += kThinSpace;
    out += body[i];
  }
  return out;
}

/// Digits needed to write the value exactly as it was typed, at most 15.
int digits_of(double value) {
  for (int digits = 1; digits < 15; ++digits) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%.*e", digits - 1, value);
    if (std::strtod(text.data(), nullptr) == value) return digits;
  }
  return 15;
}

/// Calls f(begin, end) for each character.
template <class F>
void each_character(std::string_view text, F&& f) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = std::min(sequence(text[i]), text.size() - i);
    f(text.substr(i, length));
    i += length;
  }
}

}  // namespace

std::string superscript(int exponent) {
  static constexpr std::array<const char*, 10> kDigits = {"\u2070", "\u00b9", "\u00b2", "\u00b3", "\u2074",
                                                          "\u2075", "\u2076", "\u2077", "\u2078", "\u2079"};
  std::string out = exponent < 0 ? "\u207b" : "";
  for (const char digit : std::to_string(std::abs(exponent)))
    out += kDigits[static_cast<std::size_t>(digit - '0')];
  return out;
}

std::string number(double value, int digits) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? std::string(kMinus) + "\u221e" : "\u221e";
  if (value == 0.0) return "0";
  digits = std::clamp(digits, 1, 15);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*e", digits - 1, std::abs(value));
  std::string_view written = text.data();
  const int exponent = std::atoi(text.data() + written.find('e') + 1);
  const std::string sign = value < 0 ? kMinus : "";
  if (exponent >= (digits <= 3 ? -4 : -3) && exponent < 6)
    return sign + plain(std::abs(value), std::max(0, digits - 1 - exponent));
  return sign + std::string(written.substr(0, written.find('e'))) + "\u00d710" + superscript(exponent);
}

std::string integer(std::int64_t value) {
  return (value < 0 ? kMinus : "") + plain(std::abs(static_cast<double>(value)), 0);
}

std::string value_text(const Parameter& parameter, const Value& value) {
  const auto* held = std::get_if<double>(&value);
  if (!held) return format_value(value, parameter);
  if (parameter.kind == Kind::kBoolean) return *held != 0.0 ? "on" : "off";
  if (parameter.kind == Kind::kInteger && std::abs(*held) < 1e6) return integer(std::llround(*held));
  int digits = std::clamp(digits_of(*held), 3, 4);
  if (parameter.scale == Scale::kLogOneMinus && *held >= 0.9 && *held < 1.0)
    digits = std::clamp(1 - static_cast<int>(std::floor(std::log10(1.0 - *held) + 1e-9)), 3, 9);
  return number(*held, digits);
}

float line_height(Type type) { return font(type)->FontSize; }

float text_width(Type type, std::string_view text) {
  ImFont* f = font(type);
  return f->CalcTextSizeA(f->FontSize, 1e9f, 0.0f, text.data(), text.data() + text.size()).x;
}

float draw_text(ImDrawList* list, Type type, ImVec2 pos, Colour colour, std::string_view text) {
  ImFont* f = font(type);
  list->AddText(f, f->FontSize, ImVec2(std::round(pos.x), std::round(pos.y)), colour, text.data(),
                text.data() + text.size());
  return text_width(type, text);
}

float baseline(Type type, float middle_y) {
  return std::round(middle_y + 0.5f * kCapHeight * points_of(type) * scale());
}

float draw_on_baseline(ImDrawList* list, Type type, float x, float base_y, Colour colour,
                       std::string_view text, float align) {
  const float width = text_width(type, text);
  // ImGui puts the baseline a rounded ascent below the top.
  const float top = base_y - std::round(font(type)->Ascent);
  draw_text(list, type, ImVec2(x - align * width, top), colour, text);
  return width;
}

float draw_centred(ImDrawList* list, Type type, float x, float middle_y, Colour colour, std::string_view text,
                   float align) {
  return draw_on_baseline(list, type, x, baseline(type, middle_y), colour, text, align);
}

float label_width(const TickLabel& label) {
  const float width = text_width(Type::kSmall, label.text);
  return label.exponent.empty() ? width : width + 1.0f + text_width(Type::kRaised, label.exponent);
}

float draw_label(ImDrawList* list, float x, float middle_y, Colour colour, const TickLabel& label,
                 float align) {
  const float width = label_width(label);
  const float left = std::round(x - align * width);
  const float base = baseline(Type::kSmall, middle_y);
  const float advance = draw_on_baseline(list, Type::kSmall, left, base, colour, label.text);
  if (!label.exponent.empty())
    draw_on_baseline(list, Type::kRaised, left + advance + 1.0f, base - px(4.0f), colour, label.exponent);
  return width;
}

std::string elided(Type type, std::string_view text, float width) {
  ImFont* f = font(type);
  // Measures no further than there is room: names may be very long, and are drawn in every frame.
  const auto fitting = [&](float room) {
    const char* rest = text.data();
    f->CalcTextSizeA(f->FontSize, std::max(room, 0.0f) + 0.01f, 0.0f, text.data(), text.data() + text.size(),
                     &rest);
    return static_cast<std::size_t>(rest - text.data());
  };
  if (fitting(width) == text.size()) return std::string(text);
  std::size_t end = fitting(width - text_width(type, "\u2026"));
  while (end > 0 && text[end - 1] == ' ') --end;
  return std::string(text.substr(0, end)) + "\u2026";
}

std::string capitals(std::string_view text) {
  std::string out;
  bool formula = false;
  each_character(text, [&](std::string_view c) {
    if (c == "\u2016") formula = !formula;
    if (c.size() == 1 && !formula)
      out += static_cast<char>(c[0] >= 'a' && c[0] <= 'z' ? c[0] - 'a' + 'A' : c[0]);
    else
      out += c;
  });
  return out;
}

float draw_spaced(ImDrawList* list, Type type, ImVec2 pos, Colour colour, std::string_view text,
                  float spacing) {
  float x = pos.x;
  each_character(text, [&](std::string_view c) {
    draw_text(list, type, ImVec2(x, pos.y), colour, c);
    x += text_width(type, c) + spacing;
  });
  return x - pos.x - (text.empty() ? 0.0f : spacing);
}

float spaced_width(Type type, std::string_view text, float spacing) {
  float width = 0.0f;
  each_character(text, [&](std::string_view c) { width += text_width(type, c) + spacing; });
  return text.empty() ? 0.0f : width - spacing;
}

}  // namespace thalweg::ui

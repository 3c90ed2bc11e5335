#include "core/spec/parameter.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace thalweg {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// What was given, short enough for one line.
std::string quoted(std::string_view text) {
  constexpr std::size_t kMost = 40;
  if (text.size() <= kMost) return "'" + std::string(text) + "'";
  return "'" + std::string(text.substr(0, kMost)) + "…'";
}

std::optional<Error> check_number(const Parameter& parameter, double value) {
  const bool low = parameter.min_open ? !(value > parameter.min) : !(value >= parameter.min);
  const bool high = parameter.max_open ? !(value < parameter.max) : !(value <= parameter.max);
  if (std::isfinite(value) && !low && !high) {
    if (parameter.kind == Kind::kInteger && value != std::floor(value)) {
      return bad_input("must be a whole number, not " + format_number(value), parameter.key);
    }
    return std::nullopt;
  }
  if (!std::isfinite(value)) return bad_input("must be a finite number", parameter.key);
  return bad_input("must be " + bounds_text(parameter) + ", not " + format_number(value), parameter.key);
}

}  // namespace

std::string format_number(double value) {
  std::array<char, 40> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  std::string text(buffer.data(), error == std::errc{} ? end : buffer.data());
  // "2e-4" and "1e6" as people write them, not "2e-04" and "1e+06".
  const auto exponent = text.find('e');
  if (exponent == std::string::npos) return text;
  const bool negative = text[exponent + 1] == '-';
  const auto digits = text.find_first_not_of("+-0", exponent + 1);
  return text.substr(0, exponent + 1) + (negative ? "-" : "") + text.substr(digits);
}

std::optional<double> parse_number(std::string_view text) {
  text = trimmed(text);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::vector<double>> parse_numbers(std::string_view text, char separator) {
  std::vector<double> out;
  while (true) {
    const auto at = text.find(separator);
    const auto value = parse_number(text.substr(0, at));
    if (!value) return std::nullopt;
    out.push_back(*value);
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

std::string bounds_text(const Parameter& parameter) {
  const bool has_min = std::isfinite(parameter.min);
  const bool has_max = std::isfinite(parameter.max);
  std::string out;
  if (has_min) out += (parameter.min_open ? "greater than " : "at least ") + format_number(parameter.min);
  if (has_min && has_max) out += " and ";
  if (has_max) out += (parameter.max_open ? "less than " : "at most ") + format_number(parameter.max);
  return out.empty() ? "any number" : out;
}

std::optional<Error> check(const Parameter& parameter, const Value& value) {
  const auto wrong_kind = [&](const char* expected) {
    return bad_input(std::string("must be ") + expected, parameter.key);
  };
  if (std::holds_alternative<std::monostate>(value)) {
    if (!parameter.off_word.empty()) return std::nullopt;
    return bad_input("must have a value", parameter.key);
  }
  switch (parameter.kind) {
    case Kind::kReal:
    case Kind::kInteger: {
      const auto* number = std::get_if<double>(&value);
      return number ? check_number(parameter, *number) : wrong_kind("a number");
    }
    case Kind::kBoolean: {
      const auto* number = std::get_if<double>(&value);
      if (number && (*number == 0.0 || *number == 1.0)) return std::nullopt;
      return wrong_kind("true or false");
    }
    case Kind::kChoice: {
      const auto* name = std::get_if<std::string>(&value);
      if (name &&
          std::find(parameter.choices.begin(), parameter.choices.end(), *name) != parameter.choices.end())
        return std::nullopt;
      return bad_input("must be one of " + joined(parameter.choices) + (name ? ", not " + quoted(*name) : ""),
                       parameter.key);
    }
    case Kind::kRealList: {
      const auto* list = std::get_if<std::vector<double>>(&value);
      if (!list || list->empty()) return wrong_kind("a list such as 1/10/100");
      for (const double element : *list)
        if (auto error = check_number(parameter, element)) return error;
      return std::nullopt;
    }
    case Kind::kText:
      return std::holds_alternative<std::string>(value) ? std::nullopt : std::optional(wrong_kind("a text"));
  }
  return std::nullopt;
}

Result<Value> parse_value(const Parameter& parameter, std::string_view text) {
  const std::string_view word = trimmed(text);
  const auto accept = [&](Value value) -> Result<Value> {
    if (auto error = check(parameter, value)) return *error;
    return value;
  };
  if (!parameter.off_word.empty() && word == parameter.off_word) return Value{};
  switch (parameter.kind) {
    case Kind::kReal:
    case Kind::kInteger: {
      if (const auto number = parse_number(word)) return accept(*number);
      return bad_input("is not a number: " + quoted(word), parameter.key);
    }
    case Kind::kBoolean:
      if (word == "true" || word == "1" || word == "on" || word == "yes") return Value{1.0};
      if (word == "false" || word == "0" || word == "off" || word == "no") return Value{0.0};
      return bad_input("must be true or false, not " + quoted(word), parameter.key);
    case Kind::kChoice:
      return accept(std::string(word));
    case Kind::kRealList: {
      auto list = parse_numbers(word, '/');
      if (!list) return bad_input("is not a list such as 1/10/100: " + quoted(word), parameter.key);
      return accept(std::move(*list));
    }
    case Kind::kText:
      return accept(std::string(text));
  }
  return bad_input("has no such kind", parameter.key);
}

std::string format_value(const Value& value, const Parameter& parameter) {
  if (std::holds_alternative<std::monostate>(value)) return parameter.off_word;
  if (const auto* number = std::get_if<double>(&value)) {
    if (parameter.kind == Kind::kBoolean) return *number != 0.0 ? "true" : "false";
    return format_number(*number);
  }
  if (const auto* list = std::get_if<std::vector<double>>(&value)) {
    std::string out;
    for (const double element : *list) out += (out.empty() ? "" : "/") + format_number(element);
    return out;
  }
  return std::get<std::string>(value);
}

}  // namespace thalweg

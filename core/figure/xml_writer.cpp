#include "core/figure/xml_writer.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "core/figure/text.hpp"

namespace thalweg {

std::string svg_number(double value) {
  if (!std::isfinite(value)) return "0";
  std::array<char, 400> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, 2).ptr;
  std::string out(buffer.data(), end);
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out.pop_back();
  return out == "-0" ? "0" : out;
}

std::string svg_colour(std::uint32_t rgb) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "#";
  for (int shift = 20; shift >= 0; shift -= 4) out += kDigits[(rgb >> shift) & 0xF];
  return out;
}

void XmlWriter::end_tag() {
  if (std::exchange(in_tag_, false)) out_ += '>';
}

XmlWriter& XmlWriter::open(std::string_view element) {
  end_tag();
  if (!out_.empty() && !inline_) out_ += '\n';
  out_ += '<';
  out_ += element;
  open_.emplace_back(element);
  in_tag_ = true;
  return *this;
}

XmlWriter& XmlWriter::set(std::string_view key, std::string_view value) {
  return set_raw(key, xml_escaped(value));
}

XmlWriter& XmlWriter::set_raw(std::string_view key, const std::string& value) {
  out_ += ' ';
  out_ += key;
  out_ += "=\"";
  out_ += value;
  out_ += '"';
  return *this;
}

XmlWriter& XmlWriter::text(std::string_view content) {
  end_tag();
  out_ += xml_escaped(content);
  inline_ = true;
  return *this;
}

XmlWriter& XmlWriter::close() {
  if (std::exchange(in_tag_, false)) {
    out_ += "/>";
  } else {
    if (!inline_) out_ += '\n';
    out_ += "</" + open_.back() + ">";
  }
  open_.pop_back();
  // A text may hold elements of its own: it ends with the one called "text" or with what held it directly.
  if (open_.empty() || open_.back() != "text") inline_ = false;
  return *this;
}

XmlWriter& XmlWriter::leaf(std::string_view element, std::string_view content) {
  open(element);
  text(content);
  return close();
}

}  // namespace thalweg

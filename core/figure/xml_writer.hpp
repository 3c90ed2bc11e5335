// Elements of SVG, written one after the other. Closes what it opened, escapes what it is given.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

/// Two decimals, as short as can be, the same in every locale. What is not finite becomes 0.
std::string svg_number(double value);
/// "#rrggbb"
std::string svg_colour(std::uint32_t rgb);

class XmlWriter {
 public:
  /// Attributes follow with set(), until the next open(), text() or close().
  XmlWriter& open(std::string_view element);
  XmlWriter& set(std::string_view key, std::string_view value);
  XmlWriter& set(std::string_view key, double value) { return set(key, std::string_view(svg_number(value))); }
  /// Keeps `value` as it is: it holds nothing that needs escaping.
  XmlWriter& set_raw(std::string_view key, const std::string& value);
  XmlWriter& text(std::string_view content);
  XmlWriter& close();
  /// An element that holds only text.
  XmlWriter& leaf(std::string_view element, std::string_view content);

  /// Everything, after the last element was closed.
  std::string take() { return std::move(out_); }

 private:
  void end_tag();

  std::string out_;
  std::vector<std::string> open_;
  bool in_tag_ = false;
  bool inline_ = false;  ///< the innermost element holds text: no line break inside it
};

}  // namespace thalweg

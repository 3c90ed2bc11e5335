// A strict reader of the XML that the program writes: elements, attributes, text, the five entities and
// numbers. Whatever XML 1.0 forbids is an exception. No part of it is shared with the writer.
#pragma once

#include <cctype>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg::testing {

struct XmlElement {
  std::string name;
  std::map<std::string, std::string> attributes;
  std::string text;  ///< its own and that of its children, in order
  std::vector<XmlElement> children;

  double number(const std::string& key) const { return std::stod(attributes.at(key)); }
  std::string attribute(const std::string& key) const {
    const auto found = attributes.find(key);
    return found == attributes.end() ? "" : found->second;
  }
  /// Elements below this one with that name and, if given, that class; in order.
  std::vector<const XmlElement*> all(std::string_view wanted, std::string_view of_class = {}) const {
    std::vector<const XmlElement*> out;
    for (const XmlElement& child : children) {
      if (child.name == wanted && (of_class.empty() || child.attribute("class") == of_class))
        out.push_back(&child);
      for (const XmlElement* deeper : child.all(wanted, of_class)) out.push_back(deeper);
    }
    return out;
  }
};

class XmlReader {
 public:
  static XmlElement read(std::string_view text) {
    XmlReader reader(text);
    reader.check_characters();
    if (text.starts_with("<?xml")) reader.at_ = text.find("?>") + 2;
    reader.spaces();
    XmlElement root = reader.element();
    reader.spaces();
    reader.must(reader.at_ == text.size(), "something follows the root");
    return root;
  }

 private:
  explicit XmlReader(std::string_view text) : text_(text) {}

  void must(bool holds, const std::string& what) const {
    if (!holds)
      throw std::runtime_error("byte " + std::to_string(at_) + ": " + what + " at '" +
                               std::string(text_.substr(std::min(at_, text_.size()), 40)) + "'");
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void spaces() {
    while (at_ < text_.size() && (peek() == ' ' || peek() == '\n')) ++at_;
  }
  void eat(std::string_view expected) {
    must(text_.substr(at_, expected.size()) == expected, "expected " + std::string(expected));
    at_ += expected.size();
  }

  /// UTF-8 of characters that XML 1.0 allows, by the table of RFC 3629.
  void check_characters() {
    for (at_ = 0; at_ < text_.size();) {
      const auto byte = [&](std::size_t i) {
        return at_ + i < text_.size() ? static_cast<unsigned char>(text_[at_ + i]) : 0U;
      };
      const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
      const unsigned a = byte(0);
      if (a < 0x80) {
        must(a == 0x09 || a == 0x0A || a == 0x0D || a >= 0x20, "a control character");
        at_ += 1;
      } else if (a >= 0xC2 && a <= 0xDF) {
        must(tail(1), "broken UTF-8");
        at_ += 2;
      } else if (a >= 0xE0 && a <= 0xEF) {
        const unsigned b = byte(1);
        must(tail(1) && tail(2) && !(a == 0xE0 && b < 0xA0) && !(a == 0xED && b > 0x9F), "broken UTF-8");
        must(!(a == 0xEF && b == 0xBF && byte(2) >= 0xBE), "a noncharacter");
        at_ += 3;
      } else {
        must(a >= 0xF0 && a <= 0xF4 && tail(1) && tail(2) && tail(3), "broken UTF-8");
        must(!(a == 0xF0 && byte(1) < 0x90) && !(a == 0xF4 && byte(1) > 0x8F), "broken UTF-8");
        at_ += 4;
      }
    }
    at_ = 0;
  }

  std::string name() {
    const std::size_t begin = at_;
    while (std::isalnum(static_cast<unsigned char>(peek())) || peek() == '-' || peek() == ':' ||
           peek() == '_')
      ++at_;
    must(at_ > begin && !std::isdigit(static_cast<unsigned char>(text_[begin])), "expected a name");
    return std::string(text_.substr(begin, at_ - begin));
  }

  /// Up to (not including) `end`.
  std::string characters(char end) {
    std::string out;
    while (at_ < text_.size() && peek() != end) {
      must(peek() != '<', "a < in text");
      if (peek() != '&') {
        out += text_[at_++];
        continue;
      }
      const std::size_t semicolon = text_.find(';', at_);
      must(semicolon != std::string_view::npos && semicolon - at_ < 10, "a bare &");
      const std::string entity(text_.substr(at_ + 1, semicolon - at_ - 1));
      static const std::map<std::string, char> kKnown{{"amp", '&'},  {"lt", '<'},    {"gt", '>'},
                                                      {"quot", '"'}, {"apos", '\''}, {"#39", '\''}};
      must(kKnown.contains(entity), "an unknown entity");
      out += kKnown.at(entity);
      at_ = semicolon + 1;
    }
    return out;
  }

  XmlElement element() {
    XmlElement out;
    eat("<");
    out.name = name();
    while (true) {
      const bool space = peek() == ' ' || peek() == '\n';
      spaces();
      if (peek() == '/' || peek() == '>') break;
      must(space, "no space before an attribute");
      const std::string key = name();
      eat("=\"");
      must(out.attributes.emplace(key, characters('"')).second, "an attribute twice");
      eat("\"");
    }
    if (peek() == '/') {
      eat("/>");
      return out;
    }
    eat(">");
    while (true) {
      out.text += characters('<');
      if (text_.substr(at_, 2) == "</") break;
      out.children.push_back(element());
      out.text += out.children.back().text;
    }
    eat("</");
    must(name() == out.name, "the end of another element");
    eat(">");
    return out;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace thalweg::testing

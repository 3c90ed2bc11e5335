// Source that grows line by line. Private to core/script.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/script/script.hpp"

namespace thalweg::script {

class Source {
 public:
  /// A line at `level` indents of four spaces; an empty one has none.
  void line(std::string_view text = {}, int level = 0) {
    if (!text.empty()) text_.append(static_cast<std::size_t>(4 * level), ' ').append(text);
    text_ += '\n';
  }
  void lines(const std::vector<std::string>& list, int level = 0) {
    for (const std::string& text : list) line(text, level);
  }
  /// A definition of several lines, and the two empty ones that stand between definitions.
  void definition(std::string_view source) {
    text_ += source;
    text_ += "\n\n";
  }
  /// A comment, wrapped. `text` is safe for one (python_comment).
  void comment(std::string_view text, int level = 0);

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// The imports that `body` needs, and an empty line.
void write_imports(Source& out, std::string_view body);

/// The comment that a program begins with: what it is, of which run.
void write_title(Source& out, const ScriptTitle& title, const std::string& what);

}  // namespace thalweg::script

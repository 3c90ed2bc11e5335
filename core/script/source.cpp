#include "core/script/source.hpp"

#include <algorithm>

#include "core/spec/python.hpp"

namespace thalweg::script {
namespace {

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

void Source::comment(std::string_view text, int level) {
  constexpr std::size_t kWidth = 100;
  std::string row;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (!row.empty() && characters(row) + characters(word) + 3 > kWidth) {
      line("# " + row, level);
      row.clear();
    }
    row += (row.empty() ? "" : " ") + std::string(word);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!row.empty()) line("# " + row, level);
}

void write_title(Source& out, const ScriptTitle& title, const std::string& what) {
  out.comment(python_comment(what));
  std::string run;
  if (!title.name.empty() && title.name != what) run = " of the run " + python_comment(title.name);
  if (!title.uid.empty()) run += " (" + python_comment(title.uid) + ")";
  out.comment("The same numbers in PyTorch" + run + ", written by Thalweg.");
}

}  // namespace thalweg::script

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

void write_imports(Source& out, std::string_view body) {
  const auto needs = [&](std::string_view name) { return body.find(name) != std::string_view::npos; };
  const std::size_t before = out.text().size();
  for (const char* module : {"copy", "gzip", "math", "sys"})
    if (needs(std::string(module) + ".")) out.line(std::string("import ") + module);
  if (needs("Path(")) out.line("from pathlib import Path");
  if (out.text().size() > before) out.line();
  if (needs("np.")) out.line("import numpy as np");
  out.line("import torch");
  if (needs("nn.Module") || needs(" nn.")) out.line("from torch import nn");
  out.line();
}

void write_title(Source& out, const ScriptTitle& title, const std::string& what) {
  out.comment(python_comment(what));
  if (title.name.empty() && title.uid.empty())
    return out.comment("The same numbers in PyTorch, written by Thalweg.");
  const bool named = !title.name.empty() && title.name != what;
  const std::string uid =
      title.uid.empty() ? "" : (named ? " (" : " ") + python_comment(title.uid) + (named ? ")" : "");
  out.comment("The run" + (named ? " " + python_comment(title.name) : "") + uid +
              " as PyTorch: the same numbers. Written by Thalweg.");
}

}  // namespace thalweg::script

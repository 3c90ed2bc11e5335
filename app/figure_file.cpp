#include "app/figure_file.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "app/export/raster.hpp"
#include "app/work/files.hpp"

namespace thalweg {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 3> kEndings{".svg", ".png", ".csv"};
constexpr std::size_t kLongestName = 60;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

Result<std::string> contents(const FigureFile& figure, FigureFormat format) {
  if (format == FigureFormat::kCsv) return figure.source.csv();
  std::string svg = figure.source.svg(figure.options);
  return format == FigureFormat::kSvg ? Result<std::string>(std::move(svg)) : png_of_svg(svg, figure.pixels);
}

}  // namespace

std::optional<FigureFormat> figure_format(const fs::path& file) {
  const std::string ending = lower(file.extension().string());
  for (std::size_t i = 0; i < kEndings.size(); ++i)
    if (ending == kEndings[i]) return static_cast<FigureFormat>(i);
  return std::nullopt;
}

std::optional<Error> write_figure(const FigureFile& figure, bool& exists) {
  exists = false;
  const auto format = figure_format(figure.path);
  if (!format) return bad_input("must end in .svg, .png or .csv", figure.path.filename().string());
  std::error_code code;
  if (!figure.replace && fs::exists(fs::symlink_status(figure.path, code))) {
    exists = true;
    return bad_input("is there already", figure.path.string());
  }
  const auto text = contents(figure, *format);
  return text ? write_file(figure.path, *text) : std::optional(text.error());
}

std::string file_name_for(std::string_view title) {
  std::string out;
  for (const char c : title) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && std::isalnum(byte) != 0)
      out += static_cast<char>(std::tolower(byte));
    else if (!out.empty() && out.back() != '-')
      out += '-';
    if (out.size() >= kLongestName) break;
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.empty() ? "chart" : out;
}

}  // namespace thalweg

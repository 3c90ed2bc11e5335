#include "app/cli/figure.hpp"

#include <CLI/CLI.hpp>
#include <cmath>

#include "app/figure_file.hpp"
#include "app/ui/chart_export.hpp"
#include "core/spec/spec.hpp"

namespace thalweg::cli {

void add_picture_options(CLI::App& command, PictureOptions& options) {
  command.add_option("--size", options.size, "of a picture, in points")->type_name("WxH");
  command.add_option("--theme", options.theme, "its colours: light, dark or projector")
      ->type_name("NAME")
      ->check(CLI::IsMember({"light", "dark", "projector"}));
  command.add_option("--title", options.title, "above it")->type_name("TEXT");
  command.add_option("--scale", options.scale, "pixels of a PNG for each point")
      ->type_name("N")
      ->check(CLI::Range(1.0, 8.0));
  command.add_flag("--log", options.log, "logarithmic axis of y; what is best when high (accuracy) stays linear");
}

Result<std::pair<int, int>> parse_size(const std::string& text, int least, int most) {
  const auto times = text.find('x');
  const auto width = parse_number(text.substr(0, times));
  const auto height = times == std::string::npos ? std::nullopt : parse_number(text.substr(times + 1));
  const auto fits = [&](const std::optional<double>& side) {
    return side && *side == std::floor(*side) && *side >= least && *side <= most;
  };
  if (!fits(width) || !fits(height))
    return bad_input("must be WIDTHxHEIGHT of " + std::to_string(least) + " to " + std::to_string(most) +
                         " pixels, not '" + text.substr(0, 40) + "'",
                     "size");
  return std::pair{static_cast<int>(*width), static_cast<int>(*height)};
}

bool is_picture(const std::string& file) {
  const auto format = figure_format(file);
  return format && *format != FigureFormat::kCsv;
}

std::optional<Error> write_picture(std::vector<Chart> charts, const PictureOptions& options) {
  const auto size = parse_size(options.size, kSmallestFigure, kLargestFigure);
  if (!size) return size.error();
  SvgOptions svg{size->first, size->second, ui::figure_style(ui::theme_by_id(options.theme)), options.title};
  bool exists = false;
  return write_figure({options.out, figure_of(std::move(charts)), std::move(svg), options.scale, true},
                      exists);
}

}  // namespace thalweg::cli

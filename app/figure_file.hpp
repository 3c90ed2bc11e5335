// Figures as files, by the ends of their names: .svg, .png, .csv. For window and command line.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/figure/source.hpp"
#include "core/spec/result.hpp"

namespace thalweg {

enum class FigureFormat { kSvg, kPng, kCsv };
std::optional<FigureFormat> figure_format(const std::filesystem::path& file);

struct FigureFile {
  std::filesystem::path path;
  FigureSource source;
  SvgOptions options;
  double pixels = 1.0;   ///< of a PNG for each CSS pixel
  bool replace = false;  ///< a file that is there
};

/// Writes all of it or nothing. @return what stops it; `exists` is set where it is only that the file is
/// there already. Any thread.
std::optional<Error> write_figure(const FigureFile& figure, bool& exists);

/// "loss-above-the-minimum": a file name for a title; "chart" if nothing of it is left.
std::string file_name_for(std::string_view title);

}  // namespace thalweg

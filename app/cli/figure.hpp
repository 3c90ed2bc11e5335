// Charts that commands write: what they are told about the picture, and writing it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/figure/svg.hpp"
#include "core/spec/result.hpp"

namespace CLI {
class App;
}

namespace thalweg::cli {

struct PictureOptions {
  std::string out;  ///< .svg, .png or .csv
  std::string size = "720x450";
  std::string theme = "light";
  std::string title;
  double scale = 2.0;  ///< pixels of a PNG for each of `size`
  bool log = false;
};

/// --size, --theme, --title, --scale and --log; `out` is up to the command.
void add_picture_options(CLI::App& command, PictureOptions& options);

/// "WIDTHxHEIGHT", each of `least` to `most` pixels.
Result<std::pair<int, int>> parse_size(const std::string& text, int least, int most);

/// Whether a file of this name is a picture: .svg or .png.
bool is_picture(const std::string& file);

/// Replaces a file that is there, as commands do.
std::optional<Error> write_picture(std::vector<Chart> charts, const PictureOptions& options);

}  // namespace thalweg::cli

// SVG to PNG. librsvg draws it; it is loaded with the first picture and not before, since it brings some
// forty libraries that a start of the program need not wait for. Nothing else in the program knows it.
#pragma once

#include <string>

#include "core/spec/result.hpp"

namespace thalweg {

/// A PNG, 8 bits a channel, `scale` pixels for each CSS pixel of the document (1 to 8, and no side longer
/// than 16384 pixels), which must give its width and height. Fails with kUnsupported where librsvg is not
/// installed. Any thread.
Result<std::string> png_of_svg(const std::string& svg, double scale);

}  // namespace thalweg

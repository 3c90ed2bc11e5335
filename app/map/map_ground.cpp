#include "app/map/map_ground.hpp"

#include <stb/stb_image_write.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

namespace thalweg {
namespace {

/// RGB, rows from the top.
std::vector<std::uint8_t> tinted(const HeightField& field, const MapStyle& style) {
  const auto table = tint_table(style);
  const LevelRange tints = tint_range(style, field.range);
  const double span = field.style.log_levels ? 1.0 : field.range.span() / 6.0;
  const double slope = std::min(field.width, field.height) / 45.0 / span * field.contours.spacing;
  const auto at = [&](int i, int j) {
    i = std::clamp(i, 0, field.width - 1);
    j = std::clamp(j, 0, field.height - 1);
    return field.level[static_cast<std::size_t>(j) * static_cast<std::size_t>(field.width) +
                       static_cast<std::size_t>(i)];
  };
  std::vector<std::uint8_t> out;
  out.reserve(field.level.size() * 3);
  const auto put = [&](double value) {
    out.push_back(static_cast<std::uint8_t>(std::lround(255.0 * std::clamp(value, 0.0, 1.0))));
  };
  for (int j = field.height - 1; j >= 0; --j)
    for (int i = 0; i < field.width; ++i) {
      const float c = at(i, j);
      if (c <= HeightField::kEmpty) {
        put(static_cast<double>(style.empty.r));
        put(static_cast<double>(style.empty.g));
        put(static_cast<double>(style.empty.b));
        continue;
      }
      const auto near = [&](int x, int y) { return at(x, y) <= HeightField::kEmpty ? c : at(x, y); };
      const double gx = 0.5 * slope * static_cast<double>(near(i + 1, j) - near(i - 1, j));
      const double gy = 0.5 * slope * static_cast<double>(near(i, j + 1) - near(i, j - 1));
      const double lit = 0.7071 * (gx - gy) / std::sqrt(1.0 + gx * gx + gy * gy);
      const double coordinate = static_cast<double>(c) * field.contours.spacing + field.origin;
      const double unit = std::clamp((coordinate - tints.low) / tints.span(), 0.0, 1.0);
      const MapColour& ground = table[static_cast<std::size_t>(std::lround(unit * (kTintTableSize - 1)))];
      const double dark = static_cast<double>(style.hillshade_dark),
                   light = static_cast<double>(style.hillshade_light);
      // Shade is a little cooler than light, as under an open sky.
      put(static_cast<double>(ground.r) * (1.0 + lit * (lit > 0.0 ? light : 1.1 * dark)));
      put(static_cast<double>(ground.g) * (1.0 + lit * (lit > 0.0 ? light : dark)));
      put(static_cast<double>(ground.b) * (1.0 + lit * (lit > 0.0 ? light : 0.8 * dark)));
    }
  return out;
}

std::string png_of(const std::vector<std::uint8_t>& rgb, int width, int height) {
  std::string out;
  const auto append = [](void* sink, void* data, int size) {
    static_cast<std::string*>(sink)->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
  };
  stbi_write_png_to_func(append, &out, width, height, 3, rgb.data(), 3 * width);
  return out;
}

/// RFC 4648.
std::string base64(const std::string& bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve(bytes.size() / 3 * 4 + 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t k) {
      return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U;
    };
    const unsigned group = byte(0) << 16 | byte(1) << 8 | byte(2);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k > bytes.size() ? '=' : kDigits[group >> (18 - 6 * k) & 63U];
  }
  return out;
}

}  // namespace

HeightField sampled(const FieldRequest& request, const LevelStyle& levels) {
  std::vector<double> z = sample_field(request, 2).z;
  z.resize(static_cast<std::size_t>(request.width) * static_cast<std::size_t>(request.height), std::nan(""));
  return make_height_field(z, request.width, request.height, {request.x0, request.y0, request.x1, request.y1},
                           levels);
}

std::string tinted_png(const HeightField& field, const MapStyle& style) {
  return png_base64(tinted(field, style), field.width, field.height);
}

std::string png_base64(const std::vector<std::uint8_t>& rgb, int width, int height) {
  return base64(png_of(rgb, width, height));
}

}  // namespace thalweg

#include "app/panels/insight_figure.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "app/map/map_ground.hpp"
#include "core/figure/csv.hpp"
#include "core/figure/svg_page.hpp"

namespace thalweg {
namespace {

std::string text_of(double value) { return svg_number(std::round(value * 100.0) / 100.0); }

/// What both figures have: a titled sheet with a footnote and a box for the plot.
struct Sheet {
  Sheet(const SvgOptions& options, const std::string& title, const std::string& note,
        const std::string& about)
      : page(options, options.title.empty() ? title : options.title, about, title + note) {
    box.top = page.heading(page.margin()) + 4.0 * page.k();
    const double bottom = page.notes(page.height() - 0.6 * page.margin(), note);
    box.left = page.margin() + 56.0 * page.k();
    box.width = page.width() - box.left - page.margin();
    box.height = bottom - box.top - page.x_axis_room(true);
  }

  void place(const Range& x, AxisScale x_scale, const Range& y, const char* x_name, const char* y_name,
             bool grid) {
    x_range = x, y_range = y, scale = x_scale;
    page.y_axis(box, y, AxisScale::kLinear, ticks(y, AxisScale::kLinear, box.height, 40.0 * page.k()), grid);
    page.x_axis(box, x, x_scale, true);
    page.x_title(box, x_name);
    page.y_title(box, y_name);
  }
  double px(double value) const { return box.left + box.width * to_unit(x_range, scale, value); }
  double py(double value) const {
    return box.bottom() - box.height * to_unit(y_range, AxisScale::kLinear, value);
  }

  void path(const std::string& d, std::uint32_t colour, double width, double opacity = 1.0) {
    page.out().open("path").set_raw("d", d).set("fill", "none").set_raw("stroke", svg_colour(colour));
    page.out()
        .set("stroke-width", width * page.k())
        .set("stroke-opacity", opacity)
        .set("stroke-linejoin", "round")
        .close();
  }
  void dot(double x, double y, double r, std::uint32_t colour, std::uint32_t rim) {
    page.out()
        .open("circle")
        .set("cx", x)
        .set("cy", y)
        .set("r", r * page.k())
        .set_raw("fill", svg_colour(colour));
    page.out().set_raw("stroke", svg_colour(rim)).set("stroke-width", 2.0 * page.k()).close();
  }
  void word(double x, double y, const std::string& text, std::uint32_t colour, const char* anchor) {
    page.out().open("text").set("x", x).set("y", y).set("font-size", SvgPage::kTick * page.k());
    page.out().set_raw("text-anchor", anchor).set_raw("fill", svg_colour(colour)).text(text).close();
  }

  SvgPage page;
  SvgBox box;
  Range x_range, y_range;
  AxisScale scale = AxisScale::kLinear;
};

std::string map_svg(const RateMapFigure& figure, const SvgOptions& options) {
  const RateField& field = *figure.field;
  const bool dark = options.style.dark;
  Sheet sheet(options, figure.title, figure.note, "Spectral radius against learning rate and momentum.");
  const FigureStyle& style = sheet.page.style();
  const Range x{field.request.lowest_rate, field.request.highest_rate}, y{0.0, 1.0};
  const int width = std::max(2, static_cast<int>(sheet.box.width)),
            height = std::max(2, static_cast<int>(sheet.box.height));
  const auto rgb =
      rate_pixels(field, figure.best.radius, width, height, figure.tints[dark ? 1 : 0], style.grid);
  XmlWriter& out = sheet.page.out();
  out.open("image")
      .set("x", sheet.box.left)
      .set("y", sheet.box.top)
      .set("width", sheet.box.width)
      .set("height", sheet.box.height);
  out.set_raw("preserveAspectRatio", "none")
      .set_raw("href", "data:image/png;base64," + png_base64(rgb, width, height))
      .close();
  sheet.place(x, AxisScale::kLog, y, "learning rate η", "momentum μ", false);

  out.open("clipPath")
      .set_raw("id", sheet.page.id() + "-map")
      .open("rect")
      .set("x", sheet.box.left)
      .set("y", sheet.box.top);
  out.set("width", sheet.box.width).set("height", sheet.box.height).close().close();
  out.open("g").set_raw("clip-path", "url(#" + sheet.page.id() + "-map)");
  for (const ContourLine& line : field.lines) {
    const bool major = line.level % RateField::kLinesPerDecade == 0;
    std::string d;
    for (const ContourPoint& p : line.points)
      d += (d.empty() ? "M" : "L") +
           text_of(sheet.box.left + (static_cast<double>(p.x) + 0.5) / RateField::kWidth * sheet.box.width) +
           " " +
           text_of(sheet.box.bottom() -
                   (static_cast<double>(p.y) + 0.5) / RateField::kHeight * sheet.box.height);
    sheet.path(d + (line.closed ? "Z" : ""), style.text, major ? 1.0 : 0.6, major ? 0.6 : 0.3);
  }
  std::string edge;
  for (const RateMapPoint& p : field.boundary)
    if (std::isfinite(p.rate))
      edge += (edge.empty() ? "M" : "L") + text_of(sheet.px(p.rate)) + " " + text_of(sheet.py(p.momentum));
  sheet.path(edge, style.warning, 2.0);
  out.close();

  const double bx = sheet.px(figure.best.learning_rate), by = sheet.py(figure.best.momentum),
               r = 7.0 * sheet.page.k();
  out.open("circle")
      .set("cx", bx)
      .set("cy", by)
      .set("r", r)
      .set("fill", "none")
      .set_raw("stroke", svg_colour(style.text));
  out.set("stroke-width", 1.5 * sheet.page.k()).close();
  sheet.path("M" + text_of(bx - 1.5 * r) + " " + text_of(by) + "h" + text_of(3.0 * r) + "M" + text_of(bx) +
                 " " + text_of(by - 1.5 * r) + "v" + text_of(3.0 * r),
             style.text, 1.5);
  sheet.word(bx - 1.8 * r, by - 0.8 * r, "best: " + rate_number(figure.best.radius), style.text, "end");
  const std::uint32_t own =
      style.palette.empty() ? style.text
                            : style.palette[static_cast<std::size_t>(figure.colour) % style.palette.size()];
  sheet.dot(sheet.px(figure.rate), sheet.py(figure.momentum), 6.0, own, style.background);
  return sheet.page.finish();
}

std::string map_csv(const RateMapFigure& figure) {
  std::string out = "lr,momentum,radius\n";
  const RateField& field = *figure.field;
  for (int j = 0; j < RateField::kHeight; ++j)
    for (int i = 0; i < RateField::kWidth; ++i)
      out += csv_number(field.request.rate_at((i + 0.5) / RateField::kWidth)) + "," +
             csv_number((j + 0.5) / RateField::kHeight) + "," +
             csv_number(field.radius[static_cast<std::size_t>(j * RateField::kWidth + i)]) + "\n";
  return out;
}

std::string roots_svg(const RootsFigure& figure, const SvgOptions& options) {
  Sheet sheet(options, figure.title, figure.note,
              "Roots of the characteristic polynomials in the complex plane.");
  const FigureStyle& style = sheet.page.style();
  // A circle is to be round: the longer side shows more of the plane.
  const double reach = roots_reach(figure.directions);
  const double unit = std::min(sheet.box.width, sheet.box.height) / 2.0 / reach;
  const double across = sheet.box.width / 2.0 / unit, up = sheet.box.height / 2.0 / unit;
  sheet.place({-across, across}, AxisScale::kLinear, {-up, up}, "real part", "imaginary part", true);
  XmlWriter& out = sheet.page.out();
  out.open("circle").set("cx", sheet.px(0.0)).set("cy", sheet.py(0.0)).set("r", unit).set("fill", "none");
  out.set_raw("stroke", svg_colour(style.warning)).set("stroke-width", 2.0 * sheet.page.k()).close();
  for (std::size_t i = 0; i < figure.directions.size(); ++i) {
    const std::uint32_t colour = figure.colours[i];
    for (const auto& z : figure.directions[i].roots)
      sheet.dot(sheet.px(std::clamp(z.real(), -across, across)), sheet.py(std::clamp(z.imag(), -up, up)), 5.0,
                colour, style.background);
    if (i >= 12) continue;
    const double y = sheet.box.top + (14.0 + 16.0 * static_cast<double>(i)) * sheet.page.k();
    sheet.dot(sheet.box.left + 12.0 * sheet.page.k(), y - 4.0 * sheet.page.k(), 4.0, colour,
              style.background);
    sheet.word(sheet.box.left + 24.0 * sheet.page.k(), y,
               "λ = " + rate_number(figure.directions[i].eigenvalue) +
                   ": |z| = " + rate_number(figure.directions[i].radius, 6),
               style.text, "start");
  }
  return sheet.page.finish();
}

std::string roots_csv(const RootsFigure& figure) {
  std::string out = "eigenvalue,real,imaginary,modulus\n";
  for (const RateDirection& direction : figure.directions)
    for (const auto& z : direction.roots)
      out += csv_number(direction.eigenvalue) + "," + csv_number(z.real()) + "," + csv_number(z.imag()) +
             "," + csv_number(std::abs(z)) + "\n";
  return out;
}

template <class Figure>
FigureSource source_of(Figure figure, std::string (*svg)(const Figure&, const SvgOptions&),
                       std::string (*csv)(const Figure&)) {
  FigureSource out;
  out.title = figure.title;
  const auto kept = std::make_shared<const Figure>(std::move(figure));
  out.svg = [kept, svg](const SvgOptions& options) { return svg(*kept, options); };
  out.csv = [kept, csv] { return csv(*kept); };
  return out;
}

}  // namespace

double tint_unit(double radius, double best) {
  constexpr double kDecades = 2.5;
  return std::clamp((radius_level(radius) - radius_level(best)) / kDecades, 0.0, 1.0);
}

std::vector<std::uint8_t> rate_pixels(const RateField& field, double best, int width, int height,
                                      const RateTints& tints, std::uint32_t unstable) {
  constexpr int kW = RateField::kWidth, kH = RateField::kHeight;
  std::vector<float> units(field.radius.size());
  std::transform(field.radius.begin(), field.radius.end(), units.begin(), [&](double radius) {
    return radius < 1.0 ? static_cast<float>(tint_unit(radius, best)) : -1.0F;
  });
  const auto unit_at = [&](int i, int j) {
    return units[static_cast<std::size_t>(std::clamp(j, 0, kH - 1) * kW + std::clamp(i, 0, kW - 1))];
  };
  std::vector<std::uint8_t> out;
  out.reserve(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  for (int row = 0; row < height; ++row)
    for (int column = 0; column < width; ++column) {
      const float x = (static_cast<float>(column) + 0.5F) / static_cast<float>(width) * kW - 0.5F;
      const float y = (1.0F - (static_cast<float>(row) + 0.5F) / static_cast<float>(height)) * kH - 0.5F;
      const int i = static_cast<int>(std::floor(x)), j = static_cast<int>(std::floor(y));
      const float fx = x - static_cast<float>(i), fy = y - static_cast<float>(j);
      const float nearest = unit_at(fx < 0.5F ? i : i + 1, fy < 0.5F ? j : j + 1);
      std::uint32_t colour = unstable;
      if (nearest >= 0.0F) {
        const auto stable = [&](int a, int b) { return unit_at(a, b) < 0.0F ? nearest : unit_at(a, b); };
        const float low = stable(i, j) + fx * (stable(i + 1, j) - stable(i, j));
        const float high = stable(i, j + 1) + fx * (stable(i + 1, j + 1) - stable(i, j + 1));
        const float unit = std::clamp(low + fy * (high - low), 0.0F, 1.0F);
        colour = tints[static_cast<std::size_t>(std::lround(unit * static_cast<float>(tints.size() - 1)))];
      }
      for (const int shift : {16, 8, 0}) out.push_back(static_cast<std::uint8_t>(colour >> shift & 0xffU));
    }
  return out;
}

double roots_reach(const std::vector<RateDirection>& directions) {
  double reach = 1.15;
  for (const RateDirection& direction : directions)
    if (std::isfinite(direction.radius)) reach = std::max(reach, 1.1 * direction.radius);
  return std::min(reach, 3.0);
}

FigureSource figure_of(RateMapFigure figure) { return source_of(std::move(figure), &map_svg, &map_csv); }

FigureSource figure_of(RootsFigure figure) {
  FigureSource out = source_of(std::move(figure), &roots_svg, &roots_csv);
  out.width = out.height = 560;
  return out;
}

}  // namespace thalweg

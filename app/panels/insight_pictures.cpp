// The pictures of the page of rates: the map of settings, the V, the roots.
#include <algorithm>
#include <cmath>
#include <map>
#include <span>

#include "app/panels/compare_scatter.hpp"
#include "app/panels/insight_parts.hpp"
#include "app/panels/insight_rates.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/stroke.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

constexpr double kMostMomentum = 0.9995;
constexpr std::size_t kMostListed = 8;

std::uint32_t hex(ui::Colour colour) {
  return (colour >> IM_COL32_R_SHIFT & 0xffU) << 16 | (colour >> IM_COL32_G_SHIFT & 0xffU) << 8 |
         (colour >> IM_COL32_B_SHIFT & 0xffU);
}

/// The tints of the map of the surface: the fast settings are its valley.
RateTints tints_of(const ui::Theme& theme) {
  constexpr int kSteps = 96;
  RateTints out;
  const auto last = static_cast<float>(theme.tint.size() - 1);
  for (int i = 0; i < kSteps; ++i) {
    const float at = last * static_cast<float>(i) / (kSteps - 1);
    const auto below = std::min(static_cast<std::size_t>(at), theme.tint.size() - 2);
    out.push_back(
        hex(ui::mix(theme.tint[below].colour, theme.tint[below + 1].colour, at - static_cast<float>(below))));
  }
  return out;
}

/// To what a hand can aim at: three digits, of a momentum those of its distance from 1.
double rounded(double value) {
  const double unit = std::pow(10.0, std::floor(std::log10(value)) - 2.0);
  return std::round(value / unit) * unit;
}
double rounded_momentum(double value) {
  const double step = value > 0.99 ? 1e-4 : 1e-3;
  return std::clamp(std::round(value / step) * step, 0.0, kMostMomentum);
}

ui::Colour direction_colour(const std::vector<RateDirection>& directions, std::size_t index) {
  const double count = static_cast<double>(directions.size());
  return ramp_colour(count > 1 ? static_cast<double>(index) / (count - 1.0) : 0.5);
}

/// A small cross in a circle: the mark of a minimum, as on the map.
void draw_best(ImDrawList* list, ImVec2 at) {
  for (const bool rim : {true, false}) {
    const ui::Colour colour = rim ? ui::with_alpha(ui::theme().halo, 0.8F) : ui::theme().text;
    const float line = ui::line_width(rim ? 4.0F : 1.5F);
    list->AddCircle(at, ui::px(7), colour, 24, line);
    list->AddLine({at.x - ui::px(10), at.y}, {at.x + ui::px(10), at.y}, colour, line);
    list->AddLine({at.x, at.y - ui::px(10)}, {at.x, at.y + ui::px(10)}, colour, line);
  }
}

void draw_point(ImDrawList* list, ImVec2 at, int colour) {
  list->AddCircleFilled(at, ui::px(8), ui::theme().dark ? ui::theme().ground : ui::theme().card, 24);
  list->AddCircleFilled(at, ui::px(6), ui::path_colour(colour), 24);
}

/// Text on a picture, with a rim so that it reads anywhere.
void draw_word(ImDrawList* list, ImVec2 at, const std::string& text, float align) {
  const ui::Colour rim = ui::with_alpha(ui::theme().dark ? ui::theme().ground : ui::theme().card, 0.75F);
  for (const auto& [dx, dy] : {std::pair{-1.0F, 0.0F}, {1.0F, 0.0F}, {0.0F, -1.0F}, {0.0F, 1.0F}})
    ui::draw_centred(list, ui::Type::kSmall, at.x + dx, at.y + dy, rim, text, align);
  ui::draw_centred(list, ui::Type::kSmall, at.x, at.y, ui::theme().text, text, align);
}

/// One label for each strong line, on its longest piece, where least else is in the way.
template <class Cell>
void label_radii(const RateField& field, const InsightPlane& plane, std::span<const ImVec2> taken,
                 Cell cell) {
  std::map<std::int64_t, const ContourLine*> longest;
  for (const ContourLine& line : field.lines) {
    if (line.level % RateField::kLinesPerDecade != 0 || line.points.size() < 24) continue;
    const ContourLine*& kept = longest[line.level];
    if (!kept || kept->points.size() < line.points.size()) kept = &line;
  }
  std::vector<ImVec2> avoid(taken.begin(), taken.end());
  for (const auto& [level, line] : longest) {
    ImVec2 best{};
    float room = ui::px(30);
    for (std::size_t k = 1; k < 10; ++k) {
      const ImVec2 at = cell(line->points[k * line->points.size() / 10]);
      float away = std::min(
          {at.x - plane.min.x, plane.max.x - at.x, 3.0F * (at.y - plane.min.y), 3.0F * (plane.max.y - at.y)});
      for (const ImVec2& other : avoid)
        away = std::min(away, std::hypot(at.x - other.x, 3.0F * (at.y - other.y)));
      if (away > room) room = away, best = at;
    }
    if (best.x <= 0.0F || room < ui::px(26)) continue;  // no room: better none than one over another
    const double radius = 1.0 - std::pow(10.0, -static_cast<double>(level) / RateField::kLinesPerDecade);
    draw_word(ImGui::GetWindowDrawList(), best, rate_number(radius, 6), 0.5F);
    avoid.push_back(best);
  }
}

}  // namespace

bool InsightRates::drag(const Page& page, const char* id, const InsightPlane& plane, bool with_momentum) {
  ImGui::SetCursorScreenPos(plane.min);
  ImGui::InvisibleButton(id, {plane.width(), plane.height()});
  ui::mark(id, plane.min, plane.max);
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  ui::Edit edit;
  edit.began = ImGui::IsItemActivated();
  if (ImGui::IsItemActive() &&
      (edit.began || ImGui::GetIO().MouseDelta.x != 0.0F || ImGui::GetIO().MouseDelta.y != 0.0F)) {
    double rate = plane.x_at(mouse.x);
    // The schedule stands between the optimizer's own rate and the one in force.
    if (page.rate > 0.0 && page.base > 0.0) rate *= page.base / page.rate;
    if (rate > 0.0)
      set_settings(page.frame, page.lane, edit, rounded(rate),
                   with_momentum ? rounded_momentum(plane.y_at(mouse.y)) : NAN);
  }
  if (ImGui::IsItemDeactivated()) page.frame.editor.end_group();
  return ImGui::IsItemHovered() && !ImGui::IsItemActive();
}

void InsightRates::update_texture(const RateField& field, double best, int width, int height) {
  const std::string theme(ui::theme().id);
  if (textured_.get() == &field && textured_theme_ == theme && textured_best_ == best &&
      texture_.width() == width && texture_.height() == height)
    return;
  const auto rgb = rate_pixels(field, best, width, height, tints_of(ui::theme()), hex(ui::theme().panel));
  std::vector<std::uint8_t> rgba;
  rgba.reserve(rgb.size() / 3 * 4);
  for (std::size_t i = 0; i < rgb.size(); i += 3) {
    rgba.insert(rgba.end(), {rgb[i], rgb[i + 1], rgb[i + 2]});
    rgba.push_back(255);
  }
  texture_.set(width, height, rgba);
  textured_theme_ = theme;
  textured_best_ = best;
}

void InsightRates::draw_map(const Page& page, const Rect& place) {
  const std::shared_ptr<const RateField>& field = page.insight.field;
  const RateAnalysis& analysis = *page.insight.rates.analysis;
  const ui::Theme& t = ui::theme();
  const float head = insight_head(
      "rates.map", "Rate ρ over η and μ",
      "Spectral radius of the update on the quadratic: the factor by which the distance shrinks each step. "
      "Blue is "
      "fast; right of the orange line the run diverges. Drag the point, or click, to set both.",
      place, [&] {
        RateMapFigure figure{name_of(page.frame, page.lane) + ": rate against learning rate and momentum",
                             note_of(page.frame, page.lane),
                             field,
                             page.rate,
                             page.momentum,
                             analysis.best.value_or(OptimalSettings{}),
                             page.colour,
                             {tints_of(ui::light_theme()), tints_of(ui::dark_theme())}};
        return figure_of(std::move(figure));
      });
  InsightPlane plane;
  plane.x = {field->request.lowest_rate, field->request.highest_rate};
  plane.y = {0.0, 1.0};
  plane.x_scale = AxisScale::kLog;
  place_plane(plane, {{place.min.x, place.min.y + head}, place.max}, "η");
  ImDrawList* list = ImGui::GetWindowDrawList();
  const double best = analysis.best ? analysis.best->radius : 0.0;
  update_texture(*field, best, static_cast<int>(plane.width()), static_cast<int>(plane.height()));
  textured_ = field;
  list->AddImage(ui::texture_id(texture_.id()), plane.min, plane.max);
  draw_plane_axes(plane, "η", "μ", false);
  list->PushClipRect(plane.min, plane.max, true);
  const auto cell = [&](const ContourPoint& p) {
    return ImVec2{plane.min.x + (p.x + 0.5F) / RateField::kWidth * plane.width(),
                  plane.max.y - (p.y + 0.5F) / RateField::kHeight * plane.height()};
  };
  std::vector<ImVec2> points;
  for (const ContourLine& line : field->lines) {
    points.clear();
    for (const ContourPoint& p : line.points) points.push_back(cell(p));
    if (line.closed && !points.empty()) points.push_back(points.front());
    const bool major = line.level % RateField::kLinesPerDecade == 0;
    ui::stroke(list, points, ui::with_alpha(t.contour, major ? 0.55F : 0.28F), ui::line_width(1));
  }
  points.clear();
  for (const RateMapPoint& p : field->boundary)
    if (std::isfinite(p.rate)) points.push_back(plane.at(p.rate, p.momentum));
  ui::stroke(list, points, t.warning, ui::line_width(2));
  std::vector<ImVec2> taken{plane.at(page.rate, page.momentum)};
  if (analysis.best) {
    const ImVec2 best_at = plane.at(analysis.best->learning_rate, analysis.best->momentum);
    for (const float back : {0.0F, 24.0F, 48.0F, 72.0F}) taken.push_back({best_at.x - ui::px(back), best_at.y - ui::px(8)});
  }
  label_radii(*field, plane, taken, cell);
  if (!field->boundary.empty()) {
    const double right = std::sqrt(plane.x.max * std::max(field->boundary.front().rate, plane.x.min));
    const ImVec2 at = plane.at(right, 0.2);
    if (plane.max.x - at.x > ui::px(24)) draw_word(list, at, "diverges", 0.5F);
  }
  if (analysis.best) {
    const ImVec2 at = plane.at(analysis.best->learning_rate, analysis.best->momentum);
    draw_best(list, at);
    const bool below = at.y - plane.min.y < ui::px(16);  // a high momentum: no room above it
    draw_word(list, {at.x - ui::px(14), at.y + ui::px(below ? 8 : -8)},
              "best " + ui::number(analysis.best->radius), 1.0F);
    ui::mark("rates.best", {at.x - 3, at.y - 3}, {at.x + 3, at.y + 3});
  }
  const ImVec2 point = plane.at(std::clamp(page.rate, plane.x.min, plane.x.max), page.momentum);
  draw_point(list, point, page.colour);
  list->PopClipRect();
  list->AddRect(plane.min, plane.max, t.hairline, 0, 0, ui::line_width(1));
  ui::mark("rates.point", {point.x - 3, point.y - 3}, {point.x + 3, point.y + 3});
  if (drag(page, "rates.map", plane, true)) {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const double rate = plane.x_at(mouse.x), momentum = std::min(plane.y_at(mouse.y), kMostMomentum);
    Spec there = analysis.optimizer;
    *there.find(momentum_of(there)->key) = momentum;
    const double radius = radius_over(*linear_rule(there), rate, analysis.spectrum.range());
    ui::tooltip("η " + ui::number(rate, 3) + ", μ " + ui::number(momentum, 3) +
                ": ρ = " + radius_text(radius) + (radius < 1.0 ? "" : ", diverges"));
  }
}

void InsightRates::draw_v(const Page& page, const Rect& place) {
  const RateSweep& sweep = *page.insight.sweep;
  const RateAnalysis& analysis = *page.insight.rates.analysis;
  const ui::Theme& t = ui::theme();
  const bool plain = std::isnan(page.momentum);
  const float head =
      insight_head("rates.v", plain ? "Rate max |1 − ηλ| against η" : "Rate ρ against η, with this μ",
                   "The factor of each step in the direction where it is largest. Left the flattest "
                   "direction holds it up, right "
                   "the steepest; the best η is where they meet. Drag, or click, to set η.",
                   place, [&] {
                     Chart chart;
                     chart.title = name_of(page.frame, page.lane) + ": rate against learning rate";
                     chart.x.label = "learning rate η";
                     chart.y.label = "spectral radius ρ";
                     chart.note = note_of(page.frame, page.lane);
                     Series series{.name = "ρ", .colour = page.colour};
                     series.x = sweep.setting;
                     series.y = sweep.radius;
                     chart.series.push_back(std::move(series));
                     return figure_of({std::move(chart)});
                   });
  InsightPlane plane;
  plane.x = {0.0, sweep.setting.back()};
  const double depth = std::max(1e-12, 1.0 - std::min(sweep.best_radius, 1.0));
  plane.y = {std::max(0.0, 1.0 - 1.3 * depth), 1.0 + 0.7 * depth};
  place_plane(plane, {{place.min.x, place.min.y + head}, place.max}, "η");
  ImDrawList* list = ImGui::GetWindowDrawList();
  draw_plane_axes(plane, "η", "", true);
  list->PushClipRect(plane.min, plane.max, true);
  const float one = std::round(plane.at(0.0, 1.0).y);
  list->AddRectFilled({plane.min.x, one}, {plane.max.x, one + ui::line_width(1)}, t.warning);
  std::vector<ImVec2> points;
  if (plain) {
    // One line for each direction; the V is the upper edge of them all.
    for (std::size_t i = 0; i < analysis.directions.size() && i < kMostListed; ++i) {
      points.clear();
      const double curvature = analysis.directions[i].eigenvalue + analysis.rule.weight_decay;
      for (const double rate : sweep.setting)
        points.push_back(plane.at(rate, std::abs(1.0 - rate * curvature)));
      ui::stroke(list, points, ui::with_alpha(direction_colour(analysis.directions, i), 0.5F),
                 ui::line_width(1));
    }
  }
  points.clear();
  for (std::size_t i = 0; i < sweep.setting.size(); ++i)
    points.push_back(plane.at(sweep.setting[i], sweep.radius[i]));
  ui::stroke(list, points, t.text, ui::line_width(2));
  const ImVec2 best = plane.at(sweep.best, sweep.best_radius);
  draw_best(list, best);
  const bool left = best.x > 0.5F * (plane.min.x + plane.max.x);
  const std::string label = "best η " + ui::number(sweep.best) + ", ρ " + radius_text(sweep.best_radius);
  const float label_x = best.x + (left ? -ui::px(14) : ui::px(14));
  const float far = label_x + (left ? -1.0F : 1.0F) * ui::text_width(ui::Type::kSmall, label);
  // Above the curve, all along.
  float above = best.y;
  for (const ImVec2& p : points)
    if (p.x >= std::min(label_x, far) && p.x <= std::max(label_x, far)) above = std::min(above, p.y);
  float label_y = above - ui::px(10);
  const float limit = plane.at(plane.x.max, 1.0).y;  // and clear of the line at 1
  if (std::abs(label_y - limit) < ui::px(9)) label_y = limit - ui::px(9);
  draw_word(list, {label_x, std::max(label_y, plane.min.y + ui::px(8))}, label, left ? 1.0F : 0.0F);
  const double radius = radius_over(analysis.rule, page.rate, analysis.spectrum.range());
  ImVec2 point = plane.at(std::clamp(page.rate, plane.x.min, plane.x.max), radius);
  list->AddRectFilled({std::round(point.x), plane.min.y},
                      {std::round(point.x) + ui::line_width(1), plane.max.y},
                      ui::with_alpha(ui::path_colour(page.colour), 0.6F));
  point.y = std::clamp(point.y, plane.min.y + ui::px(8), plane.max.y - ui::px(8));
  draw_point(list, point, page.colour);
  list->PopClipRect();
  ui::mark("rates.v.point", {point.x - 3, point.y - 3}, {point.x + 3, point.y + 3});
  if (drag(page, "rates.v", plane, false)) {
    const double rate = plane.x_at(ImGui::GetIO().MousePos.x);
    ui::tooltip("η " + ui::number(rate, 3) +
                ": ρ = " + radius_text(radius_over(analysis.rule, rate, analysis.spectrum.range())));
  }
}

void InsightRates::draw_roots(const Page& page, const Rect& place) {
  const RateAnalysis& analysis = *page.insight.rates.analysis;
  const ui::Theme& t = ui::theme();
  const auto& directions = analysis.directions;
  const float head =
      insight_head("rates.roots", "Roots in the complex plane",
                   "One colour for each curvature λ. The distance along it shrinks by the largest |z| each "
                   "step: outside the unit "
                   "circle it grows; off the real axis it swings.",
                   place, [&] {
                     RootsFigure figure{name_of(page.frame, page.lane) + ": roots of the update",
                                        note_of(page.frame, page.lane),
                                        directions,
                                        {}};
                     for (std::size_t i = 0; i < directions.size(); ++i)
                       figure.colours.push_back(hex(direction_colour(directions, i)));
                     return figure_of(std::move(figure));
                   });
  ImDrawList* list = ImGui::GetWindowDrawList();
  const double reach = roots_reach(directions);
  const float side = std::min(place.height() - head, 0.5F * place.width());
  const ImVec2 min{place.min.x, place.min.y + head}, max{min.x + side, min.y + side};
  const ImVec2 centre{0.5F * (min.x + max.x), 0.5F * (min.y + max.y)};
  const float unit = 0.5F * side / static_cast<float>(reach);
  const float rule = ui::line_width(t.rule);
  list->PushClipRect(min, max, true);
  list->AddRectFilled({min.x, std::round(centre.y)}, {max.x, std::round(centre.y) + rule}, t.hairline);
  list->AddRectFilled({std::round(centre.x), min.y}, {std::round(centre.x) + rule, max.y}, t.hairline);
  list->AddCircle(centre, unit, t.warning, 96, ui::line_width(1.5F));
  list->AddCircle(centre, unit * static_cast<float>(std::min(analysis.radius, 9.0)), t.hairline, 96,
                  ui::line_width(1));
  const auto at = [&](std::complex<double> z) {
    const double edge = reach * 0.97;
    return ImVec2{centre.x + unit * static_cast<float>(std::clamp(z.real(), -edge, edge)),
                  centre.y - unit * static_cast<float>(std::clamp(z.imag(), -edge, edge))};
  };
  for (std::size_t i = directions.size(); i-- > 0;)
    for (const auto& z : directions[i].roots) {
      list->AddCircleFilled(at(z), ui::px(5.5F), t.panel, 20);
      list->AddCircleFilled(at(z), ui::px(4.5F), direction_colour(directions, i), 20);
    }
  list->PopClipRect();
  ImGui::SetCursorScreenPos(min);
  ImGui::InvisibleButton("roots", {side, side});
  ui::mark("rates.roots", min, max);
  if (ImGui::IsItemHovered()) {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    float near = ui::px(10);
    std::string text = "The unit circle: inside, the distance shrinks.";
    for (const RateDirection& direction : directions)
      for (const auto& z : direction.roots)
        if (const float away = std::hypot(at(z).x - mouse.x, at(z).y - mouse.y); away < near) {
          near = away;
          text =
              "λ = " + ui::number(direction.eigenvalue) + ": z = " + ui::number(z.real()) +
              (z.imag() == 0.0 ? ""
                               : (z.imag() > 0.0 ? " + " : " − ") + ui::number(std::abs(z.imag())) + " i") +
              ", |z| = " + radius_text(std::abs(z));
        }
    ui::tooltip(text);
  }
  // Beside it: the curvatures with their colours.
  const float row = ui::px(18), left = max.x + ui::px(14);
  const auto most = static_cast<std::size_t>(std::max(1.0F, std::floor(side / row) - 1.0F));
  float y = min.y + 0.5F * row;
  ui::draw_centred(list, ui::Type::kSmall, left + ui::px(14), y, t.dim, "λ");
  ui::draw_centred(list, ui::Type::kSmall, place.max.x, y, t.dim, "|z|", 1.0F);
  // Of many the steepest: both ends of the spectrum are named among the numbers.
  const std::size_t count = directions.size(), shown = std::min(count, most);
  for (std::size_t k = 0; k < shown; ++k) {
    const std::size_t i = count - shown + k;
    y += row;
    list->AddCircleFilled({left + ui::px(4), y}, ui::px(4), direction_colour(directions, i), 16);
    ui::draw_centred(list, ui::Type::kNote, left + ui::px(14), y, t.text,
                     ui::number(directions[i].eigenvalue));
    ui::draw_centred(list, ui::Type::kNote, place.max.x, y, directions[i].radius < 1.0 ? t.text : t.error,
                     radius_text(directions[i].radius), 1.0F);
  }
}

}  // namespace thalweg

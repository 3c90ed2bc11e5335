#include "app/panels/map_overlay.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "app/ui/text.hpp"
#include "app/ui/theme.hpp"
#include "core/figure/axis.hpp"

namespace thalweg {
namespace {

constexpr float kPi = 3.14159265F;

ImVec2 im(Vec2 p) { return {p.x, p.y}; }

/// The slice with its shown coordinates at a point of the plane.
void put(std::vector<double>& slice, const ShownAxes& axes, double x, double y) {
  slice[static_cast<std::size_t>(axes.x)] = x;
  slice[static_cast<std::size_t>(axes.y)] = y;
}

/// A round number without trailing zeros: contour levels are round.
std::string level_text(double value, int digits_wanted = 3) {
  const std::string text = ui::number(value, digits_wanted);
  const std::size_t power = std::min(text.find("×"), text.size());
  std::string digits = text.substr(0, power);
  if (digits.find('.') != std::string::npos) {
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  if (power < text.size() && digits == "1") return text.substr(power + std::string_view("×").size());
  return digits + text.substr(power);
}

std::vector<Vec2> local_minima(const Plane& plane, const Surface& surface, const ShownAxes& axes) {
  std::vector<Vec2> out;
  for (const MarkedPoint& minimum : surface.minima()) {
    if (minimum.global) continue;
    const Vec2 p = plane.to_screen(minimum.x[static_cast<std::size_t>(axes.x)], minimum.x[static_cast<std::size_t>(axes.y)]);
    if (plane.contains(p)) out.push_back(p);
  }
  return out;
}

}  // namespace

void draw_on_map(ImDrawList* list, ImVec2 at, const std::string& text, ImU32 colour) {
  for (const auto& [dx, dy] : {std::pair{-1.0F, 0.0F}, {1.0F, 0.0F}, {0.0F, -1.0F}, {0.0F, 1.0F}})
    ui::draw_text(list, ui::Type::kNote, {at.x + dx, at.y + dy}, ui::theme().halo, text);
  ui::draw_text(list, ui::Type::kNote, at, colour, text);
}

std::vector<Tick> vertical_ticks(const Plane& plane) {
  std::vector<Tick> out = ticks({plane.y0, plane.y1}, AxisScale::kLinear, plane.height, ui::px(56));
  std::erase_if(out, [](const Tick& t) { return !t.major || t.label.empty(); });
  return out;
}

bool crowded(const std::vector<Vec2>& places) {
  // Two in one cell leave nothing to see between them; a few may, as on the rim of a valley.
  const float cell = ui::px(24);
  std::set<std::pair<int, int>> taken;
  for (const Vec2 p : places)
    taken.emplace(static_cast<int>(std::floor(p.x / cell)), static_cast<int>(std::floor(p.y / cell)));
  return 4 * (places.size() - taken.size()) > places.size();
}

void draw_axes(ImDrawList* list, const Plane& plane, const std::string& x_name, const std::string& y_name) {
  const ui::Colour colour = ui::theme().text;
  const float bottom = plane.top + plane.height;
  const float line = ui::line_height(ui::Type::kNote);
  const float tick = ui::px(4);
  const auto label = [](const Tick& t) { return t.label.plain(); };
  for (const Tick& t : ticks({plane.x0, plane.x1}, AxisScale::kLinear, plane.width, ui::px(90))) {
    if (!t.major || t.label.empty()) continue;
    const float x = plane.to_screen(t.value, plane.y0).x;
    const float half = 0.5F * ui::text_width(ui::Type::kNote, label(t));
    if (x - half < plane.left + ui::px(40) || x + half > plane.left + plane.width - ui::px(24)) continue;
    list->AddLine({x, bottom}, {x, bottom - tick}, colour, ui::line_width(1));
    draw_on_map(list, {x - half, bottom - tick - line}, label(t), colour);
  }
  for (const Tick& t : vertical_ticks(plane)) {
    const float y = plane.to_screen(plane.x0, t.value).y;
    if (y < plane.top + ui::px(24) || y > bottom - ui::px(36)) continue;
    list->AddLine({plane.left, y}, {plane.left + tick, y}, colour, ui::line_width(1));
    draw_on_map(list, {plane.left + tick + ui::px(4), y - 0.5F * line}, label(t), colour);
  }
  draw_on_map(list, {plane.left + plane.width - ui::px(16), bottom - tick - line}, x_name, ui::theme().dim);
  draw_on_map(list, {plane.left + ui::px(8), plane.top + ui::px(6)}, y_name, ui::theme().dim);
}

void draw_colour_bar(ImDrawList* list, const MapLegend& legend, const Rect& picture, const std::vector<Vec2>& keep_clear) {
  const float height = ui::px(120);
  const float width = ui::px(10);
  const float line = ui::line_height(ui::Type::kNote);
  const auto text_width = [](const std::string& text) { return ui::text_width(ui::Type::kNote, text); };
  struct Label {
    float up;  ///< from the lower end of the bar
    std::string text;
  };
  std::vector<Label> labels;
  for (const MapLegend::Tick& tick : legend.ticks) {
    const float up = tick.position * height;
    if (!tick.major || up > height + 1 || (!labels.empty() && up - labels.back().up < ui::px(20))) continue;
    labels.push_back({up, level_text(tick.value)});
  }
  if (labels.size() < 2) {
    // Too few round levels to tell the scale: the ends do.
    const auto end = [&](double level) { return level_text(legend.log_levels ? std::pow(10.0, level) : level, 2); };
    labels = {{0.0F, end(legend.range.low)}, {height, end(legend.range.high)}};
  }
  const std::vector<std::string> title = legend.log_levels ? std::vector<std::string>{"height over", "minimum"}
                                                           : std::vector<std::string>{"height f"};
  float room = 0.0F;
  for (const std::string& words : title) room = std::max(room, text_width(words));
  for (const Label& label : labels) room = std::max(room, width + ui::px(6) + text_width(label.text));
  const float pad = ui::px(8);
  const float head = line * static_cast<float>(title.size()) + ui::px(10);
  const ImVec2 size{room + 2 * pad, head + height + 0.5F * line + pad + ui::px(4)};

  // The switch has the upper right corner, the axes' numbers have the left and lower edges.
  const float right = picture.max.x - ui::px(12) - size.x, left = picture.min.x + ui::px(48);
  const float bottom = picture.max.y - ui::px(34) - size.y, top = picture.min.y + ui::px(12);
  const auto covers = [&](ImVec2 at) {
    const float more = ui::px(12);
    return std::any_of(keep_clear.begin(), keep_clear.end(), [&](Vec2 p) {
      return p.x > at.x - more && p.x < at.x + size.x + more && p.y > at.y - more && p.y < at.y + size.y + more;
    });
  };
  const ImVec2 places[] = {{right, bottom},
                           {left, top},
                           {left, bottom},
                           {right, bottom + 0.25F * (top - bottom)},
                           {right, bottom + 0.5F * (top - bottom)},
                           {left + 0.6F * (right - left), bottom}};
  const auto* found = std::find_if_not(std::begin(places), std::end(places), covers);
  const ImVec2 place = found != std::end(places) ? *found : places[0];
  const ImVec2 corner{place.x + size.x - pad, place.y + pad + head + height};
  const ImVec2 min{corner.x - width, corner.y - height};
  list->AddRectFilled(place, {place.x + size.x, place.y + size.y}, ui::with_alpha(ui::theme().panel, 0.82F), ui::px(ui::kRadius));
  for (std::size_t i = 0; i < title.size(); ++i)
    ui::draw_text(list, ui::Type::kNote,
                  {corner.x - text_width(title[i]), min.y - head + line * static_cast<float>(i)}, ui::theme().dim, title[i]);

  const float step = height / static_cast<float>(legend.gradient.size());
  for (std::size_t i = 0; i < legend.gradient.size(); ++i) {
    const MapColour& c = legend.gradient[i];
    const float y = corner.y - step * static_cast<float>(i + 1);
    list->AddRectFilled({min.x, y}, {corner.x, y + step + 0.5F},
                        ImGui::ColorConvertFloat4ToU32({c.r, c.g, c.b, 1.0F}));
  }
  list->AddRect(min, corner, ui::theme().dim, 0, 0, ui::line_width(1));
  for (const Label& label : labels) {
    const float y = corner.y - label.up;
    list->AddLine({min.x - ui::px(3), y}, {min.x, y}, ui::theme().text, ui::line_width(1));
    ui::draw_text(list, ui::Type::kNote, {min.x - ui::px(6) - text_width(label.text), y - 0.5F * line},
                  ui::theme().text, label.text);
  }
}

void draw_minima(ImDrawList* list, const Plane& plane, const Surface& surface, const ShownAxes& axes) {
  const ui::Colour colour = ui::theme().text;
  const std::vector<Vec2> local = local_minima(plane, surface, axes);
  if (!crowded(local)) {
    for (const Vec2 p : local) {
      list->AddCircleFilled(im(p), ui::px(4), ui::theme().halo);
      list->AddCircle(im(p), ui::px(3), colour, 0, ui::line_width(1));
    }
  }
  const float radius = ui::px(8);
  const float arm = ui::px(12);
  for (const MarkedPoint& minimum : surface.minima()) {
    if (!minimum.global) continue;
    const Vec2 p = plane.to_screen(minimum.x[static_cast<std::size_t>(axes.x)], minimum.x[static_cast<std::size_t>(axes.y)]);
    if (!plane.contains(p)) continue;
    for (const bool halo : {true, false}) {
      const ui::Colour c = halo ? ui::theme().halo : colour;
      const float w = ui::line_width(halo ? 4 : 1.5F);
      list->AddCircle(im(p), radius, c, 0, w);
      list->AddLine({p.x - arm, p.y}, {p.x + arm, p.y}, c, w);
      list->AddLine({p.x, p.y - arm}, {p.x, p.y + arm}, c, w);
    }
  }
}

void draw_minima_names(ImDrawList* list, const Plane& plane, const Surface& surface, const ShownAxes& axes) {
  const float width = ui::text_width(ui::Type::kNote, "minimum");
  std::vector<Vec2> named;
  for (const MarkedPoint& minimum : surface.minima()) {
    if (!minimum.global) continue;
    const Vec2 p = plane.to_screen(minimum.x[static_cast<std::size_t>(axes.x)], minimum.x[static_cast<std::size_t>(axes.y)]);
    if (!plane.contains(p)) continue;
    const bool close = std::any_of(named.begin(), named.end(), [&](Vec2 q) {
      return std::abs(q.x - p.x) < ui::px(110) && std::abs(q.y - p.y) < ui::px(30);
    });
    if (close) continue;
    named.push_back(p);
    const bool right = p.x + ui::px(16) + width < plane.left + plane.width;
    draw_on_map(list, {right ? p.x + ui::px(14) : p.x - ui::px(14) - width, p.y + ui::px(8)}, "minimum", ui::theme().text);
  }
}

void draw_start(ImDrawList* list, const Plane& plane, Vec2 at, bool hovered, Vec2 leaves) {
  const float radius = ui::px(hovered ? 7 : 5);
  list->AddCircleFilled(im(at), radius + ui::px(2), ui::theme().halo);
  list->AddCircleFilled(im(at), radius, ui::theme().text);
  const float width = ui::text_width(ui::Type::kNote, "start");
  const float reach = ui::px(12) + width;
  const bool fits_left = at.x - reach > plane.left + ui::px(4);
  const bool fits_right = at.x + reach < plane.left + plane.width - ui::px(4);
  const bool left = fits_left && (leaves.x >= 0.0F || !fits_right);
  draw_on_map(list, {left ? at.x - reach : at.x + ui::px(12), at.y - 0.5F * ui::line_height(ui::Type::kNote)}, "start",
              ui::theme().text);
}

void draw_arrows(ImDrawList* list, const Plane& plane, const Surface& surface, const ShownAxes& axes,
                 std::vector<double> slice) {
  const float pitch = ui::px(40);
  const int columns = static_cast<int>(plane.width / pitch);
  const int rows = static_cast<int>(plane.height / pitch);
  struct Arrow {
    Vec2 at;
    float dx, dy;
    double norm;
  };
  std::vector<Arrow> arrows;
  std::vector<double> g(static_cast<std::size_t>(surface.dim()));
  double low = INFINITY, high = 0.0;
  for (int j = 0; j < rows; ++j) {
    for (int i = 0; i < columns; ++i) {
      const Vec2 at{plane.left + (static_cast<float>(i) + 0.5F) * pitch, plane.top + (static_cast<float>(j) + 0.5F) * pitch};
      put(slice, axes, plane.to_x(at.x), plane.to_y(at.y));
      surface.gradient(slice.data(), g.data());
      const double gx = g[static_cast<std::size_t>(axes.x)], gy = g[static_cast<std::size_t>(axes.y)];
      const double norm = std::hypot(gx, gy);
      if (!(norm > 0.0) || !std::isfinite(norm)) continue;
      arrows.push_back({at, static_cast<float>(-gx / norm), static_cast<float>(gy / norm), norm});
      low = std::min(low, norm);
      high = std::max(high, norm);
    }
  }
  const double decades = std::max(1e-9, std::log10(high / low));
  const ui::Colour colour = ui::with_alpha(ui::theme().text, 0.75F);
  for (const Arrow& arrow : arrows) {
    const float share = decades < 0.05 ? 1.0F : static_cast<float>(std::log10(arrow.norm / low) / decades);
    const float length = pitch * (0.25F + 0.6F * share);
    const ImVec2 tip{arrow.at.x + 0.5F * length * arrow.dx, arrow.at.y + 0.5F * length * arrow.dy};
    const ImVec2 tail{arrow.at.x - 0.5F * length * arrow.dx, arrow.at.y - 0.5F * length * arrow.dy};
    const float head = ui::px(4);
    list->AddLine(tail, tip, colour, ui::line_width(1));
    list->AddTriangleFilled(
        {tip.x + head * arrow.dx, tip.y + head * arrow.dy},
        {tip.x - head * 0.6F * arrow.dy, tip.y + head * 0.6F * arrow.dx},
        {tip.x + head * 0.6F * arrow.dy, tip.y - head * 0.6F * arrow.dx}, colour);
  }
}

PlaneCurvature plane_curvature(const Surface& surface, const ShownAxes& axes, const std::vector<double>& at) {
  const auto dim = static_cast<std::size_t>(surface.dim());
  std::vector<double> g(dim), h(dim * dim);
  surface.hessian(at.data(), g.data(), h.data());
  const auto entry = [&](int i, int j) { return h[static_cast<std::size_t>(i) * dim + static_cast<std::size_t>(j)]; };
  PlaneCurvature out;
  if (dim == 1) {
    out.lambda[0] = out.lambda[1] = h[0];
    return out;
  }
  const double a = entry(axes.x, axes.x), b = entry(axes.x, axes.y), c = entry(axes.y, axes.y);
  const double middle = 0.5 * (a + c);
  const double radius = std::hypot(0.5 * (a - c), b);
  // The one of larger magnitude first, the other from the determinant where that loses fewer digits.
  const double far = middle >= 0.0 ? middle + radius : middle - radius;
  const double near = far != 0.0 ? (a * c - b * b) / far : 0.0;
  out.lambda[0] = std::min(far, near);
  out.lambda[1] = std::max(far, near);
  const double angle = 0.5 * std::atan2(2.0 * b, a - c) + 0.5 * 3.14159265358979323846;
  out.direction[0] = std::cos(angle);
  out.direction[1] = std::sin(angle);
  return out;
}

void draw_hessian(ImDrawList* list, const Plane& plane, const Surface& surface, const ShownAxes& axes,
                  const std::vector<double>& at) {
  const PlaneCurvature curvature = plane_curvature(surface, axes, at);
  if (!std::isfinite(curvature.lambda[0]) || !std::isfinite(curvature.lambda[1])) return;
  const double smallest = std::min(std::abs(curvature.lambda[0]), std::abs(curvature.lambda[1]));
  if (!(smallest >= 0.0)) return;
  const Vec2 centre = plane.to_screen(at[static_cast<std::size_t>(axes.x)], at[static_cast<std::size_t>(axes.y)]);
  const float longest = ui::px(64);
  ImVec2 half[2];
  for (int k = 0; k < 2; ++k) {
    const double size = std::abs(curvature.lambda[k]);
    const float share = size > 0.0 ? static_cast<float>(std::sqrt(std::max(smallest, 1e-12 * size) / size)) : 1.0F;
    const float length = std::max(ui::px(3), longest * share);
    const double dx = k == 0 ? curvature.direction[0] : -curvature.direction[1];
    const double dy = k == 0 ? curvature.direction[1] : curvature.direction[0];
    half[k] = {static_cast<float>(dx) * length, -static_cast<float>(dy) * length};
  }
  std::vector<ImVec2> ring;
  for (int i = 0; i < 48; ++i) {
    const float t = 2.0F * kPi * static_cast<float>(i) / 48.0F;
    ring.push_back({centre.x + std::cos(t) * half[0].x + std::sin(t) * half[1].x,
                    centre.y + std::cos(t) * half[0].y + std::sin(t) * half[1].y});
  }
  list->AddPolyline(ring.data(), 48, ui::theme().halo, ImDrawFlags_Closed, ui::line_width(4));
  list->AddPolyline(ring.data(), 48, ui::theme().text, ImDrawFlags_Closed, ui::line_width(1.5F));
  for (int k = 0; k < 2; ++k) {
    const ui::Colour colour = curvature.lambda[k] < 0.0 ? ui::theme().error : ui::theme().text;
    list->AddLine({centre.x - half[k].x, centre.y - half[k].y}, {centre.x + half[k].x, centre.y + half[k].y}, colour,
                  ui::line_width(2));
  }
}

}  // namespace thalweg

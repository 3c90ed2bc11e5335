#include "app/panels/insight_rates.hpp"

#include <algorithm>
#include <cmath>

#include "app/panels/charts_panel.hpp"
#include "app/panels/insight_parts.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
void set_settings(Frame& frame, std::size_t lane, const ui::Edit& edit, double base, double momentum) {
  const Spec& spec = frame.scene().optimizers[lane].live.spec;
  const OptimizerDescriptor& descriptor = *find_optimizer(spec.id);
  const Parameter& rate = *descriptor.find("lr");
  if (check(rate, base)) return;
  propose(frame, edit, "optimizer." + std::to_string(lane) + ".rates", [&](Scene& scene) {
    LiveSpec& live = scene.optimizers[lane].live;
    set_live(frame, scene, live, rate, base);
    const auto setting = momentum_of(spec);
    if (setting && std::isfinite(momentum))
      set_live(frame, scene, live, *descriptor.find(setting->key), momentum);
  });
}

std::string name_of(const Frame& frame, std::size_t lane) {
  return find_optimizer(frame.scene().optimizers[lane].live.spec.id)->label;
}

std::string note_of(const Frame& frame, std::size_t lane) {
  const Scene& scene = frame.scene();
  const Spec& spec = scene.optimizers[lane].live.spec;
  return format_spec(scene.surface, *find_surface(scene.surface.id)) + " · " +
         format_spec(spec, *find_optimizer(spec.id));
}

std::string radius_text(double radius) { return ui::number(radius, radius > 0.9 && radius < 1.1 ? 6 : 4); }

void InsightRates::draw_distance(const Page& page, const Rect& place) {
  const LaneInsight& insight = page.insight;
  Chart chart;
  const bool distance = insight.quantity == RateQuantity::kDistance;
  chart.title = distance ? "Distance to the minimum" : "Gradient norm";
  chart.x.label = "step";
  chart.y.scale = AxisScale::kLog;
  chart.note = note_of(page.frame, page.lane);
  Series measured{.name = "measured", .colour = page.colour};
  measured.x = insight.measured.step;
  measured.y = insight.measured.value;
  if (page.lane < page.frame.run->runs.size()) measured.run = page.frame.run->runs[page.lane].uid;
  chart.series.push_back(std::move(measured));
  if (insight.theory.step.size() > 1) {
    const bool exact = !insight.rates.predicted.distance.empty();
    Series theory{
        .name = exact ? "theory" : "theory ρᵗ from step " + std::to_string(insight.rates.window.first),
        .colour = page.colour == 4 ? 0 : 4,
        .dashed = !exact,
        .dots = exact,
        .line = !exact};
    theory.x = insight.theory.step;
    theory.y = insight.theory.value;
    chart.series.push_back(std::move(theory));
  }
  chart.cursor = static_cast<double>(page.frame.scene().step);
  ImGui::SetCursorScreenPos(place.min);
  ui::chart(
      "rates.distance", chart, distance_,
      {.width = place.width(),
       .height = place.height(),
       .legend = true,
       .help = "A straight line on the log axis is a rate. Dots or dashes: what theory says; on a quadratic "
               "with settings "
               "that stay it is exact from the first step."});
}

std::vector<std::pair<std::string, std::string>> InsightRates::number_rows(const Page& page) {
  const RunRates& rates = page.insight.rates;
  const auto& measured = rates.of(page.insight.quantity);
  std::vector<std::pair<std::string, std::string>> rows;
  if (rates.analysis)
    rows.emplace_back(rates.analysis->frozen ? "ρ, D frozen" : "ρ in theory",
                      radius_text(rates.analysis->radius));
  rows.emplace_back("ρ measured", measured ? radius_text(measured->rate) : "–");
  if (measured)
    rows.emplace_back("steps, R²", ui::integer(measured->first) + "–" + ui::integer(measured->last) + ",  " +
                                       ui::number(measured->fit));
  const auto tenth = [](double rate) {
    const double steps = steps_for(rate, 0.1);
    return std::isfinite(steps) ? ui::number(steps, 3) : std::string("never");
  };
  if (rates.analysis)
    rows.emplace_back("steps to 1/10",
                      tenth(rates.analysis->radius) + (measured ? ",  run " + tenth(measured->rate) : ""));
  if (rates.predicted.reached) rows.emplace_back("to tolerance", ui::integer(*rates.predicted.reached));
  if (rates.analysis && rates.analysis->best) {
    const OptimalSettings& best = *rates.analysis->best;
    const bool plain = std::isnan(page.momentum);
    rows.emplace_back(plain ? "best η" : "best η, μ",
                      ui::number(best.learning_rate) + (plain ? "" : ",  " + ui::number(best.momentum)));
    rows.emplace_back("ρ with these", radius_text(best.radius));
  }
  if (rates.analysis && rates.analysis->spectrum.definite())
    rows.emplace_back("condition κ", ui::number(rates.analysis->spectrum.range().condition()));
  return rows;
}

void InsightRates::draw_numbers(const Page& page) {
  const LaneInsight& insight = page.insight;
  const RunRates& rates = insight.rates;
  const ui::Scope scope("rates");
  ui::begin_card("numbers");
  ui::section(name_of(page.frame, page.lane) + ", step " + ui::integer(insight.of.step));
  if (rates.analysis) {
    const std::string words = stability_words(*rates.analysis);
    ui::paragraph(words, rates.analysis->stable() ? ui::theme().text : ui::theme().error, ui::Type::kNote);
    ui::gap(ui::kHalfGap);
  }
  draw_readouts(number_rows(page));
  if (rates.analysis) {
    ui::gap(ui::kHalfGap);
    if (rates.analysis->frozen) {
      ui::paragraph(
          name_of(page.frame, page.lane) +
              " divides each coordinate by a D that follows the gradients, so it has no rate of its own. "
              "This is what it would do if D stood still from here on: its λ are those of D^(−½) H D^(−½).",
          ui::theme().dim, ui::Type::kNote);
      ui::gap(ui::kHalfGap);
    }
    // Of a quadratic there is nothing to add where D moves on: its curvatures are the same everywhere.
    if (!rates.analysis->frozen || !rates.analysis->spectrum.quadratic)
      ui::paragraph(spectrum_words(rates.analysis->spectrum), ui::theme().dim, ui::Type::kNote);
    if (!is_steady(insight.of.settings))
      ui::paragraph(
          "Settings that change on the way, noise or clipping: theory is about the exact gradient and the "
          "settings of this step.",
          ui::theme().dim, ui::Type::kNote);
    if (rates.analysis->best) {
      ui::gap(ui::kHalfGap);
      if (ui::button("use-best", std::isnan(page.momentum) ? "Use the best η" : "Use the best η and μ")) {
        ui::Edit edit;
        edit.set_at_once();
        const double scale = page.rate > 0.0 && page.base > 0.0 ? page.base / page.rate : 1.0;
        set_settings(page.frame, page.lane, edit, rates.analysis->best->learning_rate * scale,
                     rates.analysis->best->momentum);
      }
    }
  } else {
    ui::gap(ui::kHalfGap);
    ui::paragraph(rates.why, ui::theme().dim, ui::Type::kNote);
  }
  ui::end_card();
}

void InsightRates::draw(Frame& frame, const Rect& area, const LaneInsight& insight, std::size_t lane) {
  const Scene& scene = frame.scene();
  const DescentSettings settings = scene.race().lane(lane);
  const Spec now = optimizer_in_force(settings, insight.of.step);
  const auto momentum = momentum_of(now);
  const Page page{frame,
                  insight,
                  lane,
                  scene.optimizers[lane].colour,
                  learning_rate_at(settings, insight.of.step),
                  now.number("lr"),
                  momentum ? momentum->value : NAN};
  const float pad = ui::px(14), gap = ui::px(10);
  const float inner = area.width() - 2 * pad;
  const bool wide = inner > ui::px(640);
  const bool theory = insight.rates.analysis.has_value();
  const bool mapped = insight.field != nullptr, swept = insight.sweep.has_value();
  const float left = area.min.x + pad;
  float y = area.min.y + ui::px(8) - ImGui::GetScrollY();
  const float numbers = numbers_height_ > 0.0F ? numbers_height_ : ui::px(280);
  const float room = area.height() - ui::px(20) - numbers - gap;

  if (wide) {
    // Left the settings, right what they do.
    const float width = std::floor(0.5F * (inner - 2 * gap));
    const float height = std::max(ui::px(300), room);
    const float right = left + width + 2 * gap;
    const float half = std::floor(0.5F * (height - gap));
    if (mapped) {
      const float upper = std::floor(0.6F * height);
      draw_map(page, {{left, y}, {left + width, y + upper}});
      if (swept) draw_v(page, {{left, y + upper + gap}, {left + width, y + height}});
    } else if (swept) {
      draw_v(page, {{left, y}, {left + width, y + height}});
    }
    const bool alone = !mapped && !swept;
    const float chart_left = alone && !theory ? left : right;
    if (theory)
      draw_roots(page, {{alone ? left : right, y},
                        {alone ? left + width : right + width, y + (alone ? height : half)}});
    draw_distance(page, {{chart_left, theory && !alone ? y + half + gap : y}, {right + width, y + height}});
    y += height + gap;
  } else {
    const float least = ui::px(112);
    const float map = mapped || swept ? std::max(ui::px(150), std::floor(0.44F * room)) : 0.0F;
    const float roots = theory ? std::max(least, std::floor(0.27F * room)) : 0.0F;
    const float chart = std::max(ui::px(124), room - map - roots - 2 * gap);
    if (mapped)
      draw_map(page, {{left, y}, {left + inner, y + map}});
    else if (swept)
      draw_v(page, {{left, y}, {left + inner, y + map}});
    if (map > 0.0F) y += map + gap;
    if (theory) {
      draw_roots(page, {{left, y}, {left + inner, y + roots}});
      y += roots + gap;
    }
    draw_distance(page, {{left, y}, {left + inner, y + chart}});
    y += chart + gap;
  }
  ImGui::SetCursorScreenPos({left, y});
  ui::begin_child("numbers-box", {inner, numbers + ui::px(4)}, false, ImGuiWindowFlags_NoScrollbar);
  const float before = ImGui::GetCursorScreenPos().y;
  draw_numbers(page);
  numbers_height_ = ImGui::GetCursorScreenPos().y - before;
  ImGui::EndChild();
}

}  // namespace thalweg

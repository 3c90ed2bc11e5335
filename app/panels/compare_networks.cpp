#include "app/panels/compare_networks.hpp"

#include <algorithm>
#include <cmath>

#include "app/panels/training_network.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

bool of_eigenvalues(const std::string& series) {
  return series == "curvature/largest eigenvalue" || series.starts_with("spectrum/λ");
}

std::string class_word(const NetworkLook& look, int index) {
  const auto i = static_cast<std::size_t>(index);
  return i < look.classes.size() ? look.classes[i] : std::to_string(index);
}

std::string percent(double share) { return ui::number(100.0 * share, 3) + " %"; }

double row_sum(const Inspection& seen, int row) {
  double out = 0.0;
  for (int c = 0; c < seen.classes; ++c)
    out += static_cast<double>(seen.confusion[static_cast<std::size_t>(row * seen.classes + c)]);
  return out;
}

}  // namespace

std::vector<double> confusion_difference(const Inspection& a, const Inspection& b) {
  if (a.classes != b.classes) return {};
  std::vector<double> out;
  for (int r = 0; r < a.classes; ++r) {
    const double of_a = std::max(1.0, row_sum(a, r)), of_b = std::max(1.0, row_sum(b, r));
    for (int c = 0; c < a.classes; ++c) {
      const auto i = static_cast<std::size_t>(r * a.classes + c);
      out.push_back(static_cast<double>(a.confusion[i]) / of_a - static_cast<double>(b.confusion[i]) / of_b);
    }
  }
  return out;
}

CompareNetworks::CompareNetworks(const std::filesystem::path& db, std::function<void()> wake) {
  if (!db.empty()) reader_ = std::make_unique<NetworkReader>(db, std::move(wake));
}

void CompareNetworks::ask(const Comparison* newest, ComparisonRequest& request) const {
  request.curves = true;
  request.pixels = 600;
  if (!newest) return;
  for (const std::string& series : newest->all_series)
    if (of_eigenvalues(series)) request.series.push_back(series);
  // None has any: nothing is to be read.
  if (request.series.empty()) request.series.emplace_back("curvature/largest eigenvalue");
  if (request.series.size() > 6) request.series.resize(6);
}

void CompareNetworks::draw(ComparePage& page, const Rect& area) {
  const ui::Scope scope("networks");
  Rect rest = area;
  rest.min.y += compare_legend(page, rest, std::max(ui::px(20), 0.2F * area.height())) + ui::px(6);
  NetworkRequest request;
  for (std::size_t i = 0; i < page.data.runs.size(); ++i)
    if (page.visible(i) && page.data.runs[i]->found && page.data.runs[i]->info.kind == "training")
      request.uids.push_back(page.data.runs[i]->info.uid);
  ImGui::SetCursorScreenPos(rest.min);
  if (request.uids.empty()) {
    ui::empty_state(
        "none", "No networks",
        "None of the runs that are shown trained a network. Choose runs of the kind training in the list.");
    return;
  }
  // A density that was asked for is of the runs of then.
  if (asked_for_ != request.uids) density_ = false;
  asked_for_ = request.uids;
  request.density = density_;
  request.refresh = page.data.live ? page.data.request.refresh / 8 : 0;
  reader_->request(request);
  if (page.frame.synchronous) reader_->wait();
  const std::shared_ptr<const NetworkReport> report = reader_->report();
  ui::begin_child("networks", {rest.width(), rest.height()});
  const float width = ImGui::GetContentRegionAvail().x - ui::px(6);
  if (report->error) ui::error_line(report->error->text());
  matrices(page, *report, width);
  ui::gap(12);
  eigenvalues(page, width);
  ui::gap(12);
  densities(page, *report, width);
  ui::gap(8);
  ImGui::EndChild();
}

void CompareNetworks::matrices(ComparePage& page, const NetworkReport& report, float width) {
  ui::section("Whom they mistake for whom");
  static const std::vector<std::string> words{"Each its own", "Less the first"};
  int selected = page.scene().view.flag("differences") ? 1 : 0;
  if (ui::segmented("differences", words, selected))
    change_runs(page.frame,
                [&](RunsScene& runs) { *runs.view.find("differences") = selected == 1 ? 1.0 : 0.0; });
  ui::tooltip(
      "Confusion matrices of the newest checkpoints: rows are what it is, columns what the network says. Or "
      "what is more (orange) or less (blue) than with the first run.");
  ui::gap(8);
  const float gap = ui::px(16);
  const auto count = std::count_if(report.looks.begin(), report.looks.end(),
                                   [](const NetworkLook& look) { return look.inspection != nullptr; });
  const int across = std::clamp(static_cast<int>((width + gap) / (ui::px(230) + gap)), 1,
                                std::max(1, static_cast<int>(count)));
  const float side = std::min(ui::px(330), std::floor((width + gap) / static_cast<float>(across)) - gap);
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  const NetworkLook* first = nullptr;
  for (const NetworkLook& look : report.looks)
    if (!first && look.inspection) first = &look;
  int place = 0;
  std::string troubles;
  for (std::size_t i = 0; i < page.data.runs.size(); ++i) {
    const auto look = std::find_if(report.looks.begin(), report.looks.end(), [&](const NetworkLook& one) {
      return one.uid == page.data.runs[i]->info.uid;
    });
    if (look == report.looks.end()) continue;
    if (!look->trouble.empty() || !look->inspection) {
      troubles +=
          (troubles.empty() ? "" : "\n") + page.data.names[i] + " " +
          (look->trouble.empty() ? "says numbers, not classes: there is nothing to mistake" : look->trouble) +
          ".";
      continue;
    }
    const ImVec2 at{origin.x + static_cast<float>(place % across) * (side + gap),
                    origin.y + static_cast<float>(place / across) * (side + ui::px(52))};
    matrix(page, *look, selected == 1 && first && &*look != first ? first : nullptr, i, at, side);
    ++place;
  }
  const int rows = (place + across - 1) / across;
  ImGui::SetCursorScreenPos(origin);
  ImGui::Dummy({width, static_cast<float>(rows) * (side + ui::px(52))});
  if (!troubles.empty()) ui::paragraph(troubles, ui::theme().dim, ui::Type::kNote);
  if (report.running) ui::paragraph("Looking into the networks…", ui::theme().dim, ui::Type::kNote);
}

void CompareNetworks::matrix(ComparePage& page, const NetworkLook& look, const NetworkLook* against,
                             std::size_t run, ImVec2 at, float side) {
  const ui::Theme& t = ui::theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  run_dot(list, {at.x + ui::px(6), at.y + ui::px(10)}, page.colour(run));
  const bool meant = page.focus.meant() == look.uid;
  ui::draw_centred(list, ui::Type::kNormal, at.x + ui::px(16), at.y + ui::px(10), meant ? t.accent : t.text,
                   ui::elided(ui::Type::kNormal, page.data.names[run], side - ui::px(16)));
  const Inspection& seen = *look.inspection;
  const std::vector<double> less =
      against ? confusion_difference(seen, *against->inspection) : std::vector<double>();
  const std::string said = "step " + ui::integer(look.step) + ": " + percent(seen.accuracy) + " of " +
                           ui::integer(seen.count) + (look.test ? " right" : " training samples right");
  ui::draw_centred(list, ui::Type::kNote, at.x, at.y + ui::px(28), t.dim,
                   ui::elided(ui::Type::kNote, said, side));
  if (against && less.empty()) {
    ui::draw_centred(list, ui::Type::kNote, at.x, at.y + ui::px(60), t.dim,
                     "has other classes than the first");
    return;
  }
  const int k = seen.classes;
  float names = ui::px(14);
  for (int c = 0; c < k; ++c) names = std::max(names, ui::text_width(ui::Type::kSmall, class_word(look, c)));
  names = std::min(names, 0.24F * side);
  const ImVec2 grid{at.x + names + ui::px(6), at.y + ui::px(42)};
  const float cell = std::floor((side - names - ui::px(6)) / static_cast<float>(k));
  double most = 1e-9;
  for (const double value : less) most = std::max(most, std::abs(value));
  for (int r = 0; r < k; ++r) {
    const float y = grid.y + static_cast<float>(r) * cell;
    if (cell >= ui::px(9))
      ui::draw_centred(list, ui::Type::kSmall, grid.x - ui::px(6), y + 0.5F * cell, t.dim,
                       ui::elided(ui::Type::kSmall, class_word(look, r), names + 1.0F), 1.0F);
    const double sum = std::max(1.0, row_sum(seen, r));
    for (int c = 0; c < k; ++c) {
      const auto i = static_cast<std::size_t>(r * k + c);
      const double share = static_cast<double>(seen.confusion[i]) / sum;
      const ImVec2 a{grid.x + static_cast<float>(c) * cell, y}, b{a.x + cell - 1.0F, y + cell - 1.0F};
      // Few mistakes are still to be seen: their colour grows with the root of their share.
      const ui::Colour fill =
          !less.empty() ? diverging_colour(std::copysign(std::sqrt(std::abs(less[i]) / most), less[i]))
          : r == c      ? ui::mix(t.card, t.accent, 0.55F * static_cast<float>(share))
          : share > 0.0 ? ui::mix(t.card, t.error, 0.15F + 0.75F * static_cast<float>(std::sqrt(share)))
                        : t.card;
      list->AddRectFilled(a, b, fill);
      const std::string text =
          less.empty() ? std::to_string(seen.confusion[i]) : ui::number(100.0 * less[i], 2);
      const bool worth = less.empty() ? seen.confusion[i] > 0 : std::abs(less[i]) >= 0.0005;
      if (worth && ui::text_width(ui::Type::kSmall, text) + ui::px(2) <= cell)
        ui::draw_centred(list, ui::Type::kSmall, 0.5F * (a.x + b.x), 0.5F * (a.y + b.y), t.text, text, 0.5F);
      if (!ImGui::IsWindowHovered() || !ImGui::IsMouseHoveringRect(a, b)) continue;
      page.focus.next = look.uid;
      list->AddRect(a, b, t.text, 0, 0, ui::line_width(1));
      ImGui::SetCursorScreenPos(a);
      ImGui::PushID(static_cast<int>(run) * k * k + static_cast<int>(i));
      ImGui::InvisibleButton("cell", {cell, cell});
      ImGui::PopID();
      ui::tooltip(ui::integer(seen.confusion[i]) + " of " + ui::integer(static_cast<std::int64_t>(sum)) +
                  " samples of " + class_word(look, r) + " were taken for " + class_word(look, c) + " (" +
                  percent(share) + ")" +
                  (less.empty() ? "."
                                : ", " + percent(std::abs(less[i])) + (less[i] < 0 ? " less" : " more") +
                                      " than with the first run."));
    }
  }
  if (ui::marks_enabled())
    ui::mark("matrix." + std::to_string(run), grid,
             {grid.x + cell * static_cast<float>(k), grid.y + cell * static_cast<float>(k)});
}

void CompareNetworks::eigenvalues(ComparePage& page, float width) {
  ui::section("Largest eigenvalues of the Hessian");
  bool any = false;
  const float height = ui::px(200);
  // Wide enough, two beside each other.
  const int across = width > ui::px(720) ? 2 : 1;
  const float gap = ui::px(14);
  const float each = std::floor((width - static_cast<float>(across - 1) * gap) / static_cast<float>(across));
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  int index = 0;
  for (const std::string& name : page.data.series) {
    if (!of_eigenvalues(name)) continue;
    Chart chart;
    chart.title = name.substr(name.find('/') + 1);
    chart.x.label = "step";
    for (const ComparedCurve& curve : page.data.curves) {
      if (curve.series != name || curve.raw.x.empty()) continue;
      Series series;
      series.name = page.data.names[curve.run];
      series.colour = page.colour(curve.run);
      series.visible = page.visible(curve.run);
      series.run = page.data.runs[curve.run]->info.uid;
      series.x = curve.raw.x;
      series.y = curve.raw.y;
      series.dots = series.x.size() <= 60;
      chart.series.push_back(std::move(series));
    }
    if (chart.series.empty()) continue;
    any = true;
    ui::ChartState& state = states_[name];
    state.emphasis.clear();
    for (std::size_t i = 0; i < page.data.names.size(); ++i)
      if (page.data.runs[i]->info.uid == page.focus.meant()) state.emphasis = page.data.names[i];
    ImGui::SetCursorScreenPos({origin.x + static_cast<float>(index % across) * (each + gap),
                               origin.y + static_cast<float>(index / across) * (height + ui::px(6))});
    ui::chart("eigenvalues." + std::to_string(index++), chart, state,
              {.width = each,
               .height = height,
               .help = "As the probe measured it while the network trained. Above the stability limit of its "
                       "learning rate an optimizer swings.",
               .link = &link_});
  }
  if (!any)
    ui::paragraph(
        "None of these runs measured its curvature. Switch on the probes curvature or spectrum before "
        "training.",
        ui::theme().dim, ui::Type::kNote);
}

void CompareNetworks::densities(ComparePage& page, const NetworkReport& report, float width) {
  ui::section("Density of the eigenvalues at the end");
  const bool running = density_ && report.running;
  if (!running) {
    if (ui::button("density", density_ ? "Again" : "Compute")) density_ = true;
    ui::tooltip(
        "The eigenvalues of the Hessian at the newest checkpoint, on at most 1,024 training samples, by "
        "stochastic Lanczos quadrature. Takes seconds for each network.");
  } else {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float bar = std::min(ui::px(220), width - ui::px(110));
    list->AddRectFilled({at.x, at.y + ui::px(12)}, {at.x + bar, at.y + ui::px(18)}, ui::theme().track,
                        ui::px(3));
    list->AddRectFilled({at.x, at.y + ui::px(12)},
                        {at.x + bar * static_cast<float>(report.share), at.y + ui::px(18)},
                        ui::theme().accent, ui::px(3));
    ImGui::SetCursorScreenPos({at.x + bar + ui::px(12), at.y});
    if (ui::button("cancel", "Cancel")) density_ = false;
    ui::tooltip("Stop. What is finished stays.");
  }
  ui::gap(6);
  Chart chart;
  chart.title = "Density";
  chart.x.label = "eigenvalue";
  chart.y.scale = AxisScale::kLog;
  std::string troubles;
  for (std::size_t i = 0; i < page.data.runs.size(); ++i)
    for (const NetworkLook& look : report.looks) {
      if (look.uid != page.data.runs[i]->info.uid) continue;
      if (!look.density_trouble.empty())
        troubles += (troubles.empty() ? "" : " ") + page.data.names[i] + " " + look.density_trouble + ".";
      if (!look.density) continue;
      Series series;
      series.name = page.data.names[i];
      series.colour = page.colour(i);
      series.run = look.uid;
      series.x = look.density->x;
      series.y = look.density->density;
      // Far below the rest there is nothing to tell apart.
      for (double& value : series.y) value = std::max(value, 1e-8);
      chart.series.push_back(std::move(series));
    }
  if (!troubles.empty()) ui::error_line(troubles);
  if (!chart.series.empty())
    ui::chart("densities", chart, density_state_,
              {.width = width,
               .height = ui::px(220),
               .help = "How many of the eigenvalues lie where: most are near 0, a few stand far out, and "
                       "negative ones say that the place is no minimum. The area under each curve is 1."});
}

}  // namespace thalweg

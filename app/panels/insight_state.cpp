#include "app/panels/insight_state.hpp"

#include <algorithm>
#include <cmath>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

/// More lines than this in one chart tell nobody anything.
constexpr int kMostLines = 8;

/// A quantity and, where there is one, its corrected form.
struct Pair {
  std::size_t raw;
  std::optional<std::size_t> corrected;
  std::size_t last() const { return corrected.value_or(raw); }
};

std::vector<Pair> pairs_of(const std::vector<StateQuantity>& quantities) {
  std::vector<Pair> out;
  for (std::size_t k = 0; k < quantities.size(); ++k) {
    if (quantities[k].corrected && !out.empty())
      out.back().corrected = k;
    else
      out.push_back({k, {}});
  }
  return out;
}

std::string help_of(const std::vector<StateQuantity>& quantities, const Pair& pair) {
  const StateQuantity& raw = quantities[pair.raw];
  if (!pair.corrected) return raw.symbol + ", " + raw.label + ", of each coordinate after each update.";
  return quantities[*pair.corrected].symbol + " of each coordinate, and faint behind it " + raw.symbol +
         " without the correction of its start at 0.";
}

Series line_of(const StateRecord& state, std::size_t quantity, int coordinate, int dim, int colour) {
  Series out{.name = axis_name(dim, coordinate), .colour = (colour + coordinate) % 8};
  out.table = state.table;
  out.column = state.column(quantity, coordinate);
  return out;
}

/// "without the correction this step would be 3.16 times as long": c₁/√c₂, read off the moments.
std::string correction_words(const StateRecord& state, std::int64_t row) {
  double first = 0.0, second = 0.0;
  for (std::size_t k = 1; k < state.quantities.size(); ++k) {
    if (!state.quantities[k].corrected) continue;
    const double raw = state.table.at(row, state.column(k - 1, 0)),
                 put_right = state.table.at(row, state.column(k, 0));
    const bool moment = !state.quantities[k].positive;
    (moment ? first : second) = raw / put_right;
  }
  if (!(first > 0.0) || !(second > 0.0)) return {};
  const double times = first / std::sqrt(second);
  if (std::abs(times - 1.0) < 0.01)
    return "The correction of the start has worn off: it changes this step by less than 1 %.";
  return "Without bias correction this step would be " + ui::number(times, 3) + " times as long.";
}

/// Rows of quantities, columns of coordinates, at one step.
void draw_table(const StateRecord& state, std::int64_t row, int dim, int colour) {
  const ui::Theme& t = ui::theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float width = ui::available(), height = ui::px(22);
  float name = 0.0F;
  for (const StateQuantity& q : state.quantities)
    name = std::max(name, ui::text_width(ui::Type::kNormal, q.symbol));
  name += ui::px(10);
  const float least = ui::px(88);
  const int most =
      std::clamp(static_cast<int>((width - name) / least), 1, std::min(state.coordinates, kMostLines));
  const float column = std::min(ui::px(132), (width - name) / static_cast<float>(most));
  const ImVec2 at = ImGui::GetCursorScreenPos();
  // The label of a quantity stands where the columns leave room for it.
  const float labels = width - name - column * static_cast<float>(most);
  float y = at.y + 0.5F * height;
  for (int i = 0; i < most; ++i) {
    const float right = at.x + width - column * static_cast<float>(most - 1 - i);
    const std::string word = axis_name(dim, i);
    ui::draw_centred(list, ui::Type::kNote, right, y, t.dim, word, 1.0F);
    list->AddCircleFilled({right - ui::text_width(ui::Type::kNote, word) - ui::px(10), y}, ui::px(4),
                          ui::path_colour((colour + i) % 8), 16);
  }
  for (std::size_t k = 0; k < state.quantities.size(); ++k) {
    y += height;
    const StateQuantity& q = state.quantities[k];
    const float base = ui::baseline(ui::Type::kNormal, y);
    ui::draw_on_baseline(list, ui::Type::kNormal, at.x, base, t.text, q.symbol);
    if (labels > ui::px(60))
      ui::draw_on_baseline(list, ui::Type::kNote, at.x + name, base, t.dim,
                           ui::elided(ui::Type::kNote, q.label, labels));
    for (int i = 0; i < most; ++i)
      ui::draw_on_baseline(list, ui::Type::kNormal, at.x + width - column * static_cast<float>(most - 1 - i),
                           base, t.text, ui::number(state.table.at(row, state.column(k, i))), 1.0F);
  }
  ui::mark("state.table", at, {at.x + width, y + 0.5F * height});
  ImGui::SetCursorScreenPos(at);
  ImGui::Dummy({width, y + 0.5F * height - at.y});
  if (dim > most)
    ui::paragraph("The first " + std::to_string(most) + " of " + std::to_string(dim) + " coordinates.", t.dim,
                  ui::Type::kNote);
}

}  // namespace

void InsightState::draw(Frame& frame, const Rect& area, const LaneInsight& insight, std::size_t lane) {
  const Scene& scene = frame.scene();
  const StateRecord& state = insight.state;
  const Spec& spec = scene.optimizers[lane].live.spec;
  const OptimizerDescriptor& descriptor = *find_optimizer(spec.id);
  const int colour = scene.optimizers[lane].colour;
  if (state.quantities.empty() || state.table.rows() == 0) {
    ui::empty_state("state", "Nothing to show",
                    "There are no numbers of " + descriptor.label +
                        " for each coordinate: choose another optimizer on the left.");
    return;
  }
  const int dim = insight.of.surface->dim();
  const auto pairs = pairs_of(state.quantities);
  if (shown_ != spec.id || charts_.size() != pairs.size()) {
    charts_.assign(pairs.size(), {});
    link_ = {};
    shown_ = spec.id;
  }
  const float pad = ui::px(14), gap = ui::px(8), foot = ui::px(15);
  const float inner = area.width() - 2 * pad;
  const auto across = static_cast<std::size_t>(inner > ui::px(640) && pairs.size() > 1 ? 2 : 1);
  const float width =
      std::floor((inner - static_cast<float>(across - 1) * 2 * gap) / static_cast<float>(across));
  const std::size_t rows = (pairs.size() + across - 1) / across;
  const float table = table_height_ > 0.0F ? table_height_ : ui::px(200);
  const float room = area.height() - ui::px(16) - table - static_cast<float>(rows) * gap - foot;
  const float height = std::clamp(std::floor(room / static_cast<float>(rows)), ui::px(96),
                                  std::max(ui::px(96), 0.5F * area.height()));
  const float top = area.min.y + ui::px(6) - ImGui::GetScrollY();
  float bottom = top;
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    const Pair& pair = pairs[p];
    Chart chart;
    chart.title = state.quantities[pair.raw].label;
    chart.x.label = "step";
    chart.y.scale = state.quantities[pair.last()].positive ? AxisScale::kLog : AxisScale::kLinear;
    chart.note =
        format_spec(scene.surface, *find_surface(scene.surface.id)) + " · " + format_spec(spec, descriptor);
    for (int i = 0; i < std::min(state.coordinates, kMostLines); ++i) {
      if (pair.corrected) {
        chart.series.push_back(line_of(state, pair.raw, i, dim, colour));
        chart.series.back().faint = true;
        chart.series.back().name += " raw";
      }
      chart.series.push_back(line_of(state, pair.last(), i, dim, colour));
      if (lane < frame.run->runs.size()) chart.series.back().run = frame.run->runs[lane].uid;
    }
    for (const Change& change : scene.optimizers[lane].live.changes)
      chart.marks.push_back({static_cast<double>(change.step), change.key});
    chart.cursor = static_cast<double>(scene.step);
    const std::size_t row = p / across, place = p % across;
    const bool last = p + across >= pairs.size();
    const float chart_height = last ? height + foot : height;
    ImGui::SetCursorScreenPos({area.min.x + pad + static_cast<float>(place) * (width + 2 * gap),
                               top + static_cast<float>(row) * (height + gap)});
    const std::string help = help_of(state.quantities, pair);
    ui::chart("state." + std::to_string(p), chart, charts_[p],
              {.width = width, .height = chart_height, .foot = last, .help = help, .link = &link_});
    bottom = std::max(bottom, top + static_cast<float>(row) * (height + gap) + chart_height);
  }
  ImGui::SetCursorScreenPos({area.min.x + pad, bottom + gap});
  ui::begin_child("state-box", {inner, table + ui::px(4)}, false, ImGuiWindowFlags_NoScrollbar);
  const float before = ImGui::GetCursorScreenPos().y;
  const std::int64_t row = std::clamp<std::int64_t>(insight.of.step, 0, state.table.rows() - 1);
  ui::begin_card("table");
  ui::section(descriptor.label + ", step " + ui::integer(row));
  draw_table(state, row, dim, colour);
  const std::string words = row > 0 ? correction_words(state, row) : std::string();
  if (!words.empty()) ui::paragraph(words, ui::theme().dim, ui::Type::kNote);
  if (state.quantities.size() == 1)
    ui::paragraph(descriptor.label + " keeps nothing in mind: every coordinate has the same rate.",
                  ui::theme().dim, ui::Type::kNote);
  if (state.cut)
    ui::paragraph(
        "Only the first " + ui::integer(state.table.rows() - 1) + " steps of this long run are shown.",
        ui::theme().dim, ui::Type::kNote);
  ui::end_card();
  table_height_ = ImGui::GetCursorScreenPos().y - before;
  ImGui::EndChild();
}

}  // namespace thalweg

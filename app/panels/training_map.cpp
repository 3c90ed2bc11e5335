// Data of one or two features: the samples, and what the network says everywhere between them.
#include <algorithm>
#include <cmath>

#include "app/panels/training_network.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kMostSamples = 600;

/// The class with the largest output and its probability.
std::pair<int, double> answer_at(const TrainingLook& look, std::size_t cell, int classes) {
  const std::size_t count = static_cast<std::size_t>(classes);
  const std::vector<double> p = probabilities({look.map.data() + cell * count, count});
  const auto best = std::max_element(p.begin(), p.end());
  return {static_cast<int>(best - p.begin()), *best};
}

/// A pixel for each cell: the class's colour, as strong as it is sure.
std::vector<std::uint8_t> painted(const TrainingLook& look, int classes) {
  std::vector<std::uint8_t> rgba;
  rgba.reserve(4 * static_cast<std::size_t>(look.columns) * static_cast<std::size_t>(look.rows));
  const double chance = 1.0 / classes;
  for (int y = look.rows - 1; y >= 0; --y)
    for (int x = 0; x < look.columns; ++x) {
      const auto [best, p] = answer_at(look, static_cast<std::size_t>(y * look.columns + x), classes);
      const double sure = std::isfinite(p) ? std::clamp((p - chance) / (1.0 - chance), 0.0, 1.0) : 0.0;
      const ui::Colour colour =
          ui::mix(ui::theme().card, ui::path_colour(best), 0.08F + 0.47F * static_cast<float>(sure));
      for (const int shift : {IM_COL32_R_SHIFT, IM_COL32_G_SHIFT, IM_COL32_B_SHIFT})
        rgba.push_back(static_cast<std::uint8_t>(colour >> shift & 0xFF));
      rgba.push_back(255);
    }
  return rgba;
}

}  // namespace

void TrainingNetwork::map(const std::shared_ptr<const TrainingLook>& newest, float width) {
  const TrainingLook& look = *newest;
  const Dataset& data = *look.data;
  const bool plane = data.features == 2;
  const float side = std::min(width - ui::px(2), ui::px(420));
  const ImVec2 min = ImGui::GetCursorScreenPos();
  const ImVec2 max{min.x + side, min.y + (plane ? side : 0.75F * side)};
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(min, max, ui::theme().card);
  const bool classes = data.classes > 0;
  if (plane && classes) {
    if (map_of_ != newest || map_colour_ != ui::theme().card) {
      map_.set(look.columns, look.rows, painted(look, data.classes));
      map_of_ = newest;
      map_colour_ = ui::theme().card;
    }
    list->AddImage(ui::texture_id(map_.id()), min, max);
  }
  // Of one feature: up is the target, or the class.
  double low = 0.0, high = std::max(1.0, static_cast<double>(data.classes - 1));
  if (!classes && !data.train.targets.empty()) {
    const auto ends = std::minmax_element(data.train.targets.begin(), data.train.targets.end());
    const double margin = 0.1 * std::max(1e-6, static_cast<double>(*ends.second) - *ends.first);
    low = *ends.first - margin;
    high = *ends.second + margin;
  }
  const auto place = [&](double x, double y) {
    const double from = plane ? look.bounds[2] : low, to = plane ? look.bounds[3] : high;
    return ImVec2{min.x + static_cast<float>((x - look.bounds[0]) / (look.bounds[1] - look.bounds[0])) * side,
                  max.y - static_cast<float>((y - from) / (to - from)) * (max.y - min.y)};
  };
  list->PushClipRect(min, max, true);
  const Samples& samples = data.train;
  const auto features = static_cast<std::size_t>(data.features);
  const std::int64_t count = std::min(samples.count, kMostSamples);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto s = static_cast<std::size_t>(i * samples.count / count);
    const int label = classes ? samples.labels[s] : 0;
    const double y = plane ? samples.values[s * features + 1] : classes ? label : samples.targets[s];
    const ImVec2 at = place(samples.values[s * features], y);
    list->AddCircleFilled(at, ui::px(3.5F), ui::theme().card, 12);
    list->AddCircleFilled(at, ui::px(2.5F), classes ? ui::path_colour(label) : ui::theme().dim, 12);
  }
  if (!plane && !classes) {
    std::vector<ImVec2> line;
    for (int x = 0; x < look.columns; ++x) {
      const double value = look.map[static_cast<std::size_t>(x)];
      const double at = look.bounds[0] + (look.bounds[1] - look.bounds[0]) * (x + 0.5) / look.columns;
      if (std::isfinite(value)) line.push_back(place(at, std::clamp(value, low - 10.0, high + 10.0)));
    }
    list->AddPolyline(line.data(), static_cast<int>(line.size()), ui::theme().accent, 0, ui::line_width(2));
  }
  list->PopClipRect();
  list->AddRect(min, max, ui::theme().hairline, 0, 0, ui::line_width(1));
  ui::mark("map", min, max);
  ImGui::Dummy({width, max.y - min.y + ui::px(6)});
  ui::paragraph(classes
                    ? "Training samples; the ground has the colour of the class that the network says, as "
                      "strong as it is sure."
                    : "Training samples, and the function that the network has learned.",
                ui::theme().dim, ui::Type::kNote);
}

}  // namespace thalweg

#include "app/panels/training_network.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"
#include "core/optimizer/optimizer.hpp"

namespace thalweg {
namespace {

constexpr std::array<const char*, 4> kPages{"mistakes", "confusion", "weights", "calibration"};
const std::vector<std::string> kWords{"Mistakes", "Confusion", "Weights", "Trust"};
constexpr int kMostUnits = 256;

std::string class_name(const Dataset& data, int index) {
  const auto i = static_cast<std::size_t>(index);
  return i < data.class_names.size() ? data.class_names[i] : std::to_string(index);
}

std::string percent(double share) { return ui::number(100.0 * share, 3) + " %"; }

bool pictures(const Dataset& data) {
  return !data.train.bytes.empty() && data.shape[1] > 1 && data.shape[2] > 1;
}

/// One sample into an RGBA picture at (x0, y0), a row of which is `pitch` pixels.
void blit_sample(const Dataset& data, const Samples& samples, std::size_t sample,
                 std::vector<std::uint8_t>& rgba, std::size_t pitch, std::size_t x0, std::size_t y0) {
  const auto height = static_cast<std::size_t>(data.shape[1]),
             width = static_cast<std::size_t>(data.shape[2]);
  const std::size_t plane = height * width;
  const std::uint8_t* bytes = samples.bytes.data() + sample * static_cast<std::size_t>(data.features);
  for (std::size_t y = 0; y < height; ++y)
    for (std::size_t x = 0; x < width; ++x) {
      std::uint8_t* pixel = rgba.data() + 4 * ((y0 + y) * pitch + x0 + x);
      for (std::size_t c = 0; c < 3; ++c)
        pixel[c] = bytes[(data.shape[0] == 3 ? c * plane : 0) + y * width + x];
      pixel[3] = 255;
    }
}

void say(std::string_view text) { ui::paragraph(text, ui::theme().dim, ui::Type::kNote); }

}  // namespace

ui::Colour diverging_colour(double value) {
  const ui::Colour end = value < 0.0 ? (ui::theme().dark ? ui::rgb(0x58A6FF) : ui::rgb(0x1F5FB4))
                                     : (ui::theme().dark ? ui::rgb(0xFFB060) : ui::rgb(0xC05A00));
  return ui::mix(ui::theme().card, end, static_cast<float>(std::min(1.0, std::abs(value))));
}

void TrainingNetwork::draw(Frame& frame, TrainingSession& session, const Rect& area) {
  ImGui::SetCursorScreenPos(area.min);
  ui::begin_child("network", {area.width(), area.height()}, false,
                  ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
  draw_inside(frame, session, area);
  ImGui::EndChild();
}

void TrainingNetwork::draw_inside(Frame& frame, TrainingSession& session, const Rect& whole) {
  const ui::Scope scope("network");
  const TrainingSnapshot& run = session.run();
  const TrainingSnapshot::Lane* lane = session.selected_lane();
  // The sheet below the rest; where there is more room at the side, there.
  const bool beside = whole.width() > ui::px(540);
  const bool sheet = run.data && TrainingCanvas::fits(*run.data) && (beside || whole.height() > ui::px(420));
  const float canvas_height = sheet && !beside ? TrainingCanvas::height() + ui::px(8) : 0.0F;
  const float canvas_width = beside ? ui::px(290) : whole.width();
  Rect area = whole;
  if (sheet && beside) area.max.x -= canvas_width + ui::px(16);

  const std::string& page = frame.scene().training.view.text("look");
  int selected = static_cast<int>(std::find(kPages.begin(), kPages.end(), page) - kPages.begin());
  std::vector<std::string> words = kWords;
  if (run.look && !run.look->map.empty()) words.front() = "Map";
  const bool changed = ui::segmented("look", words, selected, area.width());
  if (changed)
    propose(frame, {}, {}, [&](Scene& scene) {
      *scene.training.view.find("look") = std::string(kPages[static_cast<std::size_t>(selected)]);
    });
  ui::gap(6);
  const std::shared_ptr<const TrainingLook> look = run.look;
  if (lane && look && look->data && look->lane < run.lanes.size()) {
    // Whose network it is, and on what it was looked at.
    const TrainingSnapshot::Lane& of = run.lanes[look->lane];
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float middle = at.y + ui::px(9);
    const auto& optimizers = frame.scene().training.optimizers;
    const int colour = of.optimizer < optimizers.size() ? optimizers[of.optimizer].colour : 0;
    list->AddCircleFilled({at.x + ui::px(5), middle}, ui::px(4.5F), ui::path_colour(colour), 16);
    float x = at.x + ui::px(16);
    x += ui::draw_centred(list, ui::Type::kStrong, x, middle, ui::theme().text,
                          find_optimizer(of.settings->optimizer.spec.id)->label);
    std::string facts = "  step " + ui::integer(look->step);
    if (look->inspection) facts += ", " + percent(look->inspection->accuracy) + " right";
    ui::draw_centred(list, ui::Type::kNote, x, middle, ui::theme().dim,
                     ui::elided(ui::Type::kNote, facts, at.x + area.width() - x));
    ImGui::Dummy({area.width(), ui::px(18)});
    ImGui::SetCursorScreenPos({at.x, at.y});
    ImGui::InvisibleButton("whose", {area.width(), ui::px(18)});
    if (look->inspection)
      ui::tooltip("Looked at " + ui::integer(look->inspection->count) + " of " + ui::integer(look->of) +
                  (look->part == DataPart::kTest ? " test samples." : " training samples.") +
                  " Choose another network by its card.");
    ui::gap(4);
    const float below = area.max.y - ImGui::GetCursorScreenPos().y - canvas_height;
    ui::begin_child("page", {area.width(), std::max(ui::px(60), below)});
    const float width = ImGui::GetContentRegionAvail().x;
    if (selected == 2)
      weights(look, width);
    else if (!look->map.empty() && (selected == 0 || !look->inspection))
      map(look, width);
    else if (!look->inspection)
      say("These data have no classes: there is nothing to mistake.");
    else if (selected == 0)
      mistakes(look, width);
    else if (selected == 1)
      confusion(*look, width);
    else
      calibration(*look, width);
    ImGui::EndChild();
  } else {
    say(run.loading ? "Loading the data…" : "Nothing to look into yet.");
  }
  if (sheet) {
    ImGui::SetCursorScreenPos(beside ? ImVec2{area.max.x + ui::px(16), whole.min.y}
                                     : ImVec2{area.min.x, whole.max.y - TrainingCanvas::height()});
    canvas_.draw(session, *run.data, canvas_width);
  }
}

// The worst first -----------------------------------------------------------------------------------

void TrainingNetwork::mistakes(const std::shared_ptr<const TrainingLook>& newest, float width) {
  const TrainingLook& look = *newest;
  const Dataset& data = *look.data;
  const std::vector<Mistake>& all = look.inspection->mistakes;
  if (all.empty()) return say("Not one mistake among " + ui::integer(look.inspection->count) + " samples.");
  const Samples& samples = look.part == DataPart::kTest ? data.test : data.train;
  const bool images = pictures(data);
  const auto w = static_cast<std::size_t>(std::max(1, data.shape[2])),
             h = static_cast<std::size_t>(std::max(1, data.shape[1]));
  if (images && samples_of_ != newest) {
    std::vector<std::uint8_t> rgba(4 * w * h * all.size());
    for (std::size_t i = 0; i < all.size(); ++i) blit_sample(data, samples, all[i].sample, rgba, w, 0, i * h);
    samples_.set(data.shape[2], data.shape[1] * static_cast<int>(all.size()), rgba);
    samples_of_ = newest;
  }
  const float gap = ui::px(6);
  const int across = std::max(1, static_cast<int>((width + gap) / ui::px(74)));
  const float tile = std::floor((width + gap) / static_cast<float>(across)) - gap;
  const float picture = images ? tile : ui::px(8);
  const float caption = ui::px(30);
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Mistake& mistake = all[i];
    const float x = origin.x + static_cast<float>(static_cast<int>(i) % across) * (tile + gap);
    const float y = origin.y + static_cast<float>(static_cast<int>(i) / across) * (picture + caption + gap);
    ImGui::SetCursorScreenPos({x, y});
    ImGui::PushID(static_cast<int>(i));
    ImGui::InvisibleButton("mistake", {tile, picture + caption});
    ImGui::PopID();
    if (i == 0) ui::mark("mistake.0", {x, y}, {x + tile, y + picture + caption});
    if (images) {
      const float v0 = static_cast<float>(i) / static_cast<float>(all.size());
      const float v1 = static_cast<float>(i + 1) / static_cast<float>(all.size());
      list->AddImage(ui::texture_id(samples_.id()), {x, y}, {x + tile, y + picture}, {0, v0}, {1, v1});
    }
    list->AddRect({x, y}, {x + tile, y + picture}, ui::theme().hairline, 0, 0, ui::line_width(1));
    const std::string words = class_name(data, mistake.label) + " → " + class_name(data, mistake.predicted);
    ui::draw_centred(list, ui::Type::kStrong, x, y + picture + ui::px(8), ui::theme().text,
                     ui::elided(ui::Type::kStrong, words, tile + 1.0F));
    ui::draw_centred(list, ui::Type::kNote, x, y + picture + ui::px(22), ui::theme().dim,
                     percent(mistake.confidence));
    ui::tooltip("Sample " + ui::integer(mistake.sample) + " is " + class_name(data, mistake.label) +
                "; the network says " + class_name(data, mistake.predicted) + " and is " +
                percent(mistake.confidence) + " sure. Loss " + ui::number(mistake.loss, 3) + ".");
  }
  const auto lines = static_cast<float>((static_cast<int>(all.size()) + across - 1) / across);
  ImGui::SetCursorScreenPos(origin);
  ImGui::Dummy({width, lines * (picture + caption + gap)});
}

// Whom it mistakes for whom -------------------------------------------------------------------------

void TrainingNetwork::confusion(const TrainingLook& look, float width) const {
  const Inspection& seen = *look.inspection;
  const Dataset& data = *look.data;
  const int k = seen.classes;
  float names = ui::px(14);
  for (int c = 0; c < k; ++c) names = std::max(names, ui::text_width(ui::Type::kNote, class_name(data, c)));
  names = std::min(names, ui::px(64));
  const float left_room = names + ui::px(6);
  const float cell = std::floor(std::min((width - left_room) / static_cast<float>(k), ui::px(44)));
  const float font = ui::text_width(ui::Type::kNote, "000");
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float head = ui::px(32);
  ui::draw_centred(list, ui::Type::kNote, at.x + left_room, at.y + ui::px(7), ui::theme().dim,
                   "predicted →   (rows: what it is)");
  const ImVec2 grid{at.x + left_room, at.y + head};
  for (int r = 0; r < k; ++r) {
    std::int64_t sum = 0;
    for (int c = 0; c < k; ++c) sum += seen.confusion[static_cast<std::size_t>(r * k + c)];
    const float y = grid.y + static_cast<float>(r) * cell;
    ui::draw_centred(list, ui::Type::kNote, at.x + names, y + 0.5F * cell, ui::theme().dim,
                     ui::elided(ui::Type::kNote, class_name(data, r), names + 1.0F), 1.0F);
    ui::draw_centred(list, ui::Type::kNote, grid.x + (static_cast<float>(r) + 0.5F) * cell, at.y + ui::px(23),
                     ui::theme().dim, ui::elided(ui::Type::kNote, class_name(data, r), cell), 0.5F);
    for (int c = 0; c < k; ++c) {
      const std::int64_t count = seen.confusion[static_cast<std::size_t>(r * k + c)];
      const double share = sum > 0 ? static_cast<double>(count) / static_cast<double>(sum) : 0.0;
      const float x = grid.x + static_cast<float>(c) * cell;
      const ImVec2 max{x + cell - ui::line_width(1), y + cell - ui::line_width(1)};
      // Few mistakes are still to be seen: their colour grows with the root of their share.
      const ui::Colour fill =
          r == c      ? ui::mix(ui::theme().card, ui::theme().accent, 0.55F * static_cast<float>(share))
          : count > 0 ? ui::mix(ui::theme().card, ui::theme().error,
                                0.15F + 0.75F * static_cast<float>(std::sqrt(share)))
                      : ui::theme().card;
      list->AddRectFilled({x, y}, max, fill);
      const std::string text = std::to_string(count);
      const bool fits = cell > font + 2.0F || (text.size() < 3 && cell > 0.7F * font);
      if (fits && (count > 0 || r == c))
        ui::draw_centred(list, ui::Type::kNote, x + 0.5F * (cell - 1.0F), y + 0.5F * (cell - 1.0F),
                         ui::theme().text, text, 0.5F);
      if (!ImGui::IsWindowHovered() || !ImGui::IsMouseHoveringRect({x, y}, max)) continue;
      list->AddRect({x, y}, max, ui::theme().text, 0, 0, ui::line_width(1));
      ImGui::SetCursorScreenPos({x, y});
      ImGui::PushID(r * k + c);
      ImGui::InvisibleButton("cell", {cell, cell});
      ImGui::PopID();
      ui::tooltip(ui::integer(count) + " of " + ui::integer(sum) + " samples of " + class_name(data, r) +
                  " were taken for " + class_name(data, c) + " (" + percent(share) + ").");
    }
  }
  ui::mark("confusion", grid, {grid.x + cell * static_cast<float>(k), grid.y + cell * static_cast<float>(k)});
  ImGui::SetCursorScreenPos(at);
  ImGui::Dummy({width, head + cell * static_cast<float>(k) + ui::px(6)});
  say(ui::integer(seen.count) + (look.part == DataPart::kTest ? " test samples" : " training samples") +
      (seen.not_finite > 0 ? ", " + ui::integer(seen.not_finite) + " of them with an output that is no number"
                           : "") +
      ".");
}

// What the first layer looks at ---------------------------------------------------------------------

void TrainingNetwork::weights(const std::shared_ptr<const TrainingLook>& newest, float width) {
  const TrainingLook& look = *newest;
  const Dataset& data = *look.data;
  if (!pictures(data) || look.inputs != data.features || look.units < 1)
    return say("The weights of the first layer are shown where the data are pictures.");
  const int shown = std::min(look.units, kMostUnits);
  const auto w = static_cast<std::size_t>(data.shape[2]), h = static_cast<std::size_t>(data.shape[1]);
  const auto channels = static_cast<std::size_t>(data.shape[0]);
  if (units_of_ != newest || units_colour_ != ui::theme().card) {
    std::vector<std::uint8_t> rgba(4 * w * h * static_cast<std::size_t>(shown));
    const auto columns = static_cast<std::size_t>(look.units);
    std::array<ui::Colour, 129> palette{};
    for (std::size_t i = 0; i < palette.size(); ++i)
      palette[i] = diverging_colour((static_cast<double>(i) - 64.0) / 64.0);
    for (std::size_t u = 0; u < static_cast<std::size_t>(shown); ++u) {
      // A colour picture's weights are added up over its channels.
      std::vector<double> sums(w * h, 0.0);
      double most = 1e-30;
      for (std::size_t p = 0; p < w * h; ++p) {
        for (std::size_t c = 0; c < channels; ++c)
          sums[p] += static_cast<double>(look.first_weights[(c * w * h + p) * columns + u]);
        if (std::isfinite(sums[p])) most = std::max(most, std::abs(sums[p]));
      }
      for (std::size_t p = 0; p < w * h; ++p) {
        const double value = std::isfinite(sums[p]) ? sums[p] / most : 0.0;
        const ui::Colour colour = palette[static_cast<std::size_t>(std::lround(64.0 + 64.0 * value))];
        std::uint8_t* pixel = rgba.data() + 4 * (u * w * h + p);
        pixel[0] = static_cast<std::uint8_t>(colour >> IM_COL32_R_SHIFT & 0xFF);
        pixel[1] = static_cast<std::uint8_t>(colour >> IM_COL32_G_SHIFT & 0xFF);
        pixel[2] = static_cast<std::uint8_t>(colour >> IM_COL32_B_SHIFT & 0xFF);
        pixel[3] = 255;
      }
    }
    units_.set(data.shape[2], data.shape[1] * shown, rgba);
    units_of_ = newest;
    units_colour_ = ui::theme().card;
  }
  const float gap = ui::px(3);
  const int across = std::max(1, static_cast<int>((width + gap) / ui::px(shown > 64 ? 39 : 60)));
  const float tile = std::floor((width + gap) / static_cast<float>(across)) - gap;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  for (int u = 0; u < shown; ++u) {
    const float x = origin.x + static_cast<float>(u % across) * (tile + gap);
    const float y = origin.y + static_cast<float>(u / across) * (tile + gap);
    const float v0 = static_cast<float>(u) / static_cast<float>(shown),
                v1 = static_cast<float>(u + 1) / static_cast<float>(shown);
    list->AddImage(ui::texture_id(units_.id()), {x, y}, {x + tile, y + tile}, {0, v0}, {1, v1});
    if (!ImGui::IsWindowHovered() || !ImGui::IsMouseHoveringRect({x, y}, {x + tile, y + tile})) continue;
    ImGui::SetCursorScreenPos({x, y});
    ImGui::PushID(u);
    ImGui::InvisibleButton("unit", {tile, tile});
    ImGui::PopID();
    if (ui::begin_tooltip(ImGui::GetItemID(), ImGui::IsItemHovered())) {
      const ImVec2 at = ImGui::GetCursorScreenPos();
      const float large = ui::px(140);
      ImGui::GetWindowDrawList()->AddImage(ui::texture_id(units_.id()), at, {at.x + large, at.y + large},
                                           {0, v0}, {1, v1});
      ImGui::Dummy({large, large});
      ui::paragraph("Unit " + std::to_string(u), ui::theme().dim, ui::Type::kNote);
      ui::end_tooltip();
    }
  }
  const auto lines = static_cast<float>((shown + across - 1) / across);
  ImGui::SetCursorScreenPos(origin);
  ImGui::Dummy({width, lines * (tile + gap)});
  say("Orange excites, blue inhibits; each unit on its own scale" +
      (look.units > shown ? ". The first " + std::to_string(shown) + " of " + ui::integer(look.units)
                          : std::string()) +
      ".");
}

// How far its confidence can be trusted -------------------------------------------------------------

void TrainingNetwork::calibration(const TrainingLook& look, float width) const {
  const Inspection& seen = *look.inspection;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float gutter = ui::px(34);
  const float side = std::min(width - gutter - ui::px(4), ui::px(260));
  const ImVec2 min{at.x + gutter, at.y + ui::px(6)}, max{min.x + side, min.y + side};
  const auto place = [&](double x, double y) {
    return ImVec2{min.x + static_cast<float>(x) * side, max.y - static_cast<float>(y) * side};
  };
  for (const double tick : {0.0, 0.5, 1.0}) {
    list->AddLine(place(0, tick), place(1, tick), ui::theme().hairline, ui::line_width(1));
    ui::draw_centred(list, ui::Type::kSmall, min.x - ui::px(6), place(0, tick).y, ui::theme().dim,
                     ui::number(tick, 2), 1.0F);
    ui::draw_centred(list, ui::Type::kSmall, place(tick, 0).x, max.y + ui::px(10), ui::theme().dim,
                     ui::number(tick, 2), 0.5F);
  }
  std::int64_t most = 1;
  for (const ReliabilityBin& bin : seen.reliability) most = std::max(most, bin.count);
  for (const ReliabilityBin& bin : seen.reliability) {
    if (bin.count == 0) continue;
    const ImVec2 a = place(bin.low, bin.accuracy), b = place(bin.high, 0);
    // As strong as the bin has samples.
    const float strength =
        0.25F +
        0.75F * static_cast<float>(std::sqrt(static_cast<double>(bin.count) / static_cast<double>(most)));
    list->AddRectFilled({a.x + 1.0F, a.y}, {b.x - 1.0F, b.y}, ui::with_alpha(ui::theme().accent, strength));
    const ImVec2 mean = place(bin.confidence, bin.confidence);
    list->AddLine({a.x + 1.0F, mean.y}, {b.x - 1.0F, mean.y}, ui::theme().warning, ui::line_width(2));
    if (!ImGui::IsWindowHovered() || !ImGui::IsMouseHoveringRect({a.x, min.y}, {b.x, max.y})) continue;
    ImGui::SetCursorScreenPos({a.x, min.y});
    ImGui::PushID(static_cast<int>(bin.low * 1000.0));
    ImGui::InvisibleButton("bin", {std::max(1.0F, b.x - a.x), side});
    ImGui::PopID();
    ui::tooltip(ui::integer(bin.count) + " samples with a confidence of " + percent(bin.low) + " to " +
                percent(bin.high) + ": on average " + percent(bin.confidence) + " sure, " +
                percent(bin.accuracy) + " right.");
  }
  list->AddLine(place(0, 0), place(1, 1), ui::theme().dim, ui::line_width(1));
  ui::draw_centred(list, ui::Type::kSmall, 0.5F * (min.x + max.x), max.y + ui::px(24), ui::theme().dim,
                   "confidence", 0.5F);
  ui::draw_centred(list, ui::Type::kSmall, min.x + ui::px(6), min.y + ui::px(8), ui::theme().dim,
                   "share right");
  ui::mark("reliability", min, max);
  ImGui::SetCursorScreenPos(at);
  ImGui::Dummy({width, side + ui::px(40)});
  say("Calibration error " + percent(seen.calibration_error) +
      ". Bars below the orange lines: surer than it should be; above: less sure.");
}

}  // namespace thalweg

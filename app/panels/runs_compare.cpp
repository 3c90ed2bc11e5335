#include "app/panels/runs_compare.hpp"

#include <algorithm>
#include <cmath>

#include "app/ui/compat.hpp"
#include "app/ui/parts.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

/// How often runs that go on are looked at anew.
constexpr double kRefreshSeconds = 0.5;

const std::vector<std::string> kWords{"Curves", "Settings", "Scatter", "Parallel",
                                      "Paths",  "Networks", "Family"};

bool shows_all(const std::string& page) { return page == "scatter" || page == "parallel"; }

}  // namespace

RunsCompare::RunsCompare(std::filesystem::path db, std::function<void()> wake)
    : db_(std::move(db)), paths_(wake), networks_(db_, wake) {
  if (!db_.empty()) reader_ = std::make_unique<ComparisonReader>(db_, std::move(wake));
}

RunsCompare::~RunsCompare() = default;

ComparisonRequest RunsCompare::request_of(const RunsScene& scene) const {
  ComparisonRequest out;
  for (const SelectedRun& run : scene.selected) {
    out.uids.push_back(run.uid);
    out.visible.push_back(run.visible);
  }
  out.refresh = refresh_;
  const std::string& page = scene.view.text("page");
  if (page == "curves") curves_.ask(scene, out);
  if (page == "scatter") scatter_.ask(scene, out);
  if (page == "parallel") parallel_.ask(scene, out);
  out.paths = page == "paths";
  if (page == "networks") networks_.ask(data_.get(), out);
  out.family = page == "family";
  return out;
}

void RunsCompare::pages(Frame& frame, const Rect& area) {
  const std::vector<std::string>& keys = runs_view_descriptor().find("page")->choices;
  const std::string& shown = frame.scene().runs.view.text("page");
  int selected = static_cast<int>(std::find(keys.begin(), keys.end(), shown) - keys.begin());
  float natural = 0.0F;
  for (const std::string& word : kWords) natural += ui::text_width(ui::Type::kNormal, word) + ui::px(24);
  ImGui::SetCursorScreenPos(area.min);
  bool changed = false;
  if (natural <= area.width()) {
    changed = ui::segmented("page", kWords, selected);
  } else {
    std::vector<ui::ComboItem> items;
    for (const std::string& word : kWords) items.push_back({word});
    changed = ui::combo("page", items, selected, std::min(area.width(), ui::px(260)), 28);
  }
  ui::tooltip(runs_view_descriptor().find("page")->help);
  if (changed)
    change_runs(frame,
                [&](RunsScene& runs) { *runs.view.find("page") = keys[static_cast<std::size_t>(selected)]; });
}

void RunsCompare::draw(Frame& frame, const Rect& whole) {
  const ui::Scope scope("compare");
  const Rect area{{whole.min.x + ui::px(14), whole.min.y + ui::px(10)},
                  {whole.max.x - ui::px(14), whole.max.y - ui::px(10)}};
  if (area.width() < ui::px(120) || area.height() < ui::px(80)) return;
  ImGui::SetCursorScreenPos(area.min);
  ui::begin_child("compare", {area.width(), area.height()}, false,
                  ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
  pages(frame, area);
  const Rect rest{{area.min.x, area.min.y + ui::px(38)}, area.max};
  ImGui::SetCursorScreenPos(rest.min);
  const RunsScene& scene = frame.scene().runs;
  if (!reader_) {
    ui::empty_state(
        "none", "No file of runs",
        "This window was started without a file of runs. Start it with --db FILE, or without --no-save.");
  } else if (scene.selected.empty() && !shows_all(scene.view.text("page"))) {
    ui::empty_state("none", "Nothing to compare yet", "Choose runs in the list, and they are compared here.");
  } else {
    if (data_ && data_->live && ImGui::GetTime() - asked_ >= kRefreshSeconds) {
      asked_ = ImGui::GetTime();
      ++refresh_;
    }
    reader_->request(request_of(scene));
    if (frame.synchronous) reader_->wait();
    data_ = reader_->comparison();
    if (data_ && data_->live) ui::detail::want_frame(kRefreshSeconds);
    if (data_)
      page(frame, *data_, rest);
    else
      ui::paragraph("Reading…", ui::theme().dim);
  }
  ImGui::EndChild();
  // What the mouse is on is known when all was drawn, and shown in the next frame.
  if (focus_.hovered != focus_.next) ui::detail::want_frame(0.0);
  focus_.hovered = std::exchange(focus_.next, {});
}

void RunsCompare::page(Frame& frame, const Comparison& data, const Rect& area) {
  const RunsScene& scene = frame.scene().runs;
  if (data.error) {
    ui::empty_state("trouble", "These can't be compared", data.error->text());
    return;
  }
  ComparePage context{frame, data, focus_};
  Rect rest = area;
  if (!focus_.chosen.empty()) {
    rest.max.y -= ui::px(38);
    focused(context, {{area.min.x, rest.max.y + ui::px(4)}, area.max});
  }
  const std::string& name = scene.view.text("page");
  if (name == "curves") return curves_.draw(context, rest);
  if (name == "settings") return settings_.draw(context, rest);
  if (name == "scatter") return scatter_.draw(context, rest);
  if (name == "parallel") return parallel_.draw(context, rest);
  if (name == "paths") return paths_.draw(context, rest);
  if (name == "networks") return networks_.draw(context, rest);
  if (name == "family") return family_.draw(context, rest);
}

/// The run that was clicked: its name, and what can be done with it.
void RunsCompare::focused(ComparePage& page, const Rect& area) {
  const ui::Scope scope("focus");
  const ui::Theme& t = ui::theme();
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(area.min, {area.max.x, area.min.y + ui::line_width(1)}, t.hairline);
  const SelectedRun* selected = page.scene().find(focus_.chosen);
  std::string name = focus_.chosen.substr(0, 8);
  for (std::size_t i = 0; i < page.data.runs.size(); ++i)
    if (page.data.runs[i]->info.uid == focus_.chosen) name = page.data.names[i];
  if (page.data.listed)
    for (std::size_t i = 0; i < page.data.listed->uids.size(); ++i)
      if (page.data.listed->uids[i] == focus_.chosen && !selected) name = page.data.listed->names[i];
  for (const FamilyRun& run : page.data.family)
    if (run.info.uid == focus_.chosen && !selected) name = run.info.name;
  const float middle = area.min.y + 0.5F * area.height() + ui::px(1);
  const float buttons = ui::px(28 + 8) + ui::text_width(ui::Type::kNote, "Open") + ui::px(26) +
                        ui::text_width(ui::Type::kNote, selected ? "Take out" : "Compare") + ui::px(26);
  run_dot(list, {area.min.x + ui::px(8), middle}, selected ? selected->colour : 0, selected != nullptr);
  ui::draw_centred(list, ui::Type::kNormal, area.min.x + ui::px(20), middle, t.text,
                   ui::elided(ui::Type::kNormal, name, area.width() - buttons - ui::px(28)));
  ImGui::SetCursorScreenPos({area.max.x - buttons, middle - ui::px(12)});
  if (ui::chip("open", "Open", "Show this run in its lab, as it was") && page.frame.open_run)
    page.frame.open_run(focus_.chosen, std::nullopt);
  ImGui::SameLine(0, ui::px(8));
  if (ui::chip("choose", selected ? "Take out" : "Compare",
               selected ? "Take this run out of the comparison" : "Compare this run with the others"))
    change_runs(page.frame, [&](RunsScene& runs) {
      if (selected)
        std::erase_if(runs.selected, [&](const SelectedRun& run) { return run.uid == focus_.chosen; });
      else if (runs.selected.size() < kMostSelected)
        runs.selected.push_back({focus_.chosen, runs.free_colour(), true});
    });
  ImGui::SameLine(0, ui::px(8));
  ImGui::SetCursorScreenPos({area.max.x - ui::px(28), middle - ui::px(14)});
  if (ui::icon_button("close", ui::Icon::kClose, {.tooltip = "Mark no run"})) focus_.chosen.clear();
}

}  // namespace thalweg

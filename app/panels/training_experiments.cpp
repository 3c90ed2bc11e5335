#include "app/panels/training_experiments.hpp"

#include <algorithm>
#include <cmath>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"
#include "core/optimizer/optimizer.hpp"

namespace thalweg {
namespace {

/// Between two readings of a run that goes on.
constexpr double kDiagnosisSeconds = 1.0;
constexpr int kManySeeds = 3;

void say(std::string_view text, ui::Colour colour) { ui::paragraph(text, colour, ui::Type::kNote); }

/// A word in a filled box.
void badge(const char* word, ui::Colour colour) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const ImVec2 size{ui::text_width(ui::Type::kStrong, word) + ui::px(20), ui::px(24)};
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(at, {at.x + size.x, at.y + size.y}, colour, ui::px(ui::kRadius));
  ui::draw_centred(list, ui::Type::kStrong, at.x + 0.5F * size.x, at.y + 0.5F * size.y, ui::theme().panel,
                   word, 0.5F);
  ui::mark("badge", at, {at.x + size.x, at.y + size.y});
  ImGui::Dummy(size);
}

}  // namespace

void TrainingExperiments::draw(Frame& frame, TrainingSession& session, float width) {
  buttons(frame, session, width);
  ui::gap(8);
  report(frame, session, width);
  diagnosis(frame, session);
}

void TrainingExperiments::start(Frame& frame, const TrainingSession& session, ExperimentKind kind) {
  const TrainingScene& training = frame.scene().training;
  optimizer_ = std::clamp(session.selected, 0, static_cast<int>(training.optimizers.size()) - 1);
  ExperimentRequest request;
  request.number = ++number_;
  request.kind = kind;
  request.settings = training.lane(static_cast<std::size_t>(optimizer_), 0);
  request.settings.optimizer.changes.clear();
  if (session.run().data_spec == training.data) request.data = session.run().data;
  request.folder = training.folder;
  worker_.request(std::move(request));
  if (frame.synchronous) worker_.wait();
}

void TrainingExperiments::buttons(Frame& frame, TrainingSession& session, float width) {
  const TrainingScene& training = frame.scene().training;
  const bool any = !training.optimizers.empty();
  const float left = ImGui::GetCursorScreenPos().x;
  const auto place = [&](float room) {
    // Beside the last one where there is room, else below it.
    ImGui::SameLine(0, ui::px(8));
    if (ImGui::GetCursorScreenPos().x + room > left + width) ImGui::NewLine();
  };
  const auto room = [](const char* label) { return ui::text_width(ui::Type::kNormal, label) + ui::px(28); };
  if (ui::button("lr_find", "Find a learning rate", false, any))
    start(frame, session, ExperimentKind::kLearningRate);
  ui::tooltip(
      "Trains a network of its own with a rate that grows from update to update, and sees where the loss "
      "falls fastest.");
  place(room("Overfit one batch"));
  if (ui::button("overfit", "Overfit one batch", false, any)) start(frame, session, ExperimentKind::kOverfit);
  ui::tooltip(
      "Can the network learn a single batch by heart? If not, something is wrong that more data will not "
      "mend.");
  const bool many = training.seeds > 1;
  const std::string seeds = many ? "One seed" : std::to_string(kManySeeds) + " seeds";
  place(room(seeds.c_str()));
  if (ui::button("seeds", seeds))
    propose(frame, {}, {}, [&](Scene& scene) { scene.training.seeds = many ? 1 : kManySeeds; });
  ui::tooltip(many ? "Back to a single run of each optimizer."
                   : "Every optimizer from three different seeds: the curves show mean and spread.");
}

void TrainingExperiments::report(Frame& frame, TrainingSession& session, float width) {
  const std::shared_ptr<const ExperimentReport> report = worker_.report();
  if (report->number == 0 || report->number != number_) return;
  ui::begin_card("report");
  const float inner = ui::available();
  const OptimizerDescriptor* with = find_optimizer(report->optimizer.id);
  ui::paragraph((report->kind == ExperimentKind::kLearningRate ? "Learning rate for " : "One batch with ") +
                    (with ? with->label : report->optimizer.id),
                ui::theme().text, ui::Type::kStrong);
  ui::gap(4);
  if (report->running) {
    say("At work: " + ui::integer(std::llround(100.0 * report->share)) + " %", ui::theme().dim);
  } else if (report->error) {
    ui::error_line(report->error->text());
  } else if (report->sweep) {
    sweep(frame, session, *report, inner);
  } else if (report->overfit) {
    overfit(*report, inner);
  }
  ui::end_card();
  ui::gap(10);
  (void)width;
}

void TrainingExperiments::sweep(Frame& frame, TrainingSession& session, const ExperimentReport& report,
                                float width) {
  const LrFindResult& result = *report.sweep;
  const auto& optimizers = frame.scene().training.optimizers;
  const auto index = static_cast<std::size_t>(optimizer_);
  Chart chart;
  chart.title = "Loss against learning rate";
  chart.x = {.label = "learning rate", .scale = AxisScale::kLog};
  const int colour = index < optimizers.size() ? optimizers[index].colour : 0;
  for (const bool raw : {true, false}) {
    Series series;
    series.name = "loss";
    series.colour = colour;
    series.faint = raw;
    series.x = result.rates;
    series.y = raw ? result.losses : result.smoothed;
    chart.series.push_back(std::move(series));
  }
  const bool found = std::isfinite(result.steepest);
  if (found) chart.marks.push_back({result.steepest, "steepest"});
  ui::chart("sweep", chart, sweep_state_, {.width = width, .height = ui::px(180), .foot = true});
  ui::gap(4);
  say(result.verdict, ui::theme().text);
  if (!found || index >= optimizers.size() || optimizers[index].live.spec.id != report.optimizer.id) return;
  ui::gap(4);
  if (!ui::button("train", "Train with η = " + ui::number(result.steepest, 2), true)) return;
  propose(frame, {}, {},
          [&](Scene& scene) { scene.training.optimizers[index].live.set("lr", result.steepest); });
  session.restart(frame);
  session.train();
}

void TrainingExperiments::overfit(const ExperimentReport& report, float width) {
  const OverfitResult& result = *report.overfit;
  if (!result.stopped)
    badge(result.passed ? "PASSED" : "FAILED", result.passed ? ui::rgb(0x2E9E5B) : ui::theme().error);
  ui::gap(4);
  say(result.reason, ui::theme().text);
  for (const std::string& hint : result.hints) say("• " + hint, ui::theme().dim);
  Chart chart;
  chart.title = "Loss of the batch";
  chart.x.label = "step";
  chart.y.scale = AxisScale::kLog;
  Series series;
  series.name = "loss";
  for (std::size_t i = 0; i < result.losses.size(); ++i) series.x.push_back(static_cast<double>(i));
  series.y = result.losses;
  chart.series.push_back(std::move(series));
  ui::gap(4);
  ui::chart("batch", chart, overfit_state_, {.width = width, .height = ui::px(140), .foot = true});
}

void TrainingExperiments::diagnosis(const Frame& frame, const TrainingSession& session) {
  ui::section("Diagnosis");
  const TrainingSnapshot::Lane* lane = session.selected_lane();
  if (!lane || lane->view.steps.rows() == 0)
    return say("Once it trains, the run of the chosen optimizer is judged here.", ui::theme().dim);
  const TableView& steps = lane->view.steps;
  const bool same = steps.rows() == diagnosed_.rows() && steps.extends(diagnosed_);
  const double now = ImGui::GetTime();
  if (!same && (!steps.extends(diagnosed_) || frame.synchronous || !session.training() ||
                now - diagnosed_at_ > kDiagnosisSeconds)) {
    findings_ = diagnose(lane->view, session.run().data ? session.run().data->classes : 0);
    diagnosed_ = steps;
    diagnosed_at_ = now;
  }
  for (std::size_t i = 0; i < findings_.size(); ++i) {
    const Finding& finding = findings_[i];
    const bool well = finding.id == "healthy" || finding.id == "too_short";
    if (i > 0) ui::gap(6);
    ui::begin_card("finding." + std::to_string(i));
    ui::paragraph(finding.headline, well ? ui::theme().text : ui::theme().warning, ui::Type::kStrong);
    if (!finding.evidence.empty()) say(finding.evidence, ui::theme().text);
    for (const std::string& cause : finding.causes) say("• " + cause, ui::theme().dim);
    if (!finding.remedy.empty()) say("Try: " + finding.remedy, ui::theme().text);
    ui::end_card();
  }
}

}  // namespace thalweg

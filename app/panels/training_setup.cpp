#include "app/panels/training_setup.hpp"

#include <algorithm>
#include <cmath>

#include "app/panels/device_rows.hpp"
#include "app/panels/optimizer_cards.hpp"
#include "app/panels/spec_rows.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"
#include "core/optimizer/optimizer.hpp"
#include "core/schedule/schedule.hpp"
#include "core/script/script.hpp"

namespace thalweg {
namespace {

void note(std::string_view text) {
  if (!text.empty()) ui::paragraph(text, ui::theme().dim, ui::Type::kNote);
}

/// A menu of a family and rows for what was chosen.
template <class Descriptors, class Member>
void choice(Frame& frame, const Descriptors& descriptors, const Spec& spec, Member member,
            std::string_view group) {
  int selected = index_in(descriptors, spec.id);
  if (ui::combo("id", items_of(descriptors), selected))
    propose(frame, {}, {}, [&](Scene& scene) {
      member(scene) = default_spec(descriptors[static_cast<std::size_t>(selected)]);
    });
  const Spec now = member(frame.scene());
  const auto& descriptor = descriptors[static_cast<std::size_t>(index_in(descriptors, now.id))];
  ui::gap(4);
  if (!descriptor.formula.empty() && descriptor.parameters.empty()) note(descriptor.formula);
  const ui::Scope scope(group);
  rows(frame, descriptor, now, [&](Scene& scene, const Parameter& parameter, const Value& value) {
    if (Value* place = member(scene).find(parameter.key)) *place = value;
  });
}

/// The parts of a Scene that choice() changes: one expression for reading and writing.
struct Part {
  Spec TrainingScene::*member;
  Spec& operator()(Scene& scene) const { return scene.training.*member; }
  const Spec& operator()(const Scene& scene) const { return scene.training.*member; }
};
struct InitialisationPart {
  Spec& operator()(Scene& scene) const { return scene.training.model.initialisation; }
  const Spec& operator()(const Scene& scene) const { return scene.training.model.initialisation; }
};

/// The model with the inputs and outputs that the data have.
Model fitted(Model model, const Dataset& data) {
  model.inputs = data.features;
  const auto last = std::find_if(model.layers.rbegin(), model.layers.rend(),
                                 [](const Spec& layer) { return layer.id == "linear"; });
  if (last != model.layers.rend())
    *last->find("units") = static_cast<double>(data.classes > 0 ? data.classes : 1);
  return model;
}

bool from_files(const Spec& data) {
  return data.id == "mnist" || data.id == "fashion_mnist" || data.id == "cifar10";
}

/// How lane `lane` stands, for its card.
CardStatus status_of(const TrainingView& view) {
  const std::int64_t steps = view.steps.rows();
  if (view.outcome == Outcome::kDiverged)
    return {"diverged at " + ui::integer(steps), ui::theme().error,
            "The loss was no longer a number, or a million times the first, after step " +
                ui::integer(steps) + ". A smaller learning rate, clipping or warm-up may help."};
  if (!view.epochs->empty()) {
    const EpochRecord& last = view.epochs->back();
    const bool test = std::isfinite(last.test_accuracy);
    const double accuracy = test ? last.test_accuracy : last.validation_accuracy;
    if (std::isfinite(accuracy))
      return {ui::number(100.0 * accuracy, 4) + " %", ui::theme().text,
              std::string(test ? "Test" : "Validation") + " accuracy after epoch " + ui::integer(last.epoch) +
                  "."};
    const double loss = std::isfinite(last.test_loss) ? last.test_loss : last.train_loss;
    if (std::isfinite(loss))
      return {ui::number(loss, 3), ui::theme().text, "Loss after epoch " + ui::integer(last.epoch) + "."};
  }
  if (steps == 0) return {"", ui::theme().dim, ""};
  return {ui::number(view.steps.at(steps - 1, TrainingColumns::kLoss), 3), ui::theme().dim,
          "Loss of the last batch."};
}

const Parameter& seeds_parameter() {
  static const Parameter parameter{
      .key = "seeds",
      .symbol = "k",
      .label = "runs",
      .kind = Kind::kInteger,
      .default_value = 1.0,
      .min = 1.0,
      .max = kMostSeeds,
      .soft_min = 1.0,
      .soft_max = 8.0,
      .help =
          "Each optimizer is trained from so many seeds; the curves show the mean and, "
          "as a band, the lowest and the highest."};
  return parameter;
}

}  // namespace

std::string short_model(const Model& model) {
  std::string widths = model.inputs > 0 ? std::to_string(model.inputs) : "";
  for (const Spec& layer : model.layers)
    if (layer.id == "linear") widths += (widths.empty() ? "" : "-") + format_number(layer.number("units"));
  const auto same = parse_model(widths);
  if (same && same->inputs == model.inputs && same->layers == model.layers) return widths;
  return format_model(model);
}

void TrainingSetup::draw(Frame& frame, TrainingSession& session) {
  device_failed(frame, session);
  differs(frame, session);
  data(frame, session);
  ui::gap(12);
  model(frame, session);
  ui::gap(12);
  optimizers(frame, session);
  ui::gap(12);
  schedule(frame);
  ui::gap(12);
  draw_drive_rows(frame, Place::kTraining);
  ui::gap(12);
  training(frame, session);
  ui::gap(12);
  draw_device_rows(frame, session);
  ui::gap(12);
  probes(frame, session);
  ui::gap(12);
  view(frame);
  ui::gap(16);
}

void TrainingSetup::device_failed(Frame& frame, TrainingSession& session) {
  if (!session.device_failed()) return;
  const ui::Scope scope("device_failed");
  ui::begin_card("card");
  ui::paragraph(session.run().device_lost ? "The device has failed." : "The device can't be used.", ui::theme().error,
                ui::Type::kStrong);
  ui::gap(4);
  note(session.run().device_failure->text());
  if (session.run().device_lost) note("Nothing of the record is lost. The run can go on from its last state.");
  ui::gap(4);
  if (ui::button("cpu", session.began() ? "Continue on the CPU" : "Train on the CPU", true))
    session.continue_on_cpu(frame);
  ui::tooltip("Space does the same. Device is CPU from then on.");
  ImGui::SameLine(0, ui::px(8));
  if (ui::button("again", "Try again")) session.try_again();
  ui::tooltip("The same device once more.");
  ui::end_card();
  ui::gap(12);
}

void TrainingSetup::differs(Frame& frame, TrainingSession& session) {
  const bool failed = session.run().error && session.began();
  if (!session.run().differs && !failed) return;
  ui::begin_card("differs");
  ui::paragraph("The run has other settings than these.", ui::theme().text, ui::Type::kStrong);
  ui::gap(4);
  note(failed ? session.run().error->text()
              : "It keeps those that it began with, and goes on; these take effect when it starts again.");
  ui::gap(4);
  if (ui::button("again", "Start again with these", true)) {
    session.restart(frame);
    session.train();
  }
  ui::end_card();
  ui::gap(12);
}

void TrainingSetup::data(Frame& frame, TrainingSession& session) {
  const ui::Scope scope("data");
  ui::section("Data");
  const std::string before = frame.scene().training.data.id;
  choice(frame, datasets(), frame.scene().training.data, Part{&TrainingScene::data}, "data");
  const Scene& scene = frame.scene();
  if (scene.training.data.id != before) fit_ = true;
  if (fit_ && session.run().data && session.run().data_spec == scene.training.data) {
    // Other data were chosen, and now one knows what they are.
    fit_ = false;
    propose(frame, {}, {}, [&](Scene& next) {
      next.training.model = fitted(next.training.model, *session.run().data);
      if (session.run().data->classes == 0)
        next.training.loss = default_spec(*loss_family().find("squared_error"));
      else if (next.training.loss.id == "squared_error")
        next.training.loss = default_spec(losses().front());
    });
  }
  if (from_files(scene.training.data)) {
    static const Parameter parameter{.key = "folder",
                                     .label = "folder",
                                     .kind = Kind::kText,
                                     .default_value = std::string(),
                                     .help =
                                         "Where the files are. Empty: ~/.local/share/thalweg, then where the "
                                         "distribution puts them."};
    Value value = scene.training.folder;
    ui::Edit edit;
    if (ui::parameter_row(parameter, value, ui::theme().accent, &edit, {.columns = {52.0F, 0.0F}}))
      propose(frame, edit, "training.folder",
              [&](Scene& next) { next.training.folder = std::get<std::string>(value); });
    else if (edit.ended)
      frame.editor.end_group();
  }
  const std::shared_ptr<const Dataset>& data = session.run().data;
  if (session.run().loading) {
    note("Loading…");
  } else if (data && session.run().data_spec == scene.training.data) {
    note(ui::integer(data->train.count) + " to train on, " + ui::integer(data->test.count) + " for the test" +
         (data->classes > 0 ? ", " + std::to_string(data->classes) + " classes" : ", regression"));
  }
}

void TrainingSetup::model_text(Frame& frame) {
  static const Parameter parameter{.key = "text",
                                   .label = "layers",
                                   .kind = Kind::kText,
                                   .default_value = std::string("784-128-10"),
                                   .help =
                                       "Widths with ReLU between them, as in 784-128-10, or a list of "
                                       "layers: linear:units=128; batch_norm; "
                                       "relu; dropout:p=0.2; linear:units=10."};
  const std::string current = short_model(frame.scene().training.model);
  if (draft_ && draft_of_ != current) draft_.reset();
  Value value = draft_.value_or(current);
  ui::Edit edit;
  const bool changed =
      ui::parameter_row(parameter, value, ui::theme().accent, &edit,
                        {.columns = {52.0F, 0.0F}, .error = draft_ ? &draft_error_ : nullptr});
  if (edit.ended) frame.editor.end_group();
  if (!changed) return;
  const std::string typed = std::get<std::string>(value);
  auto parsed = parse_model(typed);
  if (parsed && parsed->layers.empty()) parsed = bad_input("has no layers");
  if (!parsed) {
    draft_ = typed;
    draft_of_ = current;
    draft_error_ = {parsed.error().text(), -1};
    return;
  }
  propose(frame, edit, "training.model", [&](Scene& scene) {
    const Spec initialisation = scene.training.model.initialisation;
    scene.training.model = *parsed;
    scene.training.model.initialisation = initialisation;
  });
  draft_ = typed;  // as it was typed, while it says the same
  draft_of_ = short_model(frame.scene().training.model);
  draft_error_ = {};
  if (draft_of_ == typed) draft_.reset();
}

void TrainingSetup::model(Frame& frame, TrainingSession& session) {
  const ui::Scope scope("model");
  ui::section("Model");
  model_text(frame);
  // Whether it fits is known as soon as the data are.
  const TrainingScene& training = frame.scene().training;
  const std::shared_ptr<const Dataset>& data = session.run().data;
  if (data && session.run().data_spec == training.data && !(draft_ && !draft_error_.message.empty())) {
    const auto planned = plan(training.model, data->features, data->classes > 0 ? data->classes : 1);
    if (planned)
      note(ui::integer(planned->parameters) + " parameters");
    else
      ui::error_line(planned.error().text());
  }
  ui::gap(8);
  {
    const ui::Scope inner("initialisation");
    note("Initial weights");
    choice(frame, initialisations(), training.model.initialisation, InitialisationPart{}, "initialisation");
  }
  ui::gap(8);
  const ui::Scope inner("loss");
  note("Loss");
  choice(frame, losses(), frame.scene().training.loss, Part{&TrainingScene::loss}, "loss");
}

void TrainingSetup::optimizers(Frame& frame, TrainingSession& session) {
  const CardList list{
      .place = Place::kTraining,
      .read = [](const Scene& scene) -> const std::vector<SceneOptimizer>& {
        return scene.training.optimizers;
      },
      .write = [](Scene& scene) -> std::vector<SceneOptimizer>& { return scene.training.optimizers; },
      .step =
          [&session](std::size_t index) {
            const auto [first, count] = session.lanes_of(index);
            const std::int64_t made = count > 0 ? session.run().lanes[first].view.steps.rows() : 0;
            return session.looking_back() ? std::min(made, session.shown_step()) : made;
          },
      .status =
          [&session](std::size_t index) {
            const auto [first, count] = session.lanes_of(index);
            if (count == 0) return CardStatus{"", ui::theme().dim, ""};
            const TrainingSnapshot::Lane& lane = session.run().lanes[first];
            if (lane.failed && session.run().device_failure)
              return CardStatus{"device failed", ui::theme().error, session.run().device_failure->text()};
            return status_of(session.shown(lane));
          },
      .set =
          [&session](Scene& scene, std::size_t index, const Parameter& parameter, const Value& value) {
            const auto [first, count] = session.lanes_of(index);
            session.set_live(scene.training.optimizers[index].live, parameter, value, first, count);
          },
      .pytorch =
          [&frame, &session](std::size_t index, bool whole) {
            const TrainingScene& scene = frame.scene().training;
            const TrainingSettings settings = scene.lane(index, 0);
            if (whole) return pytorch_script(settings, scene.folder);
            const auto [first, count] = session.lanes_of(index);
            const TrainingView* view = count > 0 ? &session.run().lanes[first].view : nullptr;
            const std::int64_t budget = view && view->budget > 0 ? view->budget : 1'000'000'000;
            return pytorch_optimizer_and_schedule(settings.optimizer.at(view ? view->steps.rows() : 0),
                                                  settings.schedule, budget, "model.parameters()",
                                                  settings.drives);
          },
      .none = "None. Add one to train the network with.",
      .unfit = [](const OptimizerDescriptor& optimizer) { return optimizer.not_on_networks; },
      .settings = training_spec};
  OptimizerCards().draw(frame, list, session.selected);
}

void TrainingSetup::schedule(Frame& frame) {
  const ui::Scope scope("schedule");
  ui::section("Learning-rate schedule");
  choice(frame, rate_schedules(), frame.scene().training.schedule, Part{&TrainingScene::schedule}, "schedule");
}

void TrainingSetup::training(Frame& frame, TrainingSession& session) {
  const ui::Scope scope("training");
  ui::section("Training");
  const Descriptor& descriptor = training_descriptor();
  const Spec now = frame.scene().training.training.at(session.shown_step());
  const auto below = [&](const Parameter& parameter) {
    draw_driven_note(frame.scene(), Place::kTraining, parameter, now, descriptor, session.shown_step());
  };
  rows(frame, descriptor, now,
       [&](Scene& scene, const Parameter& parameter, const Value& value) {
         const LiveSpec before = scene.training.training;
         session.set_live(scene.training.training, parameter, value, 0, session.run().lanes.size());
         const Spec& spec = scene.training.training.spec;
         if (spec.is_off("patience") || spec.number("validation") > 0.0) return;
         scene.training.training = before;
         frame.say(bad_input("needs a validation share, whose loss it watches", "patience"));
       },
       below);
  Value seeds = static_cast<double>(frame.scene().training.seeds);
  ui::Edit edit;
  if (ui::parameter_row(seeds_parameter(), seeds, ui::theme().accent, &edit,
                        {.columns = ui::row_columns(descriptor.parameters)}))
    propose(frame, edit, "training.seeds",
            [&](Scene& scene) { scene.training.seeds = static_cast<int>(std::get<double>(seeds)); });
  else if (edit.ended)
    frame.editor.end_group();
}

void TrainingSetup::probes(Frame& frame, TrainingSession& session) {
  const ui::Scope scope("probes");
  ui::section("Probes");
  note("Measured every so many steps; further apart costs less.");
  rows(frame, probe_descriptor(), frame.scene().training.probes,
       [&](Scene& scene, const Parameter& parameter, const Value& value) {
         *scene.training.probes.find(parameter.key) = value;
       });
  // Measured times are not the same from run to run: pictures do without.
  const TrainingSnapshot::Lane* lane = session.selected_lane();
  if (frame.synchronous || !lane || lane->view.seconds <= 0.0) return;
  std::string costs;
  for (const ProbeSeries& probe : lane->view.probes) {
    const Parameter* parameter = probe_descriptor().find(probe.id);
    costs += (costs.empty() ? "" : ", ") + (parameter ? parameter->label : probe.id) + " " +
             ui::number(100.0 * probe.seconds / lane->view.seconds, 2) + " %";
  }
  if (!costs.empty()) note("Cost so far: " + costs + ".");
}

void TrainingSetup::view(Frame& frame) {
  const ui::Scope scope("view");
  ui::section("View");
  for (const char* key : {"x_axis", "smoothing"}) {
    const Parameter& parameter = *training_view_descriptor().find(key);
    Value value = *frame.scene().training.view.find(key);
    ui::Edit edit;
    if (ui::parameter_row(parameter, value, ui::theme().accent, &edit, {.columns = {104.0F, 62.0F}}))
      propose(frame, edit, std::string("training.view.") + key,
              [&](Scene& scene) { *scene.training.view.find(key) = value; });
    else if (edit.ended)
      frame.editor.end_group();
  }
}

}  // namespace thalweg

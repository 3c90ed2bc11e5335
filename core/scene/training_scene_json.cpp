// The JSON form of a Scene's training part, and of the optimizers that it shares with the surface part.
#include "core/optimizer/optimizer.hpp"
#include "core/scene/scene_reader.hpp"

namespace thalweg::scene_json {

std::vector<SceneOptimizer> read_optimizers(const Reader& parent) {
  std::vector<SceneOptimizer> out;
  for (const Parsed& item : parent.array("optimizers")) {
    const Reader entry(item, "optimizers");
    entry.only({"spec", "colour", "visible", "changes"});
    SceneOptimizer optimizer;
    optimizer.live.spec = entry.need(parse_spec(entry.text("spec"), optimizer_family()));
    optimizer.live.changes = read_changes(entry, "changes", *find_optimizer(optimizer.live.spec.id));
    const std::int64_t colour = entry.integer("colour");
    if (colour < 0 || colour > 63) entry.fail("'colour' must be at least 0 and at most 63");
    optimizer.colour = static_cast<int>(colour);
    if (entry.has("visible")) {
      if (!entry.at("visible").is_boolean()) entry.fail("'visible' must be true or false");
      optimizer.visible = entry.at("visible").get<bool>();
    }
    out.push_back(std::move(optimizer));
  }
  return out;
}

Json written(const std::vector<SceneOptimizer>& optimizers) {
  Json out = Json::array();
  for (const SceneOptimizer& optimizer : optimizers) {
    const Descriptor& descriptor = *find_optimizer(optimizer.live.spec.id);
    Json entry{{"spec", written(optimizer.live.spec, descriptor)},
               {"colour", optimizer.colour},
               {"visible", optimizer.visible}};
    if (!optimizer.live.changes.empty()) entry["changes"] = written(optimizer.live.changes, descriptor);
    out.push_back(std::move(entry));
  }
  return out;
}

Drives read_drives(const Reader& parent) {
  Drives out;
  if (!parent.has("drives")) return out;
  for (const Parsed& item : parent.array("drives")) {
    if (!item.is_string()) parent.fail("'drives' must be a list of texts such as momentum=linear");
    out.push_back(parent.need(parse_drive(item.get<std::string>())));
    if (out.back().key.empty()) parent.fail("'drives': expected setting=schedule, such as momentum=linear");
  }
  return out;
}

Json written(const Drives& drives) {
  Json out = Json::array();
  for (const Drive& drive : drives) out.push_back(format_drive(drive));
  return out;
}

namespace {

Model read_model(const Reader& parent) {
  const Reader reader(parent.at("model"), "training: model");
  reader.only({"inputs", "layers", "initialisation"});
  Model model;
  const std::int64_t inputs = reader.integer("inputs");
  if (inputs < 0 || inputs > std::int64_t{1} << 30)
    reader.fail("'inputs' must be at least 0 and at most 2^30");
  model.inputs = static_cast<int>(inputs);
  for (const Parsed& layer : reader.array("layers")) {
    if (!layer.is_string()) reader.fail("'layers' must be a list of texts");
    model.layers.push_back(reader.need(parse_spec(layer.get<std::string>(), layer_family())));
  }
  model.initialisation = reader.need(parse_spec(reader.text("initialisation"), initialisation_family()));
  return model;
}

Json written_model(const Model& model) {
  Json layers = Json::array();
  for (const Spec& layer : model.layers) layers.push_back(written(layer, *find_layer(layer.id)));
  return {{"inputs", model.inputs},
          {"layers", std::move(layers)},
          {"initialisation",
           written(model.initialisation, *initialisation_family().find(model.initialisation.id))}};
}

}  // namespace

TrainingScene read_training(const Parsed& json) {
  const Reader reader(json, "training");
  reader.only({"data", "folder", "model", "loss", "optimizers", "schedule", "drives", "training", "training_changes",
               "probes", "device", "seeds", "view", "step"});
  TrainingScene out;
  out.data = reader.need(parse_spec(reader.text("data"), dataset_family()));
  out.folder = reader.text("folder");
  out.model = read_model(reader);
  out.loss = reader.need(parse_spec(reader.text("loss"), loss_family()));
  out.optimizers = read_optimizers(reader);
  out.schedule = reader.need(parse_spec(reader.text("schedule"), schedule_family()));
  out.drives = read_drives(reader);
  out.training.spec = reader.need(parse_spec(reader.text("training"), training_descriptor()));
  out.training.changes = read_changes(reader, "training_changes", training_descriptor());
  out.probes = reader.need(parse_spec(reader.text("probes"), probe_descriptor()));
  // Files from before there was a choice have none.
  if (reader.has("device")) out.device = reader.need(parse_spec(reader.text("device"), device_descriptor()));
  const std::int64_t seeds = reader.integer("seeds");
  if (seeds < 1 || seeds > kMostSeeds)
    reader.fail("'seeds' must be at least 1 and at most " + std::to_string(kMostSeeds));
  out.seeds = static_cast<int>(seeds);
  out.view = reader.need(parse_spec(reader.text("view"), training_view_descriptor()));
  out.step = reader.integer("step");
  return out;
}

Json written(const TrainingScene& scene) {
  Json out;
  out["data"] = written(scene.data, *find_dataset(scene.data.id));
  out["folder"] = scene.folder;
  out["model"] = written_model(scene.model);
  out["loss"] = written(scene.loss, *loss_family().find(scene.loss.id));
  out["optimizers"] = written(scene.optimizers);
  out["schedule"] = written(scene.schedule, *find_schedule(scene.schedule.id));
  if (!scene.drives.empty()) out["drives"] = written(scene.drives);
  out["training"] = written(scene.training.spec, training_descriptor());
  if (!scene.training.changes.empty())
    out["training_changes"] = written(scene.training.changes, training_descriptor());
  out["probes"] = written(scene.probes, probe_descriptor());
  out["device"] = written(scene.device, device_descriptor());
  out["seeds"] = scene.seeds;
  out["view"] = written(scene.view, training_view_descriptor());
  out["step"] = scene.step;
  return out;
}

}  // namespace thalweg::scene_json

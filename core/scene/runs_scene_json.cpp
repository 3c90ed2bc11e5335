// The JSON form of a Scene's part for the Runs view.
#include "core/scene/scene_reader.hpp"

namespace thalweg::scene_json {
namespace {

std::vector<std::string> texts(const Reader& reader, const char* key) {
  std::vector<std::string> out;
  for (const Parsed& item : reader.array(key)) {
    if (!item.is_string()) reader.fail(std::string("'") + key + "' must be a list of texts");
    out.push_back(item.get<std::string>());
  }
  return out;
}

}  // namespace

RunsScene read_runs(const Parsed& json) {
  const Reader reader(json, "runs");
  reader.only({"filter", "sort", "columns", "list_group", "selected", "series", "flipped", "group", "across", "upward",
               "shade", "axes", "view"});
  RunsScene out;
  out.filter = reader.text("filter");
  out.sort = reader.text("sort");
  out.columns = texts(reader, "columns");
  out.list_group = reader.text("list_group");
  out.series = texts(reader, "series");
  out.flipped = texts(reader, "flipped");
  out.group = reader.text("group");
  out.across = reader.text("across");
  out.upward = reader.text("upward");
  out.shade = reader.text("shade");
  for (const Parsed& item : reader.array("axes")) {
    const Reader entry(item, "axes");
    entry.only({"key", "hidden", "brushed", "low", "high"});
    for (const char* flag : {"hidden", "brushed"})
      if (!entry.at(flag).is_boolean()) entry.fail(std::string("'") + flag + "' must be true or false");
    for (const char* end : {"low", "high"})
      if (!entry.at(end).is_number()) entry.fail(std::string("'") + end + "' must be a number");
    out.axes.push_back({entry.text("key"), entry.at("hidden").get<bool>(), entry.at("brushed").get<bool>(),
                        entry.at("low").get<double>(), entry.at("high").get<double>()});
  }
  for (const Parsed& item : reader.array("selected")) {
    const Reader entry(item, "selected");
    entry.only({"uid", "colour", "visible"});
    const std::int64_t colour = entry.integer("colour");
    if (colour < 0 || colour > 63) entry.fail("'colour' must be at least 0 and at most 63");
    if (!entry.at("visible").is_boolean()) entry.fail("'visible' must be true or false");
    out.selected.push_back({entry.text("uid"), static_cast<int>(colour), entry.at("visible").get<bool>()});
  }
  out.view = reader.need(parse_spec(reader.text("view"), runs_view_descriptor()));
  return out;
}

Json written(const RunsScene& scene) {
  Json selected = Json::array();
  for (const SelectedRun& run : scene.selected)
    selected.push_back({{"uid", run.uid}, {"colour", run.colour}, {"visible", run.visible}});
  Json axes = Json::array();
  for (const RunsAxis& axis : scene.axes)
    axes.push_back({{"key", axis.key},
                    {"hidden", axis.hidden},
                    {"brushed", axis.brushed},
                    {"low", axis.low},
                    {"high", axis.high}});
  Json out;
  out["filter"] = scene.filter;
  out["sort"] = scene.sort;
  out["columns"] = scene.columns;
  out["list_group"] = scene.list_group;
  out["selected"] = std::move(selected);
  out["series"] = scene.series;
  out["flipped"] = scene.flipped;
  out["group"] = scene.group;
  out["across"] = scene.across;
  out["upward"] = scene.upward;
  out["shade"] = scene.shade;
  out["axes"] = std::move(axes);
  out["view"] = written(scene.view, runs_view_descriptor());
  return out;
}

}  // namespace thalweg::scene_json

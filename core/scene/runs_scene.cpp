#include "core/scene/runs_scene.hpp"

#include <algorithm>
#include "core/scene/view_parameters.hpp"

namespace thalweg {

using scene_parameters::choice;
using scene_parameters::flag;
using scene_parameters::smoothing;

namespace {

constexpr std::size_t kLongestText = 4096;
constexpr std::size_t kMostNames = 200;

}  // namespace

const SelectedRun* RunsScene::find(const std::string& uid) const {
  const auto it =
      std::find_if(selected.begin(), selected.end(), [&](const auto& run) { return run.uid == uid; });
  return it == selected.end() ? nullptr : &*it;
}

int RunsScene::free_colour(int palette_size) const {
  for (int colour = 0; colour < palette_size; ++colour)
    if (std::none_of(selected.begin(), selected.end(), [&](const auto& run) { return run.colour == colour; }))
      return colour;
  return static_cast<int>(selected.size()) % palette_size;
}

const Descriptor& runs_view_descriptor() {
  static const Descriptor descriptor{
      .id = "runs_view",
      .label = "View",
      .summary = "How runs are listed and compared.",
      .formula = "",
      .reference = "",
      .parameters = {
          choice("layout", "layout", {"both", "list", "comparison"}, "The list, the comparison, or both."),
          flag("descending", "descending", true, "Order of the list: the largest first."),
          flag("deleted", "deleted runs", false, "List what was deleted instead."),
          flag("details", "details", true, "Below the list, all about one run."),
          choice("page", "page", {"curves", "settings", "scatter", "parallel", "paths", "networks", "family"},
                 "Curves over each other; settings that differ; a setting against a result; parallel "
                 "coordinates; paths on the surface; confusion matrices and spectra of networks; the tree of "
                 "forks."),
          choice(
              "x_axis", "horizontal axis", {"step", "epoch", "time"},
              "Curves against updates, passes over the training samples, or the seconds that the run took."),
          smoothing(0.0),
          choice(
              "band", "band", {"range", "deviation"},
              "Around the mean of a group: from its lowest to its highest run, or one standard deviation."),
          flag("tiles", "small multiples", false, "A small chart for each run instead of one for all."),
          flag("all_settings", "all settings", false, "Also the settings that are the same in all runs."),
          flag("differences", "differences", false,
               "Confusion matrices less that of the first run, instead of the matrices themselves."),
      }};
  return descriptor;
}

RunsScene default_runs_scene() {
  RunsScene out;
  out.view = default_spec(runs_view_descriptor());
  return out;
}

std::optional<Error> check(const RunsScene& scene) {
  if (scene.selected.size() > kMostSelected)
    return bad_input("at most " + std::to_string(kMostSelected) + " can be compared", "selected");
  for (const SelectedRun& run : scene.selected) {
    if (run.colour < 0 || run.colour > 63) return bad_input("must be at least 0 and at most 63", "colour");
    if (run.uid.empty() || run.uid.size() > kLongestText) return bad_input("is no uid of a run", "selected");
  }
  for (const auto* texts : {&scene.columns, &scene.series, &scene.flipped}) {
    if (texts->size() > kMostNames)
      return bad_input("at most " + std::to_string(kMostNames) + " are possible", "columns");
    for (const std::string& text : *texts)
      if (text.size() > kLongestText)
        return bad_input("is longer than " + std::to_string(kLongestText) + " bytes", "columns");
  }
  for (const std::string* text : {&scene.filter, &scene.sort, &scene.group, &scene.list_group, &scene.across,
                                  &scene.upward, &scene.shade})
    if (text->size() > kLongestText)
      return bad_input("is longer than " + std::to_string(kLongestText) + " bytes", "text");
  if (scene.axes.size() > kMostNames)
    return bad_input("at most " + std::to_string(kMostNames) + " are possible", "axes");
  for (const RunsAxis& axis : scene.axes) {
    if (axis.key.size() > kLongestText)
      return bad_input("is longer than " + std::to_string(kLongestText) + " bytes", "axes");
    if (!(axis.low >= 0.0 && axis.low <= axis.high && axis.high <= 1.0))
      return bad_input("must be a stretch from 0 to 1", "axes");
  }
  return check(scene.view, runs_view_descriptor());
}

}  // namespace thalweg

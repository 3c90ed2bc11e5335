#include "app/panels/training_probes.hpp"

#include <algorithm>
#include <cmath>

#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"
#include "core/optimizer/optimizer.hpp"

namespace thalweg {
namespace {

/// Shares of units that are always 0 from which on they are shown in an alarming colour.
constexpr double kManyDead = 0.1;
constexpr double kMostDead = 0.5;
constexpr std::int64_t kMostPoints = 800;

int column_of(const ProbeSeries& probe, const std::string& name) {
  const auto found = std::find(probe.columns.begin(), probe.columns.end(), name);
  return found == probe.columns.end() ? -1 : static_cast<int>(found - probe.columns.begin());
}

/// The names before ": SUFFIX" among the columns of a probe, in their order.
std::vector<std::string> prefixes_of(const TrainingSession& session, const char* probe,
                                     const std::string& suffix, bool weights_only) {
  std::vector<std::string> out;
  const std::string end = ": " + suffix;
  for (const TrainingSnapshot::Lane& lane : session.run().lanes) {
    const ProbeSeries* series = lane.view.find(probe);
    if (!series) continue;
    for (const std::string& name : series->columns) {
      if (!name.ends_with(end)) continue;
      const std::string prefix = name.substr(0, name.size() - end.size());
      // Biases and shifts follow their weights closely enough.
      if (!weights_only || prefix.find("bias") == std::string::npos) out.push_back(prefix);
    }
    if (!out.empty()) break;
  }
  return out;
}

/// A column against the chosen axis.
Series series_of(const ProbeSeries& probe, int column, const StepAxis& axis) {
  Series out;
  const std::int64_t rows = probe.table.rows();
  const std::int64_t stride = std::max<std::int64_t>(1, (rows + kMostPoints - 1) / kMostPoints);
  for (std::int64_t row = 0; row < rows; row += stride) {
    out.x.push_back(axis(probe.table.at(row, 0)));
    out.y.push_back(probe.table.at(row, column));
  }
  return out;
}

void add_band(Series& series, const ProbeSeries& probe, int low, int high) {
  if (low < 0 || high < 0) return;
  const std::int64_t rows = probe.table.rows();
  const std::int64_t stride = std::max<std::int64_t>(1, (rows + kMostPoints - 1) / kMostPoints);
  for (std::int64_t row = 0; row < rows; row += stride) {
    series.low.push_back(probe.table.at(row, low));
    series.high.push_back(probe.table.at(row, high));
  }
}

std::string label_of(const TrainingSnapshot::Lane& lane) {
  return find_optimizer(lane.settings->optimizer.spec.id)->label;
}

double last_value(const Series& series) { return series.y.empty() ? NAN : series.y.back(); }

bool any_probe(const TrainingSession& session, std::initializer_list<const char*> ids) {
  for (const TrainingSnapshot::Lane& lane : session.run().lanes)
    for (const char* id : ids)
      if (lane.view.find(id)) return true;
  return false;
}

/// Nothing measured: says so and offers to switch the probe on. True if there is nothing.
bool nothing_measured(Frame& frame, const TrainingSession& session, std::initializer_list<const char*> ids,
                      const char* what, double interval) {
  if (any_probe(session, ids)) return false;
  const bool off = std::all_of(ids.begin(), ids.end(),
                               [&](const char* id) { return frame.scene().training.probes.is_off(id); });
  if (!off) {
    ui::empty_state("probes", std::string(what) + " will be shown here",
                    "They are measured while it trains.");
    return true;
  }
  if (ui::empty_state("probes", std::string(what) + " are not measured",
                      "Probes can be switched on while it trains.",
                      "Measure every " + ui::integer(static_cast<std::int64_t>(interval)) + " steps"))
    propose(frame, {}, {}, [&](Scene& scene) { *scene.training.probes.find(*ids.begin()) = interval; });
  return true;
}

}  // namespace

/// One small chart of a quantity of one layer.
struct TrainingProbes::Cell {
  std::string title;
  const char* help;
  std::string probe;
  std::string column;
  std::string low = {};  ///< columns of a band
  std::string high = {};
  bool dead = false;  ///< shares of dead units, which raise an alarm
};

void TrainingProbes::cell(Frame& frame, const TrainingSession& session, const Cell& cell, ImVec2 at,
                          ImVec2 size) {
  const Scene& scene = frame.scene();
  if (x_axis_ != scene.training.view.text("x_axis")) {
    x_axis_ = scene.training.view.text("x_axis");
    link_ = {};
  }
  Chart chart;
  chart.title = cell.title;
  chart.x.label = "step";  // said once, by the curves above
  if (cell.dead)
    chart.y = {.range = Range{0.0, 1.0}};
  else
    chart.y.scale = scene.training.view.text("probe_scale") == "log" ? AxisScale::kLog : AxisScale::kLinear;
  double worst = 0.0;
  std::string whose;
  const auto& optimizers = scene.training.optimizers;
  for (std::size_t i = 0; i < optimizers.size(); ++i) {
    const auto [first, count] = session.lanes_of(i);
    if (count == 0) continue;
    const bool chosen = static_cast<int>(i) == session.selected;
    const TrainingSnapshot::Lane& lane = session.run().lanes[chosen ? session.selected_index() : first];
    const ProbeSeries* probe = lane.view.find(cell.probe);
    const int column = probe ? column_of(*probe, cell.column) : -1;
    if (column < 0 || probe->table.rows() == 0) continue;
    Series series = series_of(*probe, column, StepAxis(scene, lane.view));
    series.name = label_of(lane);
    series.run = lane.uid;
    series.colour = optimizers[i].colour;
    series.visible = optimizers[i].visible;
    if (chosen) add_band(series, *probe, column_of(*probe, cell.low), column_of(*probe, cell.high));
    if (cell.dead && series.visible && last_value(series) > worst) {
      worst = last_value(series);
      whose = series.name;
    }
    chart.series.push_back(std::move(series));
  }
  chart.empty = "";
  chart.cursor = cursor_of(scene, session);
  ui::ChartState& state = states_[cell.probe + cell.column];
  state.y_scale.reset();
  ImGui::SetCursorScreenPos(at);
  ui::chart(cell.probe + "." + cell.column, chart, state,
            {.width = size.x, .height = size.y, .foot = true, .help = cell.help, .link = &link_});
  if (state.y_scale && *state.y_scale != chart.y.scale && !cell.dead)
    propose(frame, {}, {}, [&](Scene& next) {
      *next.training.view.find("probe_scale") =
          std::string(*state.y_scale == AxisScale::kLog ? "log" : "linear");
    });
  if (cell.dead && worst >= kManyDead)
    ui::draw_centred(ImGui::GetWindowDrawList(), ui::Type::kStrong, at.x + size.x - ui::px(32),
                     at.y + ui::px(10), worst >= kMostDead ? ui::theme().error : ui::theme().warning,
                     whose + ": " + ui::number(100.0 * worst, 3) + " % dead", 1.0F);
}

void TrainingProbes::grid(Frame& frame, const TrainingSession& session, const char* title, const char* help,
                          const std::string& probe, const std::string& suffix,
                          const std::vector<std::string>& prefixes, float width) {
  if (prefixes.empty()) return;
  const float gap = ui::px(12);
  const int across =
      std::clamp(static_cast<int>((width + gap) / ui::px(172)), 1, static_cast<int>(prefixes.size()));
  const float each = std::floor((width + gap) / static_cast<float>(across)) - gap;
  const float height = ui::px(118);
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    const ImVec2 at{origin.x + static_cast<float>(static_cast<int>(i) % across) * (each + gap),
                    origin.y + static_cast<float>(static_cast<int>(i) / across) * (height + ui::px(4))};
    Cell one{.title = std::string(title) + " " + prefixes[i],
             .help = help,
             .probe = probe,
             .column = prefixes[i] + ": " + suffix};
    if (suffix == "mean" && probe == "gradients") {
      one.low = prefixes[i] + ": min";
      one.high = prefixes[i] + ": max";
    }
    one.dead = suffix == "dead";
    cell(frame, session, one, at, {each, height});
  }
  const auto lines = static_cast<float>((static_cast<int>(prefixes.size()) + across - 1) / across);
  ImGui::SetCursorScreenPos(origin);
  ImGui::Dummy({width, lines * (height + ui::px(4))});
}

void TrainingProbes::layers(Frame& frame, const TrainingSession& session, float width) {
  if (nothing_measured(frame, session, {"gradients", "weights", "activations"}, "Layers", 50.0)) return;
  grid(frame, session, "Gradient norm",
       "Length of the gradient of one tensor: the mean over the steps since the last measurement, and of the "
       "chosen "
       "optimizer the smallest and the largest as a band.",
       "gradients", "mean", prefixes_of(session, "gradients", "mean", true), width);
  grid(frame, session, "Update ratio",
       "Length of an update over length of the weights. About 0.001 is usual; far below, hardly anything is "
       "learned, far "
       "above, training is rough.",
       "weights", "update ratio", prefixes_of(session, "weights", "update ratio", true), width);
  grid(frame, session, "Dead units",
       "Share of the ReLU units that are 0 for every sample of the probe batch: they get no gradient and "
       "learn nothing "
       "any more. Often a sign of too large a learning rate.",
       "activations", "dead", prefixes_of(session, "activations", "dead", false), width);
  grid(frame, session, "Output deviation",
       "Standard deviation of a layer's outputs over samples and units. It should neither vanish nor explode "
       "from layer "
       "to layer.",
       "activations", "deviation", prefixes_of(session, "activations", "deviation", false), width);
}

void TrainingProbes::effective_rates(Frame& frame, const TrainingSession& session, float width) {
  grid(frame, session, "Effective rate",
       "Median factor that the rule puts before a gradient: η for gradient descent, η/√v̂ for Adam and its kin.",
       "weights", "effective rate", prefixes_of(session, "weights", "effective rate", true), width);
}

// Curvature -----------------------------------------------------------------------------------------

void TrainingProbes::curvature(Frame& frame, const TrainingSession& session, float width) {
  if (nothing_measured(frame, session, {"curvature", "spectrum", "trace", "noise_scale"}, "Curvatures",
                       100.0))
    return;
  const Scene& scene = frame.scene();
  const auto& optimizers = scene.training.optimizers;
  const auto draw = [&](const char* id, Chart chart, const char* help, float height) {
    chart.x.label = "step";
    chart.cursor = cursor_of(scene, session);
    chart.y.scale = scene.training.view.text("probe_scale") == "log" ? AxisScale::kLog : AxisScale::kLinear;
    ui::ChartState& state = states_[id];
    state.y_scale.reset();
    ui::chart(id, chart, state,
              {.width = width, .height = height, .foot = true, .help = help, .link = &link_});
    if (state.y_scale && *state.y_scale != chart.y.scale)
      propose(frame, {}, {}, [&](Scene& next) {
        *next.training.view.find("probe_scale") =
            std::string(*state.y_scale == AxisScale::kLog ? "log" : "linear");
      });
    ui::gap(4);
  };
  const auto each = [&](const char* id, auto add) {
    for (std::size_t i = 0; i < optimizers.size(); ++i) {
      const auto [first, count] = session.lanes_of(i);
      if (count == 0) continue;
      const bool chosen = static_cast<int>(i) == session.selected;
      const TrainingSnapshot::Lane& lane = session.run().lanes[chosen ? session.selected_index() : first];
      const ProbeSeries* probe = lane.view.find(id);
      if (probe && probe->table.rows() > 0) add(*probe, lane, optimizers[i], chosen);
    }
  };
  const auto series = [&](const ProbeSeries& probe, int column, const TrainingSnapshot::Lane& lane,
                          const SceneOptimizer& optimizer, const std::string& what) {
    Series out = series_of(probe, column, StepAxis(scene, lane.view));
    out.name = label_of(lane) + what;
    out.colour = optimizer.colour;
    out.visible = optimizer.visible;
    out.run = lane.uid;
    return out;
  };
  Chart sharpness;
  sharpness.title = "Sharpness λmax and stability limit";
  each("curvature", [&](const ProbeSeries& probe, const TrainingSnapshot::Lane& lane,
                        const SceneOptimizer& optimizer, bool) {
    if (const int column = column_of(probe, "largest eigenvalue"); column > 0) {
      sharpness.series.push_back(series(probe, column, lane, optimizer, ", λmax"));
      sharpness.series.back().dots = true;
    }
    const int limit = column_of(probe, "stability limit");
    if (limit < 0) return;
    Series line = series(probe, limit, lane, optimizer, ", limit");
    if (std::none_of(line.y.begin(), line.y.end(), [](double y) { return std::isfinite(y); })) return;
    line.dashed = true;
    sharpness.series.push_back(std::move(line));
  });
  if (!sharpness.series.empty())
    draw("sharpness", std::move(sharpness),
         "The largest eigenvalue of the loss's Hessian, and dashed the largest at which the optimizer is "
         "stable: 2/η for "
         "gradient descent, 2(1+β)/η with momentum. Above it steps along that direction grow. Adaptive rules "
         "have no such "
         "limit on the plain Hessian.",
         ui::px(200));
  Chart spectrum;
  spectrum.title = "Largest Hessian eigenvalues";
  each("spectrum", [&](const ProbeSeries& probe, const TrainingSnapshot::Lane& lane,
                       const SceneOptimizer& optimizer, bool chosen) {
    for (std::size_t c = 0; chosen && c < probe.columns.size(); ++c)
      if (probe.columns[c].starts_with("λ"))
        spectrum.series.push_back(
            series(probe, static_cast<int>(c), lane, optimizer, ", " + probe.columns[c]));
  });
  if (!spectrum.series.empty())
    draw("spectrum", std::move(spectrum),
         "Of the chosen optimizer's network, by Lanczos iteration on exact products.", ui::px(170));
  Chart trace;
  trace.title = "Trace of the Hessian";
  each("trace", [&](const ProbeSeries& probe, const TrainingSnapshot::Lane& lane,
                    const SceneOptimizer& optimizer, bool) {
    const int value = column_of(probe, "trace"), error = column_of(probe, "standard error");
    if (value < 0) return;
    Series line = series(probe, value, lane, optimizer, "");
    if (error > 0) {
      const Series spread = series(probe, error, lane, optimizer, "");
      for (std::size_t k = 0; k < line.y.size(); ++k) {
        line.low.push_back(line.y[k] - spread.y[k]);
        line.high.push_back(line.y[k] + spread.y[k]);
      }
    }
    trace.series.push_back(std::move(line));
  });
  if (!trace.series.empty())
    draw("trace", std::move(trace),
         "Sum of all eigenvalues by Hutchinson's estimate, with one standard error as a band.", ui::px(170));
  Chart noise;
  noise.title = "Gradient noise scale";
  each("noise_scale", [&](const ProbeSeries& probe, const TrainingSnapshot::Lane& lane,
                          const SceneOptimizer& optimizer, bool) {
    if (const int column = column_of(probe, "noise scale"); column > 0)
      noise.series.push_back(series(probe, column, lane, optimizer, ""));
  });
  if (!noise.series.empty())
    draw("noise", std::move(noise),
         "The batch size at which noise and gradient are equally strong: larger batches gain little.",
         ui::px(170));
}

// Histograms ----------------------------------------------------------------------------------------

namespace {

/// Distributions of one tensor or layer at several steps, one behind the other, the newest in front.
void draw_ridges(ImDrawList* list, const std::vector<const Histogram*>& shots, ImVec2 at, ImVec2 size,
                 ui::Colour colour) {
  double low = INFINITY, high = -INFINITY;
  for (const Histogram* shot : shots) {
    low = std::min(low, shot->low);
    high = std::max(high, shot->high);
  }
  if (!(high > low)) return;
  const float foot = ui::px(16);
  const float room = size.y - foot;
  const float lift = shots.size() > 1 ? 0.62F * room / static_cast<float>(shots.size() - 1) : 0.0F;
  const float tall = room - lift * static_cast<float>(shots.size() - 1);
  static std::vector<ImVec2> line;
  // Slices that touch need no soft edges: they would show as stripes.
  const ImDrawListFlags flags = list->Flags;
  list->Flags &= ~ImDrawListFlags_AntiAliasedFill;
  for (std::size_t s = 0; s < shots.size(); ++s) {
    const Histogram& shot = *shots[s];
    const bool newest = s + 1 == shots.size();
    const float base = at.y + tall + lift * static_cast<float>(s);
    // As densities, so that wide and narrow ones can be compared; each as tall as it can be.
    const std::int64_t most =
        shot.counts.empty() ? 0 : *std::max_element(shot.counts.begin(), shot.counts.end());
    if (most <= 0) continue;
    line.clear();
    const auto bins = static_cast<double>(shot.counts.size());
    for (std::size_t b = 0; b < shot.counts.size(); ++b) {
      const double value = shot.low + (shot.high - shot.low) * (static_cast<double>(b) + 0.5) / bins;
      const float height =
          static_cast<float>(std::sqrt(static_cast<double>(shot.counts[b]) / static_cast<double>(most)));
      line.push_back(
          {at.x + size.x * static_cast<float>((value - low) / (high - low)), base - height * tall});
    }
    const ui::Colour fill =
        ui::mix(ui::theme().panel, colour,
                newest ? 0.45F : 0.10F + 0.12F * static_cast<float>(s) / static_cast<float>(shots.size()));
    for (std::size_t b = 1; b < line.size(); ++b)
      list->AddQuadFilled({line[b - 1].x, base}, line[b - 1], line[b], {line[b].x, base}, fill);
    list->AddPolyline(line.data(), static_cast<int>(line.size()),
                      newest ? colour : ui::mix(ui::theme().panel, colour, 0.5F), 0,
                      ui::line_width(newest ? 1.5F : 1.0F));
  }
  list->Flags = flags;
  const float bottom = at.y + size.y - 0.5F * foot;
  ui::draw_centred(list, ui::Type::kSmall, at.x, bottom, ui::theme().dim, ui::number(low, 2));
  ui::draw_centred(list, ui::Type::kSmall, at.x + size.x, bottom, ui::theme().dim, ui::number(high, 2), 1.0F);
  if (low < 0.0 && high > 0.0) {
    const float zero = at.x + size.x * static_cast<float>(-low / (high - low));
    list->AddLine({zero, at.y}, {zero, at.y + room}, ui::with_alpha(ui::theme().dim, 0.5F),
                  ui::line_width(1));
    if (zero - at.x > ui::px(44) && at.x + size.x - zero > ui::px(44))
      ui::draw_centred(list, ui::Type::kSmall, zero, bottom, ui::theme().dim, "0", 0.5F);
  }
}

constexpr std::size_t kRidges = 10;

}  // namespace

void TrainingProbes::histograms(Frame& frame, const TrainingSession& session, float width) {
  const TrainingSnapshot::Lane* lane = session.selected_lane();
  const bool off = frame.scene().training.probes.is_off("histograms");
  const std::shared_ptr<const Histograms> histograms = lane ? session.shown(*lane).histograms : nullptr;
  if (!histograms || histograms->empty()) {
    if (!off) {
      ui::empty_state("histograms", "Distributions will be shown here", "They are taken while it trains.");
    } else if (ui::empty_state("histograms", "Distributions are not taken",
                               "Probes can be switched on while it trains.", "Take them every 250 steps")) {
      propose(frame, {}, {}, [](Scene& scene) { *scene.training.probes.find("histograms") = 250.0; });
    }
    return;
  }
  static const std::vector<std::string> words{"Weights", "Gradients", "Outputs"};
  ui::segmented("of", words, histogram_);
  const Histograms& all = *histograms;
  const auto& optimizers = frame.scene().training.optimizers;
  const int colour = lane->optimizer < optimizers.size() ? optimizers[lane->optimizer].colour : 0;
  ImDrawList* list = ImGui::GetWindowDrawList();
  ImVec2 at = ImGui::GetCursorScreenPos();
  ui::draw_centred(list, ui::Type::kNote, at.x + width, at.y - ui::px(18), ui::theme().dim,
                   label_of(*lane) + ", step " + ui::integer(all.front()->step) + " (back) to " +
                       ui::integer(all.back()->step),
                   1.0F);
  ui::gap(6);
  // Evenly over the run, the last among them.
  std::vector<const HistogramShot*> shots;
  const std::size_t count = std::min(all.size(), kRidges);
  for (std::size_t i = 0; i < count; ++i)
    shots.push_back(all[count > 1 ? i * (all.size() - 1) / (count - 1) : all.size() - 1].get());
  const Plan* plan = session.run().plan.get();
  const HistogramShot& newest = *shots.back();
  const std::size_t cells = histogram_ == 2   ? newest.activations.size()
                            : histogram_ == 1 ? newest.gradients.size()
                                              : newest.weights.size();
  const float gap = ui::px(14);
  const int across = std::max(1, static_cast<int>((width + gap) / ui::px(190)));
  const float each = std::floor((width + gap) / static_cast<float>(across)) - gap;
  const int lines_needed = std::max(1, (static_cast<int>(cells) + across - 1) / across);
  const float room = (ImGui::GetContentRegionAvail().y - ui::px(4)) / static_cast<float>(lines_needed) - ui::px(26);
  const ImVec2 size{each, std::clamp(room, ui::px(110), ui::px(240))};
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  for (std::size_t c = 0; c < cells; ++c) {
    std::vector<const Histogram*> row;
    for (const HistogramShot* shot : shots) {
      if (histogram_ == 2 && c < shot->activations.size()) row.push_back(&shot->activations[c].histogram);
      if (histogram_ == 1 && c < shot->gradients.size()) row.push_back(&shot->gradients[c]);
      if (histogram_ == 0 && c < shot->weights.size()) row.push_back(&shot->weights[c]);
    }
    std::string name = std::to_string(c);
    if (plan && histogram_ < 2 && c < plan->tensors.size()) name = plan->tensors[c].name;
    if (plan && histogram_ == 2) {
      const std::vector<std::string> names = layer_names(*plan);
      if (c < names.size()) name = names[c];
    }
    at = {origin.x + static_cast<float>(static_cast<int>(c) % across) * (each + gap),
          origin.y + static_cast<float>(static_cast<int>(c) / across) * (size.y + ui::px(26))};
    ui::draw_centred(list, ui::Type::kNote, at.x, at.y + ui::px(8), ui::theme().dim, name);
    draw_ridges(list, row, {at.x, at.y + ui::px(18)}, size, ui::path_colour(colour));
  }
  const auto lines = static_cast<float>((static_cast<int>(cells) + across - 1) / across);
  ImGui::SetCursorScreenPos(origin);
  ImGui::Dummy({width, lines * (size.y + ui::px(26))});
}

}  // namespace thalweg

// The probes there are, in the order of the menu; histograms, which are no numbers, are in probes.cpp.
#include <map>

#include "core/training/probe.hpp"

namespace thalweg {
namespace {

struct Made {
  const char* id;
  std::unique_ptr<Probe> (*make)(const ProbeContext&);
};

constexpr Made kProbes[] = {
    {"evaluation", make_evaluation_probe}, {"gradients", make_gradient_probe},
    {"weights", make_weight_probe},        {"activations", make_activation_probe},
    {"noise_scale", make_noise_probe},     {"calibration", make_calibration_probe},
    {"curvature", make_curvature_probe},   {"spectrum", make_spectrum_probe},
    {"trace", make_trace_probe},
};

const char* kind_name(LayerKind kind) {
  for (const LayerDescriptor& layer : layers())
    if (layer.kind == kind) return layer.id.c_str();
  return "add";  // the end of a residual block, which no text names
}

}  // namespace

std::vector<std::string_view> probe_ids() {
  std::vector<std::string_view> out;
  for (const Made& probe : kProbes) out.emplace_back(probe.id);
  return out;
}

std::unique_ptr<Probe> make_probe(std::string_view id, const ProbeContext& context) {
  for (const Made& probe : kProbes)
    if (probe.id == id) return probe.make(context);
  return nullptr;
}

const std::vector<LayerActivations>* ProbeContext::activations() const {
  if (!activations_found) {
    auto found = engine.activations(DataPart::kTrain, samples, bins);
    if (!found) return nullptr;
    activations_found = std::move(*found);
  }
  return &*activations_found;
}

std::vector<std::string> layer_names(const Plan& plan) {
  std::vector<std::string> out;
  std::map<std::string, int> total, seen;
  for (const PlannedLayer& layer : plan.layers)
    ++total[out.emplace_back(std::to_string(layer.place) + "." + kind_name(layer.kind))];
  for (std::string& name : out)
    if (total[name] > 1) name += std::to_string(++seen[std::string(name)]);
  return out;
}

}  // namespace thalweg

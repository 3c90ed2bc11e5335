// What a probe is. Probes look at a network between two updates and change nothing in it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/dataset.hpp"
#include "core/nn/engine.hpp"
#include "core/spec/spec.hpp"

namespace thalweg {

/// What all probes of a run share. Valid as long as its trainer.
struct ProbeContext {
  TrainingEngine& engine;
  const Dataset& data;
  const Split& split;
  std::uint64_t seed = 0;
  Spec settings;                       ///< of probe_descriptor()
  std::vector<std::uint32_t> samples;  ///< the probe samples, ascending, of Split::train
  StepDetail detail;                   ///< of the last update; of use to those who asked for it

  int bins = 1;  ///< of the histograms that this update needs
  /// Every layer's outputs over the probe samples as they are now, worked out once for all who ask; null
  /// where the engine can't.
  const std::vector<LayerActivations>* activations() const;
  mutable std::optional<std::vector<LayerActivations>> activations_found;  ///< emptied by each update
};

/// The update that was just made. Valid during the call only.
struct ProbeMoment {
  std::int64_t step = 0;  ///< its number
  double learning_rate = 0.0;
  const Spec& optimizer;  ///< in force for it
  const std::function<bool()>& stop;

  bool stopped() const { return stop && stop(); }
};

/// Which StepDetail a probe needs from the engine.
enum class DetailNeed { kNone, kWholeWhenMeasured, kNormsAlways };

/// What a probe has in mind from one measurement to the next.
struct ProbeMemory {
  std::vector<double> numbers;
  std::vector<float> vector;  ///< in the order of the parameters

  bool operator==(const ProbeMemory&) const = default;
};

class Probe {
 public:
  virtual ~Probe() = default;
  /// Column names after "step"; the same for as long as it lives.
  virtual std::vector<std::string> columns() const = 0;
  virtual DetailNeed need() const { return DetailNeed::kNone; }
  /// Called after every update, before measure().
  virtual void watch(const ProbeMoment&) {}
  /// One number for each column; nothing if it could not be measured (stopped, no finite numbers).
  virtual std::optional<std::vector<double>> measure(const ProbeMoment& moment) = 0;
  virtual ProbeMemory memory() const { return {}; }
  /// Goes on from memory() of another of its kind; what can't be one changes nothing.
  virtual void recall(const ProbeMemory&) {}
};

/// In the order of the menu; histograms, which are no numbers, are apart (probes.hpp).
std::vector<std::string_view> probe_ids();

/// Null if there is no such probe, or nothing for it to measure.
std::unique_ptr<Probe> make_probe(std::string_view id, const ProbeContext& context);

// The makers, for the list in probe_list.cpp. Not for use elsewhere.
std::unique_ptr<Probe> make_evaluation_probe(const ProbeContext&);   // evaluation_probes.cpp
std::unique_ptr<Probe> make_calibration_probe(const ProbeContext&);  // evaluation_probes.cpp
std::unique_ptr<Probe> make_gradient_probe(const ProbeContext&);     // layer_probes.cpp
std::unique_ptr<Probe> make_weight_probe(const ProbeContext&);       // layer_probes.cpp
std::unique_ptr<Probe> make_activation_probe(const ProbeContext&);   // layer_probes.cpp
std::unique_ptr<Probe> make_noise_probe(const ProbeContext&);        // noise_probe.cpp
std::unique_ptr<Probe> make_curvature_probe(const ProbeContext&);    // curvature_probes.cpp
std::unique_ptr<Probe> make_spectrum_probe(const ProbeContext&);     // curvature_probes.cpp
std::unique_ptr<Probe> make_trace_probe(const ProbeContext&);        // curvature_probes.cpp

/// So many of the samples that are trained on, or all; ascending, chosen by the seed.
std::vector<std::uint32_t> probe_samples(const Split& split, std::uint64_t seed, double wanted);

/// A name for each planned layer, "0.linear", as its tensors have: the layer's place in the model, then
/// what it is, with a number where a place holds several ("3.linear2").
std::vector<std::string> layer_names(const Plan& plan);

}  // namespace thalweg

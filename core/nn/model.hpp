// What a network is: a list of layers as specs, and the plan made from it once the sizes of the data
// are known. Plain values; nothing here computes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/nn/layers.hpp"
#include "core/optimizer/objective.hpp"
#include "core/spec/spec.hpp"

namespace thalweg {

struct Model {
  /// What the text said the inputs are (the 784 of 784-128-10); 0: whatever the data have.
  int inputs = 0;
  std::vector<Spec> layers;
  Spec initialisation = default_spec(initialisations().front());

  bool operator==(const Model&) const = default;
};

/// Reads "784-128-10" (linear layers with `activation` between them) or a list of layers from the
/// inputs to the outputs, separated by semicolons: "linear:units=128; batch_norm; relu; linear:units=10".
Result<Model> parse_model(std::string_view text, std::string_view activation = "relu");

/// The list of layers, as parse_model reads it; the sizes-only form where there is nothing else.
std::string format_model(const Model& model);

/// A layer with its sizes, its numbers read out of the spec, and where its tensors lie.
struct PlannedLayer {
  LayerKind kind = LayerKind::kLinear;
  int inputs = 0;
  int outputs = 0;
  double setting = 0.0;      ///< negative_slope, eps or p
  double momentum = 0.0;     ///< of running statistics
  std::int64_t weight = -1;  ///< offset of the weights (inputs x outputs, row by row) or of γ; −1: none
  std::int64_t bias = -1;    ///< offset of b or β
  std::int64_t buffer = -1;  ///< offset of the running mean, then variance, in the buffers
  int groups = 1;            ///< of GroupNorm
  int from = -1;             ///< of kAdd: the planned layer whose inputs are added, before this one
  int place = 0;             ///< which of Model::layers it came from
};

/// One named tensor in the flat memory of all parameters.
struct TensorInfo {
  std::string name;  ///< "0.weight": the layer's place in the model, then what it is ("3.linear1.weight")
  int layer = 0;     ///< which of Plan::layers it belongs to
  std::int64_t offset = 0;
  int rows = 1;
  int columns = 0;

  std::int64_t size() const { return std::int64_t{rows} * columns; }
};

struct Plan {
  int inputs = 0;
  int outputs = 0;
  std::vector<PlannedLayer> layers;
  std::vector<TensorInfo> tensors;
  std::int64_t parameters = 0;
  std::int64_t buffers = 0;        ///< running statistics, not trained
  bool needs_two_samples = false;  ///< a batch of one has no variance
};

/// Checks every layer against its bounds and the sizes against each other and the data.
/// `outputs`: classes, or targets of a regression.
Result<Plan> plan(const Model& model, int inputs, int outputs);

/// The tensors of a network as optimizers see them.
Layout layout_of(const Plan& plan);

}  // namespace thalweg

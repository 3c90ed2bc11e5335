// Probes that evaluate: loss and accuracy within an epoch, and calibration.
#include <cmath>
#include <limits>

#include "core/training/inspect.hpp"
#include "core/training/probe.hpp"

namespace thalweg {
namespace {

struct Part {
  const char* name;
  DataPart part;
  std::optional<std::span<const std::uint32_t>> samples;
};

/// What there is to evaluate on, in the order of preference for choices.
std::vector<Part> parts(const ProbeContext& context) {
  std::vector<Part> out;
  if (!context.split.validation.empty())
    out.push_back({"validation", DataPart::kTrain, context.split.validation});
  if (context.data.test.count > 0) out.push_back({"test", DataPart::kTest, {}});
  return out;
}

class EvaluationProbe final : public Probe {
 public:
  explicit EvaluationProbe(const ProbeContext& context) : context_(context), parts_(parts(context)) {}

  std::vector<std::string> columns() const override {
    std::vector<std::string> out;
    for (const Part& part : parts_) {
      out.push_back(std::string(part.name) + " loss");
      if (context_.data.classes > 0) out.push_back(std::string(part.name) + " accuracy");
    }
    return out;
  }

  std::optional<std::vector<double>> measure(const ProbeMoment& moment) override {
    std::vector<double> row;
    for (const Part& part : parts_) {
      const auto measured = context_.engine.evaluate(part.part, part.samples, moment.stop);
      if (!measured) return std::nullopt;
      row.push_back(measured->loss);
      if (context_.data.classes > 0) row.push_back(measured->accuracy);
    }
    return row;
  }

 private:
  const ProbeContext& context_;
  std::vector<Part> parts_;
};

/// On the validation samples, or the test samples where none are kept back.
class CalibrationProbe final : public Probe {
 public:
  explicit CalibrationProbe(const ProbeContext& context) : context_(context), part_(parts(context).front()) {}

  std::vector<std::string> columns() const override {
    return {"calibration error", "confidence", "accuracy"};
  }

  std::optional<std::vector<double>> measure(const ProbeMoment&) override {
    const auto seen = inspect(context_.engine, context_.data, part_.part, part_.samples, 0);
    if (!seen || seen->count == seen->not_finite) return std::nullopt;
    double confidence = 0.0;
    for (const ReliabilityBin& bin : seen->reliability)
      if (bin.count > 0) confidence += static_cast<double>(bin.count) * bin.confidence;
    confidence /= static_cast<double>(seen->count - seen->not_finite);
    return std::vector{seen->calibration_error, confidence, seen->accuracy};
  }

 private:
  const ProbeContext& context_;
  Part part_;
};

}  // namespace

std::unique_ptr<Probe> make_evaluation_probe(const ProbeContext& context) {
  if (parts(context).empty()) return nullptr;
  return std::make_unique<EvaluationProbe>(context);
}

std::unique_ptr<Probe> make_calibration_probe(const ProbeContext& context) {
  if (parts(context).empty() || context.data.classes < 1) return nullptr;
  return std::make_unique<CalibrationProbe>(context);
}

}  // namespace thalweg

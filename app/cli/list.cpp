// thalweg list: what there is, straight from the descriptors.
#include <algorithm>
#include <cstdio>

#include "app/cli/commands.hpp"
#include "app/cli/json.hpp"
#include "core/data/dataset.hpp"
#include "core/nn/layers.hpp"
#include "core/optimizer/wrapper.hpp"
#include "core/scene/scene.hpp"
#include "core/training/curvature_report.hpp"
#include "core/training/lr_find.hpp"
#include "core/training/overfit.hpp"
#include "core/training/settings.hpp"

namespace thalweg::cli {
namespace {

struct Listing {
  std::string name;
  std::string about;
  std::vector<const Descriptor*> members;
};

std::vector<Listing> listings() {
  std::vector<const Descriptor*> wrappers;
  for (const Descriptor& wrapper : optimizer_wrappers()) wrappers.push_back(&wrapper);
  return {{"optimizers", "optimizers, for --optimizer", optimizer_family().members},
          {"wrappers", "what goes around an optimizer: 'sam+adam'", std::move(wrappers)},
          {"surfaces", "loss surfaces, for --surface", surface_family().members},
          {"schedules", "learning-rate schedules, for --schedule", schedule_family().members},
          {"datasets", "data sets, for train --data", dataset_family().members},
          {"layers", "layers of a network, for train --model", layer_family().members},
          {"initialisations", "initial weights, for train --init", initialisation_family().members},
          {"losses", "losses of a network, for train --loss", loss_family().members},
          {"training", "how a network is trained, for train", {&training_descriptor()}},
          {"probes", "what is measured meanwhile, for train --probe", {&probe_descriptor()}},
          {"experiments",
           "settings of lr-find, overfit-one-batch and curvature",
           {&lr_find_descriptor(), &overfit_descriptor(), &curvature_descriptor()}},
          {"settings",
           "everything else in a Scene",
           {&gradient_descriptor(), &run_descriptor(), &view_descriptor(), &camera_descriptor(),
            &appearance_descriptor()}}};
}

const char* kind_name(Kind kind) {
  switch (kind) {
    case Kind::kReal:
      return "real";
    case Kind::kInteger:
      return "integer";
    case Kind::kBoolean:
      return "boolean";
    case Kind::kChoice:
      return "choice";
    case Kind::kRealList:
      return "list";
    case Kind::kText:
      return "text";
  }
  return "";
}

/// The values a parameter may have, in words.
std::string range(const Parameter& parameter) {
  std::string out;
  if (parameter.kind == Kind::kChoice) {
    for (const std::string& choice : parameter.choices) out += (out.empty() ? "" : ", ") + choice;
  } else if (parameter.kind == Kind::kBoolean) {
    out = "true, false";
  } else if (parameter.kind == Kind::kText) {
    out = "text";
  } else {
    out = bounds_text(parameter);
  }
  return parameter.off_word.empty() ? out : out + ", or " + parameter.off_word;
}

/// The descriptor itself as an optimizer; null if it is another thing.
const OptimizerDescriptor* optimizer_of(const Descriptor& descriptor) {
  const OptimizerDescriptor* optimizer = find_optimizer(descriptor.id);
  return optimizer && static_cast<const Descriptor*>(optimizer) == &descriptor ? optimizer : nullptr;
}

/// Where it goes and with which settings, as sentences.
void print_uses(const OptimizerDescriptor& optimizer) {
  const auto say = [](const char* what, const std::string& why) {
    if (!why.empty()) std::printf("\n%s: it %s.\n", what, why.c_str());
  };
  say("Can't go down a surface", optimizer.not_on_surfaces);
  say("Can't train a network", optimizer.not_on_networks);
  if (!optimizer.not_on_networks.empty()) return;
  say("Not meant for mini-batches", optimizer.not_stochastic);
  if (!optimizer.training.empty())
    std::printf("\nIn training: `%s`\n", format_spec(training_spec(optimizer), optimizer).c_str());
}

/// One update in lines, of an optimizer or a wrapper that has no PyTorch; else empty.
std::vector<std::string> pseudocode(const Descriptor& descriptor) {
  if (const OptimizerDescriptor* optimizer = optimizer_of(descriptor)) return optimizer->pseudocode;
  for (const Descriptor& wrapper : optimizer_wrappers())
    if (&wrapper == &descriptor) return find_optimizer(wrapper.id + "+gd")->pseudocode;
  return {};
}

Json written(const Descriptor& descriptor) {
  Json out{{"id", descriptor.id},
           {"label", descriptor.label},
           {"summary", descriptor.summary},
           {"formula", descriptor.formula},
           {"reference", descriptor.reference},
           {"conventions", descriptor.conventions},
           {"parameters", Json::array()}};
  if (const auto lines = pseudocode(descriptor); !lines.empty()) out["pseudocode"] = lines;
  if (const OptimizerDescriptor* optimizer = optimizer_of(descriptor)) {
    out["training"] = format_spec(training_spec(*optimizer), *optimizer);
    out["not_stochastic"] = optimizer->not_stochastic;
    out["not_on_surfaces"] = optimizer->not_on_surfaces;
    out["not_on_networks"] = optimizer->not_on_networks;
  }
  for (const Parameter& parameter : descriptor.parameters)
    out["parameters"].push_back({{"key", parameter.key},
                                 {"symbol", parameter.symbol},
                                 {"label", parameter.label},
                                 {"kind", kind_name(parameter.kind)},
                                 {"default", format_value(parameter.default_value, parameter)},
                                 {"values", range(parameter)},
                                 {"unit", parameter.unit},
                                 {"help", parameter.help},
                                 {"live", parameter.live}});
  return out;
}

void print_markdown(const Listing& listing) {
  std::printf("# %s\n\nFrom the descriptors: `thalweg list %s --markdown`.\n", listing.name.c_str(),
              listing.name.c_str());
  for (const Descriptor* descriptor : listing.members) {
    std::printf("\n## `%s`: %s\n\n%s\n", descriptor->id.c_str(), descriptor->label.c_str(),
                descriptor->summary.c_str());
    if (!descriptor->formula.empty()) std::printf("\n    %s\n", descriptor->formula.c_str());
    if (!descriptor->reference.empty()) std::printf("\nReference: %s\n", descriptor->reference.c_str());
    if (!descriptor->conventions.empty()) std::printf("\n%s\n", descriptor->conventions.c_str());
    if (const auto lines = pseudocode(*descriptor); !lines.empty()) {
      std::printf("\nOne update:\n\n");
      for (const std::string& line : lines) std::printf("    %s\n", line.c_str());
    }
    if (const OptimizerDescriptor* optimizer = optimizer_of(*descriptor)) print_uses(*optimizer);
    if (descriptor->parameters.empty()) continue;
    std::printf("\n| key | symbol | default | values | meaning |\n|---|---|---|---|---|\n");
    for (const Parameter& parameter : descriptor->parameters)
      std::printf("| `%s` | %s | %s | %s | %s%s |\n", parameter.key.c_str(), parameter.symbol.c_str(),
                  format_value(parameter.default_value, parameter).c_str(), range(parameter).c_str(),
                  parameter.help.c_str(), parameter.live ? " May change while running." : "");
  }
}

}  // namespace

int list(const ListOptions& options) {
  const std::vector<Listing> all = listings();
  if (options.family.empty()) {
    for (const Listing& listing : all)
      std::printf("%-16s %3zu  %s\n", listing.name.c_str(), listing.members.size(), listing.about.c_str());
    return kExitOk;
  }
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Listing& l) { return l.name == options.family; });
  if (found == all.end()) {
    std::string names;
    for (const Listing& listing : all) names += (names.empty() ? "" : ", ") + listing.name;
    return fail(
        bad_input("there is no list of '" + options.family.substr(0, 40) + "'; there are " + names, "list"));
  }
  if (options.json) {
    Json out = Json::array();
    for (const Descriptor* descriptor : found->members) out.push_back(written(*descriptor));
    std::printf("%s\n", out.dump(2).c_str());
  } else if (options.markdown) {
    print_markdown(*found);
  } else {
    for (const Descriptor* descriptor : found->members) {
      std::printf("%-20s %s\n", descriptor->id.c_str(), descriptor->summary.c_str());
      for (const std::string& line : pseudocode(*descriptor)) std::printf("  | %s\n", line.c_str());
      for (const Parameter& parameter : descriptor->parameters)
        std::printf("  %-18s %s (default %s; %s)\n", parameter.key.c_str(), parameter.label.c_str(),
                    format_value(parameter.default_value, parameter).c_str(), range(parameter).c_str());
    }
  }
  return kExitOk;
}

}  // namespace thalweg::cli

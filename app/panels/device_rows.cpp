#include "app/panels/device_rows.hpp"

#include <algorithm>

#include "app/panels/spec_rows.hpp"
#include "app/ui/compat.hpp"
#include "app/ui/text.hpp"

namespace thalweg {
namespace {

const Parameter& device_parameter() { return *device_descriptor().find("device"); }

/// An entry of the menu: a value of the parameter, and how it reads.
struct Entry {
  std::string id;
  ui::ComboItem item;
};

std::vector<Entry> entries(const DeviceList* devices, const std::string& chosen) {
  std::vector<Entry> out{{kAutoDevice, {"Auto", "the fastest"}}, {kCpuDevice, {"CPU"}}};
  const auto add = [&](const std::string& id, std::string note, std::string unfit) {
    const std::string number = id.size() > 5 ? " " + id.substr(5) : "";
    out.push_back({id, {"CUDA" + number, std::move(note), std::move(unfit)}});
  };
  const std::size_t count = devices ? devices->cuda.devices.size() : 0;
  for (const std::string& id : device_parameter().choices) {
    const auto index = cuda_index(id);
    if (!index) continue;
    if (static_cast<std::size_t>(*index) < count)
      add(id, short_device_name(devices->cuda.devices[static_cast<std::size_t>(*index)].name), "");
    else if (*index == 0 && devices)
      add(id, "can't be used", "CUDA can't be used: " + devices->cuda.why + ".");
    else if (*index == 0 || id == chosen)
      add(id, devices ? "is not there" : "", devices ? "There is no such device." : "");
  }
  return out;
}

/// Of the lanes that have one, in their order, each once.
std::vector<DeviceUse> uses(const TrainingSnapshot& run) {
  std::vector<DeviceUse> out;
  for (const TrainingSnapshot::Lane& lane : run.lanes)
    if (lane.device &&
        std::none_of(out.begin(), out.end(), [&](const DeviceUse& use) { return use.id == lane.device->id; }))
      out.push_back(*lane.device);
  return out;
}

bool without_cuda(const TrainingSnapshot& run) { return run.devices && !run.devices->cuda.usable(); }

std::string name_of(const DeviceUse& use) {
  return use.id == kCpuDevice ? "CPU" : short_device_name(use.name);
}

/// What is under the menu: what was taken and why, or what is in the way.
void note_below(const Spec& settings, const TrainingSession& session) {
  const TrainingSnapshot& run = session.run();
  const auto note = [](const std::string& text) { ui::paragraph(text, ui::theme().dim, ui::Type::kNote); };
  if (!run.devices) return note("Looking for devices…");
  const std::string& chosen = settings.text("device");
  if (const auto index = cuda_index(chosen)) {
    if (without_cuda(run)) return ui::error_line("CUDA can't be used: " + run.devices->cuda.why + ".");
    if (static_cast<std::size_t>(*index) >= run.devices->cuda.devices.size())
      return ui::error_line("There is no such device here.");
    return note(run.devices->cuda.devices[static_cast<std::size_t>(*index)].name);
  }
  if (chosen != kAutoDevice) return;
  if (without_cuda(run)) return note("The CPU: " + run.devices->cuda.why + ".");
  const TrainingSnapshot::Lane* lane = session.selected_lane();
  if (lane && lane->device && !lane->device->why.empty())
    note((lane->device->measured ? "Measured: " : name_of(*lane->device) + ", ") + lane->device->why + ".");
  else
    note("A few updates on each device are measured when training begins.");
}

}  // namespace

std::string short_device_name(const std::string& name) {
  std::string out = name;
  for (const std::string_view maker : {"NVIDIA ", "GeForce "})
    if (out.starts_with(maker)) out.erase(0, maker.size());
  return out;
}

DeviceWords device_words(const Spec& settings, const TrainingSnapshot& run) {
  const std::string& chosen = settings.text("device");
  const bool none = chosen == kAutoDevice && without_cuda(run);
  const std::vector<DeviceUse> used = uses(run);
  DeviceWords out;
  if (!used.empty()) {
    for (const DeviceUse& use : used) {
      out.label += (out.label.empty() ? "" : " + ") + name_of(use);
      out.brief += (out.brief.empty() ? "" : " + ") + std::string(use.id == kCpuDevice ? "CPU" : "CUDA");
      out.tooltip += (out.tooltip.empty() ? "Trained on " : " and ") +
                     (use.id == kCpuDevice ? std::string("the CPU") : use.name);
    }
    out.tooltip += ".";
    for (const TrainingSnapshot::Lane& lane : run.lanes)
      if (lane.device && lane.device->measured && &lane - run.lanes.data() < 4)
        out.tooltip += "\n" + lane.settings->optimizer.spec.id + ": " + lane.device->why;
  } else if (chosen == kCpuDevice || none) {
    out = {"CPU", "CPU", "Trained on the CPU."};
  } else if (chosen == kAutoDevice) {
    out = {"Auto", "Auto", "A few updates on each device are measured when training begins."};
  } else {
    const auto index = static_cast<std::size_t>(cuda_index(chosen).value_or(0));
    const bool there = run.devices && index < run.devices->cuda.devices.size();
    const std::string name = there ? run.devices->cuda.devices[index].name : "CUDA";
    out = {short_device_name(name), "CUDA", "To be trained on " + name + "."};
  }
  if (none) {
    out.label = "CPU · no CUDA device";
    out.tooltip += "\nCUDA can't be used: " + run.devices->cuda.why + ".";
  }
  out.tooltip += "\nClick for the choice.";
  return out;
}

void draw_device_rows(Frame& frame, TrainingSession& session) {
  const ui::Scope scope("device");
  ui::section("Device");
  if (std::exchange(session.device_asked_for, false)) ImGui::SetScrollHereY(0.1F);
  const Spec settings = frame.scene().training.device;
  const std::string& chosen = settings.text("device");
  const std::vector<Entry> all = entries(session.run().devices.get(), chosen);
  std::vector<ui::ComboItem> items;
  int selected = 0;
  for (const Entry& entry : all) {
    if (entry.id == chosen) selected = static_cast<int>(items.size());
    items.push_back(entry.item);
  }
  if (ui::combo("device", items, selected))
    propose(frame, {}, {}, [&](Scene& scene) {
      *scene.training.device.find("device") = all[static_cast<std::size_t>(selected)].id;
    });
  ui::tooltip(device_parameter().help + " While a network is trained it moves there with all it has learnt.");
  ui::gap(4);
  note_below(frame.scene().training.device, session);
  ui::gap(4);
  static const Descriptor rest = [] {
    Descriptor out = device_descriptor();
    std::erase_if(out.parameters, [](const Parameter& parameter) { return parameter.key == "device"; });
    return out;
  }();
  rows(frame, rest, settings, [](Scene& scene, const Parameter& parameter, const Value& value) {
    *scene.training.device.find(parameter.key) = value;
  });
}

}  // namespace thalweg

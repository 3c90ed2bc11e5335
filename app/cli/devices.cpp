// thalweg devices: what networks can be trained on here, and which of it `auto` takes for what.
#include <cstdio>

#include "app/cli/commands.hpp"
#include "app/cli/json.hpp"
#include "app/work/cpu_info.hpp"
#include "app/work/engines.hpp"
#include "core/optimizer/optimizer.hpp"

namespace thalweg::cli {
namespace {

constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;

/// A network that people train, to be measured on random samples: it needs no files.
struct Example {
  const char* model;
  double batch;
  const char* optimizer;
};
constexpr Example kExamples[] = {
    {"784-32-10", 32, "gd:lr=0.01"}, {"784-128-10", 64, "adam"}, {"784-512-512-10", 512, "adam"}};

struct Measured {
  const Example* example;
  std::string why;  ///< what was measured
  std::string id;   ///< that auto takes
};

/// Of the form of MNIST, and about as many pixels that are not 0.
std::shared_ptr<const Dataset> samples() {
  auto out = std::make_shared<Dataset>();
  constexpr int kCount = 2048;
  out->name = "example";
  out->shape = {1, 28, 28};
  out->features = 784;
  out->classes = 10;
  out->mean = {0.1307F};
  out->deviation = {0.3081F};
  out->train.count = kCount;
  for (int i = 0; i < kCount * 784; ++i)
    out->train.bytes.push_back(static_cast<std::uint8_t>(i % 5 == 0 ? i * 7 % 256 : 0));
  for (int i = 0; i < kCount; ++i) out->train.labels.push_back(static_cast<std::uint8_t>(i % 10));
  return out;
}

std::vector<Measured> measure() {
  std::vector<Measured> out;
  const auto data = samples();
  for (const Example& example : kExamples) {
    TrainingSettings settings = default_training();
    settings.model = parse_model(example.model).value();
    settings.optimizer.spec = parse_spec(example.optimizer, optimizer_family()).value();
    settings.training.set("batch", example.batch);
    const auto use = device_for(settings, data);
    if (use) out.push_back({&example, use->why, use->id});
  }
  return out;
}

void print_row(const char* name, const std::string& text) {
  std::printf("  %-18s %s\n", name, one_line(text).c_str());
}

void print(const CpuInfo& cpu) {
  std::printf("%-8s %s\n", kCpuDevice, one_line(cpu.name).c_str());
  print_row("cores", std::to_string(cpu.cores) + " with " + std::to_string(cpu.threads) + " threads");
  std::string sets;
  for (const std::string& set : cpu.instruction_sets) sets += (sets.empty() ? "" : ", ") + set;
  if (!sets.empty()) print_row("instruction sets", sets);
}

std::string id_of(std::size_t index) { return index == 0 ? "cuda" : "cuda:" + std::to_string(index); }

void print(const gpu::Device& device, std::size_t index) {
  char text[64];
  std::printf("%-8s %s\n", id_of(index).c_str(), one_line(device.name).c_str());
  std::snprintf(text, sizeof text, "%d.%d", device.major, device.minor);
  print_row("compute capability", text);
  print_row("multiprocessors", std::to_string(device.multiprocessors));
  std::snprintf(text, sizeof text, "%.1f GiB, %.1f GiB of it free",
                static_cast<double>(device.memory) / kGibibyte,
                static_cast<double>(device.free_memory) / kGibibyte);
  print_row("memory", text);
}

void print(const gpu::Status& cuda) {
  for (std::size_t i = 0; i < cuda.devices.size(); ++i) print(cuda.devices[i], i);
  if (!cuda.usable()) std::printf("%-8s %s\n", "cuda", one_line("can't be used: " + cuda.why).c_str());
  if (!cuda.toolkit.empty()) print_row("CUDA Toolkit", cuda.toolkit + ", that the program was built with");
  if (!cuda.driver.empty()) print_row("driver", "runs CUDA " + cuda.driver);
}

Json written(const CpuInfo& cpu) {
  return {{"id", kCpuDevice},
          {"name", cpu.name},
          {"cores", cpu.cores},
          {"threads", cpu.threads},
          {"instruction_sets", cpu.instruction_sets}};
}

Json written(const gpu::Status& cuda) {
  Json out{
      {"built", cuda.built}, {"usable", cuda.usable()}, {"toolkit", cuda.toolkit}, {"driver", cuda.driver}};
  out["why"] = cuda.why;
  out["devices"] = Json::array();
  for (std::size_t i = 0; i < cuda.devices.size(); ++i) {
    const gpu::Device& device = cuda.devices[i];
    out["devices"].push_back(
        {{"id", id_of(i)},
         {"name", device.name},
         {"compute_capability", std::to_string(device.major) + "." + std::to_string(device.minor)},
         {"multiprocessors", device.multiprocessors},
         {"memory", device.memory},
         {"free_memory", device.free_memory}});
  }
  return out;
}

Json written(const std::vector<Measured>& measured) {
  Json out = Json::array();
  for (const Measured& one : measured)
    out.push_back({{"model", one.example->model},
                   {"batch", one.example->batch},
                   {"optimizer", one.example->optimizer},
                   {"device", one.id},
                   {"why", one.why}});
  return out;
}

}  // namespace

int devices(const DevicesOptions& options) {
  const CpuInfo cpu = cpu_info();
  const DeviceList list = list_devices();
  const std::vector<Measured> measured = list.cuda.usable() ? measure() : std::vector<Measured>{};
  if (options.json) {
    Json out{{"cpu", written(cpu)}, {"cuda", written(list.cuda)}, {"auto", written(measured)}};
    std::printf("%s\n", out.dump(2).c_str());
    return kExitOk;
  }
  print(cpu);
  print(list.cuda);
  if (measured.empty()) {
    std::printf("\nauto takes the CPU\n");
    return kExitOk;
  }
  std::printf("\nauto measures and takes\n");
  for (const Measured& one : measured) {
    char what[96];
    std::snprintf(what, sizeof what, "%s, batch %.0f, %s", one.example->model, one.example->batch,
                  one.example->optimizer);
    std::printf("  %-36s %s\n", what, one_line(one.why).c_str());
  }
  return kExitOk;
}

}  // namespace thalweg::cli

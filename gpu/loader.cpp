// Finds the CUDA module and keeps it until the program ends.
#include <dlfcn.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <system_error>

#include "gpu/module.hpp"

namespace thalweg::gpu {
namespace {

namespace fs = std::filesystem;

constexpr char kFile[] = "libthalweg_cuda.so";
constexpr char kVariable[] = "THALWEG_CUDA_MODULE";
/// From a program of the build tree up to the folder of its build.
constexpr int kMostLevels = 3;

struct Loaded {
  Module* module = nullptr;
  Status status;
};

Status unusable(bool built, std::string why) {
  Status out;
  out.built = built;
  out.why = std::move(why);
  return out;
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

/// Beside the program that is installed (PREFIX/bin, PREFIX/lib/thalweg), or in its build tree; empty: there
/// is none.
fs::path find_module() {
  std::error_code failed;
  const fs::path folder = fs::read_symlink("/proc/self/exe", failed).parent_path();
  if (failed) return {};
  if (const fs::path installed = folder.parent_path() / "lib" / "thalweg" / kFile; is_file(installed))
    return installed;
  fs::path above = folder;
  for (int level = 0; level < kMostLevels; ++level) {
    above = above.parent_path();
    if (const fs::path built = above / "gpu" / kFile; is_file(built)) return built;
  }
  return {};
}

/// What dlopen says begins with the name of the file as often as not.
std::string load_failure(const fs::path& file) {
  const char* said = dlerror();
  const std::string reason = said ? said : "unknown reason";
  const bool named = reason.find(file.filename().string()) != std::string::npos;
  return "the CUDA module can't be loaded: " + (named ? "" : file.string() + ": ") + reason;
}

Loaded load(const fs::path& file) {
  // Local: no symbol of the module, or of CUDA's libraries, gets in the way of the program's own. Never
  // closed: engines and the driver's own threads outlive any moment at which that could be done.
  void* const handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) return {nullptr, unusable(true, load_failure(file))};
  const auto entry = reinterpret_cast<ModuleEntry>(dlsym(handle, kModuleEntry));
  Module* const module = entry ? entry(kModuleBuild) : nullptr;
  if (!module)
    return {nullptr,
            unusable(true, file.string() + (entry ? " is of another build of the program; build both anew"
                                                  : " is no CUDA module of this program"))};
  Loaded out{module, module->status()};
  out.status.built = true;
  return out;
}

Loaded look_and_load() {
  const char* const given = std::getenv(kVariable);
  const std::string named = given ? given : "";
  if (named == "none") return {nullptr, unusable(false, std::string(kVariable) + "=none leaves CUDA out")};
  const fs::path file = named.empty() ? find_module() : fs::absolute(named);
  if (file.empty())
    return {nullptr,
            unusable(false,
                     "this build has no CUDA module; one is made where CMake finds the CUDA Toolkit, 12 or "
                     "newer")};
  return load(file);
}

const Loaded& loaded() {
  static const Loaded once = [] {
    try {
      return look_and_load();
    } catch (const std::exception& exception) {
      return Loaded{nullptr, unusable(true, std::string("the CUDA module has failed: ") + exception.what())};
    }
  }();
  return once;
}

std::string numbered(const std::vector<Device>& devices) {
  std::string out;
  for (std::size_t i = 0; i < devices.size(); ++i)
    out += (i == 0 ? "" : ", ") + std::to_string(i) + " (" + devices[i].name + ")";
  return out;
}

/// The module, if it has the device that is asked for.
Result<Module*> module_with(int device) {
  const Loaded& now = loaded();
  if (!now.module || !now.status.usable()) return Error{ErrorCode::kUnsupported, now.status.why, "cuda"};
  if (device < 0 || static_cast<std::size_t>(device) >= now.status.devices.size())
    return Error{ErrorCode::kUnsupported,
                 "there is no CUDA device " + std::to_string(device) + "; there is " + numbered(now.status.devices),
                 "cuda"};
  return now.module;
}

}  // namespace

const Status& status() { return loaded().status; }

Result<std::unique_ptr<TrainingEngine>> make_engine(const EngineOptions& options) {
  const auto module = module_with(options.device);
  if (!module) return module.error();
  return (*module)->make_engine(options);
}

Result<EnsembleResult> run_ensemble(const EngineOptions& options, const EnsembleSettings& settings,
                                    const EnsembleControl& control) {
  const auto module = module_with(options.device);
  if (!module) return module.error();
  return (*module)->run_ensemble(options, settings, control);
}

}  // namespace thalweg::gpu

#include "app/cli/keep.hpp"

#include <cstdio>

#include "app/cli/commands.hpp"

namespace thalweg::cli {

Result<std::unique_ptr<Keeper>> Keeper::create(const KeepOptions& options) {
  auto out = std::make_unique<Keeper>();
  if (!options.save) return out;
  if (!options.db.empty())
    if (const auto opened = store::Store::open(options.db); !opened) return opened.error();
  const std::filesystem::path file =
      options.db.empty() ? store::default_file() : std::filesystem::path(options.db);
  out->recorder_ = std::make_unique<store::Recorder>(file);
  return out;
}

void Keeper::finish() {
  if (!recorder_) return;
  const bool kept = recorder_->flush();
  const store::RecorderStatus status = recorder_->status();
  if (!kept && status.trouble)
    std::fprintf(stderr, "thalweg: this run is not kept: %s (--no-save says that it need not be)\n",
                 one_line(status.trouble->text()).c_str());
  else if (status.refused)
    std::fprintf(stderr, "thalweg: not all of this run is kept: %s\n",
                 one_line(status.refused->text()).c_str());
  else if (status.lost > 0)
    std::fprintf(stderr, "thalweg: %lld points of this run are not kept: the file was too slow\n",
                 static_cast<long long>(status.lost));
}

}  // namespace thalweg::cli

#include "app/work/network_reader.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <numeric>

#include "core/curvature/operator.hpp"
#include "core/scene/scene.hpp"
#include "core/training/checkpoint.hpp"
#include "core/training/preparation.hpp"

namespace thalweg {
namespace {

/// Samples that a network is asked about, and that its curvature is of.
constexpr std::int64_t kMostInspected = 10'000;
constexpr std::int64_t kMostCurved = 1024;
constexpr int kProbes = 3;
constexpr int kProducts = 50;
constexpr double kPublishSeconds = 1.0 / 15.0;

/// `count` of `all` indices, evenly.
std::vector<std::uint32_t> evenly(std::int64_t count, std::int64_t all) {
  std::vector<std::uint32_t> out;
  for (std::int64_t i = 0; i < count; ++i) out.push_back(static_cast<std::uint32_t>(i * all / count));
  return out;
}

}  // namespace

NetworkReader::NetworkReader(std::filesystem::path db, std::function<void()> wake)
    : db_(std::move(db)),
      wake_(std::move(wake)),
      worker_([this](const NetworkRequest& request) { work(request); }) {}

void NetworkReader::request(const NetworkRequest& request) {
  if (requested_ && *requested_ == request) return;
  requested_ = request;
  worker_.submit(request);
}

std::shared_ptr<const NetworkReport> NetworkReader::report() const {
  const std::scoped_lock lock(mutex_);
  return report_;
}

void NetworkReader::publish(const NetworkReport& report) {
  auto next = std::make_shared<const NetworkReport>(report);
  {
    const std::scoped_lock lock(mutex_);
    report_ = std::move(next);
  }
  if (wake_) wake_();
}

void NetworkReader::work(const NetworkRequest& request) {
  (void)setpriority(PRIO_PROCESS, 0, 5);  // as the thread that trains: the window comes first
  NetworkReport report;
  report.running = true;
  if (!store_) {
    auto opened = store::Store::open(db_, store::Access::kRead);
    if (opened)
      store_ = std::move(*opened);
    else
      report.error = opened.error();
  }
  try {
    for (std::size_t i = 0; store_ && i < request.uids.size(); ++i) {
      if (worker_.newer()) return;
      report.working = request.uids[i];
      publish(report);
      look_at(request, report, i);
    }
  } catch (const std::exception& exception) {
    report.error = Error{
        ErrorCode::kInternal,
        std::string("ended by lack of memory or an internal error (") + exception.what() + ")", "networks"};
  }
  report.running = false;
  report.working.clear();
  if (!worker_.newer()) publish(report);
}

Result<std::shared_ptr<const Dataset>> NetworkReader::load(const Spec& spec, const std::string& folder) {
  if (data_ && data_spec_ == spec && data_folder_ == folder) return data_;
  const DatasetDescriptor* const descriptor = find_dataset(spec.id);
  if (!descriptor) return bad_input("there is no such data set", spec.id);
  auto loaded = descriptor->load(spec, folder);
  if (!loaded) return loaded.error();
  data_ = std::move(*loaded);
  data_spec_ = spec;
  data_folder_ = folder;
  return data_;
}

std::optional<NetworkReader::Restored> NetworkReader::restore(NetworkLook& look) {
  const auto fail = [&](std::string why) -> std::optional<Restored> {
    look.trouble = std::move(why);
    return std::nullopt;
  };
  const auto info = store_->find(look.uid);
  if (!info) return fail(info.error().message);
  if (info->kind != "training") return fail("is no network");
  const auto newest = store_->checkpoint(info->id);
  if (!newest)
    return fail(newest.error().code == ErrorCode::kNotFound ? "has no checkpoint" : newest.error().message);
  const auto state = trainer_state(newest->state);
  if (!state) return fail(state.error().message);
  const auto text = store_->scene(info->id);
  if (!text) return fail(text.error().message);
  const auto scene = scene_from_json(*text);
  if (!scene) return fail("was made by another version: " + scene.error().text());
  const std::vector<TrainingSettings> lanes = scene->training.lanes();
  const auto lane = static_cast<std::size_t>(std::max(info->lane, 0));
  if (lane >= lanes.size()) return fail("is not in its own Scene");
  auto data = load(lanes[lane].data, scene->training.folder);
  if (!data) return fail(data.error().text());
  auto prepared = prepare(lanes[lane], *data, make_cpu_engine());
  if (!prepared) return fail(prepared.error().text());
  if (auto error = prepared->engine->restore(state->engine)) return fail(error->text());
  look.step = state->engine.steps;
  return Restored{std::move(prepared->engine), std::move(*data), std::move(prepared->split.train)};
}

void NetworkReader::look_at(const NetworkRequest& request, NetworkReport& report, std::size_t index) {
  NetworkLook look;
  look.uid = request.uids[index];
  const auto known = known_.find(look.uid);
  // The checkpoints of a run that has ended stay as they are.
  const auto info = store_->find(look.uid);
  const bool same =
      info && info->outcome != "running" && known != known_.end() && known->second.trouble.empty();
  if (same) look = known->second;
  if (!same || (request.density && !look.density)) {
    std::optional<Restored> network = restore(look);
    if (network && !same) {
      look.test = network->data->test.count > 0;
      look.classes = network->data->class_names;
      const Samples& samples = look.test ? network->data->test : network->data->train;
      const auto indices = evenly(std::min(samples.count, kMostInspected), samples.count);
      if (network->data->classes > 0) {
        auto seen = inspect(*network->engine, *network->data, look.test ? DataPart::kTest : DataPart::kTrain,
                            indices);
        if (seen)
          look.inspection = std::make_shared<const Inspection>(std::move(*seen));
        else
          look.trouble = seen.error().text();
      }
      known_[look.uid] = look;
    }
    if (network && request.density) measure_density(request, report, *network, look, index);
  }
  report.looks.push_back(std::move(look));
}

void NetworkReader::measure_density(const NetworkRequest& request, NetworkReport& report, Restored& network,
                                    NetworkLook& look, std::size_t index) {
  std::vector<std::uint32_t> samples;
  const auto all = static_cast<std::int64_t>(network.train.size());
  for (const std::uint32_t i : evenly(std::min(all, kMostCurved), all)) samples.push_back(network.train[i]);
  look.samples = static_cast<std::int64_t>(samples.size());
  auto product = network.engine->hessian(samples);
  if (!product) {
    look.density_trouble = product.error().text();
    return;
  }
  // Those that are done are shown while the next is under way.
  NetworkReport shown = report;
  shown.looks.push_back(look);
  int asked = 0;
  auto published = std::chrono::steady_clock::now();
  const auto stop = [&] {
    ++asked;
    const auto now = std::chrono::steady_clock::now();
    if (std::chrono::duration<double>(now - published).count() >= kPublishSeconds) {
      published = now;
      const double own = std::min(1.0, asked / static_cast<double>(kProbes * kProducts));
      shown.share = (static_cast<double>(index) + own) / static_cast<double>(request.uids.size());
      publish(shown);
    }
    return worker_.newer().load();
  };
  const SymmetricOperator op = hessian_operator(**product, network.engine->plan().parameters);
  SpectralDensity density = spectral_density(op, {.probes = kProbes, .products = kProducts, .stop = stop});
  if (worker_.newer()) return;
  if (density.x.empty())
    look.density_trouble = "gives no finite curvature";
  else
    look.density = std::make_shared<const SpectralDensity>(std::move(density));
  known_[look.uid] = look;
}

}  // namespace thalweg

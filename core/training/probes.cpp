#include "core/training/probes.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#include "core/data/order.hpp"
#include "core/nn/histogram.hpp"
#include "core/training/settings.hpp"

namespace thalweg {
namespace {

double wall() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::vector<Histogram> histograms_of(std::span<const float> numbers, const Plan& plan) {
  std::vector<Histogram> out;
  for (const TensorInfo& tensor : plan.tensors)
    out.push_back(histogram_of(
        numbers.subspan(static_cast<std::size_t>(tensor.offset), static_cast<std::size_t>(tensor.size())),
        kHistogramBins));
  return out;
}

}  // namespace

std::vector<std::uint32_t> probe_samples(const Split& split, std::uint64_t seed, double wanted) {
  std::vector<std::uint32_t> out = split.train;
  shuffle(out, seed, RandomStream::kProbeSamples, ~std::uint64_t{0});
  out.resize(std::min(out.size(), static_cast<std::size_t>(wanted)));
  std::sort(out.begin(), out.end());
  return out;
}

Probes::Probes(TrainingEngine& engine, const Dataset& data, const Split& split, std::uint64_t seed)
    : context_{.engine = engine,
               .data = data,
               .split = split,
               .seed = seed,
               .settings = default_spec(probe_descriptor()),
               .samples = {},
               .detail = {},
               .activations_found = {}} {
  for (const std::string_view id : probe_ids()) {
    entries_.emplace_back();
    entries_.back().id = id;
  }
}

std::optional<Error> Probes::check(const Spec& settings, const Dataset& data) {
  if (!settings.is_off("calibration") && data.classes < 1)
    return bad_input("a regression has no confidence to look at", "probes: calibration");
  return std::nullopt;
}

void Probes::open(Entry& entry) {
  entry.probe = make_probe(entry.id, context_);
  if (!entry.probe) {
    entry.interval = 0;
    return;
  }
  std::vector<std::string> columns = entry.probe->columns();
  columns.insert(columns.begin(), "step");
  if (entry.table && columns == entry.columns) return;
  entry.columns = std::move(columns);
  entry.table = std::make_unique<Table>(static_cast<int>(entry.columns.size()));
}

void Probes::set(const Spec& settings) {
  const auto interval = [](const Spec& spec, const std::string& id) {
    return static_cast<std::int64_t>(spec.number_or(id, 0.0));
  };
  const Spec before = std::exchange(context_.settings, settings);
  const bool other_samples =
      context_.samples.empty() || before.number("samples") != settings.number("samples");
  const bool anew = other_samples || before.number("eigenvalues") != settings.number("eigenvalues");
  if (other_samples)
    context_.samples = probe_samples(context_.split, context_.seed, settings.number("samples"));
  for (Entry& entry : entries_) {
    const bool was_off = entry.interval == 0;
    entry.interval = interval(settings, entry.id);
    if (entry.interval > 0 && (anew || was_off)) open(entry);
  }
  if (histogram_interval_ != interval(settings, "histograms")) shot_stride_ = 1;
  histogram_interval_ = interval(settings, "histograms");
}

Probes::Interest Probes::interest(std::int64_t step) const {
  Interest out;
  for (const Entry& entry : entries_) {
    if (entry.interval == 0) continue;
    const DetailNeed need = entry.probe->need();
    out.whole = out.whole || (need == DetailNeed::kWholeWhenMeasured && entry.due(step));
    out.norms = out.norms || need == DetailNeed::kNormsAlways;
    out.looks = out.looks || entry.due(step);
  }
  out.looks = out.looks || histograms_due(step);
  return out;
}

bool Probes::histograms_due(std::int64_t step) const {
  return histogram_interval_ > 0 && step % (histogram_interval_ * shot_stride_) == 0;
}

StepDetail* Probes::detail(std::int64_t step) {
  const Interest wanted = interest(step);
  context_.detail.whole = wanted.whole;
  context_.detail.seconds = 0.0;
  return wanted.whole || wanted.norms ? &context_.detail : nullptr;
}

void Probes::take_norms(std::span<const double> norms) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  context_.detail = {};
  for (const double norm : norms) context_.detail.tensors.push_back({norm, kNan, kNan, kNan});
}

void Probes::observe(const ProbeMoment& moment) {
  const DetailNeed asked = context_.detail.whole ? DetailNeed::kWholeWhenMeasured : DetailNeed::kNormsAlways;
  const bool histograms = histograms_due(moment.step);
  context_.bins = histograms ? kHistogramBins : 1;
  context_.activations_found.reset();
  for (Entry& entry : entries_) {
    if (entry.interval == 0) continue;
    if (entry.probe->need() == asked) entry.seconds += std::exchange(context_.detail.seconds, 0.0);
    if (entry.due(moment.step) || entry.probe->need() == DetailNeed::kNormsAlways) measure(entry, moment);
  }
  if (histograms) take_histograms(moment);
}

void Probes::measure(Entry& entry, const ProbeMoment& moment) {
  const double begin = wall();
  entry.probe->watch(moment);
  if (entry.due(moment.step)) {
    const auto row = moment.stopped() ? std::nullopt : entry.probe->measure(moment);
    // What was cut short is not what it says.
    if (moment.stopped()) {
      cut_short_ = true;
    } else if (row) {
      const auto tail = entry.table->tail();
      tail.column(0)[0] = static_cast<double>(moment.step);
      for (std::size_t i = 0; i < row->size(); ++i) tail.column(static_cast<int>(i) + 1)[0] = (*row)[i];
      entry.table->commit(1);
    }
  }
  entry.seconds += wall() - begin;
}

void Probes::take_histograms(const ProbeMoment& moment) {
  if (moment.stopped()) {
    cut_short_ = true;
    return;
  }
  const double begin = wall();
  TrainingEngine& engine = context_.engine;
  const auto* activations = context_.activations();
  if (activations) {
    auto shot = std::make_shared<HistogramShot>();
    shot->step = moment.step;
    shot->weights = histograms_of(engine.parameters(), engine.plan());
    shot->gradients = histograms_of(engine.gradient(), engine.plan());
    shot->activations = *activations;
    shots_.push_back(std::move(shot));
  }
  if (shots_.size() > kMostHistograms) {
    for (std::size_t i = 1; 2 * i < shots_.size(); ++i) shots_[i] = shots_[2 * i];
    shots_.resize((shots_.size() + 1) / 2);
    shot_stride_ *= 2;
  }
  shared_shots_ = nullptr;
  histogram_seconds_ += wall() - begin;
}

std::vector<ProbeSeries> Probes::series() const {
  std::vector<ProbeSeries> out;
  for (const Entry& entry : entries_)
    if (entry.table && entry.table->rows() > 0)
      out.push_back(
          {.id = entry.id, .columns = entry.columns, .table = entry.table->view(), .seconds = entry.seconds});
  return out;
}

std::shared_ptr<const Histograms> Probes::histograms() const {
  if (!shared_shots_) shared_shots_ = std::make_shared<const Histograms>(shots_);
  return shared_shots_;
}

double Probes::seconds() const {
  double out = histogram_seconds_;
  for (const Entry& entry : entries_) out += entry.seconds;
  return out;
}

ProbesState Probes::state() const {
  ProbesState out{.memories = {}, .histogram_stride = shot_stride_, .cut_short = cut_short_};
  for (const Entry& entry : entries_)
    if (entry.interval > 0) out.memories.emplace_back(entry.id, entry.probe->memory());
  return out;
}

void Probes::restore(const TrainingView& record, const ProbesState& state) {
  for (Entry& entry : entries_) {
    const ProbeSeries* series = record.find(entry.id);
    entry.seconds = series ? series->seconds : 0.0;
    if (!series) {
      if (entry.table) entry.table->truncate(0);
      continue;
    }
    if (entry.probe && entry.columns != series->columns) continue;
    entry.columns = series->columns;
    entry.table = std::make_unique<Table>(static_cast<int>(entry.columns.size()));
    entry.table->append(series->table);
  }
  for (const auto& [id, memory] : state.memories)
    for (Entry& entry : entries_)
      if (entry.id == id && entry.interval > 0) entry.probe->recall(memory);
  shots_ = record.histograms ? *record.histograms : Histograms{};
  shot_stride_ = state.histogram_stride;
  cut_short_ = state.cut_short;
  histogram_seconds_ = record.histogram_seconds;
  shared_shots_ = nullptr;
}

}  // namespace thalweg

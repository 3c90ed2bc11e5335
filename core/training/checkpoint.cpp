// The form, version 2. Whole numbers have 8 bytes and are signed, numbers are IEEE doubles or floats, a list
// is the count of its elements and then these, a text a list of bytes:
//
//   "thalweg\0", version
//   engine state    steps, parameters (floats), buffers (floats), slots (floats), progress (doubles),
//                   average (floats), scaling (doubles)
//   epoch sums      loss, correct, seen, seconds
//   best epoch      loss, step, waited, engine state
//   record          outcome, restored step, steps per epoch, budget, skipped steps, seconds
//   steps           table: columns, rows, then the numbers column by column
//   epochs          list: epoch, steps, the eight metrics, seconds, whole (0 or 1)
//   probes          list: id, list of names of columns, seconds, table
//   histograms      seconds, list: step, weights, gradients, activations
//                   a histogram is low, high, list of counts, not finite; an activation is layer, mean,
//                   deviation, dead, histogram
//   probes' state   histogram stride, cut short (0 or 1), list: id, numbers (doubles), vector (floats)
//   schedule        its memory (doubles); not in version 1
#include "core/training/checkpoint.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string_view>

namespace thalweg {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are stored as they are in memory");

constexpr std::string_view kMagic{"thalweg\0", 8};
/// Names and ids are short, and a table has as many columns as numbers that somebody looks at.
constexpr std::int64_t kLongestName = 1000;
constexpr std::int64_t kMostColumns = 20'000;  ///< of all probes together
constexpr std::int64_t kMostSteps = std::int64_t{1} << 53;

constexpr double EpochRecord::*kMetrics[] = {
    &EpochRecord::train_loss,        &EpochRecord::train_accuracy,
    &EpochRecord::validation_loss,   &EpochRecord::validation_accuracy,
    &EpochRecord::test_loss,         &EpochRecord::test_accuracy,
    &EpochRecord::average_test_loss, &EpochRecord::average_test_accuracy,
};

// Writing -----------------------------------------------------------------------------------------

class Writer {
 public:
  void put(std::int64_t value) { copy(&value, sizeof value); }
  void put(double value) { copy(&value, sizeof value); }
  void put(std::string_view text) {
    put(static_cast<std::int64_t>(text.size()));
    copy(text.data(), text.size());
  }
  template <class T>
  void put(const std::vector<T>& numbers) {
    put(static_cast<std::int64_t>(numbers.size()));
    copy(numbers.data(), numbers.size() * sizeof(T));
  }
  template <class T, class Put>
  void list(const std::vector<T>& items, Put put_one) {
    put(static_cast<std::int64_t>(items.size()));
    for (const T& item : items) put_one(item);
  }
  void copy(const void* data, std::size_t size) {
    const auto* const from = static_cast<const std::uint8_t*>(data);
    out_.insert(out_.end(), from, from + size);
  }
  void reserve(std::size_t bytes) { out_.reserve(bytes); }
  std::vector<std::uint8_t> take() { return std::move(out_); }

 private:
  std::vector<std::uint8_t> out_;
};

void put(Writer& out, const EngineState& state) {
  out.put(state.steps);
  out.put(state.parameters);
  out.put(state.buffers);
  out.put(state.slots);
  out.put(state.progress);
  out.put(state.average);
  out.put(state.scaling);
}

void put(Writer& out, const TableView& table) {
  out.put(std::int64_t{table.columns()});
  out.put(table.rows());
  for (int column = 0; column < table.columns(); ++column)
    for (std::int64_t row = 0; row < table.rows();) {
      const auto values = table.run(row, column);
      out.copy(values.data(), values.size_bytes());
      row += static_cast<std::int64_t>(values.size());
    }
}

void put(Writer& out, const EpochRecord& epoch) {
  out.put(epoch.epoch);
  out.put(epoch.steps);
  for (const auto metric : kMetrics) out.put(epoch.*metric);
  out.put(epoch.seconds);
  out.put(std::int64_t{epoch.whole});
}

void put(Writer& out, const ProbeSeries& probe) {
  out.put(std::string_view(probe.id));
  out.list(probe.columns, [&](const std::string& name) { out.put(std::string_view(name)); });
  out.put(probe.seconds);
  put(out, probe.table);
}

void put(Writer& out, const Histogram& histogram) {
  out.put(histogram.low);
  out.put(histogram.high);
  out.put(histogram.counts);
  out.put(histogram.not_finite);
}

void put(Writer& out, const HistogramShot& shot) {
  out.put(shot.step);
  out.list(shot.weights, [&](const Histogram& one) { put(out, one); });
  out.list(shot.gradients, [&](const Histogram& one) { put(out, one); });
  out.list(shot.activations, [&](const LayerActivations& one) {
    out.put(std::int64_t{one.layer});
    out.put(one.mean);
    out.put(one.deviation);
    out.put(one.dead);
    put(out, one.histogram);
  });
}

void put(Writer& out, const TrainingView& record) {
  out.put(static_cast<std::int64_t>(record.outcome));
  out.put(record.restored_step);
  out.put(record.steps_per_epoch);
  out.put(record.budget);
  out.put(record.skipped_steps);
  out.put(record.seconds);
  put(out, record.steps);
  static const std::vector<EpochRecord> none;
  out.list(record.epochs ? *record.epochs : none, [&](const EpochRecord& epoch) { put(out, epoch); });
  out.list(record.probes, [&](const ProbeSeries& probe) { put(out, probe); });
  static const Histograms no_shots;
  out.put(record.histogram_seconds);
  out.list(record.histograms ? *record.histograms : no_shots, [&](const auto& shot) { put(out, *shot); });
}

// Reading -----------------------------------------------------------------------------------------

/// Throws an Error for whatever can't be.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  [[noreturn]] static void refuse(const char* what) {
    throw bad_input(std::string("is not one that this program wrote (") + what + ")", "checkpoint");
  }
  static void need(bool good, const char* what) {
    if (!good) refuse(what);
  }

  std::int64_t integer() { return number<std::int64_t>(); }
  double real() { return number<double>(); }
  std::int64_t between(std::int64_t low, std::int64_t high, const char* what) {
    const std::int64_t value = integer();
    need(value >= low && value <= high, what);
    return value;
  }
  /// The length of a list whose elements take at least so many bytes each.
  std::size_t count(std::size_t each) {
    const std::int64_t value = integer();
    need(value >= 0 && static_cast<std::uint64_t>(value) <= rest_.size() / each, "a count that can't be");
    return static_cast<std::size_t>(value);
  }
  template <class T>
  std::vector<T> numbers() {
    std::vector<T> out(count(sizeof(T)));
    copy(out.data(), out.size() * sizeof(T));
    return out;
  }
  std::string text() {
    std::string out(count(1), '\0');
    need(static_cast<std::int64_t>(out.size()) <= kLongestName, "a name that long");
    copy(out.data(), out.size());
    return out;
  }
  template <class T, class Get>
  std::vector<T> list(std::size_t each, Get get) {
    std::vector<T> out;
    const std::size_t size = count(each);
    out.reserve(size);
    for (std::size_t i = 0; i < size; ++i) out.push_back(get());
    return out;
  }
  void copy(void* to, std::size_t size) {
    need(size <= rest_.size(), "it is cut off");
    if (size > 0) std::memcpy(to, rest_.data(), size);
    rest_ = rest_.subspan(size);
  }
  std::size_t left() const { return rest_.size(); }

 private:
  template <class T>
  T number() {
    T out{};
    copy(&out, sizeof out);
    return out;
  }

  std::span<const std::uint8_t> rest_;
};

EngineState get_engine(Reader& in) {
  EngineState out;
  out.steps = in.between(0, kMostSteps, "steps");
  out.parameters = in.numbers<float>();
  out.buffers = in.numbers<float>();
  out.slots = in.numbers<float>();
  out.progress = in.numbers<double>();
  out.average = in.numbers<float>();
  out.scaling = in.numbers<double>();
  for (const double number : out.scaling)
    Reader::need(std::abs(number) < static_cast<double>(kMostSteps), "loss scaling");
  return out;
}

/// @param columns  how many it must have
TableView get_table(Reader& in, std::int64_t columns) {
  Reader::need(in.integer() == columns, "a table with other columns");
  const std::size_t rows = in.count(static_cast<std::size_t>(columns) * sizeof(double));
  std::vector<double> values(rows * static_cast<std::size_t>(columns));
  in.copy(values.data(), values.size() * sizeof(double));
  Table table(static_cast<int>(columns));
  for (std::size_t row = 0; row < rows;) {
    const Table::Tail tail = table.tail();
    const std::size_t now = std::min(rows - row, static_cast<std::size_t>(tail.count()));
    for (std::size_t column = 0; column < static_cast<std::size_t>(columns); ++column)
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(column * rows + row), now,
                  tail.column(static_cast<int>(column)));
    table.commit(static_cast<int>(now));
    row += now;
  }
  return table.view();
}

EpochRecord get_epoch(Reader& in) {
  EpochRecord out;
  out.epoch = in.between(1, kMostSteps, "an epoch");
  out.steps = in.between(0, kMostSteps, "an epoch");
  for (const auto metric : kMetrics) out.*metric = in.real();
  out.seconds = in.real();
  out.whole = in.between(0, 1, "an epoch") != 0;
  return out;
}

ProbeSeries get_probe(Reader& in, std::int64_t steps, std::int64_t& columns) {
  ProbeSeries out;
  out.id = in.text();
  out.columns = in.list<std::string>(sizeof(std::int64_t), [&] { return in.text(); });
  columns += static_cast<std::int64_t>(out.columns.size());
  Reader::need(!out.columns.empty() && columns <= kMostColumns, "columns of a probe");
  out.seconds = in.real();
  out.table = get_table(in, static_cast<std::int64_t>(out.columns.size()));
  double last = -1.0;
  for (std::int64_t row = 0; row < out.table.rows(); ++row) {
    const double step = out.table.at(row, 0);
    Reader::need(step > last && step < static_cast<double>(steps) && step == std::floor(step),
                 "steps of a probe");
    last = step;
  }
  return out;
}

Histogram get_histogram(Reader& in) {
  Histogram out;
  out.low = in.real();
  out.high = in.real();
  out.counts = in.numbers<std::int64_t>();
  out.not_finite = in.between(0, kMostSteps, "a histogram");
  for (const std::int64_t bin : out.counts) Reader::need(bin >= 0 && bin <= kMostSteps, "a histogram");
  return out;
}

std::shared_ptr<const HistogramShot> get_shot(Reader& in) {
  constexpr std::size_t kHistogram = 4 * sizeof(double);
  auto out = std::make_shared<HistogramShot>();
  out->step = in.integer();
  out->weights = in.list<Histogram>(kHistogram, [&] { return get_histogram(in); });
  out->gradients = in.list<Histogram>(kHistogram, [&] { return get_histogram(in); });
  out->activations = in.list<LayerActivations>(2 * kHistogram, [&] {
    LayerActivations one;
    one.layer = static_cast<int>(in.between(0, 1'000'000, "a layer"));
    one.mean = in.real();
    one.deviation = in.real();
    one.dead = in.real();
    one.histogram = get_histogram(in);
    return one;
  });
  return out;
}

TrainingView get_record(Reader& in) {
  TrainingView out;
  out.outcome = static_cast<Outcome>(in.between(0, static_cast<std::int64_t>(Outcome::kStopped), "outcome"));
  out.restored_step = in.between(-1, kMostSteps, "restored step");
  out.steps_per_epoch = in.between(1, kMostSteps, "steps per epoch");
  out.budget = in.between(0, kMostSteps, "budget");
  out.skipped_steps = in.between(0, kMostSteps, "skipped steps");
  out.seconds = in.real();
  out.steps = get_table(in, TrainingColumns::kCount);
  const std::int64_t steps = out.steps.rows();
  Reader::need(steps <= out.budget && out.restored_step < std::max<std::int64_t>(steps, 1), "steps");

  auto epochs = in.list<EpochRecord>(12 * sizeof(double), [&] { return get_epoch(in); });
  for (std::size_t i = 0; i < epochs.size(); ++i)
    Reader::need(epochs[i].steps <= steps && (i == 0 || epochs[i].steps >= epochs[i - 1].steps), "epochs");
  out.epochs = std::make_shared<const std::vector<EpochRecord>>(std::move(epochs));

  std::int64_t columns = 0;
  out.probes = in.list<ProbeSeries>(5 * sizeof(double), [&] { return get_probe(in, steps, columns); });

  out.histogram_seconds = in.real();
  auto shots =
      in.list<std::shared_ptr<const HistogramShot>>(4 * sizeof(double), [&] { return get_shot(in); });
  for (std::size_t i = 0; i < shots.size(); ++i)
    Reader::need(
        shots[i]->step >= 0 && shots[i]->step < steps && (i == 0 || shots[i]->step > shots[i - 1]->step),
        "histograms");
  out.histograms = std::make_shared<const Histograms>(std::move(shots));
  return out;
}

TrainerState get_state(Reader& in, std::int64_t version) {
  TrainerState out;
  out.engine = get_engine(in);
  out.sums.loss = in.real();
  out.sums.correct = in.between(0, kMostSteps, "sums");
  out.sums.seen = in.between(0, kMostSteps, "sums");
  out.sums.seconds = in.real();
  out.best.loss = in.real();
  out.best.step = in.between(-1, kMostSteps, "best epoch");
  out.best.waited = in.between(0, kMostSteps, "best epoch");
  out.best.state = get_engine(in);
  out.record = get_record(in);
  const std::int64_t steps = out.steps();
  Reader::need(out.best.step < std::max<std::int64_t>(steps, 1) &&
                   (out.best.step < 0 || !out.best.state.parameters.empty()),
               "best epoch");
  Reader::need(out.sums.seen == 0 || steps > 0, "sums");
  Reader::need(out.record.outcome != Outcome::kRunning || steps < out.record.budget || out.sums.seen > 0,
               "outcome");

  // A product with a number of steps must fit.
  out.probes.histogram_stride = in.between(1, std::int64_t{1} << 32, "stride");
  out.probes.cut_short = in.between(0, 1, "probes") != 0;
  using Memory = std::pair<std::string, ProbeMemory>;
  out.probes.memories = in.list<Memory>(3 * sizeof(double), [&] {
    Memory one;
    one.first = in.text();
    one.second.numbers = in.numbers<double>();
    one.second.vector = in.numbers<float>();
    return one;
  });
  if (version >= 2) out.schedule = in.numbers<double>();
  Reader::need(in.left() == 0, "it goes on after its end");
  return out;
}

}  // namespace

std::vector<std::uint8_t> to_bytes(const TrainerState& state) {
  Writer out;
  const auto size = [](const EngineState& one) {
    return 4 * (one.parameters.size() + one.buffers.size() + one.slots.size() + one.average.size());
  };
  out.reserve(size(state.engine) + size(state.best.state) + static_cast<std::size_t>(state.steps()) * 32 +
              65'536);
  out.copy(kMagic.data(), kMagic.size());
  out.put(std::int64_t{kCheckpointVersion});
  put(out, state.engine);
  out.put(state.sums.loss);
  out.put(state.sums.correct);
  out.put(state.sums.seen);
  out.put(state.sums.seconds);
  out.put(state.best.loss);
  out.put(state.best.step);
  out.put(state.best.waited);
  put(out, state.best.state);
  put(out, state.record);
  out.put(state.probes.histogram_stride);
  out.put(std::int64_t{state.probes.cut_short});
  out.list(state.probes.memories, [&](const auto& one) {
    out.put(std::string_view(one.first));
    out.put(one.second.numbers);
    out.put(one.second.vector);
  });
  out.put(state.schedule);
  return out.take();
}

Result<TrainerState> trainer_state(std::span<const std::uint8_t> bytes) {
  try {
    Reader in(bytes);
    std::string magic(kMagic.size(), '\0');
    in.copy(magic.data(), magic.size());
    Reader::need(magic == kMagic, "it begins differently");
    const std::int64_t version = in.integer();
    if (version < 1 || version > kCheckpointVersion)
      throw bad_input("has version " + std::to_string(version) + ", this program reads versions 1 to " +
                          std::to_string(kCheckpointVersion),
                      "checkpoint");
    return get_state(in, version);
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kIo, "needs more memory than there is", "checkpoint"};
  }
}

}  // namespace thalweg

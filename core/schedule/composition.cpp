// Schedules made of schedules: one after the other, and multiplied. The parts are one text:
//   sequence:warmup:warmup=100@100|cosine:total=900     the cosine begins at update 100
//   product:warmup|exponential:gamma=0.99               rate = peak × warm-up × decay
// A part in parentheses may be a composition itself: product:(sequence:warmup@100|constant)|step.
#include "core/schedule/composition.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "core/schedule/parts.hpp"

namespace thalweg::schedule_parts {
namespace {

constexpr std::size_t kMostParts = 32;
constexpr int kDeepest = 8;
constexpr double kForever = std::numeric_limits<double>::infinity();

struct Part {
  Spec spec;
  const ScheduleDescriptor* schedule = nullptr;
  std::int64_t begin = 0;  ///< the update that is the part's own first
  double end = kForever;   ///< the update at which the next one begins
};

using Parts = std::vector<Part>;

// Reading -----------------------------------------------------------------------------------------

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// Places of `wanted` outside of parentheses; nothing if these do not match.
std::optional<std::vector<std::size_t>> places_of(std::string_view text, char wanted) {
  std::vector<std::size_t> out;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth < 0) return std::nullopt;
    if (text[i] == wanted && depth == 0) out.push_back(i);
  }
  if (depth != 0) return std::nullopt;
  return out;
}

Result<Spec> read_schedule(std::string_view text) {
  if (text.size() >= 2 && text.front() == '(' && text.back() == ')')
    text = trimmed(text.substr(1, text.size() - 2));
  if (text.empty()) return bad_input("is empty");
  return parse_spec(text, schedule_family());
}

Result<Part> read_part(std::string_view text, bool sequence, bool last) {
  Part out;
  const auto at = places_of(text, '@').value_or(std::vector<std::size_t>{});
  if (!sequence && !at.empty())
    return bad_input("has an '@': what is multiplied begins together, at update 0");
  if (sequence && last && !at.empty()) return bad_input("is the last and has no end, so no '@'");
  if (sequence && !last) {
    if (at.size() != 1) return bad_input("needs the update at which the next one begins: '@100' at its end");
    const auto end = parse_number(text.substr(at[0] + 1));
    if (!end || *end < 1.0 || *end > 1e12 || *end != std::floor(*end))
      return bad_input("needs a whole number of updates after the '@', at least 1 and at most 1e12");
    out.end = *end;
    text = trimmed(text.substr(0, at[0]));
  }
  auto spec = read_schedule(text);
  if (!spec) return spec.error();
  out.schedule = find_schedule(spec->id);
  out.spec = std::move(*spec);
  return out;
}

Error in_part(const Error& error, std::string_view id, std::size_t number, std::string_view text) {
  return {error.code, error.text(),
          std::string(id) + ": part " + std::to_string(number) + " '" +
              std::string(trimmed(text).substr(0, 60)) + "'"};
}

Result<Parts> read_parts(std::string_view id, std::string_view text) {
  const bool sequence = id == "sequence";
  auto bars = places_of(text, '|');
  if (!bars) return bad_input("parentheses do not match", std::string(id));
  bars->push_back(text.size());
  if (bars->size() > kMostParts)
    return bad_input("has more than " + std::to_string(kMostParts) + " parts", std::string(id));
  Parts out;
  std::size_t from = 0;
  for (std::size_t i = 0; i < bars->size(); ++i) {
    const std::string_view part = text.substr(from, (*bars)[i] - from);
    from = (*bars)[i] + 1;
    auto read = read_part(trimmed(part), sequence, i + 1 == bars->size());
    if (!read) return in_part(read.error(), id, i + 1, part);
    if (sequence && i > 0) {
      read->begin = static_cast<std::int64_t>(out.back().end);
      if (read->end <= out.back().end)
        return in_part(
            bad_input("must end after update " + format_number(out.back().end) + ", where it begins"), id,
            i + 1, part);
    }
    out.push_back(std::move(*read));
  }
  return out;
}

/// The parts of `spec`, read once: a schedule is asked for many steps. Empty if they can't be read.
std::shared_ptr<const Parts> parts_of(const Spec& spec) {
  struct Entry {
    std::string id, text;
    std::shared_ptr<const Parts> parts;
  };
  constexpr std::size_t kKept = 16;
  thread_local std::vector<Entry> read;
  const std::string& text = spec.text("parts");
  for (const Entry& entry : read)
    if (entry.text == text && entry.id == spec.id) return entry.parts;
  auto parts = read_parts(spec.id, text);
  Entry entry{spec.id, text, std::make_shared<const Parts>(parts ? std::move(*parts) : Parts{})};
  if (read.size() >= kKept) read.erase(read.begin());
  read.push_back(entry);
  return entry.parts;
}

std::string written(const Spec& spec, const Parts& parts) {
  std::string out;
  for (const Part& part : parts) {
    if (!out.empty()) out += '|';
    const std::string text = format_spec(part.spec, *part.schedule);
    out += part.schedule->leading_text.empty() ? text : "(" + text + ")";
    if (spec.id == "sequence" && part.end != kForever) out += "@" + format_number(part.end);
  }
  return out;
}

void write_parts(Spec& spec, const Parts& parts) { *spec.find("parts") = written(spec, parts); }

std::optional<Error> check_parts_to(const Spec& spec, int depth) {
  const std::string& text = spec.text("parts");
  if (depth > kDeepest)
    return bad_input("are more than " + std::to_string(kDeepest) + " in each other", spec.id);
  auto parts = read_parts(spec.id, text);
  if (!parts) return parts.error();
  for (std::size_t i = 0; i < parts->size(); ++i) {
    const Part& part = (*parts)[i];
    std::optional<Error> error;
    if (part.schedule->follow)
      error = bad_input("goes by the loss, not by the step, and can't be a part");
    else if (part.schedule->leading_text == "parts")
      error = check_parts_to(part.spec, depth + 1);
    else
      error = check_schedule(part.spec);
    if (error) return in_part(*error, spec.id, i + 1, format_spec(part.spec, *part.schedule));
  }
  return std::nullopt;
}

std::optional<Error> check_parts(const Spec& spec) { return check_parts_to(spec, 1); }

// One after the other -------------------------------------------------------------------------------

const Part& part_at(const Parts& parts, double t) {
  return *std::find_if(parts.begin(), parts.end() - 1, [&](const Part& part) { return t < part.end; });
}

double sequence_at(const Spec& spec, std::int64_t t, double base) {
  const auto parts = parts_of(spec);
  if (parts->empty()) return std::numeric_limits<double>::quiet_NaN();
  const Part& part = part_at(*parts, static_cast<double>(t));
  return part.schedule->at(part.spec, t - part.begin, spec.number_or("peak", base));
}

double sequence_momentum(const Spec& spec, std::int64_t t) {
  const auto parts = parts_of(spec);
  if (parts->empty()) return std::numeric_limits<double>::quiet_NaN();
  const Part& part = part_at(*parts, static_cast<double>(t));
  return part.schedule->momentum ? part.schedule->momentum(part.spec, t - part.begin)
                                 : std::numeric_limits<double>::quiet_NaN();
}

std::vector<Grip> sequence_grips(const Spec& spec, double base) {
  const auto parts = parts_of(spec);
  const double peak = spec.number_or("peak", base);
  std::vector<Grip> out;
  for (std::size_t i = 0; i < parts->size(); ++i) {
    const Part& part = (*parts)[i];
    const double begin = static_cast<double>(part.begin);
    if (i > 0) {
      const double low = static_cast<double>((*parts)[i - 1].begin) + 1.0, high = part.end - 1.0;
      out.push_back(
          {{"start of " + part.schedule->id, begin, part.schedule->at(part.spec, 0, peak), true, false},
           [=](Spec& moved, double step, double) {
             Parts changed = *parts;
             const double to = std::clamp(std::round(step), low, std::clamp(high, low, 1e12));
             changed[i - 1].end = to;
             changed[i].begin = static_cast<std::int64_t>(to);
             write_parts(moved, changed);
           }});
    }
    if (!part.schedule->handles) continue;
    const auto handles = part.schedule->handles(part.spec, peak);
    for (std::size_t k = 0; k < handles.size(); ++k) {
      ScheduleHandle handle = handles[k];
      // One that lies beyond the part's end is not on the curve, nor is one hidden under its start.
      if (begin + handle.step > part.end || (i > 0 && handle.step == 0.0 && !handle.moves_value)) continue;
      const double room = part.end - begin;
      handle.step += begin;
      handle.label = part.schedule->id + ": " + handle.label;
      out.push_back({std::move(handle), [=](Spec& moved, double step, double value) {
                       Parts changed = *parts;
                       const double own = std::clamp(step - begin, 0.0, room);
                       changed[i].spec = part.schedule->drag(part.spec, k, own, value, peak);
                       write_parts(moved, changed);
                     }});
    }
  }
  return out;
}

// Multiplied ----------------------------------------------------------------------------------------

/// Every part counts as a multiple of the peak: it is asked with the rate 1.
double product_at(const Spec& spec, std::int64_t t, double base) {
  double out = spec.number_or("peak", base);
  for (const Part& part : *parts_of(spec)) out *= part.schedule->at(part.spec, t, 1.0);
  return out;
}

double product_momentum(const Spec& spec, std::int64_t t) {
  for (const Part& part : *parts_of(spec)) {
    const double momentum = part.schedule->momentum ? part.schedule->momentum(part.spec, t)
                                                    : std::numeric_limits<double>::quiet_NaN();
    if (!std::isnan(momentum)) return momentum;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

std::vector<Grip> product_grips(const Spec& spec, double base) {
  const auto parts = parts_of(spec);
  std::vector<Grip> out;
  for (std::size_t i = 0; i < parts->size(); ++i) {
    const Part& part = (*parts)[i];
    if (!part.schedule->handles) continue;
    const auto handles = part.schedule->handles(part.spec, 1.0);
    for (std::size_t k = 0; k < handles.size(); ++k) {
      ScheduleHandle handle = handles[k];
      if (!(handle.step <= 1e12)) continue;
      const auto step = static_cast<std::int64_t>(std::round(handle.step));
      // What the other parts make of it there.
      double rest = spec.number_or("peak", base);
      for (std::size_t j = 0; j < parts->size(); ++j)
        if (j != i) rest *= (*parts)[j].schedule->at((*parts)[j].spec, step, 1.0);
      handle.value *= rest;
      handle.moves_value = handle.moves_value && rest > 0.0;
      if (!handle.moves_step && !handle.moves_value) continue;  // the others hold it at 0
      const double stays = handles[k].value;
      handle.label = part.schedule->id + ": " + handle.label;
      out.push_back({std::move(handle), [=](Spec& moved, double to, double value) {
                       Parts changed = *parts;
                       changed[i].spec =
                           part.schedule->drag(part.spec, k, to, rest > 0.0 ? value / rest : stays, 1.0);
                       write_parts(moved, changed);
                     }});
    }
  }
  return out;
}

// In PyTorch ----------------------------------------------------------------------------------------

/// "def part_1(t, peak):" and its lines, for each part that has any.
void define(std::vector<std::string>& out, const std::string& head, const std::vector<std::string>& body) {
  out.push_back("def " + head + ":");
  for (const std::string& line : body) out.push_back("    " + line);
}

std::string own_peak(const Part& part, const char* otherwise) {
  return part.spec.is_off("peak") ? otherwise : python_number(part.spec.number("peak"));
}

bool has_peak(const Part& part) { return part.spec.find("peak") != nullptr; }

/// Schedulers of these parts, as a Python list; empty if one has none, or a rate of its own.
std::string scheduler_list(const Parts& parts, std::int64_t steps, const std::vector<std::string>& allowed) {
  std::string out;
  for (const Part& part : parts) {
    if (!has_peak(part) || !part.spec.is_off("peak")) return {};
    const double length = std::min(static_cast<double>(steps), part.end) - static_cast<double>(part.begin);
    TorchCall call =
        part.schedule->torch(part.spec, std::max<std::int64_t>(1, static_cast<std::int64_t>(length)))
            .scheduler;
    constexpr std::string_view kModule = "torch.optim.lr_scheduler.";
    if (call.callee.size() <= kModule.size()) return {};
    const std::string name = call.callee.substr(kModule.size());
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) return {};
    out += (out.empty() ? "" : ", ") + call.text("optimizer");
  }
  return "[" + out + "]";
}

TorchSchedule sequence_torch(const Spec& spec, std::int64_t steps) {
  const auto parts = parts_of(spec);
  TorchSchedule out;
  std::vector<double> ends;
  const bool couples = std::any_of(parts->begin(), parts->end(), [](const Part& part) {
    return part.schedule->momentum && !std::isnan(part.schedule->momentum(part.spec, 0));
  });
  for (std::size_t i = 0; i < parts->size(); ++i) {
    const Part& part = (*parts)[i];
    const TorchSchedule made = part.schedule->torch(part.spec, steps);
    const std::string name = "part_" + std::to_string(i + 1);
    define(out.formula, name + "(t, peak)", made.formula);
    if (couples)
      define(out.momentum, name + "(t)",
             made.momentum.empty() ? std::vector<std::string>{"return None"} : made.momentum);
    if (part.end != kForever) ends.push_back(part.end);
  }
  for (std::size_t i = 0; i < parts->size(); ++i) {
    const Part& part = (*parts)[i];
    const std::string t = part.begin == 0 ? "t" : "t - " + std::to_string(part.begin);
    const std::string name = "part_" + std::to_string(i + 1);
    const std::string peak = has_peak(part) ? own_peak(part, "peak") : "peak";
    const bool last = part.end == kForever;
    if (!last) {
      out.formula.push_back("if t < " + python_number(part.end) + ":");
      if (couples) out.momentum.push_back("if t < " + python_number(part.end) + ":");
    }
    const std::string indent = last ? "" : "    ";
    out.formula.push_back(indent + "return " + name + "(" + t + ", " + peak + ")");
    if (couples) out.momentum.push_back(indent + "return " + name + "(" + t + ")");
  }
  static const std::vector<std::string> kAllowed = {
      "StepLR",        "MultiStepLR",  "ConstantLR",        "LinearLR",
      "ExponentialLR", "PolynomialLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts"};
  const std::string list = scheduler_list(*parts, steps, kAllowed);
  if (!list.empty() && parts->size() > 1)
    out.scheduler = scheduler("SequentialLR", {{"schedulers", list}, {"milestones", python_list(ends)}});
  return out;
}

TorchSchedule product_torch(const Spec& spec, std::int64_t steps) {
  const auto parts = parts_of(spec);
  TorchSchedule out;
  std::string product = "return peak";
  for (std::size_t i = 0; i < parts->size(); ++i) {
    const Part& part = (*parts)[i];
    const TorchSchedule made = part.schedule->torch(part.spec, steps);
    const std::string name = "part_" + std::to_string(i + 1);
    define(out.formula, name + "(t, peak)", made.formula);
    product += " * " + name + "(t, " + (has_peak(part) ? own_peak(part, "1") : "1") + ")";
    if (out.momentum.empty()) out.momentum = made.momentum;
  }
  out.formula.push_back(product);
  // Those that multiply what they find, and so can be chained.
  static const std::vector<std::string> kAllowed = {"StepLR",   "MultiStepLR",   "ConstantLR",
                                                    "LinearLR", "ExponentialLR", "PolynomialLR"};
  const std::string list = scheduler_list(*parts, steps, kAllowed);
  if (!list.empty()) out.scheduler = scheduler("ChainedScheduler", {{"schedulers", list}});
  return out;
}

Parameter parts_parameter(std::string value, std::string help) {
  return {.key = "parts",
          .symbol = "",
          .label = "parts",
          .kind = Kind::kText,
          .default_value = std::move(value),
          .help = std::move(help),
          .live = true};
}

}  // namespace

ScheduleDescriptor sequence() {
  ScheduleDescriptor out = with_grips(
      {{.id = "sequence",
        .label = "One after the other",
        .summary = "Schedules in sequence, each counting from its own start.",
        .formula = "η(t) = ηᵢ(t − tᵢ) for tᵢ ≤ t < tᵢ₊₁",
        .reference = "PyTorch SequentialLR",
        .parameters = {parts_parameter(
                           "warmup:warmup=100@100|cosine:total=900",
                           "Schedules with bars between them, each but the last with the update at "
                           "which the next begins: warmup:warmup=100@100|cosine:total=900. All that follows "
                           "the colon of the whole is parts; a peak stands in them."),
                       peak_parameter()},
        .leading_text = "parts"},
       sequence_at,
       sequence_torch},
      sequence_grips);
  out.momentum = sequence_momentum;
  out.check = check_parts;
  return out;
}

ScheduleDescriptor product() {
  ScheduleDescriptor out = with_grips(
      {{.id = "product",
        .label = "Multiplied",
        .summary = "Schedules multiplied with each other, each as a multiple of the peak.",
        .formula = "η(t) = ηₘₐₓ ∏ᵢ ηᵢ(t), where auto is 1 in the parts",
        .reference =
            "PyTorch ChainedScheduler; LambdaLR and MultiplicativeLR, with a drawn part for any function",
        .parameters = {parts_parameter(
                           "warmup:warmup=100|exponential:gamma=0.997",
                           "Schedules with bars between them: warmup:warmup=100|exponential:gamma=0.997."),
                       peak_parameter()},
        .leading_text = "parts"},
       product_at,
       product_torch},
      product_grips);
  out.momentum = product_momentum;
  out.check = check_parts;
  return out;
}

}  // namespace thalweg::schedule_parts

namespace thalweg {

bool is_sequence(const Spec& spec) { return spec.id == "sequence"; }
bool is_composition(const Spec& spec) { return is_sequence(spec) || spec.id == "product"; }

bool can_be_part(const ScheduleDescriptor& descriptor) {
  return !descriptor.follow && descriptor.role == ScheduleRole::kLearningRate;
}

std::vector<SchedulePart> composition_parts(const Spec& spec) {
  std::vector<SchedulePart> out;
  if (!is_composition(spec)) return out;
  for (const schedule_parts::Part& part : *schedule_parts::parts_of(spec)) {
    out.push_back({part.spec, std::nullopt});
    if (part.end != schedule_parts::kForever) out.back().end = static_cast<std::int64_t>(part.end);
  }
  return out;
}

Spec with_parts(const Spec& spec, std::vector<SchedulePart> parts) {
  constexpr std::int64_t kLatest = 1'000'000'000'000;
  schedule_parts::Parts written;
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    schedule_parts::Part part{std::move(parts[i].spec), nullptr, begin, schedule_parts::kForever};
    part.schedule = find_schedule(part.spec.id);
    if (is_sequence(spec) && i + 1 < parts.size()) {
      // Those still to come need an update each.
      const auto room = static_cast<std::int64_t>(parts.size() - i - 2);
      begin = std::clamp(parts[i].end.value_or(begin + 100), begin + 1, kLatest - room);
      part.end = static_cast<double>(begin);
    }
    written.push_back(std::move(part));
  }
  Spec out = spec;
  schedule_parts::write_parts(out, written);
  return out;
}

}  // namespace thalweg

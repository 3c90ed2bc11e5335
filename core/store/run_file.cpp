// One run as one JSON text, that another copy of the program takes in:
//
//   {"thalweg_run": 1,
//    "run": {"uid": ..., "kind": ..., "name": ..., ...},   as the columns of the table runs
//    "scene": {...},
//    "settings": [{"part": "optimizer", "key": "lr", "value": "0.001", "number": 0.001}, ...],
//    "figures": [{"key": ..., "value": ...}],              results that are no series
//    "series": [{"name": "loss", "unit": "", "goal": "lowest", "steps": {"first": 0, "stride": 1},
//                "values": [...]}],                        or "steps": [0, 1, 5, ...]
//    "events": [{"step": 0, "kind": "changed", "key": "lr", "value": "0.01"}],
//    "checkpoints": [{"step": 100, "version": 1, "checksum": 12345, "state": "base64"}]}
//
// JSON has no NaN and no infinity: values are null, "inf" and "-inf" for them.
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "core/spec/json_reader.hpp"
#include "core/store/store_parts.hpp"

namespace thalweg::store {
namespace {

using Json = nlohmann::ordered_json;
using Parsed = JsonReader::Json;

constexpr int kVersion = 1;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64(const std::vector<std::uint8_t>& bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned word = 0;
    for (std::size_t k = 0; k < 3; ++k) word = word << 8 | (i + k < bytes.size() ? bytes[i + k] : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k > bytes.size() ? '=' : kDigits[word >> (18 - 6 * k) & 63U];
  }
  return out;
}

std::optional<std::vector<std::uint8_t>> from_base64(const std::string& text) {
  if (text.size() % 4 != 0) return {};
  std::vector<std::uint8_t> out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    unsigned word = 0;
    std::size_t padding = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const char c = text[i + k];
      const auto digit = kDigits.find(c);
      const bool pads = c == '=' && k >= 2 && i + 4 == text.size();
      if (pads) ++padding;
      if ((!pads && digit == std::string_view::npos) || (!pads && padding > 0)) return {};
      word = word << 6 | (pads ? 0U : static_cast<unsigned>(digit));
    }
    for (std::size_t k = 0; k + padding < 3; ++k)
      out.push_back(static_cast<std::uint8_t>(word >> (16 - 8 * k)));
  }
  return out;
}

Json written(double value) {
  if (std::isnan(value)) return nullptr;
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

double read_value(const JsonReader& reader, const Parsed& value) {
  if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (value.is_number()) return value.get<double>();
  if (value == "inf") return kInfinity;
  if (value == "-inf") return -kInfinity;
  reader.fail("a value must be a number, null, \"inf\" or \"-inf\"");
}

Json written_steps(const std::vector<std::int64_t>& steps) {
  const std::int64_t stride = steps.size() < 2 ? 1 : steps[1] - steps[0];
  for (std::size_t i = 1; i < steps.size(); ++i)
    if (steps[i] - steps[i - 1] != stride) return steps;
  return {{"first", steps.empty() ? 0 : steps.front()}, {"stride", stride}};
}

std::vector<std::int64_t> read_steps(const JsonReader& reader, std::size_t count) {
  std::vector<std::int64_t> out;
  const Parsed& steps = reader.at("steps");
  if (steps.is_object()) {
    const JsonReader even(steps, "steps");
    even.only({"first", "stride"});
    const std::int64_t first = even.integer("first"), stride = even.integer("stride");
    if (first < 0 || stride < 1 || stride > (1LL << 53) / static_cast<std::int64_t>(count + 1))
      even.fail("'first' must be at least 0 and 'stride' at least 1, and not too large");
    for (std::size_t i = 0; i < count; ++i) out.push_back(first + static_cast<std::int64_t>(i) * stride);
    return out;
  }
  for (const Parsed& step : reader.array("steps")) {
    if (!step.is_number_integer() || (step.is_number_unsigned() && step.get<std::uint64_t>() > (1ULL << 53)))
      reader.fail("a step must be a whole number");
    out.push_back(step.get<std::int64_t>());
  }
  if (out.size() != count) reader.fail("has not as many values as steps");
  return out;
}

template <class T>
T need(Result<T> result) {
  if (!result) throw result.error();
  return std::move(*result);
}
void need(std::optional<Error> error) {
  if (error) throw *error;
}

RunStart read_start(const JsonReader& run, const JsonReader& file) {
  run.only({"uid", "kind", "name", "note", "star", "parent", "parent_step", "race", "lane", "created", "host",
            "device", "program_version", "outcome", "steps", "duration", "tags"});
  RunStart out{.uid = run.text("uid"),
               .kind = run.text("kind"),
               .name = run.text("name"),
               .note = run.text("note"),
               .parent = run.text("parent"),
               .race = run.text("race"),
               .device = run.text("device"),
               .program_version = run.text("program_version")};
  if (out.uid.size() < 8 || out.uid.find_first_not_of("0123456789abcdef") != std::string::npos)
    run.fail("'uid' must be hexadecimal digits, 8 at least");
  if (run.has("parent_step")) out.parent_step = run.integer("parent_step");
  const std::int64_t lane = run.integer("lane");
  if (lane < 0 || lane > 1'000'000) run.fail("'lane' must be at least 0 and at most 1000000");
  out.lane = static_cast<int>(lane);
  for (const Parsed& tag : run.array("tags")) {
    if (!tag.is_string()) run.fail("a tag must be a text");
    out.tags.push_back(tag.get<std::string>());
  }
  if (!file.at("scene").is_object()) file.fail("'scene' must be an object");
  out.scene = file.at("scene").dump();
  std::set<std::pair<std::string, std::string>> seen;
  for (const Parsed& item : file.array("settings")) {
    const JsonReader setting(item, "settings");
    setting.only({"part", "key", "value", "number"});
    out.settings.push_back({setting.text("part"), setting.text("key"), setting.text("value"), {}});
    if (setting.has("number")) out.settings.back().number = setting.number("number");
    if (!seen.emplace(out.settings.back().part, out.settings.back().key).second)
      setting.fail("'" + out.settings.back().key.substr(0, 40) + "' stands there twice");
  }
  return out;
}

/// "2026-01-31T12:00:00.000Z": sorts as text and is read by every tool.
bool is_timestamp(const std::string& text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00.000Z";
  if (text.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < kForm.size(); ++i)
    if (kForm[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != kForm[i]) return false;
  return true;
}

}  // namespace

Result<std::string> Store::export_run(std::int64_t id) {
  return read([&] {
    // One transaction, so that a run that goes on is seen at one moment.
    Transaction transaction(*database_, Transaction::Kind::kRead);
    Query query = database_->query("SELECT uid FROM runs WHERE id = ?");
    if (!query.bind(id).step()) require_run(id);
    const RunInfo info = need(find(query.text(0)));
    Json out{{"thalweg_run", kVersion}};
    Json& run = out["run"];
    run = {{"uid", info.uid},         {"kind", info.kind},     {"name", info.name},
           {"note", info.note},       {"star", info.star},     {"parent", info.parent},
           {"race", info.race},       {"lane", info.lane},     {"created", info.created},
           {"host", info.host},       {"device", info.device}, {"program_version", info.program_version},
           {"outcome", info.outcome}, {"steps", info.steps},   {"duration", info.duration}};
    if (info.parent_step) run["parent_step"] = *info.parent_step;
    run["tags"] = info.tags;
    out["scene"] = Json::parse(parse_json(need(scene(id)), "scene", "a scene").dump());
    out["settings"] = Json::array();
    for (const Setting& setting : need(settings(id))) {
      out["settings"].push_back({{"part", setting.part}, {"key", setting.key}, {"value", setting.value}});
      if (setting.number && std::isfinite(*setting.number))
        out["settings"].back()["number"] = *setting.number;
    }
    std::set<std::string> names;
    out["series"] = Json::array();
    for (const SeriesInfo& series : need(this->series(id))) {
      names.insert(series.name);
      const SeriesData data = need(points(id, series.name));
      Json values = Json::array();
      for (const double value : data.values) values.push_back(written(value));
      out["series"].push_back({{"name", series.name},
                               {"unit", series.unit},
                               {"goal", goal_name(series.goal)},
                               {"steps", written_steps(data.steps)},
                               {"values", std::move(values)}});
    }
    out["figures"] = Json::array();
    for (const RunResult& result : need(results(id)))
      if (!names.contains(result.key))
        out["figures"].push_back({{"key", result.key}, {"value", written(result.last)}});
    out["events"] = Json::array();
    for (const Event& event : need(events(id)))
      out["events"].push_back(
          {{"step", event.step}, {"kind", event.kind}, {"key", event.key}, {"value", event.value}});
    out["checkpoints"] = Json::array();
    for (const std::int64_t step : need(checkpoints(id))) {
      const Checkpoint saved = need(checkpoint(id, step));
      out["checkpoints"].push_back({{"step", saved.step},
                                    {"version", saved.version},
                                    {"checksum", checksum(saved.state)},
                                    {"state", base64(saved.state)}});
    }
    // Another tool may have put what is no UTF-8 into the file.
    return out.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  });
}

class Store::Importer {
 public:
  /// @return the run's id
  static std::int64_t take_in(Store& store, const Parsed& json);
};

std::int64_t Store::Importer::take_in(Store& store, const Parsed& json) {
  const JsonReader file(json, "run");
  if (!file.has("thalweg_run")) file.fail("is not a run of this program (it has no 'thalweg_run')");
  if (const auto version = file.integer("thalweg_run"); version != kVersion)
    file.fail("has version " + std::to_string(version) + ", this program reads version " +
              std::to_string(kVersion));
  file.only({"thalweg_run", "run", "scene", "settings", "figures", "series", "events", "checkpoints"});
  const JsonReader run(file.at("run"), "run");
  const std::int64_t id = need(store.begin(read_start(run, file)));

  std::string outcome = run.text("outcome");
  if (outcome == "running") outcome = "interrupted";
  const std::string created = run.text("created"), host = run.text("host");
  if (!is_timestamp(created)) run.fail("'created' must be written as 2026-01-31T12:00:00.000Z");
  check_text("outcome", outcome, kLongestName);
  check_text("host", host, kLongestName);
  const std::int64_t steps = run.integer("steps");
  if (steps < 0) run.fail("'steps' must be at least 0");
  store.database_
      ->query(
          "UPDATE runs SET star = ?, created = ?, heartbeat = ?, process = '', host = ?, outcome = ?, steps "
          "= ?,"
          " duration = ? WHERE id = ?")
      .bind(run.boolean("star") ? 1 : 0)
      .bind(created)
      .bind(created)
      .bind(host)
      .bind(outcome)
      .bind(steps)
      .bind(run.number("duration"))
      .bind(id)
      .run();

  std::set<std::string> names;
  for (const Parsed& item : file.array("series")) {
    const JsonReader series(item, "series");
    series.only({"name", "unit", "goal", "steps", "values"});
    const auto goal = find_goal(series.text("goal"));
    if (!goal) series.fail("'goal' must be none, lowest or highest");
    Points points{series.text("name"), series.text("unit"), *goal, {}, {}};
    if (!names.insert(points.series).second)
      series.fail("'" + points.series.substr(0, 40) + "' stands there twice");
    for (const Parsed& value : series.array("values")) points.values.push_back(read_value(series, value));
    points.steps = read_steps(series, points.values.size());
    need(store.append(id, points));
  }
  for (const Parsed& item : file.array("figures")) {
    const JsonReader figure(item, "figures");
    figure.only({"key", "value"});
    if (!names.insert(figure.text("key")).second) figure.fail("a key stands there twice");
    need(store.set_result(id, figure.text("key"), read_value(figure, figure.at("value"))));
  }
  for (const Parsed& item : file.array("events")) {
    const JsonReader event(item, "events");
    event.only({"step", "kind", "key", "value"});
    need(store.add_event(
        id, {event.integer("step"), event.text("kind"), event.text("key"), event.text("value")}));
  }
  for (const Parsed& item : file.array("checkpoints")) {
    const JsonReader saved(item, "checkpoints");
    saved.only({"step", "version", "checksum", "state"});
    auto state = from_base64(saved.text("state"));
    if (!state) saved.fail("'state' is not base64");
    if (std::int64_t{checksum(*state)} != saved.integer("checksum"))
      saved.fail("a state does not fit its checksum");
    const std::int64_t version = saved.integer("version");
    if (version < 0 || version > 1'000'000) saved.fail("'version' must be at least 0 and at most 1000000");
    need(store.save(id, {saved.integer("step"), static_cast<int>(version), std::move(*state)}));
  }
  return id;
}

Result<std::int64_t> Store::import_run(std::string_view text) {
  if (text.size() > kLargestRunFile) return bad_input("is larger than 1 GiB", "run");
  // Before anything is locked: this may take seconds.
  const auto parsed = reading_json("run", [&] { return parse_json(text, "run", "a run"); });
  if (!parsed) return parsed.error();
  return write_for(
      [&] { return need(reading_json("run", [&] { return Importer::take_in(*this, *parsed); })); });
}

}  // namespace thalweg::store

// The program of a descent on a surface.
#include <algorithm>
#include <cmath>
#include <map>

#include "core/descent/descent.hpp"
#include "core/script/formula.hpp"
#include "core/script/philox.hpp"
#include "core/script/script.hpp"
#include "core/script/source.hpp"
#include "core/script/updates.hpp"
#include "core/spec/python.hpp"
#include "core/surface/expression.hpp"

namespace thalweg {
namespace script {
namespace {

/// What happens to the gradient between backward() and step(): a number for each part that is ever in force.
struct Shaping {
  struct Part {
    const char* name;  ///< in Python
    double (*value)(const Spec&);
    double off;
  };
  static constexpr Part kParts[] = {
      {"noise", [](const Spec& s) { return s.number("noise") / std::sqrt(s.number("batch")); }, 0.0},
      {"max_norm", [](const Spec& s) { return s.number_or("clip", HUGE_VAL); }, HUGE_VAL},
      {"max_value", [](const Spec& s) { return s.number_or("clip_value", HUGE_VAL); }, HUGE_VAL},
  };

  std::map<std::string, std::string> now;  ///< part -> its value as Python: a number, or where it is kept
  std::string first;                       ///< items of the dict `gradient`, where parts change
  PythonChanges changes;

  bool has(const char* part) const { return now.contains(part); }
};

/// @param ramps  the batch follows a schedule: it is no part of the noise's number then
Shaping shaping_of(const LiveSpec& gradient, std::int64_t steps, bool ramps) {
  Shaping out;
  std::vector<std::int64_t> moments = {0};
  for (const std::int64_t step : change_steps(gradient, steps)) moments.push_back(step);
  for (const Shaping::Part& part : Shaping::kParts) {
    const bool bare = ramps && std::string_view(part.name) == "noise";
    const auto value_of = [&](const Spec& spec) { return bare ? spec.number("noise") : part.value(spec); };
    const double first = value_of(gradient.at(0));
    double before = first;
    bool ever = first != part.off;
    std::map<std::int64_t, std::string> items;
    for (const std::int64_t step : moments) {
      const double value = value_of(gradient.at(step));
      if (value != before) items[step] = "\"" + std::string(part.name) + "\": " + python_number(value);
      ever = ever || value != part.off;
      before = value;
    }
    if (!ever) continue;
    out.now[part.name] =
        items.empty() ? python_number(first) : "gradient[\"" + std::string(part.name) + "\"]";
    if (items.empty()) continue;
    out.first += (out.first.empty() ? "\"" : ", \"") + std::string(part.name) + "\": " + python_number(first);
    for (const auto& [step, item] : items) {
      std::string& all = out.changes[step];
      all += (all.empty() ? "" : ", ") + item;
    }
  }
  return out;
}

/// A number with a point, so that a tensor of it is not one of integers.
std::string real(double value) {
  const std::string text = python_number(value);
  return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
}

/// The function `surface(p)`, and before it what it needs.
void write_surface(Source& out, const DescentSettings& settings, const Surface& surface) {
  const SurfaceDescriptor& descriptor = *find_surface(settings.surface.id);
  PythonFormula formula;
  std::string parameters;
  if (descriptor.torch) {
    formula.body = descriptor.torch(settings.surface);
  } else {
    std::array<double, 4> values{};
    const bool typed = descriptor.id == "expr";
    for (std::size_t i = 0; typed && i < values.size(); ++i)
      values[i] = settings.surface.number(std::string(1, "abcd"[i]));
    formula = python_formula(
        typed ? parse_expression(settings.surface.text("formula"))->nodes() : surface.syntax(), values);
    formula.body.insert(formula.body.begin(), surface.dim() == 1 ? "(x,) = p" : "x, y = p");
    for (std::size_t i = 0; i < values.size(); ++i)
      if (formula.parameters[i]) parameters += std::string(1, "abcd"[i]) + " = " + real(values[i]) + "\n";
  }
  for (const std::string& definition : formula.definitions) out.definition(definition);
  if (!parameters.empty()) out.definition(parameters);
  out.line("def surface(p):");
  out.line("\"\"\"" + descriptor.label + ": the loss at the point p.\"\"\"", 1);
  for (const std::string& note : formula.notes) out.comment(note, 1);
  out.lines(formula.body, 1);
  out.line();
  out.line();
}

/// When a run ends before its last step, as a condition of `p`, `loss`, and `x` of an optimizer that
/// averages.
void write_end(Source& out, const DescentSettings& settings, const Surface& surface, bool averages) {
  out.line("done = step == steps or not loss.isfinite() or p.abs().max() > " + python_number(kEscaped), 1);
  if (settings.run.is_off("tol")) return;
  const std::string tolerance = python_number(settings.run.number("tol"));
  const std::string slope = averages ? "torch.autograd.grad(loss, x)[0]" : "p.grad";
  const std::string position = averages ? "x" : "p";
  out.line(surface.minima().empty() || maximizes(settings.gradient)
               ? "done = done or " + slope + ".norm() < " + tolerance
               : "done = done or (" + position + ".detach() - minima).norm(dim=1).min() < " + tolerance,
           1);
}

void write_set_up(Source& out, const DescentSettings& settings, const Surface& surface,
                  const Updates& updates, const Shaping& shaping) {
  std::string start;
  for (const double coordinate : settings.start) start += (start.empty() ? "" : ", ") + real(coordinate);
  out.line("p = torch.tensor([" + start + "], requires_grad=True)");
  out.line("steps = " + python_number(settings.run.number("steps")));
  out.lines(updates.set_up);
  if (!settings.run.is_off("tol") && !surface.minima().empty() && !maximizes(settings.gradient)) {
    constexpr std::size_t kWidth = 96;
    std::vector<std::string> rows = {""};
    for (const MarkedPoint& minimum : surface.minima()) {
      const std::string point = python_list(minimum.x) + ", ";
      if (rows.back().size() + point.size() > kWidth) rows.emplace_back();
      rows.back() += point;
    }
    rows.back().resize(rows.back().size() - 2);
    for (std::string& row : rows) row.resize(row.find_last_not_of(' ') + 1);
    if (rows.size() == 1) {
      out.line("minima = torch.tensor([" + rows[0] + "], dtype=torch.float64)");
    } else {
      out.line("minima = torch.tensor([");
      out.lines(rows, 1);
      out.line("], dtype=torch.float64)");
    }
  }
  if (!updates.changes.empty()) {
    out.comment("Settings that were changed while the run went on, from that step on.");
    write_changes(out, "changes", updates.changes);
  }
  if (!shaping.first.empty()) {
    out.line("gradient = {" + shaping.first + "}");
    write_changes(out, "gradient_changes", shaping.changes);
  }
}

/// What is done to the gradient, at this depth.
void write_shaping(Source& out, const Updates& updates, const Shaping& shaping, int depth) {
  if (shaping.has("noise")) out.line("p.grad += noise", depth);
  if (updates.turned) out.line("p.grad.neg_()  # to maximize", depth);
  if (shaping.has("max_norm"))
    out.line("torch.nn.utils.clip_grad_norm_([p], " + shaping.now.at("max_norm") + ")", depth);
  if (shaping.has("max_value"))
    out.line("torch.nn.utils.clip_grad_value_([p], " + shaping.now.at("max_value") + ")", depth);
}

void write_step(Source& out, const Updates& updates, const Shaping& shaping) {
  if (!updates.closure) {
    write_shaping(out, updates, shaping, 1);
    out.line("optimizer.step()", 1);
    return;
  }
  out.line();
  out.line("def closure():", 1);
  out.line("optimizer.zero_grad()", 2);
  out.line("loss = surface(p)", 2);
  out.line("loss.backward()", 2);
  write_shaping(out, updates, shaping, 2);
  const std::string loss = shaping.has("noise") ? "loss + noise @ p" : "loss";
  const std::string sample = !updates.turned ? loss : loss == "loss" ? "-loss" : "-(" + loss + ")";
  out.line("return " + sample + (sample == "loss" ? "" : "  # the loss that has this gradient"), 2);
  out.line();
  out.line("optimizer.step(closure)", 1);
}

void write_loop(Source& out, const DescentSettings& settings, const Surface& surface, const Updates& updates,
                const Shaping& shaping) {
  const auto steps = static_cast<std::int64_t>(settings.run.number("steps"));
  out.line();
  out.line("for step in range(steps + 1):");
  out.line("optimizer.zero_grad()", 1);
  out.line("loss = surface(p)", 1);
  out.line("loss.backward()", 1);
  const bool averages = !updates.found.empty();
  if (averages) {
    out.comment("What the optimizer has found is an average; gradients are taken at p.", 1);
    out.line("x = (" + updates.found + ").detach().requires_grad_()", 1);
    out.line("loss = surface(x)", 1);
  }
  if (updates.by_loss) {
    out.line("if step > 0:", 1);
    out.line("scheduler.step(loss.item())", 2);
  }
  write_end(out, settings, surface, averages);
  const std::int64_t stride = steps / 20;
  if (stride > 1) out.line("if done or step % " + std::to_string(stride) + " == 0:", 1);
  out.line("print(f\"step {step}  loss {loss.item():.10g}  at {" + std::string(averages ? "x" : "p") +
               ".tolist()}\")",
           stride > 1 ? 2 : 1);
  out.line("if done:", 1);
  out.line("break", 2);
  if (!updates.changes.empty()) out.line("group.update(changes.get(step, {}))", 1);
  if (updates.by_hand) out.line("group[\"lr\"] = learning_rate(step, group[\"peak\"])", 1);
  out.lines(driven_at(updates, "step"), 1);
  if (!shaping.first.empty()) out.line("gradient.update(gradient_changes.get(step, {}))", 1);
  if (shaping.has("noise")) {
    out.comment("Gradient noise: the deviation σ/√B times Thalweg's own normal numbers.", 1);
    const bool ramps = batch_drive(settings.drives) != nullptr;
    out.line("noise = " + shaping.now.at("noise") +
                 (ramps ? " / math.sqrt(max(math.floor(batch_at(step) + 0.5), 1))" : "") +
                 " * torch.from_numpy(normal(" +
                 std::to_string(static_cast<std::int64_t>(settings.run.number("seed"))) +
                 ", 1, step, np.arange(" + std::to_string((surface.dim() + 1) / 2) +
                 ")).ravel()[:" + std::to_string(surface.dim()) + "])",
             1);
  }
  write_step(out, updates, shaping);
  if (updates.scheduler && !updates.by_loss) out.line("scheduler.step()", 1);
}

}  // namespace
}  // namespace script

Result<std::string> pytorch_script(const DescentSettings& settings, const ScriptTitle& title) {
  using namespace script;
  auto surface = make_surface(settings.surface);
  if (!surface) return surface.error();
  if (auto error = check(settings, **surface)) return *error;
  if (auto error = check_torch(settings.optimizer.spec)) return *error;
  const auto steps = static_cast<std::int64_t>(settings.run.number("steps"));
  Updates made = updates(settings.optimizer, settings.schedule, settings.drives, "[p]", steps,
                         maximizes(settings.gradient));
  const Drive* const ramp = batch_drive(settings.drives);
  const Shaping shaping = shaping_of(settings.gradient, steps, ramp != nullptr);
  if (ramp && shaping.has("noise"))
    made.definitions.push_back(function_of_drive(*ramp, "batch_at", settings.gradient, steps));

  Source body;
  if (shaping.has("noise")) body.definition(kPhilox);
  write_surface(body, settings, **surface);
  for (const std::string& definition : made.definitions) body.definition(definition);
  write_set_up(body, settings, **surface, made, shaping);
  write_loop(body, settings, **surface, made, shaping);

  Source out;
  write_title(out, title,
              format_spec(settings.optimizer.spec, *find_optimizer(settings.optimizer.spec.id)) + " on " +
                  format_spec(settings.surface, *find_surface(settings.surface.id)));
  out.line();
  write_imports(out, body.text());
  out.line("torch.set_default_dtype(torch.float64)");
  out.line();
  out.line();
  return out.text() + body.text();
}

}  // namespace thalweg

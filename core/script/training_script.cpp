// The program of a training.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/nn/model.hpp"
#include "core/nn/torch_layers.hpp"
#include "core/script/data.hpp"
#include "core/script/philox.hpp"
#include "core/script/script.hpp"
#include "core/script/source.hpp"
#include "core/script/updates.hpp"
#include "core/spec/python.hpp"
#include "core/training/trainer.hpp"

namespace thalweg {
namespace script {
namespace {

constexpr const char* kShuffled = R"(def shuffled(count, seed, stream, step):
    """The numbers 0 to count - 1 in the order in which Thalweg takes them (Fisher-Yates)."""
    words = philox(seed, stream, step, np.arange((count + 1) // 2))
    high, low = np.stack(words[::2], axis=1).ravel()[:count], np.stack(words[1::2], axis=1).ravel()[:count]
    below = np.arange(1, count + 1, dtype=np.uint64)
    other = ((high * below + (low * below >> 32)) >> 32).tolist()
    order = list(range(count))
    for i in range(count - 1, 0, -1):
        order[i], order[other[i]] = order[other[i]], order[i]
    return np.array(order, dtype=int)
)";

constexpr const char* kStratified = R"(def stratified(labels, classes, take, seed, stream):
    """Samples chosen by the seed, every class in its proportion (largest remainder), in ascending order."""
    members = [np.flatnonzero(labels == k) for k in range(classes)]
    quota = [len(m) * take // len(labels) for m in members]
    rest = sorted(range(classes), key=lambda k: -(len(members[k]) * take % len(labels)))
    for k in rest[: take - sum(quota)]:
        quota[k] += 1
    chosen = [m[shuffled(len(m), seed, stream, k)][:q] for k, (m, q) in enumerate(zip(members, quota))]
    return np.sort(np.concatenate(chosen))
)";

/// Random numbers of `n` weights as Python, as core/nn/initialise.cpp draws them.
std::string initial_weights(const Spec& initialisation) {
  const std::string& id = initialisation.id;
  const std::string drawn = "(SEED, 32, 2 * k, pairs).ravel()[: n_in * n_out]";
  if (id == "pytorch") return "(2 * uniform" + drawn + " - 1) / math.sqrt(n_in)";
  if (id == "xavier_normal") return "math.sqrt(2 / (n_in + n_out)) * normal" + drawn;
  if (id == "xavier_uniform") return "math.sqrt(6 / (n_in + n_out)) * (2 * uniform" + drawn + " - 1)";
  if (id == "he_normal") return "math.sqrt(2 / n_in) * normal" + drawn;
  if (id == "he_uniform") return "math.sqrt(6 / n_in) * (2 * uniform" + drawn + " - 1)";
  if (id == "lecun_normal") return "math.sqrt(1 / n_in) * normal" + drawn;
  if (id == "lecun_uniform") return "math.sqrt(3 / n_in) * (2 * uniform" + drawn + " - 1)";
  if (id == "normal") return python_number(initialisation.number("std")) + " * normal" + drawn;
  if (id == "orthogonal")
    return python_number(initialisation.number("gain")) + " * orthogonal(normal" + drawn + ", n_in, n_out)";
  throw std::logic_error("no Python for the initialisation '" + id + "'");
}

void write_initialisation(Source& out, const Spec& initialisation) {
  if (initialisation.id == "orthogonal")
    out.definition(R"(def orthogonal(numbers, rows, columns):
    """Orthonormal rows or columns, whichever are fewer, by Gram and Schmidt (QR with a positive diagonal)."""
    q, r = np.linalg.qr(numbers.reshape(min(rows, columns), -1).T)
    q = q * np.sign(np.diag(r))
    return (q if rows >= columns else q.T).ravel()
)");
  out.line("def initialise(model):");
  out.line("\"\"\"" + initialisation_family().find(initialisation.id)->label +
               ", with Thalweg's random numbers.\"\"\"",
           1);
  out.line("layers = [m for m in model.modules() if hasattr(m, \"weight\")]", 1);
  out.line("for k, layer in enumerate(layers):", 1);
  out.line("if isinstance(layer, nn.Linear):", 2);
  out.line("n_out, n_in = layer.weight.shape", 3);
  out.line("pairs = np.arange((n_in * n_out + 1) // 2)", 3);
  out.line("w = " + initial_weights(initialisation), 3);
  out.line("layer.weight.data = torch.tensor(w.reshape(n_in, n_out).T, dtype=torch.float32)", 3);
  if (initialisation.id == "pytorch") {
    out.line("b = 2 * uniform(SEED, 32, 2 * k + 1, np.arange((n_out + 1) // 2)).ravel()[:n_out] - 1", 3);
    out.line("layer.bias.data = torch.tensor(b / math.sqrt(n_in), dtype=torch.float32)", 3);
  } else {
    out.line("nn.init.zeros_(layer.bias)", 3);
  }
  out.line();
  out.line();
}

struct PythonModel {
  std::vector<std::string> definitions;
  std::vector<std::string> layers;  ///< "nn.Linear(784, 128)"
  bool dropout = false;
  bool batch_norm = false;
};

/// Its classes one by one: several layers may need the same.
std::vector<std::string> definitions_of(const TorchCall& call) {
  constexpr std::string_view kBetween = "\n\n\n";
  std::vector<std::string> out;
  std::string_view rest = call.definition;
  while (!rest.empty()) {
    const auto end = rest.find(kBetween);
    out.emplace_back(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    out.back() += '\n';
    rest.remove_prefix(end + kBetween.size());
  }
  return out;
}

PythonModel model_of(const Model& model, int inputs) {
  PythonModel out;
  int width = inputs;
  for (const Spec& spec : model.layers) {
    const LayerDescriptor& descriptor = *find_layer(spec.id);
    const TorchCall call = torch_layer(spec, width);
    for (const std::string& definition : definitions_of(call))
      if (std::find(out.definitions.begin(), out.definitions.end(), definition) == out.definitions.end())
        out.definitions.push_back(definition);
    out.layers.push_back(call.text(""));
    const bool residual = spec.id == "residual";
    out.dropout = out.dropout || (spec.find("p") && spec.number("p") > 0.0);
    out.batch_norm = out.batch_norm || descriptor.kind == LayerKind::kBatchNorm ||
                     (residual && spec.text("norm") == "batch_norm");
    if (descriptor.kind == LayerKind::kLinear) width = static_cast<int>(spec.number("units"));
  }
  return out;
}

/// Everything that the parts of the program are written from.
struct Job {
  const TrainingSettings& settings;
  PythonData data;
  PythonModel model;
  Updates updates;
  PythonChanges clip_changes;

  const Spec& training() const { return settings.training.spec; }
  double number(const char* key) const { return training().number(key); }
  bool on(const char* key) const { return !training().is_off(key); }
  bool regression() const { return data.classes == 0; }
  bool squared() const { return settings.loss.id == "squared_error"; }
  bool validation() const { return number("validation") > 0.0; }
  bool clips() const { return on("clip_norm") || !clip_changes.empty(); }
  const Drive* ramp() const { return batch_drive(settings.drives); }
  bool accumulates() const { return number("accumulate") > 1.0; }
};

/// Updates at most, as far as it can be known without the data.
std::int64_t most_steps(const TrainingSettings& settings, const PythonData& data) {
  const Spec& training = settings.training.spec;
  if (!training.is_off("steps")) return static_cast<std::int64_t>(training.number("steps"));
  // Of batches that follow a schedule each may be a single sample.
  const double size =
      batch_drive(settings.drives) ? 1.0 : training.number("batch") * training.number("accumulate");
  return static_cast<std::int64_t>(training.number("epochs") *
                                   std::ceil(static_cast<double>(data.train) / size));
}

void write_data(Source& out, const Job& job) {
  for (std::string_view rest = job.data.load; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1))
    out.line(rest.substr(0, rest.find('\n')));
  if (job.regression()) {
    out.line("train_x, train_y, test_x, test_y = map(torch.from_numpy, (train_x, train_y, test_x, test_y))");
  } else if (job.squared()) {
    out.line("labels, test_labels = train_y.astype(int), test_y.astype(int)");
    out.line("one_hot = torch.eye(" + std::to_string(job.data.classes) + ")");
    out.line("train_x, train_y = torch.from_numpy(train_x), one_hot[labels]");
    out.line("test_x, test_y = torch.from_numpy(test_x), one_hot[test_labels]");
  } else {
    out.line("train_x, train_y = torch.from_numpy(train_x), torch.from_numpy(train_y.astype(int))");
    out.line("test_x, test_y = torch.from_numpy(test_x), torch.from_numpy(test_y.astype(int))");
  }
  if (job.validation()) {
    const std::string labels = job.regression() ? "np.zeros(len(train_y))"
                               : job.squared()  ? "labels"
                                                : "train_y.numpy()";
    out.line("kept_back = stratified(" + labels + ", " + std::to_string(std::max(job.data.classes, 1)) +
             ", int(" + python_number(job.number("validation")) + " * len(train_y) + 0.5), SEED, 17)");
    out.line("samples_used = np.setdiff1d(np.arange(len(train_y)), kept_back)");
  } else {
    out.line("samples_used = np.arange(len(train_y))");
  }
  out.line();
}

void write_set_up(Source& out, const Job& job) {
  out.line("model = nn.Sequential(");
  for (const std::string& layer : job.model.layers) out.line(layer + ",", 1);
  out.line(")");
  out.line("initialise(model)");
  const double smoothing = job.squared() ? 0.0 : job.settings.loss.number("label_smoothing");
  out.line(
      "criterion = " +
      (job.squared()
           ? std::string("nn.MSELoss()")
           : TorchCall{"nn.CrossEntropyLoss", {torch_argument("label_smoothing", smoothing, 0.0)}}.text("")));
  out.lines(job.updates.set_up);
  if (!job.updates.changes.empty()) {
    out.comment("Settings that were changed while the run went on, from that step on.");
    write_changes(out, "changes", job.updates.changes);
  }
  if (!job.clip_changes.empty()) {
    const double first = job.settings.training.at(0).number_or("clip_norm", HUGE_VAL);
    out.line("clipping = {\"max_norm\": " + python_number(first) + "}");
    write_changes(out, "clipping_changes", job.clip_changes);
  }
  if (job.on("ema_decay")) out.line("average = copy.deepcopy(model)  # of the weights");
  if (job.on("patience")) out.line("best_loss, waited = math.inf, 0");
  if (job.model.dropout) out.line("torch.manual_seed(SEED)  # for dropout, whose masks are not Thalweg's");
  out.line("losses = []");
}

/// The losses of a batch and its gradient, clipped. `keep`: what is done with the loss.
void write_backward(Source& out, const Job& job, int depth, const std::string& keep) {
  out.line("optimizer.zero_grad()", depth);
  if (job.accumulates()) {
    out.line("total = 0.0", depth);
    out.line("for part in batch.split(BATCH):", depth);
    out.line("loss = criterion(model(train_x[part]), train_y[part]) * (len(part) / len(batch))", depth + 1);
    out.line("loss.backward()", depth + 1);
    out.line("total += loss.item()", depth + 1);
  } else {
    out.line("loss = criterion(model(train_x[batch]), train_y[batch])", depth);
    out.line("loss.backward()", depth);
  }
  if (!keep.empty()) out.line(keep, depth);
  if (job.clips())
    out.line(
        "nn.utils.clip_grad_norm_(model.parameters(), " +
            (job.clip_changes.empty() ? python_number(job.number("clip_norm")) : "clipping[\"max_norm\"]") +
            ")",
        depth);
}

void write_step(Source& out, const Job& job) {
  const std::string loss = job.accumulates() ? "total" : "loss.item()";
  if (!job.updates.closure) {
    write_backward(out, job, 2, "losses.append(" + loss + ")");
    out.line("optimizer.step()", 2);
    return;
  }
  out.line();
  out.line("def closure():", 2);
  write_backward(out, job, 3, "");
  out.line("return " + loss, 3);
  out.line();
  out.line("losses.append(optimizer.step(closure))", 2);
}

void write_update(Source& out, const Job& job) {
  if (!job.updates.changes.empty()) out.line("group.update(changes.get(len(losses), {}))", 2);
  if (job.updates.by_hand) out.line("group[\"lr\"] = learning_rate(len(losses), group[\"peak\"])", 2);
  out.lines(driven_at(job.updates, "len(losses)"), 2);
  if (!job.clip_changes.empty()) out.line("clipping.update(clipping_changes.get(len(losses), {}))", 2);
  write_step(out, job);
  if (job.updates.scheduler && !job.updates.by_loss) out.line("scheduler.step()", 2);
  if (job.on("ema_decay")) {
    out.line("for a, b in zip(average.state_dict().values(), model.state_dict().values()):", 2);
    out.line("if a.is_floating_point():", 3);
    out.line("a.lerp_(b, " + python_number(1.0 - job.number("ema_decay")) + ")", 4);
  }
  out.line("if not losses[-1] <= " + python_number(kLossEscaped) + " * max(1, losses[0]):", 2);
  out.line("sys.exit(f\"diverged at step {len(losses)}\")", 3);
  if (job.on("steps")) {
    out.line("if len(losses) == " + python_number(job.number("steps")) + ":", 2);
    out.line("break", 3);
  }
}

void write_loop(Source& out, const Job& job) {
  out.line();
  out.line("for epoch in range(" + python_number(job.number(job.on("steps") ? "steps" : "epochs")) + "):");
  out.line("model.train()", 1);
  out.line("first = len(losses)", 1);
  out.line("order = torch.from_numpy(samples_used[shuffled(len(samples_used), SEED, 16, epoch)])", 1);
  if (job.model.batch_norm && !job.ramp())
    out.line("order = order[: len(order) - (len(order) % BATCH == 1)]  # a batch of one has no variance", 1);
  if (job.ramp())
    out.line("for batch in batches(order, len(losses)):", 1);
  else
    out.line(std::string("for batch in order.split(BATCH") +
                 (job.accumulates() ? " * " + python_number(job.number("accumulate")) : "") + "):",
             1);
  write_update(out, job);
  out.line("mean = sum(losses[first:]) / len(losses[first:])", 1);
  const std::string model = job.updates.found.empty() ? "model" : "found(model, optimizer)";
  out.line("print(f\"epoch {epoch + 1}  loss {mean:.6f}  test {evaluate(" + model + ", test_x, test_y)}\")", 1);
  if (job.on("ema_decay"))
    out.line("print(f\"  averaged weights: test {evaluate(average, test_x, test_y)}\")", 1);
  if (job.updates.by_loss)
    out.line(std::string("scheduler.step(") +
                 (job.validation() ? "evaluate(model, train_x[kept_back], train_y[kept_back])[0]"
                                   : "evaluate(model, test_x, test_y)[0] if len(test_y) else mean") +
                 ")",
             1);
  if (job.on("patience")) {
    out.line("validation_loss, _ = evaluate(" + model + ", train_x[kept_back], train_y[kept_back])", 1);
    out.line("if validation_loss < best_loss:", 1);
    out.line("best_loss, waited, best = validation_loss, 0, copy.deepcopy(model.state_dict())", 2);
    out.line("else:", 1);
    out.line("waited += 1", 2);
    out.line("if waited == " + python_number(job.number("patience")) + ":", 1);
    out.line("break", 2);
  } else if (job.validation()) {
    out.line("print(f\"  validation {evaluate(" + model + ", train_x[kept_back], train_y[kept_back])}\")", 1);
  }
  if (job.on("steps")) {
    out.line("if len(losses) == " + python_number(job.number("steps")) + ":", 1);
    out.line("break", 2);
  }
  if (job.on("patience")) out.line("model.load_state_dict(best)");
}

/// Of an optimizer that averages: the model with what it has found.
std::string found_of(const Job& job) {
  return "@torch.no_grad()\ndef found(model, optimizer):\n"
         "    \"\"\"The model with the average that the optimizer has found; gradients are taken at the other.\"\"\"\n"
         "    out = copy.deepcopy(model)\n"
         "    for a, p in zip(out.parameters(), model.parameters()):\n"
         "        a.copy_(" +
         job.updates.found + ")\n    return out\n";
}

/// The batches of an epoch where their size follows a schedule.
std::string batches_of(const Job& job) {
  const std::string least = job.model.batch_norm ? "2" : "1";
  Source out;
  out.line("def batches(order, t):");
  out.line("\"\"\"Batches of an epoch that begins with update t, until every sample was seen.\"\"\"", 1);
  out.line("while len(order) >= " + least + ":", 1);
  out.line("size = max(math.floor(batch_at(t) + 0.5), " + least + ")", 2);
  out.line("yield order[:size]", 2);
  out.line("order, t = order[size:], t + 1", 2);
  return out.text();
}

std::string evaluate_of(const Job& job) {
  std::string out = R"(@torch.no_grad()
def evaluate(model, x, y):
    """Loss and accuracy.)";
  if (job.regression()) out.replace(out.find("Loss and accuracy"), 17, "Loss, and None for the accuracy");
  out += "\"\"\"\n    model.eval()\n    outputs = model(x)\n";
  const std::string loss = "    return criterion(outputs, y).item(), ";
  if (job.regression()) return out + loss + "None\n";
  return out + loss + "(outputs.argmax(1) == y" + (job.squared() ? ".argmax(1)" : "") +
         ").float().mean().item()\n";
}

}  // namespace
}  // namespace script

Result<std::string> pytorch_script(const TrainingSettings& settings, const std::string& folder,
                                   const ScriptTitle& title) {
  using namespace script;
  if (auto error = check(settings)) return *error;
  if (auto error = check_torch(settings.optimizer.spec)) return *error;
  Job job{.settings = settings,
          .data = python_data(settings.data, folder),
          .model = {},
          .updates = {},
          .clip_changes = {}};
  const int inputs = job.data.files && settings.model.inputs > 0 ? settings.model.inputs : job.data.inputs;
  if (auto planned = plan(settings.model, inputs, std::max(job.data.classes, 1)); !planned)
    return planned.error();
  job.model = model_of(settings.model, inputs);
  const Spec& training = settings.training.spec;
  const std::int64_t steps = most_steps(settings, job.data);
  job.updates = updates(settings.optimizer, settings.schedule, settings.drives, "model.parameters()", steps);
  if (job.ramp()) {
    job.updates.definitions.push_back(function_of_drive(*job.ramp(), "batch_at", settings.training, steps));
    job.updates.definitions.push_back(batches_of(job));
  }
  double norm = settings.training.at(0).number_or("clip_norm", HUGE_VAL);
  for (const std::int64_t step : change_steps(settings.training, steps)) {
    const double next = settings.training.at(step).number_or("clip_norm", HUGE_VAL);
    if (next != norm) job.clip_changes[step] = "\"max_norm\": " + python_number(next);
    norm = next;
  }

  Source body;
  body.definition(kPhilox);
  body.definition(kShuffled);
  const bool subset = job.data.files && !(settings.data.is_off("train") && settings.data.is_off("test"));
  if (job.validation() || subset) body.definition(kStratified);
  body.definition(job.data.definitions);
  for (const std::string& definition : job.model.definitions) body.definition(definition);
  write_initialisation(body, settings.model.initialisation);
  body.definition(evaluate_of(job));
  for (const std::string& definition : job.updates.definitions) body.definition(definition);
  if (!job.updates.found.empty()) body.definition(found_of(job));
  write_data(body, job);
  write_set_up(body, job);
  write_loop(body, job);

  Source out;
  write_title(out, title,
              format_spec(settings.optimizer.spec, *find_optimizer(settings.optimizer.spec.id)) +
                  " trains a network on " + find_dataset(settings.data.id)->label);
  out.comment("Initial weights and batches are the same, losses to what single precision holds.");
  if (training.text("precision") != "fp32")
    out.comment(
        "Thalweg rounded activations and gradients to " + training.text("precision") +
        "; this program computes in fp32, so its losses differ in the digits that the rounding took.");
  if (job.model.dropout) out.comment("Dropout draws other masks here: losses agree only on the average.");
  out.line();
  write_imports(out, body.text());
  out.line("SEED = " + std::to_string(static_cast<std::int64_t>(training.number("seed"))));
  out.line("BATCH = " + python_number(training.number("batch")));
  out.line();
  out.line();
  return out.text() + body.text();
}

}  // namespace thalweg

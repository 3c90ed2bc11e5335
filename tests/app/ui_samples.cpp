#include "tests/app/ui_samples.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

namespace thalweg::ui::testing {
namespace {

void append(Table& table, std::int64_t count, const std::function<double(std::int64_t, int)>& value) {
  const std::int64_t end = table.rows() + count;
  while (table.rows() < end) {
    const Table::Tail tail = table.tail();
    const int now = static_cast<int>(std::min<std::int64_t>(tail.count(), end - table.rows()));
    for (int c = 0; c < table.view().columns(); ++c)
      for (int i = 0; i < now; ++i) tail.column(c)[i] = value(table.rows() + i, c);
    table.commit(now);
  }
}

struct Walk {
  double x = -1.35, y = 1.55;
  std::array<double, 2> m{}, v{};
};

double rosenbrock(double x, double y) { return (1 - x) * (1 - x) + 100 * (y - x * x) * (y - x * x); }
std::array<double, 2> slope(double x, double y) {
  return {-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)};
}

std::array<double, 2> update(int which, Walk& w, const std::array<double, 2>& g, int t) {
  std::array<double, 2> out{};
  for (std::size_t i = 0; i < 2; ++i) {
    if (which == 0) {
      out[i] = 0.001 * g[i];
    } else if (which == 1) {
      w.m[i] = 0.9 * w.m[i] + g[i];
      out[i] = 0.0002 * w.m[i];
    } else if (which == 2) {
      w.v[i] = 0.9 * w.v[i] + 0.1 * g[i] * g[i];
      out[i] = 0.005 * g[i] / (std::sqrt(w.v[i]) + 1e-8);
    } else {
      w.m[i] = 0.9 * w.m[i] + 0.1 * g[i];
      w.v[i] = 0.999 * w.v[i] + 0.001 * g[i] * g[i];
      out[i] =
          0.02 * (w.m[i] / (1 - std::pow(0.9, t))) / (std::sqrt(w.v[i] / (1 - std::pow(0.999, t))) + 1e-8);
    }
  }
  return out;
}

/// Columns: loss, gradient norm, effective rate.
Table walk(int which, int steps) {
  std::vector<std::array<double, 3>> rows;
  Walk w;
  for (int t = 1; t <= steps; ++t) {
    const auto g = slope(w.x, w.y);
    const auto d = update(which, w, g, t);
    const double norm = std::hypot(g[0], g[1]);
    rows.push_back({rosenbrock(w.x, w.y), norm, std::hypot(d[0], d[1]) / norm});
    w.x -= d[0];
    w.y -= d[1];
  }
  Table table(3);
  append(table, steps, [&](std::int64_t row, int c) {
    return rows[static_cast<std::size_t>(row)][static_cast<std::size_t>(c)];
  });
  return table;
}

constexpr std::array<const char*, 4> kNames = {"Gradient descent", "Momentum", "RMSProp", "Adam"};

}  // namespace

Parameter learning_rate(double value) {
  Parameter p;
  p.key = "lr";
  p.symbol = "η";
  p.label = "rate";
  p.default_value = value;
  p.min = 0.0;
  p.min_open = true;
  p.soft_min = 1e-6;
  p.soft_max = 1.0;
  p.scale = Scale::kLog;
  p.help = "How far one step goes along the update.";
  p.live = true;
  return p;
}

Parameter decay_rate(const char* key, const char* symbol, const char* label, double value) {
  Parameter p;
  p.key = key;
  p.symbol = symbol;
  p.label = label;
  p.default_value = value;
  p.min = 0.0;
  p.max = 1.0;
  p.max_open = true;
  p.soft_min = 0.0;
  p.soft_max = 0.9999;
  p.scale = Scale::kLogOneMinus;
  p.help = "How much of the past the average keeps.";
  return p;
}

Parameter clip_norm() {
  Parameter p;
  p.key = "clip";
  p.symbol = "c";
  p.label = "clip norm";
  p.default_value = std::monostate{};
  p.min = 0.0;
  p.min_open = true;
  p.soft_min = 0.01;
  p.soft_max = 100.0;
  p.scale = Scale::kLog;
  p.off_word = "off";
  p.help = "Gradients longer than this are shortened to it.";
  return p;
}

Parameter layers() {
  Parameter p;
  p.key = "layers";
  p.label = "hidden layers";
  p.kind = Kind::kInteger;
  p.default_value = 3.0;
  p.min = 1.0;
  p.max = 64.0;
  p.soft_min = 1.0;
  p.soft_max = 12.0;
  return p;
}

Parameter weights_list() {
  Parameter p;
  p.key = "eigenvalues";
  p.symbol = "λ";
  p.label = "eigenvalues";
  p.kind = Kind::kRealList;
  p.default_value = std::vector<double>{1, 10, 100};
  p.min = 0.0;
  p.min_open = true;
  return p;
}

std::vector<Sample> sample_optimizers() {
  const auto lr = [](double v) { return std::pair(learning_rate(0.001), Value{v}); };
  const auto decay = [](const char* key, const char* symbol, const char* label, double v) {
    return std::pair(decay_rate(key, symbol, label, v), Value{v});
  };
  return {{"Gradient descent", 0.593, {lr(0.001)}},
          {"Momentum", 0.0617, {lr(0.0002), decay("momentum", "μ", "momentum", 0.9)}},
          {"RMSProp", 0.0214, {lr(0.005)}},
          {"Adam",
           9.25e-7,
           {lr(0.02), decay("beta1", "β₁", "momentum", 0.9), decay("beta2", "β₂", "g² memory", 0.999)}}};
}

Parameters sample_surface() {
  Parameter a;
  a.key = "a";
  a.symbol = "a";
  a.default_value = 1.0;
  a.soft_min = 0.0;
  a.soft_max = 2.0;
  Parameter b = a;
  b.key = "b";
  b.symbol = "b";
  b.default_value = 100.0;
  b.soft_max = 150.0;
  Parameters out;
  out.emplace_back(a, 1.0);
  out.emplace_back(b, 100.0);
  return out;
}

Parameters sample_gradient() {
  Parameter sigma;
  sigma.key = "noise";
  sigma.symbol = "σ";
  sigma.label = "noise";
  sigma.min = 0.0;
  sigma.soft_max = 10.0;
  sigma.scale = Scale::kLog;
  Parameters out;
  out.emplace_back(sigma, 0.0);
  out.emplace_back(clip_norm(), std::monostate{});
  return out;
}

Parameters sample_kinds() {
  Parameter nesterov;
  nesterov.key = "nesterov";
  nesterov.label = "Nesterov";
  nesterov.kind = Kind::kBoolean;
  nesterov.default_value = 0.0;
  Parameter form;
  form.key = "form";
  form.label = "form";
  form.kind = Kind::kChoice;
  form.choices = {"pytorch", "classical"};
  form.default_value = std::string("pytorch");
  Parameter start;
  start.key = "init";
  start.label = "initialisation";
  start.kind = Kind::kChoice;
  start.choices = {"xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal", "orthogonal"};
  start.default_value = std::string("kaiming_normal");
  Parameter eps = learning_rate(1e-8);
  eps.key = "eps";
  eps.symbol = "ε";
  eps.label = "numerical floor";
  eps.soft_min = 1e-12;
  eps.soft_max = 1e-2;
  Parameter time = learning_rate(0.1);
  time.key = "warmup";
  time.symbol = "t₀";
  time.label = "warm-up";
  time.kind = Kind::kInteger;
  time.unit = "steps";
  time.soft_min = 1;
  time.soft_max = 100000;
  Parameters out;
  out.emplace_back(nesterov, 1.0);
  out.emplace_back(form, std::string("pytorch"));
  out.emplace_back(start, std::string("kaiming_normal"));
  out.emplace_back(eps, 1e-8);
  out.emplace_back(layers(), 3.0);
  out.emplace_back(weights_list(), std::vector<double>{1, 10, 100});
  out.emplace_back(clip_norm(), 2.5);
  out.emplace_back(time, 2000.0);
  return out;
}

std::vector<Chart> sample_charts(int steps, int budget) {
  std::vector<Chart> out;
  const std::array<const char*, 3> titles = {"Loss", "Gradient norm ‖∇f‖", "Effective rate"};
  std::vector<Table> tables;
  for (int i = 0; i < 4; ++i) tables.push_back(walk(i, steps));
  for (int c = 0; c < 3; ++c) {
    Chart chart;
    chart.title = titles[static_cast<std::size_t>(c)];
    chart.x = {.label = "step", .range = Range{0.0, static_cast<double>(budget)}};
    chart.y = {.label = titles[static_cast<std::size_t>(c)], .scale = AxisScale::kLog};
    for (int i = 0; i < 4; ++i)
      chart.series.push_back(
          {kNames[static_cast<std::size_t>(i)], i, tables[static_cast<std::size_t>(i)].view(), c});
    chart.marks = {{620, "η changed"}};
    chart.cursor = steps;
    out.push_back(std::move(chart));
  }
  return out;
}

Chart sample_divergence() {
  Table table(2);
  append(table, 60'000, [](std::int64_t row, int c) {
    const double t = static_cast<double>(row);
    if (c == 0)
      return row == 21'000 ? 90.0
                           : 3.0 + std::sin(t * 0.0004) + 0.6 * std::sin(t * 12.9898) * std::cos(t * 0.1);
    if (row > 40'000) return std::nan("");
    return 10.0 + 8.0 * std::cos(t * 0.00021) + (row > 39'000 ? std::exp((t - 39'000) * 0.005) : 0.0);
  });
  Chart chart;
  chart.title = "Noise, a spike and a divergence";
  chart.x = {.label = "step"};
  chart.y = {.label = "loss"};
  chart.series = {{"noisy", 5, table.view(), 0}, {"diverges", 1, table.view(), 1}};
  return chart;
}

Chart sample_finder() {
  Chart chart;
  chart.title = "Learning-rate finder";
  chart.x = {.label = "learning rate", .unit = "1/step", .scale = AxisScale::kLog};
  chart.y = {.label = "loss"};
  Series measured{"smoothed loss", 2};
  Series reference{"steepest descent", 4};
  for (int i = 0; i < 400; ++i) {
    const double rate = 1e-7 * std::pow(10.0, i / 50.0);
    measured.x.push_back(rate);
    measured.y.push_back(-1.5 + 2.3 / (1.0 + std::pow(rate / 2e-3, 1.2)) + 0.03 * std::sin(i * 1.7) +
                         std::pow(rate / 2.0, 2.0));
  }
  reference.x = {1e-7, 10.0};
  reference.y = {0.0, 0.0};
  reference.dashed = true;
  chart.series = {measured, reference};
  return chart;
}

}  // namespace thalweg::ui::testing

#include "app/cli/rates.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "app/cli/commands.hpp"
#include "app/cli/json.hpp"
#include "app/figure_file.hpp"
#include "core/descent/race.hpp"
#include "core/rates/run_rates.hpp"
#include "core/rates/sweep.hpp"

namespace thalweg::cli {
namespace {

/// Steps that the command makes at most: it looks at every one of them.
constexpr std::int64_t kMostSteps = 1'000'000;
constexpr std::int64_t kMostDelay = 100;
/// The predicted run goes on so much longer than the one that is made.
constexpr std::int64_t kPredictSteps = 1'000'000;

struct Request {
  DescentSettings settings;  ///< its optimizer is that of the first lane
  std::vector<Spec> optimizers;
  std::shared_ptr<const Surface> surface;
  std::optional<StepWindow> window;
};

Result<StepWindow> parsed_window(const std::string& text, std::int64_t steps) {
  const auto numbers = parse_numbers(text, ',');
  const auto whole = [&](double x) {
    return x >= 0.0 && x <= static_cast<double>(steps) && x == std::floor(x);
  };
  if (!numbers || numbers->size() != 2 || !whole((*numbers)[0]) || !whole((*numbers)[1]) ||
      !((*numbers)[0] < (*numbers)[1]))
    return bad_input("must be two steps such as 100,200, the first before the second, of at most " +
                         std::to_string(steps) + " steps",
                     "window");
  return StepWindow{static_cast<std::int64_t>((*numbers)[0]), static_cast<std::int64_t>((*numbers)[1])};
}

Result<Request> request_from(const RatesOptions& options) {
  Request out;
  auto surface = parse_spec(options.surface, surface_family());
  if (!surface) return surface.error();
  auto built = make_surface(*surface);
  if (!built) return built.error();
  out.surface = std::move(*built);
  out.settings.surface = std::move(*surface);
  out.settings.start = out.surface->start();
  if (!options.start.empty()) {
    auto start = parse_numbers(options.start, ',');
    if (!start)
      return bad_input("is not a list of numbers such as 1,1: '" + options.start.substr(0, 40) + "'",
                       "start");
    out.settings.start = std::move(*start);
  }
  if (options.steps < 1 || options.steps > kMostSteps)
    return bad_input("must be at least 1 and at most " + std::to_string(kMostSteps), "steps");
  if (options.delay < 0 || options.delay > kMostDelay)
    return bad_input("must be at least 0 and at most " + std::to_string(kMostDelay), "delay");
  if (!(options.tolerance > 0.0)) return bad_input("must be greater than 0", "tol");
  if (!options.sweep.empty() && options.sweep != "lr" && options.sweep != "momentum")
    return bad_input("must be lr or momentum, not '" + options.sweep.substr(0, 40) + "'", "sweep");
  if (!options.picture.out.empty() && options.sweep.empty())
    return bad_input("needs --sweep: that is what is drawn", "out");
  if (!options.window.empty()) {
    auto window = parsed_window(options.window, options.steps);
    if (!window) return window.error();
    out.window = *window;
  }
  for (const std::string& text : options.optimizers) {
    auto optimizer = parse_spec(text, optimizer_family());
    if (!optimizer) return optimizer.error();
    out.optimizers.push_back(std::move(*optimizer));
  }
  out.settings.gradient.spec = default_spec(gradient_descriptor());
  out.settings.schedule = default_spec(schedules().front());
  out.settings.run = default_spec(run_descriptor());
  *out.settings.run.find("steps") = static_cast<double>(options.steps);
  std::vector<Spec> all = out.optimizers;
  if (all.empty())
    all.push_back(default_spec(optimizers().front()));  // start and surface are checked with any
  for (const Spec& optimizer : all) {
    out.settings.optimizer.spec = optimizer;
    if (auto error = check(out.settings, *out.surface)) return *error;
  }
  return out;
}

/// What one optimizer has: theory with the delay in it, and the run.
struct Lane {
  Spec spec;
  RunRates rates;
  std::int64_t steps = 0;  ///< of the run
  Outcome outcome = Outcome::kRunning;
  std::optional<std::int64_t> reached;  ///< the first step within the tolerance
  double largest = 0.0;                 ///< distance, and when
  std::int64_t largest_step = 0;
};

Lane lane_of(const Request& request, const Spec& optimizer, const RatesOptions& options) {
  Lane out{optimizer, {}, 0, Outcome::kRunning, {}, 0.0, 0};
  DescentSettings settings = request.settings;
  settings.optimizer.spec = optimizer;
  Descent descent(settings, request.surface);
  descent.advance(options.steps);
  const DescentView view = descent.view();
  out.steps = view.steps();
  out.outcome = view.outcome;
  out.rates = run_rates(
      settings, *request.surface, view,
      {.step = view.steps(),
       .window = request.window,
       .tolerance = options.tolerance,
       .predict_steps = options.delay > 0 ? 0 : kPredictSteps,
       .keep = 0,
       .divisor = divisor_of(optimizer, descent.stepper(), request.surface->dim(), optimizer.number("lr"))});
  if (options.delay > 0 && out.rates.analysis) {
    const LocalSpectrum spectrum = out.rates.analysis->spectrum;
    LinearRule late = delayed(out.rates.analysis->rule, static_cast<int>(options.delay));
    out.rates.analysis = analyse_rule(std::move(late), spectrum, settings.optimizer.spec.number("lr"));
    out.rates.analysis->limit_formula = optimizer.id == "gd"
                                            ? "2 sin(π/(2(2τ+1)))/λmax"
                                            : "of " + std::to_string(options.delay) + " steps of delay";
  }
  const StepValue distance = step_value(view, out.rates.minimum, RateQuantity::kDistance);
  for (std::int64_t t = 0; t <= view.steps() && !out.rates.minimum.empty(); ++t) {
    const double at = distance(t);
    if (!out.reached && at < options.tolerance) out.reached = t;
    if (at > out.largest) out.largest = at, out.largest_step = t;
  }
  return out;
}

Json written(const OptimalSettings& settings) {
  return {{"lr", json_number(settings.learning_rate)},
          {"momentum", settings.momentum},
          {"radius", json_number(settings.radius)}};
}

Json written(const std::optional<MeasuredRate>& measured) {
  if (!measured) return nullptr;
  return {{"rate", json_number(measured->rate)},
          {"error", json_number(measured->error)},
          {"r_squared", json_number(measured->fit)},
          {"endpoints", json_number(measured->endpoints)},
          {"first", measured->first},
          {"last", measured->last}};
}

Json written(const RateAnalysis& analysis) {
  Json out;
  out["radius"] = json_number(analysis.radius);
  out["stable"] = analysis.stable();
  out["frozen"] = analysis.frozen;
  out["largest_stable_lr"] = json_number(analysis.largest_rate);
  out["limit"] = json_number(analysis.limit);
  Json directions = Json::array();
  for (const RateDirection& direction : analysis.directions) {
    Json found = Json::array();
    for (const auto& z : direction.roots)
      found.push_back({{"re", json_number(z.real())}, {"im", json_number(z.imag())}});
    directions.push_back({{"eigenvalue", json_number(direction.eigenvalue)},
                          {"radius", json_number(direction.radius)},
                          {"roots", found}});
  }
  out["directions"] = std::move(directions);
  if (analysis.best) out["best"] = written(*analysis.best);
  if (analysis.best_rate) out["best_lr"] = written(*analysis.best_rate);
  if (analysis.best_momentum) out["best_momentum"] = written(*analysis.best_momentum);
  out["words"] = stability_words(analysis);
  return out;
}

Json written(const Lane& lane, const RatesOptions& options) {
  Json out;
  out["optimizer"] = format_spec(lane.spec, *find_optimizer(lane.spec.id), true);
  if (lane.rates.analysis)
    out["theory"] = written(*lane.rates.analysis);
  else
    out["why_not"] = lane.rates.why;
  Json& run = out["run"];
  run["outcome"] = outcome_name(lane.outcome);
  run["steps"] = lane.steps;
  run["steps_to_tol"] = lane.reached ? Json(*lane.reached) : Json(nullptr);
  run["predicted_steps_to_tol"] =
      lane.rates.predicted.reached ? Json(*lane.rates.predicted.reached) : Json(nullptr);
  run["largest_distance"] = json_number(lane.largest);
  run["largest_distance_step"] = lane.largest_step;
  Json& measured = out["measured"];
  for (int i = 0; i < kRateQuantities; ++i) {
    const auto quantity = static_cast<RateQuantity>(i);
    std::string key(rate_quantity_name(quantity));
    std::replace(key.begin(), key.end(), ' ', '_');
    measured[key] = written(lane.rates.of(quantity));
  }
  if (!options.sweep.empty() && lane.rates.analysis) {
    if (const auto sweep = sweep_setting(lane.spec, options.sweep, lane.rates.analysis->spectrum)) {
      Json points = Json::array();
      for (std::size_t i = 0; i < sweep->setting.size(); ++i)
        points.push_back({json_number(sweep->setting[i]), json_number(sweep->radius[i])});
      out["sweep"] = {{"key", options.sweep},
                      {"argmin", sweep->best},
                      {"radius", sweep->best_radius},
                      {"points", points}};
    }
  }
  return out;
}

void print_spectrum(const LocalSpectrum& spectrum) {
  std::printf("curvatures λ");
  for (std::size_t i = 0; i < spectrum.eigenvalues.size() && i < 8; ++i)
    std::printf("  %.7g", spectrum.eigenvalues[i]);
  if (spectrum.eigenvalues.size() > 8) std::printf("  ... %.7g", spectrum.eigenvalues.back());
  if (spectrum.definite()) std::printf("   κ = %.7g", spectrum.range().condition());
  std::printf("\n%s\n", spectrum_words(spectrum).c_str());
  if (!spectrum.definite()) return;
  const CurvatureRange range = spectrum.range();
  std::printf("\n%-34s %12s %12s %12s %14s\n", "the best that theory has", "lr", "momentum", "rate",
              "steps for 1e-6");
  const auto row = [](const char* name, const OptimalSettings& s) {
    std::printf("%-34s %12.8g %12.8g %12.9g %14.1f\n", name, s.learning_rate, s.momentum, s.radius,
                steps_for(s.radius, 1e-6));
  };
  row("gradient descent  (k-1)/(k+1)", optimal_gradient_descent(range));
  row("heavy ball  (sqrt k-1)/(sqrt k+1)", optimal_heavy_ball(range));
  row("Nesterov  1-2/sqrt(3k+1)", optimal_nesterov(range));
  row("Nesterov, lr = 1/L  1-1/sqrt k", usual_nesterov(range));
}

void print(const Lane& lane, const RatesOptions& options) {
  std::printf("\n%s\n", format_spec(lane.spec, *find_optimizer(lane.spec.id)).c_str());
  if (const auto& analysis = lane.rates.analysis) {
    std::printf("  spectral radius  %.9g, along λ = %.7g\n", analysis->radius,
                analysis->directions[static_cast<std::size_t>(analysis->worst)].eigenvalue);
    for (std::size_t i = 0; i < analysis->directions.size() && i < 8; ++i) {
      const RateDirection& direction = analysis->directions[i];
      std::printf("    λ = %-10.7g |z| = %-12.9g z =", direction.eigenvalue, direction.radius);
      for (std::size_t k = 0; k < direction.roots.size() && k < 4; ++k)
        std::printf("  %.7g%+.7gi", direction.roots[k].real() + 0.0, direction.roots[k].imag() + 0.0);
      std::printf("\n");
    }
    std::printf("  %s\n", stability_words(*analysis).c_str());
    if (analysis->frozen)
      std::printf("  This is as if what it divides by stood still from here on; lambda is scaled by it.\n");
    if (analysis->best_rate)
      std::printf("  best lr alone  %.9g: %.9g\n", analysis->best_rate->learning_rate,
                  analysis->best_rate->radius);
    if (analysis->best_momentum)
      std::printf("  best momentum alone  %.9g: %.9g\n", analysis->best_momentum->momentum,
                  analysis->best_momentum->radius);
    if (!options.sweep.empty())
      if (const auto sweep = sweep_setting(lane.spec, options.sweep, analysis->spectrum))
        std::printf("  sweep of %s  argmin %.9g, radius %.9g\n", options.sweep.c_str(), sweep->best,
                    sweep->best_radius);
  } else {
    std::printf("  %s\n", lane.rates.why.c_str());
  }
  std::printf("  run%s  %s after %lld steps", options.delay > 0 ? " without the delay" : "",
              std::string(outcome_name(lane.outcome)).c_str(), static_cast<long long>(lane.steps));
  if (lane.reached)
    std::printf(", within %.3g of the minimum at step %lld", options.tolerance,
                static_cast<long long>(*lane.reached));
  if (lane.rates.predicted.reached)
    std::printf(" (predicted: %lld)", static_cast<long long>(*lane.rates.predicted.reached));
  if (lane.largest_step > 0)
    std::printf("; farthest away %.6g at step %lld", lane.largest, static_cast<long long>(lane.largest_step));
  std::printf("\n");
  for (int i = 0; i < kRateQuantities; ++i) {
    const auto quantity = static_cast<RateQuantity>(i);
    const auto& measured = lane.rates.of(quantity);
    if (!measured) continue;
    std::printf("  measured rate of the %-14s %.7g ± %.2g  (R² %.5f, end to end %.7g, steps %lld to %lld)\n",
                std::string(rate_quantity_name(quantity)).c_str(), measured->rate, measured->error,
                measured->fit, measured->endpoints, static_cast<long long>(measured->first),
                static_cast<long long>(measured->last));
  }
}

std::optional<Error> draw(const std::vector<Lane>& lanes, const RatesOptions& options) {
  if (!figure_format(options.picture.out)) return bad_input("must end in .svg, .png or .csv", "out");
  std::vector<std::pair<std::string, RateSweep>> sweeps;
  for (const Lane& lane : lanes)
    if (lane.rates.analysis)
      if (auto sweep = sweep_setting(lane.spec, options.sweep, lane.rates.analysis->spectrum))
        sweeps.emplace_back(format_spec(lane.spec, *find_optimizer(lane.spec.id)), std::move(*sweep));
  if (sweeps.empty()) return bad_input("none of the optimizers has a rate that depends on it", options.sweep);
  Chart chart;
  chart.title =
      "Spectral radius against " + std::string(options.sweep == "lr" ? "learning rate" : "momentum");
  chart.x = {.label = options.sweep == "lr" ? "learning rate" : "momentum"};
  chart.y = {.label = "spectral radius", .scale = options.picture.log ? AxisScale::kLog : AxisScale::kLinear};
  for (auto& [name, sweep] : sweeps) {
    Series series;
    series.name = name;
    series.colour = static_cast<int>(chart.series.size());
    series.x = std::move(sweep.setting);
    series.y = std::move(sweep.radius);
    chart.series.push_back(std::move(series));
  }
  return write_picture({std::move(chart)}, options.picture);
}

}  // namespace

int rates(const RatesOptions& options) {
  const auto request = request_from(options);
  if (!request) return fail(request.error());
  std::vector<Lane> lanes;
  for (const Spec& optimizer : request->optimizers) lanes.push_back(lane_of(*request, optimizer, options));
  if (!options.picture.out.empty()) {
    const auto error = draw(lanes, options);
    return error ? fail(*error) : kExitOk;
  }
  const LocalSpectrum spectrum = local_spectrum(*request->surface, request->settings.start);
  if (!options.json) {
    print_spectrum(spectrum);
    for (const Lane& lane : lanes) print(lane, options);
    return kExitOk;
  }
  Json out;
  out["surface"] = format_spec(request->settings.surface, *find_surface(request->settings.surface.id), true);
  out["start"] = request->settings.start;
  out["eigenvalues"] = spectrum.eigenvalues;
  out["at"] = spectrum.centre;
  out["at_minimum"] = spectrum.at_minimum;
  out["quadratic"] = spectrum.quadratic;
  if (spectrum.definite()) {
    const CurvatureRange range = spectrum.range();
    out["condition"] = range.condition();
    out["optimal"] = {{"gd", written(optimal_gradient_descent(range))},
                      {"heavy_ball", written(optimal_heavy_ball(range))},
                      {"nesterov", written(optimal_nesterov(range))},
                      {"nesterov_usual", written(usual_nesterov(range))}};
  }
  out["runs"] = Json::array();
  for (const Lane& lane : lanes) out["runs"].push_back(written(lane, options));
  std::printf("%s\n", out.dump(2).c_str());
  return kExitOk;
}

RatesCommand::RatesCommand(CLI::App& app)
    : command_(
          app.add_subcommand("rates", "how fast optimizers must come down a surface, and how fast they do")) {
  command_->add_option("--surface", options_.surface, "surface, such as quadratic:eigenvalues=1/100")
      ->type_name("SPEC");
  command_
      ->add_option("--optimizer", options_.optimizers,
                   "optimizer, such as momentum:lr=0.03,momentum=0.67; any number")
      ->type_name("SPEC")
      ->expected(1)
      ->take_all();
  command_->add_option("--start", options_.start, "start, such as 1,1")->type_name("X,Y");
  command_->add_option("--sweep", options_.sweep, "the best of this setting alone, and the radius along it")
      ->type_name("KEY");
  command_->add_option("--steps", options_.steps, "of the run that is measured")->type_name("N");
  command_->add_option("--window", options_.window, "measure over these steps")->type_name("FROM,TO");
  command_->add_option("--tol", options_.tolerance, "distance from the minimum that counts as there")
      ->type_name("T");
  command_->add_option("--delay", options_.delay, "gradients are so many updates old; in the theory alone")
      ->type_name("N");
  command_->add_flag("--json", options_.json, "print JSON");
  command_->add_option("--out", options_.picture.out, "with --sweep: draw it, .svg, .png or .csv")
      ->type_name("FILE");
  add_picture_options(*command_, options_.picture);
}

std::optional<int> RatesCommand::run() const {
  if (!command_->parsed()) return std::nullopt;
  return rates(options_);
}

}  // namespace thalweg::cli

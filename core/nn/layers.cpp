#include "core/nn/layers.hpp"

#include <algorithm>

namespace thalweg {
namespace {

Parameter epsilon(std::string help) {
  return {.key = "eps",
          .symbol = "ε",
          .label = "epsilon",
          .default_value = 1e-5,
          .min = 0.0,
          .max = 1.0,
          .min_open = true,
          .soft_min = 1e-8,
          .soft_max = 1e-2,
          .scale = Scale::kLog,
          .help = std::move(help)};
}

Parameter units(std::string symbol, std::string help) {
  return {.key = "units",
          .symbol = std::move(symbol),
          .label = "units",
          .kind = Kind::kInteger,
          .default_value = 128.0,
          .min = 1.0,
          .max = kWidestLayer,
          .soft_min = 1.0,
          .soft_max = 1024.0,
          .scale = Scale::kLog,
          .help = std::move(help)};
}

Parameter groups(std::string help) {
  return {.key = "groups",
          .symbol = "G",
          .label = "groups",
          .kind = Kind::kInteger,
          .default_value = 8.0,
          .min = 1.0,
          .max = kWidestLayer,
          .soft_min = 1.0,
          .soft_max = 64.0,
          .scale = Scale::kLog,
          .help = std::move(help)};
}

Parameter dropped(double share, std::string help) {
  return {.key = "p",
          .symbol = "p",
          .label = "share dropped",
          .default_value = share,
          .min = 0.0,
          .max = 1.0,
          .max_open = true,
          .soft_min = 0.0,
          .soft_max = 0.9,
          .help = std::move(help)};
}

LayerDescriptor residual_block() {
  Parameter width = units("n", "Width between its two linear layers; auto: as wide as its input.");
  width.default_value = Value{};
  width.off_word = "auto";
  return {
      {.id = "residual",
       .label = "Residual block",
       .summary = "Adds to its input what two linear layers with an activation between make of it.",
       .formula = "y = x + f(N(x)) or y = N(x + f(x)),  f(x) = φ(xW₁ + b₁)W₂ + b₂",
       .reference = "He et al. 2016; normalisation before or after: Xiong et al. 2020",
       .parameters = {width,
                      Parameter{.key = "activation",
                                .symbol = "φ",
                                .label = "activation",
                                .kind = Kind::kChoice,
                                .default_value = std::string("relu"),
                                .help = "Between the two linear layers.",
                                .choices = {"relu", "leaky_relu", "gelu", "silu", "tanh", "sigmoid"}},
                      Parameter{
                          .key = "norm",
                          .symbol = "N",
                          .label = "normalisation",
                          .kind = Kind::kChoice,
                          .default_value = std::string("layer_norm"),
                          .help = "Which normalisation it has, with the settings that layer has by default.",
                          .choices = {"none", "batch_norm", "layer_norm", "group_norm", "rms_norm"}},
                      groups("Groups of group_norm; they must divide the width."),
                      Parameter{.key = "norm_first",
                                .symbol = "",
                                .label = "normalise first",
                                .kind = Kind::kBoolean,
                                .default_value = 1.0,
                                .help = "Normalises before the linear layers, beside the path that is added; "
                                        "else after the sum (PyTorch's norm_first)."},
                      dropped(0.0, "Dropout of what is added; 0: none.")}},
      LayerKind::kAdd};
}

std::vector<LayerDescriptor> make_layers() {
  const std::string under_root = "Added to the variance, under the root.";
  return {
      {{.id = "linear",
        .label = "Linear",
        .summary = "Every output is a weighted sum of all inputs, and a bias.",
        .formula = "y = xW + b",
        .reference = "Rosenblatt 1958",
        .parameters = {units("n", "Number of outputs.")}},
       LayerKind::kLinear},
      {{.id = "relu",
        .label = "ReLU",
        .summary = "Passes what is positive and cuts the rest to 0.",
        .formula = "y = max(x, 0)",
        .reference = "Nair & Hinton 2010",
        .parameters = {}},
       LayerKind::kRelu},
      {{.id = "leaky_relu",
        .label = "Leaky ReLU",
        .summary = "ReLU with a small slope below 0, so that no unit dies.",
        .formula = "y = x for x > 0, else αx",
        .reference = "Maas, Hannun, Ng 2013",
        .parameters = {Parameter{.key = "negative_slope",
                                 .symbol = "α",
                                 .label = "slope below 0",
                                 .default_value = 0.01,
                                 .min = 0.0,
                                 .max = 1.0,
                                 .soft_min = 0.0,
                                 .soft_max = 0.3,
                                 .help = "Slope where the input is negative."}}},
       LayerKind::kLeakyRelu},
      {{.id = "gelu",
        .label = "GELU",
        .summary = "The input times the probability that a normal number lies below it; exact, with erf.",
        .formula = "y = x Φ(x) = ½x (1 + erf(x/√2))",
        .reference = "Hendrycks & Gimpel 2016; PyTorch GELU",
        .parameters = {}},
       LayerKind::kGelu},
      {{.id = "silu",
        .label = "SiLU",
        .summary = "The input times its own sigmoid; also called swish.",
        .formula = "y = x / (1 + e⁻ˣ)",
        .reference = "Elfwing, Uchibe, Doya 2018",
        .parameters = {}},
       LayerKind::kSilu},
      {{.id = "tanh",
        .label = "Tanh",
        .summary = "Squeezes everything between −1 and 1.",
        .formula = "y = tanh x",
        .reference = "LeCun et al. 1998, Efficient BackProp",
        .parameters = {}},
       LayerKind::kTanh},
      {{.id = "sigmoid",
        .label = "Sigmoid",
        .summary = "Squeezes everything between 0 and 1.",
        .formula = "y = 1 / (1 + e⁻ˣ)",
        .reference = "Rumelhart, Hinton, Williams 1986",
        .parameters = {}},
       LayerKind::kSigmoid},
      {{.id = "batch_norm",
        .label = "Batch normalisation",
        .summary = "Each unit gets mean 0 and variance 1 over the batch, then its own scale and shift.",
        .formula = "y = γ (x − μ_batch) / √(σ²_batch + ε) + β",
        .reference = "Ioffe & Szegedy 2015; PyTorch BatchNorm1d",
        .parameters = {epsilon(under_root),
                       Parameter{.key = "momentum",
                                 .symbol = "m",
                                 .label = "running share",
                                 .default_value = 0.1,
                                 .min = 0.0,
                                 .max = 1.0,
                                 .soft_min = 0.0,
                                 .soft_max = 1.0,
                                 .help =
                                     "Share of each new batch in the running mean and variance, which are "
                                     "used outside training. The running variance is unbiased."}}},
       LayerKind::kBatchNorm},
      {{.id = "layer_norm",
        .label = "Layer normalisation",
        .summary = "Each sample gets mean 0 and variance 1 over its units, then each unit a scale and shift.",
        .formula = "y = γ (x − μ_sample) / √(σ²_sample + ε) + β",
        .reference = "Ba, Kiros, Hinton 2016; PyTorch LayerNorm",
        .parameters = {epsilon(under_root)}},
       LayerKind::kLayerNorm},
      {{.id = "group_norm",
        .label = "Group normalisation",
        .summary = "As layer normalisation, but in groups of neighbouring units.",
        .formula = "y = γ (x − μ_group) / √(σ²_group + ε) + β",
        .reference = "Wu & He 2018; PyTorch GroupNorm",
        .parameters = {groups("Groups of units that are normalised together; they must divide the width."),
                       epsilon(under_root)}},
       LayerKind::kGroupNorm},
      {{.id = "rms_norm",
        .label = "RMS normalisation",
        .summary = "Each sample gets root mean square 1 over its units, then each unit a scale.",
        .formula = "y = γ x / √(mean x² + ε)",
        .reference = "Zhang & Sennrich 2019; PyTorch RMSNorm",
        .parameters = {epsilon("Added to the mean square, under the root.")}},
       LayerKind::kRmsNorm},
      {{.id = "dropout",
        .label = "Dropout",
        .summary = "Sets a random share of the inputs to 0 in training and scales up the rest.",
        .formula = "y = x·mask / (1 − p)",
        .reference = "Srivastava et al. 2014; inverted, as in PyTorch",
        .parameters = {dropped(0.5, "Probability that an input is set to 0.")}},
       LayerKind::kDropout},
      residual_block(),
  };
}

Descriptor plain(std::string id, std::string label, std::string summary, std::string formula,
                 std::string reference) {
  return {.id = std::move(id),
          .label = std::move(label),
          .summary = std::move(summary),
          .formula = std::move(formula),
          .reference = std::move(reference),
          .parameters = {}};
}

std::vector<Descriptor> make_initialisations() {
  const std::string glorot = "Glorot & Bengio 2010", he = "He et al. 2015", lecun = "LeCun et al. 1998";
  Descriptor normal = plain("normal", "Normal, fixed σ", "Normal numbers with one deviation for every layer.",
                            "w ~ N(0, σ²), b = 0", "");
  normal.parameters = {Parameter{.key = "std",
                                 .symbol = "σ",
                                 .label = "standard deviation",
                                 .default_value = 0.01,
                                 .min = 0.0,
                                 .max = 100.0,
                                 .soft_min = 1e-4,
                                 .soft_max = 1.0,
                                 .scale = Scale::kLog,
                                 .help = "Deviation of the initial weights."}};
  Descriptor orthogonal = plain("orthogonal", "Orthogonal",
                                "Rows or columns, whichever are fewer, are orthonormal, times a gain.",
                                "WᵀW = g²I or WWᵀ = g²I, b = 0", "Saxe, McClelland, Ganguli 2014");
  orthogonal.parameters = {Parameter{.key = "gain",
                                     .symbol = "g",
                                     .label = "gain",
                                     .default_value = 1.0,
                                     .min = 0.0,
                                     .max = 100.0,
                                     .soft_min = 0.1,
                                     .soft_max = 10.0,
                                     .scale = Scale::kLog,
                                     .help = "Length of the rows or columns."}};
  return {
      plain("pytorch", "PyTorch's default", "What torch.nn.Linear starts with: Kaiming uniform with a = √5.",
            "w, b ~ U(−1/√n_in, 1/√n_in)", "torch.nn.Linear"),
      plain("xavier_normal", "Xavier normal", "Keeps the variance forwards and backwards with linear units.",
            "w ~ N(0, 2/(n_in + n_out)), b = 0", glorot),
      plain("xavier_uniform", "Xavier uniform",
            "Keeps the variance forwards and backwards with linear units.",
            "w ~ U(−a, a), a = √(6/(n_in + n_out)), b = 0", glorot),
      plain("he_normal", "He normal", "Keeps the variance forwards with ReLU.", "w ~ N(0, 2/n_in), b = 0",
            he),
      plain("he_uniform", "He uniform", "Keeps the variance forwards with ReLU.",
            "w ~ U(−a, a), a = √(6/n_in), b = 0", he),
      plain("lecun_normal", "LeCun normal", "Keeps the variance forwards with linear units.",
            "w ~ N(0, 1/n_in), b = 0", lecun),
      plain("lecun_uniform", "LeCun uniform", "Keeps the variance forwards with linear units.",
            "w ~ U(−a, a), a = √(3/n_in), b = 0", lecun),
      normal,
      orthogonal};
}

std::vector<Descriptor> make_losses() {
  Descriptor cross = plain("cross_entropy", "Cross-entropy",
                           "Minus the logarithm of the probability given to the right class.",
                           "L = −Σ q log softmax(z), q = (1−s)·onehot + s/K", "PyTorch CrossEntropyLoss");
  cross.parameters = {Parameter{.key = "label_smoothing",
                                .symbol = "s",
                                .label = "label smoothing",
                                .default_value = 0.0,
                                .min = 0.0,
                                .max = 1.0,
                                .max_open = true,
                                .soft_min = 0.0,
                                .soft_max = 0.3,
                                .help = "Share of the target spread evenly over all classes."}};
  return {cross, plain("squared_error", "Squared error",
                       "Mean over samples and outputs; classes are one-hot targets.", "L = mean (z − y)²",
                       "PyTorch MSELoss")};
}

template <class List>
Family family_of(std::string name, const List& list) {
  Family out{std::move(name), {}};
  for (const auto& entry : list) out.members.push_back(&entry);
  return out;
}

}  // namespace

const std::vector<LayerDescriptor>& layers() {
  static const std::vector<LayerDescriptor> list = make_layers();
  return list;
}

const LayerDescriptor* find_layer(std::string_view id) {
  const auto& list = layers();
  const auto it = std::find_if(list.begin(), list.end(), [&](const auto& entry) { return entry.id == id; });
  return it == list.end() ? nullptr : &*it;
}

const Family& layer_family() {
  static const Family family = family_of("layer", layers());
  return family;
}

const std::vector<Descriptor>& initialisations() {
  static const std::vector<Descriptor> list = make_initialisations();
  return list;
}

const Family& initialisation_family() {
  static const Family family = family_of("initialisation", initialisations());
  return family;
}

const std::vector<Descriptor>& losses() {
  static const std::vector<Descriptor> list = make_losses();
  return list;
}

const Family& loss_family() {
  static const Family family = family_of("loss", losses());
  return family;
}

}  // namespace thalweg

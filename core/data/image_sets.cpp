// Data sets of images that lie in files: where they are looked for, what they are called, and the
// constants everyone normalises them with. Nothing is fetched here; cmake/setup.sh does that.
#include <array>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <utility>

#include "core/data/descriptors.hpp"
#include "core/data/idx.hpp"
#include "core/data/input_file.hpp"
#include "core/data/order.hpp"

namespace thalweg {
namespace {

namespace fs = std::filesystem;
using Loaded = Result<std::shared_ptr<const Dataset>>;

// Where files are ---------------------------------------------------------------------------------

/// ${XDG_DATA_HOME:-~/.local/share}/thalweg, or empty where neither is set. A relative XDG_DATA_HOME is
/// ignored, as the XDG Base Directory Specification says.
fs::path data_home() {
  const char* xdg = std::getenv("XDG_DATA_HOME");
  if (xdg != nullptr && *xdg == '/') return fs::path(xdg) / "thalweg";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home != '\0') return fs::path(home) / ".local/share/thalweg";
  return {};
}

/// What the user names is meant: its folder or the data set's own folder in it, and no other place.
/// Else the data home, then where the distribution puts it.
std::vector<fs::path> places(const std::string& given, const std::string& own, const fs::path& packaged) {
  if (!given.empty()) return {fs::path(given), fs::path(given) / own};
  std::vector<fs::path> out;
  if (const fs::path home = data_home(); !home.empty()) out.push_back(home / own);
  if (!packaged.empty()) out.push_back(packaged);
  return out;
}

bool present(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// `name` in `folder`, plain or gzipped, with a hyphen or with the dot it has in some archives; the plain
/// name where there is none of them, so that the error names it.
fs::path variant(const fs::path& folder, const std::string& name) {
  std::string dotted = name;
  if (const auto at = dotted.find("-idx"); at != std::string::npos) dotted[at] = '.';
  for (const std::string& candidate : {name, name + ".gz", dotted, dotted + ".gz"})
    if (present(folder / candidate)) return folder / candidate;
  return folder / name;
}

/// The first place that holds any of the files. That it holds all of them is for the reader to find out:
/// half a data set is an error, not a reason to take another.
std::optional<fs::path> find_folder(const std::vector<fs::path>& candidates,
                                    const std::vector<std::string>& names) {
  for (const fs::path& folder : candidates)
    for (const std::string& name : names)
      if (present(variant(folder, name))) return folder;
  return std::nullopt;
}

Error not_found(const std::string& id, const std::vector<fs::path>& candidates,
                const std::vector<std::string>& names, const std::string& advice) {
  std::string looked;
  for (const fs::path& folder : candidates) looked += (looked.empty() ? "" : ", ") + folder.string();
  return {ErrorCode::kNotFound,
          "no " + names.front() + " in " + (looked.empty() ? "any folder" : looked) + "; " + advice, id};
}

// Subsets -----------------------------------------------------------------------------------------

Parameter part_parameter(std::string key, std::string label, double most, std::string help) {
  return {.key = std::move(key),
          .symbol = "",
          .label = std::move(label),
          .kind = Kind::kInteger,
          .default_value = {},
          .min = 1,
          .max = most,
          .soft_min = 100,
          .soft_max = most,
          .scale = Scale::kLog,
          .help = std::move(help),
          .off_word = "all"};
}

std::vector<Parameter> subset_parameters(double train, double test) {
  return {part_parameter("train", "training samples", train,
                         "How many training samples to keep, each class in its proportion."),
          part_parameter("test", "test samples", test,
                         "How many test samples to keep, each class in its proportion."),
          data_seed_parameter("Which samples are kept when not all are.")};
}

std::optional<Error> keep_subset(const Spec& spec, const std::string& key, const Dataset& data,
                                 Samples& samples, std::uint64_t seed) {
  if (spec.is_off(key)) return std::nullopt;
  const auto take = static_cast<std::int64_t>(spec.number(key));
  if (take > samples.count)
    return bad_input(
        "there are only " + std::to_string(samples.count) + " samples, not " + std::to_string(take),
        spec.id + ": " + key);
  keep_only(samples, data.features, stratified(samples, data.classes, take, seed, RandomStream::kSubset));
  return std::nullopt;
}

Loaded finish(const Spec& spec, std::shared_ptr<Dataset> data) {
  const auto seed = static_cast<std::uint64_t>(spec.number("seed"));
  if (auto error = keep_subset(spec, "train", *data, data->train, seed)) return *error;
  if (auto error = keep_subset(spec, "test", *data, data->test, seed)) return *error;
  return std::shared_ptr<const Dataset>(std::move(data));
}

// MNIST and its kin -------------------------------------------------------------------------------

const std::vector<std::string> kIdxNames = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                            "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

/// What tells one such data set from another.
struct IdxSet {
  std::vector<std::string> class_names;
  float mean = 0.0F;
  float deviation = 1.0F;
  std::string own_folder;
  fs::path packaged;
  std::string advice;
};

/// Images and labels of one part; `shape` is set by the first part and must hold for the second.
std::optional<Error> load_part(const fs::path& images_path, const fs::path& labels_path, Dataset& data,
                               Samples& samples) {
  auto images = read_idx_images(images_path);
  if (!images) return images.error();
  const std::array<int, 3> shape{1, images->rows, images->columns};
  if (data.features != 0 && shape != data.shape)
    return bad_input("byte 8: images of " + std::to_string(images->rows) + " x " +
                         std::to_string(images->columns) + " pixels, but the training images have " +
                         std::to_string(data.shape[1]) + " x " + std::to_string(data.shape[2]),
                     images_path.string());
  auto labels = read_idx_labels(labels_path, images->count, data.classes);
  if (!labels) return labels.error();
  data.shape = shape;
  data.features = images->rows * images->columns;
  samples.count = images->count;
  samples.bytes = std::move(images->pixels);
  samples.labels = std::move(*labels);
  return std::nullopt;
}

Loaded load_idx(const Spec& spec, const std::string& folder, const IdxSet& set) {
  const auto candidates = places(folder, set.own_folder, set.packaged);
  const auto found = find_folder(candidates, kIdxNames);
  if (!found) return not_found(spec.id, candidates, kIdxNames, set.advice);
  auto data = std::make_shared<Dataset>();
  data->name = spec.id;
  data->class_names = set.class_names;
  data->classes = static_cast<int>(set.class_names.size());
  data->mean = {set.mean};
  data->deviation = {set.deviation};
  const auto file = [&](std::size_t index) { return variant(*found, kIdxNames[index]); };
  if (auto error = load_part(file(0), file(1), *data, data->train)) return *error;
  if (auto error = load_part(file(2), file(3), *data, data->test)) return *error;
  return finish(spec, std::move(data));
}

DatasetDescriptor idx_descriptor(Descriptor descriptor, IdxSet set) {
  descriptor.parameters = subset_parameters(60000, 10000);
  return {std::move(descriptor), [set = std::move(set)](const Spec& spec, const std::string& folder) {
            return load_idx(spec, folder, set);
          }};
}

// CIFAR-10 ----------------------------------------------------------------------------------------

constexpr std::size_t kCifarPixels = std::size_t{3} * 32 * 32;
/// Records in a batch as published; a file with more is not one of these.
constexpr std::int64_t kCifarBatch = 10000;
const std::vector<std::string> kCifarNames = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                              "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};

/// Appends the records of one file: a label and the red, the green and the blue plane.
std::optional<Error> append_cifar(const fs::path& path, Samples& samples) {
  auto file = InputFile::open(path);
  if (!file) return file.error();
  std::array<std::uint8_t, 1 + kCifarPixels> record{};
  for (std::int64_t count = 0;; ++count) {
    const std::uint64_t begin = file->position();
    const auto got = file->read(record);
    if (!got) return got.error();
    if (*got == 0 && count == 0) return file->error(0, "the file is empty");
    if (*got == 0) return std::nullopt;
    if (*got < record.size()) return file->too_short(begin, record.size(), *got);
    if (count == kCifarBatch)
      return file->error(begin, "more than the " + std::to_string(kCifarBatch) + " images of a batch");
    if (record[0] > 9)
      return file->error(begin, "label " + std::to_string(record[0]) + " is out of range (0 to 9)");
    samples.labels.push_back(record[0]);
    samples.bytes.insert(samples.bytes.end(), record.begin() + 1, record.end());
    ++samples.count;
  }
}

Loaded load_cifar(const Spec& spec, const std::string& folder) {
  const auto candidates = places(folder, "cifar-10-batches-bin", {});
  const auto found = find_folder(candidates, kCifarNames);
  if (!found)
    return not_found(spec.id, candidates, kCifarNames,
                     "name the folder with the six files of cifar-10-binary.tar.gz, or put them there");
  auto data = std::make_shared<Dataset>();
  data->name = spec.id;
  data->shape = {3, 32, 32};
  data->features = static_cast<int>(kCifarPixels);
  data->classes = 10;
  data->class_names = {"airplane", "automobile", "bird",  "cat",  "deer",
                       "dog",      "frog",       "horse", "ship", "truck"};
  data->mean = {0.4914F, 0.4822F, 0.4465F};
  data->deviation = {0.2470F, 0.2435F, 0.2616F};
  for (const std::string& name : kCifarNames) {
    Samples& part = name == kCifarNames.back() ? data->test : data->train;
    if (auto error = append_cifar(variant(*found, name), part)) return *error;
  }
  data->train.bytes.shrink_to_fit();
  data->test.bytes.shrink_to_fit();
  return finish(spec, std::move(data));
}

}  // namespace

DatasetDescriptor mnist() {
  return idx_descriptor(
      {.id = "mnist",
       .label = "MNIST",
       .summary =
           "Handwritten digits: 60,000 for training and 10,000 for testing, 28 x 28 grey pixels, 10 classes.",
       .formula = "input = (p/255 − 0.1307) / 0.3081",
       .reference =
           "LeCun, Bottou, Bengio & Haffner 1998, Gradient-based learning applied to document recognition, "
           "section III.A"},
      {.class_names = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
       .mean = 0.1307F,
       .deviation = 0.3081F,
       .own_folder = "mnist",
       .packaged = {},
       .advice = "./run fetches it, or name the folder with its four IDX files"});
}

DatasetDescriptor fashion_mnist() {
  return idx_descriptor(
      {.id = "fashion_mnist",
       .label = "Fashion-MNIST",
       .summary = "Articles of clothing in MNIST's format: harder to tell apart than digits.",
       .formula = "input = (p/255 − 0.2860) / 0.3530",
       .reference =
           "Xiao, Rasul & Vollgraf 2017, Fashion-MNIST: a novel image dataset for benchmarking machine "
           "learning algorithms, arXiv:1708.07747"},
      {.class_names = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
                       "Bag", "Ankle boot"},
       .mean = 0.2860F,
       .deviation = 0.3530F,
       .own_folder = "fashion-mnist",
       .packaged = "/usr/share/datasets/fashion-mnist",
       .advice = "it is in the package dataset-fashion-mnist, or name the folder with its four IDX files"});
}

DatasetDescriptor cifar10() {
  return {
      {.id = "cifar10",
       .label = "CIFAR-10",
       .summary =
           "Small colour photographs: 50,000 for training and 10,000 for testing, 3 x 32 x 32, 10 classes.",
       .formula = "input = (p/255 − μ) / σ, μ = (0.4914, 0.4822, 0.4465), σ = (0.2470, 0.2435, 0.2616)",
       .reference = "Krizhevsky 2009, Learning multiple layers of features from tiny images, chapter 3",
       .parameters = subset_parameters(50000, 10000)},
      load_cifar};
}

}  // namespace thalweg

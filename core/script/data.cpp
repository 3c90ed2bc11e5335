#include "core/script/data.hpp"

#include <stdexcept>

#include "core/data/dataset.hpp"
#include "core/spec/python.hpp"

namespace thalweg::script {
namespace {

/// `text` with each {key} replaced by that parameter.
std::string filled(std::string text, const Spec& spec) {
  for (const auto& [key, value] : spec.values) {
    const auto* number = std::get_if<double>(&value);
    if (!number) continue;
    const std::string mark = "{" + key + "}";
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at))
      text.replace(at, mark.size(), python_number(*number));
  }
  return text;
}

/// The lines that keep a part of the samples, where a part is asked for.
std::string subset(const Spec& spec, const std::string& key) {
  if (spec.is_off(key)) return "";
  const std::string take = python_number(spec.number(key)),
                    seed = std::to_string(static_cast<std::int64_t>(spec.number("seed")));
  return "kept = stratified(" + key + "_y, 10, " + take + ", " + seed + ", 18)\n" + key + "_x, " + key +
         "_y = " + key + "_x[kept], " + key + "_y[kept]\n";
}

std::string folder_line(const std::string& folder, const std::string& usual) {
  return "folder = Path(sys.argv[1] if len(sys.argv) > 1 else " +
         python_string(folder.empty() ? usual : folder) + ").expanduser()\n";
}

constexpr const char* kReadIdx = R"(def read_idx(folder, name):
    """The array in one of MNIST's files, gzipped or not."""
    path = min(folder.glob(name.replace("-idx", "[-.]idx") + "*"))
    with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
        data = file.read()
    sizes = np.frombuffer(data, ">u4", count=data[3], offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(sizes)).reshape(sizes)
)";

PythonData idx(const Spec& spec, const std::string& folder, const std::string& usual, const char* mean,
               const char* deviation) {
  PythonData out;
  out.files = true;
  out.inputs = 784;
  out.classes = 10;
  out.train = static_cast<std::int64_t>(spec.number_or("train", 60'000));
  out.definitions = kReadIdx;
  out.load =
      folder_line(folder, usual) +
      R"(train_x, train_y = read_idx(folder, "train-images-idx3-ubyte"), read_idx(folder, "train-labels-idx1-ubyte")
test_x, test_y = read_idx(folder, "t10k-images-idx3-ubyte"), read_idx(folder, "t10k-labels-idx1-ubyte")
)" + subset(spec, "train") +
      subset(spec, "test") + "train_x, test_x = [((x.reshape(len(x), -1) / 255 - " + mean + ") / " +
      deviation + ").astype(np.float32) for x in (train_x, test_x)]\n";
  return out;
}

PythonData cifar(const Spec& spec, const std::string& folder) {
  PythonData out;
  out.files = true;
  out.inputs = 3072;
  out.classes = 10;
  out.train = static_cast<std::int64_t>(spec.number_or("train", 50'000));
  out.definitions = R"(def read_cifar(*paths):
    """Pixels and labels of the binary version of CIFAR-10."""
    records = np.concatenate([np.fromfile(path, np.uint8).reshape(-1, 3073) for path in paths])
    return records[:, 1:], records[:, 0]
)";
  out.load = folder_line(folder, "~/.local/share/thalweg/cifar-10-batches-bin") +
             R"(train_x, train_y = read_cifar(*(folder / f"data_batch_{i}.bin" for i in range(1, 6)))
test_x, test_y = read_cifar(folder / "test_batch.bin")
)" + subset(spec, "train") +
             subset(spec, "test") +
             R"(mean = np.repeat([0.4914, 0.4822, 0.4465], 1024)
deviation = np.repeat([0.2470, 0.2435, 0.2616], 1024)
train_x, test_x = [((x / 255 - mean) / deviation).astype(np.float32) for x in (train_x, test_x)]
)";
  return out;
}

/// A generated set: `body` makes x and y of the samples `i` of `stream` (20 for training, 21 for testing).
PythonData generated(const Spec& spec, int inputs, int classes, const std::string& body) {
  PythonData out;
  out.inputs = inputs;
  out.classes = classes;
  out.train = static_cast<std::int64_t>(spec.number("n"));
  out.definitions =
      "def samples(count, stream, seed=" + std::to_string(static_cast<std::int64_t>(spec.number("seed"))) +
      R"():
    """Inputs and answers of a part of the data, as Thalweg generates them."""
    i = np.arange(count)
)" + filled(body, spec) +
      "    return x.astype(np.float32), y\n";
  out.load = filled(R"(train_x, train_y = samples({n}, 20)
test_x, test_y = samples({test}, 21)
mean, deviation = train_x.mean(axis=0, dtype=float), train_x.std(axis=0, dtype=float)
train_x, test_x = [((x - mean) / np.where(deviation > 0, deviation, 1)).astype(np.float32) for x in (train_x, test_x)]
)",
                    spec);
  return out;
}

constexpr const char* kNormalRow =
    "    x = normal(seed, stream, i[:, None], np.arange(({features} + 1) // 2)).reshape(count, -1)[:, "
    ":{features}]\n";

std::string normal_row(int features) {
  std::string text = kNormalRow;
  const std::string mark = "{features}";
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at))
    text.replace(at, mark.size(), std::to_string(features));
  return text;
}

}  // namespace

PythonData python_data(const Spec& data, const std::string& folder) {
  const auto integer = [&](const char* key) { return static_cast<int>(data.number(key)); };
  if (data.id == "mnist") return idx(data, folder, "~/.local/share/thalweg/mnist", "0.1307", "0.3081");
  if (data.id == "fashion_mnist")
    return idx(data, folder, "/usr/share/datasets/fashion-mnist", "0.2860", "0.3530");
  if (data.id == "cifar10") return cifar(data, folder);
  if (data.id == "two_moons")
    return generated(data, 2, 2, R"(    y = i % 2
    angle = np.pi * uniform(seed, stream, i, 0)[:, 0]
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x = np.where(y[:, None] == 0, x, [1, 0.5] - x) + {noise} * normal(seed, stream, i, 1)
)");
  if (data.id == "spirals")
    return generated(data, 2, integer("arms"), R"(    y = i % {arms}
    radius = uniform(seed, stream, i, 0)[:, 0]
    angle = 2 * np.pi * ({turns} * radius + y / {arms})
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1) + {noise} * normal(seed, stream, i, 1)
)");
  if (data.id == "blobs")
    return generated(data, integer("features"), integer("classes"),
                     R"(    y = i % {classes}
    centres = 10 * (2 * uniform(seed, 19, np.arange({classes})[:, None], np.arange({features}))[..., 0] - 1)
)" + normal_row(integer("features")) +
                         "    x = centres[y] + {noise} * x\n");
  if (data.id == "credit")
    return generated(data, 20, 2, R"(    weights = normal(seed, 19, 0, np.arange(10)).ravel()
    weights[:5] = 0.5
)" + normal_row(20) + R"(    common = normal(seed, stream, i, 1000)[:, :1]
    x[:, :5] = math.sqrt({correlation}) * common + math.sqrt(1 - {correlation}) * x[:, :5]
    flipped = uniform(seed, stream, i, 1001)[:, 0] < {noise}
    y = ((x @ weights > 0) != flipped).astype(int)
)");
  if (data.id == "logistic") {
    const int features = integer("informative") + integer("uninformative");
    return generated(
        data, features, 2,
        R"(    sign = np.where(uniform(seed, 19, 0, np.arange({informative}))[:, 0] < 0.5, -1, 1)
    weights = np.concatenate([{weight} * sign, np.zeros({uninformative})])
)" + normal_row(features) +
            R"(    y = (uniform(seed, stream, i, 1000)[:, 0] < 1 / (1 + np.exp(-x @ weights))).astype(int)
)");
  }
  if (data.id == "noisy_cubic")
    return generated(data, 1, 0,
                     std::string(R"(    u = uniform(seed, stream, i, 0)[:, :1]
)") + (data.text("points") == "chebyshev" ? "    x = np.cos(np.pi * u)\n" : "    x = 2 * u - 1\n") +
                         R"(    noise = {noise} if stream == 20 else 0  # of the training targets alone
    y = (x * (4 * x**2 - 3) + noise * normal(seed, stream, i, 1)[:, :1]).astype(np.float32)
)");
  throw std::logic_error("no Python for the data set '" + data.id + "'");
}

}  // namespace thalweg::script

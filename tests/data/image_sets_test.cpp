// The data sets that lie in files: where they are found, what they refuse, subsets; and the real ones, if
// they are on this machine.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <string>

#include "tests/data/scratch.hpp"

namespace thalweg::test {
namespace {

/// Labels 0 to 9, class k with `k + 1` in every 55.
Bytes uneven_labels(std::size_t count) {
  Bytes out(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t rest = i % 55;
    std::uint8_t label = 0;
    while (rest > label) rest -= ++label;
    out[i] = label;
  }
  return out;
}

/// A data set of 550 and 110 images of 2 x 2, in `prefix` of the scratch folder.
void write_idx_set(const Scratch& scratch, const std::string& prefix = "", const std::string& joint = "-",
                   bool zip = false) {
  const auto write = [&](const std::string& part, std::uint32_t count) {
    const Bytes images = idx(0x803, {count, 2, 2}, pattern(std::size_t{4} * count));
    const Bytes labels = idx(0x801, {count}, uneven_labels(count));
    scratch.write(prefix + part + "-images" + joint + "idx3-ubyte" + (zip ? ".gz" : ""),
                  zip ? gzipped(images) : images);
    scratch.write(prefix + part + "-labels" + joint + "idx1-ubyte" + (zip ? ".gz" : ""),
                  zip ? gzipped(labels) : labels);
  };
  write("train", 550);
  write("t10k", 110);
}

/// The environment as it was, afterwards.
class Environment {
 public:
  explicit Environment(std::string name) : name_(std::move(name)) {
    if (const char* value = std::getenv(name_.c_str())) before_ = value;
  }
  ~Environment() {
    if (before_)
      setenv(name_.c_str(), before_->c_str(), 1);
    else
      unsetenv(name_.c_str());
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  void set(const std::string& value) const { setenv(name_.c_str(), value.c_str(), 1); }

 private:
  std::string name_;
  std::optional<std::string> before_;
};

std::string error_of(const std::string& text, const std::string& folder) {
  const auto data = try_load(text, folder);
  return data ? "loaded" : data.error().text();
}

TEST(ImageSets, LoadsWhatWasWritten) {
  for (const bool zip : {false, true}) {
    for (const std::string joint : {"-", "."}) {
      const Scratch scratch;
      write_idx_set(scratch, "", joint, zip);
      const auto data = load("mnist", scratch.folder().string());
      EXPECT_EQ(data->name, "mnist");
      EXPECT_EQ(data->shape, (std::array<int, 3>{1, 2, 2}));
      EXPECT_EQ(data->features, 4);
      EXPECT_EQ(data->classes, 10);
      EXPECT_EQ(data->train.count, 550);
      EXPECT_EQ(data->train.bytes, pattern(2200));
      EXPECT_EQ(data->train.labels, uneven_labels(550));
      EXPECT_EQ(data->test.count, 110);
      EXPECT_EQ(data->test.bytes, pattern(440));
      EXPECT_EQ(data->test.labels, uneven_labels(110));
      EXPECT_TRUE(data->train.values.empty() && data->train.targets.empty());
    }
  }
}

TEST(ImageSets, Constants) {
  const Scratch scratch;
  write_idx_set(scratch);
  const auto digits = load("mnist", scratch.folder().string());
  EXPECT_EQ(digits->mean, std::vector<float>{0.1307F});
  EXPECT_EQ(digits->deviation, std::vector<float>{0.3081F});
  EXPECT_EQ(digits->class_names[7], "7");
  const auto clothes = load("fashion_mnist", scratch.folder().string());
  EXPECT_EQ(clothes->mean, std::vector<float>{0.2860F});
  EXPECT_EQ(clothes->deviation, std::vector<float>{0.3530F});
  EXPECT_EQ(clothes->class_names[0], "T-shirt/top");
  EXPECT_EQ(clothes->class_names[9], "Ankle boot");
}

TEST(ImageSets, LooksWhereTheUserSaysAndThenAtHome) {
  const Scratch scratch;
  const Environment xdg("XDG_DATA_HOME");
  const Environment home("HOME");
  xdg.set((scratch / "xdg").string());
  home.set((scratch / "home").string());
  const std::string here = scratch.folder().string();

  EXPECT_EQ(error_of("mnist", ""),
            "mnist: no train-images-idx3-ubyte in " + here +
                "/xdg/thalweg/mnist; ./run fetches it, or name the folder with its four IDX files");
  EXPECT_EQ(error_of("mnist", here),
            "mnist: no train-images-idx3-ubyte in " + here + ", " + here +
                "/mnist; ./run fetches it, or name the folder with its four IDX files");
  write_idx_set(scratch, "home/.local/share/thalweg/mnist/");
  EXPECT_NE(error_of("mnist", ""), "loaded");
  xdg.set("");
  EXPECT_EQ(error_of("mnist", ""), "loaded");
  xdg.set("a/relative/folder");
  EXPECT_EQ(error_of("mnist", ""), "loaded");
  xdg.set((scratch / "xdg").string());
  write_idx_set(scratch, "xdg/thalweg/mnist/");
  EXPECT_EQ(error_of("mnist", ""), "loaded");
  write_idx_set(scratch, "xdg/thalweg/fashion-mnist/");
  EXPECT_EQ(load("fashion_mnist")->train.count, 550) << "before the distribution's";
  // Named by the user: there or nowhere.
  EXPECT_NE(error_of("mnist", (scratch / "elsewhere").string()), "loaded");
  write_idx_set(scratch, "elsewhere/mnist/");
  EXPECT_EQ(error_of("mnist", (scratch / "elsewhere").string()), "loaded");
}

/// Half a data set is said to be half; no other is taken in its place.
TEST(ImageSets, RefusesHalfADataSet) {
  const std::vector<std::string> names = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                          "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
  for (const std::string& name : names) {
    const Scratch scratch;
    write_idx_set(scratch);
    write_idx_set(scratch, "mnist/");
    std::filesystem::remove(scratch / name);
    EXPECT_EQ(error_of("mnist", scratch.folder().string()),
              (scratch / name).string() + ": there is no such file");
    std::filesystem::create_directory(scratch / name);
    EXPECT_EQ(error_of("mnist", scratch.folder().string()),
              (scratch / name).string() + ": is a folder, not a file");
  }
}

TEST(ImageSets, RefusesPartsThatDoNotBelongTogether) {
  const Scratch scratch;
  write_idx_set(scratch);
  const auto labels = scratch.write("train-labels-idx1-ubyte", idx(0x801, {549}, uneven_labels(549)));
  EXPECT_EQ(error_of("mnist", scratch.folder().string()),
            labels.string() + ": byte 4: 549 labels for 550 images");
  write_idx_set(scratch);
  const auto images = scratch.write("t10k-images-idx3-ubyte", idx(0x803, {110, 4, 1}, pattern(440)));
  EXPECT_EQ(error_of("mnist", scratch.folder().string()),
            images.string() + ": byte 8: images of 4 x 1 pixels, but the training images have 2 x 2");
}

TEST(ImageSets, SubsetsAreStratifiedAndSeeded) {
  const Scratch scratch;
  write_idx_set(scratch);
  const std::string folder = scratch.folder().string();
  const auto all = load("mnist", folder);
  const auto some = load("mnist:train=110,test=55,seed=3", folder);
  ASSERT_EQ(some->train.count, 110);
  ASSERT_EQ(some->train.bytes.size(), 440U);
  ASSERT_EQ(some->train.labels.size(), 110U);
  ASSERT_EQ(some->test.count, 55);
  for (int label = 0; label < 10; ++label) {
    EXPECT_EQ(std::count(some->train.labels.begin(), some->train.labels.end(), label), 2 * (label + 1));
    EXPECT_EQ(std::count(some->test.labels.begin(), some->test.labels.end(), label), label + 1);
  }
  // Each kept image is one of the file, with its own label, in the file's order.
  std::size_t at = 0;
  for (std::size_t i = 0; i < 110; ++i) {
    const auto same = [&] {
      return some->train.labels[i] == all->train.labels[at] &&
             std::equal(some->train.bytes.begin() + static_cast<std::ptrdiff_t>(4 * i),
                        some->train.bytes.begin() + static_cast<std::ptrdiff_t>(4 * i + 4),
                        all->train.bytes.begin() + static_cast<std::ptrdiff_t>(4 * at));
    };
    while (at < 550 && !same()) ++at;
    ASSERT_LT(at++, 550U) << "image " << i;
  }
  EXPECT_EQ(load("mnist:train=110,test=55,seed=3", folder)->train.bytes, some->train.bytes);
  EXPECT_NE(load("mnist:train=110,test=55,seed=4", folder)->train.bytes, some->train.bytes);
  EXPECT_EQ(load("mnist:train=550", folder)->train.bytes, all->train.bytes);
  EXPECT_EQ(error_of("mnist:train=551", folder), "mnist: train: there are only 550 samples, not 551");
  EXPECT_EQ(error_of("mnist:train=0", folder), "mnist: train: must be at least 1 and at most 60000, not 0");
}

Bytes cifar_batch(int records, std::uint8_t first) {
  Bytes out;
  for (int i = 0; i < records; ++i) {
    out.push_back(static_cast<std::uint8_t>((first + i) % 10));
    for (int channel = 0; channel < 3; ++channel)
      out.insert(out.end(), 1024, static_cast<std::uint8_t>(first + 10 * i + channel));
  }
  return out;
}

TEST(ImageSets, CifarBatches) {
  const Scratch scratch;
  for (int batch = 1; batch <= 5; ++batch)
    scratch.write("cifar-10-batches-bin/data_batch_" + std::to_string(batch) + ".bin",
                  cifar_batch(3, static_cast<std::uint8_t>(40 * batch)));
  const auto test = scratch.write("cifar-10-batches-bin/test_batch.bin", cifar_batch(2, 7));
  const std::string folder = scratch.folder().string();
  const auto data = load("cifar10", folder);
  EXPECT_EQ(data->shape, (std::array<int, 3>{3, 32, 32}));
  EXPECT_EQ(data->features, 3072);
  EXPECT_EQ(data->mean.size(), 3U);
  EXPECT_EQ(data->deviation.size(), 3U);
  EXPECT_EQ(data->train.count, 15);
  ASSERT_EQ(data->train.bytes.size(), 15U * 3072);
  EXPECT_EQ(data->train.labels[3], 0);  // the first of batch 2
  EXPECT_EQ(data->train.bytes[3 * 3072], 80);
  EXPECT_EQ(data->train.bytes[3 * 3072 + 1024], 81);
  EXPECT_EQ(data->train.bytes[4 * 3072 - 1], 82);
  EXPECT_EQ(data->test.count, 2);
  EXPECT_EQ(data->test.labels, (Bytes{7, 8}));

  Bytes bytes = cifar_batch(2, 7);
  for (const std::size_t size : {std::size_t{1}, std::size_t{3072}, std::size_t{3074}, std::size_t{6145}}) {
    scratch.write("cifar-10-batches-bin/test_batch.bin",
                  Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_EQ(error_of("cifar10", folder), test.string() + ": byte " + std::to_string(size / 3073 * 3073) +
                                               ": 3073 bytes expected, the file ends after " +
                                               std::to_string(size % 3073));
  }
  bytes[3073] = 10;
  scratch.write("cifar-10-batches-bin/test_batch.bin", bytes);
  EXPECT_EQ(error_of("cifar10", folder), test.string() + ": byte 3073: label 10 is out of range (0 to 9)");
  scratch.write("cifar-10-batches-bin/test_batch.bin", {});
  EXPECT_EQ(error_of("cifar10", folder), test.string() + ": byte 0: the file is empty");
  // A small gzip file that never ends is stopped where a batch ends.
  scratch.write("cifar-10-batches-bin/test_batch.bin", gzipped(Bytes(std::size_t{3073} * 10001)));
  EXPECT_EQ(error_of("cifar10", folder),
            test.string() + ": byte 30730000: more than the 10000 images of a batch");
  std::filesystem::remove(test);
  EXPECT_EQ(error_of("cifar10", folder), test.string() + ": there is no such file");
}

// The real ones -----------------------------------------------------------------------------------

struct Real {
  std::string id;
  Bytes first_labels;
  std::int64_t train_sum;
  std::int64_t test_sum;
};

class RealSet : public testing::TestWithParam<Real> {};

/// Sums counted from the files by another program (Python).
TEST_P(RealSet, IsWhatItIsKnownToBe) {
  const auto data = try_load(GetParam().id);
  if (!data && data.error().code == ErrorCode::kNotFound) GTEST_SKIP() << data.error().text();
  ASSERT_TRUE(data) << data.error().text();
  const Dataset& set = **data;
  EXPECT_EQ(set.shape, (std::array<int, 3>{1, 28, 28}));
  EXPECT_EQ(set.train.count, 60000);
  EXPECT_EQ(set.test.count, 10000);
  EXPECT_EQ(Bytes(set.train.labels.begin(), set.train.labels.begin() + 5), GetParam().first_labels);
  EXPECT_EQ(std::accumulate(set.train.bytes.begin(), set.train.bytes.end(), std::int64_t{0}),
            GetParam().train_sum);
  EXPECT_EQ(std::accumulate(set.test.bytes.begin(), set.test.bytes.end(), std::int64_t{0}),
            GetParam().test_sum);
  double squares = 0.0;
  for (const double pixel : set.train.bytes) squares += pixel * pixel;
  const double count = 60000.0 * 784;
  const double mean = static_cast<double>(GetParam().train_sum) / count / 255;
  EXPECT_NEAR(mean, set.mean[0], 6e-5);
  EXPECT_NEAR(std::sqrt(squares / count / 65025 - mean * mean), set.deviation[0], 6e-5);
}

INSTANTIATE_TEST_SUITE_P(ImageSets, RealSet,
                         testing::Values(Real{"mnist", {5, 0, 4, 1, 9}, 1567298545, 264923200},
                                         Real{"fashion_mnist", {9, 0, 0, 3, 0}, 3431114169, 573469082}),
                         [](const auto& entry) { return entry.param.id; });

}  // namespace
}  // namespace thalweg::test

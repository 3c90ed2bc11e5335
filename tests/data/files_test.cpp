// The readers against files written here: what is right is read as it was written, whatever is wrong is
// refused with file and byte.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "core/data/idx.hpp"
#include "core/data/input_file.hpp"
#include "tests/data/scratch.hpp"

namespace thalweg::test {
namespace {

constexpr std::uint32_t kImages = 0x803;
constexpr std::uint32_t kLabels = 0x801;

Bytes five_images() { return idx(kImages, {5, 4, 3}, pattern(60)); }

std::string image_error(const std::filesystem::path& path) {
  const auto images = read_idx_images(path);
  return images ? "read" : images.error().text();
}

std::string label_error(const std::filesystem::path& path, std::int64_t count, int classes = 10) {
  const auto labels = read_idx_labels(path, count, classes);
  return labels ? "read" : labels.error().text();
}

TEST(DataFiles, ReadsWhatWasWritten) {
  const Scratch scratch;
  // Named the wrong way round: what is inside decides.
  for (const auto& path :
       {scratch.write("plain.gz", five_images()), scratch.write("zipped", gzipped(five_images()))}) {
    const auto images = read_idx_images(path);
    ASSERT_TRUE(images) << images.error().text();
    EXPECT_EQ(images->count, 5);
    EXPECT_EQ(images->rows, 4);
    EXPECT_EQ(images->columns, 3);
    EXPECT_EQ(images->pixels, pattern(60));
  }
  const Bytes labels = idx(kLabels, {4}, {0, 9, 3, 3});
  for (const auto& path : {scratch.write("labels", labels), scratch.write("labels.gz", gzipped(labels))}) {
    const auto read = read_idx_labels(path, 4, 10);
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(*read, (Bytes{0, 9, 3, 3}));
  }
}

/// Larger than every buffer on the way, and in two gzip members, as `cat a.gz b.gz` makes them.
TEST(DataFiles, ReadsLargeAndJoinedFiles) {
  const Scratch scratch;
  const Bytes pixels = pattern(std::size_t{300} * 700);
  const Bytes all = idx(kImages, {300, 28, 25}, pixels);
  Bytes joined = gzipped(Bytes(all.begin(), all.begin() + 100001));
  const Bytes second = gzipped(Bytes(all.begin() + 100001, all.end()));
  joined.insert(joined.end(), second.begin(), second.end());
  for (const auto& path : {scratch.write("plain", all), scratch.write("joined", joined)}) {
    const auto images = read_idx_images(path);
    ASSERT_TRUE(images) << images.error().text();
    EXPECT_EQ(images->pixels, pixels);
  }
}

TEST(DataFiles, RefusesTruncationAtEveryByte) {
  const Scratch scratch;
  const Bytes all = five_images();
  for (std::size_t size = 0; size < all.size(); ++size) {
    const auto path =
        scratch.write("cut", Bytes(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size)));
    const std::string expected =
        size < 16 ? ": byte 0: 16 bytes expected, the file ends after " + std::to_string(size)
                  : ": byte 16: 60 bytes expected, the file ends after " + std::to_string(size - 16);
    EXPECT_EQ(image_error(path), path.string() + expected);
  }
  const Bytes labels = idx(kLabels, {4}, {0, 9, 3, 3});
  for (std::size_t size = 0; size < labels.size(); ++size) {
    const auto path =
        scratch.write("cut", Bytes(labels.begin(), labels.begin() + static_cast<std::ptrdiff_t>(size)));
    const std::string expected =
        size < 8 ? ": byte 0: 8 bytes expected, the file ends after " + std::to_string(size)
                 : ": byte 8: 4 bytes expected, the file ends after " + std::to_string(size - 8);
    EXPECT_EQ(label_error(path, 4), path.string() + expected);
  }
}

TEST(DataFiles, RefusesTruncatedGzipAtEveryByte) {
  const Scratch scratch;
  const Bytes all = gzipped(five_images());
  for (std::size_t size = 0; size < all.size(); ++size) {
    const auto path =
        scratch.write("cut", Bytes(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size)));
    const std::string error = image_error(path);
    if (size < 2)
      EXPECT_EQ(error,
                path.string() + ": byte 0: 16 bytes expected, the file ends after " + std::to_string(size));
    else
      EXPECT_EQ(error, path.string() + ": byte " + std::to_string(size) +
                           ": the gzip data are corrupt: they end too early");
  }
  // The inside may be cut as well, in a gzip file that is whole.
  Bytes inside = five_images();
  inside.resize(30);
  EXPECT_EQ(image_error(scratch.write("inside", gzipped(inside))),
            (scratch / "inside").string() + ": byte 16: 60 bytes expected, the file ends after 14");
}

/// One bit wrong anywhere: refused, or (time stamp, name of the system) of no consequence.
TEST(DataFiles, NoCorruptGzipGivesOtherPixels) {
  const Scratch scratch;
  const Bytes all = gzipped(five_images());
  int refused = 0;
  for (std::size_t at = 0; at < all.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes wrong = all;
      wrong[at] ^= static_cast<std::uint8_t>(1 << bit);
      const auto images = read_idx_images(scratch.write("wrong", wrong));
      if (images)
        EXPECT_EQ(images->pixels, pattern(60)) << "byte " << at << " bit " << bit;
      else
        ++refused;
    }
  }
  EXPECT_GT(refused, static_cast<int>(8 * (all.size() - 10)) - 1);
  Bytes checksum = all;
  checksum[all.size() - 8] ^= 1;
  EXPECT_NE(image_error(scratch.write("checksum", checksum))
                .find("the gzip data are corrupt: incorrect data check"),
            std::string::npos);
}

TEST(DataFiles, RefusesWhatFollowsTheEnd) {
  const Scratch scratch;
  Bytes all = five_images();
  all.push_back(0);
  const std::string expected = ": byte 76: the file should end here, but goes on";
  EXPECT_EQ(image_error(scratch.write("long", all)), (scratch / "long").string() + expected);
  EXPECT_EQ(image_error(scratch.write("long.gz", gzipped(all))), (scratch / "long.gz").string() + expected);
  Bytes trailing = gzipped(five_images());
  trailing.push_back('x');
  EXPECT_NE(image_error(scratch.write("trailing", trailing)).find("corrupt"), std::string::npos);
}

TEST(DataFiles, RefusesWrongMagic) {
  const Scratch scratch;
  const auto labels = scratch.write("labels", idx(kLabels, {4}, {0, 9, 3, 3}));
  EXPECT_EQ(image_error(labels),
            labels.string() + ": byte 0: 0x00000801 is not the magic number of IDX images (0x00000803)");
  const auto images = scratch.write("images", five_images());
  EXPECT_EQ(label_error(images, 5),
            images.string() + ": byte 0: 0x00000803 is not the magic number of IDX labels (0x00000801)");
  EXPECT_NE(image_error(scratch.write("text", {'<', 'h', 't', 'm', 'l'})).find("0x3c68746d"),
            std::string::npos);
}

/// Sizes that would take all memory, or overflow, in a file of 16 bytes: refused at once.
TEST(DataFiles, RefusesHugeHeaders) {
  const Scratch scratch;
  constexpr std::uint32_t kMost = 0xffffffff;
  const auto error_of = [&](const std::vector<std::uint32_t>& sizes, bool zip) {
    const Bytes bytes = idx(kImages, sizes, {});
    return image_error(scratch.write("huge", zip ? gzipped(bytes) : bytes))
        .substr((scratch / "huge").string().size());
  };
  for (const bool zip : {false, true}) {
    EXPECT_EQ(error_of({60000, kMost, kMost}, zip),
              ": byte 8: images of 4294967295 x 4294967295 pixels are too large (at most 16777216 pixels)");
    EXPECT_EQ(error_of({0, 28, 28}, zip), ": byte 4: there are no images");
    EXPECT_EQ(error_of({5, 0, 28}, zip), ": byte 8: the images have no pixels");
    EXPECT_EQ(error_of({5, 28, 0}, zip), ": byte 12: the images have no pixels");
  }
  EXPECT_EQ(error_of({kMost, 4096, 4096}, false),
            ": byte 16: 72057594021150720 bytes expected, the file ends after 0");
  EXPECT_NE(error_of({kMost, 4096, 4096}, true).find(": byte 16: 72057594021150720 bytes expected, which "),
            std::string::npos);
  EXPECT_EQ(label_error(scratch.write("labels", idx(kLabels, {kMost}, {1})), kMost),
            (scratch / "labels").string() + ": byte 8: 4294967295 bytes expected, the file ends after 1");
}

TEST(DataFiles, RefusesLabelsThatDoNotFit) {
  const Scratch scratch;
  const auto path = scratch.write("labels", idx(kLabels, {4}, {0, 9, 10, 255}));
  EXPECT_EQ(label_error(path, 4), path.string() + ": byte 10: label 10 is out of range (0 to 9)");
  EXPECT_EQ(label_error(path, 4, 11), path.string() + ": byte 11: label 255 is out of range (0 to 10)");
  EXPECT_EQ(label_error(path, 4, 256), "read");
  EXPECT_EQ(label_error(path, 5), path.string() + ": byte 4: 4 labels for 5 images");
}

TEST(DataFiles, RefusesWhatIsNoFile) {
  const Scratch scratch;
  EXPECT_EQ(image_error(scratch.folder()), scratch.folder().string() + ": is a folder, not a file");
  EXPECT_EQ(image_error(scratch / "none"), (scratch / "none").string() + ": there is no such file");
  // Must not wait for somebody to write into it.
  ASSERT_EQ(mkfifo((scratch / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(image_error(scratch / "pipe"), (scratch / "pipe").string() + ": is not a regular file");
  std::filesystem::create_symlink(scratch / "circle", scratch / "circle");
  EXPECT_NE(image_error(scratch / "circle").find("cannot be opened"), std::string::npos);
  EXPECT_EQ(image_error(scratch.write("empty", {})),
            (scratch / "empty").string() + ": byte 0: 16 bytes expected, the file ends after 0");
}

}  // namespace
}  // namespace thalweg::test

#include "app/ui/fonts.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "app/ui/theme.hpp"

namespace thalweg::ui {
namespace {

namespace fs = std::filesystem;

/// What is written in formulas and labels; ImGui 1.86 draws only glyphs named beforehand.
// Every further glyph costs time at each change of scale, in five sizes.
// clang-format off
constexpr ImWchar kRanges[] = {
    0x0020, 0x007e, 0x00a0, 0x00ff, 0x0106, 0x010d, 0x0141, 0x0144, 0x015a, 0x0161,  // Latin, names
    0x0302, 0x0304, 0x0391, 0x03c9, 0x03d1, 0x03d1, 0x03d5, 0x03d5, 0x03f5, 0x03f5,  // hats and bars; Greek
    0x1d40, 0x1d40, 0x1d48, 0x1d48, 0x1d4f, 0x1d50, 0x1d57, 0x1d57, 0x1d62, 0x1d66, 0x2070, 0x209c,  // small
    0x2009, 0x2009, 0x2010, 0x2027, 0x202f, 0x2034, 0x2039, 0x203a, 0x2044, 0x2044,  // punctuation
    0x2102, 0x2102, 0x2115, 0x2115, 0x2119, 0x211d, 0x2190, 0x2195, 0x21a6, 0x21a6, 0x21d2, 0x21d4,
    0x2200, 0x2200, 0x2202, 0x220b, 0x220f, 0x221e, 0x2223, 0x222b, 0x223c, 0x223c, 0x2248, 0x2248,
    0x2260, 0x2265, 0x226a, 0x226b, 0x2295, 0x2299, 0x22a4, 0x22a5, 0x22c5, 0x22c5, 0x27e8, 0x27e9, 0};
// clang-format on
constexpr ImWchar kRaisedRanges[] = {0x0020, 0x007e, 0x00d7, 0x00d7, 0x2212, 0x2212, 0};
constexpr ImWchar kDigits[] = {'0', '9', 0};
/// What stands among digits gets a whole advance of its own, so that the digits after it stay sharp.
constexpr ImWchar kAmongDigits[] = {'+',    '.',    0x00b2, 0x00b3, 0x00b9, 0x00b9, 0x00d7, 0x00d7, 0x2009,
                                    0x2009, 0x2070, 0x2079, 0x207b, 0x207b, 0x2212, 0x2212, 0};

/// The width of every digit, in ems: numbers stand in columns. Inter's own tabular digits are not
/// reachable without font features.
constexpr float digit_advance(bool bold) { return bold ? 0.65f : 0.62f; }

enum class Weight { kRegular, kMedium, kSemiBold };

struct TypeSize {
  float points;
  Weight weight;
  const ImWchar* ranges;
};
constexpr TypeSize kSizes[kTypes] = {
    {8.0f, Weight::kRegular, kRaisedRanges}, {10.5f, Weight::kRegular, kRanges},
    {12.0f, Weight::kRegular, kRanges},      {13.0f, Weight::kRegular, kRanges},
    {13.0f, Weight::kMedium, kRanges},       {15.0f, Weight::kSemiBold, kRanges}};

/// A font file in memory, kept so that a change of scale reads no disk.
struct FontFile {
  std::vector<unsigned char> bytes;
  float line = 1.2f;  ///< ascent to descent, in ems: ImGui sizes fonts by this, people by the em
};

unsigned u16(const std::vector<unsigned char>& b, std::size_t at) {
  return at + 2 <= b.size() ? b[at] << 8 | b[at + 1] : 0u;
}
unsigned u32(const std::vector<unsigned char>& b, std::size_t at) {
  return u16(b, at) << 16 | u16(b, at + 2);
}
int s16(const std::vector<unsigned char>& b, std::size_t at) { return static_cast<std::int16_t>(u16(b, at)); }

/// Offset of a table of an OpenType or TrueType font, 0 if it has none.
std::size_t table_of(const std::vector<unsigned char>& b, unsigned tag) {
  const unsigned count = u16(b, 4);
  for (unsigned i = 0; i < count; ++i)
    if (u32(b, 12 + 16 * i) == tag) return u32(b, 12 + 16 * i + 8);
  return 0;
}

std::optional<FontFile> read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  FontFile file;
  file.bytes.assign(std::istreambuf_iterator<char>(in), {});
  const std::size_t head = table_of(file.bytes, 0x68656164u);
  const std::size_t hhea = table_of(file.bytes, 0x68686561u);
  const unsigned em = u16(file.bytes, head + 18);
  // stb_truetype aborts on some broken files; what has no sound head is not offered to it.
  if (head == 0 || hhea == 0 || em < 16 || table_of(file.bytes, 0x636d6170u) == 0) return std::nullopt;
  const int height = s16(file.bytes, hhea + 4) - s16(file.bytes, hhea + 6);
  if (height <= 0) return std::nullopt;
  file.line = static_cast<float>(height) / static_cast<float>(em);
  return file;
}

std::vector<fs::path> usual_folders() {
  return {"/usr/share/fonts/opentype/inter",
          "/usr/share/fonts/truetype/inter",
          "/usr/share/fonts/opentype/inter-fonts",
          "/usr/share/fonts/inter",
          "/usr/local/share/fonts",
          "/usr/share/fonts/truetype/dejavu",
          "/usr/share/fonts/dejavu"};
}

struct Fonts {
  std::vector<fs::path> folders = usual_folders();
  bool looked = false;
  std::optional<FontFile> regular;
  std::optional<FontFile> medium;
  std::optional<FontFile> strong;
  std::optional<FontFile> symbols;
  std::optional<FontFile> strong_symbols;
  ImFont* by_type[kTypes] = {};
  float scale = 0.0f;
  ImFontAtlas* atlas = nullptr;

  std::optional<FontFile> find(std::initializer_list<const char*> names) const {
    for (const char* name : names)
      for (const auto& folder : folders)
        if (auto file = read(folder / name)) return file;
    return std::nullopt;
  }

  void look() {
    regular = find({"Inter-Regular.otf", "Inter-Regular.ttf"});
    medium = find({"Inter-Medium.otf", "Inter-Medium.ttf", "Inter-SemiBold.otf", "Inter-SemiBold.ttf"});
    strong = find({"Inter-SemiBold.otf", "Inter-SemiBold.ttf", "Inter-Medium.otf", "Inter-Medium.ttf"});
    symbols = find({"DejaVuSans.ttf"});
    strong_symbols = find({"DejaVuSans-Bold.ttf"});
    if (!regular) {
      regular = symbols;
      medium = strong = strong_symbols;
    }
    if (!medium) medium = regular;
    if (!strong) strong = medium;
    if (!strong_symbols) strong_symbols = symbols;
    looked = true;
  }
};
Fonts g_fonts;

enum class Placing { kBetweenPixels, kWholePixels, kColumns };

ImFont* add(ImFontAtlas& atlas, FontFile& file, float em, bool bold, const ImWchar* ranges, bool merge,
            Placing placing) {
  ImFontConfig config;
  config.FontDataOwnedByAtlas = false;
  config.MergeMode = merge;
  // Whole-pixel advances look ragged below about 20 pixels, so small type is placed between pixels,
  // for which it is sampled finer. Digits have a whole advance and stay sharp.
  config.PixelSnapH = placing != Placing::kBetweenPixels;
  config.OversampleH = em < 40.0f && !config.PixelSnapH ? 2 : 1;
  config.OversampleV = 1;
  config.RasterizerMultiply = 1.0f;
  if (placing == Placing::kColumns)
    config.GlyphMinAdvanceX = config.GlyphMaxAdvanceX = std::round(digit_advance(bold) * em);
  return atlas.AddFontFromMemoryTTF(file.bytes.data(), static_cast<int>(file.bytes.size()), em * file.line,
                                    &config, ranges);
}

ImFont* add_type(ImFontAtlas& atlas, const TypeSize& size, float scale) {
  const float em = size.points * scale;
  if (!g_fonts.regular) {
    ImFontConfig config;
    config.SizePixels = std::max(8.0f, std::round(em));
    return atlas.AddFontDefault(&config);
  }
  FontFile& face = size.weight == Weight::kSemiBold ? *g_fonts.strong
                   : size.weight == Weight::kMedium ? *g_fonts.medium
                                                    : *g_fonts.regular;
  const bool bold = size.weight == Weight::kSemiBold;
  // First come wins in a merged font: the digits with their fixed width, then the rest.
  ImFont* out = add(atlas, face, em, bold, kDigits, false, Placing::kColumns);
  add(atlas, face, em, bold, kAmongDigits, true, Placing::kWholePixels);
  add(atlas, face, em, bold, size.ranges, true, Placing::kBetweenPixels);
  // There is no DejaVu between regular and bold; beside Inter Medium the regular one is closer.
  auto& symbols = size.weight == Weight::kSemiBold ? g_fonts.strong_symbols : g_fonts.symbols;
  if (symbols) add(atlas, *symbols, em, bold, size.ranges, true, Placing::kBetweenPixels);
  return out;
}

}  // namespace

bool build_fonts(float scale) {
  ImGuiIO& io = ImGui::GetIO();
  if (g_fonts.looked && g_fonts.scale == scale && g_fonts.atlas == io.Fonts && io.FontDefault) return false;
  if (!g_fonts.looked) g_fonts.look();
  ImFontAtlas& atlas = *io.Fonts;
  atlas.Clear();
  atlas.TexDesiredWidth = scale < 1.6f ? 1024 : 2048;
  for (int i = 0; i < kTypes; ++i) g_fonts.by_type[i] = add_type(atlas, kSizes[i], scale);
  io.FontDefault = g_fonts.by_type[static_cast<int>(Type::kNormal)];
  atlas.Build();
  g_fonts.scale = scale;
  g_fonts.atlas = &atlas;
  return true;
}

ImFont* font(Type type) {
  ImFont* out = g_fonts.by_type[static_cast<int>(type)];
  return out ? out : ImGui::GetFont();
}

float points_of(Type type) { return kSizes[static_cast<int>(type)].points; }
bool fonts_found() { return g_fonts.regular.has_value(); }

void set_font_folders(std::vector<fs::path> folders) {
  g_fonts = Fonts();
  if (!folders.empty()) g_fonts.folders = std::move(folders);
}

}  // namespace thalweg::ui

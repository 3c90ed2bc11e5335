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
constexpr ImWchar kRanges[] = {
    0x0020, 0x007e, 0x00a0, 0x017f,                                  // Latin, for names such as Łojasiewicz
    0x0300, 0x0308,                                                  // combining hat, tilde, bar
    0x0370, 0x03ff,                                                  // Greek
    0x1d40, 0x1d40, 0x1d62, 0x1d6a,                                  // ᵀ, subscript letters
    0x2009, 0x2009, 0x2010, 0x2027, 0x202f, 0x203a, 0x2070, 0x209f,  // punctuation, super- and subscripts
    0x2102, 0x2102, 0x210b, 0x2115, 0x211a, 0x211d, 0x2190, 0x2199, 0x21a6, 0x21a6,
    0x21d0, 0x21d4, 0x2200, 0x222b, 0x2236, 0x226b, 0x2295, 0x229b, 0x22a4, 0x22c5,  // mathematics
    0x2308, 0x230b, 0x25a0, 0x25a1, 0x25b2, 0x25cf, 0x27e8, 0x27e9, 0};
constexpr ImWchar kRaisedRanges[] = {0x0020, 0x007e, 0x00d7, 0x00d7, 0x2212, 0x2212, 0};
constexpr ImWchar kDigits[] = {'0', '9', 0};

/// The width of every digit, in ems: numbers stand in columns. Inter's own tabular digits are not
/// reachable without font features.
constexpr float kDigitAdvance = 0.62f;

struct TypeSize {
  float points;
  bool strong;
  const ImWchar* ranges;
};
constexpr TypeSize kSizes[kTypes] = {{8.0f, false, kRaisedRanges}, {10.5f, false, kRanges},
                                     {12.0f, false, kRanges},      {13.0f, false, kRanges},
                                     {13.0f, true, kRanges},       {15.0f, true, kRanges}};

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
    strong = find({"Inter-SemiBold.otf", "Inter-SemiBold.ttf", "Inter-Medium.otf", "Inter-Medium.ttf"});
    symbols = find({"DejaVuSans.ttf"});
    strong_symbols = find({"DejaVuSans-Bold.ttf"});
    if (!regular) {
      regular = symbols;
      strong = strong_symbols;
    }
    if (!strong) strong = regular;
    if (!strong_symbols) strong_symbols = symbols;
    looked = true;
  }
};
Fonts g_fonts;

ImFont* add(ImFontAtlas& atlas, FontFile& file, float em, const ImWchar* ranges, bool merge, bool digits) {
  ImFontConfig config;
  config.FontDataOwnedByAtlas = false;
  config.MergeMode = merge;
  // Whole-pixel advances look ragged below about 20 pixels, so small type is placed between pixels,
  // for which it is sampled finer. Digits have a whole advance and stay sharp.
  config.PixelSnapH = digits;
  config.OversampleH = em < 40.0f && !digits ? 2 : 1;
  config.OversampleV = 1;
  config.RasterizerMultiply = 1.0f;
  if (digits) config.GlyphMinAdvanceX = config.GlyphMaxAdvanceX = std::round(kDigitAdvance * em);
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
  FontFile& face = size.strong ? *g_fonts.strong : *g_fonts.regular;
  // First come wins in a merged font: the digits with their fixed width, then the rest.
  ImFont* out = add(atlas, face, em, kDigits, false, true);
  add(atlas, face, em, size.ranges, true, false);
  auto& symbols = size.strong ? g_fonts.strong_symbols : g_fonts.symbols;
  if (symbols) add(atlas, *symbols, em, size.ranges, true, false);
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
  const ImFontAtlas* atlas = g_fonts.atlas;
  g_fonts = Fonts();
  if (!folders.empty()) g_fonts.folders = std::move(folders);
  (void)atlas;
}

}  // namespace thalweg::ui

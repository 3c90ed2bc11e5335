#include "app/ui/stroke.hpp"

#include <algorithm>
#include <cmath>

namespace thalweg::ui {
namespace {

constexpr std::size_t kMostPoints = 4000;
constexpr std::size_t kMostSlices = 2000;
/// Cosine of the sharpest turn that ImGui's joints bear.
constexpr float kSharpest = -0.2f;

bool turns_back(ImVec2 a, ImVec2 b, ImVec2 c) {
  const ImVec2 u(b.x - a.x, b.y - a.y);
  const ImVec2 v(c.x - b.x, c.y - b.y);
  return u.x * v.x + u.y * v.y < kSharpest * std::sqrt((u.x * u.x + u.y * u.y) * (v.x * v.x + v.y * v.y));
}

}  // namespace

void stroke(ImDrawList* list, std::span<const ImVec2> points, Colour colour, float width) {
  std::size_t begin = 0;
  const auto flush = [&](std::size_t end) {  // points [begin, end)
    if (end - begin >= 2)
      list->AddPolyline(points.data() + begin, static_cast<int>(end - begin), colour, 0, width);
  };
  for (std::size_t i = 1; i + 1 < points.size(); ++i) {
    if (turns_back(points[i - 1], points[i], points[i + 1]) || i - begin >= kMostPoints) {
      flush(i + 1);
      begin = i;
    }
  }
  flush(points.size());
}

void band(ImDrawList* list, std::span<const Slice> slices, Colour colour, float width) {
  if (slices.size() > kMostSlices) {
    band(list, slices.first(kMostSlices), colour, width);
    return band(list, slices.subspan(kMostSlices - 1), colour, width);
  }
  const std::size_t count = slices.size();
  if (count < 2) return;
  const ImVec2 uv = ImGui::GetFontTexUvWhitePixel();
  const Colour clear = colour & ~IM_COL32_A_MASK;
  list->PrimReserve(static_cast<int>(count - 1) * 18, static_cast<int>(count) * 4);
  const auto first = list->_VtxCurrentIdx;
  for (std::size_t i = 0; i < count; ++i) {
    // A steep line needs a taller slice to be as wide as a level one.
    const Slice& a = slices[i > 0 ? i - 1 : i];
    const Slice& b = slices[i + 1 < count ? i + 1 : i];
    const float run = std::max(b.x - a.x, 1e-3f);
    const float slope = 0.5f * ((b.top + b.bottom) - (a.top + a.bottom)) / run;
    const float stretch = std::min(std::sqrt(1.0f + slope * slope), 3.0f);
    const float half = 0.5f * width * stretch;
    const float edge = 0.5f * stretch;
    const float top = slices[i].top - half;
    const float bottom = slices[i].bottom + half;
    list->PrimWriteVtx(ImVec2(slices[i].x, top - edge), uv, clear);
    list->PrimWriteVtx(ImVec2(slices[i].x, top + edge), uv, colour);
    list->PrimWriteVtx(ImVec2(slices[i].x, bottom - edge), uv, colour);
    list->PrimWriteVtx(ImVec2(slices[i].x, bottom + edge), uv, clear);
  }
  for (std::size_t i = 0; i + 1 < count; ++i) {
    const auto at = first + static_cast<unsigned>(i) * 4;
    for (unsigned strip = 0; strip < 3; ++strip)
      for (const unsigned corner : {0u, 1u, 5u, 0u, 5u, 4u})
        list->PrimWriteIdx(static_cast<ImDrawIdx>(at + strip + corner));
  }
}

void dashed(ImDrawList* list, ImVec2 a, ImVec2 b, Colour colour, float width, float dash) {
  const float length = std::hypot(b.x - a.x, b.y - a.y);
  if (!(length > 0.0f) || !(dash > 0.0f) || length / dash > 4000.0f) return;
  const ImVec2 way((b.x - a.x) / length, (b.y - a.y) / length);
  for (float t = 0.0f; t < length; t += 2.0f * dash) {
    const float end = std::min(t + dash, length);
    list->AddLine(ImVec2(a.x + way.x * t, a.y + way.y * t), ImVec2(a.x + way.x * end, a.y + way.y * end),
                  colour, width);
  }
}

}  // namespace thalweg::ui

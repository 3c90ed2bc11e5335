#include "app/export/raster.hpp"

#include <dlfcn.h>
#include <librsvg/rsvg.h>

#include <cmath>
#include <memory>
#include <optional>

#ifdef __SANITIZE_ADDRESS__
// Fontconfig and Pango keep fonts for the next picture, where the leak checker does not find them; partly
// from a thread of their own. The checker is another library: to be found by it, the function must be visible.
extern "C" __attribute__((visibility("default"))) const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig\nleak:libpango\n"; }
#endif

namespace thalweg {
namespace {

constexpr double kLongestSide = 16384.0;

/// What is used of librsvg and of the libraries that come with it, with their own types.
struct Rsvg {
  decltype(&rsvg_handle_new_from_data) new_from_data;
  decltype(&rsvg_handle_get_intrinsic_size_in_pixels) size_in_pixels;
  decltype(&rsvg_handle_render_document) render_document;
  decltype(&g_object_unref) object_unref;
  decltype(&g_error_free) error_free;
  decltype(&cairo_image_surface_create) surface_create;
  decltype(&cairo_surface_status) surface_status;
  decltype(&cairo_surface_destroy) surface_destroy;
  decltype(&cairo_surface_write_to_png_stream) write_png;
  decltype(&cairo_create) create;
  decltype(&cairo_destroy) destroy;
  decltype(&cairo_status_to_string) status_text;
};

template <class Function>
bool find(void* library, const char* name, Function& out) {
  out = reinterpret_cast<Function>(dlsym(library, name));
  return out != nullptr;
}

Result<Rsvg> load() {
  // Stays for good: GLib can't be unloaded. Names of what it depends on are found through it.
  void* library = dlopen("librsvg-2.so.2", RTLD_NOW | RTLD_LOCAL);
  Rsvg out{};
  if (library && find(library, "rsvg_handle_new_from_data", out.new_from_data) &&
      find(library, "rsvg_handle_get_intrinsic_size_in_pixels", out.size_in_pixels) &&
      find(library, "rsvg_handle_render_document", out.render_document) &&
      find(library, "g_object_unref", out.object_unref) && find(library, "g_error_free", out.error_free) &&
      find(library, "cairo_image_surface_create", out.surface_create) &&
      find(library, "cairo_surface_status", out.surface_status) &&
      find(library, "cairo_surface_destroy", out.surface_destroy) &&
      find(library, "cairo_surface_write_to_png_stream", out.write_png) &&
      find(library, "cairo_create", out.create) && find(library, "cairo_destroy", out.destroy) &&
      find(library, "cairo_status_to_string", out.status_text))
    return out;
  return Error{ErrorCode::kUnsupported, "needs librsvg (package librsvg2-2); SVG and CSV work without it",
               "PNG"};
}

Error failed(const std::string& why) {
  return {ErrorCode::kInternal, "the picture can't be drawn: " + why, "PNG"};
}

cairo_status_t append(void* closure, const unsigned char* data, unsigned length) {
  static_cast<std::string*>(closure)->append(reinterpret_cast<const char*>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

Result<std::string> png_of_svg(const std::string& svg, double scale) {
  static const Result<Rsvg> loaded = load();
  if (!loaded) return loaded.error();
  const Rsvg& api = *loaded;
  if (!(scale >= 1.0 && scale <= 8.0)) return bad_input("the scale must be from 1 to 8", "PNG");

  GError* problem = nullptr;
  const auto message = [&] {
    const std::string text = problem ? problem->message : "unknown";
    if (problem) api.error_free(problem);
    return text;
  };
  const std::unique_ptr<RsvgHandle, void (*)(void*)> handle(
      api.new_from_data(reinterpret_cast<const guint8*>(svg.data()), svg.size(), &problem), api.object_unref);
  if (!handle) return failed(message());
  double width = 0.0, height = 0.0;
  if (!api.size_in_pixels(handle.get(), &width, &height)) return failed("it has no size");
  width = std::round(width * scale);
  height = std::round(height * scale);
  if (!(width >= 1.0 && height >= 1.0 && width <= kLongestSide && height <= kLongestSide))
    return bad_input("a picture has at most 16384 pixels along each side", "PNG");

  const std::unique_ptr<cairo_surface_t, void (*)(cairo_surface_t*)> surface(
      api.surface_create(CAIRO_FORMAT_ARGB32, static_cast<int>(width), static_cast<int>(height)),
      api.surface_destroy);
  if (const auto status = api.surface_status(surface.get()); status != CAIRO_STATUS_SUCCESS)
    return failed(api.status_text(status));
  {
    const std::unique_ptr<cairo_t, void (*)(cairo_t*)> context(api.create(surface.get()), api.destroy);
    const RsvgRectangle viewport{0.0, 0.0, width, height};
    if (!api.render_document(handle.get(), context.get(), &viewport, &problem)) return failed(message());
  }
  std::string png;
  if (const auto status = api.write_png(surface.get(), append, &png); status != CAIRO_STATUS_SUCCESS)
    return failed(api.status_text(status));
  return png;
}

}  // namespace thalweg

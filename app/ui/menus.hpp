// What stands in an open popup: items with a name, items with a line about them, colours.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace thalweg::ui {

struct MenuItem {
  bool enabled = true;
  bool on = false;  ///< drawn as chosen
};

/// A name; what it does is its tooltip. True when it was clicked, which closes the popup. Mark: `id`.
bool menu_item(const std::string& id, std::string_view label, std::string_view tooltip,
               const MenuItem& how = {});

/// A popup of described_item(), wide enough for a line of theirs. As begin_popup().
bool begin_menu(const char* id);
/// A name and a line about it, which is the tooltip, too, where it is cut. Mark: `id`.
bool described_item(const std::string& id, std::string_view label, std::string_view summary,
                    bool enabled = true);

/// The popup `id` of path colours, where it is open: the one that was clicked. Marks: "colour.<index>".
std::optional<int> palette_popup(const char* id);

}  // namespace thalweg::ui

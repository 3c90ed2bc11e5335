// Menus of settings, results and columns, with a search: there may be hundreds.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

struct MenuKey {
  std::string value;
  std::string label;
  std::string note;
};

/// One line of a popup. True when clicked.
bool menu_item(std::string_view id, std::string_view label, std::string_view note, bool on);

/// A search and what fits it, in a popup; the value that was clicked. Items are marked "<id>.<value>".
std::optional<std::string> key_search(std::string_view id, std::string& search,
                                      const std::vector<MenuKey>& keys, const std::string& current);

}  // namespace thalweg

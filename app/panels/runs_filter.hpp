// Filters as texts that are being typed: terms put in and taken out by a click, names completed. What they
// mean is up to core/store/filter.hpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

/// Whether `term` ("star=1") stands in the filter by itself: joined with the rest by and.
bool has_term(const std::string& filter, const std::string& term);
/// Puts it there, or takes it out, and leaves the rest as it was written.
std::string with_term(const std::string& filter, const std::string& term, bool on);

/// What may stand at the cursor instead of [begin, end), the word that it touches.
struct Completion {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::vector<std::string> words;
};

/// Names that begin with what is typed, or values after `outcome=` and the like; at most `most`.
/// @param cursor  byte in `filter`
/// @param keys    settings and results that there are
Completion complete(const std::string& filter, std::size_t cursor, const std::vector<std::string>& keys,
                    std::size_t most);

/// `word` as the filter's language wants it: in quotes where it has spaces or signs.
std::string quoted(const std::string& word);

}  // namespace thalweg

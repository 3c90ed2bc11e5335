// Text in files: made safe for XML, and measured without a font, so that it can be placed before
// anybody draws it.
#pragma once

#include <string>
#include <string_view>

namespace thalweg {

/// One line that any reader of XML 1.0 and any terminal takes: broken UTF-8 becomes U+FFFD, control
/// characters, line ends and what Unicode reserves become spaces. Not escaped yet.
std::string printable(std::string_view text);

/// For the text and the attributes of XML: & < > " ' as entities, of what printable() leaves.
std::string xml_escaped(std::string_view text);

/// Width in ems, as Inter sets it (regular; a little more for other fonts is up to the caller).
/// Characters beyond Latin are estimated: ideographs one em, marks that combine none.
double text_ems(std::string_view text);

/// The longest beginning that is at most `ems` wide, with "…"; or all of it.
std::string elided_to(std::string_view text, double ems);

}  // namespace thalweg

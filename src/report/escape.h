// Foreign text inside markup that somebody's browser, terminal or spreadsheet will interpret. What
// goes in may be any bytes; what comes out is one line of valid UTF-8 without control characters
// and bidirectional overrides (see printable()), cut with "…" at about `most` bytes.

#pragma once

#include <string>
#include <string_view>

namespace fathom {

inline constexpr std::size_t kMostShown = 200;

// Text or attribute value of an XML 1.0 document.
std::string xml_text(std::string_view text, std::size_t most = kMostShown);

// One field of a CSV file, quoted. A field that a spreadsheet would take for a formula gets an
// apostrophe in front: https://owasp.org/www-community/attacks/CSV_Injection.
std::string csv_field(std::string_view text, std::size_t most = kMostShown);

// A code span of GitHub's and GitLab's Markdown, also inside a table: nothing in it is a link, a
// mention, an image, HTML or the end of the cell. Empty for an empty text.
std::string markdown_code(std::string_view text, std::size_t most = kMostShown);

// A phrase of our own words as it is; anything with a character that Markdown could make something
// of as a code span. For texts that are ours unless somebody made the report up.
std::string markdown_phrase(std::string_view text, std::size_t most = kMostShown);

// The text of a SARIF message, in which brackets are links and braces placeholders:
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/ §3.11.5 and §3.11.6.
std::string sarif_text(std::string_view text, std::size_t most = kMostShown);

// A relative URI reference made of a path: everything but unreserved characters and slashes is
// percent-encoded, bytes that are no UTF-8 too. Not cut.
std::string uri_path(std::string_view path);

}  // namespace fathom

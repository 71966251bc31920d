#include "signature/row.h"

#include "base/text.h"

namespace fathom::signature {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The next run of digits or of letters; empty at the end.
std::string_view next_part(std::string_view& rest) {
  while (!rest.empty() && !is_digit(rest[0]) && !is_letter(rest[0])) rest.remove_prefix(1);
  if (rest.empty()) return {};
  bool digits = is_digit(rest[0]);
  std::size_t end = 1;
  while (end < rest.size() && (digits ? is_digit(rest[end]) : is_letter(rest[end]))) ++end;
  std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end);
  return part;
}

int sign(int order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

int compare_parts(std::string_view a, std::string_view b) {
  bool numbers = !a.empty() && !b.empty() && is_digit(a[0]) && is_digit(b[0]);
  if (!numbers) return sign(a.compare(b));  // "" < digits < letters, as bytes
  while (a.size() > 1 && a[0] == '0') a.remove_prefix(1);
  while (b.size() > 1 && b[0] == '0') b.remove_prefix(1);
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return sign(a.compare(b));
}

std::uint64_t major_of(std::string_view version) {
  return parse_unsigned(version.substr(0, version.find('.'))).value_or(0);
}

// Most of a file's constants are no version at all; this says so without making a text.
bool is_major_between(const VersionConstant& constant, std::uint64_t major) {
  return major_of(constant.min) <= major && major <= major_of(constant.max);
}

}  // namespace

int compare_releases(std::string_view a, std::string_view b) {
  while (true) {
    std::string_view left = next_part(a), right = next_part(b);
    if (left.empty() && right.empty()) return 0;
    // "1.2" and "1.2.0" are one release.
    if (left.empty() && right.find_first_not_of('0') == right.npos) continue;
    if (right.empty() && left.find_first_not_of('0') == left.npos) continue;
    if (int order = compare_parts(left, right); order != 0) return order;
  }
}

std::optional<std::string> decode(const VersionConstant& constant, std::uint64_t value) {
  if (constant.units.empty() || !is_major_between(constant, value / constant.units[0]))
    return std::nullopt;
  std::string version;
  std::uint64_t rest = value;
  for (std::uint64_t unit : constant.units) {
    if (!version.empty()) version += '.';
    version += std::to_string(rest / unit);
    rest %= unit;
  }
  if (constant.letter_unit != 0) {
    std::uint64_t letter = rest / constant.letter_unit;
    if (letter > 26) return std::nullopt;
    if (letter > 0) version += static_cast<char>('a' + letter - 1);
    rest %= constant.letter_unit;
  }
  if (rest != constant.rest) return std::nullopt;
  if (compare_releases(version, constant.min) < 0) return std::nullopt;
  if (compare_releases(version, constant.max) > 0) return std::nullopt;
  return version;
}

}  // namespace fathom::signature

#include "fetch/checksums.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/text.h"

namespace fathom::fetch {
namespace {

constexpr std::size_t kDigits = 64;

bool is_sha256(std::string_view text) {
  return text.size() == kDigits && text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

bool stays_inside(std::string_view name) {
  if (name.empty() || name.size() > 4096 || name.starts_with('/') || !is_utf8(name)) return false;
  if (name.find_first_of("\\?#%\n") != name.npos) return false;
  for (std::string_view part : split(name, '/'))
    if (part.empty() || part == ".." || part == ".") return false;
  return std::ranges::none_of(name, [](char c) { return c >= 0 && c < ' '; });
}

std::optional<Checksum> parse_line(std::string_view line) {
  constexpr std::string_view kBsd = "SHA256 (", kMiddle = ") = ";
  if (line.starts_with(kBsd)) {
    const std::size_t middle = line.rfind(kMiddle);
    if (middle == line.npos || middle < kBsd.size()) return std::nullopt;
    return Checksum{to_lower(line.substr(middle + kMiddle.size())),
                    std::string(line.substr(kBsd.size(), middle - kBsd.size()))};
  }
  if (line.size() == kDigits) return Checksum{to_lower(line), {}};
  if (line.size() < kDigits + 3 || line[kDigits] != ' ') return std::nullopt;
  if (line[kDigits + 1] != ' ' && line[kDigits + 1] != '*') return std::nullopt;
  std::string_view name = line.substr(kDigits + 2);
  if (name.starts_with("./")) name.remove_prefix(2);
  return Checksum{to_lower(line.substr(0, kDigits)), std::string(name)};
}

}  // namespace

Result<std::vector<Checksum>> parse_checksums(std::string_view text) {
  std::vector<Checksum> out;
  std::set<std::string> names;
  std::size_t number = 0;
  for (std::string_view line : lines_of(text)) {
    ++number;
    if (trim(line).empty()) continue;
    std::optional<Checksum> checksum = parse_line(line);
    const std::string place = "line " + std::to_string(number) + ": ";
    if (!checksum || !is_sha256(checksum->hex))
      return Error{ErrorCode::malformed, place + "no SHA-256 checksum with a name"};
    if (!checksum->name.empty() && !stays_inside(checksum->name))
      return Error{ErrorCode::malformed, place + "a name that leads elsewhere"};
    if (!names.insert(checksum->name).second)
      return Error{ErrorCode::malformed, place + "the same name twice"};
    out.push_back(std::move(*checksum));
  }
  if (out.empty()) return Error{ErrorCode::malformed, "no checksum in it"};
  return out;
}

}  // namespace fathom::fetch

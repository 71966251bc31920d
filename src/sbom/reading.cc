#include "sbom/reading.h"

#include <algorithm>

#include "base/text.h"

namespace fathom::sbom {

bool Draft::add(SbomEntry entry) {
  if (document_.entries.size() >= limits_.sbom_entries) {
    if (!is_full_) problem("more entries than the limit");
    is_full_ = true;
    return false;
  }
  if (entry.name.empty() && entry.purl.empty() && entry.files.empty()) {
    problem(text_of(entry.place) + ": has neither a name nor a package URL");
    return true;
  }
  document_.entries.push_back(std::move(entry));
  return true;
}

void Draft::problem(std::string what) {
  if (document_.problems.size() < limits_.problems)
    document_.problems.push_back(std::move(what));
  else
    ++document_.problems_not_kept;
}

void keep(std::vector<std::string>& list, std::string_view text, const Limits& limits) {
  if (text.empty() || list.size() >= limits.sbom_texts) return;
  std::string kept = kept_text(text, limits);
  if (std::ranges::find(list, kept) == list.end()) list.push_back(std::move(kept));
}

std::string kept_text(std::string_view text, const Limits& limits) {
  text = text.substr(0, limits.text_bytes);
  return is_utf8(text) ? std::string(text) : utf8_or_escaped(text);
}

std::string digest_text(std::string_view algorithm, std::string_view hex) {
  std::string name = to_lower(algorithm);
  std::erase(name, '-');
  std::string digits = to_lower(hex);
  const std::size_t wanted = name == "sha512"   ? 128
                             : name == "sha256" ? 64
                             : name == "sha1"   ? 40
                             : name == "md5"    ? 32
                                                : 0;
  if (wanted == 0 || digits.size() != wanted ||
      digits.find_first_not_of("0123456789abcdef") != digits.npos)
    return {};
  return name + ":" + digits;
}

std::string path_text(std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  while (path.starts_with('/')) path.remove_prefix(1);
  return std::string(path);
}

Place at_pointer(std::string pointer) { return {Place::Kind::pointer, 0, std::move(pointer)}; }

}  // namespace fathom::sbom

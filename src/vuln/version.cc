#include "vuln/version.h"

#include <array>

#include "vuln/orderings.h"

namespace fathom::vuln {
namespace {

struct SchemeRow {
  std::string_view name;
  Order (*compare)(std::string_view, std::string_view);
};

// In the order of the enumerators.
constexpr std::array<SchemeRow, kSchemeCount> kSchemes = {{
    {"dpkg", compare_dpkg},
    {"apk", compare_apk},
    {"semver", compare_semver},
    {"openssl", compare_openssl},
    {"dotted", compare_dotted},
    {"pep440", compare_pep440},
    {"gem", compare_gem},
    {"rpm", compare_rpm},
    {"maven", compare_maven},
}};

constexpr std::size_t kMostBytes = 1024;

}  // namespace

std::string_view name_of(Scheme scheme) { return kSchemes[static_cast<std::size_t>(scheme)].name; }

std::optional<Scheme> parse_scheme(std::string_view name) {
  for (std::size_t i = 0; i < kSchemes.size(); ++i)
    if (kSchemes[i].name == name) return static_cast<Scheme>(i);
  return std::nullopt;
}

std::optional<std::strong_ordering> compare(Scheme scheme, std::string_view a, std::string_view b) {
  if (a.size() > kMostBytes || b.size() > kMostBytes) return std::nullopt;
  return kSchemes[static_cast<std::size_t>(scheme)].compare(a, b);
}

bool is_version(Scheme scheme, std::string_view text) {
  return compare(scheme, text, text).has_value();
}

}  // namespace fathom::vuln

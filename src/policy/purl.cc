#include "policy/purl.h"

#include <algorithm>

namespace fathom::policy {

bool matches(const Purl& wanted, const Purl& actual) {
  if (wanted.type != actual.type || wanted.full_name() != actual.full_name()) return false;
  if (!wanted.version.empty() && wanted.version != actual.version) return false;
  if (!wanted.subpath.empty() && wanted.subpath != actual.subpath) return false;
  return std::ranges::all_of(wanted.qualifiers, [&](const auto& pair) {
    return actual.qualifier(pair.first) == pair.second;
  });
}

std::string without_version(const Purl& purl) {
  return "pkg:" + purl.type + "/" + purl.full_name() +
         (purl.subpath.empty() ? "" : "#" + purl.subpath);
}

}  // namespace fathom::policy

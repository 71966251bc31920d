// When one package URL means another.

#pragma once

#include <string>
#include <string_view>

#include "model/purl.h"

namespace fathom::policy {

inline bool is_purl(std::string_view text) { return text.starts_with("pkg:"); }

// Whether `wanted` names `actual`: same type, namespace and name; version, qualifiers and subpath
// of `wanted`, when it has them, are those of `actual`.
bool matches(const Purl& wanted, const Purl& actual);

// Type, name and subpath: the same for every version and build.
std::string without_version(const Purl& purl);

}  // namespace fathom::policy

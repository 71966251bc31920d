// What a match of compiled code says in the report's words. Private to this room.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/component.h"
#include "signature/object_match.h"

namespace fathom::signature {

// The library's releases that the best builds are of, ascending, each once; none when the code is
// of no known build.
std::vector<std::string> releases_of(const ObjectMatch& match, const ObjectLibrary& library);

// The largest functions that are there, and what does not fit.
std::vector<Evidence> evidence_of(const ObjectMatch& match, const ObjectLibrary& library);

// The package URL that the user gave for the build; empty when there is none, or not one.
std::string own_purl_of(const ObjectMatch& match, const ObjectLibrary& library);

// The package that the code comes from, at its revision: advisories of the distribution speak of
// that. None when the code is of no known build.
std::optional<Component> package_of(const ObjectMatch& match, const ObjectLibrary& library);

}  // namespace fathom::signature

// How others write the names and versions of what fathom recognises.

#pragma once

#include <string>
#include <string_view>

#include "model/sbom.h"

namespace fathom::sbom {

// What a claim is about, in fathom's words.
struct Claimed {
  std::string ecosystem;  // "deb", "Go", "C"; empty: of no kind that fathom knows
  std::string purl_type;  // or empty
  std::string name;       // as the ecosystem names it
  std::string version;
  std::string product;  // of the CPE, or empty
};
Claimed claimed_of(const SbomEntry& entry);

// "go1.21.3", "v1.21.3" → "1.21.3"; empty for words that are no version ("UNKNOWN", "(devel)").
std::string plain_version(std::string_view ecosystem, std::string_view version);

std::string upstream_release(std::string_view purl_type, std::string_view version);

}  // namespace fathom::sbom

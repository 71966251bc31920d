// Bills of materials that others wrote, and what became of their claims when they were held against
// the bytes. An SBOM is what somebody says: nothing in it is evidence of code.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/evidence.h"

namespace fathom {

// One component as a document names it. Texts are as they stand there.
struct SbomEntry {
  std::string name, version;
  std::string type;  // "library", "application", "file", "operating-system"; or empty
  std::string purl, cpe;
  std::vector<std::string> licenses;
  std::vector<std::string> digests;  // "sha256:…", "sha1:…", "md5:…"
  std::vector<std::string> files;    // where the document says that it is
  Place place;                       // in the document

  bool is_file() const { return type == "file"; }
  auto operator<=>(const SbomEntry&) const = default;
};

struct SbomDocument {
  std::string form;     // "CycloneDX 1.5 JSON", "SPDX 2.3 tag-value", "Syft JSON 16.0.24"
  std::string tool;     // "syft 1.18.1", or empty
  std::string subject;  // what it says that it is of
  std::vector<SbomEntry> entries;
  std::vector<std::string> problems;  // each names its place
  std::uint64_t problems_not_kept = 0;

  auto operator<=>(const SbomDocument&) const = default;
};

enum class ClaimState {
  confirmed,        // found in the bytes, in this version
  other_version,    // found in another version
  version_unknown,  // found, and the bytes do not tell the version
  other_digest,     // the file is there with another content
  not_found,        // would have been recognised, and is not there
  not_checked,      // nothing that fathom can recognise
};
std::string_view name_of(ClaimState state);  // "other_version"

struct ClaimRow {
  SbomEntry entry;
  ClaimState state = ClaimState::not_checked;
  std::string component;           // Component::id that it was held against, or empty
  std::string why;                 // one sentence
  std::vector<Evidence> evidence;  // what was seen in the bytes; empty where nothing was
};

// One document, held against what is in its scope.
struct SbomRow {
  std::string origin;  // "given", "file", "program", "attached"
  std::string file;    // path in the image, name of the document, or what it is attached to
  std::string digest;
  std::int64_t layer = -1;
  std::string form, tool, subject;
  std::string scope;                   // folder or file in the image; empty: the image
  std::vector<ClaimRow> claims;        // in the order of the document
  std::vector<std::string> unclaimed;  // Component::id of what is there and not in the document
  std::uint64_t found = 0;             // components in the scope, each name and version once
  std::uint64_t executable_bytes = 0, explained_bytes = 0;  // in the scope; of claimed components
};

// How many claims about components (files = false) or about files are in a state.
std::uint64_t count_of(const SbomRow& row, ClaimState state, bool files = false);

// Of the claims that could be decided, how many are true; of the components in the scope, how many
// are claimed. In ten thousandths; −1 when there is nothing to divide by.
std::int64_t precision_of(const SbomRow& row);
std::int64_t recall_of(const SbomRow& row);

}  // namespace fathom

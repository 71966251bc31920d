// What the readers of the forms share.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "json/value.h"
#include "model/sbom.h"

namespace fathom::sbom {

// A document while it is read: entries and problems within their limits.
class Draft {
 public:
  Draft(SbomDocument& document, const Limits& limits) : document_(document), limits_(limits) {}

  // False when no more entries are kept; the first that is not is a problem.
  bool add(SbomEntry entry);
  void problem(std::string what);
  const Limits& limits() const { return limits_; }
  SbomDocument& document() { return document_; }

 private:
  SbomDocument& document_;
  const Limits& limits_;
  bool is_full_ = false;
};

// Adds a text to a list unless it is empty, there already, or too much.
void keep(std::vector<std::string>& list, std::string_view text, const Limits& limits);

// A text as it is kept: valid UTF-8, of bounded length.
std::string kept_text(std::string_view text, const Limits& limits);

// "SHA-256", "SHA256", "sha256" and hex → "sha256:…"; empty for other algorithms and texts.
std::string digest_text(std::string_view algorithm, std::string_view hex);

// "./usr/bin/app", "/usr/bin/app" → "usr/bin/app".
std::string path_text(std::string_view path);

Place at_pointer(std::string pointer);

// The readers. Each is given a document of its form.
Result<SbomDocument> read_cyclonedx(const json::Value& document, const Limits& limits);
Result<SbomDocument> read_cyclonedx_xml(std::string_view text, const Limits& limits);
Result<SbomDocument> read_spdx(const json::Value& document, const Limits& limits);
Result<SbomDocument> read_spdx3(const json::Value& document, const Limits& limits);
Result<SbomDocument> read_tag_value(std::string_view text, const Limits& limits);
Result<SbomDocument> read_syft(const json::Value& document, const Limits& limits);

}  // namespace fathom::sbom

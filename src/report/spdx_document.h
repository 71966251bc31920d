// An SPDX document as plain values, for the writers of its forms.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/report.h"
#include "report/reporter.h"

namespace fathom::spdx {

// In the order in which 3.0 and 2.3 differ least.
enum class Purpose { container, file, library, application, operating_system };
std::string_view name_of(Purpose purpose);  // as 2.3 has it in JSON: "OPERATING_SYSTEM"

struct Package {
  std::string id;  // "SPDXRef-c1", "SPDXRef-file-1", "SPDXRef-image"
  std::string name, version, file_name;
  Purpose purpose = Purpose::library;
  std::string license;         // expression of listed identifiers and LicenseRefs, or NOASSERTION
  bool is_concluded = false;   // the licence is what a table says of the library, not the package
  std::string sha256, sha512;  // hex, or empty
  std::string purl, cpe;       // valid locators, or empty
  std::string source_info;     // how it was recognised
};

struct Relationship {
  std::string from, type, to;  // "CONTAINS", "DESCRIBES"
};

struct Document {
  std::string name, name_space, created, comment;
  std::vector<Package> packages;                           // the image first
  std::vector<std::pair<std::string, std::string>> texts;  // LicenseRef and its words
  std::vector<Relationship> relationships;
  bool is_incomplete = false;
};

// The namespace is derived from the content, so that the same report gives the same document.
Document document_of(const Report& report, const ReportOptions& options);

inline constexpr std::string_view kCreator = "fathom-" FATHOM_VERSION;

}  // namespace fathom::spdx

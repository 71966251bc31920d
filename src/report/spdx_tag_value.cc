// SPDX 2.3 as tag-value (https://spdx.github.io/spdx-spec/v2.3/conformance/). A value is a line, or
// stands between <text> and </text>; foreign words can end neither.

#include <algorithm>

#include "base/text.h"
#include "report/formats.h"
#include "report/spdx_document.h"

namespace fathom {
namespace {

// Here with a dash: "OPERATING-SYSTEM".
std::string word_for(spdx::Purpose purpose) {
  std::string word(spdx::name_of(purpose));
  std::ranges::replace(word, '_', '-');
  return word;
}

class TagValue {
 public:
  void line(std::string_view tag, std::string_view value) {
    if (value.empty()) return;
    out_ += tag;
    out_ += ": ";
    out_ += printable(value, value.size() * kMostGrowth);
    out_ += '\n';
  }

  void text(std::string_view tag, std::string_view value) {
    constexpr std::string_view kEnd = "</text>";
    if (value.empty()) return;
    std::string safe;
    for (const std::string_view one : lines_of(value)) {
      if (!safe.empty()) safe += '\n';
      safe += printable(one, one.size() * kMostGrowth);
    }
    for (std::size_t at = 0; (at = safe.find(kEnd, at)) != safe.npos; at += kEnd.size() + 1)
      safe.insert(at + 1, " ");
    out_ += tag;
    out_ += ": <text>" + safe + "</text>\n";
  }

  void heading(std::string_view words) { out_ += "\n##### " + printable(words) + "\n\n"; }
  std::string take() { return std::move(out_); }

 private:
  // One byte is printed as at most so many.
  static constexpr std::size_t kMostGrowth = 12;
  std::string out_;
};

void write_package(TagValue& out, const spdx::Package& package) {
  out.heading("Package: " + package.name);
  out.line("PackageName", package.name);
  out.line("SPDXID", package.id);
  out.line("PackageVersion", package.version);
  out.line("PackageFileName", package.file_name);
  out.line("PackageSupplier", "NOASSERTION");
  out.line("PackageDownloadLocation", "NOASSERTION");
  out.line("FilesAnalyzed", "false");
  if (!package.sha256.empty()) out.line("PackageChecksum", "SHA256: " + package.sha256);
  if (!package.sha512.empty()) out.line("PackageChecksum", "SHA512: " + package.sha512);
  out.text("PackageSourceInfo", package.source_info);
  out.line("PackageLicenseConcluded", package.is_concluded ? package.license : "NOASSERTION");
  out.line("PackageLicenseDeclared", package.is_concluded ? "NOASSERTION" : package.license);
  out.line("PackageCopyrightText", "NOASSERTION");
  if (!package.cpe.empty()) out.line("ExternalRef", "SECURITY cpe23Type " + package.cpe);
  if (!package.purl.empty()) out.line("ExternalRef", "PACKAGE-MANAGER purl " + package.purl);
  out.line("PrimaryPackagePurpose", word_for(package.purpose));
}

std::string run(const Report& report, const ReportOptions& options) {
  const spdx::Document document = spdx::document_of(report, options);
  TagValue out;
  out.line("SPDXVersion", "SPDX-2.3");
  out.line("DataLicense", "CC0-1.0");
  out.line("SPDXID", "SPDXRef-DOCUMENT");
  out.line("DocumentName", document.name);
  out.line("DocumentNamespace", document.name_space);
  out.text("DocumentComment", document.comment);
  out.line("Creator", "Tool: " + std::string(spdx::kCreator));
  out.line("Created", document.created);
  for (const spdx::Package& package : document.packages) write_package(out, package);
  if (!document.texts.empty()) out.heading("Licences in other words");
  for (const auto& [id, words] : document.texts) {
    out.line("LicenseID", id);
    out.text("ExtractedText", words);
    out.line("LicenseName", "NOASSERTION");
  }
  out.heading("Relationships");
  for (const spdx::Relationship& relationship : document.relationships)
    out.line("Relationship", relationship.from + " " + relationship.type + " " + relationship.to);
  return out.take();
}

}  // namespace

const Reporter kSpdxTagValueReporter = {
    .name = "spdx-tag-value",
    .version = 1,
    .summary = "the same as lines of tags and values",
    .run = run,
    .is_sbom = true,
};

}  // namespace fathom

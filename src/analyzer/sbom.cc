// Bills of materials that are files, and those inside of native images.

#include "sbom/sbom.h"

#include "analyzer/analyzer.h"
#include "analyzer/members.h"
#include "analyzer/native_sbom.h"
#include "archive/stream.h"
#include "base/text.h"

namespace fathom {
namespace {

constexpr std::string_view kName = "sbom";

void keep_document(SbomDocument document, const FileInput& in, FileFacts& facts) {
  for (const std::string& problem : document.problems)
    add_gap(facts, in.limits, std::string(kName), {ErrorCode::malformed, problem});
  facts.gaps_not_kept += document.problems_not_kept;
  facts.sboms.push_back(std::move(document));
}

Done read_embedded(const FileInput& in, FileFacts& facts) {
  const Result<ByteView> packed = embedded_sbom(*in.elf, in.limits);
  if (!packed) return Ok{};
  const archive::InflateLimits bounds{in.limits.audit_bytes, in.limits.member_ratio, kMiB};
  const archive::Inflated inflated =
      archive::inflate_all(*packed, archive::sniff_compression(*packed), bounds);
  if (!inflated.problems.empty() && inflated.bytes.empty()) return inflated.problems.front();
  SbomDocument document = TRY(sbom::read_sbom(inflated.bytes, in.limits));
  keep_document(std::move(document), in, facts);
  return Ok{};
}

// A text that only mentions such documents is none, and no gap.
Done run(const FileInput& in, FileFacts& facts) {
  if (in.elf != nullptr) return read_embedded(in, facts);
  Result<SbomDocument> document = sbom::read_sbom(in.bytes, in.limits);
  if (document)
    keep_document(std::move(*document), in, facts);
  else if (document.error().code == ErrorCode::limit_exceeded)
    return std::move(document).error();
  return Ok{};
}

bool has_mark(const elf::ElfFile& elf) {
  return elf.bytes().as_text().find("sbom_length") != std::string_view::npos;
}

}  // namespace

extern const FileAnalyzer sbom_documents = {
    .name = kName,
    .version = 1,
    .needs = Needs::bytes,
    .summary = "bills of materials: CycloneDX, SPDX, Syft's; those inside of native images",
    .wants =
        [](const FileInput& in) {
          if (in.elf != nullptr) return has_mark(*in.elf);
          return in.kind != FileKind::elf && in.kind != FileKind::archive &&
                 sbom::may_be_sbom(in.bytes);
        },
    .run = run,
};

}  // namespace fathom

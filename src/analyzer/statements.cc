// Files that hold in-toto statements: provenance that was copied into the image.

#include "analyzer/analyzer.h"
#include "analyzer/claim_text.h"
#include "image/statement.h"

namespace fathom {
namespace {

constexpr std::string_view kName = "in-toto";

Done run(const FileInput& in, FileFacts& facts) {
  if (in.bytes.size() > in.limits.audit_bytes)
    return Error{ErrorCode::limit_exceeded, "a statement that is larger than the limit"};
  image::Statements found = TRY(image::parse_statements(in.bytes.as_text(), in.limits));
  facts.statements = std::move(found.list);
  add_gaps(facts, in.limits, kName, found.problems, 0);
  return Ok{};
}

}  // namespace

extern const FileAnalyzer statements = {
    .name = kName,
    .version = 1,
    .needs = Needs::bytes,
    .summary = "in-toto statements, in envelopes or not: what they are about",
    .wants =
        [](const FileInput& in) {
          return in.kind == FileKind::text && image::may_hold_statements(in.bytes.as_text());
        },
    .run = run,
};

}  // namespace fathom

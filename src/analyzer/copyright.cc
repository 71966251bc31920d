#include "licenses/licenses.h"

#include "analyzer/analyzer.h"

namespace fathom {

extern const FileAnalyzer copyright = {
    .name = "copyright",
    .version = 1,
    .needs = Needs::bytes,
    .summary = "licences that copyright files grant, by their SPDX identifiers",
    .wants =
        [](const FileInput& in) {
          return in.kind == FileKind::text && in.bytes.size() <= in.limits.copyright_bytes &&
                 licenses::may_be_copyright(in.bytes.as_text());
        },
    .run = [](const FileInput& in, FileFacts& facts) -> Done {
      for (licenses::Found& found : licenses::read_copyright(in.bytes.as_text(), in.limits))
        facts.licenses.push_back({std::move(found.license), found.is_spdx, found.line});
      return Ok{};
    },
};

}  // namespace fathom

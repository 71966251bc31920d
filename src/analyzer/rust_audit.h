// The dependency list that `cargo auditable` embeds into Rust programs: JSON, compressed with zlib,
// in the section .dep-v0.
// Source: https://github.com/rust-secure-code/cargo-auditable, cargo-auditable.schema.json.

#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/limits.h"
#include "facts/facts.h"

namespace fathom {

// Decompresses a zlib stream into at most `most` bytes. Bytes behind the stream are ignored, since
// linkers pad sections.
Result<std::string> inflate_zlib(ByteView compressed, std::uint64_t most);

struct RustAudit {
  std::vector<PackageClaim> packages;
  std::vector<Error> problems;
  std::uint64_t problems_not_kept = 0;
};

// The list itself. Build dependencies ran on the builder's machine and are left out.
Result<RustAudit> read_rust_audit(std::string_view json, const Limits& limits);

}  // namespace fathom

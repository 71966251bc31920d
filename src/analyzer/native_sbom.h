// The bill of materials that GraalVM's native-image puts into programs: the symbols `sbom` and
// `sbom_length` lead to a gzip-compressed CycloneDX document.
// Source: https://www.graalvm.org/latest/security-guide/native-image/sbom/.

#pragma once

#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"
#include "elf/elf_file.h"

namespace fathom {

// Compressed, as it stands in the file; not_found without one.
Result<ByteView> embedded_sbom(const elf::ElfFile& elf, const Limits& limits);

}  // namespace fathom

// The pack the program carries in itself: the library fathom_pack_data, made at build time by
// tools/make_pack.cc from data/advisories and data/classifiers.

#pragma once

#include "base/bytes.h"

namespace fathom::vuln {

// Read-only, lives as long as the program; pages are read from the file as look-ups touch them.
ByteView embedded_pack();

}  // namespace fathom::vuln

// {pointer to text, number, number} in data that is relocated; references.h says what they are.

#pragma once

#include <vector>

#include "base/limits.h"
#include "code/memory_map.h"
#include "code/references.h"

namespace fathom::code {

// By address, one of each.
std::vector<SourceRecord> find_source_records(const Program& program, const MemoryMap& memory,
                                              const Limits& limits);

}  // namespace fathom::code

// Rows of functions that the user gives.

#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "verdict/knowledge.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto rows = fathom::verdict::parse_function_rows(fathom::ByteView({data, size}).as_text());
  if (!rows) return 0;
  for (const auto& row : *rows)
    if (row.package.empty() || row.id.empty() || row.functions.empty()) std::abort();
  auto knowledge = fathom::verdict::Knowledge::open(fathom::verdict::pack_knowledge(*rows));
  if (!knowledge) std::abort();
  knowledge->add(*rows);
  return 0;
}

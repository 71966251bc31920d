// Rows of base images: a table is refused as a whole, or each row can be recognised by something.

#include <cstdlib>

#include "base/bytes.h"
#include "lineage/base_rows.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  Result<std::vector<lineage::BaseRow>> rows =
      lineage::parse_base_rows(ByteView({data, size}).as_text());
  if (!rows) return 0;
  for (const lineage::BaseRow& row : *rows)
    if (row.values.empty() && row.kind != lineage::BaseRow::Kind::os) std::abort();
  return 0;
}

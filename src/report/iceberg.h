// What package data and build information tell (as scanners that read nothing else see it), held
// against what the code tells. Computed from a report alone.

#pragma once

#include <string>
#include <vector>

#include "model/report.h"

namespace fathom {

enum class Sight {
  both,     // package data name it, and the code or the checksums of its files confirm it
  hidden,   // only the code tells
  claimed,  // only package data or build information tell; nothing in the bytes was found for it
};
std::string_view name_of(Sight sight);

struct SightRow {
  const Component* component = nullptr;
  Sight sight = Sight::claimed;
  const Component* counterpart = nullptr;  // what the other kind of evidence calls it; or null
  std::string why;                         // in a few words
  std::size_t findings = 0;                // that count; see rows.h
  Severity worst = Severity::none;         // of them
};

struct SightTotals {
  std::size_t components = 0, findings = 0;
};

struct Iceberg {
  // Hidden ones first, each kind by its findings, then by file and name. A component of package
  // data that its counterpart stands for has no row of its own.
  std::vector<SightRow> rows;
  SightTotals both, hidden, claimed;
  std::uint64_t dark_bytes = 0;  // executable, and explained by nothing

  SightTotals visible() const {
    return {both.components + claimed.components, both.findings + claimed.findings};
  }
};

// The report must outlive it.
Iceberg iceberg_of(const Report& report);

}  // namespace fathom

// What is read as a report is written as one, and that one is read as the same.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "report/read_report.h"
#include "report/reporter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto report = fathom::read_report(fathom::ByteView({data, size}).as_text());
  if (!report) return 0;
  const fathom::Reporter* json = fathom::find_reporter("json");
  const std::string once = json->run(*report, {});
  auto again = fathom::read_report(once);
  if (!again || json->run(*again, {}) != once) std::abort();
  fathom::ReportOptions options;
  options.show_suppressed = true;
  for (const fathom::Reporter* reporter : fathom::all_reporters())
    if (reporter->run(*report, options).empty()) std::abort();
  return 0;
}

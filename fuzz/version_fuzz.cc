// Any two texts under every scheme: no crash, and the order is antisymmetric and reflexive. The
// requirements of every dialect and the vectors of every CVSS version ride along.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "vuln/cvss.h"
#include "vuln/requirement.h"
#include "vuln/version.h"

using namespace fathom;
using namespace fathom::vuln;

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

void check_order(Scheme scheme, std::string_view a, std::string_view b) {
  auto forth = compare(scheme, a, b), back = compare(scheme, b, a);
  check(forth.has_value() == back.has_value());
  check(!forth || *forth == (0 <=> *back));
  check(forth.has_value() == (is_version(scheme, a) && is_version(scheme, b)));
  auto same = compare(scheme, a, a);
  check(!same || *same == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = ByteView(std::span(data, size)).as_text();
  std::size_t cut = text.find('\n');
  std::string_view a = text.substr(0, cut);
  std::string_view b = cut == text.npos ? std::string_view() : text.substr(cut + 1);
  for (int i = 0; i < kSchemeCount; ++i) check_order(static_cast<Scheme>(i), a, b);
  for (Dialect dialect : {Dialect::cargo, Dialect::npm, Dialect::gem}) {
    Result<std::vector<Range>> ranges = parse_requirement(dialect, a);
    check(!ranges || !ranges->empty());
  }
  (void)parse_bounds(Scheme::dotted, a, b);
  std::optional<CvssScore> score = score_of_cvss(a);
  check(!score || (score->tenths >= 0 && score->tenths <= 100));
  return 0;
}

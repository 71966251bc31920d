// in-toto statements, bare, in envelopes, in bundles, one per line: what is read has subjects with
// digests, and no more statements than lines.

#include <algorithm>
#include <cstdlib>

#include "base/digest.h"
#include "image/statement.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  const std::string_view text = ByteView({data, size}).as_text();
  image::may_hold_statements(text);
  Result<image::Statements> read = image::parse_statements(text, {});
  if (!read) return 0;
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n'));
  if (read->list.empty() || read->list.size() > lines + 1) std::abort();
  for (const Statement& statement : read->list)
    for (const Statement::Subject& subject : statement.subjects)
      if (!parse_digest(subject.digest)) std::abort();
  return 0;
}

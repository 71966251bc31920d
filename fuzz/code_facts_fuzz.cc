// Functions, calls and comparisons of a program as they cross to the parent: what the child encodes
// of any bytes, the parent decodes to the same. A first byte 'F' gives the parent what follows as
// it is: what a child sends that its input has taken over.

#include <cstdint>
#include <cstdlib>

#include "analyzer/code_facts.h"
#include "base/digest.h"

namespace {

fathom::CodeQuestion question() {
  fathom::CodeQuestion out;
  out.texts = {fathom::xxh3_of(fathom::ByteView::of("a text"))};
  out.symbols = {"main"};
  out.shapes = {{{{true, 8, 4}, 1}, {{true, 16, 8}, 1}, {{false, 70, 4}, 1}}};
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fathom::ByteView bytes({data, size});
  const fathom::CodeQuestion asked = question();
  if (bytes.starts_with("F")) {
    if (auto facts = fathom::decode_code_facts(bytes.as_text().substr(1), asked))
      if (!fathom::decode_code_facts(fathom::encode(*facts), asked)) std::abort();
    return 0;
  }
  const auto facts = fathom::recover_code(bytes, asked);
  if (!facts) return 0;
  const std::string encoded = fathom::encode(*facts);
  const auto back = fathom::decode_code_facts(encoded, asked);
  if (!back || fathom::encode(*back) != encoded) std::abort();
  return 0;
}

// Messages of a confined child that its input has taken over: the parent decodes whatever comes.

#include <cstdint>

#include "scan/wire.h"

namespace {

template <class T>
void try_decode(std::string_view bytes) {
  fathom::Result<T> value = fathom::decode_value<T>(bytes);
  if (!value) return;
  // What decodes must survive its own encoding, or parent and child disagree about a value.
  if (!fathom::decode_value<T>(fathom::encode_value(*value))) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view bytes = fathom::ByteView({data, size}).as_text().substr(1);
  switch (data[0] % 10) {
    case 0:
      try_decode<fathom::SandboxMessage>(bytes);
      break;
    case 1:
      try_decode<fathom::image::ImageInfo>(bytes);
      break;
    case 2:
      try_decode<fathom::Working>(bytes);
      break;
    case 3:
      try_decode<fathom::Entries>(bytes);
      break;
    case 4:
      try_decode<fathom::FactsMessage>(bytes);
      break;
    case 5:
      try_decode<fathom::LayerDone>(bytes);
      break;
    case 6:
      try_decode<fathom::Failure>(bytes);
      break;
    case 7:
      try_decode<fathom::Report>(bytes);
      break;
    case 8:
      try_decode<fathom::Document>(bytes);
      break;
    default:
      try_decode<std::vector<fathom::policy::IgnoreRule>>(bytes);
      break;
  }
  return 0;
}

#include "report/uuid.h"

#include <cassert>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/text.h"

namespace fathom {
namespace {

Bytes bytes_of(std::string_view uuid) {
  std::string digits;
  for (char c : uuid)
    if (c != '-') digits += c;
  assert(digits.size() == 32);
  Bytes bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(parse_unsigned(digits.substr(i, 2), 16).value_or(0)));
  return bytes;
}

}  // namespace

std::string uuid_of(std::string_view name_space, std::string_view name) {
  Hasher hasher("sha1");
  hasher.update(bytes_of(name_space));
  hasher.update(ByteView::of(name));
  std::string hex = hasher.finish_hex().substr(0, 32);
  hex[12] = '5';  // the version
  constexpr std::string_view kVariant = "89ab";
  hex[16] = kVariant[parse_unsigned(hex.substr(16, 1), 16).value_or(0) & 3];
  for (std::size_t at : {20u, 16u, 12u, 8u}) hex.insert(at, 1, '-');
  return hex;
}

}  // namespace fathom

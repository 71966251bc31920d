// The head of an HTTP/1.1 response, read strictly: two readers must not see two messages in the
// same bytes. What RFC 9112 lets a recipient be lenient about (bare LF, folded lines, spaces before
// a colon, several lengths) is refused.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fathom::net {

struct Header {
  std::string name;  // responses: lower case
  std::string value;
};

struct ResponseHead {
  int minor_version = 1;
  int status = 0;
  std::vector<Header> headers;

  // The value of the first header of this name, or null.
  const std::string* find(std::string_view name) const;
  // All of them.
  std::vector<std::string_view> all(std::string_view name) const;
};

constexpr std::size_t kMostHeadBytes = 64 * 1024;
constexpr std::size_t kMostHeaders = 200;

// `text` is everything up to and with the empty line.
Result<ResponseHead> parse_response_head(std::string_view text);

// Where the body ends.
struct Framing {
  enum class Kind { none, length, chunked, until_close };
  Kind kind = Kind::none;
  std::uint64_t length = 0;
};
Result<Framing> framing_of(const ResponseHead& head);

// Whether the connection can be used again after the body.
bool keeps_connection(const ResponseHead& head, const Framing& framing);

}  // namespace fathom::net

// Cuts a JSON document that is too large for one tree into its members or elements, which are then
// parsed one by one. Linear, and holds nothing but the places.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"

namespace fathom::json {

struct Piece {
  std::string key;        // of a member; empty for elements
  std::string_view text;  // the value as it stands in the document
};

struct Outline {
  bool is_object = false;
  std::vector<Piece> pieces;

  // The text of the member, or an empty one.
  std::string_view find(std::string_view key) const;
};

// The members of an object or the elements of an array; nothing may stand behind it. Brackets,
// commas, colons and quotes are checked, and that no key comes twice; what is between them is only
// when the piece is parsed. Errors name the byte offset.
Result<Outline> outline(std::string_view text, const Limits& limits = {});

// The first value of a text that may hold several, one after another (JSON lines), and what
// follows.
struct First {
  std::string_view value, rest;
};
Result<First> first_value(std::string_view text);

}  // namespace fathom::json

// Version texts of a library that has no classifier: a text that is one of its releases ("1.2.3"),
// or that has the library's name and a release in it ("libfoo 1.2.3"). Only asked of libraries that
// other evidence shows, and only among the releases that it leaves open.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "facts/facts.h"

namespace fathom::signature {

struct Stated {
  std::string version;
  const Text* text = nullptr;
  bool named = false;  // the text has the library's name
};

// In the order of the texts. Linear in them. `releases` are those of the library.
std::vector<Stated> find_stated(const std::vector<Text>& texts, std::string_view library,
                                const std::vector<std::string>& releases);

}  // namespace fathom::signature

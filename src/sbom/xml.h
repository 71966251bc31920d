// XML as far as CycloneDX needs it: elements, attributes, text. Strict: a document that is not well
// formed is an error. No DTD and so no entities but the five of XML itself and characters by
// number; a document type declaration is refused (that is where entities explode). Names lose their
// prefix. Source: https://www.w3.org/TR/xml/.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/result.h"

namespace fathom::sbom::xml {

struct Element {
  std::string name;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::string text;  // of the element itself, without that of its children
  std::vector<Element> children;

  std::string_view attribute(std::string_view key) const;
  // The first child of that name; an empty element when there is none.
  const Element& child(std::string_view key) const;
};

// The root element. Errors name the byte offset.
Result<Element> parse(std::string_view text, const Limits& limits);

}  // namespace fathom::sbom::xml

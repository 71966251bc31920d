// Package URLs: one name for a package in every tool.
// Source: https://github.com/package-url/purl-spec (ECMA-427), whose own test cases are those of
// purl_test.cc.

#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fathom {

struct Purl {
  std::string type = {};        // "deb", "golang"
  std::string namespace_ = {};  // "debian", "github.com/pkg", or empty
  std::string name = {};
  std::string version = {};                            // or empty
  std::map<std::string, std::string> qualifiers = {};  // empty values are left out
  std::string subpath = {};

  std::string_view qualifier(std::string_view key) const;  // empty when there is none
  std::string full_name() const;                           // with the namespace

  // The canonical text: lower-case where the type says so, percent-encoded, qualifiers sorted.
  std::string text() const;
};

// What is in the text, decoded, and normalised as the specification says for its type ("Django_x"
// is "django-x" in PyPI). Takes what can be put right: "pkg://", keys in capitals, empty values,
// "/" at either end.
Result<Purl> parse_purl(std::string_view text);

// The same for texts that a person has written and may want to put right: what the specification
// says about the type (a namespace that must or must not be there, the form of the name) is an
// error too, and so are keys that start with a capital.
Result<Purl> parse_purl_strictly(std::string_view text);

// The rules of the type alone.
Done check_purl(const Purl& purl);

}  // namespace fathom

// What makes a finding the same finding in two reports.

#pragma once

#include <string>
#include <string_view>

namespace fathom::policy {

// The parts as the JSON report writes them. A finding has one key for its id and one for each
// alias; it is known when one of them is, because a newer data set may call the same flaw by
// another name. Two copies of a library in one file have the same key.
struct KeyParts {
  std::string_view id = {};
  std::string_view component_name = {}, purl = {};  // purl may be empty
  std::string_view file = {};
};
std::string finding_key(const KeyParts& parts);

}  // namespace fathom::policy

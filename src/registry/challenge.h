// The two small foreign texts that the parent has to read to log in somewhere: the challenge of a
// 401 and the answer of a token service.
// Source: RFC 9110 section 11.6.1; distribution, "Token Authentication Specification".

#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fathom::registry {

struct Challenge {
  std::string scheme;                             // lower case: "bearer", "basic"
  std::map<std::string, std::string> parameters;  // names in lower case
};

// The challenges of the WWW-Authenticate header's values. What is not well-formed is left out.
std::vector<Challenge> parse_challenges(const std::vector<std::string_view>& values);

constexpr std::size_t kMostTokenResponse = 128 * 1024;  // bytes

// "token", else "access_token", of the JSON answer; only characters that a header may carry.
Result<std::string> parse_token(std::string_view json);

}  // namespace fathom::registry

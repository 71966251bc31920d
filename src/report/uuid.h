// Name-based UUIDs, version 5 of RFC 9562: the same name, the same UUID.

#pragma once

#include <string>
#include <string_view>

namespace fathom {

// "6ba7b811-9dad-11d1-80b4-00c04fd430c8" is kUrlNamespace as the RFC writes it. The name space must
// have that form (asserted).
constexpr std::string_view kUrlNamespace = "6ba7b811-9dad-11d1-80b4-00c04fd430c8";
constexpr std::string_view kDnsNamespace = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

std::string uuid_of(std::string_view name_space, std::string_view name);

}  // namespace fathom

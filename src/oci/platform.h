// Which machine an image is for: "linux/arm64/v8".
// Source: OCI image specification, image-index.md (platform) and config.md; the values are GOOS,
// GOARCH and their variants.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace fathom::oci {

struct Platform {
  std::string os, architecture, variant;

  bool known() const { return !os.empty() && !architecture.empty(); }
  auto operator<=>(const Platform&) const = default;
};

// Accepts os/arch[/variant] and a bare architecture (then the system is linux); the names that
// uname gives (x86_64, aarch64, armhf …) count as their Go names. ErrorCode::usage otherwise.
Result<Platform> parse_platform(std::string_view text);

// The one way to write it: lower case, Go names, no variant where there is only one (arm64/v8,
// amd64/v1), arm/v7 for a bare arm.
Platform canonical(Platform platform);

std::string text_of(const Platform& platform);  // "linux/arm/v7", "" when not known

// Whether an image for `offered` is one that `wanted` asks for. A variant that was not asked for
// does not count, but arm without a variant is v7 on both sides.
bool satisfies(const Platform& offered, const Platform& wanted);

// What this program was compiled for.
Platform this_machine();

}  // namespace fathom::oci

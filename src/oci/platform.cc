#include "oci/platform.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"

namespace fathom::oci {
namespace {

struct Alias {
  std::string_view name, architecture, variant;
};
constexpr Alias kAliases[] = {
    {"x86_64", "amd64", ""},
    {"x86-64", "amd64", ""},
    {"i386", "386", ""},
    {"i486", "386", ""},
    {"i586", "386", ""},
    {"i686", "386", ""},
    {"aarch64", "arm64", ""},
    {"armhf", "arm", "v7"},
    {"armel", "arm", "v6"},
    {"loong64", "loong64", ""},
    {"loongarch64", "loong64", ""},
    {"powerpc64le", "ppc64le", ""},
};

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

bool is_architecture(std::string_view word) {
  static constexpr std::string_view kGoNames[] = {
      "386",    "amd64",    "arm",     "arm64",   "loong64", "mips", "mipsle",
      "mips64", "mips64le", "ppc64le", "riscv64", "s390x",   "wasm", "ppc64"};
  return std::ranges::find(kGoNames, word) != std::end(kGoNames) ||
         std::ranges::find(kAliases, word, &Alias::name) != std::end(kAliases);
}

}  // namespace

Result<Platform> parse_platform(std::string_view text) {
  const std::string lower = to_lower(text);
  std::vector<std::string_view> parts = split(lower, '/');
  if (parts.size() == 1 && is_architecture(parts[0])) parts.insert(parts.begin(), "linux");
  if (parts.size() < 2 || parts.size() > 3 || !std::ranges::all_of(parts, is_word))
    return Error{ErrorCode::usage, "\"" + printable(text) +
                                       "\" is not a platform; write os/architecture[/variant], " +
                                       "for example linux/arm64"};
  Platform platform{std::string(parts[0]), std::string(parts[1]), {}};
  if (parts.size() == 3) platform.variant = parts[2];
  return canonical(std::move(platform));
}

Platform canonical(Platform platform) {
  platform.os = to_lower(platform.os);
  platform.architecture = to_lower(platform.architecture);
  platform.variant = to_lower(platform.variant);
  for (const Alias& alias : kAliases) {
    if (platform.architecture != alias.name) continue;
    platform.architecture = alias.architecture;
    if (platform.variant.empty()) platform.variant = alias.variant;
    break;
  }
  std::string& variant = platform.variant;
  if (platform.architecture == "arm64" && (variant == "v8" || variant == "8")) variant.clear();
  if (platform.architecture == "amd64" && variant == "v1") variant.clear();
  if (platform.architecture == "arm") {
    if (variant.empty()) variant = "v7";
    if (variant.size() == 1) variant.insert(0, "v");
  }
  return platform;
}

std::string text_of(const Platform& platform) {
  if (!platform.known()) return {};
  std::string text = platform.os + "/" + platform.architecture;
  if (!platform.variant.empty()) text += "/" + platform.variant;
  return text;
}

bool satisfies(const Platform& offered, const Platform& wanted) {
  const Platform have = canonical(offered), want = canonical(wanted);
  return have.os == want.os && have.architecture == want.architecture &&
         (want.variant.empty() || have.variant == want.variant);
}

Platform this_machine() {
#if defined(__x86_64__)
  return {"linux", "amd64", ""};
#elif defined(__aarch64__)
  return {"linux", "arm64", ""};
#elif defined(__riscv)
  return {"linux", "riscv64", ""};
#else
  return {};
#endif
}

}  // namespace fathom::oci

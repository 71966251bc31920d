#include "oci/reference.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace fathom::oci {
namespace {

constexpr std::size_t kMostNameBytes = 255;

bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alnum(char c) { return is_lower_alnum(c) || (c >= 'A' && c <= 'Z'); }

// [a-z0-9]+ runs joined by one ".", one or two "_", or any number of "-".
bool is_path_component(std::string_view text) {
  if (text.empty() || !is_lower_alnum(text.front()) || !is_lower_alnum(text.back())) return false;
  for (std::size_t i = 0; i < text.size();) {
    if (is_lower_alnum(text[i])) {
      ++i;
      continue;
    }
    std::size_t end = text.find_first_not_of(text[i], i);
    std::size_t run = end - i;  // the last character is alphanumeric: there is an end
    bool fits = (text[i] == '.' && run == 1) || (text[i] == '_' && run <= 2) || text[i] == '-';
    if (!fits || !is_lower_alnum(text[end])) return false;
    i = end;
  }
  return true;
}

bool is_host_label(std::string_view text) {
  return !text.empty() && is_alnum(text.front()) && is_alnum(text.back()) &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-'; });
}

bool is_ipv6_literal(std::string_view host) {
  return host.size() > 2 && host.starts_with('[') && host.ends_with(']') &&
         host.find_first_not_of("0123456789abcdefABCDEF:", 1) == host.size() - 1;
}

bool is_registry(std::string_view text) {
  std::size_t colon = text.rfind(':');
  std::string_view host = text;
  if (colon != text.npos && !text.ends_with(']')) {
    std::optional<std::uint64_t> port = parse_unsigned(text.substr(colon + 1));
    if (!port || *port > 65535) return false;
    host = text.substr(0, colon);
  }
  return is_ipv6_literal(host) || std::ranges::all_of(split(host, '.'), is_host_label);
}

// The first part of a name is a registry when it cannot be a path: that is Docker's rule.
bool looks_like_registry(std::string_view first) {
  return first.find_first_of(".:[") != first.npos || first == "localhost" ||
         std::ranges::any_of(first, [](char c) { return c >= 'A' && c <= 'Z'; });
}

Error not_a_name(std::string_view text) {
  return {ErrorCode::usage, "\"" + printable(text) + "\" is not the name of an image"};
}

Done set_name(Reference& reference, std::string_view name, std::string_view whole) {
  std::size_t slash = name.find('/');
  if (slash != name.npos && looks_like_registry(name.substr(0, slash))) {
    reference.registry = name.substr(0, slash);
    reference.path = name.substr(slash + 1);
  } else {
    reference.registry = "docker.io";
    reference.path = slash == name.npos ? "library/" + std::string(name) : std::string(name);
  }
  if (reference.registry == "index.docker.io") reference.registry = "docker.io";
  if (name.size() > kMostNameBytes || !is_registry(reference.registry) ||
      !std::ranges::all_of(split(reference.path, '/'), is_path_component))
    return not_a_name(whole);
  return Ok{};
}

}  // namespace

bool is_tag(std::string_view text) {
  return !text.empty() && text.size() <= 128 && (is_alnum(text[0]) || text[0] == '_') &&
         std::ranges::all_of(
             text, [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; });
}

Result<Reference> parse_reference(std::string_view text) {
  Reference reference;
  std::string_view rest = text;
  if (std::size_t at = rest.find('@'); at != rest.npos) {
    reference.digest = TRY(parse_digest(rest.substr(at + 1)));
    rest = rest.substr(0, at);
  }
  std::size_t slash = rest.rfind('/');
  std::size_t colon = rest.rfind(':');
  if (colon != rest.npos && (slash == rest.npos || colon > slash)) {
    reference.tag = rest.substr(colon + 1);
    if (!is_tag(reference.tag)) return not_a_name(text);
    rest = rest.substr(0, colon);
  }
  TRY(set_name(reference, rest, text));
  return reference;
}

bool names_the_same(std::string_view wanted, std::string_view name) {
  if (wanted.empty()) return false;
  if (wanted == name) return true;
  Result<Reference> have = parse_reference(name);
  if (!have) return false;
  std::string_view have_tag = have->tag.empty() ? "latest" : std::string_view(have->tag);
  if (wanted.find('/') == wanted.npos && is_tag(wanted) && wanted == have_tag && !have->tag.empty())
    return true;
  Result<Reference> want = parse_reference(wanted);
  if (!want || want->digest) return false;
  std::string_view want_tag = want->tag.empty() ? "latest" : std::string_view(want->tag);
  return want->registry == have->registry && want->path == have->path && want_tag == have_tag;
}

}  // namespace fathom::oci

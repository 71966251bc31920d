// What the parent reads to log in: challenges, token answers, credential files, helpers' answers,
// addresses.

#include <cstdint>

#include "net/url.h"
#include "registry/challenge.h"
#include "registry/credentials.h"
#include "registry/registry.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fathom::ByteView({data, size}).as_text();
  for (const fathom::registry::Challenge& challenge : fathom::registry::parse_challenges({text}))
    if (challenge.scheme.empty()) __builtin_trap();
  fathom::Result<std::string> token = fathom::registry::parse_token(text);
  // It goes into a header.
  if (token && token->find_first_of("\r\n ") != std::string::npos) __builtin_trap();
  (void)fathom::registry::credentials_in(text, "docker.io", "library/debian");
  (void)fathom::registry::parse_helper_answer(text);
  (void)fathom::registry::parse_image_name(text);
  (void)fathom::registry::parse_mirror(text);
  fathom::Result<fathom::net::Url> url = fathom::net::parse_url(text);
  if (!url) return 0;
  // An address is what it says it is when it is read again.
  fathom::Result<fathom::net::Url> again = fathom::net::parse_url(url->origin() + url->target);
  if (!again || !again->same_origin(*url) || again->target != url->target) __builtin_trap();
  (void)fathom::net::resolve(*url, text);
  return 0;
}

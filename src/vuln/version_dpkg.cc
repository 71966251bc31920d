// Debian versions, [epoch:]upstream[-revision]; deb-version(7). Each part is cut into runs of
// non-digits and digits that are compared in turn; among non-digits "~" is before the end of the
// text, letters before everything else.
//
// dpkg only warns when an upstream version does not begin with a digit, and so do real packages of
// old, so that is accepted here; characters outside its alphabet are not.

#include <algorithm>

#include "base/text.h"
#include "vuln/orderings.h"

namespace fathom::vuln {
namespace {

struct DebVersion {
  std::string_view epoch, upstream, revision;
};

std::optional<DebVersion> parse(std::string_view text) {
  text = trim(text);
  DebVersion v;
  if (std::size_t colon = text.find(':'); colon != text.npos) {
    v.epoch = text.substr(0, colon);
    if (v.epoch.empty() || !std::ranges::all_of(v.epoch, is_digit)) return std::nullopt;
    if (compare_digits(v.epoch, "2147483647") > 0) return std::nullopt;
    text.remove_prefix(colon + 1);
  }
  v.upstream = text;
  if (std::size_t dash = text.rfind('-'); dash != text.npos) {
    v.upstream = text.substr(0, dash);
    v.revision = text.substr(dash + 1);
    if (v.revision.empty()) return std::nullopt;
  }
  auto in_revision = [](char c) { return is_alnum(c) || c == '.' || c == '+' || c == '~'; };
  auto in_upstream = [&](char c) { return in_revision(c) || c == '-' || c == ':'; };
  if (v.upstream.empty() || !std::ranges::all_of(v.upstream, in_upstream)) return std::nullopt;
  if (!std::ranges::all_of(v.revision, in_revision)) return std::nullopt;
  return v;
}

int weight(char c) {
  if (c == '~') return -1;
  return is_letter(c) ? c : c + 256;
}

// The end of the text weighs 0, between "~" and all else.
std::strong_ordering compare_text(std::string_view a, std::string_view b) {
  for (std::size_t i = 0; i < a.size() || i < b.size(); ++i) {
    int wa = i < a.size() ? weight(a[i]) : 0;
    int wb = i < b.size() ? weight(b[i]) : 0;
    if (wa != wb) return wa <=> wb;
  }
  return std::strong_ordering::equal;
}

std::strong_ordering compare_part(std::string_view a, std::string_view b) {
  auto is_other = [](char c) { return !is_digit(c); };
  while (!a.empty() || !b.empty()) {
    auto order = compare_text(take_while(a, is_other), take_while(b, is_other));
    if (order != 0) return order;
    order = compare_digits(take_while(a, is_digit), take_while(b, is_digit));
    if (order != 0) return order;
  }
  return std::strong_ordering::equal;
}

}  // namespace

Order compare_dpkg(std::string_view a, std::string_view b) {
  std::optional<DebVersion> va = parse(a), vb = parse(b);
  if (!va || !vb) return std::nullopt;
  if (auto order = compare_digits(va->epoch, vb->epoch); order != 0) return order;
  if (auto order = compare_part(va->upstream, vb->upstream); order != 0) return order;
  return compare_part(va->revision, vb->revision);
}

}  // namespace fathom::vuln

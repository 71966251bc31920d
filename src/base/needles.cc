// Teddy, as in Hyperscan and in ripgrep's aho-corasick: needles are put into eight groups, and each
// byte value gets a mask of the groups that have it as their first, second or third byte. The AND
// of the three masks of three neighbouring bytes is empty almost everywhere. A table of 256 entries
// does not fit into a register, two of 16 do: one for the low half of a byte and one for the high
// half, which PSHUFB looks up for 16 bytes at once. What is left is compared.
//
// The blocks are for x86-64 with AVX2 (2013); elsewhere the masks of bytes are looked up one by
// one.

#include "base/needles.h"

#include <algorithm>
#include <bit>
#include <cassert>

#if defined(__x86_64__) && defined(__GNUC__)
#define FATHOM_HAS_BLOCKS 1
#include <immintrin.h>

#include <cstring>
#endif

namespace fathom {

namespace {

constexpr std::size_t kDepth = Needles::kDepth;

std::uint8_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

// Which half bytes a group of needles lets through at each depth.
struct Mask {
  std::array<std::uint16_t, kDepth> low{}, high{};

  explicit Mask(std::string_view needle) {
    for (std::size_t depth = 0; depth < kDepth; ++depth) {
      const bool any = depth >= needle.size();  // whatever stands there
      const std::uint8_t byte = any ? std::uint8_t{0} : byte_at(needle, depth);
      low[depth] = static_cast<std::uint16_t>(any ? 0xffff : 1U << (byte & 15));
      high[depth] = static_cast<std::uint16_t>(any ? 0xffff : 1U << (byte >> 4));
    }
  }
  Mask operator|(const Mask& other) const {
    Mask both = *this;
    for (std::size_t depth = 0; depth < kDepth; ++depth) {
      both.low[depth] |= other.low[depth];
      both.high[depth] |= other.high[depth];
    }
    return both;
  }
  // Of all bytes, the share that it does not stop.
  double share() const {
    double share = 1;
    for (std::size_t depth = 0; depth < kDepth; ++depth)
      share *= std::popcount(low[depth]) * std::popcount(high[depth]) / 256.0;
    return share;
  }
};

struct Group {
  std::vector<std::string_view> needles;
  Mask mask;
  double share;
};

}  // namespace

Needles::Needles(std::span<const std::string_view> needles)
    : needles_(needles.begin(), needles.end()) {
  assert(std::ranges::all_of(needles_, [](std::string_view each) { return each.size() >= 2; }));
  group_needles();
  for (std::size_t group = 0; group < groups_.size(); ++group)
    for (std::string_view needle : groups_[group])
      for (std::size_t depth = 0; depth < kDepth; ++depth)
        let_through(static_cast<Bits>(1U << group), depth, needle);
  for (std::string_view needle : needles_) group_of_.push_back(group_with(needle));
#ifdef FATHOM_HAS_BLOCKS
  in_blocks_ = __builtin_cpu_supports("avx2") != 0;
#endif
}

// Joins the two groups that let through least together until there are eight.
void Needles::group_needles() {
  std::vector<Group> groups;
  for (std::string_view needle : needles_)
    groups.push_back({{needle}, Mask(needle), Mask(needle).share()});
  while (groups.size() > groups_.size()) {
    std::size_t best_a = 0, best_b = 1;
    double least = 2;
    for (std::size_t a = 0; a < groups.size(); ++a)
      for (std::size_t b = a + 1; b < groups.size(); ++b) {
        const double more =
            (groups[a].mask | groups[b].mask).share() - groups[a].share - groups[b].share;
        if (more < least) least = more, best_a = a, best_b = b;
      }
    Group& into = groups[best_a];
    const Group& from = groups[best_b];
    into.needles.insert(into.needles.end(), from.needles.begin(), from.needles.end());
    into.mask = into.mask | from.mask;
    into.share = into.mask.share();
    groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(best_b));
  }
  for (std::size_t i = 0; i < groups.size(); ++i) groups_[i] = std::move(groups[i].needles);
}

Needles::Bits Needles::group_with(std::string_view needle) const {
  const auto has_it = [&](const auto& group) {
    return std::ranges::find(group, needle) != group.end();
  };
  return static_cast<Bits>(1U << (std::ranges::find_if(groups_, has_it) - groups_.begin()));
}

void Needles::let_through(Bits group, std::size_t depth, std::string_view needle) {
  if (depth >= needle.size()) {  // whatever stands there
    for (Bits& bits : by_byte_[depth]) bits |= group;
    for (Bits& bits : by_low_[depth]) bits |= group;
    for (Bits& bits : by_high_[depth]) bits |= group;
    return;
  }
  const std::uint8_t byte = byte_at(needle, depth);
  by_byte_[depth][byte] |= group;
  by_low_[depth][byte & 15] |= group;
  by_high_[depth][byte >> 4] |= group;
}

std::size_t Needles::next(std::string_view text, std::size_t from) const {
  if (in_blocks_) {
    const Block found = next_in_blocks(text, from);
    if (found.stands) return found.at;
    from = found.at;
  }
  for (; from < text.size(); ++from)
    if (stands_at(text, from)) return from;
  return text.npos;
}

bool Needles::stands_at(std::string_view text, std::size_t at) const {
  for (Bits groups = groups_at(text, at); groups != 0; groups &= static_cast<Bits>(groups - 1))
    for (std::string_view needle : groups_[static_cast<std::size_t>(std::countr_zero(groups))])
      if (text.substr(at).starts_with(needle)) return true;
  return false;
}

#ifdef FATHOM_HAS_BLOCKS

// Up to the first needle, or to where no whole block is left.
__attribute__((target("avx2"))) Needles::Block Needles::next_in_blocks(std::string_view text,
                                                                       std::size_t from) const {
  constexpr std::size_t kBlock = 32;
  __m256i low[kDepth], high[kDepth];
  for (std::size_t depth = 0; depth < kDepth; ++depth) {
    __m128i table;
    std::memcpy(&table, by_low_[depth].data(), sizeof table);
    low[depth] = _mm256_broadcastsi128_si256(table);
    std::memcpy(&table, by_high_[depth].data(), sizeof table);
    high[depth] = _mm256_broadcastsi128_si256(table);
  }
  const __m256i half = _mm256_set1_epi8(15), zero = _mm256_setzero_si256();
  std::size_t at = from;
  for (; at + kBlock + kDepth - 1 <= text.size(); at += kBlock) {
    __m256i groups = _mm256_set1_epi8(-1);
    for (std::size_t depth = 0; depth < kDepth; ++depth) {
      __m256i bytes;
      std::memcpy(&bytes, text.data() + at + depth, sizeof bytes);
      const __m256i low_half = _mm256_and_si256(bytes, half);
      const __m256i high_half = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half);
      groups =
          _mm256_and_si256(groups, _mm256_and_si256(_mm256_shuffle_epi8(low[depth], low_half),
                                                    _mm256_shuffle_epi8(high[depth], high_half)));
    }
    auto left = ~static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(groups, zero)));
    for (; left != 0; left &= left - 1) {
      const std::size_t here = at + static_cast<std::size_t>(std::countr_zero(left));
      if (stands_at(text, here)) return {here, true};
    }
  }
  return {at, false};
}

#else

Needles::Block Needles::next_in_blocks(std::string_view, std::size_t from) const {
  return {from, false};
}

#endif

}  // namespace fathom

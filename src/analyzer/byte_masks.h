// One bit per byte for what 64 bytes are: the inner loop of looking for texts in binary files.

#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace fathom {

struct ByteMasks {
  std::uint64_t text =
      0;  // may stand in a string: printable, not ASCII, or one of \a\b\t\n\v\f\r\e
  std::uint64_t high = 0;   // not ASCII
  std::uint64_t digit = 0;  // 0-9
  std::uint64_t dot = 0;
};

inline ByteMasks masks_of_byte(std::uint8_t c) {
  bool high = c >= 0x80;
  bool escape = (c >= 7 && c <= 13) || c == 0x1b;
  return {(c >= 0x20 && c != 0x7f) || escape, high, c >= '0' && c <= '9', c == '.'};
}

// Of at most 64 bytes; bits past their end are 0.
inline ByteMasks masks_of_bytes(std::span<const std::uint8_t> bytes) {
  ByteMasks all;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    ByteMasks one = masks_of_byte(bytes[i]);
    all.text |= one.text << i;
    all.high |= one.high << i;
    all.digit |= one.digit << i;
    all.dot |= one.dot << i;
  }
  return all;
}

#ifdef __SSE2__
inline ByteMasks masks_of(std::span<const std::uint8_t, 64> bytes) {
  // SSE2 compares bytes for equality only, and unsigned "<=" is min(x, bound) == x.
  auto at_most = [](__m128i x, char bound) {
    return _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(bound)), x);
  };
  auto bits = [](__m128i x) { return static_cast<std::uint64_t>(_mm_movemask_epi8(x)); };
  ByteMasks all;
  for (std::size_t i = 0; i < 64; i += 16) {
    __m128i x;
    std::memcpy(&x, bytes.subspan(i, 16).data(), 16);
    __m128i control = _mm_or_si128(at_most(x, 0x1f), _mm_cmpeq_epi8(x, _mm_set1_epi8(0x7f)));
    __m128i escape = _mm_or_si128(at_most(_mm_sub_epi8(x, _mm_set1_epi8(7)), 13 - 7),
                                  _mm_cmpeq_epi8(x, _mm_set1_epi8(0x1b)));
    all.text |= bits(_mm_or_si128(_mm_andnot_si128(control, _mm_set1_epi8(-1)), escape)) << i;
    all.high |= bits(x) << i;
    all.digit |= bits(at_most(_mm_sub_epi8(x, _mm_set1_epi8('0')), 9)) << i;
    all.dot |= bits(_mm_cmpeq_epi8(x, _mm_set1_epi8('.'))) << i;
  }
  return all;
}
#else
inline ByteMasks masks_of(std::span<const std::uint8_t, 64> bytes) { return masks_of_bytes(bytes); }
#endif

}  // namespace fathom

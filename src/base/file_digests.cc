// Each of these hash functions spends most of its time waiting for its own previous step, so that a
// processor that has all three before it does them in the time of MD5, the slowest. That needs
// their steps side by side in the same stretch of code, which no library offers: here they are,
// with the instructions for SHA-1 and SHA-256 of x86-64 (2016). Without those, OpenSSL does one
// after the other. A test compares the two.
//
// RFC 1321 (MD5); FIPS 180-4 (SHA-1, SHA-256); Intel, "Intel SHA Extensions" (2013).

#include <array>
#include <bit>
#include <cstring>

#include "base/digest.h"
#include "base/text.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define FATHOM_HAS_SHA_STEPS 1
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace fathom {
namespace {

FileDigests one_by_one(ByteView bytes) {
  const auto hex = [&](std::string_view algorithm) {
    Hasher hasher(algorithm);
    hasher.update(bytes);
    return hasher.finish_hex();
  };
  return {hex("sha256"), hex("sha1"), hex("md5")};
}

#ifdef FATHOM_HAS_SHA_STEPS

[[gnu::target("sha,sse4.1"), gnu::always_inline]] inline __m128i load(const void* from) {
  return _mm_loadu_si128(static_cast<const __m128i*>(from));
}
[[gnu::target("sha,sse4.1"), gnu::always_inline]] inline void store(void* to, __m128i value) {
  _mm_storeu_si128(static_cast<__m128i*>(to), value);
}

constexpr std::size_t kBlock = 64, kGroups = 16;  // of four steps, as SHA-256 and MD5 have

// floor(2^32 * |sin(i + 1)|)
constexpr std::array<std::uint32_t, 64> kMd5 = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
constexpr int kMd5Turns[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

constexpr std::array<std::uint32_t, 64> kSha256 = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

template <int kStep>
[[gnu::target("sha,sse4.1"), gnu::always_inline]] inline void md5_step(std::uint32_t* v,
                                                                       const std::uint8_t* block) {
  constexpr int kRound = kStep / 16;
  constexpr int kWord = kRound == 0   ? kStep
                        : kRound == 1 ? (5 * kStep + 1) % 16
                        : kRound == 2 ? (3 * kStep + 5) % 16
                                      : 7 * kStep % 16;
  constexpr int kA = (4 - kStep % 4) % 4;
  const std::uint32_t b = v[(kA + 1) % 4], c = v[(kA + 2) % 4], d = v[(kA + 3) % 4];
  std::uint32_t word;
  std::memcpy(&word, block + 4 * kWord, sizeof word);
  std::uint32_t sum = v[kA] + word + kMd5[kStep];
  // What does not wait for b, the last step's result, comes first.
  if constexpr (kRound == 0) sum += d ^ (b & (c ^ d));
  if constexpr (kRound == 1) sum = sum + (c & ~d) + (b & d);
  if constexpr (kRound == 2) sum += b ^ (c ^ d);
  if constexpr (kRound == 3) sum += c ^ (b | ~d);
  v[kA] = std::rotl(sum, kMd5Turns[kRound][kStep % 4]) + b;
}

struct Sha256State {
  __m128i abef, cdgh, words[4];
};

template <int kGroup>
[[gnu::target("sha,sse4.1"), gnu::always_inline]] inline void sha256_group(Sha256State& s) {
  __m128i& word = s.words[kGroup % 4];
  const __m128i sum = _mm_add_epi32(word, load(kSha256.data() + 4 * kGroup));
  s.cdgh = _mm_sha256rnds2_epu32(s.cdgh, s.abef, sum);
  s.abef = _mm_sha256rnds2_epu32(s.abef, s.cdgh, _mm_shuffle_epi32(sum, 0x0e));
  if constexpr (kGroup < 12) {
    const __m128i& last = s.words[(kGroup + 3) % 4];
    __m128i next = _mm_sha256msg1_epu32(word, s.words[(kGroup + 1) % 4]);
    next = _mm_add_epi32(next, _mm_alignr_epi8(last, s.words[(kGroup + 2) % 4], 4));
    word = _mm_sha256msg2_epu32(next, last);
  }
}

struct Sha1State {
  __m128i abcd, e, before, words[4];  // before: abcd before the last group
};

template <int kGroup>
[[gnu::target("sha,sse4.1"), gnu::always_inline]] inline void sha1_group(Sha1State& s) {
  __m128i& word = s.words[kGroup % 4];
  __m128i e = kGroup == 0 ? _mm_add_epi32(s.e, word) : _mm_sha1nexte_epu32(s.before, word);
  s.before = s.abcd;
  s.abcd = _mm_sha1rnds4_epu32(s.abcd, e, kGroup / 5);
  if constexpr (kGroup < 16)
    word = _mm_sha1msg2_epu32(_mm_xor_si128(_mm_sha1msg1_epu32(word, s.words[(kGroup + 1) % 4]),
                                            s.words[(kGroup + 2) % 4]),
                              s.words[(kGroup + 3) % 4]);
}

struct Lanes {
  std::uint32_t md5[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  std::uint32_t sha1[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  std::uint32_t sha256[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
};

// Sixteen groups of MD5 and SHA-256, between them the twenty of SHA-1.
template <int kGroup>
[[gnu::target("sha,sse4.1"), gnu::always_inline]] inline void groups(std::uint32_t* md5,
                                                                     Sha1State& sha1,
                                                                     Sha256State& sha256,
                                                                     const std::uint8_t* block) {
  md5_step<4 * kGroup>(md5, block);
  sha256_group<kGroup>(sha256);
  md5_step<4 * kGroup + 1>(md5, block);
  md5_step<4 * kGroup + 2>(md5, block);
  sha1_group<kGroup + kGroup / 4>(sha1);
  md5_step<4 * kGroup + 3>(md5, block);
  if constexpr (kGroup % 4 == 3) sha1_group<kGroup + kGroup / 4 + 1>(sha1);
  if constexpr (kGroup + 1 < static_cast<int>(kGroups))
    groups<kGroup + 1>(md5, sha1, sha256, block);
}

// `count` blocks. What MD5 reads and what the others read differs in the last ones only.
[[gnu::target("sha,sse4.1")]] void add_blocks(Lanes& lanes, const std::uint8_t* for_md5,
                                              const std::uint8_t* for_sha, std::size_t count) {
  const __m128i swap_words = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  const __m128i swap_all = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
  Sha1State sha1;
  sha1.abcd = _mm_shuffle_epi32(load(lanes.sha1), 0x1b);
  sha1.e = _mm_set_epi32(static_cast<int>(lanes.sha1[4]), 0, 0, 0);
  Sha256State sha256;
  __m128i cdab = _mm_shuffle_epi32(load(lanes.sha256), 0xb1);
  __m128i efgh = _mm_shuffle_epi32(load(lanes.sha256 + 4), 0x1b);
  sha256.abef = _mm_alignr_epi8(cdab, efgh, 8);
  sha256.cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
  for (; count > 0; --count, for_md5 += kBlock, for_sha += kBlock) {
    for (int i = 0; i < 4; ++i) {
      const __m128i bytes = load(for_sha + 16 * i);
      sha1.words[i] = _mm_shuffle_epi8(bytes, swap_all);
      sha256.words[i] = _mm_shuffle_epi8(bytes, swap_words);
    }
    std::uint32_t md5[4] = {lanes.md5[0], lanes.md5[1], lanes.md5[2], lanes.md5[3]};
    const __m128i abcd = sha1.abcd, e = sha1.e, abef = sha256.abef, cdgh = sha256.cdgh;
    groups<0>(md5, sha1, sha256, for_md5);
    for (int i = 0; i < 4; ++i) lanes.md5[i] += md5[i];
    sha1.e = _mm_sha1nexte_epu32(sha1.before, e);
    sha1.abcd = _mm_add_epi32(sha1.abcd, abcd);
    sha256.abef = _mm_add_epi32(sha256.abef, abef);
    sha256.cdgh = _mm_add_epi32(sha256.cdgh, cdgh);
  }
  store(lanes.sha1, _mm_shuffle_epi32(sha1.abcd, 0x1b));
  lanes.sha1[4] = static_cast<std::uint32_t>(_mm_extract_epi32(sha1.e, 3));
  const __m128i feba = _mm_shuffle_epi32(sha256.abef, 0x1b);
  const __m128i dchg = _mm_shuffle_epi32(sha256.cdgh, 0xb1);
  store(lanes.sha256, _mm_blend_epi16(feba, dchg, 0xf0));
  store(lanes.sha256 + 4, _mm_alignr_epi8(dchg, feba, 8));
}

bool has_sha_steps() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned kSha = 1u << 29;  // leaf 7
  return __builtin_cpu_supports("sse4.1") && __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 &&
         (b & kSha) != 0;
}

std::string hex_of(std::span<const std::uint32_t> words, bool big_endian) {
  Bytes bytes;
  for (std::uint32_t word : words)
    for (unsigned i = 0; i < 4; ++i)
      bytes.push_back(static_cast<std::uint8_t>(word >> 8 * (big_endian ? 3 - i : i)));
  return to_hex(ByteView(std::span<const std::uint8_t>(bytes)));
}

FileDigests side_by_side(ByteView bytes) {
  const std::span<const std::uint8_t> all = bytes.span();
  Lanes lanes;
  const std::size_t whole = all.size() / kBlock, rest = all.size() % kBlock;
  add_blocks(lanes, all.data(), all.data(), whole);
  // The rest, a bit, zeros, and the number of bits: MD5 begins with the lowest byte of it.
  std::array<std::uint8_t, 2 * kBlock> for_md5{};
  if (rest != 0) std::memcpy(for_md5.data(), all.last(rest).data(), rest);
  for_md5[rest] = 0x80;
  std::array<std::uint8_t, 2 * kBlock> for_sha = for_md5;
  const std::size_t blocks = rest + 9 <= kBlock ? 1 : 2;
  const std::uint64_t bits = std::uint64_t{all.size()} * 8;
  for (std::size_t i = 0; i < 8; ++i) {
    const auto byte = static_cast<std::uint8_t>(bits >> 8 * i);
    for_md5[blocks * kBlock - 8 + i] = byte;
    for_sha[blocks * kBlock - 1 - i] = byte;
  }
  add_blocks(lanes, for_md5.data(), for_sha.data(), blocks);
  return {hex_of(lanes.sha256, true), hex_of(lanes.sha1, true), hex_of(lanes.md5, false)};
}

#endif

}  // namespace

FileDigests digests_of(ByteView bytes) {
#ifdef FATHOM_HAS_SHA_STEPS
  static const bool has = has_sha_steps();
  if (has) return side_by_side(bytes);
#endif
  return one_by_one(bytes);
}

}  // namespace fathom

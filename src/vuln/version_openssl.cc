// OpenSSL's versions. Up to 1.1.1 a release is three numbers and a patch letter, and after "z"
// comes "za": 0.9.8 < 0.9.8a < … < 0.9.8z < 0.9.8za < … < 0.9.8zh. From 3.0 on there are only
// numbers. "-dev", "-alphaN", "-betaN" and "-preN" stand before the release they name.
//
// "-fips" is a build of the same code, and "+quic" of a fork that follows it: both are ignored. The
// FIPS modules ("fips-1.1.1") are numbered apart from the library and have no place in this order.

#include <algorithm>
#include <array>
#include <vector>

#include "vuln/orderings.h"

namespace fathom::vuln {
namespace {

constexpr std::array<std::string_view, 4> kBefore = {"dev", "alpha", "beta", "pre"};
constexpr int kRelease = static_cast<int>(kBefore.size());

struct OpensslVersion {
  std::vector<std::string_view> numbers;
  std::string_view letters;
  int stage = kRelease;  // index into kBefore, or kRelease
  std::string_view stage_number;
};

bool are_patch_letters(std::string_view letters) {
  if (letters.empty()) return true;
  if (!std::ranges::all_of(letters, [](char c) { return c >= 'a' && c <= 'z'; })) return false;
  letters.remove_suffix(1);
  return letters.find_first_not_of('z') == letters.npos;
}

bool parse_stage(std::string_view text, OpensslVersion& v) {
  std::string_view word = take_while(text, is_letter);
  for (int i = 0; i < kRelease; ++i)
    if (kBefore[static_cast<std::size_t>(i)] == word) v.stage = i;
  v.stage_number = text;
  return v.stage != kRelease && std::ranges::all_of(text, is_digit);
}

std::optional<OpensslVersion> parse(std::string_view text) {
  OpensslVersion v;
  text = text.substr(0, text.find('+'));
  do {
    v.numbers.push_back(take_while(text, is_digit));
    if (v.numbers.back().empty()) return std::nullopt;
  } while (take(text, '.'));
  while (!v.numbers.empty() && without_leading_zeros(v.numbers.back()).empty())
    v.numbers.pop_back();
  v.letters = take_while(text, is_letter);
  if (!are_patch_letters(v.letters)) return std::nullopt;
  if (text.ends_with("-fips")) text.remove_suffix(5);
  if (text.empty()) return v;
  if (!take(text, '-') || !parse_stage(text, v)) return std::nullopt;
  return v;
}

std::strong_ordering compare_numbers(const OpensslVersion& a, const OpensslVersion& b) {
  for (std::size_t i = 0; i < a.numbers.size() || i < b.numbers.size(); ++i) {
    auto order = compare_digits(i < a.numbers.size() ? a.numbers[i] : "",
                                i < b.numbers.size() ? b.numbers[i] : "");
    if (order != 0) return order;
  }
  return std::strong_ordering::equal;
}

}  // namespace

Order compare_openssl(std::string_view a, std::string_view b) {
  std::optional<OpensslVersion> va = parse(a), vb = parse(b);
  if (!va || !vb) return std::nullopt;
  if (auto order = compare_numbers(*va, *vb); order != 0) return order;
  if (va->letters.size() != vb->letters.size()) return va->letters.size() <=> vb->letters.size();
  if (auto order = va->letters <=> vb->letters; order != 0) return order;
  if (va->stage != vb->stage) return va->stage <=> vb->stage;
  return compare_digits(va->stage_number, vb->stage_number);
}

}  // namespace fathom::vuln

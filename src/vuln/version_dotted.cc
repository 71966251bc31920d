// What everybody else does: numbers joined by dots, then perhaps words, letters and more numbers.
// No document says how to read these, so this one does:
//
//   - A leading "v" and "+word" build metadata are ignored; letters' case too.
//   - The numbers up to the first other thing are the release. They compare one by one; a missing
//     one is 0, so 1.2 equals 1.2.0. (Were 1.2 the smaller one, a range "up to and with 1.2"
//     would miss the release that calls itself 1.2.0.)
//   - What follows is a list of marks, each with a number, that compare in turn:
//       dev < alpha, a1 < beta, b1 < test, pre, m1 < rc, c-candidates < (nothing)
//           < a lone letter (5.5.28a, 9e) < p1, patch1, u26, update26, post1, sp1 < -24, _13, .1
//     A lone letter counts as a patch letter unless it is an "a" or "b" with a number behind it,
//     or an "m" after a separator.
//   - A number after "-", "_" or "+", or after a mark, is a later build of the same release:
//   glibc's
//     commits after a release (2.38-24), Java's updates (1.6.0_13), image revisions (1.81.0-1).
//     Such a number that is 0 is no mark. git-describe's "-8-g210218c" is 8 commits after.
//   - Any other word makes the text no version: nothing is guessed. So does the form of an
//     abbreviated commit (seven or more hexadecimal digits without a dot, a letter among them).

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "vuln/orderings.h"

namespace fathom::vuln {
namespace {

// The order of what can stand at one place of the list of marks.
enum class Rank { dev, alpha, beta, preview, candidate, end, letter, patch, build };

struct Mark {
  Rank rank = Rank::end;
  char letter = 0;
  std::string_view number;
};

struct DottedVersion {
  std::vector<std::string_view> release;
  std::vector<Mark> marks;
};

constexpr std::array<std::pair<std::string_view, Rank>, 24> kWords = {{
    {"dev", Rank::dev},           {"snapshot", Rank::dev},
    {"alpha", Rank::alpha},       {"beta", Rank::beta},
    {"test", Rank::preview},      {"pre", Rank::preview},
    {"preview", Rank::preview},   {"prerelease", Rank::preview},
    {"milestone", Rank::preview}, {"ea", Rank::preview},
    {"rc", Rank::candidate},      {"cr", Rank::candidate},
    {"final", Rank::end},         {"ga", Rank::end},
    {"release", Rank::end},       {"p", Rank::patch},
    {"pl", Rank::patch},          {"patch", Rank::patch},
    {"patchlevel", Rank::patch},  {"u", Rank::patch},
    {"update", Rank::patch},      {"post", Rank::patch},
    {"sp", Rank::patch},          {"hotfix", Rank::patch},
}};

constexpr std::size_t kLongestWord = 10;

std::optional<Rank> rank_of_word(std::string_view word) {
  std::array<char, kLongestWord> buffer{};
  if (word.size() > buffer.size()) return std::nullopt;
  std::ranges::transform(word, buffer.begin(), lower);
  for (const auto& [name, rank] : kWords)
    if (name == std::string_view(buffer.data(), word.size())) return rank;
  return std::nullopt;
}

bool is_separator(char c) { return c == '.' || c == '-' || c == '_' || c == '+' || c == '~'; }

// Removes the number behind a word: "rc2", "rc.2", "update_33". Empty when there is none.
std::string_view take_number_of_word(std::string_view& rest) {
  if (rest.size() >= 2 && is_separator(rest[0]) && is_digit(rest[1])) rest.remove_prefix(1);
  return take_while(rest, is_digit);
}

std::optional<Mark> take_letter(char letter, bool separated, std::string_view& rest) {
  bool numbered = !rest.empty() && is_digit(rest[0]);
  if (numbered && letter == 'a') return Mark{Rank::alpha, 0, take_while(rest, is_digit)};
  if (numbered && letter == 'b') return Mark{Rank::beta, 0, take_while(rest, is_digit)};
  if (numbered && letter == 'm' && separated)
    return Mark{Rank::preview, 0, take_while(rest, is_digit)};
  if (numbered && (letter == 'p' || letter == 'u'))
    return Mark{Rank::patch, 0, take_while(rest, is_digit)};
  if (letter == 'x') return std::nullopt;  // a wildcard, not a version
  return Mark{Rank::letter, letter, {}};
}

std::optional<Mark> take_word(bool separated, std::string_view& rest) {
  std::string_view word = take_while(rest, is_letter);
  if (word.size() == 1) return take_letter(lower(word[0]), separated, rest);
  std::optional<Rank> rank = rank_of_word(word);
  if (!rank) return std::nullopt;
  return Mark{*rank, 0, take_number_of_word(rest)};
}

bool is_hex(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); }

bool is_commit_of_describe(std::string_view rest) {
  return rest.starts_with("-g") && rest.size() >= 6 && std::ranges::all_of(rest.substr(2), is_hex);
}

bool take_marks(std::string_view rest, std::vector<Mark>& marks) {
  while (!rest.empty()) {
    if (!marks.empty() && marks.back().rank == Rank::build && is_commit_of_describe(rest)) break;
    bool plus = rest[0] == '+';
    bool separated = is_separator(rest[0]);
    if (separated) rest.remove_prefix(1);
    if (rest.empty()) return false;
    if (is_digit(rest[0])) {
      marks.push_back({Rank::build, 0, take_while(rest, is_digit)});
      continue;
    }
    if (plus) break;
    if (!is_letter(rest[0])) return false;
    std::optional<Mark> mark = take_word(separated, rest);
    if (!mark) return false;
    marks.push_back(*mark);
  }
  return true;
}

bool is_zero(std::string_view digits) { return without_leading_zeros(digits).empty(); }

bool says_nothing(const Mark& mark) {
  return mark.rank == Rank::end || (mark.rank == Rank::build && is_zero(mark.number));
}

bool is_commit(std::string_view text) {
  constexpr std::size_t kShortest = 7;
  return text.size() >= kShortest && std::ranges::all_of(text, is_hex) &&
         !std::ranges::all_of(text, is_digit);
}

std::optional<DottedVersion> parse(std::string_view text) {
  if (is_commit(text)) return std::nullopt;
  DottedVersion v;
  if (text.size() > 1 && lower(text[0]) == 'v' && is_digit(text[1])) text.remove_prefix(1);
  if (text.empty() || !is_digit(text[0])) return std::nullopt;
  v.release.push_back(take_while(text, is_digit));
  while (text.size() >= 2 && text[0] == '.' && is_digit(text[1])) {
    text.remove_prefix(1);
    v.release.push_back(take_while(text, is_digit));
  }
  if (!take_marks(text, v.marks)) return std::nullopt;
  while (!v.release.empty() && is_zero(v.release.back())) v.release.pop_back();
  while (!v.marks.empty() && says_nothing(v.marks.back())) v.marks.pop_back();
  return v;
}

std::strong_ordering compare_releases(const DottedVersion& a, const DottedVersion& b) {
  for (std::size_t i = 0; i < a.release.size() || i < b.release.size(); ++i) {
    auto order = compare_digits(i < a.release.size() ? a.release[i] : "",
                                i < b.release.size() ? b.release[i] : "");
    if (order != 0) return order;
  }
  return std::strong_ordering::equal;
}

std::strong_ordering compare_marks(const Mark& a, const Mark& b) {
  if (a.rank != b.rank) return a.rank <=> b.rank;
  if (a.letter != b.letter) return a.letter <=> b.letter;
  return compare_digits(a.number, b.number);
}

}  // namespace

Order compare_dotted(std::string_view a, std::string_view b) {
  std::optional<DottedVersion> va = parse(a), vb = parse(b);
  if (!va || !vb) return std::nullopt;
  if (auto order = compare_releases(*va, *vb); order != 0) return order;
  for (std::size_t i = 0; i < va->marks.size() || i < vb->marks.size(); ++i) {
    auto order = compare_marks(i < va->marks.size() ? va->marks[i] : Mark{},
                               i < vb->marks.size() ? vb->marks[i] : Mark{});
    if (order != 0) return order;
  }
  return std::strong_ordering::equal;
}

}  // namespace fathom::vuln

// Maven's versions, as org.apache.maven.artifact.versioning.ComparableVersion orders them. A
// version is a list of numbers, words and further lists: "-" and every change between digits and
// letters opens a list inside the list. Zeros and words that mean a release ("ga", "final") at the
// end of a list do not count; what is missing in the shorter of two lists is compared as nothing,
// which is behind "rc" and "snapshot" and before "sp" and unknown words.
// https://maven.apache.org/pom.html#version-order-specification

#include <algorithm>
#include <array>
#include <string>
#include <variant>
#include <vector>

#include "base/text.h"
#include "vuln/orderings.h"

namespace fathom::vuln {
namespace {

struct Number {
  std::string_view digits;  // without leading zeros: zero is empty
};
struct Word {
  std::size_t rank = 0;  // in kWords; behind them all for an unknown one
  std::string_view text;
};
struct List;
// Which list of Version::lists; lists have no copies of others in them, so nesting costs nothing.
struct ListIndex {
  std::size_t index = 0;
};
using Item = std::variant<Number, Word, ListIndex>;

struct Version {
  std::vector<std::vector<Item>> lists;  // each behind the one that it stands in; the first is all
};

constexpr auto kWords =
    std::to_array<std::string_view>({"alpha", "beta", "milestone", "rc", "snapshot", "", "sp"});
constexpr std::size_t kRelease = 5;  // ""

Word word_of(std::string_view text, bool before_digit) {
  if (before_digit && text == "a") text = "alpha";
  if (before_digit && text == "b") text = "beta";
  if (before_digit && text == "m") text = "milestone";
  if (text == "ga" || text == "final" || text == "release") text = "";
  if (text == "cr") text = "rc";
  return {static_cast<std::size_t>(std::ranges::find(kWords, text) - kWords.begin()), text};
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) { version_.lists.emplace_back(); }

  Version run() {
    for (; at_ < text_.size(); ++at_) step(text_[at_]);
    if (from_ < text_.size()) {
      if (!in_digits_ && !list().empty()) nest();
      add(false);
    }
    // Inner lists first.
    for (std::size_t i = version_.lists.size(); i-- > 0;) normalise(version_.lists[i]);
    return std::move(version_);
  }

 private:
  std::vector<Item>& list() { return version_.lists.back(); }

  void step(char c) {
    if (c == '.' || c == '-') {
      add(false);
      from_ = at_ + 1;
      if (c == '-') nest();
    } else if (is_digit(c) != in_digits_) {
      if (at_ > from_) change();
      in_digits_ = is_digit(c);
    }
  }

  // From letters to digits or back, within one run.
  void change() {
    if (!in_digits_ && !list().empty()) nest();
    add(true);
    from_ = at_;
    nest();
  }

  // What stands from from_ to here; nothing between two separators is a zero.
  void add(bool before_other) {
    const std::string_view run = text_.substr(from_, at_ - from_);
    if (run.empty() || in_digits_)
      list().emplace_back(Number{without_leading_zeros(run)});
    else
      list().emplace_back(word_of(run, before_other));
  }

  void nest() {
    list().emplace_back(ListIndex{version_.lists.size()});
    version_.lists.emplace_back();
  }

  bool is_null(const Item& item) const {
    if (const auto* number = std::get_if<Number>(&item)) return number->digits.empty();
    if (const auto* word = std::get_if<Word>(&item)) return word->rank == kRelease;
    return version_.lists[std::get<ListIndex>(item).index].empty();
  }

  void normalise(std::vector<Item>& items) const {
    for (std::size_t i = items.size(); i-- > 0;) {
      if (is_null(items[i]))
        items.erase(items.begin() + static_cast<std::ptrdiff_t>(i));
      else if (!std::holds_alternative<ListIndex>(items[i]))
        return;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0, from_ = 0;
  bool in_digits_ = false;
  Version version_;
};

std::strong_ordering compare_with_nothing(const Item& item, const Version& version) {
  if (const auto* number = std::get_if<Number>(&item)) return number->digits.size() <=> 0u;
  if (const auto* word = std::get_if<Word>(&item)) return word->rank <=> kRelease;
  for (const Item& inner : version.lists[std::get<ListIndex>(item).index])
    if (auto order = compare_with_nothing(inner, version); order != 0) return order;
  return std::strong_ordering::equal;
}

std::strong_ordering compare_words(const Word& a, const Word& b) {
  if (a.rank != b.rank || a.rank < kWords.size()) return a.rank <=> b.rank;
  return a.text <=> b.text;
}

// Words are before lists, lists before numbers.
std::size_t kind_rank(const Item& item) {
  constexpr std::array<std::size_t, 3> kRanks{2, 0, 1};  // by alternative of Item
  return kRanks[item.index()];
}

std::strong_ordering compare_lists(std::size_t ia, const Version& a, std::size_t ib,
                                   const Version& b);

std::strong_ordering compare_items(const Item& ia, const Version& a, const Item& ib,
                                   const Version& b) {
  if (ia.index() != ib.index()) return kind_rank(ia) <=> kind_rank(ib);
  if (const auto* number = std::get_if<Number>(&ia))
    return compare_digits(number->digits, std::get<Number>(ib).digits);
  if (const auto* word = std::get_if<Word>(&ia)) return compare_words(*word, std::get<Word>(ib));
  return compare_lists(std::get<ListIndex>(ia).index, a, std::get<ListIndex>(ib).index, b);
}

std::strong_ordering compare_lists(std::size_t ia, const Version& a, std::size_t ib,
                                   const Version& b) {
  const std::vector<Item>&la = a.lists[ia], &lb = b.lists[ib];
  for (std::size_t i = 0; i < la.size() || i < lb.size(); ++i) {
    std::strong_ordering order = std::strong_ordering::equal;
    if (i >= la.size())
      order = 0 <=> compare_with_nothing(lb[i], b);
    else if (i >= lb.size())
      order = compare_with_nothing(la[i], a);
    else
      order = compare_items(la[i], a, lb[i], b);
    if (order != 0) return order;
  }
  return std::strong_ordering::equal;
}

// What Maven takes for a range, or no repository has in a name, is no version.
bool is_correct(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7f &&
           std::string_view("[](),\"'\\/:;<>|").find(c) == std::string_view::npos;
  });
}

}  // namespace

Order compare_maven(std::string_view a, std::string_view b) {
  if (!is_correct(a) || !is_correct(b)) return std::nullopt;
  const std::string lower_a = to_lower(a), lower_b = to_lower(b);
  const Version va = Parser(lower_a).run(), vb = Parser(lower_b).run();
  return compare_lists(0, va, 0, vb);
}

}  // namespace fathom::vuln

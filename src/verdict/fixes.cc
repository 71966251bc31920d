#include "verdict/fixes.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "json/value.h"
#include "verdict/json_lines.h"

namespace fathom::verdict {
namespace {

// ---- Reading

// "f36/4": a field at offset 36, four bytes; "n70/8": the number 70; "m70/8": 70 or 71.
Result<Compared> compared_of(std::string_view key) {
  const Error bad{ErrorCode::malformed, "\"" + std::string(key) + "\" is no comparison"};
  const std::size_t slash = key.find('/');
  if (key.empty() || slash == key.npos || (key[0] != 'f' && key[0] != 'n' && key[0] != 'm'))
    return bad;
  std::string_view number = key.substr(1, slash - 1);
  const bool negative = number.starts_with('-');
  if (negative) number.remove_prefix(1);
  const auto value = parse_unsigned(number);
  const auto width = parse_unsigned(key.substr(slash + 1));
  if (!value || !width || *width > 64) return bad;
  const auto magnitude = static_cast<std::int64_t>(*value);
  return Compared{key[0] == 'f', negative ? -magnitude : magnitude,
                  static_cast<std::uint8_t>(*width)};
}

Result<std::vector<std::uint64_t>> hashes_of(const json::Value& list) {
  std::vector<std::uint64_t> out;
  for (const json::Value& item : list.elements()) {
    const auto hash = parse_unsigned(item.text_or(), 16);
    if (!hash) return Error{ErrorCode::malformed, "a text without a hash"};
    out.push_back(*hash);
  }
  return out;
}

std::uint32_t number_in(const json::Value& list, std::size_t index) {
  const json::Array& items = list.elements();
  if (index >= items.size()) return 0;
  return static_cast<std::uint32_t>(items[index].natural().value_or(0));
}

Result<FixRow> row_of(const json::Value& value) {
  FixRow row;
  row.library = value["library"].text_or();
  row.cve = value["cve"].text_or();
  row.function = value["function"].text_or();
  row.origin = value["from"].text_or();
  for (const json::Value& release : value["versions"].elements())
    row.releases.emplace_back(release.text_or());
  row.builds = value["builds"].elements().size();
  if (row.library.empty() || row.cve.empty() || row.function.empty())
    return Error{ErrorCode::malformed, "a row without library, cve or function"};
  row.texts_of_fixed = TRY(hashes_of(value["texts"]["fixed"]));
  row.texts_of_vulnerable = TRY(hashes_of(value["texts"]["vulnerable"]));
  for (const json::Value& one : value["counts"].elements()) {
    FixRow::Count count;
    const std::string_view key = one.elements().empty() ? "" : one.elements()[0].text_or();
    count.what = TRY(compared_of(key));
    count.or_next = key.starts_with('m');
    count.vulnerable_low = number_in(one, 1);
    count.vulnerable_high = number_in(one, 2);
    count.fixed_low = number_in(one, 3);
    count.fixed_high = number_in(one, 4);
    row.counts.push_back(count);
  }
  for (const json::Value& one : value["same"].elements()) {
    Compared what = TRY(compared_of(one.elements().empty() ? "" : one.elements()[0].text_or()));
    row.same.emplace_back(what, number_in(one, 1));
  }
  return row;
}

// ---- Deciding

using Places = std::map<Compared, std::vector<std::uint64_t>>;

Places places_of(const CodeFunction& function) {
  Places places;
  for (const CodeComparison& one : function.comparisons) places[one.what].push_back(one.place);
  return places;
}

std::string words_of(const Compared& what) {
  return (what.is_field ? "a field at offset " : "the number ") + std::to_string(what.value);
}

std::string range_of(std::uint32_t low, std::uint32_t high) {
  return low == high ? std::to_string(low) : std::to_string(low) + " to " + std::to_string(high);
}

class Votes {
 public:
  void add(bool fixed, std::uint64_t place, std::string what, bool is_text) {
    ++(fixed ? fixed_ : vulnerable_);
    texts_ += is_text;
    decision_.seen.push_back({place, std::move(what)});
  }
  void add_odd() { ++odd_; }

  // One count that is neither as before nor as after the fix says that this is other code.
  std::optional<FixDecision> decide() {
    if ((fixed_ == 0) == (vulnerable_ == 0)) return std::nullopt;
    if (odd_ > 0 && texts_ == 0) return std::nullopt;
    decision_.is_fixed = fixed_ > 0;
    return std::move(decision_);
  }

 private:
  std::size_t fixed_ = 0, vulnerable_ = 0, odd_ = 0, texts_ = 0;
  FixDecision decision_;
};

void vote_by_texts(const FixRow& row, const CodeFunction& function, const CodeQuestion& question,
                   Votes& votes) {
  for (const CodeText& text : function.texts) {
    const std::uint64_t hash = question.texts[text.text];
    for (bool fixed : {true, false}) {
      const auto& texts = fixed ? row.texts_of_fixed : row.texts_of_vulnerable;
      if (std::ranges::find(texts, hash) != texts.end())
        votes.add(fixed, text.place,
                  row.function + " refers to a text that only its " +
                      (fixed ? "fixed" : "vulnerable") + " form has",
                  true);
    }
  }
}

std::vector<std::uint64_t> places_at(const FixRow::Count& count, Compared what,
                                     const Places& places) {
  std::vector<std::uint64_t> out;
  for (int i = 0; i <= (count.or_next ? 1 : 0); ++i, ++what.value)
    if (auto at = places.find(what); at != places.end())
      out.insert(out.end(), at->second.begin(), at->second.end());
  std::ranges::sort(out);
  return out;
}

// That something is not compared says something only where it is compared in another width.
bool is_compared_otherwise(const FixRow::Count& count, const Places& places) {
  constexpr std::array<std::uint8_t, 4> kWidths = {1, 2, 4, 8};
  return std::ranges::any_of(kWidths, [&](std::uint8_t width) {
    Compared other = count.what;
    other.width = width;
    return width != count.what.width && !places_at(count, other, places).empty();
  });
}

void vote_by_counts(const FixRow& row, const Places& places, Votes& votes) {
  for (const FixRow::Count& count : row.counts) {
    const std::vector<std::uint64_t> there = places_at(count, count.what, places);
    const std::size_t seen = there.size();
    const bool fixed = seen >= count.fixed_low && seen <= count.fixed_high;
    const bool vulnerable = seen >= count.vulnerable_low && seen <= count.vulnerable_high;
    if (fixed == vulnerable) {
      votes.add_odd();
      continue;
    }
    if (seen == 0 && fixed && !is_compared_otherwise(count, places)) continue;
    votes.add(fixed, there.empty() ? 0 : there.back(),
              row.function + " compares " + words_of(count.what) + " in " +
                  std::to_string(count.what.width) + " bytes " + std::to_string(seen) +
                  (seen == 1 ? " time" : " times") + "; before the fix it is " +
                  range_of(count.vulnerable_low, count.vulnerable_high) + ", after it " +
                  range_of(count.fixed_low, count.fixed_high),
              false);
  }
}

}  // namespace

Result<std::vector<FixRow>> parse_fixes(std::string_view lines) {
  return read_json_lines(lines, row_of);
}

std::optional<FixDecision> decide_fix(const FixRow& row, const CodeFunction& function,
                                      const CodeQuestion& question, const FixContext& context) {
  // A small function has few counts that stay; known by name, it needs several that tell. Of
  // another release, whose source may differ elsewhere, nearly everything must be as it was.
  constexpr std::size_t kSeveral = 2, kMany = 8, kAllButOne = 95;
  const bool is_small = context.is_named && row.counts.size() >= kSeveral;
  const bool is_it = context.is_release ? has_shape(function.comparisons, row.same) || is_small
                                        : row.same.size() >= kMany &&
                                              has_shape(function.comparisons, row.same, kAllButOne);
  Votes votes;
  vote_by_texts(row, function, question, votes);
  if (is_it) vote_by_counts(row, places_of(function), votes);
  return votes.decide();
}

}  // namespace fathom::verdict

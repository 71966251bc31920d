// Python's versions, PEP 440 as the "packaging" library reads it (normalisation included):
// [N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local].
//
// Within one release: dev, then the pre-releases, the release, then the posts; a "dev" of
// something stands before that something. A local version stands after the same without it.

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "vuln/orderings.h"

namespace fathom::vuln {
namespace {

enum class Stage { dev_only, alpha, beta, candidate, none };

struct PythonVersion {
  std::string_view epoch;
  std::vector<std::string_view> release;
  Stage stage = Stage::none;
  std::string_view stage_number;
  bool post = false, dev = false;
  std::string_view post_number, dev_number;
  std::vector<std::string> local;
};

bool is_separator(char c) { return c == '.' || c == '-' || c == '_'; }

// Removes [separator] word [separator] [number] when one of `words` stands there, longest first.
template <std::size_t N>
std::optional<std::size_t> take_word(std::string_view& text,
                                     const std::array<std::string_view, N>& words,
                                     std::string_view& number) {
  std::string_view rest = text;
  if (!rest.empty() && is_separator(rest[0])) rest.remove_prefix(1);
  for (std::size_t i = 0; i < N; ++i) {
    if (!rest.starts_with(words[i])) continue;
    rest.remove_prefix(words[i].size());
    if (!rest.empty() && is_separator(rest[0])) rest.remove_prefix(1);
    number = take_while(rest, is_digit);
    text = rest;
    return i;
  }
  return std::nullopt;
}

void take_stage(std::string_view& text, PythonVersion& v) {
  constexpr std::array<std::string_view, 8> kWords = {"alpha",   "a",   "beta", "b",
                                                      "preview", "pre", "rc",   "c"};
  constexpr std::array<Stage, 4> kStages = {Stage::alpha, Stage::beta, Stage::candidate,
                                            Stage::candidate};
  if (std::optional<std::size_t> word = take_word(text, kWords, v.stage_number))
    v.stage = kStages[*word / 2];
}

void take_post(std::string_view& text, PythonVersion& v) {
  constexpr std::array<std::string_view, 3> kWords = {"post", "rev", "r"};
  if (text.size() >= 2 && text[0] == '-' && is_digit(text[1])) {  // "1.0-1" is 1.0.post1
    text.remove_prefix(1);
    v.post_number = take_while(text, is_digit);
    v.post = true;
    return;
  }
  v.post = take_word(text, kWords, v.post_number).has_value();
}

bool take_local(std::string_view& text, PythonVersion& v) {
  if (!take(text, '+')) return true;
  do {
    std::string_view part = take_while(text, is_alnum);
    if (part.empty()) return false;
    v.local.emplace_back(part);
  } while (!text.empty() && is_separator(text[0]) && (text.remove_prefix(1), true));
  return true;
}

bool take_release(std::string_view& text, PythonVersion& v) {
  v.release.push_back(take_while(text, is_digit));
  if (take(text, '!')) {
    v.epoch = std::exchange(v.release[0], take_while(text, is_digit));
    if (v.epoch.empty()) return false;
  }
  while (text.size() >= 2 && text[0] == '.' && is_digit(text[1])) {
    text.remove_prefix(1);
    v.release.push_back(take_while(text, is_digit));
  }
  return !v.release[0].empty();
}

// `text` is lower case, outlives the result and has no blanks around it.
std::optional<PythonVersion> parse(std::string_view text) {
  PythonVersion v;
  take(text, 'v');
  if (!take_release(text, v)) return std::nullopt;
  take_stage(text, v);
  take_post(text, v);
  constexpr std::array<std::string_view, 1> kDev = {"dev"};
  v.dev = take_word(text, kDev, v.dev_number).has_value();
  if (!take_local(text, v) || !text.empty()) return std::nullopt;
  while (!v.release.empty() && without_leading_zeros(v.release.back()).empty())
    v.release.pop_back();
  if (v.stage == Stage::none && !v.post && v.dev) v.stage = Stage::dev_only;
  return v;
}

std::strong_ordering compare_releases(const PythonVersion& a, const PythonVersion& b) {
  for (std::size_t i = 0; i < a.release.size() || i < b.release.size(); ++i) {
    auto order = compare_digits(i < a.release.size() ? a.release[i] : "",
                                i < b.release.size() ? b.release[i] : "");
    if (order != 0) return order;
  }
  return std::strong_ordering::equal;
}

// Numbers stand after words.
std::strong_ordering compare_local_parts(std::string_view a, std::string_view b) {
  bool number_a = std::ranges::all_of(a, is_digit), number_b = std::ranges::all_of(b, is_digit);
  if (number_a != number_b) return number_a <=> number_b;
  return number_a ? compare_digits(a, b) : a <=> b;
}

std::strong_ordering compare_locals(const PythonVersion& a, const PythonVersion& b) {
  for (std::size_t i = 0; i < a.local.size() && i < b.local.size(); ++i)
    if (auto order = compare_local_parts(a.local[i], b.local[i]); order != 0) return order;
  return a.local.size() <=> b.local.size();
}

}  // namespace

Order compare_pep440(std::string_view a, std::string_view b) {
  std::string text_a = to_lower(trim(a)), text_b = to_lower(trim(b));
  std::optional<PythonVersion> va = parse(text_a), vb = parse(text_b);
  if (!va || !vb) return std::nullopt;
  if (auto order = compare_digits(va->epoch, vb->epoch); order != 0) return order;
  if (auto order = compare_releases(*va, *vb); order != 0) return order;
  if (va->stage != vb->stage) return va->stage <=> vb->stage;
  if (auto order = compare_digits(va->stage_number, vb->stage_number); order != 0) return order;
  if (va->post != vb->post) return va->post <=> vb->post;
  if (auto order = compare_digits(va->post_number, vb->post_number); order != 0) return order;
  if (va->dev != vb->dev) return vb->dev <=> va->dev;  // a dev stands before
  if (auto order = compare_digits(va->dev_number, vb->dev_number); order != 0) return order;
  return compare_locals(*va, *vb);
}

}  // namespace fathom::vuln

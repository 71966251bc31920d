#include <algorithm>

#include "base/digest.h"
#include "base/text.h"
#include "json/value.h"
#include "signature/identify.h"
#include "signature/patterns.h"
#include "signature/row.h"

namespace fathom::signature {
namespace {

constexpr std::size_t kShortestConfirm = 6;  // the facts hash no shorter strings
constexpr std::size_t kMostRows = 10'000;

Error bad(std::string message) { return {ErrorCode::malformed, std::move(message)}; }

Result<std::vector<std::string>> read_texts(const json::Value& value) {
  std::vector<std::string> texts;
  for (const json::Value& element : value.elements()) {
    if (element.string() == nullptr) return bad("not a list of texts");
    texts.push_back(*element.string());
  }
  return texts;
}

Result<std::vector<VersionText>> read_versions(const json::Value& value) {
  std::vector<VersionText> versions;
  for (const json::Value& element : value.elements()) {
    VersionText version{.pattern = std::string(element["pattern"].text_or()),
                        .sample = std::string(element["sample"].text_or()),
                        .version = std::string(element["version"].text_or())};
    if (const bool* bare = element["bare"].boolean()) version.bare = *bare;
    if (version.pattern.empty()) return bad("version without pattern");
    if (version.sample.empty() || version.version.empty())
      return bad(version.pattern + ": no sample, or none of its version");
    versions.push_back(std::move(version));
  }
  return versions;
}

Result<ConfirmText> confirm_of(std::string text) {
  if (text.size() < kShortestConfirm)
    return bad("confirm text \"" + text + "\" is shorter than what files are searched for");
  ConfirmText confirm;
  confirm.hash = xxh3_of(ByteView::of(text));
  std::string_view without = text;
  if (without.ends_with('\n')) without.remove_suffix(1);
  if (without.size() != text.size() && without.size() >= kShortestConfirm)
    confirm.hash_without_newline = xxh3_of(ByteView::of(without));
  confirm.text = std::move(text);
  return confirm;
}

Result<std::vector<ConfirmText>> read_confirm(const json::Value& value) {
  std::vector<ConfirmText> texts;
  for (std::string& text : TRY(read_texts(value)))
    texts.push_back(TRY(confirm_of(std::move(text))));
  return texts;
}

// [{since, until, texts}]: confirm texts that not all releases have.
Done add_dated(const json::Value& value, std::vector<ConfirmText>& out) {
  for (const json::Value& element : value.elements()) {
    if (!element.has("since") && !element.has("until")) return bad("dated texts without a date");
    for (ConfirmText& text : TRY(read_confirm(element["texts"]))) {
      text.since = element["since"].text_or();
      text.until = element["until"].text_or();
      out.push_back(std::move(text));
    }
  }
  return Ok{};
}

// One text with spaces between the releases: there are thousands of them.
std::vector<std::string> read_releases(std::string_view text) {
  std::vector<std::string> releases;
  for (std::string_view line : lines_of(text))
    for (std::string_view release : split(line, ' '))
      if (!release.empty()) releases.emplace_back(release);
  return releases;
}

std::uint64_t number(const json::Value& value) {
  std::optional<std::int64_t> number = value.integer();
  return number && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

Result<std::optional<VersionConstant>> read_constant(const json::Value& value) {
  if (value.is_null()) return std::optional<VersionConstant>();
  VersionConstant constant;
  constant.rest = number(value["rest"]);
  constant.letter_unit = number(value["letter_unit"]);
  constant.min = value["min"].text_or();
  constant.max = value["max"].text_or();
  for (const json::Value& unit : value["units"].elements()) {
    constant.units.push_back(number(unit));
    if (constant.units.back() == 0) return bad("constant with a unit that is no positive number");
  }
  if (constant.units.empty()) return bad("constant without units");
  if (constant.min.empty() || constant.max.empty()) return bad("constant without min and max");
  if (const bool* proves = value["proves"].boolean()) constant.proves = *proves;
  return std::optional(std::move(constant));
}

Result<ComponentKind> read_kind(std::string_view name) {
  if (name.empty()) return ComponentKind::embedded_library;
  for (ComponentKind kind :
       {ComponentKind::embedded_library, ComponentKind::runtime, ComponentKind::application})
    if (name_of(kind) == name) return kind;
  return bad("unknown kind \"" + std::string(name) + "\"");
}

Result<Row> read_row(const json::Value& value) {
  Row row;
  row.library = value["library"].text_or();
  row.kind = TRY(read_kind(value["kind"].text_or()));
  row.purl = value["purl"].text_or();
  row.cpe = value["cpe"].text_or();
  row.sonames = TRY(read_texts(value["sonames"]));
  row.versions = TRY(read_versions(value["versions"]));
  row.counterexamples = TRY(read_texts(value["not"]));
  row.confirm = TRY(read_confirm(value["confirm"]));
  row.exclude_if = TRY(read_confirm(value["exclude_if"]));
  row.confirm_at_least = number(value["confirm_at_least"]);
  row.confirm_alone = number(value["confirm_alone"]);
  row.constant = TRY(read_constant(value["constant"]));
  TRY(add_dated(value["dated"], row.confirm));
  row.releases = read_releases(value["releases"].text_or());
  if (row.purl.empty()) return bad("no purl");
  bool proven = row.constant && row.constant->proves;
  if (!proven && (row.confirm_at_least == 0 || row.confirm_alone < row.confirm_at_least))
    return bad("confirm_at_least must be 1 or more, confirm_alone not less");
  if (!proven && row.confirm.size() < row.confirm_at_least)
    return bad("fewer confirm texts than confirm_at_least");
  return row;
}

bool same(const std::string& a, const std::string& b) { return compare_releases(a, b) == 0; }

}  // namespace

Classifiers::Classifiers() : patterns_(std::make_unique<Patterns>(rows_)) {}
Classifiers::Classifiers(Classifiers&&) noexcept = default;
Classifiers& Classifiers::operator=(Classifiers&&) noexcept = default;
Classifiers::~Classifiers() = default;

std::vector<std::string> Classifiers::libraries() const {
  std::vector<std::string> names;
  for (const Row& row : rows_) names.push_back(row.library);
  return names;
}

bool Classifiers::asks_for(std::uint64_t text) const {
  auto is_it = [&](const ConfirmText& confirm) {
    return confirm.hash == text || (text != 0 && confirm.hash_without_newline == text);
  };
  return std::ranges::any_of(rows_, [&](const Row& row) {
    return std::ranges::any_of(row.confirm, is_it) || std::ranges::any_of(row.exclude_if, is_it);
  });
}

std::size_t Classifiers::size() const { return rows_.size(); }

Result<Classifiers> Classifiers::parse(std::string_view text) {
  json::Value document = TRY(json::parse(text).in("classifiers"));
  if (document["classifiers"].array() == nullptr) return bad("classifiers: no list of rows");
  if (document["classifiers"].elements().size() > kMostRows) return bad("classifiers: too many");
  Classifiers made;
  for (const json::Value& element : document["classifiers"].elements()) {
    std::string library(element["library"].text_or());
    if (library.empty()) return bad("classifiers: a row without library");
    made.rows_.push_back(TRY(read_row(element).in("classifiers: " + library)));
  }
  made.patterns_ = std::make_unique<Patterns>(made.rows_);
  return made;
}

Done Classifiers::check() const {
  TRY(patterns_->check());
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    for (std::size_t v = 0; v < rows_[r].versions.size(); ++v) {
      const VersionText& version = rows_[r].versions[v];
      std::string got;
      patterns_->match(version.sample, [&](std::size_t row, std::size_t index, std::string text) {
        if (row == r && index == v) got = std::move(text);
      });
      if (got != version.version)
        return bad(rows_[r].library + ": the sample \"" + version.sample + "\" yields \"" + got +
                   "\", not \"" + version.version + "\"");
    }
    std::string matched;
    for (const std::string& text : rows_[r].counterexamples)
      patterns_->match(text, [&](std::size_t row, std::size_t, const std::string&) {
        if (row == r) matched = text;
      });
    if (!matched.empty()) return bad(rows_[r].library + ": matches \"" + matched + "\"");
    if (!std::is_sorted(rows_[r].releases.begin(), rows_[r].releases.end(),
                        [](const auto& a, const auto& b) { return compare_releases(a, b) < 0; }))
      return bad(rows_[r].library + ": releases are not in order");
    if (std::adjacent_find(rows_[r].releases.begin(), rows_[r].releases.end(), same) !=
        rows_[r].releases.end())
      return bad(rows_[r].library + ": a release stands twice");
  }
  return Ok{};
}

}  // namespace fathom::signature

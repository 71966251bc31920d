// The texts of an ELF file: hashes of its strings, and the texts that may state a version.
//
// Everything is looked at but code and what no program loads (symbol tables, debug information):
// also what no section covers, for that is where payloads are appended. Sections are borders that
// no text crosses.
//
// A C string ends with NUL, and compilers merge equal ones: its hash answers "is this exact text
// there". Go and Rust put theirs into one block without NULs, so a text that may state a version is
// any run of text around a digit, a dot and a digit; of runs longer than limits.text_bytes the 64
// bytes before and behind it, windows that overlap joined.
//
// What is kept is bounded by the size of the file, so that facts stay a small part of it. What goes
// first is what says least: names of dynamic symbols (they are no literals) and texts that were
// seen before, neither of which is missed; then short strings and long texts, and that is a gap.

#include <algorithm>
#include <array>
#include <unordered_set>

#include "analyzer/analyzer.h"
#include "analyzer/pieces.h"
#include "analyzer/text_runs.h"
#include "base/digest.h"
#include "base/text.h"

namespace fathom {

namespace {

constexpr std::uint64_t kLeastString = 6;          // bytes
constexpr std::uint64_t kLeastText = 4;            // bytes
constexpr std::uint64_t kWindow = 64;              // bytes before and behind
constexpr std::uint64_t kStringCost = 10;          // bytes of one hash and its position, encoded
constexpr std::uint64_t kSmallBudget = 64 * kKiB;  // for files of any size, strings and texts each

// Keeps the best strings: literals before names of symbols, long before short, then by position.
class StringKeeper {
 public:
  explicit StringKeeper(std::uint64_t most) : most_(most) { found_.reserve(room()); }

  void add(std::uint64_t offset, std::string_view text, bool symbol_name) {
    literals_ += symbol_name ? 0 : 1;
    auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>(text.size(), ~std::uint32_t{0}));
    found_.push_back({xxh3_of(ByteView::of(text)), offset, size, symbol_name});
    if (found_.size() >= room()) keep_best();
  }
  std::vector<StringHash> take() {
    keep_best();
    std::vector<StringHash> out;
    out.reserve(found_.size());
    for (const Found& f : found_) {
      out.push_back({f.hash, f.offset});
      literals_ -= f.symbol_name ? 0 : 1;
    }
    std::ranges::sort(out);
    return out;
  }
  // After take(): strings that are no names of symbols and were not kept.
  std::uint64_t literals_left_out() const { return literals_; }

 private:
  struct Found {
    std::uint64_t hash, offset;
    std::uint32_t size;
    bool symbol_name;
  };
  // What is reserved is no memory until it is used; growing would need it twice.
  std::size_t room() const { return static_cast<std::size_t>(most_ + most_ / 2 + 1024); }
  void keep_best() {
    if (found_.size() <= most_) return;
    auto better = [](const Found& a, const Found& b) {
      if (a.symbol_name != b.symbol_name) return b.symbol_name;
      if (a.size != b.size) return a.size > b.size;
      return a.offset < b.offset;
    };
    auto end = found_.begin() + static_cast<std::ptrdiff_t>(most_);
    std::nth_element(found_.begin(), end, found_.end(), better);
    found_.erase(end, found_.end());
  }

  std::uint64_t most_, literals_ = 0;
  std::vector<Found> found_;
};

// Keeps texts in four groups, each by position, and fills the budget group by group.
class TextKeeper {
 public:
  TextKeeper(ByteView file, const Limits& limits) : file_(file), limits_(limits) {}

  void add(std::uint64_t offset, std::uint64_t size, bool symbol_name) {
    if (size < kLeastText) return;
    Group group = size > 4 * kWindow ? long_texts : short_texts;
    if (symbol_name) group = symbol_names;
    std::uint64_t hash = xxh3_of(file_.clamped(offset, size));
    if (known_.contains(hash)) group = repeated;
    left_out_ += group == repeated ? 0 : 1;
    if (groups_[group].size() >= limits_.texts) return;
    if (group != repeated) known_.insert(hash);
    groups_[group].push_back({offset, size});
  }

  // As many as fit into `budget` bytes.
  std::vector<Text> take(std::uint64_t budget) {
    std::vector<Text> out;
    for (std::size_t group = 0; group < groups_.size(); ++group)
      for (const Span& span : groups_[group]) {
        std::uint64_t cost = span.size + 3;
        if (out.size() >= limits_.texts || cost > budget) continue;
        budget -= cost;
        left_out_ -= group == repeated ? 0 : 1;
        out.push_back({span.offset, std::string(file_.clamped(span.offset, span.size).as_text())});
      }
    std::ranges::sort(out);
    return out;
  }
  // After take(): texts that stand nowhere else in the file and were not kept.
  std::uint64_t new_texts_left_out() const { return left_out_; }

 private:
  enum Group { short_texts, long_texts, symbol_names, repeated };
  struct Span {
    std::uint64_t offset, size;
  };
  ByteView file_;
  const Limits& limits_;
  std::uint64_t left_out_ = 0;
  std::array<std::vector<Span>, 4> groups_;
  std::unordered_set<std::uint64_t> known_;  // only asked, never walked
};

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// The windows of a run that is too long, each of which is valid UTF-8.
void add_windows(std::string_view run, std::uint64_t offset, bool symbol_name, std::uint64_t most,
                 TextKeeper& texts) {
  for (std::size_t dot = find_version(run); dot != run.npos;) {
    std::size_t begin = dot > kWindow + 1 ? dot - 1 - kWindow : 0;
    std::size_t end = std::min(run.size(), dot + 2 + kWindow);
    dot = find_version(run, dot + 1);
    for (; dot != run.npos && dot <= end + kWindow && dot + 2 + kWindow - begin <= most;
         dot = find_version(run, dot + 1))
      end = std::min(run.size(), dot + 2 + kWindow);
    while (begin < end && continues(run[begin])) ++begin;
    while (end < run.size() && end > begin && continues(run[end])) --end;
    texts.add(offset + begin, end - begin, symbol_name);
  }
}

void note_drops(std::uint64_t strings, std::uint64_t texts, FileFacts& facts) {
  if (strings == 0 && texts == 0) return;
  facts.gaps.push_back({.stage = "strings",
                        .file = {},
                        .file_digest = {},
                        .code = ErrorCode::limit_exceeded,
                        .reason = with_thousands(strings) + " strings and " +
                                  with_thousands(texts) +
                                  " texts are more than the facts of a file of " +
                                  human_bytes(facts.size) + " keep"});
}

Done run(const FileInput& in, FileFacts& facts) {
  const std::uint64_t size = in.bytes.size();
  // Strings and texts share 3.6 % of the file. Texts have what strings leave: where literals have
  // no NUL, as in Rust, that is most.
  const std::uint64_t string_budget = std::max(kSmallBudget, size / 1000 * 28);
  const std::uint64_t budget = std::max(2 * kSmallBudget, size / 1000 * 36);
  StringKeeper strings(std::min(in.limits.strings, string_budget / kStringCost));
  TextKeeper texts(in.bytes, in.limits);
  for (const Piece& piece : pieces_of(*in.elf)) {
    ByteView part = in.bytes.clamped(piece.offset, piece.size);
    find_text_runs(part, kLeastString, [&](const TextRun& run) {
      std::string_view text = part.clamped(run.offset, run.size).as_text();
      std::uint64_t offset = piece.offset + run.offset;
      if (run.nul_follows && text.size() >= kLeastString)
        strings.add(offset, text, piece.symbol_names);
      if (run.has_version && text.size() <= in.limits.text_bytes)
        texts.add(offset, text.size(), piece.symbol_names);
      else if (run.has_version)
        add_windows(text, offset, piece.symbol_names, in.limits.text_bytes, texts);
    });
  }
  facts.strings = strings.take();
  facts.texts = texts.take(budget - facts.strings.size() * kStringCost);
  note_drops(strings.literals_left_out(), texts.new_texts_left_out(), facts);
  return Ok{};
}

}  // namespace

extern const FileAnalyzer strings = {
    .name = "strings",
    .version = 1,
    .needs = Needs::elf,
    .summary = "hashes of the strings of an ELF file, and texts that may state a version",
    .wants = [](const FileInput& in) { return in.elf != nullptr; },
    .run = run,
};

}  // namespace fathom

// Revisions of sources that compilers leave in programs without a table of their own.
//
// Rust: messages of panics carry the path of their source file. rustc writes its own sources as
// /rustc/<commit>/, and cargo keeps dependencies from git below
// .cargo/git/checkouts/<repository>-<hash>/<shortened commit>/. The program's own commit is
// nowhere.
//
// .NET: since SDK 8 the compiler appends the commit to AssemblyInformationalVersion ("1.2.3+<40
// hex>"). The attribute's value is a blob of metadata: the prolog 01 00, the text with its length
// in front, 00 00 for no named arguments (ECMA-335, II.23.3). Such a blob is looked for as bytes;
// what frames it, and that the length fits exactly, make chance unlikely (80 fixed bits and the
// form of the text), and nothing needs to be believed about the tables around it.

#include <algorithm>

#include "analyzer/analyzer.h"
#include "base/needles.h"
#include "base/text.h"

namespace fathom {
namespace {

constexpr std::string_view kRust = "rust-revision";
constexpr std::string_view kDotnet = "dotnet-revision";
constexpr std::size_t kMostRevisions = 256;
constexpr std::size_t kSha1Digits = 40;

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == text.npos;
}

std::string_view up_to_slash(std::string_view text) { return text.substr(0, text.find('/')); }

struct Sighting {
  std::string_view seen;
  Revision revision;
};

// "/rustc/<commit>/library/core/src/…"
std::optional<Sighting> of_compiler(std::string_view text) {
  constexpr std::string_view kMark = "/rustc/";
  const std::string_view id = text.substr(kMark.size(), kSha1Digits);
  if (id.size() != kSha1Digits || !is_hex(id) ||
      !text.substr(kMark.size() + id.size()).starts_with('/'))
    return std::nullopt;
  Revision revision{.of = "compiler",
                    .system = "git",
                    .id = std::string(id),
                    .time = {},
                    .source = "https://github.com/rust-lang/rust",
                    .modified = false,
                    .evidence = {}};
  return Sighting{text.substr(0, kMark.size() + id.size()), std::move(revision)};
}

// "/git/checkouts/<repository>-<16 hex>/<7 or more hex>/src/…"
std::optional<Sighting> of_checkout(std::string_view text) {
  constexpr std::string_view kMark = "/git/checkouts/";
  constexpr std::size_t kHashDigits = 16, kLeastDigits = 7;
  const std::string_view folder = up_to_slash(text.substr(kMark.size()));
  const std::size_t dash = folder.rfind('-');
  if (dash == folder.npos || folder.size() - dash - 1 != kHashDigits ||
      !is_hex(folder.substr(dash + 1)))
    return std::nullopt;
  const std::size_t start = kMark.size() + folder.size() + 1;
  if (start >= text.size()) return std::nullopt;
  const std::string_view id = up_to_slash(text.substr(start));
  if (id.size() < kLeastDigits || id.size() > kSha1Digits || !is_hex(id)) return std::nullopt;
  Revision revision{.of = "dependency",
                    .system = "git",
                    .id = std::string(id),
                    .time = {},
                    .source = std::string(folder.substr(0, dash)),
                    .modified = false,
                    .evidence = {}};
  return Sighting{text.substr(0, start + id.size()), std::move(revision)};
}

void keep(FileFacts& facts, Sighting sighting, std::string_view analyzer, std::uint64_t offset) {
  const bool known = std::ranges::any_of(facts.revisions, [&](const Revision& r) {
    return r.of == sighting.revision.of && r.id == sighting.revision.id &&
           r.source == sighting.revision.source;
  });
  if (known || facts.revisions.size() == kMostRevisions || !is_utf8(sighting.revision.source))
    return;
  sighting.revision.evidence = {std::string(analyzer), "", "", Place::at_offset(offset),
                                utf8_or_escaped(sighting.seen)};
  facts.revisions.push_back(std::move(sighting.revision));
}

Done run_rust(const FileInput& in, FileFacts& facts) {
  constexpr std::size_t kMostPath = 512;
  static const Needles kMarks{"/rustc/", "/git/checkouts/"};
  const std::string_view text = in.bytes.as_text();
  kMarks.for_each(text, [&](std::size_t at, std::size_t which) {
    const std::string_view path = text.substr(at, kMostPath);
    std::optional<Sighting> sighting = which == 0 ? of_compiler(path) : of_checkout(path);
    if (sighting) keep(facts, std::move(*sighting), kRust, at);
  });
  return Ok{};
}

// ---- .NET

// "1.2.3-rc.1+<7 to 40 hex>"; what stands before the plus begins with a digit and has no spaces.
std::optional<Revision> of_version(std::string_view text) {
  const std::size_t plus = text.rfind('+');
  if (plus == text.npos || plus == 0 || text[0] < '0' || text[0] > '9') return std::nullopt;
  const std::string_view version = text.substr(0, plus), id = text.substr(plus + 1);
  constexpr std::string_view kVersion =
      "0123456789.-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+";
  if (id.size() != kSha1Digits || !is_hex(id) ||
      version.find_first_not_of(kVersion) != version.npos)
    return std::nullopt;
  return Revision{.of = "program",
                  .system = "git",
                  .id = std::string(id),
                  .time = {},
                  .source = {},
                  .modified = false,
                  .evidence = {}};
}

// The attribute's value whose text ends with the 40 digits that start at `digits`.
std::optional<Sighting> informational_version(std::string_view bytes, std::size_t digits) {
  const std::size_t end = digits + kSha1Digits;
  constexpr std::size_t kMostText = 127;  // lengths of one byte; longer versions are not written
  if (!bytes.substr(end).starts_with(std::string_view("\0\0", 2))) return std::nullopt;
  for (std::size_t start = digits - 1; start >= 3 && end - start <= kMostText; --start) {
    const std::size_t size = static_cast<unsigned char>(bytes[start - 1]);
    if (size != end - start || bytes[start - 2] != '\0' || bytes[start - 3] != '\1') continue;
    const std::string_view text = bytes.substr(start, size);
    if (std::optional<Revision> revision = of_version(text))
      return Sighting{text, std::move(*revision)};
  }
  return std::nullopt;
}

Done run_dotnet(const FileInput& in, FileFacts& facts) {
  const std::string_view bytes = in.bytes.as_text();
  for (std::size_t plus = bytes.find('+'); plus != bytes.npos; plus = bytes.find('+', plus + 1)) {
    const std::string_view id = bytes.substr(plus + 1, kSha1Digits);
    if (id.size() != kSha1Digits || !is_hex(id)) continue;
    if (std::optional<Sighting> found = informational_version(bytes, plus + 1))
      keep(facts, std::move(*found), kDotnet, plus + 1);
  }
  return Ok{};
}

}  // namespace

extern const FileAnalyzer rust_revision = {
    .name = kRust,
    .version = 1,
    .needs = Needs::elf,
    .summary = "revisions of the Rust compiler and of dependencies from git, in paths of sources",
    .wants =
        [](const FileInput& in) {
          static const Needles kMarks{"/rustc/", "/git/checkouts/"};
          return in.elf != nullptr && kMarks.next(in.bytes.as_text()) != std::string_view::npos;
        },
    .run = run_rust,
};

extern const FileAnalyzer dotnet_revision = {
    .name = kDotnet,
    .version = 1,
    .needs = Needs::bytes,
    .summary = "the revision that .NET's compiler wrote behind the version of an assembly",
    // A managed assembly is a PE file with the signature of its metadata in it.
    .wants =
        [](const FileInput& in) {
          return in.kind == FileKind::executable && in.bytes.starts_with("MZ") &&
                 in.bytes.as_text().find("BSJB") != std::string_view::npos;
        },
    .run = run_dotnet,
};

}  // namespace fathom

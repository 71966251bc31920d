// Everything the bytes of one file say. The kind comes first, because it decides who looks; then
// the analyzers, in the order of their table; then the members, each of which is a file again.

#include <algorithm>

#include "analyzer/analyzer.h"
#include "analyzer/file_type.h"
#include "analyzer/java_archive.h"
#include "analyzer/members.h"
#include "base/text.h"

namespace fathom {

namespace {

std::optional<elf::ElfFile> parse_elf(ByteView bytes, const Limits& limits, FileFacts& facts) {
  Result<elf::ElfFile> parsed = elf::ElfFile::parse(bytes, limits);
  if (!parsed) {
    add_gap(facts, limits, "elf", parsed.error());
    return {};
  }
  for (const Error& problem : parsed->problems()) add_gap(facts, limits, "elf", problem);
  facts.gaps_not_kept += parsed->problems_not_kept();
  return std::move(*parsed);
}

// Nothing for machines whose code is not decoded.
std::optional<code::Program> open_program(const elf::ElfFile& elf, const Limits& limits) {
  Result<code::Program> program = code::Program::open(elf, limits);
  if (!program) return {};
  return std::move(*program);
}

void run_analyzers(const FileInput& input, FileFacts& facts) {
  for (const FileAnalyzer* analyzer : file_analyzers()) {
    if (analyzer->needs == Needs::elf && input.elf == nullptr) continue;
    if (!analyzer->wants(input)) continue;
    Done done = analyzer->run(input, facts);
    if (!done) add_gap(facts, input.limits, std::string(analyzer->name), done.error());
    facts.analyzed_by.push_back(std::string(analyzer->name) + "@" +
                                std::to_string(analyzer->version));
  }
}

bool is_inert(const FileFacts& facts) {
  if (!facts.gaps.empty() || facts.gaps_not_kept > 0) return false;
  switch (facts.kind) {
    case FileKind::empty:
    case FileKind::text:
    case FileKind::database:  // where it counts, a component is found in it
    case FileKind::data:
      return true;
    case FileKind::archive:
      return std::ranges::all_of(facts.members, [](const auto& m) { return m.facts.inert; });
    default:
      return false;
  }
}

}  // namespace

FileFacts recover(ByteView bytes, const Limits& limits, const TableFilter& tables,
                  const FileDigests* digests) {
  MemberBudget budget{limits, limits.member_bytes, limits.members, tables};
  FileFacts facts = recover_file(bytes, budget, 0);
  // What packages own is no member of an archive.
  const FileDigests sums = digests != nullptr ? *digests : digests_of(bytes);
  facts.md5 = sums.md5;
  facts.sha1 = sums.sha1;
  return facts;
}

FileFacts recover_file(ByteView bytes, MemberBudget& budget, std::uint64_t depth) {
  const Limits& limits = budget.limits;
  FileFacts facts;
  facts.size = bytes.size();
  if (bytes.size() > limits.file_bytes) {
    add_gap(facts, limits, "recover",
            {ErrorCode::limit_exceeded, "larger than " + human_bytes(limits.file_bytes)});
    return facts;
  }
  FileType type = file_type_of(bytes);
  facts.kind = type.kind;
  facts.type = std::move(type.name);
  if (facts.kind == FileKind::unknown)
    add_gap(
        facts, limits, "file-type",
        {ErrorCode::unsupported, "unknown file type, begins with " + to_hex(bytes.clamped(0, 16))});

  std::optional<elf::ElfFile> elf;
  if (facts.kind == FileKind::elf) elf = parse_elf(bytes, limits, facts);
  const std::optional<code::Program> program = elf ? open_program(*elf, limits) : std::nullopt;
  run_analyzers({.bytes = bytes,
                 .elf = elf ? &*elf : nullptr,
                 .program = program ? &*program : nullptr,
                 .tables = &budget.tables,
                 .kind = facts.kind,
                 .limits = limits},
                facts);
  recover_members(bytes, budget, depth, facts);
  describe_java_archive(facts);
  facts.inert = is_inert(facts);
  return facts;
}

void add_gap(FileFacts& facts, const Limits& limits, std::string stage, Error error) {
  if (facts.gaps.size() >= limits.problems) {
    ++facts.gaps_not_kept;
    return;
  }
  facts.gaps.push_back({.stage = std::move(stage),
                        .file = {},
                        .file_digest = {},
                        .code = error.code,
                        .reason = std::move(error.message)});
}

}  // namespace fathom

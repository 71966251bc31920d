// The facts in bytes. Texts, constants and string hashes are most of them; each list is written by
// position, as differences, so that a string costs its hash and one or two bytes. The hash is kept
// whole: it is looked up among hundreds of thousands of known texts, where a shorter one would meet
// by chance.
//
// The reader is often reading what a confined child sent that its input may have taken over. Every
// list is held against a bound before it grows (an element costs the sender one byte and us a
// hundred), an enumerator must exist, positions must grow, and the order that facts.h promises is
// made again, not trusted.

#include <algorithm>
#include <tuple>

#include "base/codec.h"
#include "base/limits.h"
#include "facts/audit_codec.h"
#include "facts/facts.h"
#include "model/codec.h"

namespace fathom {

namespace {

constexpr std::uint64_t kMostHandedOut = 8;  // numbers of one function
constexpr std::uint32_t kFormat = 0x46466;   // "FF", version 6: raise it when a field changes

template <class Codec>
constexpr bool kDecoding = std::is_same_v<Codec, Decoder>;

// `each` describes one element.
template <class Codec, class T, class Fn>
void describe_list(Codec& codec, std::vector<T>& list, std::uint64_t most, Fn each) {
  std::uint64_t count = list.size();
  codec(count);
  if constexpr (kDecoding<Codec>) {
    list.clear();
    if (count > most) codec.fail();
    for (; count > 0 && !codec.failed(); --count) each(list.emplace_back());
  } else {
    for (T& item : list) each(item);
  }
}

template <class Codec, class T>
void describe_list(Codec& codec, std::vector<T>& list, std::uint64_t most) {
  describe_list(codec, list, most, [&](T& item) { codec(item); });
}

// A position, as the difference to the one before, which it is not below.
template <class Codec>
void describe_position(Codec& codec, std::uint64_t& value, std::uint64_t& before) {
  std::uint64_t difference = value - before;
  codec(difference);
  if constexpr (kDecoding<Codec>) {
    value = before + difference;
    if (value < before) codec.fail();
  }
  before = value;
}

}  // namespace

template <class Codec>
void describe(Codec& codec, OwnedPath& owned) {
  codec(owned.path, owned.md5, owned.sha1, owned.sha256);
}

template <class Codec>
void describe(Codec& codec, Attribution& attribution) {
  codec(attribution.analyzer, attribution.bytes);
}

template <class Codec>
void describe(Codec& codec, LicenseText& text) {
  codec(text.license, text.is_spdx, text.line);
}

template <class Codec>
void describe(Codec& codec, PackageClaim& claim) {
  const Limits limits;
  Component& c = claim.component;
  codec(c.id, c.kind, c.name, c.version.exact, c.version.low, c.version.high);
  describe_list(codec, c.version.candidates, limits.packages);
  codec(c.ecosystem, c.purl, c.cpe, c.source_name, c.source_version);
  describe_list(codec, c.licenses, limits.packages);
  codec(c.file, c.file_digest, c.layer);
  describe_list(codec, c.owned_files, limits.entries);
  codec(c.confidence);
  describe_list(codec, c.evidence, limits.packages);
  describe_list(codec, claim.owned, limits.entries);
  codec(claim.installed);
}

template <class Codec>
void describe(Codec& codec, NeededVersion& need) {
  codec(need.file, need.version, need.weak);
}

template <class Codec>
void describe(Codec& codec, LoaderCacheEntry& entry) {
  codec(entry.name, entry.path, entry.flags, entry.hwcap, entry.hwcaps);
}

template <class Codec>
void describe(Codec& codec, ElfFacts& elf) {
  const Limits limits;
  codec(elf.bits, elf.big_endian, elf.machine, elf.machine_name, elf.type, elf.interpreter,
        elf.soname);
  describe_list(codec, elf.needed, limits.dynamic_entries);
  describe_list(codec, elf.runpath, limits.dynamic_entries);
  describe_list(codec, elf.rpath, limits.dynamic_entries);
  codec(elf.is_static, elf.stripped, elf.has_debug_info, elf.has_section_headers, elf.build_id);
  describe_list(codec, elf.comments, limits.texts);
  codec(elf.go_build_id);
  describe_list(codec, elf.exported_versions, limits.dynamic_entries);
  codec(elf.executable_bytes, elf.language, elf.libc);
  describe_list(codec, elf.hardening, limits.packages);
  describe_list(codec, elf.needed_versions, limits.dynamic_entries);
  codec(elf.no_default_folders);
  describe_list(codec, elf.loader_folders, limits.dynamic_entries);
}

template <class Codec>
void describe(Codec& codec, GoFacts& go) {
  const Limits limits;
  describe_list(codec, go.cgo_packages, limits.packages);
  codec(go.has_cgo, go.cgo_enabled);
  if constexpr (kDecoding<Codec>) std::ranges::sort(go.cgo_packages);
}

template <class Codec>
void describe(Codec& codec, JavaFacts& java) {
  codec(java.class_name, java.shape, java.is_archive, java.package, java.classes);
  describe_list(codec, java.manifest, Limits{}.dynamic_entries,
                [&](auto& attribute) { codec(attribute.first, attribute.second); });
  describe_list(codec, java.named_classes, Limits{}.packages);
  if constexpr (kDecoding<Codec>) std::ranges::sort(java.named_classes);
}

namespace {

template <class Codec>
void describe_texts(Codec& codec, std::vector<Text>& texts) {
  std::uint64_t before = 0;
  describe_list(codec, texts, Limits{}.texts, [&](Text& text) {
    describe_position(codec, text.offset, before);
    codec(text.text);
  });
}

// The hashes in one block, eight little-endian bytes each (a varint of a hash takes ten), then the
// positions.
void describe_strings(Encoder& codec, const std::vector<StringHash>& strings) {
  std::vector<StringHash> sorted = strings;
  std::ranges::sort(sorted, {}, [](const StringHash& s) { return std::pair(s.offset, s.hash); });
  std::string hashes;
  hashes.reserve(8 * sorted.size());
  for (const StringHash& s : sorted)
    for (int shift = 0; shift < 64; shift += 8) hashes += static_cast<char>(s.hash >> shift);
  codec(hashes);
  std::uint64_t before = 0;
  for (StringHash& s : sorted) describe_position(codec, s.offset, before);
}

void describe_strings(Decoder& codec, std::vector<StringHash>& strings) {
  std::string hashes;
  codec(hashes);
  if (hashes.size() % 8 != 0 || hashes.size() / 8 > Limits{}.strings) codec.fail();
  strings.clear();
  std::uint64_t before = 0;
  for (std::size_t at = 0; at < hashes.size() && !codec.failed(); at += 8) {
    StringHash s;
    for (std::size_t i = 0; i < 8; ++i)
      s.hash |= std::uint64_t{static_cast<unsigned char>(hashes[at + i])} << 8 * i;
    describe_position(codec, s.offset, before);
    strings.push_back(s);
  }
  std::ranges::sort(strings);
}

template <class Codec>
void describe_constants(Codec& codec, std::vector<ConstantReturn>& constants) {
  auto position = [](const ConstantReturn& c) { return std::tuple(c.offset, c.value, c.address); };
  std::vector<ConstantReturn> sorted = constants;
  std::ranges::sort(sorted, {}, position);
  std::uint64_t before = 0, shift_before = 0;
  describe_list(codec, sorted, Limits{}.strings, [&](ConstantReturn& c) {
    describe_position(codec, c.offset, before);
    codec(c.value);
    // Address and offset keep their distance within a segment.
    std::uint64_t change = c.address - c.offset - shift_before;
    codec(change);
    c.address = c.offset + shift_before + change;
    shift_before += change;
  });
  if constexpr (kDecoding<Codec>) {
    std::ranges::sort(sorted);
    constants = std::move(sorted);
  }
}

// By file, each named once; lines as differences.
template <class Codec>
void describe_source_lines(Codec& codec, std::vector<SourceLine>& lines) {
  std::uint64_t file = 0;
  std::uint32_t line = 0;
  describe_list(codec, lines, Limits{}.strings, [&](SourceLine& at) {
    bool same_file = at.file == file;
    codec(same_file);
    if (!same_file) codec(at.file);
    if (same_file) at.file = file;
    std::uint32_t step = at.line - (same_file ? line : 0);
    codec(step, at.by, at.argument, at.offset);
    at.line = (same_file ? line : 0) + step;
    file = at.file;
    line = at.line;
  });
  if constexpr (kDecoding<Codec>) {
    std::ranges::sort(lines);
    auto repeated = std::ranges::unique(lines, {}, [](const SourceLine& at) {
      return std::tuple(at.file, at.line, at.by, at.argument);
    });
    lines.erase(repeated.begin(), repeated.end());
  }
}

template <class Codec>
void describe_handed_out(Codec& codec, std::vector<HandedOut>& functions) {
  std::uint64_t before = 0;
  describe_list(codec, functions, Limits{}.texts, [&](HandedOut& function) {
    describe_position(codec, function.offset, before);
    codec(function.how, function.text, function.address);
    describe_list(codec, function.values, kMostHandedOut);
  });
}

void describe_tables(Encoder& codec, const std::vector<TableWindow>& tables) {
  std::vector<StringHash> as_hashes;
  as_hashes.reserve(tables.size());
  for (const TableWindow& window : tables) as_hashes.push_back({window.hash, window.offset});
  describe_strings(codec, as_hashes);
}
void describe_tables(Decoder& codec, std::vector<TableWindow>& tables) {
  std::vector<StringHash> as_hashes;
  describe_strings(codec, as_hashes);
  tables.clear();
  for (const StringHash& window : as_hashes) tables.push_back({window.hash, window.offset});
}

// The hashes in one block, as those of strings; callees as distances, since most are near.
template <class Codec>
void describe_functions(Codec& codec, std::vector<HashedFunction>& functions) {
  constexpr std::size_t kHashes = 16;
  std::string hashes;
  if constexpr (!kDecoding<Codec>)
    for (const HashedFunction& f : functions)
      for (std::uint64_t hash : {f.exact, f.loose})
        for (int shift = 0; shift < 64; shift += 8) hashes += static_cast<char>(hash >> shift);
  codec(hashes);
  std::uint64_t before = 0;
  std::size_t index = 0;
  auto hash_at = [&](std::size_t at) {
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < 8 && at + i < hashes.size(); ++i)
      hash |= std::uint64_t{static_cast<unsigned char>(hashes[at + i])} << 8 * i;
    return hash;
  };
  describe_list(codec, functions, Limits{}.strings, [&](HashedFunction& f) {
    describe_position(codec, f.start, before);
    codec(f.bytes, f.instructions);
    describe_list(codec, f.calls, Limits{}.strings, [&](std::uint32_t& callee) {
      auto distance = static_cast<std::int32_t>(callee - static_cast<std::uint32_t>(index));
      codec(distance);
      callee = static_cast<std::uint32_t>(index) + static_cast<std::uint32_t>(distance);
    });
    if constexpr (kDecoding<Codec>) {
      f.exact = hash_at(index * kHashes);
      f.loose = hash_at(index * kHashes + 8);
    }
    ++index;
  });
  if constexpr (kDecoding<Codec>) {
    if (hashes.size() != functions.size() * kHashes) codec.fail();
    for (const HashedFunction& f : functions)
      for (std::uint32_t callee : f.calls)
        if (callee >= functions.size() && callee != HashedFunction::kNobody) codec.fail();
  }
}

// Whose each attribution is; nothing when that is known of none.
template <class Codec>
void describe_owners(Codec& codec, std::vector<Attribution>& attributions) {
  bool any = std::ranges::any_of(attributions, [](const Attribution& a) {
    return !a.ecosystem.empty() || !a.component.empty();
  });
  codec(any);
  if (!any) return;
  for (Attribution& attribution : attributions) codec(attribution.ecosystem, attribution.component);
}

}  // namespace

template <class Codec>
void describe(Codec& codec, MemberFacts& member);

template <class Codec>
void describe(Codec& codec, FileFacts& facts) {
  const Limits limits;
  codec(facts.kind, facts.type, facts.inert, facts.size, facts.md5, facts.sha1, facts.elf);
  describe_list(codec, facts.packages, limits.packages);
  describe_list(codec, facts.attributions, limits.packages);
  describe_list(codec, facts.checksum_list, limits.entries);
  describe_list(codec, facts.loader_cache, limits.dynamic_entries);
  describe_list(codec, facts.folder_list, limits.dynamic_entries);
  describe_list(codec, facts.named_libraries, limits.dynamic_entries);
  describe_texts(codec, facts.texts);
  describe_strings(codec, facts.strings);
  describe_constants(codec, facts.constants);
  describe_handed_out(codec, facts.handed_out);
  describe_source_lines(codec, facts.source_lines);
  describe_tables(codec, facts.tables);
  describe_audit(codec, facts.audit,
                 [](Codec& c, auto& list, std::uint64_t most) { describe_list(c, list, most); });
  describe_list(codec, facts.members, limits.members);
  describe_list(codec, facts.gaps, limits.entries);
  codec(facts.gaps_not_kept);
  describe_list(codec, facts.analyzed_by, limits.packages);
  describe_list(codec, facts.licenses, limits.packages);
  describe_list(codec, facts.sboms, limits.packages);
  describe_owners(codec, facts.attributions);
  codec(facts.go, facts.java);
  describe_list(codec, facts.revisions, limits.texts);
  describe_list(codec, facts.statements, limits.packages);
  describe_functions(codec, facts.functions);
}

template <class Codec>
void describe(Codec& codec, MemberFacts& member) {
  codec(member.path, member.digest);
  if constexpr (kDecoding<Codec>) {
    if (!codec.enter()) return;
  }
  codec(member.facts);
  if constexpr (kDecoding<Codec>) codec.leave();
}

namespace {

template <class Enum>
bool at_most(Enum value, Enum last) {
  return value >= Enum{} && value <= last;
}

bool possible(const Evidence& evidence) { return at_most(evidence.place.kind, Place::Kind::name); }

bool possible(const PackageClaim& claim) {
  return at_most(claim.component.kind, ComponentKind::application) &&
         at_most(claim.component.confidence, Confidence::high) &&
         std::ranges::all_of(claim.component.evidence,
                             [](const Evidence& evidence) { return possible(evidence); });
}

bool possible(const Statement& statement) {
  return at_most(statement.place.kind, Place::Kind::name) &&
         statement.subjects.size() <= Limits{}.packages;
}

bool possible(const HardeningCheck& check) {
  return at_most(check.rating, Rating::unknown) && at_most(check.place.kind, Place::Kind::name);
}

bool possible(const SbomDocument& document) {
  return std::ranges::all_of(document.entries, [](const SbomEntry& entry) {
    return at_most(entry.place.kind, Place::Kind::name);
  });
}

bool possible(const std::optional<ElfFacts>& elf) {
  return !elf || std::ranges::all_of(elf->hardening,
                                     [](const HardeningCheck& check) { return possible(check); });
}

bool possible(const FileFacts& facts, std::uint64_t depth) {
  return std::ranges::all_of(
             facts.source_lines,
             [](const SourceLine& at) { return at_most(at.by, SourceLine::By::nearby); }) &&
         std::ranges::all_of(
             facts.handed_out,
             [](const HandedOut& f) { return at_most(f.how, HandedOut::How::triple); }) &&
         std::ranges::all_of(facts.revisions,
                             [](const Revision& r) { return possible(r.evidence); }) &&
         std::ranges::all_of(facts.statements, [](const Statement& s) { return possible(s); }) &&
         possible(facts.elf) && possible(facts.audit) && depth <= Limits{}.member_depth &&
         at_most(facts.kind, FileKind::unknown) &&
         std::ranges::all_of(facts.packages, [](const PackageClaim& c) { return possible(c); }) &&
         std::ranges::all_of(facts.sboms, [](const SbomDocument& s) { return possible(s); }) &&
         std::ranges::all_of(facts.gaps,
                             [](const Gap& g) { return at_most(g.code, ErrorCode::crashed); }) &&
         std::ranges::all_of(facts.members,
                             [&](const MemberFacts& m) { return possible(m.facts, depth + 1); });
}

struct Envelope {
  std::uint32_t format = kFormat;
  FileFacts facts;
};

template <class Codec>
void describe(Codec& codec, Envelope& envelope) {
  codec(envelope.format);
  if constexpr (kDecoding<Codec>) {
    if (envelope.format != kFormat) return codec.fail();
  }
  codec(envelope.facts);
}

}  // namespace

std::string_view name_of(FileKind kind) {
  switch (kind) {
    case FileKind::empty:
      return "empty";
    case FileKind::elf:
      return "elf";
    case FileKind::script:
      return "script";
    case FileKind::bytecode:
      return "bytecode";
    case FileKind::archive:
      return "archive";
    case FileKind::executable:
      return "executable";
    case FileKind::database:
      return "database";
    case FileKind::text:
      return "text";
    case FileKind::data:
      return "data";
    case FileKind::unknown:
      return "unknown";
  }
  return {};
}

std::string encode(const FileFacts& facts) {
  Encoder encoder;
  std::uint32_t format = kFormat;
  encoder(format, const_cast<FileFacts&>(facts));  // describe() only reads here
  return encoder.take();
}

Result<FileFacts> decode_facts(std::string_view bytes) {
  Envelope envelope = TRY(decode_value<Envelope>(bytes).in("facts"));
  if (!possible(envelope.facts, 0))
    return Error{ErrorCode::malformed, "facts: a value that no encoder writes"};
  return std::move(envelope.facts);
}

}  // namespace fathom

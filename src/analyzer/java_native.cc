// Java programs that GraalVM's native-image compiled ahead of time. The image says which GraalVM
// and which Java it was made with; it may hold a bill of materials (CycloneDX, gzipped, between two
// exported symbols). Where it has none, the names of classes in its heap are noted, by which common
// libraries are recognised without a version.
// Source: com.oracle.svm.core.VM and the documentation of native-image's --enable-sbom.

#include <algorithm>
#include <set>

#include "analyzer/analyzer.h"
#include "analyzer/claim_text.h"
#include "analyzer/go_pclntab.h"
#include "analyzer/line_reader.h"
#include "analyzer/native_sbom.h"
#include "archive/stream.h"
#include "base/digest.h"
#include "base/text.h"
#include "json/value.h"
#include "model/purl.h"

namespace fathom {

namespace {

constexpr std::string_view kName = "java-native-image";
constexpr std::string_view kMachine = "com.oracle.svm.core.VM=";
constexpr std::string_view kJavaVersion = "com.oracle.svm.core.VM.Java.Version=";
constexpr std::string_view kHeap = ".svm_heap";

struct SeenText {
  std::string_view text;
  std::uint64_t offset = 0;
};

SeenText find_text(ByteView bytes, std::string_view prefix) {
  std::string_view all = bytes.as_text();
  std::size_t at = all.find(prefix);
  if (at == all.npos) return {};
  constexpr std::size_t kMostText = 256;
  std::string_view text = all.substr(at, kMostText);
  return {text.substr(0, text.find('\0')), at};
}

Evidence evidence_at(const FileInput& in, std::uint64_t offset, std::string_view seen) {
  const elf::Section* section = in.elf->section_at(offset);
  return {.analyzer = std::string(kName),
          .file = {},
          .file_digest = {},
          .place = Place::at_offset(offset, section ? kept(section->name, in.limits) : ""),
          .seen = kept(seen, in.limits)};
}

// The JDK's own classes are compiled into the image like any others.
void claim_runtime(const FileInput& in, FileFacts& facts) {
  const SeenText machine = find_text(in.bytes, kMachine);
  const SeenText java = find_text(in.bytes, kJavaVersion);
  PackageClaim claim;
  Component& c = claim.component;
  c.kind = ComponentKind::runtime;
  c.name = "openjdk";
  c.ecosystem = "C";
  if (!java.text.empty()) c.version.exact = kept(java.text.substr(kJavaVersion.size()), in.limits);
  c.purl = Purl{.type = "generic", .name = c.name, .version = c.version.exact}.text();
  c.confidence = Confidence::medium;  // how much of it is in the image is not known
  for (const SeenText& seen : {java, machine})
    if (!seen.text.empty()) c.evidence.push_back(evidence_at(in, seen.offset, seen.text));
  if (c.evidence.empty()) c.evidence.push_back(evidence_at(in, 0, "a heap of native-image"));
  facts.packages.push_back(std::move(claim));
}

// ---- The bill of materials

PackageClaim claim_of(const json::Value& row, std::size_t index, std::uint64_t offset,
                      const FileInput& in) {
  PackageClaim claim;
  Component& c = claim.component;
  const std::string group = kept(row["group"].text_or(), in.limits);
  const std::string name = kept(row["name"].text_or(), in.limits);
  c.kind = ComponentKind::module;
  c.name = group.empty() ? name : group + ":" + name;
  c.version.exact = kept(row["version"].text_or(), in.limits);
  c.ecosystem = "Maven";
  c.purl =
      Purl{.type = "maven", .namespace_ = group, .name = name, .version = c.version.exact}.text();
  c.evidence.push_back({.analyzer = std::string(kName),
                        .file = {},
                        .file_digest = {},
                        .place = {Place::Kind::pointer, 0, "/components/" + std::to_string(index)},
                        .seen = "embedded bill of materials: " + c.name + " " + c.version.exact});
  c.evidence.push_back(evidence_at(in, offset, "gzip stream of the bill of materials (sbom)"));
  return claim;
}

Result<std::size_t> claim_sbom(const FileInput& in, FileFacts& facts) {
  ByteView packed = TRY(embedded_sbom(*in.elf, in.limits));
  archive::Inflated inflated =
      archive::inflate_all(packed, archive::Compression::gzip, {.output = in.limits.audit_bytes});
  if (!inflated.problems.empty()) return inflated.problems.front();
  json::Value document = TRY(json::parse(ByteView(inflated.bytes).as_text(), in.limits));
  const json::Array* rows = document["components"].array();
  if (!rows) return Error{ErrorCode::malformed, "a bill of materials without components"};
  const auto offset =
      static_cast<std::uint64_t>(packed.as_text().data() - in.bytes.as_text().data());
  for (std::size_t i = 0; i < rows->size() && i < in.limits.packages; ++i)
    if (!(*rows)[i]["name"].text_or().empty())
      facts.packages.push_back(claim_of((*rows)[i], i, offset, in));
  return rows->size();
}

// ---- Names of classes

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '$';
}

// "com.fasterxml.jackson.core.JsonParser".
bool is_class_name(std::string_view text) {
  constexpr std::size_t kMostName = 256;
  if (text.size() < 8 || text.size() > kMostName || text[0] < 'a' || text[0] > 'z') return false;
  std::size_t dot = text.rfind('.');
  return dot != text.npos && text.find('.') != dot && dot + 1 < text.size() &&
         text[dot + 1] >= 'A' && text[dot + 1] <= 'Z';
}

void note_class_names(const FileInput& in, FileFacts& facts) {
  std::set<std::uint64_t> names;
  for (const LoadedRange& range : loaded_ranges(*in.elf, 4, 1)) {
    std::string_view bytes = in.bytes.clamped(range.offset, range.size).as_text();
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      if (!is_name_character(bytes[at])) continue;
      std::size_t end = at;
      while (end < bytes.size() && is_name_character(bytes[end])) ++end;
      std::string_view text = bytes.substr(at, end - at);
      at = end;
      if (!is_class_name(text) || names.size() == in.limits.packages) continue;
      std::string internal(text);
      std::ranges::replace(internal, '.', '/');
      names.insert(xxh3_of(ByteView::of(internal)));
    }
  }
  facts.java.emplace();
  facts.java->named_classes.assign(names.begin(), names.end());
}

Done run(const FileInput& in, FileFacts& facts) {
  claim_runtime(in, facts);
  Result<std::size_t> listed = claim_sbom(in, facts);
  if (listed) return Ok{};
  note_class_names(in, facts);
  if (listed.error().code != ErrorCode::not_found) return Error(listed.error()).in("sbom");
  return Error{ErrorCode::not_found,
               "a Java program compiled by native-image without a bill of materials: libraries "
               "that are not common are unknown"};
}

}  // namespace

extern const FileAnalyzer java_native = {
    .name = kName,
    .version = 1,
    .needs = Needs::elf,
    .summary = "Java programs compiled ahead of time, by their bill of materials or class names",
    .wants =
        [](const FileInput& in) {
          if (!in.elf) return false;
          if (in.elf->find_section(kHeap)) return true;
          return in.elf->sections().empty() &&
                 in.bytes.as_text().find(kMachine) != std::string_view::npos;
        },
    .run = run,
};

}  // namespace fathom

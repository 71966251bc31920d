#include "analyzer/rust_audit.h"

#define ZLIB_CONST  // zlib then takes its input as const
#include <zlib.h>

#include <algorithm>

#include "analyzer/analyzer.h"
#include "analyzer/claim_text.h"
#include "analyzer/line_reader.h"
#include "analyzer/purl.h"
#include "json/value.h"

namespace fathom {

namespace {

constexpr std::string_view kName = "rust-audit";
constexpr std::string_view kSection = ".dep-v0";

// zlib's own allocations are fixed; only the output could grow, and it grows by these steps.
constexpr std::size_t kStep = 64 * kKiB;

// crates.io is what advisories speak of. A crate from elsewhere may be a fork of the one they mean.
Confidence confidence_of(std::string_view source, bool root) {
  return source == "crates.io" || root ? Confidence::high : Confidence::medium;
}

PackageClaim claim_of(const json::Value& package, std::size_t index, const Limits& limits) {
  std::string_view source = package["source"].text_or("unknown");
  const bool* flag = package["root"].boolean();
  bool root = flag && *flag;
  PackageClaim claim;
  Component& component = claim.component;
  component.kind = root ? ComponentKind::application : ComponentKind::module;
  component.name = kept(package["name"].text_or(), limits);
  component.version.exact = kept(package["version"].text_or(), limits);
  component.ecosystem = "crates.io";
  component.purl =
      Purl{.type = "cargo", .name = component.name, .version = component.version.exact}.text();
  component.confidence = confidence_of(source, root);
  Evidence evidence;
  evidence.analyzer = kName;
  evidence.place = {Place::Kind::pointer, 0, "/packages/" + std::to_string(index)};
  evidence.seen = std::string(kSection) + ": " + component.name + " " + component.version.exact +
                  " from " + kept(source, limits) + (root ? ", root" : "");
  component.evidence.push_back(std::move(evidence));
  return claim;
}

Done run(const FileInput& in, FileFacts& facts) {
  const elf::Section* section = in.elf->find_section(kSection);
  if (!section) return Ok{};
  std::string json = TRY(inflate_zlib(section->contents, in.limits.audit_bytes).in(kSection));
  RustAudit audit = TRY(read_rust_audit(json, in.limits).in(kSection));
  for (PackageClaim& claim : audit.packages) {
    claim.component.evidence.push_back(
        {.analyzer = std::string(kName),
         .file = {},
         .file_digest = {},
         .place = Place::at_offset(section->offset, std::string(kSection)),
         .seen = "zlib stream of the dependency list"});
    facts.packages.push_back(std::move(claim));
  }
  add_gaps(facts, in.limits, kName, audit.problems, audit.problems_not_kept);
  return Ok{};
}

}  // namespace

Result<std::string> inflate_zlib(ByteView compressed, std::uint64_t most) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return Error{ErrorCode::io, "zlib cannot start"};
  // zlib counts in 32 bits; what it would take to fill `most` fits by far.
  constexpr std::uint64_t kMostInput = 1 * kGiB;
  std::span<const std::uint8_t> input = compressed.clamped(0, kMostInput).span();
  stream.next_in = input.data();
  stream.avail_in = static_cast<uInt>(input.size());
  Bytes out;
  int status = Z_OK;
  while (status == Z_OK && out.size() <= most) {
    std::size_t before = out.size();
    out.resize(before + kStep);
    stream.next_out = std::span(out).subspan(before).data();
    stream.avail_out = kStep;
    status = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (out.size() > most)
    return Error{ErrorCode::limit_exceeded,
                 "decompresses to more than " + std::to_string(most) + " bytes"};
  if (status == Z_BUF_ERROR || status == Z_OK)
    return Error{ErrorCode::truncated, "the zlib stream ends early"};
  if (status != Z_STREAM_END) return Error{ErrorCode::malformed, "not a zlib stream"};
  return std::string(ByteView(out).as_text());
}

Result<RustAudit> read_rust_audit(std::string_view json, const Limits& limits) {
  json::Value document = TRY(json::parse(json, limits));
  const json::Array* packages = document["packages"].array();
  if (!packages) return Error{ErrorCode::malformed, "no list of packages"};
  RustAudit audit;
  auto problem = [&](ErrorCode code, std::size_t index, std::string_view what) {
    if (audit.problems.size() >= limits.problems)
      ++audit.problems_not_kept;
    else
      audit.problems.push_back(
          {code, "/packages/" + std::to_string(index) + ": " + std::string(what)});
  };
  for (std::size_t i = 0; i < packages->size(); ++i) {
    const json::Value& package = (*packages)[i];
    if (package["kind"].text_or() == "build") continue;
    if (package["name"].text_or().empty() || package["version"].text_or().empty()) {
      problem(ErrorCode::malformed, i, "package without name or version");
      continue;
    }
    if (audit.packages.size() == limits.packages) {
      problem(ErrorCode::limit_exceeded, i, "more packages than are read");
      break;
    }
    audit.packages.push_back(claim_of(package, i, limits));
  }
  return audit;
}

extern const FileAnalyzer rust_audit = {
    .name = kName,
    .version = 1,
    .needs = Needs::elf,
    .summary = "Rust crates that cargo-auditable listed in the program",
    .wants = [](const FileInput& in) { return in.elf && in.elf->find_section(kSection); },
    .run = run,
};

}  // namespace fathom

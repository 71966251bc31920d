// Python distributions: METADATA of a dist-info folder (or PKG-INFO of an egg), and RECORD, which
// lists the files that were installed with their digests.
// Source: https://packaging.python.org/specifications/, "Core metadata" and "Recording installed
// projects".

#include <algorithm>
#include <optional>

#include "analyzer/claim_text.h"
#include "analyzer/json_packages.h"
#include "base/base64.h"
#include "base/text.h"

namespace fathom {

namespace {

constexpr std::string_view kName = "python-metadata";

std::string_view header(std::string_view line, std::string_view name) {
  if (line.size() <= name.size() || line[name.size()] != ':') return {};
  return to_lower(line.substr(0, name.size())) == to_lower(name)
             ? trim(line.substr(name.size() + 1))
             : std::string_view();
}

Done run_metadata(const FileInput& in, FileFacts& facts) {
  std::string name, version, license;
  std::uint64_t at = 0;
  LineReader lines(in.bytes.as_text());
  // The headers end with an empty line; what follows is a description.
  while (lines.next() && !lines.line().empty()) {
    if (std::string_view value = header(lines.line(), "Name"); !value.empty() && name.empty())
      name = kept(value, in.limits);
    if (std::string_view value = header(lines.line(), "License-Expression"); !value.empty())
      license = kept(value, in.limits);
    std::string_view value = header(lines.line(), "Version");
    if (value.empty() || !version.empty()) continue;
    version = kept(value, in.limits);
    at = lines.number();
  }
  if (name.empty() || version.empty())
    return Error{ErrorCode::malformed, "metadata of a distribution without name or version"};
  PackageClaim claim = package_claim({"PyPI", "pypi", {}, name, version, ""}, kName,
                                     Place::at_line(at), name + " " + version);
  if (!license.empty()) claim.component.licenses.push_back(license);
  facts.packages.push_back(std::move(claim));
  return Ok{};
}

// 32 bytes in base64url, padded or not; "" for anything else.
std::string hex_of_base64url(std::string_view text) {
  constexpr std::size_t kBytes = 32;
  if (text.find_first_of("+/") != text.npos) return {};
  std::string plain(text);
  std::ranges::replace(plain, '-', '+');
  std::ranges::replace(plain, '_', '/');
  const std::optional<std::string> bytes = from_base64(plain);
  return bytes && bytes->size() == kBytes ? to_hex(ByteView::of(*bytes)) : std::string();
}

// "numpy/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0"
std::optional<OwnedPath> record_of(std::string_view line, const Limits& limits) {
  std::size_t size = line.rfind(',');
  if (size == line.npos || size == 0) return std::nullopt;
  std::size_t digest = line.rfind(',', size - 1);
  if (digest == line.npos) return std::nullopt;
  OwnedPath owned;
  std::string_view path = line.substr(0, digest);
  if (path.size() > 2 && path.front() == '"' && path.back() == '"')
    path = path.substr(1, path.size() - 2);
  owned.path = kept(path, limits);
  std::string_view text = line.substr(digest + 1, size - digest - 1);
  constexpr std::string_view kSha256 = "sha256=";
  if (text.starts_with(kSha256)) owned.sha256 = hex_of_base64url(text.substr(kSha256.size()));
  return owned.path.empty() ? std::nullopt : std::optional(std::move(owned));
}

Done run_record(const FileInput& in, FileFacts& facts) {
  LineReader lines(in.bytes.as_text());
  while (lines.next()) {
    std::optional<OwnedPath> owned = record_of(lines.line(), in.limits);
    if (!owned) continue;
    if (facts.checksum_list.size() == in.limits.entries)
      return Error{ErrorCode::limit_exceeded, "more files than are read"};
    facts.checksum_list.push_back(std::move(*owned));
  }
  return Ok{};
}

bool is_record(std::string_view text) {
  LineReader lines(text.substr(0, 64 * kKiB));
  while (lines.next())
    if (lines.line().find(".dist-info/METADATA,sha256=") != std::string_view::npos) return true;
  return text.size() > 64 * kKiB && text.find(".dist-info/METADATA,sha256=") != text.npos;
}

}  // namespace

extern const FileAnalyzer python_metadata = {
    .name = kName,
    .version = 1,
    .needs = Needs::bytes,
    .summary = "Python distributions by the metadata of wheels and eggs",
    .wants =
        [](const FileInput& in) {
          return in.kind == FileKind::text && in.bytes.starts_with("Metadata-Version:");
        },
    .run = run_metadata,
};

extern const FileAnalyzer python_record = {
    .name = "python-record",
    .version = 1,
    .needs = Needs::bytes,
    .summary = "files that Python distributions installed",
    .wants =
        [](const FileInput& in) {
          return in.kind == FileKind::text && is_record(in.bytes.as_text());
        },
    .run = run_record,
};

}  // namespace fathom

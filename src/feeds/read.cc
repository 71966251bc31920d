// Takes the wrapping off (compression, zip), tells the form by what is in it, and hands the
// document to the reader of that form.

#include <algorithm>

#include "archive/stream.h"
#include "archive/zip.h"
#include "base/parallel.h"
#include "base/text.h"
#include "feeds/collector.h"
#include "json/outline.h"

namespace fathom::feeds {
namespace {

struct Reader {
  Done (*read)(std::string_view, Collector&);
};

// ---- Telling forms apart

bool is_epss(std::string_view text) {
  return text.substr(0, 4096).find("cve,epss,percentile") != text.npos;
}

// A package with a vulnerability with releases.
bool is_debian(const json::Outline& document, const FeedLimits& limits) {
  if (!document.is_object || document.pieces.empty()) return false;
  Result<json::Value> first = json::parse(document.pieces.front().text, limits);
  if (!first || first->object() == nullptr || first->object()->empty()) return false;
  return first->object()->front().second["releases"].object() != nullptr;
}

Result<Reader> reader_of(std::string_view text, const FeedLimits& limits) {
  const Error unknown{ErrorCode::unsupported, "no form of advisories that is known here"};
  if (is_epss(text)) return Reader{read_epss};
  if (trim(text.substr(0, 4096)).empty()) return unknown;
  const json::First first = TRY(json::first_value(text));
  if (first.value[0] != '{') return unknown;
  if (!first.rest.empty()) return Reader{read_osv};  // JSON lines
  const json::Outline document = TRY(json::outline(text, limits));
  auto has = [&](std::string_view key) { return !document.find(key).empty(); };
  if (has("fathom") || (has("id") && has("modified"))) return Reader{read_osv};
  if (has("vulnerabilities") && (has("catalogVersion") || has("dateReleased")))
    return Reader{read_kev};
  if (has("vulnerabilities") && document.find("format") == "\"NVD_CVE\"") return Reader{read_nvd};
  if (has("document") && document.find("document").find("\"csaf_version\"") != text.npos)
    return Reader{read_csaf};
  if (document.find("@context").find("openvex.dev/ns") != text.npos) return Reader{read_openvex};
  if (has("packages") && (has("distroversion") || has("urlprefix"))) return Reader{read_secdb};
  if (is_debian(document, limits)) return Reader{read_debian};
  return unknown;
}

Done read_document(std::string_view text, Collector& out) {
  const Reader reader = TRY(reader_of(text, out.context().limits));
  return reader.read(text, out);
}

// ---- Wrappings

archive::InflateLimits document_limits(const FeedLimits& limits) {
  return {limits.feed_document, limits.feed_ratio, 64 * kMiB};
}

Result<Bytes> inflate(ByteView bytes, archive::Compression compression, const FeedLimits& limits) {
  archive::Inflated inflated = archive::inflate_all(bytes, compression, document_limits(limits));
  if (!inflated.problems.empty()) return std::move(inflated.problems.front());
  return std::move(inflated.bytes);
}

// Several entries at once, as many as fit into memory together; each is an OSV record or, alone, a
// document of any other form.
class ZipReader {
 public:
  ZipReader(const archive::ZipFile& zip, Collector& out) : zip_(zip), out_(out) {}

  Done read() {
    std::vector<const archive::ZipEntry*> round;
    std::uint64_t bytes = 0, total = 0;
    for (const archive::ZipEntry& entry : zip_.entries()) {
      if (entry.is_directory) continue;
      if ((total += entry.size) > limits().feed_inflated)
        return Error{ErrorCode::limit_exceeded, "more than the limit when decompressed"};
      round.push_back(&entry);
      if ((bytes += entry.size) < kRoundBytes && round.size() < kRoundEntries) continue;
      TRY(read_round(round));
      round.clear();
      bytes = 0;
    }
    return read_round(round);
  }

 private:
  static constexpr std::uint64_t kRoundBytes = 32 * kMiB;
  static constexpr std::size_t kRoundEntries = 4096;

  struct Content {
    Result<OsvRecord> record = OsvRecord{};
    std::optional<Bytes> other;   // of another form
    std::optional<Error> broken;  // the archive itself
  };

  const FeedLimits& limits() const { return out_.context().limits; }

  Content read_entry(const archive::ZipEntry& entry) const {
    Content content;
    Result<Bytes> bytes = zip_.read(entry, document_limits(limits()));
    if (!bytes) {
      content.broken = std::move(bytes).error().in(printable(entry.path));
      return content;
    }
    const std::string_view text = ByteView(*bytes).as_text();
    content.record = read_osv_record(text, out_.context());
    if (!content.record && content.record.error().code == ErrorCode::unsupported)
      content.other = std::move(*bytes);
    return content;
  }

  Done read_round(const std::vector<const archive::ZipEntry*>& round) {
    std::vector<Content> contents =
        parallel_map(round, out_.context().jobs,
                     [this](const archive::ZipEntry* entry) { return read_entry(*entry); });
    for (std::size_t i = 0; i < round.size(); ++i) {
      Content& content = contents[i];
      if (content.broken) return std::move(*content.broken);
      if (content.other)
        TRY(read_document(ByteView(*content.other).as_text(), out_).in(printable(round[i]->path)));
      else
        TRY(add_osv_record(std::move(content.record), round[i]->path, out_));
    }
    return Ok{};
  }

  const archive::ZipFile& zip_;
  Collector& out_;
};

Done read_zip(ByteView bytes, Collector& out) {
  FeedLimits limits = out.context().limits;
  limits.members = limits.feed_files;
  const archive::ZipFile zip = TRY(archive::ZipFile::parse(bytes, limits));
  // What is odd about an archive may be read differently by whoever signed it.
  if (!zip.problems().empty()) return Error(zip.problems().front());
  return ZipReader(zip, out).read();
}

Done read_any(ByteView bytes, Collector& out) {
  if (bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06"))
    return read_zip(bytes, out);
  const archive::Compression compression = archive::sniff_compression(bytes.clamped(0, 64));
  if (compression != archive::Compression::none) {
    const Bytes document = TRY(inflate(bytes, compression, out.context().limits));
    return read_document(ByteView(document).as_text(), out);
  }
  if (bytes.size() > out.context().limits.feed_document)
    return Error{ErrorCode::limit_exceeded, "a document larger than the limit"};
  return read_document(bytes.as_text(), out);
}

}  // namespace

Result<Summary> read_feed(ByteView bytes, const std::string& name, const Context& context,
                          const Sink& sink) {
  Collector out(context, sink);
  TRY(read_any(bytes, out).in(printable(name)));
  Summary summary = TRY(out.finish());
  if (summary.parts.empty())
    return Error{
        ErrorCode::malformed,
        "nothing in it could be used" +
            (summary.problems.empty() ? std::string() : ": " + summary.problems.front().message)}
        .in(printable(name));
  return summary;
}

}  // namespace fathom::feeds

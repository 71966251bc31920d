// Which form a document has, by the members that only that form has, and what it is wrapped in.

#include "base/base64.h"
#include "base/text.h"
#include "json/value.h"
#include "sbom/reading.h"
#include "sbom/sbom.h"

namespace fathom::sbom {
namespace {

using json::Value;

constexpr int kMostWrappings = 4;  // bundle, envelope, statement, predicate

std::string_view without_mark(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return trim(text);
}

bool is_tag_value(std::string_view text) {
  return text.starts_with("SPDXVersion:") || text.find("\nSPDXVersion:") != text.npos;
}

// JSON whose first bytes may be anything: the words that only these documents have.
bool has_words(std::string_view text) {
  for (const std::string_view words : {"\"bomFormat\"", "\"spdxVersion\"", "spdx.org/rdf/3.",
                                       "anchore/syft", "application/vnd.in-toto+json"})
    if (text.find(words) != text.npos) return true;
  return false;
}

Result<SbomDocument> read_value(const Value& value, const Limits& limits, int wrappings);

Result<SbomDocument> read_payload(std::string_view payload, const Limits& limits, int wrappings) {
  const std::optional<std::string> text = from_base64(payload);
  if (!text) return Error{ErrorCode::malformed, "the payload of the envelope is not base64"};
  const Value inner = TRY(json::parse(*text, limits).in("the payload of the envelope"));
  return read_value(inner, limits, wrappings + 1);
}

// cosign has put the document below "Data" once, as a value or as its text.
Result<SbomDocument> read_predicate(const Value& predicate, const Limits& limits, int wrappings) {
  const Value& data = predicate["Data"];
  if (const std::string* text = data.string()) {
    const Value inner = TRY(json::parse(*text, limits).in("the predicate"));
    return read_value(inner, limits, wrappings + 1);
  }
  return read_value(data.object() ? data : predicate, limits, wrappings + 1);
}

Result<SbomDocument> read_value(const Value& value, const Limits& limits, int wrappings) {
  if (wrappings > kMostWrappings)
    return Error{ErrorCode::limit_exceeded, "wrapped more often than the limit"};
  if (value["bomFormat"].text_or() == "CycloneDX") return read_cyclonedx(value, limits);
  if (value.has("spdxVersion")) return read_spdx(value, limits);
  if (value["@graph"].array()) return read_spdx3(value, limits);
  if (value["artifacts"].array() && value["schema"].object()) return read_syft(value, limits);
  Result<SbomDocument> inner = Error{ErrorCode::malformed, "is no SBOM that fathom reads"};
  if (value["dsseEnvelope"].object())
    inner = read_value(value["dsseEnvelope"], limits, wrappings + 1);
  else if (value.has("payloadType") && value["payload"].string())
    inner = read_payload(value["payload"].text_or(), limits, wrappings);
  else if (value.has("predicateType") && value.has("predicate"))
    inner = read_predicate(value["predicate"], limits, wrappings);
  return inner;
}

}  // namespace

bool may_be_sbom(ByteView bytes) {
  const std::string_view text = without_mark(bytes.as_text());
  if (text.starts_with('{')) return has_words(text);
  if (text.starts_with('<')) return text.find("cyclonedx.org/schema/bom") != text.npos;
  constexpr std::size_t kHead = 64 * kKiB;
  return is_tag_value(text.substr(0, kHead));
}

Result<SbomDocument> read_sbom(ByteView bytes, const Limits& limits) {
  if (bytes.size() > limits.sbom_bytes)
    return Error{ErrorCode::limit_exceeded,
                 "an SBOM of more than " + human_bytes(limits.sbom_bytes)};
  const std::string_view text = without_mark(bytes.as_text());
  if (text.starts_with('<')) return read_cyclonedx_xml(text, limits);
  if (!text.starts_with('{') && is_tag_value(text)) return read_tag_value(text, limits);
  const Value value = TRY(json::parse(text, limits));
  return read_value(value, limits, 0);
}

}  // namespace fathom::sbom

#include "image/statement.h"

#include "base/base64.h"
#include "base/digest.h"
#include "base/text.h"

namespace fathom::image {
namespace {

constexpr std::string_view kType = "in-toto.io/Statement/";
constexpr std::string_view kPayloadType = "application/vnd.in-toto+json";
constexpr std::uint64_t kMostSubjects = 100'000;  // of one statement
constexpr std::uint64_t kMostStatements = 1000;   // of one text

// What is compared with: digests of files and manifests that fathom computes itself.
std::string digest_of(const json::Value& digests) {
  for (const char* algorithm : {"sha256", "sha512"}) {
    const std::string text =
        std::string(algorithm) + ":" + std::string(digests[algorithm].text_or());
    if (parse_digest(text)) return text;
  }
  return {};
}

std::string builder_of(const json::Value& predicate) {
  std::string_view id = predicate["runDetails"]["builder"]["id"].text_or();
  if (id.empty()) id = predicate["builder"]["id"].text_or();
  return std::string(id);
}

Result<Statement> statement_of(const json::Value& value) {
  if (value["_type"].text_or().find(kType) == std::string_view::npos)
    return Error{ErrorCode::malformed, "not an in-toto statement"};
  Statement out;
  out.predicate = value["predicateType"].text_or();
  out.builder = builder_of(value["predicate"]);
  for (const json::Value& subject : value["subject"].elements()) {
    std::string digest = digest_of(subject["digest"]);
    if (digest.empty() || out.subjects.size() == kMostSubjects)
      ++out.subjects_left_out;
    else
      out.subjects.push_back({std::string(subject["name"].text_or()), std::move(digest)});
  }
  return out;
}

Result<Statement> open_envelope(const json::Value& envelope, const Limits& limits) {
  if (envelope["payloadType"].text_or() != kPayloadType)
    return Error{ErrorCode::unsupported, "an envelope of " +
                                             printable(envelope["payloadType"].text_or("nothing")) +
                                             ", which is no in-toto statement"};
  const std::optional<std::string> payload = from_base64(envelope["payload"].text_or());
  if (!payload) return Error{ErrorCode::malformed, "the payload is not base64"};
  const json::Value inner = TRY(json::parse(*payload, limits).in("payload"));
  Statement out = TRY(statement_of(inner).in("payload"));
  out.in_envelope = !envelope["signatures"].elements().empty();
  return out;
}

Result<Statement> read_one(const json::Value& value, const Limits& limits) {
  if (value["dsseEnvelope"].object() != nullptr)
    return open_envelope(value["dsseEnvelope"], limits);
  if (value.has("payloadType")) return open_envelope(value, limits);
  return statement_of(value);
}

}  // namespace

bool may_hold_statements(std::string_view text) {
  return trim(text.substr(0, 64)).starts_with('{') &&
         (text.find(kType) != text.npos || text.find(kPayloadType) != text.npos);
}

Result<Statements> parse_statements(std::string_view text, const Limits& limits) {
  Statements out;
  if (const Result<json::Value> whole = json::parse(text, limits)) {
    out.list.push_back(TRY(read_one(*whole, limits)));
    return out;
  }
  std::uint64_t number = 0;
  for (std::string_view line : lines_of(text)) {
    ++number;
    if (trim(line).empty()) continue;
    const Result<json::Value> value = json::parse(line, limits);
    Result<Statement> one = value ? read_one(*value, limits) : Result<Statement>(value.error());
    if (out.list.size() == kMostStatements)
      one = Error{ErrorCode::limit_exceeded, "more statements than the limit"};
    if (one) {
      one->place = Place::at_line(number);
      out.list.push_back(std::move(*one));
    } else if (out.problems.size() < limits.problems) {
      out.problems.push_back(
          {one.error().code, "line " + std::to_string(number) + ": " + one.error().message});
    }
  }
  if (out.list.empty())
    return Error{ErrorCode::malformed,
                 out.problems.empty() ? "no statement in it" : out.problems[0].message};
  return out;
}

}  // namespace fathom::image

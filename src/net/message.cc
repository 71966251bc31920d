#include "net/message.h"

#include <algorithm>

#include "base/text.h"

namespace fathom::net {
namespace {

Error malformed(std::string message) { return {ErrorCode::malformed, std::move(message)}; }

bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_value_character(char c) {
  return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// HTTP/1.x SP status SP reason
Done parse_status_line(std::string_view line, ResponseHead& head) {
  const bool fits = line.size() >= 12 && line.starts_with("HTTP/1.") &&
                    (line[7] == '0' || line[7] == '1') && line[8] == ' ' &&
                    (line.size() == 12 || line[12] == ' ');
  const std::optional<std::uint64_t> status =
      fits ? parse_unsigned(line.substr(9, 3)) : std::nullopt;
  if (!status || *status < 100 || *status > 599 || !std::ranges::all_of(line, is_value_character))
    return malformed("the server does not speak HTTP/1.1");
  head.minor_version = line[7] - '0';
  head.status = static_cast<int>(*status);
  return Ok{};
}

Result<Header> parse_header(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == line.npos || colon == 0 ||
      !std::ranges::all_of(line.substr(0, colon), is_token_character))
    return malformed("a header line without a proper name");
  const std::string_view value = without_blanks(line.substr(colon + 1));
  if (!std::ranges::all_of(value, is_value_character))
    return malformed("a header line with control characters");
  return Header{to_lower(line.substr(0, colon)), std::string(value)};
}

// Takes the line up to the CRLF off `rest`. A CR or LF alone is found by the checks of the line.
Result<std::string_view> next_line(std::string_view& rest) {
  const std::size_t end = rest.find("\r\n");
  if (end == rest.npos) return Error{ErrorCode::truncated, "the head of the response is cut"};
  const std::string_view line = rest.substr(0, end);
  if (line.find_first_of(std::string_view("\r\n\0", 3)) != line.npos)
    return malformed("a line of the response's head has a line end inside");
  rest.remove_prefix(end + 2);
  return line;
}

bool has_no_body(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace

const std::string* ResponseHead::find(std::string_view name) const {
  auto found = std::ranges::find(headers, name, &Header::name);
  return found == headers.end() ? nullptr : &found->value;
}

std::vector<std::string_view> ResponseHead::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Header& header : headers)
    if (header.name == name) values.push_back(header.value);
  return values;
}

Result<ResponseHead> parse_response_head(std::string_view text) {
  if (text.size() > kMostHeadBytes)
    return Error{ErrorCode::limit_exceeded, "the head of the response is larger than the limit"};
  ResponseHead head;
  const std::string_view status = TRY(next_line(text));
  TRY(parse_status_line(status, head));
  for (;;) {
    const std::string_view line = TRY(next_line(text));
    if (line.empty()) break;
    if (head.headers.size() == kMostHeaders)
      return Error{ErrorCode::limit_exceeded, "more headers than the limit"};
    Header header = TRY(parse_header(line));
    head.headers.push_back(std::move(header));
  }
  if (!text.empty()) return malformed("bytes behind the head of the response");
  return head;
}

Result<Framing> framing_of(const ResponseHead& head) {
  const std::vector<std::string_view> codings = head.all("transfer-encoding");
  const std::vector<std::string_view> lengths = head.all("content-length");
  if (codings.size() + lengths.size() > 1)
    return malformed("the response states its length in more than one way");
  if (has_no_body(head.status)) return Framing{};
  if (!codings.empty()) {
    if (to_lower(codings[0]) != "chunked" || head.minor_version == 0)
      return malformed("a transfer encoding that was not asked for");
    return Framing{Framing::Kind::chunked, 0};
  }
  if (lengths.empty()) return Framing{Framing::Kind::until_close, 0};
  const std::optional<std::uint64_t> length = parse_unsigned(lengths[0]);
  if (!length) return malformed("a Content-Length that is no number");
  return Framing{*length == 0 ? Framing::Kind::none : Framing::Kind::length, *length};
}

bool keeps_connection(const ResponseHead& head, const Framing& framing) {
  if (head.minor_version == 0 || framing.kind == Framing::Kind::until_close) return false;
  for (std::string_view value : head.all("connection"))
    if (to_lower(value).find("close") != std::string::npos) return false;
  return true;
}

}  // namespace fathom::net

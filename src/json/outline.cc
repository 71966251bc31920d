// A bracket matcher that knows strings. It decides where a value ends and nothing else: whether it
// is well-formed inside is for parse() to say, so a document has one grammar, not two.

#include "json/outline.h"

#include <algorithm>

#include "base/text.h"
#include "json/value.h"

namespace fathom::json {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;  // some exports have the mark
  }

  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  std::string_view rest() const { return text_.substr(at_); }
  Error error(std::string_view what) const {
    return {at_end() ? ErrorCode::truncated : ErrorCode::malformed,
            std::string(what) + " at byte " + std::to_string(at_)};
  }

  Result<std::string_view> string() {
    std::size_t begin = at_;
    if (!take('"')) return error("expected a text");
    while (!at_end()) {
      std::size_t end = text_.find_first_of("\"\\", at_);
      if (end == text_.npos) break;
      at_ = end + 1;
      if (text_[end] == '"') return text_.substr(begin, at_ - begin);
      ++at_;  // whatever was escaped
    }
    at_ = text_.size();
    return error("a text that does not end");
  }

  Result<std::string_view> value() {
    std::size_t begin = at_;
    if (peek() == '"') return string();
    if (peek() == '{' || peek() == '[') {
      TRY(brackets());
      return text_.substr(begin, at_ - begin);
    }
    while (!at_end() && std::string_view(",:]} \t\r\n\"{[").find(peek()) == std::string_view::npos)
      ++at_;
    if (at_ == begin) return error("expected a value");
    return text_.substr(begin, at_ - begin);
  }

 private:
  Done brackets() {
    std::string open;  // what closes each of them
    do {
      std::size_t next = text_.find_first_of("\"{}[]", at_);
      if (next == text_.npos) {
        at_ = text_.size();
        return error("the document ends inside a value");
      }
      at_ = next;
      char c = text_[at_];
      if (c == '"') {
        TRY(string());
        continue;
      }
      if (c == '{' || c == '[') {
        if (open.size() == kMostDepth) return error("nested too deep");
        open += c == '{' ? '}' : ']';
      } else if (open.back() != c) {
        return error("a bracket that closes another one");
      } else {
        open.pop_back();
      }
      ++at_;
    } while (!open.empty());
    return Ok{};
  }

  static constexpr std::size_t kMostDepth = 1024;  // parse() has the stricter bound

  std::string_view text_;
  std::size_t at_ = 0;
};

Result<std::string> key_of(std::string_view quoted) {
  if (quoted.find('\\') == quoted.npos && is_utf8(quoted))
    return std::string(quoted.substr(1, quoted.size() - 2));
  Value value = TRY(parse(quoted));
  return std::string(value.text_or());
}

Done refuse_twins(const std::vector<Piece>& pieces) {
  std::vector<std::string_view> keys;
  keys.reserve(pieces.size());
  for (const Piece& piece : pieces) keys.push_back(piece.key);
  std::ranges::sort(keys);
  auto twin = std::ranges::adjacent_find(keys);
  if (twin == keys.end()) return Ok{};
  return Error{ErrorCode::malformed, "duplicate key \"" + printable(*twin) + "\""};
}

}  // namespace

std::string_view Outline::find(std::string_view key) const {
  auto piece = std::ranges::find(pieces, key, &Piece::key);
  return piece == pieces.end() ? std::string_view() : piece->text;
}

Result<Outline> outline(std::string_view text, const Limits& limits) {
  Scanner in(text);
  in.skip_space();
  Outline out;
  out.is_object = in.peek() == '{';
  const char close = out.is_object ? '}' : ']';
  if (!in.take('{') && !in.take('[')) return in.error("expected an object or an array");
  in.skip_space();
  for (bool first = true; !in.take(close); first = false) {
    if (!first && !in.take(',')) return in.error("expected a comma or the end");
    if (out.pieces.size() == limits.json_nodes)
      return Error{ErrorCode::limit_exceeded, "more members than the limit"};
    Piece piece;
    in.skip_space();
    if (out.is_object) {
      std::string_view quoted = TRY(in.string());
      piece.key = TRY(key_of(quoted));
      in.skip_space();
      if (!in.take(':')) return in.error("expected a colon");
      in.skip_space();
    }
    piece.text = TRY(in.value());
    out.pieces.push_back(std::move(piece));
    in.skip_space();
  }
  in.skip_space();
  if (!in.at_end()) return in.error("something behind the document");
  if (out.is_object) TRY(refuse_twins(out.pieces));
  return out;
}

Result<First> first_value(std::string_view text) {
  Scanner in(text);
  in.skip_space();
  First first;
  first.value = TRY(in.value());
  in.skip_space();
  first.rest = in.rest();
  return first;
}

}  // namespace fathom::json

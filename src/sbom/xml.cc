#include "sbom/xml.h"

#include <algorithm>

#include "base/text.h"

namespace fathom::sbom::xml {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == ':' || static_cast<unsigned char>(c) >= 0x80;
}

void append_utf8(std::string& out, std::uint64_t code) {
  auto byte = [&](std::uint64_t value) { out += static_cast<char>(value); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      byte(0xe0 | code >> 12);
    } else {
      byte(0xf0 | code >> 18);
      byte(0x80 | (code >> 12 & 0x3f));
    }
    byte(0x80 | (code >> 6 & 0x3f));
  }
  byte(0x80 | (code & 0x3f));
}

class Parser {
 public:
  Parser(std::string_view text, const Limits& limits) : text_(text), limits_(limits) {}

  Result<Element> run() {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
    TRY(skip_outside());
    if (!looking_at("<")) return error("expected an element");
    Element root = TRY(element(0));
    TRY(skip_outside());
    if (at_ != text_.size()) return error("something stands behind the root element");
    return root;
  }

 private:
  Error error(std::string_view what, ErrorCode code = ErrorCode::malformed) const {
    return {code, "XML, offset " + std::to_string(at_) + ": " + std::string(what)};
  }
  bool looking_at(std::string_view word) const { return text_.substr(at_).starts_with(word); }
  void skip_spaces() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  Done skip_past(std::string_view end) {
    const std::size_t found = text_.find(end, at_);
    if (found == text_.npos) return error("the document ends early");
    at_ = found + end.size();
    return Ok{};
  }

  // Declarations, comments and spaces before and behind the root.
  Done skip_outside() {
    for (;;) {
      skip_spaces();
      if (looking_at("<?"))
        TRY(skip_past("?>"));
      else if (looking_at("<!--"))
        TRY(skip_past("-->"));
      else if (looking_at("<!"))
        return error("a document type declaration", ErrorCode::unsupported);
      else
        return Ok{};
    }
  }

  Result<std::string> name() {
    const std::size_t from = at_;
    while (at_ < text_.size() && is_name(text_[at_])) ++at_;
    if (at_ == from) return error("expected a name");
    const std::string_view whole = text_.substr(from, at_ - from);
    return std::string(whole.substr(whole.rfind(':') + 1));  // npos + 1 is 0
  }

  Result<Element> element(std::uint64_t depth) {
    if (depth >= limits_.xml_depth)
      return error("nested deeper than the limit", ErrorCode::limit_exceeded);
    if (++nodes_ > limits_.xml_nodes)
      return error("more elements than the limit", ErrorCode::limit_exceeded);
    ++at_;  // "<"
    const std::size_t start = at_;
    Element out;
    out.name = TRY(name());
    const std::string_view raw = text_.substr(start, at_ - start);
    if (TRY(attributes(out))) return out;
    TRY(content(out, depth));
    if (!looking_at(raw)) return error("the end tag is of another element");
    at_ += raw.size();
    skip_spaces();
    if (!looking_at(">")) return error("expected \">\"");
    ++at_;
    return out;
  }

  // True when the element ends here: "/>".
  Result<bool> attributes(Element& out) {
    for (;;) {
      skip_spaces();
      if (looking_at("/>")) {
        at_ += 2;
        return true;
      }
      if (looking_at(">")) {
        ++at_;
        return false;
      }
      if (++nodes_ > limits_.xml_nodes)
        return error("more attributes than the limit", ErrorCode::limit_exceeded);
      std::string key = TRY(name());
      skip_spaces();
      if (!looking_at("=")) return error("expected \"=\"");
      ++at_;
      skip_spaces();
      if (at_ >= text_.size() || (text_[at_] != '"' && text_[at_] != '\''))
        return error("expected a quoted value");
      const char quote = text_[at_++];
      const std::size_t end = text_.find(quote, at_);
      if (end == text_.npos) return error("the document ends early");
      std::string value = TRY(decoded(text_.substr(at_, end - at_)));
      at_ = end + 1;
      out.attributes.emplace_back(std::move(key), std::move(value));
    }
  }

  // Up to and with "</".
  Done content(Element& out, std::uint64_t depth) {
    for (;;) {
      const std::size_t open = text_.find('<', at_);
      if (open == text_.npos) return error("the document ends early");
      out.text += TRY(decoded(text_.substr(at_, open - at_)));
      at_ = open;
      if (looking_at("</")) {
        at_ += 2;
        return Ok{};
      }
      TRY(markup(out, depth));
    }
  }

  Done markup(Element& out, std::uint64_t depth) {
    constexpr std::string_view kCharacters = "<![CDATA[";
    if (looking_at("<!--")) return skip_past("-->");
    if (looking_at("<?")) return skip_past("?>");
    if (looking_at(kCharacters)) {
      const std::size_t from = at_ + kCharacters.size();
      TRY(skip_past("]]>"));
      out.text += text_.substr(from, at_ - 3 - from);
      return Ok{};
    }
    if (looking_at("<!")) return error("a declaration inside an element");
    Element child = TRY(element(depth + 1));
    out.children.push_back(std::move(child));
    return Ok{};
  }

  Result<std::string> decoded(std::string_view raw) const {
    std::string out;
    while (!raw.empty()) {
      const std::size_t mark = std::min(raw.find('&'), raw.size());
      out += raw.substr(0, mark);
      raw.remove_prefix(mark);
      if (raw.empty()) break;
      const std::size_t end = raw.find(';');
      if (end == raw.npos || end > kLongestReference) return error("a \"&\" that names nothing");
      TRY(append_reference(out, raw.substr(1, end - 1)));
      raw.remove_prefix(end + 1);
    }
    return out;
  }

  Done append_reference(std::string& out, std::string_view word) const {
    constexpr std::pair<std::string_view, char> kKnown[] = {
        {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"apos", '\''}, {"quot", '"'}};
    for (const auto& [known, c] : kKnown)
      if (word == known) {
        out += c;
        return Ok{};
      }
    if (!word.starts_with('#')) return error("an entity that is not known");
    word.remove_prefix(1);
    const bool is_hex = word.starts_with('x');
    const auto code = parse_unsigned(word.substr(is_hex ? 1 : 0), is_hex ? 16 : 10);
    const bool is_valid =
        code && *code > 0 && *code <= 0x10ffff && (*code < 0xd800 || *code > 0xdfff);
    if (!is_valid) return error("no such character");
    append_utf8(out, *code);
    return Ok{};
  }

  static constexpr std::size_t kLongestReference = 12;

  std::string_view text_;
  const Limits& limits_;
  std::size_t at_ = 0;
  std::uint64_t nodes_ = 0;
};

}  // namespace

std::string_view Element::attribute(std::string_view key) const {
  for (const auto& [known, value] : attributes)
    if (known == key) return value;
  return {};
}

const Element& Element::child(std::string_view key) const {
  static const Element kNone;
  const auto found = std::ranges::find(children, key, &Element::name);
  return found == children.end() ? kNone : *found;
}

Result<Element> parse(std::string_view text, const Limits& limits) {
  return Parser(text, limits).run();
}

}  // namespace fathom::sbom::xml

#include "json/writer.h"

#include <cassert>
#include <utility>

#include "base/text.h"

namespace fathom::json {
namespace {

void append_escape(std::string& out, unsigned code_point) {
  constexpr std::string_view kHex = "0123456789abcdef";
  if (code_point > 0xffff) {  // a surrogate pair
    append_escape(out, 0xd7c0 + (code_point >> 10));
    code_point = 0xdc00 | (code_point & 0x3ff);
  }
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[code_point >> shift & 0xf];
}

void append_quoted(std::string& out, std::string_view valid) {
  out += '"';
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const auto byte = static_cast<unsigned char>(valid[i]);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += valid[i];
    } else if (byte < 0x20 || byte == 0x7f) {
      append_escape(out, byte);
    } else if (byte >= 0xc2) {
      // C1 controls start escape sequences on some terminals, overrides make a name look like
      // another; a JSON reader gets both back unharmed.
      const DeceptiveCharacter hidden = deceptive_at(valid.substr(i));
      if (hidden.bytes == 0) {
        out += valid[i];
      } else {
        append_escape(out, hidden.code_point);
        i += hidden.bytes - 1;
      }
    } else {
      out += valid[i];
    }
  }
  out += '"';
}

void append_text(std::string& out, std::string_view text) {
  if (is_utf8(text))
    append_quoted(out, text);
  else
    append_quoted(out, utf8_or_escaped(text));
}

// Digits, perhaps a point and digits; no sign, no exponent, no leading zero.
[[maybe_unused]] bool is_decimal(std::string_view text) {
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  auto all_digits = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == part.npos;
  };
  if (!all_digits(whole) || (whole.size() > 1 && whole[0] == '0')) return false;
  return point == text.npos || all_digits(text.substr(point + 1));
}

}  // namespace

Writer& Writer::begin_object() {
  before_value();
  out_ += '{';
  has_members_.push_back(false);
  return *this;
}

Writer& Writer::begin_array() {
  before_value();
  out_ += '[';
  has_members_.push_back(false);
  return *this;
}

Writer& Writer::end_object() {
  close('}');
  return *this;
}

Writer& Writer::end_array() {
  close(']');
  return *this;
}

Writer& Writer::key(std::string_view name) {
  assert(!after_key_);
  before_value();
  append_text(out_, name);
  out_ += pretty_ ? ": " : ":";
  after_key_ = true;
  return *this;
}

Writer& Writer::value(std::string_view text) {
  before_value();
  append_text(out_, text);
  return *this;
}

Writer& Writer::value(bool flag) { return raw(flag ? "true" : "false"); }
Writer& Writer::value(std::int64_t number) { return raw(std::to_string(number)); }
Writer& Writer::value(std::uint64_t number) { return raw(std::to_string(number)); }
Writer& Writer::null() { return raw("null"); }

Writer& Writer::number(std::string_view decimal) {
  assert(is_decimal(decimal));
  return raw(decimal);
}

Writer& Writer::strings(std::string_view name, const std::vector<std::string>& texts) {
  key(name).begin_array();
  for (const std::string& text : texts) value(text);
  return end_array();
}

std::string Writer::finish() {
  assert(has_members_.empty() && !after_key_);
  if (pretty_) out_ += '\n';
  return std::exchange(out_, {});
}

// A key and an element both start here; a value behind its key stays on the line.
void Writer::before_value() {
  if (std::exchange(after_key_, false) || has_members_.empty()) return;
  if (has_members_.back()) out_ += ',';
  has_members_.back() = true;
  new_line();
}

void Writer::close(char bracket) {
  assert(!has_members_.empty() && !after_key_);
  const bool had_members = has_members_.back();
  has_members_.pop_back();
  if (had_members) new_line();
  out_ += bracket;
}

void Writer::new_line() {
  if (!pretty_) return;
  out_ += '\n';
  out_.append(2 * has_members_.size(), ' ');
}

Writer& Writer::raw(std::string_view token) {
  before_value();
  out_ += token;
  return *this;
}

}  // namespace fathom::json

// Writes JSON as a stream, always the same bytes for the same calls: two-space indentation, members
// in the order of the calls, "\u" escapes for what deceptive_at() names (controls, overrides,
// zero-width characters), and invalid UTF-8 replaced by utf8_or_escaped().

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fathom::json {

class Writer {
 public:
  explicit Writer(bool pretty = true) : pretty_(pretty) {}

  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view name);  // inside an object, before each value
  Writer& value(std::string_view text);
  Writer& value(const char* text) { return value(std::string_view(text)); }
  Writer& value(bool flag);
  Writer& value(std::int64_t number);
  Writer& value(std::uint64_t number);
  Writer& value(int number) { return value(std::int64_t{number}); }
  Writer& value(unsigned number) { return value(std::uint64_t{number}); }
  Writer& null();
  // A decimal number as it stands, "7.5" (asserts that JSON would read it as one).
  Writer& number(std::string_view decimal);

  // key + value
  template <class T>
  Writer& member(std::string_view name, const T& v) {
    key(name);
    return value(v);
  }
  // Left out when empty.
  Writer& optional_member(std::string_view name, std::string_view text) {
    return text.empty() ? *this : member(name, text);
  }
  Writer& strings(std::string_view name, const std::vector<std::string>& texts);

  // The document; ends with a line end when pretty. The writer is empty afterwards.
  std::string finish();

 private:
  void before_value();
  void close(char bracket);
  void new_line();
  Writer& raw(std::string_view token);
  bool pretty_;
  std::string out_;
  std::vector<bool> has_members_;  // one per open container
  bool after_key_ = false;
};

}  // namespace fathom::json

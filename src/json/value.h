// JSON as a tree of plain values, read from foreign bytes within limits.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "base/result.h"

namespace fathom::json {

class Value;
using Array = std::vector<Value>;
// Members in the order of the document; keys are unique (a duplicate key is a parse error, because
// two readers that disagree on which one counts can be played against each other).
using Object = std::vector<std::pair<std::string, Value>>;

class Value {
 public:
  Value() = default;  // null
  explicit Value(bool v) : data_(v) {}
  explicit Value(std::int64_t v) : data_(v) {}
  explicit Value(double v) : data_(v) {}
  // Numbers that an int64 cannot hold keep all their digits.
  explicit Value(std::uint64_t v);
  explicit Value(std::string v) : data_(std::move(v)) {}
  explicit Value(Array v) : data_(std::move(v)) {}
  explicit Value(Object v) : data_(std::move(v)) {}

  bool is_null() const { return data_.index() == 0; }
  // Null pointers / empty when the value is of another kind, so that look-ups chain.
  const bool* boolean() const { return std::get_if<bool>(&data_); }
  std::optional<std::int64_t> integer() const;   // whole doubles too
  std::optional<std::uint64_t> natural() const;  // not negative; whole doubles too
  std::optional<double> number() const;
  const std::string* string() const { return std::get_if<std::string>(&data_); }
  const Array* array() const { return std::get_if<Array>(&data_); }
  const Object* object() const { return std::get_if<Object>(&data_); }

  // The member, or a null value when there is none or this is no object.
  const Value& operator[](std::string_view key) const;
  bool has(std::string_view key) const { return !(*this)[key].is_null(); }
  // The text, or `fallback` when this is no string.
  std::string_view text_or(std::string_view fallback = {}) const;
  // The elements, or an empty array.
  const Array& elements() const;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object,
               std::uint64_t>
      data_;
};

// One document, nothing behind it but white space. Errors name the byte offset.
Result<Value> parse(std::string_view text, const Limits& limits = {});

}  // namespace fathom::json

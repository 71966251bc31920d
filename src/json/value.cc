#include "json/value.h"

#include <cmath>

namespace fathom::json {

Value::Value(std::uint64_t v) {
  if (v > std::uint64_t{INT64_MAX})
    data_ = v;
  else
    data_ = static_cast<std::int64_t>(v);
}

std::optional<std::uint64_t> Value::natural() const {
  if (const auto* large = std::get_if<std::uint64_t>(&data_)) return *large;
  const std::optional<std::int64_t> whole = integer();
  if (!whole || *whole < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*whole);
}

std::optional<std::int64_t> Value::integer() const {
  if (const auto* whole = std::get_if<std::int64_t>(&data_)) return *whole;
  const auto* real = std::get_if<double>(&data_);
  // The bounds are exact in binary: -2^63 is an int64, 2^63 is the first that is not.
  if (real == nullptr || !(*real >= -0x1p63 && *real < 0x1p63)) return std::nullopt;
  if (std::trunc(*real) != *real) return std::nullopt;
  return static_cast<std::int64_t>(*real);
}

std::optional<double> Value::number() const {
  if (const auto* real = std::get_if<double>(&data_)) return *real;
  if (const auto* whole = std::get_if<std::int64_t>(&data_)) return static_cast<double>(*whole);
  if (const auto* large = std::get_if<std::uint64_t>(&data_)) return static_cast<double>(*large);
  return std::nullopt;
}

const Value& Value::operator[](std::string_view key) const {
  static const Value kNull;
  const Object* members = object();
  if (members == nullptr) return kNull;
  for (const auto& [name, value] : *members)
    if (name == key) return value;
  return kNull;
}

std::string_view Value::text_or(std::string_view fallback) const {
  const std::string* text = string();
  return text != nullptr ? std::string_view(*text) : fallback;
}

const Array& Value::elements() const {
  static const Array kNone;
  const Array* all = array();
  return all != nullptr ? *all : kNone;
}

}  // namespace fathom::json

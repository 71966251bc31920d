// Reading JSON that fathom wrote, strictly: every member is asked for once, and what nobody asks
// for is an error. The first thing that is wrong is kept with its place and everything after it is
// skipped, so that the descriptions of documents read like the format.

#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "json/value.h"
#include "model/evidence.h"

namespace fathom::report_json {

using json::Value;

// Where we are in the document, and what was wrong first.
class Reader {
 public:
  bool failed() const { return error_.has_value(); }
  void fail(std::string message) {
    if (!error_) error_ = Error{ErrorCode::malformed, pointer() + ": " + std::move(message)};
  }
  Error take_error() { return std::move(*error_); }

  void enter(std::string_view name) { path_.push_back({name, 0}); }
  void enter(std::size_t index) { path_.push_back({{}, index}); }
  void leave() { path_.pop_back(); }

 private:
  struct Step {
    std::string_view name;  // empty: an index
    std::size_t index;
  };

  std::string pointer() const {
    std::string text;
    for (const Step& step : path_)
      text += "/" + (step.name.empty() ? std::to_string(step.index) : printable(step.name));
    return text.empty() ? "the document" : text;
  }

  std::vector<Step> path_;
  std::optional<Error> error_;
};

template <class Enum, std::size_t N>
std::optional<Enum> named(const std::array<Enum, N>& all, std::string_view word) {
  for (Enum one : all)
    if (name_of(one) == word) return one;
  return {};
}

// The members of one object; each is asked for once, and what nobody asked for is an error.
class Members {
 public:
  Members(Reader& reader, const Value& value) : reader_(reader), object_(value.object()) {
    if (object_ == nullptr) reader_.fail("expected an object");
  }

  // To be called last.
  void done() {
    if (object_ == nullptr || reader_.failed() || asked_ == object_->size()) return;
    for (const auto& [name, value] : *object_)
      if (std::find(names_.begin(), names_.end(), name) == names_.end())
        return reader_.fail("unknown member \"" + printable(name) +
                            "\"; was this written by a newer fathom?");
  }

  bool has(std::string_view name) const { return peek(name) != nullptr; }

  std::string text(std::string_view name) { return read_text(name, get(name)); }
  std::string optional_text(std::string_view name) {
    const Value* value = find(name);
    if (value == nullptr) return {};
    std::string text = read_text(name, value);
    // The writer leaves these out.
    if (text.empty() && !reader_.failed()) at(name, [&] { reader_.fail("an empty text"); });
    return text;
  }

  bool flag(std::string_view name) {
    const Value* value = get(name);
    if (value == nullptr) return false;
    if (const bool* flag = value->boolean()) return *flag;
    at(name, [&] { reader_.fail("expected true or false"); });
    return false;
  }

  std::uint64_t number(std::string_view name) {
    const Value* value = get(name);
    if (value == nullptr) return 0;
    if (const auto number = value->natural()) return *number;
    at(name, [&] { reader_.fail("expected a whole number, not negative"); });
    return 0;
  }

  // A layer, -1 when it is not there.
  std::int64_t layer(std::string_view name) {
    if (!has(name)) return -1;
    const std::uint64_t number = this->number(name);
    if (number <= std::uint64_t{std::numeric_limits<std::int64_t>::max()})
      return static_cast<std::int64_t>(number);
    at(name, [&] { reader_.fail("too large"); });
    return -1;
  }

  template <class Enum, std::size_t N>
  Enum word(std::string_view name, const std::array<Enum, N>& all) {
    const std::string text = this->text(name);
    if (const auto found = named(all, text)) return *found;
    if (!reader_.failed())
      at(name, [&] { reader_.fail("unknown word \"" + printable(text) + "\""); });
    return all[0];
  }

  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> list;
    each(name, [&](const Value& value) {
      const std::string* text = value.string();
      if (text == nullptr) reader_.fail("expected a text");
      list.push_back(text == nullptr ? std::string() : *text);
    });
    return list;
  }

  template <class Row>
  std::vector<Row> rows(std::string_view name, Row (*read)(Reader&, const Value&)) {
    std::vector<Row> list;
    each(name, [&](const Value& value) { list.push_back(read(reader_, value)); });
    return list;
  }

  // Reads the object `name`; `read` gets its Members.
  template <class Function>
  void object(std::string_view name, Function read) {
    const Value* value = get(name);
    if (value == nullptr) return;
    at(name, [&] {
      Members members(reader_, *value);
      if (!reader_.failed()) read(members);
      members.done();
    });
  }
  template <class Function>
  void optional_object(std::string_view name, Function read) {
    if (has(name)) object(name, read);
  }

  // All members of the object `name`, whatever they are called.
  template <class Function>
  void each_member(std::string_view name, Function read) {
    const Value* value = get(name);
    if (value == nullptr) return;
    at(name, [&] {
      if (value->object() == nullptr) return reader_.fail("expected an object");
      for (const auto& [key, member] : *value->object()) {
        reader_.enter(key);
        if (!reader_.failed()) read(key, member);
        reader_.leave();
      }
    });
  }

  template <class T>
  T one(std::string_view name, T (*read)(Reader&, const Value&)) {
    T result{};
    if (const Value* value = get(name)) at(name, [&] { result = read(reader_, *value); });
    return result;
  }

  void fail(std::string_view name, std::string message) {
    at(name, [&] { reader_.fail(std::move(message)); });
  }

 private:
  const Value* peek(std::string_view name) const {
    if (object_ == nullptr || reader_.failed()) return nullptr;
    for (const auto& [key, value] : *object_)
      if (key == name) return &value;
    return nullptr;
  }
  const Value* find(std::string_view name) {
    const Value* value = peek(name);
    if (value == nullptr) return nullptr;
    ++asked_;
    names_.push_back(name);
    return value;
  }
  const Value* get(std::string_view name) {
    const Value* value = find(name);
    if (value == nullptr && !reader_.failed())
      reader_.fail("\"" + std::string(name) + "\" is missing");
    return value;
  }

  std::string read_text(std::string_view name, const Value* value) {
    if (value == nullptr) return {};
    if (const std::string* text = value->string()) return *text;
    at(name, [&] { reader_.fail("expected a text"); });
    return {};
  }

  template <class Function>
  void at(std::string_view name, Function function) {
    reader_.enter(name);
    function();
    reader_.leave();
  }

  template <class Function>
  void each(std::string_view name, Function function) {
    const Value* value = get(name);
    if (value == nullptr) return;
    at(name, [&] {
      if (value->array() == nullptr) return reader_.fail("expected a list");
      for (std::size_t i = 0; i < value->elements().size() && !reader_.failed(); ++i) {
        reader_.enter(i);
        function(value->elements()[i]);
        reader_.leave();
      }
    });
  }

  Reader& reader_;
  const json::Object* object_;
  std::size_t asked_ = 0;
  std::vector<std::string_view> names_;
};

Place read_place(Reader& reader, const Value& value);
Evidence read_evidence(Reader& reader, const Value& value);

}  // namespace fathom::report_json

// The grammar, the numbers and the UTF-8 check are nlohmann's SAX parser, which keeps its own stack
// on the heap; the tree, the limits and the refusal of duplicate keys are ours. Its DOM parser
// would let the last of two equal keys win and would build any depth before we could look.

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "json/value.h"

namespace fathom::json {
namespace {

// Reads `text` and keeps the position where the caller can see it: SAX events carry none.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator() = default;  // the end
  CountingIterator(std::string_view text, std::size_t& position)
      : text_(text), position_(&position) {}

  reference operator*() const { return text_[*position_]; }
  CountingIterator& operator++() {
    ++*position_;
    return *this;
  }
  bool operator==(const CountingIterator& other) const { return at_end() == other.at_end(); }

 private:
  bool at_end() const { return position_ == nullptr || *position_ == text_.size(); }
  std::string_view text_;
  std::size_t* position_ = nullptr;
};

std::string_view without_library_prefix(std::string_view message) {
  std::size_t end = message.starts_with('[') ? message.find("] ") : message.npos;
  if (end != message.npos) message.remove_prefix(end + 2);
  std::size_t detail = message.find(": ");  // after "parse error at line 1, column 2"
  if (message.starts_with("parse error at ") && detail != message.npos)
    message.remove_prefix(detail + 2);
  return message;
}

// Sorting instead of comparing each key with all before it keeps large objects out of O(n²).
const std::string* duplicate_key(const Object& members) {
  std::vector<const std::string*> keys;
  keys.reserve(members.size());
  for (const auto& member : members) keys.push_back(&member.first);
  std::ranges::sort(keys, {}, [](const std::string* key) -> const std::string& { return *key; });
  auto twin = std::ranges::adjacent_find(
      keys, [](const std::string* a, const std::string* b) { return *a == *b; });
  return twin == keys.end() ? nullptr : *twin;
}

class TreeBuilder {
 public:
  TreeBuilder(const Limits& limits, const std::size_t& position)
      : limits_(limits), position_(position) {}

  Result<Value> finish(bool parsed) && {
    if (error_) return std::move(*error_);
    if (!parsed) return Error{ErrorCode::malformed, "not JSON" + place()};
    return std::move(root_);
  }

  // The events, as nlohmann names them; false stops the parser.
  bool null() { return add(Value()); }
  bool boolean(bool value) { return add(Value(value)); }
  bool number_integer(std::int64_t value) { return add(Value(value)); }
  bool number_unsigned(std::uint64_t value) { return add(Value(value)); }
  bool number_float(double value, const std::string&) { return add(Value(value)); }
  bool string(std::string& value) { return add(Value(std::move(value))); }
  bool binary(std::vector<std::uint8_t>&) { return false; }  // never in a text

  bool start_object(std::size_t) { return open(true); }
  bool start_array(std::size_t) { return open(false); }

  bool key(std::string& name) {
    open_.back().key = std::move(name);
    return true;
  }

  bool end_object() {
    Object members = std::move(open_.back().members);
    open_.pop_back();
    if (const std::string* twin = duplicate_key(members))
      return fail(ErrorCode::malformed, "duplicate key \"" + printable(*twin) + "\" in the object" +
                                            " that ends" + place());
    return attach(Value(std::move(members)));
  }

  bool end_array() {
    Array elements = std::move(open_.back().elements);
    open_.pop_back();
    return attach(Value(std::move(elements)));
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) {
    return fail(ErrorCode::malformed, printable(without_library_prefix(error.what())) + place());
  }

 private:
  struct Container {
    bool is_object = false;
    std::string key;  // of the member that comes next
    Object members;
    Array elements;
  };

  bool open(bool is_object) {
    if (open_.size() >= limits_.json_depth)
      return fail(ErrorCode::limit_exceeded,
                  "nested deeper than " + std::to_string(limits_.json_depth) + place());
    if (!count()) return false;
    open_.emplace_back().is_object = is_object;
    return true;
  }

  bool add(Value value) { return count() && attach(std::move(value)); }

  bool attach(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return true;
    }
    Container& parent = open_.back();
    if (parent.is_object)
      parent.members.emplace_back(std::move(parent.key), std::move(value));
    else
      parent.elements.push_back(std::move(value));
    return true;
  }

  bool count() {
    if (++nodes_ <= limits_.json_nodes) return true;
    return fail(ErrorCode::limit_exceeded,
                "more than " + std::to_string(limits_.json_nodes) + " values" + place());
  }

  bool fail(ErrorCode code, std::string message) {
    if (!error_) error_ = Error{code, std::move(message)};
    return false;
  }

  std::string place() const { return " at byte " + std::to_string(position_); }

  const Limits& limits_;
  const std::size_t& position_;
  std::uint64_t nodes_ = 0;
  std::vector<Container> open_;
  Value root_;
  std::optional<Error> error_;
};

}  // namespace

Result<Value> parse(std::string_view text, const Limits& limits) {
  std::size_t position = 0;
  TreeBuilder builder(limits, position);
  bool parsed =
      nlohmann::json::sax_parse(CountingIterator(text, position), CountingIterator(), &builder);
  return std::move(builder).finish(parsed);
}

}  // namespace fathom::json

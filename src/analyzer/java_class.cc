// Relocating rewrites every name below a package, in constants, descriptors and texts, and the
// tools that do it lay the constant pool out anew. So the shape is a sorted set of lines (as
// hashes) in which each qualified name is cut to its last part.

#include "analyzer/java_class.h"

#include <algorithm>
#include <vector>

#include "base/digest.h"
#include "base/text.h"

namespace fathom {

namespace {

enum Tag : std::uint8_t {
  utf8 = 1,
  integer = 3,
  floating = 4,
  long_integer = 5,
  double_floating = 6,
  class_ref = 7,
  text = 8,
  field_ref = 9,
  method_ref = 10,
  interface_method_ref = 11,
  name_and_type = 12,
  method_handle = 15,
  method_type = 16,
  dynamic = 17,
  invoke_dynamic = 18,
  module = 19,
  package = 20,
};

constexpr std::uint64_t kMagic = 0xcafebabe;

Error lies(std::string what) { return {ErrorCode::malformed, "class file: " + what}; }

// Behind the last '/' or '.': texts name classes with dots.
std::string_view last_part(std::string_view name) {
  std::size_t at = name.find_last_of("/.");
  return at == name.npos ? name : name.substr(at + 1);
}

// "(Lorg/a/B;[I)V" → "(LB;[I)V", behind what `out` has.
void append_short_descriptor(std::string& out, std::string_view descriptor) {
  for (std::size_t i = 0; i < descriptor.size(); ++i) {
    out += descriptor[i];
    if (descriptor[i] != 'L') continue;
    std::size_t end = std::min(descriptor.find(';', i), descriptor.size());
    out += last_part(descriptor.substr(i + 1, end - i - 1));
    out += ';';
    i = end;
  }
}

class ClassReader {
 public:
  explicit ClassReader(ByteView bytes) : bytes_(bytes) {}

  Result<JavaClass> read() {
    if (TRY(u4()) != kMagic) return lies("no magic number");
    at_ += 2;
    JavaClass out;
    out.major = static_cast<std::uint16_t>(TRY(u2()));
    TRY(read_pool());
    at_ += 2;  // access flags
    std::string_view name = class_name(TRY(u2()));
    if (name.empty()) return lies("no name");
    out.name = utf8_or_escaped(name);
    add("class", last_part(name));
    add("super", last_part(class_name(TRY(u2()))));
    std::uint64_t interfaces = TRY(u2());
    for (; interfaces > 0; --interfaces) add("interface", last_part(class_name(TRY(u2()))));
    std::uint64_t members = TRY(read_members("field"));
    members += TRY(read_members("method"));
    TRY(read_attributes(out));
    add_constants();
    if (members > 0) out.shape = hash();
    return out;
  }

 private:
  struct Constant {
    std::uint8_t tag = 0;
    std::uint64_t at = 0;    // of what follows the tag
    std::uint64_t size = 0;  // of a utf8
  };

  Result<std::uint64_t> number(std::uint64_t size) {
    ByteView view = TRY(bytes_.slice(at_, size));
    std::uint64_t value = 0;
    for (std::uint8_t byte : view.span()) value = value << 8 | byte;
    at_ += size;
    return value;
  }
  Result<std::uint64_t> u1() { return number(1); }
  Result<std::uint64_t> u2() { return number(2); }
  Result<std::uint64_t> u4() { return number(4); }

  Done read_pool() {
    std::uint64_t count = TRY(u2());
    if (count == 0) return lies("no constant pool");
    pool_.resize(count);
    for (std::uint64_t i = 1; i < count; ++i) {
      auto tag = static_cast<std::uint8_t>(TRY(u1()));
      pool_[i] = {tag, at_, 0};
      std::uint64_t size = size_of(tag);
      if (size == 0) return lies("a constant of unknown kind " + std::to_string(tag));
      if (tag == utf8) {
        pool_[i].size = TRY(u2());
        pool_[i].at = at_;
        size = pool_[i].size;
      }
      (void)TRY(bytes_.slice(at_, size));
      at_ += size;
      if (tag == long_integer || tag == double_floating) ++i;  // these take two numbers
    }
    return Ok{};
  }

  static std::uint64_t size_of(std::uint8_t tag) {
    switch (tag) {
      case utf8:
      case class_ref:
      case text:
      case method_type:
      case module:
      case package:
        return 2;
      case method_handle:
        return 3;
      case integer:
      case floating:
      case field_ref:
      case method_ref:
      case interface_method_ref:
      case name_and_type:
      case dynamic:
      case invoke_dynamic:
        return 4;
      case long_integer:
      case double_floating:
        return 8;
      default:
        return 0;
    }
  }

  std::string_view utf8_at(std::uint64_t index) const {
    if (index >= pool_.size() || pool_[index].tag != utf8) return {};
    return bytes_.clamped(pool_[index].at, pool_[index].size).as_text();
  }
  // What the constant at `index`, of one of the kinds that name something, refers to.
  std::string_view named_by(std::uint64_t index, std::uint8_t tag) const {
    if (index >= pool_.size() || pool_[index].tag != tag) return {};
    return utf8_at(bytes_.read_big<std::uint16_t>(pool_[index].at).value_or(0));
  }
  std::string_view class_name(std::uint64_t index) const { return named_by(index, class_ref); }

  Result<std::uint64_t> read_members(std::string_view what) {
    const std::uint64_t count = TRY(u2());
    for (std::uint64_t i = 0; i < count; ++i) {
      std::uint64_t access = TRY(u2());
      std::string_view name = utf8_at(TRY(u2()));
      std::string_view descriptor = utf8_at(TRY(u2()));
      begin(what);
      line_ += static_cast<char>(access >> 8);
      line_ += static_cast<char>(access);
      line_ += name;
      append_short_descriptor(line_, descriptor);
      end();
      TRY(skip_attributes());
    }
    return count;
  }

  Done skip_attributes() {
    std::uint64_t count = TRY(u2());
    for (; count > 0; --count) {
      at_ += 2;
      std::uint64_t size = TRY(u4());
      (void)TRY(bytes_.slice(at_, size));
      at_ += size;
    }
    return Ok{};
  }

  Done read_attributes(JavaClass& out) {
    std::uint64_t count = TRY(u2());
    for (; count > 0; --count) {
      std::string_view name = utf8_at(TRY(u2()));
      std::uint64_t size = TRY(u4());
      ByteView body = TRY(bytes_.slice(at_, size));
      at_ += size;
      if (name != "Module") continue;
      const std::uint16_t named = TRY(body.read_big<std::uint16_t>(0));
      const std::uint16_t version = TRY(body.read_big<std::uint16_t>(4));
      out.module = utf8_or_escaped(named_by(named, module));
      out.module_version = utf8_or_escaped(utf8_at(version));
    }
    return Ok{};
  }

  void add_constants() {
    for (const Constant& constant : pool_) {
      ByteView raw = bytes_.clamped(constant.at, size_of(constant.tag));
      if (constant.tag == integer || constant.tag == long_integer) add("number", raw.as_text());
      if (constant.tag == text)
        add("text", last_part(utf8_at(raw.read_big<std::uint16_t>(0).value_or(0))));
    }
  }

  // A line is what kind of thing it says, and what it says.
  void begin(std::string_view what) {
    line_ = what;
    line_ += ' ';
  }
  void end() { lines_.push_back(xxh3_of(ByteView::of(line_))); }
  void add(std::string_view what, std::string_view value) {
    begin(what);
    line_ += value;
    end();
  }

  std::uint64_t hash() {
    std::ranges::sort(lines_);
    lines_.erase(std::ranges::unique(lines_).begin(), lines_.end());
    std::string all;
    for (std::uint64_t line : lines_)
      for (int shift = 0; shift < 64; shift += 8) all += static_cast<char>(line >> shift);
    return xxh3_of(ByteView::of(all));
  }

  ByteView bytes_;
  std::uint64_t at_ = 0;
  std::vector<Constant> pool_;
  std::string line_;                  // that is being put together
  std::vector<std::uint64_t> lines_;  // hashes of those that are
};

}  // namespace

Result<JavaClass> read_java_class(ByteView bytes) { return ClassReader(bytes).read(); }

}  // namespace fathom

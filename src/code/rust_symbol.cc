// The new scheme is a prefix code of paths, types and constants that refers back to what it has
// written before. Back references only go backwards, but each may be written again and again, so
// the text can grow exponentially: length, depth and steps are bounded.

#include "code/rust_symbol.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/text.h"
#include "code/demangle.h"

namespace fathom::code {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

void append_utf8(std::string& out, std::uint32_t c) {
  auto byte = [&](std::uint32_t bits) { out += static_cast<char>(bits); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) {
    byte(0xc0 | c >> 6);
  } else if (c < 0x10000) {
    byte(0xe0 | c >> 12);
    byte(0x80 | (c >> 6 & 0x3f));
  } else {
    byte(0xf0 | c >> 18);
    byte(0x80 | (c >> 12 & 0x3f));
    byte(0x80 | (c >> 6 & 0x3f));
  }
  byte(0x80 | (c & 0x3f));
}

bool is_scalar(std::uint32_t c) { return c < 0x110000 && (c < 0xd800 || c > 0xdfff); }

// --- the legacy scheme
// "$LT$" and its kin, "$u20$"; how many bytes that took, 0 for none.
std::size_t take_escape(std::string_view text, std::string& out) {
  struct Escape {
    std::string_view from, to;
  };
  constexpr std::array<Escape, 9> kEscapes = {{{"$SP$", "@"},
                                               {"$BP$", "*"},
                                               {"$RF$", "&"},
                                               {"$LT$", "<"},
                                               {"$GT$", ">"},
                                               {"$LP$", "("},
                                               {"$RP$", ")"},
                                               {"$C$", ","},
                                               {"..", "::"}}};
  for (const Escape& escape : kEscapes) {
    if (!text.starts_with(escape.from)) continue;
    out += escape.to;
    return escape.from.size();
  }
  std::size_t end = text.find('$', 1);
  if (!text.starts_with("$u") || end == text.npos || end > 8) return 0;
  std::optional<std::uint64_t> code = parse_unsigned(text.substr(2, end - 2), 16);
  if (!code || !is_scalar(static_cast<std::uint32_t>(*code)) || *code < 0x20) return 0;
  append_utf8(out, static_cast<std::uint32_t>(*code));
  return end + 1;
}

std::string unescaped(std::string_view part) {
  std::string out;
  if (part.starts_with("_$")) part.remove_prefix(1);
  for (std::size_t at = 0; at < part.size();) {
    if (std::size_t taken = take_escape(part.substr(at), out)) {
      at += taken;
      continue;
    }
    out += part[at++];
  }
  return out;
}

// "h" and 16 hexadecimal digits.
bool is_hash(std::string_view part) {
  return part.size() == 17 && part[0] == 'h' && std::all_of(part.begin() + 1, part.end(), is_hex);
}

// --- the new scheme
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<std::string> run() {
    if (is_digit(peek())) return {};  // a later version of the scheme
    path(true);
    if (failed_) return {};
    return std::move(out_);
  }

 private:
  static constexpr int kDeepest = 96;
  static constexpr std::size_t kMostSteps = 20'000;

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  char take() { return at_ < text_.size() ? text_[at_++] : (fail(), '\0'); }
  bool take_if(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void fail() { failed_ = true; }
  void print(std::string_view text) {
    if (is_quiet_) return;
    if (out_.size() + text.size() > kLongestDemangled) return fail();
    out_ += text;
  }

  // Every step goes through one of these.
  class Level {
   public:
    explicit Level(Reader& reader) : reader_(reader) {
      if (++reader_.depth_ > kDeepest || ++reader_.steps_ > kMostSteps) reader_.fail();
    }
    ~Level() { --reader_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Reader& reader_;
  };

  // Digits of base 62 and "_"; "_" alone is 0.
  std::uint64_t base62() {
    if (take_if('_')) return 0;
    std::uint64_t value = 0;
    while (!failed_ && !take_if('_')) {
      char c = take();
      std::uint64_t digit = is_digit(c)              ? static_cast<std::uint64_t>(c - '0')
                            : (c >= 'a' && c <= 'z') ? static_cast<std::uint64_t>(c - 'a') + 10
                            : (c >= 'A' && c <= 'Z') ? static_cast<std::uint64_t>(c - 'A') + 36
                                                     : 62;
      if (digit == 62 || value > (~std::uint64_t{0} - digit) / 62) fail();
      value = value * 62 + digit;
    }
    return value + 1;
  }
  std::uint64_t optional_base62(char tag) { return take_if(tag) ? base62() + 1 : 0; }

  // What `read` reads where the back reference points to.
  template <class Read>
  void refer_back(Read read) {
    std::size_t from = at_ - 1;
    std::uint64_t to = base62();
    if (failed_ || to >= from) return fail();
    if (is_quiet_) return;
    std::size_t after = at_;
    at_ = static_cast<std::size_t>(to);
    read();
    at_ = after;
  }

  std::string identifier() {
    bool is_punycode = take_if('u');
    std::size_t size = 0;
    if (!take_if('0')) {
      if (!is_digit(peek())) fail();
      while (is_digit(peek()) && size < text_.size())
        size = size * 10 + static_cast<std::size_t>(take() - '0');
    }
    take_if('_');
    if (failed_ || size > text_.size() - at_) return fail(), std::string();
    std::string_view text = text_.substr(at_, size);
    at_ += size;
    return is_punycode ? from_punycode(text) : std::string(text);
  }

  // RFC 3492, with "_" for "-".
  static std::string from_punycode(std::string_view text) {
    std::size_t split = text.rfind('_');
    std::vector<std::uint32_t> out;
    if (split != text.npos)
      for (char c : text.substr(0, split)) out.push_back(static_cast<unsigned char>(c));
    std::uint64_t n = 128, i = 0, bias = 72;
    std::size_t at = split == text.npos ? 0 : split + 1;
    while (at < text.size()) {
      std::uint64_t before = i, weight = 1;
      for (std::uint64_t k = 36;; k += 36) {
        if (at >= text.size()) return std::string(text);
        char c = text[at++];
        std::uint64_t digit = is_digit(c) ? static_cast<std::uint64_t>(c - '0') + 26
                                          : static_cast<std::uint64_t>(c - 'a');
        if (digit > 35 || i > 0xffffffff || weight > 0xffffffff) return std::string(text);
        i += digit * weight;
        std::uint64_t least = k <= bias ? 1 : std::min<std::uint64_t>(k - bias, 26);
        if (digit < least) break;
        weight *= 36 - least;
      }
      std::uint64_t count = out.size() + 1, change = (i - before) / (before == 0 ? 700 : 2);
      change += change / count;
      std::uint64_t k = 0;
      for (; change > 455; k += 36) change /= 35;
      bias = k + 36 * change / (change + 38);
      n += i / count;
      i %= count;
      if (!is_scalar(static_cast<std::uint32_t>(n)) || n > 0x10ffff) return std::string(text);
      out.insert(out.begin() + static_cast<std::ptrdiff_t>(i), static_cast<std::uint32_t>(n));
      ++i;
    }
    std::string utf8;
    for (std::uint32_t c : out) append_utf8(utf8, c);
    return utf8;
  }

  void path(bool in_value) {
    Level level(*this);
    if (failed_) return;
    switch (take()) {
      case 'C':
        optional_base62('s');
        return print(identifier());
      case 'N':
        return nested_path(in_value);
      case 'M':
      case 'X':
        return implementation(text_[at_ - 1] == 'X');
      case 'Y':
        print("<");
        type();
        print(" as ");
        path(false);
        return print(">");
      case 'I':
        path(in_value);
        if (in_value) print("::");
        print("<");
        list([&] { generic_argument(); });
        return print(">");
      case 'B':
        return refer_back([&] { path(in_value); });
      default:
        fail();
    }
  }

  void nested_path(bool in_value) {
    char space = take();
    path(in_value);
    std::uint64_t number = optional_base62('s');
    std::string name = identifier();
    if (space >= 'A' && space <= 'Z') {
      std::string kind = space == 'C' ? "closure" : space == 'S' ? "shim" : std::string(1, space);
      print("::{" + kind + (name.empty() ? "" : ":" + name) + "#" + std::to_string(number) + "}");
    } else if (!name.empty()) {
      print("::" + name);
    }
  }

  void implementation(bool of_trait) {
    optional_base62('s');
    bool was_quiet = is_quiet_;
    is_quiet_ = true;
    path(false);
    is_quiet_ = was_quiet;
    print("<");
    type();
    if (of_trait) {
      print(" as ");
      path(false);
    }
    print(">");
  }

  template <class Read>
  void list(Read read) {
    for (bool first = true; !failed_ && !take_if('E'); first = false) {
      if (!first) print(", ");
      read();
    }
  }

  void generic_argument() {
    if (take_if('L')) return lifetime(base62());
    if (take_if('K')) return constant();
    type();
  }

  void lifetime(std::uint64_t index) {
    if (index == 0) return print("'_");
    if (index > bound_) return fail();
    std::uint64_t name = bound_ - index;
    print(name < 26 ? std::string("'") + static_cast<char>('a' + name)
                    : "'_" + std::to_string(name));
  }

  // for<'a, 'b> …
  template <class Read>
  void binder(Read read) {
    std::uint64_t count = optional_base62('G'), before = bound_;
    if (count > 64) return fail();
    if (count != 0) print("for<");
    for (std::uint64_t i = 0; i < count && !failed_; ++i) {
      if (i != 0) print(", ");
      ++bound_;
      lifetime(1);
    }
    if (count != 0) print("> ");
    read();
    bound_ = before;
  }

  static std::string_view basic_type(char tag) {
    constexpr std::string_view kTags = "abcdefhijlmnopstuvxyz";
    constexpr std::array<std::string_view, 21> kNames = {
        "i8",   "bool", "char", "f64", "str", "f32", "u8",  "isize", "usize", "i32", "u32",
        "i128", "u128", "_",    "i16", "u16", "()",  "...", "i64",   "u64",   "!"};
    std::size_t at = kTags.find(tag);
    return at == kTags.npos ? std::string_view() : kNames[at];
  }

  void type() {
    Level level(*this);
    if (failed_) return;
    char tag = take();
    if (std::string_view name = basic_type(tag); !name.empty()) return print(name);
    switch (tag) {
      case 'R':
      case 'Q':
        print("&");
        if (take_if('L'))
          if (std::uint64_t index = base62(); index != 0) {
            lifetime(index);
            print(" ");
          }
        if (tag == 'Q') print("mut ");
        return type();
      case 'P':
      case 'O':
        print(tag == 'P' ? "*const " : "*mut ");
        return type();
      case 'A':
      case 'S':
        print("[");
        type();
        if (tag == 'A') {
          print("; ");
          constant();
        }
        return print("]");
      case 'T':
        return tuple();
      case 'F':
        return binder([&] { function(); });
      case 'D':
        print("dyn ");
        binder([&] { traits(); });
        if (!take_if('L')) return fail();
        if (std::uint64_t index = base62(); index != 0) {
          print(" + ");
          lifetime(index);
        }
        return;
      case 'B':
        return refer_back([&] { type(); });
      default:
        --at_;
        path(false);
    }
  }

  void tuple() {
    print("(");
    std::size_t count = 0;
    for (; !failed_ && !take_if('E'); ++count) {
      if (count != 0) print(", ");
      type();
    }
    print(count == 1 ? ",)" : ")");
  }

  void function() {
    if (take_if('U')) print("unsafe ");
    if (take_if('K')) {
      std::string abi = take_if('C') ? "C" : identifier();
      std::replace(abi.begin(), abi.end(), '_', '-');
      print("extern \"" + abi + "\" ");
    }
    print("fn(");
    list([&] { type(); });
    print(")");
    if (take_if('u')) return;
    print(" -> ");
    type();
  }

  void traits() {
    for (bool first = true; !failed_ && !take_if('E'); first = false) {
      if (!first) print(" + ");
      bool open = trait();
      while (!failed_ && take_if('p')) {
        print(open ? ", " : "<");
        open = true;
        print(identifier());
        print(" = ");
        type();
      }
      if (open) print(">");
    }
  }

  // A path whose list of arguments is left open for what the trait's types are.
  bool trait() {
    Level level(*this);
    bool open = false;
    if (failed_) return false;
    if (take_if('B')) {
      refer_back([&] { open = trait(); });
    } else if (take_if('I')) {
      path(false);
      print("<");
      list([&] { generic_argument(); });
      open = true;
    } else {
      path(false);
    }
    return open;
  }

  void constant() {
    Level level(*this);
    if (failed_) return;
    char tag = take();
    if (tag == 'B') return refer_back([&] { constant(); });
    if (tag == 'p') return print("_");
    std::string_view type = basic_type(tag);
    if (type.empty() || std::string_view("eduvz").find(tag) != std::string_view::npos)
      return fail();
    bool is_negative = take_if('n');
    std::string_view digits = text_.substr(at_);
    digits = digits.substr(0, digits.find('_'));
    if (!std::all_of(digits.begin(), digits.end(), is_hex)) return fail();
    at_ += digits.size();
    if (!take_if('_')) return fail();
    print_constant(tag, is_negative, digits);
  }

  void print_constant(char tag, bool is_negative, std::string_view digits) {
    std::uint64_t value = digits.empty() ? 0 : parse_unsigned(digits, 16).value_or(0);
    if (tag == 'b') return print(value != 0 ? "true" : "false");
    if (tag == 'c') {
      std::string text = "'";
      if (value < 0x20 || !is_scalar(static_cast<std::uint32_t>(value))) return fail();
      append_utf8(text, static_cast<std::uint32_t>(value));
      return print(text + "'");
    }
    if (is_negative) print("-");
    print(digits.size() > 16 ? "0x" + std::string(digits) : std::to_string(value));
  }

  std::string_view text_;
  std::size_t at_ = 0, steps_ = 0;
  std::string out_;
  std::uint64_t bound_ = 0;  // lifetimes that binders around have named
  int depth_ = 0;
  bool failed_ = false, is_quiet_ = false;
};

}  // namespace

std::optional<std::string> rust_legacy_name(std::string_view symbol) {
  if (!symbol.starts_with("_ZN")) return {};
  std::string out;
  bool has_hash = false;
  for (std::string_view rest = symbol.substr(3); !rest.empty();) {
    if (rest[0] == 'E') return has_hash ? std::optional(out) : std::nullopt;
    std::size_t digits = 0, size = 0;
    while (digits < rest.size() && digits < 5 && is_digit(rest[digits]))
      size = size * 10 + static_cast<std::size_t>(rest[digits++] - '0');
    if (digits == 0 || size == 0 || has_hash || size > rest.size() - digits) return {};
    std::string_view part = rest.substr(digits, size);
    rest.remove_prefix(digits + size);
    has_hash = is_hash(part);
    if (has_hash) continue;
    if (!out.empty()) out += "::";
    out += unescaped(part);
    if (out.size() > kLongestDemangled) return {};
  }
  return {};
}

std::optional<std::string> rust_v0_name(std::string_view symbol) {
  if (!symbol.starts_with("_R")) return {};
  // LLVM adds what tells clones apart.
  symbol = symbol.substr(2);
  return Reader(symbol.substr(0, symbol.find('.'))).run();
}

}  // namespace fathom::code

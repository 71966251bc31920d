// Compares our decoders with objdump, instruction by instruction.
//
//   objdump -d -w -M intel,intel64 FILE | decoder_difference CLASSES.tsv x86_64
//   aarch64-linux-gnu-objdump -d FILE   | decoder_difference CLASSES.tsv aarch64
//
// The bytes that objdump prints are decoded again, and length, class, branch target, memory
// operand, immediate and written register are compared with its text. bench/decoder_difference.py
// runs this over many files. CLASSES.tsv says which of our classes each mnemonic may be (an
// unlisted mnemonic must be `vector`) and lists, one by one with the reason, the differences that
// are allowed.

#include <cctype>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "code/decoder.h"

namespace {

using namespace fathom::code;

struct Line {
  std::uint64_t address = 0;
  std::vector<std::uint8_t> bytes;
  std::string mnemonic, operands, comment;
};

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())))
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
    text.remove_suffix(1);
  return text;
}

// "0x1f", "1f" (base 16) or "#-12" style numbers; moves `text` behind it.
std::optional<std::int64_t> take_number(std::string_view& text, int base) {
  std::string_view t = text;
  if (t.starts_with('#')) t.remove_prefix(1);
  bool negative = t.starts_with('-');
  if (negative || t.starts_with('+')) t.remove_prefix(1);
  if (t.starts_with("0x")) {
    t.remove_prefix(2);
    base = 16;
  }
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(t.data(), t.data() + t.size(), value, base);
  if (error != std::errc{}) return std::nullopt;
  text = t.substr(static_cast<std::size_t>(end - t.data()));
  return static_cast<std::int64_t>(negative ? 0 - value : value);
}

class Difference {
 public:
  Difference(Machine machine, const char* classes) : machine_(machine) { read_classes(classes); }

  bool run(std::istream& in) {
    for (std::string text; std::getline(in, text);)
      if (std::optional<Line> line = parse(text)) compare(*line);
    report();
    return refused_ == 0;
  }

 private:
  using Classes = std::unordered_set<std::string>;

  // class <machine> <mnemonics> <classes> | allow <machine> <kind> <mnemonic> <reason>
  void read_classes(const char* path) {
    std::ifstream in(path);
    std::string machine = machine_ == Machine::x86_64 ? "x86_64" : "aarch64";
    for (std::string text; std::getline(in, text);) {
      if (text.empty() || text[0] == '#') continue;
      std::istringstream row(text);
      std::string kind, which, first, second;
      std::getline(row, kind, '\t');
      std::getline(row, which, '\t');
      std::getline(row, first, '\t');
      std::getline(row, second, '\t');
      if (which != machine && which != "both") continue;
      if (kind == "allow") {
        allowed_.insert(first + " " + second);
        continue;
      }
      std::istringstream mnemonics(first), classes(second);
      std::vector<std::string> names;
      for (std::string name; mnemonics >> name;) names.push_back(name);
      for (std::string name; classes >> name;)
        for (const std::string& mnemonic : names) classes_[mnemonic].insert(name);
    }
    if (classes_.empty()) {
      std::fprintf(stderr, "no classes in %s\n", path);
      std::exit(2);
    }
  }

  std::optional<Line> parse(const std::string& text) const {
    std::size_t colon = text.find(":\t");
    if (colon == text.npos || text[0] != ' ') return std::nullopt;
    std::string_view head = trim(std::string_view(text).substr(0, colon));
    std::size_t tab = text.find('\t', colon + 2);
    if (tab == text.npos) return std::nullopt;
    Line line;
    std::optional<std::int64_t> address = take_number(head, 16);
    if (!address) return std::nullopt;
    line.address = static_cast<std::uint64_t>(*address);
    if (!parse_bytes(trim(std::string_view(text).substr(colon + 2, tab - colon - 2)), line))
      return std::nullopt;
    parse_text(trim(std::string_view(text).substr(tab + 1)), line);
    return line;
  }

  bool parse_bytes(std::string_view hex, Line& line) const {
    while (!hex.empty()) {
      std::uint64_t value = 0;
      std::size_t end = std::min(hex.find(' '), hex.size());
      std::from_chars(hex.data(), hex.data() + end, value, 16);
      for (std::size_t i = 0; i < end / 2; ++i) {
        unsigned shift = machine_ == Machine::x86_64 ? 0 : static_cast<unsigned>(8 * i);
        line.bytes.push_back(static_cast<std::uint8_t>(value >> shift));
      }
      hex = trim(hex.substr(end));
    }
    return machine_ == Machine::x86_64 ? !line.bytes.empty() : line.bytes.size() == 4;
  }

  void parse_text(std::string_view text, Line& line) const {
    static const std::set<std::string, std::less<>> kPrefixes = {
        "lock", "rep", "repz", "repnz", "bnd", "notrack",  "data16",   "addr32", "cs",
        "ds",   "es",  "ss",   "fs",    "gs",  "xacquire", "xrelease", "rex"};
    std::size_t comment = text.find(machine_ == Machine::x86_64 ? " # " : "// ");
    if (comment != text.npos) {
      line.comment = trim(text.substr(comment + 3));
      text = trim(text.substr(0, comment));
    }
    while (!text.empty()) {
      std::size_t end = 0;
      while (end < text.size() && !std::isspace(static_cast<unsigned char>(text[end]))) ++end;
      std::string_view word = text.substr(0, end);
      if (std::size_t mark = word.find(','); mark != word.npos) word = word.substr(0, mark);
      bool prefix =
          machine_ == Machine::x86_64 && (kPrefixes.contains(word) || word.starts_with("rex."));
      line.mnemonic = word;
      text = trim(text.substr(end));
      if (!prefix) break;
    }
    line.operands = text;
    if (std::size_t label = line.operands.find(" <"); label != std::string::npos)
      line.operands.resize(label);
  }

  void compare(const Line& line) {
    if (line.mnemonic == ".word" || line.mnemonic == ".byte" || line.mnemonic == "...") return;
    ++instructions_;
    bytes_ += line.bytes.size();
    Instruction ours = decode(machine_, line.bytes, line.address);
    bool theirs_bad =
        line.mnemonic == "(bad)" || line.mnemonic == ".inst" || line.operands.starts_with("(bad)");
    // … and prints a REX prefix alone that something other than the opcode follows.
    if (machine_ == Machine::x86_64 && line.mnemonic.starts_with("rex")) return;
    // A REX prefix before VEX or EVEX is an invalid opcode to processors, but not to objdump.
    bool vex = line.bytes.size() > 1 &&
               (line.bytes[1] == 0xc4 || line.bytes[1] == 0xc5 || line.bytes[1] == 0x62);
    if (machine_ == Machine::x86_64 && (line.bytes[0] & 0xf0) == 0x40 && vex) return;
    if (theirs_bad || ours.op == Op::invalid) {
      if (!theirs_bad) differ("invalid", line, ours);
      if (theirs_bad && ours.op != Op::invalid) differ("valid", line, ours);
      return;
    }
    // objdump takes a wait for a prefix of the floating-point instruction behind it.
    if (line.bytes[0] == 0x9b && ours.length == 1 && machine_ == Machine::x86_64) return;
    if (ours.length != line.bytes.size()) return differ("length", line, ours);
    compare_class(line, ours);
    compare_target(line, ours);
    compare_memory(line, ours);
    compare_immediate(line, ours);
    compare_register(line, ours);
  }

  void compare_class(const Line& line, const Instruction& ours) {
    std::string mnemonic = line.mnemonic;
    if (mnemonic.starts_with("b.") || mnemonic.starts_with("bc.")) mnemonic = "b.cond";
    auto found = classes_.find(mnemonic);
    bool fits = found == classes_.end() ? ours.op == Op::vector
                                        : found->second.contains(std::string(name_of(ours.op)));
    if (!fits) differ("class", line, ours);
  }

  void compare_target(const Line& line, const Instruction& ours) {
    bool direct = ours.op == Op::jump || ours.op == Op::jump_if || ours.op == Op::call;
    bool label = machine_ == Machine::aarch64 && (ours.memory.base == kPc);
    if (!direct && !label) return;
    std::string_view text = line.operands;
    if (std::size_t comma = text.rfind(','); comma != text.npos)
      text = trim(text.substr(comma + 1));
    std::optional<std::int64_t> theirs = take_number(text, 16);
    if (!theirs || !text.empty() || !ours.has_target ||
        ours.target != static_cast<std::uint64_t>(*theirs))
      differ("target", line, ours);
  }

  // --- memory operands
  void compare_memory(const Line& line, const Instruction& ours) {
    if (ours.op == Op::string || line.mnemonic == "xlat") return;  // implicit ones are printed
    std::size_t open = line.operands.find('[');
    if (machine_ == Machine::aarch64) {  // v0.d[1] is no memory, and that of SVE and SME is not described
      open = line.operands.find(", [");
      if (open == std::string::npos || (line.bytes[3] & 0x1a) == 0) return;
      open += 2;
    }
    if (open == std::string::npos) return;
    std::size_t close = line.operands.find(']', open);
    std::string_view inside = std::string_view(line.operands).substr(open + 1, close - open - 1);
    bool same =
        machine_ == Machine::x86_64 ? same_x86(inside, line, ours) : same_aarch64(inside, ours);
    if (!same) differ("memory", line, ours);
  }

  static Register x86_register(std::string_view name) {
    static const std::unordered_map<std::string_view, Register> kNumbers = [] {
      std::unordered_map<std::string_view, Register> map;
      constexpr const char* kOld[] = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};
      static std::vector<std::string> names;
      names.reserve(256);
      auto put = [&](std::string text, std::size_t i) {
        names.push_back(std::move(text));
        map[names.back()] = static_cast<Register>(i);
      };
      for (std::size_t i = 0; i < 8; ++i) {
        put(kOld[i], i);
        put(std::string("e") + kOld[i], i);
        put(std::string("r") + kOld[i], i);
        put(std::string(kOld[i], i < 4 ? 1 : 2) + "l", i);
        if (i < 4) put(std::string(kOld[i], 1) + "h", i);
      }
      for (std::size_t i = 8; i < 16; ++i)
        for (const char* suffix : {"", "d", "w", "b"}) put("r" + std::to_string(i) + suffix, i);
      put("rip", kPc);
      put("eip", kPc);
      return map;
    }();
    auto found = kNumbers.find(name);
    return found == kNumbers.end() ? kNoRegister : found->second;
  }

  bool same_x86(std::string_view inside, const Line& line, const Instruction& ours) {
    Memory theirs;
    bool vector_index = false;
    while (!inside.empty()) {
      bool negative = inside.front() == '-';
      if (negative || inside.front() == '+') inside.remove_prefix(1);
      std::size_t end = std::min(inside.find_first_of("+-"), inside.size());
      std::string_view term = inside.substr(0, end);
      inside.remove_prefix(end);
      std::size_t star = term.find('*');
      std::string_view name = term.substr(0, star);
      vector_index |= name.find("mm") != name.npos || name == "riz" || name == "eiz";
      if (Register reg = x86_register(name); star != term.npos) {
        theirs.index = reg;
        theirs.scale = static_cast<std::uint8_t>(term[star + 1] - '0');
      } else if (reg != kNoRegister) {
        theirs.base = reg;
      } else if (auto number = take_number(term, 16)) {
        theirs.displacement = static_cast<std::int32_t>(negative ? -*number : *number);
      }
    }
    if (!ours.has_memory() || ours.memory.base != theirs.base) return false;
    if (!ours.memory.compressed && ours.memory.displacement != theirs.displacement) return false;
    if (theirs.base == kPc) {
      std::string_view text = line.comment;
      auto target = take_number(text, 16);
      std::uint64_t mask = line.operands.find("[eip") == std::string::npos ? ~0ull : 0xffffffff;
      return target && ours.has_target &&
             ((ours.target ^ static_cast<std::uint64_t>(*target)) & mask) == 0;
    }
    if (vector_index) return true;
    return ours.memory.index == theirs.index &&
           (theirs.index == kNoRegister || ours.memory.scale == theirs.scale);
  }

  static Register arm_register(std::string_view name) {
    if (name == "sp" || name == "wsp") return arm::sp;
    if (name == "xzr" || name == "wzr") return arm::zr;
    if (name.size() < 2 || (name[0] != 'x' && name[0] != 'w')) return kNoRegister;
    int number = 0;
    std::from_chars(name.data() + 1, name.data() + name.size(), number);
    return static_cast<Register>(number);
  }

  bool same_aarch64(std::string_view inside, const Instruction& ours) {
    std::vector<std::string_view> parts;
    for (std::string_view rest = inside; !rest.empty();) {
      std::size_t comma = std::min(rest.find(','), rest.size());
      parts.push_back(trim(rest.substr(0, comma)));
      rest = comma < rest.size() ? rest.substr(comma + 1) : std::string_view();
    }
    if (!ours.has_memory() || parts.empty() || arm_register(parts[0]) != ours.memory.base)
      return false;
    std::int64_t displacement = 0;
    Register index = kNoRegister;
    std::int64_t scale = 1;
    if (parts.size() > 1) {
      std::string_view second = parts[1];
      if (second.starts_with('#'))
        displacement = take_number(second, 10).value_or(-1);
      else
        index = arm_register(second);
    }
    if (parts.size() > 2) {
      std::size_t mark = parts[2].find('#');
      std::string_view amount = mark == std::string::npos ? "" : parts[2].substr(mark);
      if (!amount.empty()) scale = 1 << take_number(amount, 10).value_or(0);
    }
    return ours.memory.displacement == displacement && ours.memory.index == index &&
           (index == kNoRegister || ours.memory.scale == scale);
  }

  // --- immediates: the last operand, for the classes that compute
  void compare_immediate(const Line& line, const Instruction& ours) {
    static const std::set<Op> kClasses = {Op::mov,  Op::add, Op::sub,     Op::and_,     Op::or_,
                                          Op::xor_, Op::adc, Op::sbb,     Op::cmp,      Op::test,
                                          Op::push, Op::mul, Op::syscall, Op::mov_keep, Op::trap};
    if (!kClasses.contains(ours.op)) return;
    std::string_view text = line.operands;
    std::size_t comma = text.rfind(',');
    if (text.find("lsl") != text.npos || text.find("[") != text.npos) {
      if (machine_ == Machine::aarch64) return;  // shifted ones are printed in two parts
      if (text.find(']') > comma && comma != text.npos) return;
    }
    if (comma != text.npos) text = trim(text.substr(comma + 1));
    if (text.find_first_of(":[") != text.npos) return;
    bool is_number = machine_ == Machine::x86_64 ? text.starts_with("0x") || text.starts_with("-0x")
                                                 : text.starts_with('#');
    auto theirs = is_number ? take_number(text, 10) : std::nullopt;
    if (!text.empty() && is_number) return;
    // ccmp prints flags and condition behind it.
    if (line.mnemonic.starts_with("ccm")) return;
    std::uint64_t mask = ours.width >= 8
                             ? ~std::uint64_t{0}
                             : (std::uint64_t{1} << 8 * (ours.width ? ours.width : 4)) - 1;
    if (ours.op == Op::push) mask = 0xffffffff;
    bool same =
        theirs.has_value() == ours.has_immediate &&
        (!theirs ||
         ((static_cast<std::uint64_t>(*theirs) ^ static_cast<std::uint64_t>(ours.immediate)) &
          mask) == 0);
    if (!same) differ("immediate", line, ours);
  }

  // --- the first operand is written, but for a few classes
  void compare_register(const Line& line, const Instruction& ours) {
    static const std::set<Op> kNotWritten = {
        Op::cmp,     Op::test, Op::push, Op::call_indirect, Op::jump_indirect,
        Op::jump_if, Op::nop,  Op::ret,  Op::prefetch,      Op::trap};
    std::string_view first = std::string_view(line.operands);
    first = trim(first.substr(0, first.find(',')));
    Register reg = machine_ == Machine::x86_64 ? x86_register(first) : arm_register(first);
    if (reg == kNoRegister || reg == arm::zr || reg == kPc) return;
    bool written = (ours.writes >> reg & 1) != 0;
    bool read = (ours.reads >> reg & 1) != 0;
    bool stored = ours.memory.access == Access::write && ours.destination == kNoRegister;
    if (kNotWritten.contains(ours.op) || stored) {
      if (!read && ours.op != Op::nop && ours.op != Op::trap) differ("register", line, ours);
      return;
    }
    static const std::set<std::string, std::less<>> kReadOnly = {"mul", "imul", "div", "idiv",
                                                                 "bt"};
    bool one_operand = line.operands.find(',') == std::string::npos || line.mnemonic == "bt";
    if (machine_ == Machine::x86_64 && one_operand && kReadOnly.contains(line.mnemonic)) {
      if (!read) differ("register", line, ours);
      return;
    }
    // Of these, some read it and some write it.
    bool either = ours.op == Op::system || ours.op == Op::atomic || ours.op == Op::string || ours.op == Op::other;
    if (!written && !(either && read)) differ("register", line, ours);
  }

  // --- the account
  struct Account {
    std::uint64_t count = 0;
    std::string example;
  };

  void differ(const char* kind, const Line& line, const Instruction& ours) {
    std::string key = std::string(kind) + " " + line.mnemonic;
    bool allowed = allowed_.contains(key) || allowed_.contains(std::string(kind) + " *");
    (allowed ? tolerated_ : refused_) += 1;
    Account& account = accounts_[(allowed ? "allowed " : "") + key];
    if (account.count++ > 2) return;
    char address[32];
    std::snprintf(address, sizeof address, "%llx:", static_cast<unsigned long long>(line.address));
    account.example += std::string("    ") + address;
    for (std::uint8_t byte : line.bytes) {
      char hex[8];
      std::snprintf(hex, sizeof hex, " %02x", byte);
      account.example += hex;
    }
    account.example += "  " + line.mnemonic + " " + line.operands +
                       "   ours: " + std::to_string(ours.length) + " " + describe(machine_, ours) +
                       "\n";
  }

  void report() const {
    for (const auto& [key, account] : accounts_)
      std::printf("%8llu %s\n%s", static_cast<unsigned long long>(account.count), key.c_str(),
                  account.example.c_str());
    std::printf("total %llu instructions, %llu bytes: %llu differ, %llu differ as allowed\n",
                static_cast<unsigned long long>(instructions_),
                static_cast<unsigned long long>(bytes_), static_cast<unsigned long long>(refused_),
                static_cast<unsigned long long>(tolerated_));
  }

  Machine machine_;
  std::unordered_map<std::string, Classes> classes_;
  std::unordered_set<std::string> allowed_;
  std::map<std::string, Account> accounts_;
  std::uint64_t instructions_ = 0, bytes_ = 0, refused_ = 0, tolerated_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: objdump … | decoder_difference CLASSES.tsv x86_64|aarch64\n");
    return 2;
  }
  std::ios::sync_with_stdio(false);
  Machine machine = std::string_view(argv[2]) == "aarch64" ? Machine::aarch64 : Machine::x86_64;
  return Difference(machine, argv[1]).run(std::cin) ? 0 : 1;
}

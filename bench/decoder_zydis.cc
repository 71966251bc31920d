// Compares our decoder of x86_64 with Zydis, and how fast the two are.
//
//   decoder_zydis ALLOWED.tsv FILE…          every executable byte of the files
//   decoder_zydis ALLOWED.tsv --random N     N windows of random bytes, common prefixes more often
//
// Compared are validity, length, flow of control, branch target, memory operand, immediate and the
// general-purpose registers written. ALLOWED.tsv lists the differences that are meant, one by one
// (what, mnemonic, reason). Exits with 1 when there are others.

#include <Zydis/Zydis.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>

#include "code/decoder.h"
#include "elf/elf_file.h"

namespace {

using namespace fathom;
using code::Op;

struct Theirs {
  bool valid = false;
  ZydisDecodedInstruction instruction;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

class Comparison {
 public:
  explicit Comparison(const char* allowed) {
    ZydisDecoderInit(&decoder_, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    std::ifstream in(allowed);
    for (std::string line; std::getline(in, line);) {
      if (line.empty() || line[0] == '#') continue;
      std::istringstream fields(line);
      std::string what, mnemonic;
      std::getline(fields, what, '\t');
      std::getline(fields, mnemonic, '\t');
      allowed_.insert({what, mnemonic});
    }
  }

  // The length to go on with.
  std::size_t compare(std::span<const std::uint8_t> bytes, std::uint64_t address) {
    code::Instruction ours = code::decode_x86_64(bytes, address);
    Theirs theirs = decode(bytes);
    ++compared_;
    if (theirs.valid != (ours.op != Op::invalid)) {
      differ("validity", theirs.valid ? name(theirs) : refused(ours, bytes), bytes, ours);
      return theirs.valid ? theirs.instruction.length : 1;
    }
    if (!theirs.valid) return 1;
    if (ours.length != theirs.instruction.length) differ("length", name(theirs), bytes, ours);
    compare_flow(ours, theirs, bytes);
    compare_operands(ours, theirs, bytes);
    return theirs.instruction.length;
  }

  int report() const {
    std::uint64_t unexpected = 0;
    for (const auto& [key, count] : counts_) {
      bool allowed = allowed_.contains(key) || allowed_.contains({key.first, "*"});
      unexpected += allowed ? 0 : count;
      std::printf("%s%s %s: %llu, first %s\n", allowed ? "allowed: " : "", key.first.c_str(),
                  key.second.c_str(), static_cast<unsigned long long>(count),
                  examples_.at(key).c_str());
    }
    std::printf("%llu compared, %llu unexpected differences\n",
                static_cast<unsigned long long>(compared_),
                static_cast<unsigned long long>(unexpected));
    return unexpected == 0 ? 0 : 1;
  }

  Theirs decode(std::span<const std::uint8_t> bytes) const {
    Theirs out;
    out.valid = ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder_, bytes.data(), bytes.size(),
                                                    &out.instruction, out.operands));
    return out;
  }

 private:
  // What they refuse and we take: "lock" where that prefix stands before what it cannot be used
  // with.
  static std::string refused(const code::Instruction& ours, std::span<const std::uint8_t> bytes) {
    for (std::uint8_t byte : bytes.first(ours.length)) {
      bool is_prefix = byte == 0x66 || byte == 0x67 || (byte & 0xf0) == 0x40 || byte >= 0xf2 ||
                       (byte & 0xe7) == 0x26 || byte == 0x64 || byte == 0x65;
      if (byte == 0xf0) return "lock";
      if (!is_prefix) break;
    }
    return std::string(code::name_of(ours.op));
  }

  static std::string name(const Theirs& theirs) {
    return ZydisMnemonicGetString(theirs.instruction.mnemonic);
  }

  void differ(const char* what, std::string mnemonic, std::span<const std::uint8_t> bytes,
              const code::Instruction& ours) {
    std::pair<std::string, std::string> key(what, std::move(mnemonic));
    if (++counts_[key] != 1) return;
    std::string text;
    for (std::size_t i = 0; i < std::min<std::size_t>(bytes.size(), 15); ++i) {
      char two[4];
      std::snprintf(two, sizeof two, "%02x ", bytes[i]);
      text += two;
    }
    examples_[key] = text + ": " + code::describe(code::Machine::x86_64, ours);
  }

  void compare_flow(const code::Instruction& ours, const Theirs& theirs,
                    std::span<const std::uint8_t> bytes) {
    auto is = [&](Op a, Op b) { return ours.op == a || ours.op == b; };
    bool agrees = true;
    switch (theirs.instruction.meta.category) {
      case ZYDIS_CATEGORY_CALL:
        agrees = is(Op::call, Op::call_indirect);
        break;
      case ZYDIS_CATEGORY_UNCOND_BR:
        agrees = is(Op::jump, Op::jump_indirect);
        break;
      case ZYDIS_CATEGORY_COND_BR:
        agrees = is(Op::jump_if, Op::jump_if);
        break;
      case ZYDIS_CATEGORY_RET:
        agrees = is(Op::ret, Op::ret);
        break;
      default:
        agrees = !ours.is_branch() && !is(Op::ret, Op::ret);
    }
    if (!agrees) differ("class", name(theirs), bytes, ours);
  }

  static std::optional<code::Register> general(ZydisRegister reg) {
    switch (ZydisRegisterGetClass(reg)) {
      case ZYDIS_REGCLASS_GPR8:
      case ZYDIS_REGCLASS_GPR16:
      case ZYDIS_REGCLASS_GPR32:
      case ZYDIS_REGCLASS_GPR64:
        return static_cast<code::Register>(
            ZydisRegisterGetId(ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg)));
      default:
        return {};
    }
  }

  void compare_operands(const code::Instruction& ours, const Theirs& theirs,
                        std::span<const std::uint8_t> bytes) {
    bool has_immediate = false;
    for (int i = 0; i < theirs.instruction.operand_count; ++i) {
      const ZydisDecodedOperand& operand = theirs.operands[i];
      bool is_explicit = operand.visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT;
      if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER &&
          (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)) {
        auto reg = general(operand.reg.value);
        if (reg && *reg < 16 && !(ours.writes >> *reg & 1))
          differ("write", name(theirs), bytes, ours);
      }
      if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY && is_explicit)
        compare_memory(ours, operand, theirs, bytes);
      if (operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE && is_explicit && !has_immediate) {
        has_immediate = true;
        compare_immediate(ours, operand, theirs, bytes);
      }
    }
  }

  void compare_memory(const code::Instruction& ours, const ZydisDecodedOperand& operand,
                      const Theirs& theirs, std::span<const std::uint8_t> bytes) {
    if (!ours.has_memory()) return differ("memory", name(theirs), bytes, ours);
    auto base = operand.mem.base == ZYDIS_REGISTER_RIP || operand.mem.base == ZYDIS_REGISTER_EIP
                    ? std::optional(code::kPc)
                    : general(operand.mem.base);
    bool vector_index = operand.mem.index != ZYDIS_REGISTER_NONE && !general(operand.mem.index);
    bool same = ours.memory.base == base.value_or(code::kNoRegister);
    if (!vector_index) {
      auto index = general(operand.mem.index);
      same &= ours.memory.index == index.value_or(code::kNoRegister);
      if (index) same &= ours.memory.scale == operand.mem.scale;
    }
    bool is_far = ours.op == Op::mov && ours.has_target && ours.memory.base == code::kNoRegister;
    if (!ours.memory.compressed && !is_far)
      same &= ours.memory.displacement == operand.mem.disp.value;
    if (!same) differ("memory", name(theirs), bytes, ours);
  }

  void compare_immediate(const code::Instruction& ours, const ZydisDecodedOperand& operand,
                         const Theirs& theirs, std::span<const std::uint8_t> bytes) {
    if (operand.imm.is_relative) {
      std::uint64_t target = ours.end() + static_cast<std::uint64_t>(operand.imm.value.s);
      if (!ours.has_target || ours.target != target) differ("target", name(theirs), bytes, ours);
      return;
    }
    auto low = [&](std::uint64_t value) {
      return operand.size >= 64 ? value : value & ((std::uint64_t{1} << operand.size) - 1);
    };
    bool same = ours.has_immediate &&
                low(static_cast<std::uint64_t>(ours.immediate)) == low(operand.imm.value.u);
    if (!same) differ("immediate", name(theirs), bytes, ours);
  }

  ZydisDecoder decoder_;
  std::set<std::pair<std::string, std::string>> allowed_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> counts_;
  std::map<std::pair<std::string, std::string>, std::string> examples_;
  std::uint64_t compared_ = 0;
};

double now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

template <class Decode>
double megabytes_per_second(std::span<const std::uint8_t> code, Decode length_of) {
  double best = 1e9;
  for (int round = 0; round < 5; ++round) {
    double start = now();
    for (std::size_t at = 0; at < code.size();) at += length_of(code.subspan(at));
    best = std::min(best, now() - start);
  }
  return static_cast<double>(code.size()) / 1e6 / best;
}

void examine(Comparison& comparison, const char* path) {
  std::ifstream in(path, std::ios::binary);
  Bytes bytes{std::istreambuf_iterator<char>(in), {}};
  Result<elf::ElfFile> elf = elf::ElfFile::parse(bytes);
  if (!elf) return;
  for (const elf::ElfFile::Range& range : elf->executable_ranges()) {
    std::span<const std::uint8_t> code = elf->bytes().clamped(range.offset, range.size).span();
    for (std::size_t at = 0; at < code.size();)
      at += comparison.compare(code.subspan(at), range.address + at);
    if (code.size() < 100'000) continue;
    double ours = megabytes_per_second(code, [](std::span<const std::uint8_t> rest) {
      return std::size_t{code::decode_x86_64(rest, 0x1000).length};
    });
    double theirs = megabytes_per_second(code, [&](std::span<const std::uint8_t> rest) {
      Theirs one = comparison.decode(rest);
      return one.valid ? std::size_t{one.instruction.length} : std::size_t{1};
    });
    std::printf("%s: %.1f MB, fathom %.0f MB/s, Zydis %.0f MB/s\n", path,
                static_cast<double>(code.size()) / 1e6, ours, theirs);
  }
}

void examine_random(Comparison& comparison, long count) {
  constexpr std::uint8_t kFirst[] = {0x48, 0x66, 0xf2, 0xf3, 0x0f, 0xc4, 0xc5, 0x41};
  std::mt19937_64 random(1);
  std::uint8_t bytes[64];
  for (long i = 0; i < count; ++i) {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    if (i % 2) bytes[0] = kFirst[random() % 8];
    if (i % 4 == 3) bytes[1] = 0x0f;
    comparison.compare(bytes, 0x1000);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  Comparison comparison(argv[1]);
  if (std::strcmp(argv[2], "--random") == 0)
    examine_random(comparison, std::atol(argv[3]));
  else
    for (int i = 2; i < argc; ++i) examine(comparison, argv[i]);
  return comparison.report();
}

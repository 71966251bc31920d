#include "analyzer/object_members.h"

#include <algorithm>
#include <map>
#include <set>

#include "archive/ar.h"
#include "base/text.h"
#include "code/function_hash.h"
#include "code/functions.h"
#include "elf/constants.h"
#include "elf/symbol_list.h"

namespace fathom {

namespace {

using signature::RawFunction;
using signature::RawMember;
using signature::RawMembers;

constexpr std::uint8_t kObject = 1, kSection = 3, kFile = 4;  // STT_*
constexpr std::uint16_t kAbsolute = 0xfff1;

class MemberReader {
 public:
  MemberReader(const elf::ElfFile& elf, const code::Program& program, const Limits& limits)
      : elf_(elf),
        program_(program),
        hasher_(program),
        symbols_(elf.type() == elf::ET_REL ? elf::static_symbols(elf, limits)
                                           : elf::dynamic_symbols(elf, limits)) {
    if (elf.type() == elf::ET_REL) return;
    elf::SymbolList more = elf::static_symbols(elf, limits);
    symbols_.symbols.insert(symbols_.symbols.end(), more.symbols.begin(), more.symbols.end());
  }

  RawMember run() {
    RawMember out;
    std::set<std::string> defined, needed, wanted;
    for (const elf::Symbol& symbol : symbols_.symbols) {
      if (symbol.type == kFile || symbol.type == kSection) continue;
      if (symbol.is_undefined()) {
        (symbol.binding == elf::STB_WEAK ? wanted : needed).emplace(symbol.name);
        continue;
      }
      if (symbol.binding != elf::STB_LOCAL) defined.emplace(symbol.name);
      note_function(symbol);
    }
    out.defined.assign(defined.begin(), defined.end());
    out.needed.assign(needed.begin(), needed.end());
    out.wanted.assign(wanted.begin(), wanted.end());
    for (auto& [address, named] : functions_)
      if (named.size > 0) add_function(address, named, out);
    return out;
  }

 private:
  struct Named {
    std::uint64_t size = 0;
    std::set<std::string> names;
    std::string best;
    bool best_is_local = true;
  };

  std::uint64_t address_of(const elf::Symbol& symbol) const {
    if (!program_.is_object()) return symbol.value;
    return symbol.section < elf_.sections().size()
               ? elf_.sections()[symbol.section].offset + symbol.value
               : 0;
  }

  void note_function(const elf::Symbol& symbol) {
    const bool is_function = symbol.type == elf::STT_FUNC || symbol.type == elf::STT_GNU_IFUNC;
    const std::uint64_t address = address_of(symbol);
    if (symbol.section == kAbsolute || symbol.type == kObject || !program_.code_at(address)) return;
    // The machine's marks of code and data ("$x").
    if (symbol.name.starts_with('$') || (!is_function && symbol.binding == elf::STB_LOCAL)) return;
    Named& named = functions_[address];
    if (is_function) named.size = std::max(named.size, symbol.size);
    named.names.emplace(symbol.name);
    const bool is_local = symbol.binding == elf::STB_LOCAL;
    if (named.best.empty() || says_more(symbol.name, is_local, named)) {
      named.best = symbol.name;
      named.best_is_local = is_local;
    }
  }

  // The name that people know: global, without underscores of the implementation, short.
  static bool says_more(std::string_view name, bool is_local, const Named& than) {
    auto key = [](std::string_view n, bool local) {
      return std::tuple(local, n.starts_with('_'), n.size(), n);
    };
    return key(name, is_local) < key(than.best, than.best_is_local);
  }

  void add_function(std::uint64_t address, const Named& named, RawMember& out) const {
    const code::FunctionHash hash = hasher_.hash(address, address + named.size);
    if (hash.instructions == 0) return;
    RawFunction& made = out.functions.emplace_back();
    made.name = named.best;
    for (const std::string& name : named.names)
      if (name != named.best) made.aliases.push_back(name);
    made.bytes = hash.bytes;
    made.instructions = hash.instructions;
    made.exact = hash.exact;
    made.loose = hash.loose;
    for (std::uint64_t target : hash.calls) made.calls.push_back(name_at(target));
  }

  // Of a function, a stub or a word of the linkage table.
  std::string name_at(std::uint64_t address) const {
    if (auto own = functions_.find(address); own != functions_.end()) return own->second.best;
    const code::Fixup* fixup = program_.fixup_at(address);
    if (fixup == nullptr) fixup = code_stub(address);
    if (fixup == nullptr) return {};
    if (!fixup->name.empty()) return std::string(fixup->name);
    auto target = functions_.find(fixup->target);
    return target == functions_.end() ? std::string() : target->second.best;
  }

  const code::Fixup* code_stub(std::uint64_t address) const {
    return program_.is_object() ? nullptr : code::stub_at(program_, address);
  }

  const elf::ElfFile& elf_;
  const code::Program& program_;
  const code::FunctionHasher hasher_;
  elf::SymbolList symbols_;
  std::map<std::uint64_t, Named> functions_;
};

Result<signature::ObjectMachine> machine_of(const code::Program& program) {
  return program.machine() == code::Machine::x86_64 ? signature::ObjectMachine::x86_64
                                                    : signature::ObjectMachine::aarch64;
}

class Collector {
 public:
  explicit Collector(const Limits& limits) : limits_(limits) {}

  void add(ByteView bytes, std::string_view archive, std::string_view name) {
    if (Done done = read(bytes, archive, name); !done)
      problem(printable(name) + ": " + done.error().message);
  }
  void problem(std::string text) {
    if (out_.problems.size() < limits_.problems) out_.problems.push_back(std::move(text));
  }
  RawMembers take() { return std::move(out_); }

 private:
  Done read(ByteView bytes, std::string_view archive, std::string_view name) {
    const elf::ElfFile elf = TRY(elf::ElfFile::parse(bytes, limits_));
    const code::Program program = TRY(code::Program::open(elf, limits_));
    const signature::ObjectMachine machine = TRY(machine_of(program));
    if (out_.members.empty()) out_.machine = machine;
    if (machine != out_.machine)
      return Error{ErrorCode::unsupported, "of another machine than the first"};
    RawMember member = MemberReader(elf, program, limits_).run();
    member.archive = archive;
    member.name = name;
    out_.members.push_back(std::move(member));
    return Ok{};
  }

  const Limits& limits_;
  RawMembers out_;
};

}  // namespace

Result<RawMembers> read_object_members(ByteView bytes, std::string_view name,
                                       const Limits& limits) {
  Collector out(limits);
  if (archive::looks_like_ar(bytes)) {
    const archive::ArFile ar = TRY(archive::ArFile::parse(bytes, limits));
    for (const Error& error : ar.problems()) out.problem(error.message);
    for (const archive::ArMember& member : ar.members()) {
      Result<ByteView> contents = ar.read(member);
      if (!contents) out.problem(contents.error().message);
      if (contents) out.add(*contents, name, member.name);
    }
  } else {
    out.add(bytes, {}, name);
  }
  RawMembers members = out.take();
  if (members.members.empty())
    return Error{ErrorCode::not_found,
                 members.problems.empty() ? "there are no members" : members.problems.front()};
  return members;
}

}  // namespace fathom

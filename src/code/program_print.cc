#include "code/program_print.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/digest.h"
#include "base/text.h"
#include "code/system_calls.h"
#include "elf/symbol_list.h"

namespace fathom::code {
namespace {

constexpr std::uint8_t kIndirectFunction = 10;            // STT_GNU_IFUNC
constexpr std::uint64_t kAllocated = 2, kExecutable = 4;  // SHF_ALLOC, SHF_EXECINSTR

template <class T>
void sort_once(std::vector<T>& list) {
  std::ranges::sort(list);
  auto twice = std::ranges::unique(list);
  list.erase(twice.begin(), twice.end());
}

std::vector<std::string> imports_of(const Program& program) {
  std::vector<std::string> out;
  for (const Symbol& symbol : program.symbols())
    if (!symbol.is_defined && symbol.is_dynamic && !symbol.name.empty())
      out.emplace_back(symbol.name);
  sort_once(out);
  return out;
}

// By symbol where there is one; what strip left are the resolvers that the loader is told to call.
std::vector<std::string> ifuncs_of(const Program& program, const Functions& functions,
                                   const Limits& limits) {
  std::vector<std::string> out;
  std::set<std::uint64_t> named;
  for (const elf::SymbolList& list :
       {elf::static_symbols(program.elf(), limits), elf::dynamic_symbols(program.elf(), limits)})
    for (const elf::Symbol& symbol : list.symbols)
      if (symbol.type == kIndirectFunction && !symbol.is_undefined()) {
        out.emplace_back(symbol.name);
        named.insert(symbol.value);
      }
  for (const Fixup& fixup : program.fixups()) {
    if (fixup.kind != Fixup::Kind::indirect || named.contains(fixup.target)) continue;
    const Function* resolver = functions.starting_at(fixup.target);
    out.push_back(resolver != nullptr && !resolver->name.empty() ? std::string(resolver->name)
                                                                 : hex_number(fixup.target));
  }
  sort_once(out);
  return out;
}

std::vector<SectionPrint> sections_of(const elf::ElfFile& elf) {
  std::vector<SectionPrint> out;
  for (const elf::Section& section : elf.sections()) {
    if (section.name.empty()) continue;
    SectionPrint print;
    print.name = utf8_or_escaped(section.name);
    print.size = section.size;
    print.hash = section.contents.empty() ? 0 : xxh3_of(section.contents);
    print.is_loaded = (section.flags & kAllocated) != 0;
    print.is_code = (section.flags & kExecutable) != 0;
    out.push_back(std::move(print));
  }
  return out;
}

// Texts by function, and all of them once.
void add_texts(const Program& program, const References& references, const Limits& limits,
               ProgramPrint& out) {
  std::map<std::string, std::uint32_t> all;
  std::vector<std::vector<std::string>> by_function(out.functions.size());
  for (std::size_t i = 0; i < out.functions.size(); ++i)
    for (const Reference& r : references.of(i)) {
      if (r.kind != Referred::text || all.size() >= limits.strings) continue;
      std::string text = utf8_or_escaped(text_of(program, r));
      all.emplace(text, 0);
      by_function[i].push_back(std::move(text));
    }
  for (auto& [text, index] : all) {
    index = static_cast<std::uint32_t>(out.texts.size());
    out.texts.push_back(text);
  }
  for (std::size_t i = 0; i < out.functions.size(); ++i)
    for (const std::string& text : by_function[i]) out.functions[i].texts.push_back(all.at(text));
}

FunctionPrint print_of(const Functions& functions, const SystemCalls& system_calls,
                       const Masker& masker, std::size_t index) {
  const Function& function = functions.list[index];
  FunctionPrint print;
  print.start = function.start;
  print.size = function.size();
  print.name = utf8_or_escaped(function.name);
  print.code = masker.mask(index);
  for (const NumberedCall& call : system_calls.functions[index].calls)
    print.system_calls.push_back(call.number);
  sort_once(print.system_calls);
  print.unresolved_system_calls = system_calls.functions[index].unresolved.size();
  return print;
}

}  // namespace

Result<ProgramPrint> print_program(ByteView bytes, const Limits& limits) {
  const elf::ElfFile elf = TRY(elf::ElfFile::parse(bytes, limits));
  const Program program = TRY(Program::open(elf, limits));
  const Functions functions = find_functions(program, limits);
  const References references = find_references(program, functions, limits);
  const SystemCalls system_calls = find_system_calls(program, functions, references);
  const Masker masker(program, functions, references);
  ProgramPrint out;
  out.machine = program.machine();
  for (std::size_t i = 0; i < functions.list.size(); ++i)
    out.functions.push_back(print_of(functions, system_calls, masker, i));
  add_texts(program, references, limits, out);
  out.sections = sections_of(elf);
  out.imports = imports_of(program);
  out.ifuncs = ifuncs_of(program, functions, limits);
  out.code_bytes = functions.code_bytes;
  out.covered_bytes = functions.covered_bytes;
  for (const std::vector<Error>* problems :
       {&elf.problems(), &program.problems(),
        static_cast<const std::vector<Error>*>(&functions.problems)})
    for (const Error& problem : *problems) out.problems.push_back(problem.message);
  return out;
}

}  // namespace fathom::code

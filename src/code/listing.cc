#include "code/listing.h"

#include <algorithm>

#include "base/text.h"

namespace fathom::code {

namespace {

ListedFunction listed(const Functions& functions, const Function& function,
                      const FunctionGraph& graph) {
  ListedFunction out;
  out.start = function.start;
  out.name = function.name;
  out.found = function.found;
  out.returns = function.returns;
  out.indirect_calls = graph.indirect_calls;
  for (const AddressRange& range : function.ranges) out.ranges.push_back({range.start, range.end});
  for (const Call& call : graph.calls) {
    const Function* callee = functions.starting_at(call.target);
    std::string_view name = callee && !callee->name.empty() ? callee->name : call.name;
    out.calls.push_back({call.place, call.target, std::string(name), call.kind});
  }
  for (const StringReference& string : graph.strings)
    out.strings.push_back({string.place, string.address, std::string(string.text)});
  for (const SystemCall& call : graph.system_calls) {
    if (call.number)
      out.system_calls.push_back(*call.number);
    else
      ++out.unresolved_system_calls;
  }
  std::sort(out.system_calls.begin(), out.system_calls.end());
  auto last = std::unique(out.system_calls.begin(), out.system_calls.end());
  out.system_calls.erase(last, out.system_calls.end());
  return out;
}

void add_instructions(const Program& program, ListedFunction& function, const Limits& limits) {
  for (const ListedRange& range : function.ranges) {
    for (std::uint64_t at = range.start; at < range.end;) {
      Instruction one = program.instruction_at(at);
      if (one.length == 0 || function.instructions.size() >= limits.texts) return;
      function.instructions.push_back(hex_number(at) + "  " + describe(program.machine(), one));
      at = one.end();
    }
  }
}

}  // namespace

std::uint64_t ListedFunction::size() const {
  std::uint64_t sum = 0;
  for (const ListedRange& range : ranges) sum += range.end - range.start;
  return sum;
}

Result<Listing> list_functions(ByteView bytes, std::string_view wanted, const Limits& limits) {
  elf::ElfFile elf = TRY(elf::ElfFile::parse(bytes, limits));
  Program program = TRY(Program::open(elf, limits));
  Functions functions = find_functions(program, limits);
  std::vector<FunctionGraph> graph = build_graph(program, functions, limits);
  Listing out;
  out.machine = program.machine();
  out.code_bytes = functions.code_bytes;
  out.covered_bytes = functions.covered_bytes;
  for (std::size_t i = 0; i < functions.list.size(); ++i)
    out.functions.push_back(listed(functions, functions.list[i], graph[i]));
  for (const std::vector<Error>* problems :
       {&elf.problems(), &program.problems(),
        static_cast<const std::vector<Error>*>(&functions.problems)})
    for (const Error& problem : *problems) out.problems.push_back(problem.message);
  if (const ListedFunction* one = wanted.empty() ? nullptr : find_listed(out, wanted))
    add_instructions(program, out.functions[static_cast<std::size_t>(one - out.functions.data())],
                     limits);
  return out;
}

const ListedFunction* find_listed(const Listing& listing, std::string_view wanted) {
  for (const ListedFunction& function : listing.functions)
    if (function.name == wanted) return &function;
  if (!wanted.starts_with("0x")) return nullptr;
  std::optional<std::uint64_t> address = parse_unsigned(wanted.substr(2), 16);
  if (!address) return nullptr;
  for (const ListedFunction& function : listing.functions)
    for (const ListedRange& range : function.ranges)
      if (*address >= range.start && *address < range.end) return &function;
  return nullptr;
}

}  // namespace fathom::code

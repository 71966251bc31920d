#include "code/listing.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "code/comparisons.h"
#include "code/references.h"
#include "code/system_calls.h"

namespace fathom::code {

namespace {

// The program and everything that is known of it.
struct Known {
  const Program& program;
  const Functions& functions;
  const CallGraph& graph;
  const References& references;
  const SystemCalls& system_calls;
  const Limits& limits;
};

// Where the call goes, when that is in the callee, or the callee is not in the file.
std::uint64_t target_of(const Known& known, const Edge& edge) {
  const Instruction one = known.program.instruction_at(edge.place);
  const std::uint64_t named = one.has_target ? one.target : 0;
  if (edge.callee == Edge::kOutside) return named;
  const Function& callee = known.functions.list[edge.callee];
  return known.functions.at(named) == &callee ? named : callee.start;
}

void add_calls(const Known& known, std::size_t index, ListedFunction& out) {
  out.indirect_calls = known.graph.indirect_of(index).size();
  for (const Edge& edge : known.graph.calls_of(index)) {
    std::string_view name = edge.name;
    if (name.empty() && edge.callee != Edge::kOutside)
      name = known.functions.list[edge.callee].name;
    out.calls.push_back({edge.place, target_of(known, edge), std::string(name), edge.kind});
  }
}

void add_references(const Known& known, std::size_t index, ListedFunction& out) {
  const FunctionReferences& sums = known.references.functions[index];
  out.frame_bytes = sums.frame_bytes;
  out.has_stack_protector = sums.has_stack_protector;
  for (const Reference& r : known.references.of(index)) {
    std::uint64_t place = out.start + r.place;
    if (r.kind == Referred::text)
      out.strings.push_back({place, r.value, std::string(text_of(known.program, r))});
    if (r.kind == Referred::function) out.taken.push_back(r.value);
    if (r.kind == Referred::number || r.kind == Referred::compared)
      out.numbers.push_back(
          {place, static_cast<std::int64_t>(r.value), r.kind == Referred::compared});
    const SourceRecord* record =
        r.kind == Referred::record ? known.references.record_at(r.value) : nullptr;
    if (record == nullptr) continue;
    ByteView text = known.program.bytes_at(record->text, record->text_size);
    out.strings.push_back(
        {place, record->text, std::string(text.as_text()) + ":" + std::to_string(record->line)});
  }
  auto by_place = [](const ListedString& a, const ListedString& b) { return a.place < b.place; };
  std::stable_sort(out.strings.begin(), out.strings.end(), by_place);
}

void add_system_calls(const Known& known, std::size_t index, ListedFunction& out) {
  const FunctionSystemCalls& own = known.system_calls.functions[index];
  for (const NumberedCall& call : own.calls) out.system_calls.push_back(call.number);
  std::sort(out.system_calls.begin(), out.system_calls.end());
  auto last = std::unique(out.system_calls.begin(), out.system_calls.end());
  out.system_calls.erase(last, out.system_calls.end());
  out.unresolved_system_calls = own.unresolved.size();
  out.passes_system_call = known.system_calls.wrappers.contains(index);
}

ListedFunction listed(const Known& known, std::size_t index) {
  const Function& function = known.functions.list[index];
  ListedFunction out;
  out.start = function.start;
  out.name = function.name;
  out.found = function.found;
  out.returns = function.returns;
  for (const AddressRange& range : function.ranges) out.ranges.push_back({range.start, range.end});
  add_calls(known, index, out);
  add_references(known, index, out);
  for (const Comparison& one : comparisons_of(known.program, function))
    out.comparisons.push_back(
        {one.place, one.width, one.has_number, one.has_field, one.number, one.field});
  add_system_calls(known, index, out);
  return out;
}

std::string name_at(const Known& known, std::uint64_t address) {
  const Function* function = known.functions.at(address);
  if (function == nullptr || function->name.empty()) return {};
  std::string out(function->name);
  if (address != function->start) out += "+" + hex_number(address - function->start);
  return out;
}

// What stands behind each instruction that refers to something.
std::multimap<std::uint64_t, std::string> comments_of(const Known& known,
                                                      const ListedFunction& function,
                                                      std::size_t index) {
  std::multimap<std::uint64_t, std::string> out;
  for (const ListedCall& call : function.calls)
    if (!call.name.empty())
      out.emplace(call.place, call.name + (call.kind == Edge::Kind::imported ? " (imported)" : ""));
  for (const ListedString& string : function.strings)
    out.emplace(string.place, "\"" + printable(string.text) + "\"");
  for (const Reference& r : known.references.of(index))
    if (r.kind == Referred::function)
      if (std::string name = name_at(known, r.value); !name.empty())
        out.emplace(function.start + r.place, name);
  for (const NumberedCall& call : known.system_calls.functions[index].calls)
    out.emplace(call.place, "system call " + std::to_string(call.number));
  for (const UnresolvedCall& call : known.system_calls.functions[index].unresolved)
    out.emplace(call.place, std::string(text_of(call.why)));
  return out;
}

void add_instructions(const Known& known, std::size_t index, ListedFunction& function) {
  std::multimap<std::uint64_t, std::string> comments = comments_of(known, function, index);
  for (const ListedRange& range : function.ranges) {
    for (std::uint64_t at = range.start; at < range.end;) {
      Instruction one = known.program.instruction_at(at);
      if (one.length == 0 || function.instructions.size() >= known.limits.texts) return;
      std::string line = hex_number(at) + "  " + describe(known.program.machine(), one);
      std::string_view mark = "  ; ";
      auto [first, last] = comments.equal_range(at);
      for (auto comment = first; comment != last; ++comment) {
        line += std::string(mark) + comment->second;
        mark = ", ";
      }
      bool inside = one.is_branch() && one.op != Op::call && first == last && one.has_target;
      if (inside && !one.has_memory() && name_at(known, one.target) != "")
        line += "  ; " + name_at(known, one.target);
      function.instructions.push_back(std::move(line));
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
  const CallGraph graph(program, functions);
  References references = find_references(program, functions, limits);
  SystemCalls system_calls = find_system_calls(program, functions, references);
  Known known{program, functions, graph, references, system_calls, limits};
  Listing out;
  out.machine = program.machine();
  out.code_bytes = functions.code_bytes;
  out.covered_bytes = functions.covered_bytes;
  for (std::size_t i = 0; i < functions.list.size(); ++i) out.functions.push_back(listed(known, i));
  for (const std::vector<Error>* problems :
       {&elf.problems(), &program.problems(),
        static_cast<const std::vector<Error>*>(&functions.problems)})
    for (const Error& problem : *problems) out.problems.push_back(problem.message);
  if (const ListedFunction* one = wanted.empty() ? nullptr : find_listed(out, wanted)) {
    auto index = static_cast<std::size_t>(one - out.functions.data());
    add_instructions(known, index, out.functions[index]);
  }
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

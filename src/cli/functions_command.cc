// `fathom functions FILE`: the table, one function in full, the graph of calls, or everything as
// JSON.

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <set>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/knowledge.h"
#include "cli/options.h"
#include "cli/output.h"
#include "json/writer.h"
#include "sandbox/tables.h"
#include "scan/functions.h"

namespace fathom::cli {
namespace {

using code::ListedFunction;
using code::Listing;
using Kind = code::Edge::Kind;

std::string name_or_address(const ListedFunction& function) {
  return function.name.empty() ? hex_number(function.start) : printable(function.name);
}

std::string summary(const Listing& listing) {
  double share = listing.code_bytes == 0 ? 0
                                         : 100.0 * static_cast<double>(listing.covered_bytes) /
                                               static_cast<double>(listing.code_bytes);
  return fmt::format("{} functions, {:.1f} % of {} of code\n",
                     with_thousands(listing.functions.size()), share,
                     human_bytes(listing.code_bytes));
}

std::string system_call_text(const Listing& listing, std::uint64_t number) {
  std::string_view name = sandbox::system_call_name(listing.machine, number);
  return name.empty() ? std::to_string(number) : std::string(name);
}

// "inflate  [zlib: libz.a(inflate.o), exact]"
std::string name_with_origin(const ListedFunction& function) {
  const code::ListedOrigin& origin = function.origin;
  if (origin.by.empty()) return printable(function.name);
  std::string out = printable(function.name) + "  [" + printable(origin.library);
  if (!origin.member.empty()) out += ": " + printable(origin.member);
  return out + (origin.library.empty() ? "" : ", ") + origin.by + "]";
}

std::string table_of(const Listing& listing) {
  std::string out = summary(listing);
  for (const std::string& problem : listing.problems) out += "gap: " + printable(problem) + "\n";
  out += fmt::format("{:>16} {:>9} {:>6} {:>7} {:>8}  {:<12} {}\n", "START", "SIZE", "CALLS",
                     "STRINGS", "SYSCALLS", "FOUND BY", "NAME");
  for (const ListedFunction& f : listing.functions)
    out += fmt::format("{:>16} {:>9} {:>6} {:>7} {:>8}  {:<12} {}\n", hex_number(f.start), f.size(),
                       f.calls.size(), f.strings.size(),
                       f.system_calls.size() + f.unresolved_system_calls, name_of(f.found),
                       name_with_origin(f));
  return out;
}

std::string callee_text(const code::ListedCall& call) {
  std::string text = call.name.empty() ? hex_number(call.target) : printable(call.name);
  switch (call.kind) {
    case Kind::direct:
      return text;
    case Kind::tail:
      return text + " (tail call)";
    case Kind::imported:
      return text + " (imported)";
    case Kind::table:
      return text + " (through a constant pointer)";
    case Kind::variable:
      return text + " (what a variable points at at first)";
    case Kind::argument:
      return text + " (handed over)";
    case Kind::cgo:
      return text + " (C, handed over by Go)";
  }
  return text;
}

std::string callers_of(const Listing& listing, const ListedFunction& wanted) {
  std::string out;
  for (const ListedFunction& f : listing.functions)
    for (const code::ListedCall& call : f.calls)
      if (call.kind != Kind::imported && call.target == wanted.start)
        out += "  " + hex_number(call.place) + "  in " + name_or_address(f) + "\n";
  return out;
}

std::string numbers_of(const ListedFunction& function) {
  std::string out;
  for (const code::ListedNumber& number : function.numbers)
    out += fmt::format("  {}  {}{}\n", hex_number(number.place), number.value,
                       number.is_compared ? "  compared" : "");
  return out;
}

std::string details_of(const Listing& listing, const ListedFunction& function) {
  std::string out = fmt::format("{}: {} bytes at {}, found by {}{}\n", name_or_address(function),
                                function.size(), hex_number(function.start),
                                name_of(function.found), function.returns ? "" : ", never returns");
  for (const code::ListedRange& range : function.ranges)
    out += "  " + hex_number(range.start) + " to " + hex_number(range.end) + "\n";
  if (!function.origin.by.empty()) out += "  " + name_with_origin(function) + "\n";
  out += fmt::format("  {} bytes of stack{}\n", function.frame_bytes,
                     function.has_stack_protector ? ", guarded" : "");
  std::string callers = callers_of(listing, function);
  out += "\nCallers\n" + (callers.empty() ? "  none seen\n" : callers) + "\nCallees\n";
  for (const code::ListedCall& call : function.calls)
    out += "  " + hex_number(call.place) + "  " + callee_text(call) + "\n";
  if (function.indirect_calls != 0)
    out += fmt::format("  {} through registers or memory, not resolved\n", function.indirect_calls);
  out += "\nStrings\n";
  for (const code::ListedString& string : function.strings)
    out += "  " + hex_number(string.place) + "  \"" + printable(string.text) + "\"\n";
  out += "\nNumbers\n" + numbers_of(function) + "\nSystem calls\n";
  for (std::uint64_t number : function.system_calls)
    out += "  " + system_call_text(listing, number) + "\n";
  if (function.passes_system_call) out += "  the one whose number it is given\n";
  if (function.unresolved_system_calls != 0)
    out += fmt::format("  {} with a number that is not known\n", function.unresolved_system_calls);
  out += "\nInstructions\n";
  for (const std::string& line : function.instructions) out += "  " + printable(line) + "\n";
  return out;
}

void write_calls(json::Writer& writer, const ListedFunction& function) {
  writer.key("calls").begin_array();
  for (const code::ListedCall& call : function.calls) {
    writer.begin_object().member("at", hex_number(call.place));
    writer.member("target", hex_number(call.target)).optional_member("name", call.name);
    writer.member("kind", name_of(call.kind)).end_object();
  }
  writer.end_array().key("strings").begin_array();
  for (const code::ListedString& string : function.strings) {
    writer.begin_object().member("at", hex_number(string.place));
    writer.member("address", hex_number(string.address)).member("text", string.text).end_object();
  }
  writer.end_array();
}

void write_numbers(json::Writer& writer, const ListedFunction& function) {
  writer.key("numbers").begin_array();
  for (const code::ListedNumber& number : function.numbers) {
    writer.begin_object().member("at", hex_number(number.place));
    writer.member("value", number.value).member("compared", number.is_compared).end_object();
  }
  writer.end_array().key("comparisons").begin_array();
  for (const code::ListedComparison& one : function.comparisons) {
    writer.begin_object()
        .member("at", hex_number(one.place))
        .member("bytes", std::uint64_t{one.width});
    if (one.has_field) writer.member("field", std::int64_t{one.field});
    if (one.has_number) writer.member("number", one.number);
    writer.end_object();
  }
  writer.end_array().key("takes_address_of").begin_array();
  for (std::uint64_t address : function.taken) writer.value(hex_number(address));
  writer.end_array();
  writer.member("frame_bytes", function.frame_bytes);
  writer.member("stack_protector", function.has_stack_protector);
}

void write_function(json::Writer& writer, code::Machine machine, const ListedFunction& function) {
  writer.begin_object().member("start", hex_number(function.start));
  writer.member("size", function.size()).optional_member("name", function.name);
  writer.member("found_by", name_of(function.found)).member("returns", function.returns);
  writer.optional_member("named_by", function.origin.by)
      .optional_member("library", function.origin.library)
      .optional_member("member", function.origin.member);
  writer.key("ranges").begin_array();
  for (const code::ListedRange& range : function.ranges)
    writer.begin_array().value(hex_number(range.start)).value(hex_number(range.end)).end_array();
  writer.end_array();
  write_calls(writer, function);
  write_numbers(writer, function);
  writer.key("system_calls").begin_array();
  for (std::uint64_t number : function.system_calls) {
    writer.begin_object().member("number", number);
    writer.optional_member("name", sandbox::system_call_name(machine, number)).end_object();
  }
  writer.end_array().member("passes_system_call", function.passes_system_call);
  writer.member("unresolved_system_calls", function.unresolved_system_calls);
  writer.member("indirect_calls", function.indirect_calls);
  if (!function.instructions.empty()) writer.strings("instructions", function.instructions);
  writer.end_object();
}

std::string dot_node(const Listing& listing, const ListedFunction& function) {
  std::string out =
      "  \"" + hex_number(function.start) + "\" [label=\"" + name_or_address(function);
  for (std::uint64_t number : function.system_calls)
    out += "\\n" + system_call_text(listing, number);
  return out + "\"];\n";
}

// The graph of calls, as Graphviz reads it: all, or those of and to one function.
std::string dot_of(const Listing& listing, const ListedFunction* only) {
  std::set<std::uint64_t> shown;
  std::string edges;
  for (const ListedFunction& function : listing.functions)
    for (const code::ListedCall& call : function.calls) {
      bool concerns = only == nullptr || only == &function || call.target == only->start;
      if (!concerns) continue;
      shown.insert(function.start);
      bool is_imported = call.kind == Kind::imported;
      if (!is_imported) shown.insert(call.target);
      std::string target = is_imported ? printable(call.name) : hex_number(call.target);
      edges += "  \"" + hex_number(function.start) + "\" -> \"" + target + "\"" +
               (call.kind == Kind::direct ? "" : " [style=dashed]") + ";\n";
    }
  std::string out = "digraph calls {\n  rankdir=LR;\n  node [shape=box, fontname=monospace];\n";
  for (const ListedFunction& function : listing.functions)
    if (shown.contains(function.start) || &function == only) out += dot_node(listing, function);
  return out + edges + "}\n";
}

// All functions, or the one.
std::string json_of(const Listing& listing, const ListedFunction* only) {
  json::Writer writer;
  writer.begin_object();
  writer.member("machine", listing.machine == code::Machine::x86_64 ? "x86_64" : "aarch64");
  writer.member("code_bytes", listing.code_bytes).member("covered_bytes", listing.covered_bytes);
  writer.key("functions").begin_array();
  for (const ListedFunction& function : listing.functions)
    if (only == nullptr || only == &function) write_function(writer, listing.machine, function);
  writer.end_array().strings("problems", listing.problems);
  writer.end_object();
  return writer.finish();
}

// Names of functions that the file has no names for, from compiled libraries that are known.
Done name_by_code(const std::vector<std::string>& packs, FunctionsAnswer& answer) {
  const Knowledge known = TRY(open_knowledge(packs));
  Listing& listing = answer.listing;
  const signature::ObjectMatches matches = signature::match_objects(
      answer.hashes, listing.machine == code::Machine::x86_64 ? "x86_64" : "aarch64",
      known.objects);
  std::map<std::uint64_t, const signature::NamedFunction*> named;
  for (const signature::NamedFunction& function : matches.functions)
    named.emplace(function.address, &function);
  for (ListedFunction& function : listing.functions) {
    auto found = named.find(function.start);
    if (found == named.end() || !function.name.empty()) continue;
    function.name = found->second->name;
    function.origin = {found->second->library, found->second->member,
                       std::string(name_of(found->second->by))};
  }
  for (ListedFunction& function : listing.functions)
    for (code::ListedCall& call : function.calls)
      if (auto found = named.find(call.target); call.name.empty() && found != named.end())
        call.name = found->second->name;
  return Ok{};
}

Result<std::string> text_for(const Arguments& arguments) {
  if (arguments.operands.empty() || arguments.operands.size() > 2)
    return usage("a program, or a target and a program in it; see fathom functions --help");
  std::string_view format = arguments.one("output", "table");
  if (format != "table" && format != "json")
    return usage("there is no format \"" + printable(format) + "\"; there are: table json");
  std::string wanted(arguments.one("function"));
  const bool in_target = arguments.operands.size() > 1;
  MemberName file = split_member(arguments.operands[in_target ? 1 : 0]);
  std::error_code unseen;
  // A file may be named like a member.
  if (!in_target && (file.member.empty() || std::filesystem::exists(arguments.operands[0], unseen)))
    file = {std::string(arguments.operands[0]), {}};
  Target target = TRY(parse_target(in_target ? arguments.operands[0] : file.path));
  target.platform = arguments.one("platform");
  if (!in_target) file.path.clear();
  std::string place = printable(arguments.operands.back());
  FunctionsAnswer answer = TRY(list_functions_confined(target, file, wanted, {}).in(place));
  Listing& listing = answer.listing;
  TRY(name_by_code(arguments.all("signatures"), answer));
  const ListedFunction* one = wanted.empty() ? nullptr : code::find_listed(listing, wanted);
  if (!wanted.empty() && one == nullptr)
    return usage("there is no function \"" + printable(wanted) + "\" in " + place);
  if (arguments.on("dot")) return dot_of(listing, one);
  if (format == "json") return json_of(listing, one);
  return one != nullptr ? details_of(listing, *one) : table_of(listing);
}

}  // namespace

int run_functions(const Arguments& arguments) {
  Result<std::string> text = text_for(arguments);
  if (text) return write_stdout(*text) ? 0 : kExitUsage;
  log::error(text.error().message);
  return kExitUsage;
}

}  // namespace fathom::cli

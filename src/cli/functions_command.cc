// `fathom functions FILE`: the table, one function in full, or everything as JSON.

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "json/writer.h"
#include "scan/functions.h"

namespace fathom::cli {
namespace {

using code::ListedFunction;
using code::Listing;

Error usage(std::string message) { return {ErrorCode::usage, std::move(message)}; }

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

std::string table_of(const Listing& listing) {
  std::string out = summary(listing);
  for (const std::string& problem : listing.problems) out += "gap: " + printable(problem) + "\n";
  out += fmt::format("{:>16} {:>9} {:>6} {:>7} {:>8}  {:<12} {}\n", "START", "SIZE", "CALLS",
                     "STRINGS", "SYSCALLS", "FOUND BY", "NAME");
  for (const ListedFunction& f : listing.functions)
    out += fmt::format("{:>16} {:>9} {:>6} {:>7} {:>8}  {:<12} {}\n", hex_number(f.start), f.size(),
                       f.calls.size(), f.strings.size(),
                       f.system_calls.size() + f.unresolved_system_calls, name_of(f.found),
                       printable(f.name));
  return out;
}

std::string callee_text(const code::ListedCall& call) {
  std::string text = call.name.empty() ? hex_number(call.target) : printable(call.name);
  if (call.kind == code::Call::Kind::imported) text += " (imported)";
  if (call.kind == code::Call::Kind::tail) text += " (tail call)";
  return text;
}

std::string callers_of(const Listing& listing, const ListedFunction& wanted) {
  std::string out;
  for (const ListedFunction& f : listing.functions)
    for (const code::ListedCall& call : f.calls)
      if (call.kind != code::Call::Kind::imported && call.target == wanted.start)
        out += "  " + hex_number(call.place) + "  in " + name_or_address(f) + "\n";
  return out;
}

std::string details_of(const Listing& listing, const ListedFunction& function) {
  std::string out = fmt::format("{}: {} bytes at {}, found by {}{}\n", name_or_address(function),
                                function.size(), hex_number(function.start),
                                name_of(function.found), function.returns ? "" : ", never returns");
  for (const code::ListedRange& range : function.ranges)
    out += "  " + hex_number(range.start) + " to " + hex_number(range.end) + "\n";
  std::string callers = callers_of(listing, function);
  out += "\nCallers\n" + (callers.empty() ? "  none seen\n" : callers) + "\nCallees\n";
  for (const code::ListedCall& call : function.calls)
    out += "  " + hex_number(call.place) + "  " + callee_text(call) + "\n";
  if (function.indirect_calls != 0)
    out += fmt::format("  {} through registers or memory, not resolved\n", function.indirect_calls);
  out += "\nStrings\n";
  for (const code::ListedString& string : function.strings)
    out += "  " + hex_number(string.place) + "  \"" + printable(string.text) + "\"\n";
  out += "\nSystem calls\n";
  for (std::uint64_t number : function.system_calls) out += "  " + std::to_string(number) + "\n";
  if (function.unresolved_system_calls != 0)
    out += fmt::format("  {} with a number that is not known\n", function.unresolved_system_calls);
  out += "\nInstructions\n";
  for (const std::string& line : function.instructions) out += "  " + printable(line) + "\n";
  return out;
}

std::string_view name_of_kind(code::Call::Kind kind) {
  if (kind == code::Call::Kind::tail) return "tail";
  return kind == code::Call::Kind::imported ? "imported" : "direct";
}

void write_calls(json::Writer& writer, const ListedFunction& function) {
  writer.key("calls").begin_array();
  for (const code::ListedCall& call : function.calls) {
    writer.begin_object().member("at", hex_number(call.place));
    writer.member("target", hex_number(call.target)).optional_member("name", call.name);
    writer.member("kind", name_of_kind(call.kind)).end_object();
  }
  writer.end_array().key("strings").begin_array();
  for (const code::ListedString& string : function.strings) {
    writer.begin_object().member("at", hex_number(string.place));
    writer.member("address", hex_number(string.address)).member("text", string.text).end_object();
  }
  writer.end_array();
}

void write_function(json::Writer& writer, const ListedFunction& function) {
  writer.begin_object().member("start", hex_number(function.start));
  writer.member("size", function.size()).optional_member("name", function.name);
  writer.member("found_by", name_of(function.found)).member("returns", function.returns);
  writer.key("ranges").begin_array();
  for (const code::ListedRange& range : function.ranges)
    writer.begin_array().value(hex_number(range.start)).value(hex_number(range.end)).end_array();
  writer.end_array();
  write_calls(writer, function);
  writer.key("system_calls").begin_array();
  for (std::uint64_t number : function.system_calls) writer.value(number);
  writer.end_array();
  writer.member("unresolved_system_calls", function.unresolved_system_calls);
  writer.member("indirect_calls", function.indirect_calls);
  if (!function.instructions.empty()) writer.strings("instructions", function.instructions);
  writer.end_object();
}

// All functions, or the one.
std::string json_of(const Listing& listing, const ListedFunction* only) {
  json::Writer writer;
  writer.begin_object();
  writer.member("machine", listing.machine == code::Machine::x86_64 ? "x86_64" : "aarch64");
  writer.member("code_bytes", listing.code_bytes).member("covered_bytes", listing.covered_bytes);
  writer.key("functions").begin_array();
  for (const ListedFunction& function : listing.functions)
    if (only == nullptr || only == &function) write_function(writer, function);
  writer.end_array().strings("problems", listing.problems);
  writer.end_object();
  return writer.finish();
}

Result<std::string> text_for(const Arguments& arguments) {
  if (arguments.operands.size() != 1) return usage("one file; see fathom functions --help");
  std::string_view format = arguments.one("output", "table");
  if (format != "table" && format != "json")
    return usage("there is no format \"" + printable(format) + "\"; there are: table json");
  std::string wanted(arguments.one("function"));
  const std::string& path = arguments.operands[0];
  Listing listing = TRY(list_functions_confined(path, wanted, Limits{}).in(printable(path)));
  const ListedFunction* one = wanted.empty() ? nullptr : code::find_listed(listing, wanted);
  if (!wanted.empty() && one == nullptr)
    return usage("there is no function \"" + printable(wanted) + "\" in " + printable(path));
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

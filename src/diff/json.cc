#include "base/text.h"
#include "diff/write.h"
#include "json/writer.h"
#include "sandbox/tables.h"

namespace fathom::diff {
namespace {

using json::Writer;

void write_changes(Writer& w, std::string_view name, const std::vector<Change>& changes) {
  w.key(name).begin_array();
  for (const Change& change : changes) {
    w.begin_object().member("change", words_for(change.sign)).member("what", change.what);
    w.optional_member("where", change.where);
    w.optional_member("before", change.before).optional_member("after", change.after);
    w.end_object();
  }
  w.end_array();
}

void write_function(Writer& w, std::string_view name, const code::FunctionPrint& function) {
  w.key(name).begin_object().member("start", hex_number(function.start));
  w.optional_member("name", function.name).member("size", function.size);
  w.member("instructions", std::uint64_t{function.code.instructions}).end_object();
}

void write_pairs(Writer& w, const ComparedProgram& program) {
  w.key("changed").begin_array();
  for (const FunctionPair& pair : program.diff.pairs) {
    if (!pair.is_changed()) continue;
    w.begin_object();
    write_function(w, "before", program.before.functions[pair.before]);
    write_function(w, "after", program.after.functions[pair.after]);
    w.member("paired_by", name_of(pair.by)).member("same_code", pair.same_code);
    w.member("same_references", pair.same_references).end_object();
  }
  w.end_array();
  for (const auto& [name, indexes, of] :
       {std::tuple("added", &program.diff.added, &program.after),
        std::tuple("removed", &program.diff.removed, &program.before)}) {
    w.key(name).begin_array();
    for (std::size_t index : *indexes) {
      w.begin_object();
      write_function(w, "function", of->functions[index]);
      w.end_object();
    }
    w.end_array();
  }
}

void write_both(Writer& w, std::string_view name, const std::vector<std::string>& added,
                const std::vector<std::string>& lost) {
  w.key(name).begin_object().strings("new", added).strings("lost", lost).end_object();
}

std::vector<std::string> names_of(const ComparedProgram& program,
                                  const std::vector<std::uint32_t>& numbers) {
  std::vector<std::string> out;
  for (std::uint32_t number : numbers) {
    const std::string_view name = sandbox::system_call_name(program.after.machine, number);
    out.push_back(name.empty() ? std::to_string(number) : std::string(name));
  }
  return out;
}

void write_program(Writer& w, const ComparedProgram& program) {
  const ProgramDiff& d = program.diff;
  w.begin_object().member("path", program.path);
  w.member("same_program", d.is_same_program());
  w.key("functions").begin_object();
  w.member("identical", d.identical).member("relocated", d.relocated);
  w.member("changed_count", d.changed);
  write_pairs(w, program);
  w.end_object();
  write_both(w, "system_calls", names_of(program, d.new_system_calls),
             names_of(program, d.lost_system_calls));
  write_both(w, "imports", d.new_imports, d.lost_imports);
  write_both(w, "ifuncs", d.new_ifuncs, d.lost_ifuncs);
  write_both(w, "texts", d.new_texts, d.lost_texts);
  w.key("sections").begin_array();
  for (const ProgramDiff::Section& section : d.sections) {
    w.begin_object().member("name", section.name);
    if (!section.is_new) w.member("before", section.before);
    if (!section.is_lost) w.member("after", section.after);
    w.end_object();
  }
  w.end_array();
  w.strings("problems_before", program.before.problems);
  w.strings("problems_after", program.after.problems);
  w.end_object();
}

}  // namespace

std::string json_of(const Compared& compared) {
  Writer w;
  const ReportDiff& r = compared.report;
  w.begin_object().member("before", compared.before).member("after", compared.after);
  w.member("different", compared.is_different());
  write_changes(w, "image", r.image);
  write_changes(w, "components", r.components);
  write_changes(w, "findings", r.findings);
  write_changes(w, "hardening", r.hardening);
  write_changes(w, "gaps", r.gaps);
  write_changes(w, "files", r.files);
  w.member("same_files", r.same_files);
  w.key("sizes").begin_object();
  w.member("before", r.bytes_before).member("after", r.bytes_after);
  w.key("components").begin_array();
  for (const SizeChange& change : r.sizes) {
    w.begin_object().member("component", change.component);
    w.member("before", change.before).member("after", change.after).end_object();
  }
  w.end_array().end_object();
  w.key("programs").begin_array();
  for (const ComparedProgram& program : compared.programs) write_program(w, program);
  w.end_array();
  w.strings("notes", compared.notes).end_object();
  return w.finish();
}

}  // namespace fathom::diff

#include "report/ldd.h"

#include "base/text.h"

namespace fathom {
namespace {

using json::Writer;

std::string shown(std::string_view text) { return printable(text, 4096); }

std::string text_of(const LinkRow& row) {
  switch (row.kind) {
    case LinkKind::static_pie:
    case LinkKind::not_linked:
      return "\tstatically linked\n";
    case LinkKind::static_file:  // as ldd says it
    case LinkKind::not_dynamic:
      return "\tnot a dynamic executable\n";
    case LinkKind::dynamic:
      break;
  }
  std::string out;
  for (const std::string& problem : row.problems) out += shown(row.path) + ": " + problem + "\n";
  if (row.interpreter_file.empty() && !row.interpreter.empty())
    out += "\t" + shown(row.interpreter) + " => not found\n";
  for (const LinkedLibrary& library : row.libraries) {
    out += "\t";
    if (library.path.empty())
      out += shown(library.name) + " => not found";
    else if (library.name == library.path || (library.is_loader && row.rules == "glibc"))
      out += shown(library.path);
    else
      out += shown(library.name) + " => " + shown(library.path);
    out += "\n";
  }
  return out;
}

void write_library(Writer& w, const LinkedLibrary& library) {
  w.begin_object();
  w.member("name", library.name).member("found", !library.path.empty());
  w.optional_member("path", library.path);
  w.optional_member("file", library.file);
  w.optional_member("found_by", library.found_by);
  w.member("needed_by", library.needed_by);
  if (library.is_loader) w.member("loader", true);
  if (!library.alternatives.empty()) w.strings("alternatives", library.alternatives);
  w.end_object();
}

void write_row(Writer& w, const LinkRow& row) {
  w.begin_object();
  w.member("path", row.path).member("kind", name_of(row.kind)).member("complete", row.complete());
  if (!row.interpreter.empty()) {
    w.key("interpreter").begin_object();
    w.member("path", row.interpreter).member("found", !row.interpreter_file.empty());
    w.optional_member("file", row.interpreter_file);
    w.end_object();
  }
  w.optional_member("rules", row.rules);
  w.key("libraries").begin_array();
  for (const LinkedLibrary& library : row.libraries) write_library(w, library);
  w.end_array();
  w.strings("problems", row.problems).strings("notes", row.notes);
  w.end_object();
}

}  // namespace

std::string ldd_text(std::span<const LinkRow> rows) {
  std::string out;
  for (const LinkRow& row : rows) {
    if (rows.size() > 1) out += shown(row.path) + ":\n";
    out += text_of(row);
  }
  return out;
}

std::string ldd_json(std::string_view target, std::span<const LinkRow> rows) {
  Writer w;
  w.begin_object();
  w.member("schema", 1);
  w.key("tool").begin_object();
  w.member("name", "fathom").member("version", FATHOM_VERSION).end_object();
  w.member("target", target);
  w.key("programs").begin_array();
  for (const LinkRow& row : rows) write_row(w, row);
  w.end_array().end_object();
  return w.finish();
}

void write_unloaded(Writer& w, const UnloadedLibrary& library) {
  w.begin_object();
  w.member("path", library.path);
  w.optional_member("digest", library.digest);
  if (library.layer >= 0) w.member("layer", library.layer);
  w.optional_member("soname", library.soname);
  w.member("why", library.why);
  w.end_object();
}

}  // namespace fathom

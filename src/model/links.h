// What a program would be linked with when it starts, as the dynamic linker of its image decides.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fathom {

enum class LinkKind {
  dynamic,      // libraries were looked for
  static_file,  // runs alone, at fixed addresses
  static_pie,   // runs alone, anywhere
  not_linked,   // a dynamic file that asks for nothing
  not_dynamic,  // no program: relocatable, script, text
};
std::string_view name_of(
    LinkKind kind);  // "dynamic", "static", "not linked", "not a dynamic executable"

struct LinkedLibrary {
  std::string name;  // as the first file that needs it spells it
  std::string
      path;  // as the dynamic linker opens it, "/lib/x86_64-linux-gnu/libc.so.6"; empty: not found
  std::string file;       // the file behind it, "usr/lib/x86_64-linux-gnu/libc.so.6"
  std::string found_by;   // "ld.so.cache", "RUNPATH of usr/bin/app", "default folder"
  std::string needed_by;  // path of the first file that needs it
  bool is_loader = false;
  // Other builds of it that the dynamic linker prefers on newer processors.
  std::vector<std::string> alternatives;
};

struct LinkRow {
  std::string path;
  LinkKind kind = LinkKind::not_dynamic;
  std::string interpreter;               // PT_INTERP, or empty
  std::string interpreter_file;          // the file behind it, or empty: not in the image
  std::string rules;                     // whose search rules were used: "glibc", "musl"
  std::vector<LinkedLibrary> libraries;  // in load order
  std::vector<std::string>
      problems;  // "usr/bin/app: /lib/…/libc.so.6: version `GLIBC_2.38' not found (required by …)"
  std::vector<std::string> notes;  // what the answer rests on
  bool complete() const;           // everything was found
};

// A shared object that nothing in the image asks for.
struct UnloadedLibrary {
  std::string path;
  std::string digest;
  std::int64_t layer = -1;
  std::string soname;
  std::string why;
};

}  // namespace fathom

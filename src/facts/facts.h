// Facts: everything the bytes of one file say, and nothing else. They are what `recover` yields,
// what the confined child sends, what a cache keeps under the file's digest. No path, no clock, no
// knowledge of any library: that comes in later stages, so that a new signature or advisory
// re-judges old facts without opening an image.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "facts/audit_facts.h"
#include "model/component.h"
#include "model/hardening.h"
#include "model/origin.h"
#include "model/sbom.h"

namespace fathom {

enum class FileKind {
  empty,
  elf,
  script,      // starts with #! or is bytecode's source by its own marks
  bytecode,    // class, pyc, wasm, LLVM bitcode …
  archive,     // zip, tar, ar, and compressed files
  executable,  // code of another system: PE, Mach-O
  database,    // a package database that an analyzer read
  text,
  data,     // a recognised type that no program maps as code
  unknown,  // magic that fathom does not know: a gap
};
std::string_view name_of(FileKind kind);

// A run of printable text in a file that may state a version: it has a digit, a dot and a digit,
// and is at most limits.text_bytes long.
struct Text {
  std::uint64_t offset = 0;
  std::string text;
  auto operator<=>(const Text&) const = default;
};

// A NUL-terminated string of at least 6 bytes, as its XXH3 hash (without the NUL): enough to ask
// "does this exact text stand in the file, and where", at 16 bytes each.
struct StringHash {
  std::uint64_t hash = 0;
  std::uint64_t offset = 0;
  auto operator<=>(const StringHash&) const = default;
};

// A function that does nothing but return a constant: how libraries compile version-number
// functions (x86_64 `mov eax, imm32; ret`, aarch64 `movz/movk w0; ret`).
struct ConstantReturn {
  std::uint64_t value = 0;
  std::uint64_t offset = 0;   // of the instruction, in the file
  std::uint64_t address = 0;  // virtual
  auto operator<=>(const ConstantReturn&) const = default;
};

// A place in the source that code names: a call that is given the name of a source file, or a text
// about a line ("%s at line %d"), and a number, as calls with __FILE__ and __LINE__ compile.
struct SourceLine {
  enum class By : std::uint8_t {
    next_argument,   // the number is the argument behind the name
    other_argument,  // another argument of the same call; one of several
    reporter,        // an argument of a function that has the text, or passes it on
    nearby,          // a number in the code around: no call was seen that gets both
  };
  std::uint64_t file = 0;  // XXH3 of the name behind its last '/', or of the whole text
  std::uint32_t line = 0;
  By by = By::nearby;
  std::uint8_t argument = 0;  // which the number is, 0 for the first
  std::uint64_t offset = 0;   // of the call (nearby: of the load of the name), in the file
  auto operator<=>(const SourceLine&) const = default;
};

// Thirty-two bytes of read-only data that the table filter let through.
struct TableWindow {
  std::uint64_t hash = 0;
  std::uint64_t offset = 0;
  auto operator<=>(const TableWindow&) const = default;
};

// A function that does nothing but hand out constants in another way than by one number: a pair of
// registers, numbers stored where its caller points, the address of a text. And code that sets
// three neighbouring fields of a struct to small numbers (triple), which may be any function.
struct HandedOut {
  enum class How : std::uint8_t { pair, stored, text, triple };
  How how = How::text;
  std::vector<std::uint64_t> values;  // pair: two. stored: by argument that points, from the first
  std::string text;                   // text: with a digit; also beside stored numbers
  std::uint64_t offset = 0, address = 0;
  auto operator<=>(const HandedOut&) const = default;
};

// A function of a program, as code that can be recognised (code/function_hash.h).
struct HashedFunction {
  static constexpr std::uint32_t kNobody = ~std::uint32_t{0};
  std::uint64_t start = 0;  // virtual address
  std::uint32_t bytes = 0, instructions = 0;
  std::uint64_t exact = 0, loose = 0;
  // What it calls, in order: indexes into FileFacts::functions, or kNobody.
  std::vector<std::uint32_t> calls;
  auto operator<=>(const HashedFunction&) const = default;
};

// A symbol version that a file expects of a library (DT_VERNEED).
struct NeededVersion {
  std::string file;     // a DT_NEEDED name
  std::string version;  // "GLIBC_2.34"
  bool weak = false;
  auto operator<=>(const NeededVersion&) const = default;
};

// A line of /etc/ld.so.cache.
struct LoaderCacheEntry {
  std::string name, path;   // "libc.so.6", "/lib/x86_64-linux-gnu/libc.so.6"
  std::uint32_t flags = 0;  // machine and class, as ldconfig numbers them
  std::uint64_t hwcap = 0;  // bits of older releases
  std::string hwcaps;       // glibc-hwcaps subfolder, or empty
  auto operator<=>(const LoaderCacheEntry&) const = default;
};

struct ElfFacts {
  std::uint8_t bits = 64;
  bool big_endian = false;
  std::uint16_t machine = 0;  // e_machine
  std::string machine_name;   // "x86_64", "aarch64", "EM_243" for others
  std::string type;  // "executable", "pie", "static-pie", "shared object", "relocatable", "core", …
  std::string interpreter;          // PT_INTERP, or empty
  std::string soname;               // DT_SONAME, or empty
  std::vector<std::string> needed;  // DT_NEEDED in order
  std::vector<std::string> runpath, rpath;
  bool is_static = false;  // runs without a dynamic linker
  bool stripped = false;   // no .symtab
  bool has_debug_info = false;
  bool has_section_headers = false;
  std::string build_id;                        // hex, or empty
  std::vector<std::string> comments;           // .comment: compilers, in order, distinct
  std::string go_build_id;                     // .note.go.buildid
  std::vector<std::string> exported_versions;  // symbol versions it defines, in order
  std::uint64_t executable_bytes =
      0;  // file bytes of sections (or, without them, segments) that are executable
  std::vector<NeededVersion> needed_versions;  // in file order
  bool no_default_folders = false;             // DF_1_NODEFLIB
  std::vector<std::string> loader_folders;     // of a dynamic linker: those compiled in, in order
  // Of executables and shared objects (hardening/hardening.h); what also needs to know the other
  // files of the image is added later.
  std::string language, libc;  // see HardeningRow
  std::vector<HardeningCheck> hardening;
};

// How a Go program was built.
struct GoFacts {
  bool has_cgo = false;  // runtime/cgo is in it: Go that starts as a C program and can call C
  std::vector<std::string> cgo_packages;  // import paths of packages that call C, sorted
  std::string cgo_enabled;  // the build setting: "0", "1", or empty where it was not recorded
};

// What a class file or a Java archive says of itself.
struct JavaFacts {
  std::string class_name;   // "org/apache/logging/log4j/Logger"; empty: not a class
  std::uint64_t shape = 0;  // analyzer/java_class.h
  // Of an archive with classes or a manifest:
  bool is_archive = false;
  std::string package;  // what the packages of its classes have in common: "org/apache"
  // Attributes of the manifest by which it can be named, as (name, value).
  std::vector<std::pair<std::string, std::string>> manifest;
  std::uint64_t classes = 0;
  // Of a program that native-image compiled and that lists no libraries: hashes of the names of
  // classes in it (XXH3 of the internal form), ascending.
  std::vector<std::uint64_t> named_classes;
};

// A file that a package says it installed.
struct OwnedPath {
  std::string path;         // relative to the root, "usr/bin/app"
  std::string md5;          // hex, or empty
  std::string sha1;         // hex, or empty
  std::string sha256 = {};  // hex, or empty
  auto operator<=>(const OwnedPath&) const = default;
};

// A package that the content of a file claims. Components are made of these in later stages.
struct PackageClaim {
  Component component;           // file, layer and digest empty; evidence with places only
  std::vector<OwnedPath> owned;  // deb, apk, rpm
  bool installed = true;         // false: the database lists it as removed
};

// Bytes of executable sections that an analyzer explains: "the Go linker put them there".
struct Attribution {
  std::string analyzer;
  std::uint64_t bytes = 0;
  // Whose they are, where the analyzer can tell: "Go", "github.com/pkg/errors".
  std::string ecosystem = {}, component = {};
};

// A licence that a text grants or names, as SPDX identifies it, or in the text's own words where
// SPDX has none.
struct LicenseText {
  std::string license;  // "MIT", "GPL-2.0-or-later"
  bool is_spdx = true;
  std::uint64_t line = 0;  // counted from 1
  auto operator<=>(const LicenseText&) const = default;
};

struct FileFacts;

// A file inside this file: a member of an archive, or what a compressed file contains.
struct MemberFacts;

struct FileFacts {
  FileKind kind = FileKind::unknown;
  std::string type;    // for people: "ELF", "gzip-compressed", "PNG image", "UTF-8 text"
  bool inert = false;  // recognised and never mapped as code
  std::uint64_t size = 0;
  std::string md5;   // hex; what dpkg's lists name. Empty for members of archives
  std::string sha1;  // hex; what apk's database names. Likewise
  std::optional<ElfFacts> elf;
  std::optional<GoFacts> go;
  std::optional<JavaFacts> java;
  std::vector<PackageClaim> packages;
  std::vector<Attribution> attributions;
  // dpkg's *.md5sums: a list of files with no package name (that is in the list's own path).
  std::vector<OwnedPath> checksum_list;
  // Of /etc/ld.so.cache, in file order.
  std::vector<LoaderCacheEntry> loader_cache;
  // Of a small text that is nothing but absolute folders (musl's path file), in order.
  std::vector<std::string> folder_list;
  // Texts in programs, scripts and settings that name a shared object, sorted: what may be opened
  // by name.
  std::vector<std::string> named_libraries;
  std::vector<Text> texts;                // by offset
  std::vector<StringHash> strings;        // by (hash, offset)
  std::vector<ConstantReturn> constants;  // by (value, offset)
  std::vector<HandedOut> handed_out;      // by offset
  std::vector<SourceLine> source_lines;   // sorted, each (file, line, by, argument) once
  std::vector<TableWindow> tables;        // by (hash, offset)
  std::vector<HashedFunction> functions;  // by start
  AuditFacts audit;
  std::vector<Revision> revisions;    // of sources, that the file names; evidence with places only
  std::vector<Statement> statements;  // in-toto, that the file holds
  std::vector<LicenseText> licenses;  // in the order of the text, each once
  std::vector<SbomDocument> sboms;    // that the file is, or holds
  std::vector<MemberFacts> members;   // in archive order
  std::vector<Gap> gaps;              // file, digest and layer empty
  std::uint64_t gaps_not_kept = 0;
  // Analyzers that looked at the file, as "name@version", in order.
  std::vector<std::string> analyzed_by;
};

struct MemberFacts {
  std::string path;    // inside the archive
  std::string digest;  // "sha256:…"
  FileFacts facts;
};

// The codec: versioned, little-endian, bounded. decode() accepts only what encode() of the same
// version can have written; everything else is an error, never a crash (it reads what a confined
// child, possibly taken over by its input, has sent).
std::string encode(const FileFacts& facts);
Result<FileFacts> decode_facts(std::string_view bytes);

}  // namespace fathom

// What the code of one program says when somebody asks about functions of it: which functions
// there are, who calls whom, and which of the texts that were asked for each refers to. It costs
// more than all other facts, so it is recovered in a second round, only for files with a finding
// whose functions are known.
//
// Like all facts it knows no library and no vulnerability: a question holds hashes.

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace fathom {

// What something is compared with: a field at an offset of a structure, or a number, in so many
// bytes (code/comparisons.h).
struct Compared {
  bool is_field = false;
  std::int64_t value = 0;
  std::uint8_t width = 0;
  auto operator<=>(const Compared&) const = default;
};

// How often a function compares what: compilers change few of these counts, so that a function is
// known by them where its names and texts are gone.
using CodeShape = std::vector<std::pair<Compared, std::uint32_t>>;

struct CodeQuestion {
  std::vector<std::uint64_t> texts;  // XXH3 of each, sorted
  // Functions with one of these symbols, texts or shapes are asked in detail; sorted.
  std::vector<std::string> symbols;
  std::vector<CodeShape> shapes;
  auto operator<=>(const CodeQuestion&) const = default;
};

enum class CallKind : std::uint8_t { direct, tail, imported, table, variable, argument, cgo };
std::string_view name_of(CallKind kind);

struct CodeCall {
  static constexpr std::uint32_t kOutside = ~std::uint32_t{0};
  std::uint64_t place = 0;
  std::uint32_t callee = kOutside;  // index of CodeFacts::functions
  CallKind kind = CallKind::direct;
  std::uint32_t name = 0;  // of what is imported, index of CodeFacts::names
};

// Through a pointer that may hold any function of CodeFacts::taken that fits.
struct CodePointerCall {
  enum class Through : std::uint8_t { c, go, go_interface, go_value };
  std::uint64_t place = 0;
  std::uint8_t passed = 0;  // argument registers that may hold an argument, a bit each
  Through through = Through::c;
  std::uint8_t slot = kNoSlot;  // go_interface: which of the interface's methods
  static constexpr std::uint8_t kNoSlot = 0xff;
};

struct CodeText {
  std::uint32_t text = 0;  // index of CodeQuestion::texts
  std::uint64_t place = 0;
  std::uint64_t address = 0;  // of the text
};

struct CodeComparison {
  std::uint64_t place = 0;
  Compared what;
};

struct CodeFunction {
  std::uint64_t start = 0, size = 0;
  std::uint32_t name = 0;              // index of CodeFacts::names; 0: none
  std::vector<std::uint32_t> aliases;  // further ones
  bool is_go = false, is_method = false, is_by_distance_alone = false;
  std::uint8_t needs = 0;       // argument registers that are read before they are written
  std::uint64_t slots = 0;      // Go: its places in the tables of interfaces that the linker made
  std::vector<CodeCall> calls;  // by place
  std::vector<CodePointerCall> pointer_calls;  // by place
  std::vector<CodeText> texts;                 // by text, place
  std::vector<std::uint32_t> shapes;           // that it has, indexes of CodeQuestion::shapes
  std::vector<CodeComparison> comparisons;     // by place; of those that are asked in detail
};

struct CodeRoot {
  enum class Why : std::uint8_t { entry, main, initializer, resolver, exported };
  std::uint32_t function = 0;
  Why why = Why::entry;
};
std::string_view name_of(CodeRoot::Why why);

struct CodeInlined {
  std::uint64_t place = 0;
  std::uint32_t function = 0, name = 0;
};

struct CodeFacts {
  std::vector<std::string> names = {""};
  std::vector<CodeFunction> functions;  // by start
  std::vector<std::uint32_t> taken;     // functions whose address is taken
  std::vector<CodeRoot> roots;          // by function, reason
  std::vector<CodeInlined> inlined;     // by function: calls that became the callee's code (Go)
  // How the texts begin that some function refers to: (index of CodeQuestion::texts, text), sorted.
  std::vector<std::pair<std::uint32_t, std::string>> shown;
  // Texts that stand anywhere in the file, referred to or not: indexes of CodeQuestion::texts,
  // sorted. Linkers store a text that ends another one inside of it; that is not seen.
  std::vector<std::uint32_t> texts_in_file;
  std::vector<std::uint32_t> imports;    // of functions and data from other files, by name
  bool has_go_table = false;             // every Go function and inlined call of the file is above
  bool is_executable = false;            // a program, not a shared object
  bool is_position_independent = false;  // so that relocations name every address that is stored
  bool is_dynamic = false;               // a dynamic linker loads it
  // It may run code that is not in the file: memory that is writable and executable, or a call that
  // may make some.
  bool may_make_code = false;
  std::uint64_t code_bytes = 0, covered_bytes = 0;
  std::vector<std::string> problems;

  const std::string& name_of(const CodeFunction& function) const { return names[function.name]; }
};

// As facts.h says of its codec: decode_code_facts() accepts nothing whose indexes point nowhere.
std::string encode(const CodeFacts& facts);
Result<CodeFacts> decode_code_facts(std::string_view bytes, const CodeQuestion& question);

// Functions that a call through a pointer may reach, as far as the convention tells.
bool may_call(const CodePointerCall& call, const CodeFunction& callee);

// Go: the call is of a method of an interface, and a type that the program itself puts into an
// interface has this function in that place.
bool fills_slot(const CodePointerCall& call, const CodeFunction& callee);

// "inflate.part.0" → "inflate": compilers name parts and clones of functions so.
std::string_view without_clone_suffix(std::string_view symbol);

// Whether nearly all counts, so many per cent, are as the shape has them; one with few counts is
// nobody's.
bool has_shape(const std::vector<CodeComparison>& comparisons, const CodeShape& shape,
               std::size_t percent = 80);

template <class Codec>
void describe(Codec& codec, Compared& c) {
  codec(c.is_field, c.value, c.width);
}
template <class Codec>
void describe(Codec& codec, CodeQuestion& question) {
  codec(question.texts, question.symbols, question.shapes);
}

}  // namespace fathom

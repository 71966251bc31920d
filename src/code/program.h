// A program as its code sees it: what lies at which address, which words the dynamic linker fills
// in, and the names that it, and the linker before it, knew. x86_64 and AArch64, little-endian.
//
// Everything is found through segments and the dynamic segment, so that it is there without section
// headers; sections add the symbol table and a finer idea of what is code. Relocatable objects have
// sections only: code/object_layout.h says where they lie.
// Sources: System V ABI, generic part, chapters 4 and 5, and its processor supplements.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "code/decoder.h"
#include "elf/constants.h"
#include "elf/elf_file.h"

namespace fathom::code {

// Executable bytes at their address.
struct CodeRange {
  std::uint64_t address = 0;
  std::span<const std::uint8_t> bytes;

  std::uint64_t end() const { return address + bytes.size(); }
  bool contains(std::uint64_t at) const { return at >= address && at - address < bytes.size(); }
};

struct Symbol {
  std::string_view name;
  std::uint64_t address = 0, size = 0;
  bool is_function = false;  // STT_FUNC, STT_GNU_IFUNC
  bool is_defined = false;
  bool is_dynamic = false;  // from the dynamic symbol table
};

// A word that the dynamic linker fills in.
struct Fixup {
  enum class Kind : std::uint8_t {
    relative,   // target, moved with the program
    symbol,     // the address of a symbol, into a table or a pointer
    jump_slot,  // … of a function, for a call through the procedure linkage table
    indirect,   // what the resolver at `target` returns
    other,
  };
  std::uint64_t place = 0;
  Kind kind = Kind::other;
  std::uint64_t target = 0;  // relative, indirect; symbol: the symbol's address when it is defined
  std::string_view name;     // symbol, jump_slot
};

// A piece of memory as it is when the program is loaded.
struct Mapping {
  std::uint64_t address = 0, size = 0;
  ByteView contents;  // what the file has of it; an object's, before its fields are filled in
  bool is_writable = false, is_executable = false;
};

// A field of an object that the linker fills in.
struct LinkerField {
  std::uint64_t place = 0;
  std::uint32_t type = 0;  // R_X86_64_*, R_AARCH64_*
  std::string_view name;   // of the symbol; empty for sections
};

// Views the ElfFile's bytes; neither may be moved or outlived.
class Program {
 public:
  // `unsupported` for other machines and 32 bits.
  static Result<Program> open(const elf::ElfFile& elf, const Limits& limits = {});

  const elf::ElfFile& elf() const { return *elf_; }
  Machine machine() const { return machine_; }
  // By address, disjoint.
  const std::vector<CodeRange>& code() const { return code_; }
  const CodeRange* code_at(std::uint64_t address) const;

  // The bytes of the file from `address` on, at most `size`; fewer when it has no more there.
  ByteView bytes_at(std::uint64_t address, std::uint64_t size) const;
  template <class T>
  std::optional<T> read_at(std::uint64_t address) const {
    Result<T> value = bytes_at(address, sizeof(T)).template read<T>(0);
    return value ? std::optional<T>(*value) : std::nullopt;
  }
  // The instruction at `address`, in one range of code.
  Instruction instruction_at(std::uint64_t address) const;

  // By place, at most one per place.
  const std::vector<Fixup>& fixups() const { return fixups_; }
  const Fixup* fixup_at(std::uint64_t place) const;
  // The pointer stored at `place`: what the dynamic linker will put there, else the file's word.
  std::optional<std::uint64_t> pointer_at(std::uint64_t place) const;

  // By address. Of linked files the loaded segments as they stand, which may overlap.
  const std::vector<Mapping>& mappings() const { return mappings_; }
  bool is_object() const { return elf_->type() == elf::ET_REL; }
  // Of an object, by place.
  const std::vector<LinkerField>& linker_fields() const { return linker_fields_; }

  // Of an object as they stand, the null symbol included.
  const std::vector<Symbol>& symbols() const { return symbols_; }
  // Functions that the loader calls by itself: DT_INIT, DT_FINI and the arrays.
  const std::vector<std::uint64_t>& initializers() const { return initializers_; }
  bool is_position_independent() const;

  const std::vector<Error>& problems() const { return problems_; }

 private:
  friend class ProgramReader;
  const elf::ElfFile* elf_ = nullptr;
  Machine machine_ = Machine::x86_64;
  Bytes image_;  // of an object: the file with its fields filled in
  std::vector<CodeRange> code_;
  std::vector<Mapping> mappings_;
  std::vector<LinkerField> linker_fields_;
  std::vector<Fixup> fixups_;
  // For each page from the first fixup's on, how many fixups lie before it; empty when they are
  // spread too thin for that.
  std::vector<std::uint32_t> fixups_before_page_;
  std::vector<Symbol> symbols_;
  std::vector<std::uint64_t> initializers_;
  std::vector<Error> problems_;
};

}  // namespace fathom::code

// What each function refers to: texts, numbers, data, functions, and the constants that it passes
// to each call. One pass over the instructions with the constants that registers hold; what several
// paths disagree on is not known.
//
// A text is at the *referenced address*, which may lie inside another text, since linkers merge
// texts that end alike. Its length is up to its NUL, or, where the code passes or stores a constant
// length beside the address (Go, Rust, C++ views), that length.
//
// Cost: about that of decoding, some 16 bytes for each distinct reference and 24 for each call;
// work and memory are in proportion to the code. Nothing is refused: bytes that are no instruction
// are passed over.
//
// Not followed: memory (but words that are constant once the program is loaded), and callees. In a
// function with a jump table a register may be believed to hold what the code before a case put
// there; analyses that must be right whatever the path use code/paths.h.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "code/functions.h"

namespace fathom::code {

enum class Referred : std::uint8_t {
  text,      // value: where it starts; size: its bytes
  number,    // value: of 32 or 64 bits, sign-extended; |value| >= kSmallestNumber
  compared,  // a number that something is compared with or tested against, any size
  data,      // value: an address that is no text and no code; size: of the access, 0 when none
  record,    // value: of a SourceRecord in relocated data
  function,  // value: start of a function whose address is computed
};
inline constexpr std::size_t kReferred = 6;
inline constexpr std::int64_t kSmallestNumber = 16;

struct Reference {
  std::uint64_t value = 0;
  std::uint32_t place = 0;  // of the first instruction, from the start of the function's code
  std::uint16_t size = 0;
  Referred kind = Referred::number;
  bool is_sized = false;    // text: the length was given, it need not end with NUL
  bool is_written = false;  // data
};

// A call, or a jump to another function.
struct CallSite {
  std::uint64_t place = 0;
  // The function, its stub in the linkage table, or the linkage word; 0 when it is not known.
  std::uint64_t target = 0;
  std::uint32_t known = 0;           // registers with a constant that are arguments, a bit each
  std::uint32_t first_argument = 0;  // References::arguments: the constants, by register
};

struct FunctionReferences {
  std::uint32_t first = 0, count = 0;       // References::items, by kind, value, size
  std::uint32_t first_call = 0, calls = 0;  // References::sites, by place
  std::uint32_t frame_bytes = 0;            // of the stack, as its first block takes them
  std::uint32_t system_calls = 0;           // instructions
  bool has_stack_protector = false;         // reads the guard; by name on AArch64
  bool has_unresolved_calls = false;
};

// {pointer to text, number, number} as compilers emit them for places in sources: Rust's
// panic::Location, C++'s source_location, the sanitizers' SourceLocation.
struct SourceRecord {
  std::uint64_t address = 0, text = 0;
  std::uint64_t text_size = 0;
  std::uint64_t function_text = 0;  // 0: none
  std::uint32_t line = 0, column = 0;
};

struct References {
  std::vector<FunctionReferences> functions;  // by index of Functions::list
  std::vector<Reference> items;
  std::vector<CallSite> sites;
  std::vector<std::uint64_t> arguments;
  std::vector<SourceRecord> records;  // all of the file, by address

  std::span<const Reference> of(std::size_t function) const {
    return std::span(items).subspan(functions[function].first, functions[function].count);
  }
  std::span<const CallSite> calls_of(std::size_t function) const {
    return std::span(sites).subspan(functions[function].first_call, functions[function].calls);
  }
  // The constant that a register holds at the call.
  std::optional<std::uint64_t> in_register(const CallSite& site, Register reg) const;
  // … the argument at a position (0 for the first) by the C convention; by Go's.
  std::optional<std::uint64_t> argument(Machine machine, const CallSite& site,
                                        std::size_t position) const;
  std::optional<std::uint64_t> go_argument(Machine machine, const CallSite& site,
                                           std::size_t position) const;
  const SourceRecord* record_at(std::uint64_t address) const;
};

References find_references(const Program& program, const Functions& functions,
                           const Limits& limits = {});

// The printable text (ASCII or UTF-8) at an address up to its NUL; empty when there is none, or
// when it is longer than limits.text_bytes.
std::string_view text_at(const Program& program, std::uint64_t address, const Limits& limits = {});
// The text of a reference of kind `text`.
std::string_view text_of(const Program& program, const Reference& reference);

// Registers of arguments in order: C's convention (System V; AAPCS64), Go's since 1.17.
std::span<const Register> c_arguments(Machine machine);
std::span<const Register> go_arguments(Machine machine);

}  // namespace fathom::code

// Programs of a few bytes, for tests: code at kText, data at kData, unwind tables at 0x403000.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "code/functions.h"
#include "elf/testing.h"

namespace fathom::code::testing {

inline constexpr std::uint64_t kText = 0x401000, kData = 0x402000;
inline constexpr std::size_t kTextBytes = 0x800;

inline std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (int value : values) out += static_cast<char>(value);
  return out;
}

// Pads with one-byte no-operations up to `offset`.
inline std::string& pad(std::string& code, std::size_t offset) {
  code.resize(offset, '\x90');
  return code;
}

// The low `size` bytes of a number, zeros behind its eight.
inline std::string number(std::uint64_t value, std::size_t size) {
  std::string out;
  for (; size > 0; --size, value >>= 8) out += static_cast<char>(value);
  return out;
}

// Keeps everything that views something else.
struct Loaded {
  std::string file;
  Result<elf::ElfFile> elf;
  Result<Program> program;

  Loaded(std::string text, std::string data = {}, std::string frames = {}, bool sections = true,
         bool writable = true)
      : file(build(std::move(text), std::move(data), std::move(frames), sections, writable)),
        elf(elf::ElfFile::parse(ByteView::of(file))),
        program(Program::open(*elf)) {}
  Loaded(const Loaded&) = delete;

  static std::string build(std::string text, std::string data, std::string frames, bool sections,
                           bool writable = true) {
    elf::testing::TestElf file;
    file.entry = kText;
    file.with_section_headers = sections;
    text.resize(kTextBytes, '\0');
    file.sections = {{".text", 1, 6, kText, text},
                     {".data", 1, 3, kData, data},
                     {".eh_frame", 1, 2, 0x403000, frames}};
    file.segments = {
        {1, 5, kText, 0, 0}, {1, writable ? 6u : 4u, kData, 1, 1}, {1, 4, 0x403000, 2, 2}};
    return file.build();
  }
  Functions functions() { return find_functions(*program); }
};

}  // namespace fathom::code::testing

// Builds ELF files byte by byte, for tests: right by default, wrong where the test says so.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace fathom::elf::testing {

struct TestSection {
  std::string name = {};
  std::uint32_t type = 1;  // SHT_PROGBITS
  std::uint64_t flags = 0, address = 0;
  std::string contents = {};
  std::uint32_t link = 0, info = 0;
  // What the header says instead of the truth, when not ~0.
  std::uint64_t offset = ~std::uint64_t{0}, size = ~std::uint64_t{0};
};

struct TestSegment {
  std::uint32_t type = 1, flags = 4;  // PT_LOAD, PF_R
  std::uint64_t address = 0;
  // Covers the sections [first, last] of TestElf::sections, or says what offset and size say.
  int first = -1, last = -1;
  std::uint64_t offset = 0, size = 0, align = 1;
};

struct TestElf {
  int bits = 64;
  bool big_endian = false;
  std::uint16_t type = 2, machine = 62;  // ET_EXEC, EM_X86_64
  std::uint64_t entry = 0;
  bool with_section_headers = true;
  std::vector<TestSection> sections = {};  // the null section and .shstrtab come by themselves
  std::vector<TestSegment> segments = {};
  std::string overlay = {};  // behind everything

  // Where build() puts things.
  std::uint64_t header_size() const { return bits == 64 ? 64 : 52; }
  std::uint64_t segment_size() const { return bits == 64 ? 56 : 32; }
  std::uint64_t section_size() const { return bits == 64 ? 64 : 40; }
  std::uint64_t offset_of(std::size_t section) const {
    std::uint64_t at = header_size() + segments.size() * segment_size();
    for (std::size_t i = 0; i < section; ++i) at += sections[i].contents.size();
    return at;
  }
  std::uint64_t section_table() const {
    std::uint64_t names = 1 + std::string_view(".shstrtab").size() + 1;
    for (const TestSection& s : sections) names += s.name.size() + 1;
    return offset_of(sections.size()) + names;
  }

  // Numbers in the file's byte order and width.
  std::string number(std::uint64_t value, int bytes) const {
    std::string out;
    for (int i = 0; i < bytes; ++i)
      out += static_cast<char>(value >> 8 * (big_endian ? bytes - 1 - i : i));
    return out;
  }
  std::string half(std::uint64_t v) const { return number(v, 2); }
  std::string word(std::uint64_t v) const { return number(v, 4); }
  std::string wide(std::uint64_t v) const { return number(v, bits / 8); }
  std::string dynamic(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& entries) const {
    std::string out;
    for (auto [tag, value] : entries) out += wide(tag) + wide(value);
    return out;
  }
  std::string note(std::string_view owner, std::uint32_t note_type, std::string_view text) const {
    std::string out = word(owner.size() + 1) + word(text.size()) + word(note_type);
    out += std::string(owner) + '\0';
    out.resize((out.size() + 3) / 4 * 4);
    out += text;
    out.resize((out.size() + 3) / 4 * 4);
    return out;
  }

  std::string build() const {
    std::string out = std::string("\x7f") + "ELF" + (bits == 64 ? '\2' : '\1') +
                      (big_endian ? '\2' : '\1') + '\1';
    out.resize(16);
    out += half(type) + half(machine) + word(1) + wide(entry);
    out += wide(segments.empty() ? 0 : header_size());
    out += wide(with_section_headers ? section_table() : 0);
    out += word(0) + half(header_size()) + half(segment_size()) + half(segments.size());
    out += half(section_size()) + half(with_section_headers ? sections.size() + 2 : 0) +
           half(with_section_headers ? sections.size() + 1 : 0);
    for (const TestSegment& s : segments) out += segment_header(s);
    for (const TestSection& s : sections) out += s.contents;
    if (with_section_headers) out += section_headers();
    return out + overlay;
  }

 private:
  std::string segment_header(const TestSegment& s) const {
    std::uint64_t offset = s.first < 0 ? s.offset : offset_of(static_cast<std::size_t>(s.first));
    std::uint64_t size =
        s.first < 0 ? s.size : offset_of(static_cast<std::size_t>(s.last) + 1) - offset;
    std::string out = word(s.type);
    if (bits == 64) out += word(s.flags);
    out += wide(offset) + wide(s.address) + wide(s.address) + wide(size) + wide(size);
    if (bits == 32) out += word(s.flags);
    return out + wide(s.align);
  }
  std::string section_headers() const {
    std::string names(1, '\0'), headers(section_size(), '\0');
    for (std::size_t i = 0; i < sections.size(); ++i) {
      const TestSection& s = sections[i];
      std::uint64_t offset = s.offset != ~std::uint64_t{0} ? s.offset : offset_of(i);
      std::uint64_t size = s.size != ~std::uint64_t{0} ? s.size : s.contents.size();
      headers += word(names.size()) + word(s.type) + wide(s.flags) + wide(s.address) +
                 wide(offset) + wide(size) + word(s.link) + word(s.info) + wide(1) + wide(0);
      names += s.name + '\0';
    }
    std::uint64_t own_name = names.size();
    names += std::string(".shstrtab") + '\0';
    headers += word(own_name) + word(3) + wide(0) + wide(0) + wide(offset_of(sections.size())) +
               wide(names.size()) + word(0) + word(0) + wide(1) + wide(0);
    return names + headers;
  }
};

// The low `bytes` bytes of a number, the lowest first.
inline std::string little(std::uint64_t value, int bytes = 4) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> 8 * i);
  return out;
}

// Overwrites bytes of a built file.
inline void poke(std::string& file, std::uint64_t offset, std::string_view bytes) {
  file.replace(offset, bytes.size(), bytes);
}

}  // namespace fathom::elf::testing

// What the dynamic linker reads. It looks at addresses, never at sections, and so do we: a file
// whose section headers lie, or are gone, still tells what it needs.

#include <algorithm>

#include "base/text.h"
#include "elf/constants.h"
#include "elf/parser.h"

namespace fathom::elf {

struct Parser::Dynamic {
  std::vector<std::uint64_t> needed, rpath, runpath;  // offsets into the string table
  std::optional<std::uint64_t> soname, strings_address, strings_size, version_address;
  std::uint64_t version_count = 0;
};

void Parser::read_interpreter() {
  for (const Segment& segment : file_.segments_) {
    if (segment.type != PT_INTERP || segment.contents.empty()) continue;
    ByteView text = segment.contents.clamped(0, limits_.path_bytes);
    file_.interpreter_ = text_at(text, 0, "PT_INTERP");
    return;
  }
}

void Parser::read_dynamic() {
  ByteView table = dynamic_bytes();
  if (!file_.has_dynamic_ || table.empty()) return;
  Dynamic dynamic = collect_dynamic(table);
  bool wants_strings = dynamic.soname || dynamic.version_address || !dynamic.needed.empty() ||
                       !dynamic.rpath.empty() || !dynamic.runpath.empty();
  if (!wants_strings) {  // static-pie: nobody misses the table when it is not there
    std::optional<std::uint64_t> at;
    if (dynamic.strings_address) at = file_.offset_of_address(*dynamic.strings_address);
    if (at) file_.dynamic_strings_ = bytes_.clamped(*at, dynamic.strings_size.value_or(0));
    return;
  }
  ByteView strings = dynamic_strings(dynamic);
  file_.dynamic_strings_ = strings;
  if (strings.empty()) {
    problem(ErrorCode::malformed, "dynamic section: no string table");
    return;
  }
  if (dynamic.soname) file_.soname_ = text_at(strings, *dynamic.soname, "DT_SONAME");
  auto read_all = [&](const std::vector<std::uint64_t>& from, std::vector<std::string_view>& to,
                      std::string_view what) {
    for (std::uint64_t offset : from) {
      std::string_view text = text_at(strings, offset, what);
      if (!text.empty()) to.push_back(text);
    }
  };
  read_all(dynamic.needed, file_.needed_, "DT_NEEDED");
  read_all(dynamic.rpath, file_.rpath_, "DT_RPATH");
  read_all(dynamic.runpath, file_.runpath_, "DT_RUNPATH");
  read_version_definitions(dynamic, strings);
}

// The loader goes by p_vaddr; p_offset only counts for files that are not mapped.
// Sets dynamic_offset_, too.
ByteView Parser::dynamic_bytes() {
  for (const Segment& segment : file_.segments_) {
    if (segment.type != PT_DYNAMIC) continue;
    file_.has_dynamic_ = true;
    std::optional<std::uint64_t> offset = file_.offset_of_address(segment.address);
    if (offset && *offset != segment.offset)
      problem(ErrorCode::malformed, "PT_DYNAMIC: address " + hex_number(segment.address) +
                                        " is at offset " + hex_number(*offset) + ", not at " +
                                        hex_number(segment.offset));
    dynamic_offset_ = offset.value_or(segment.offset);
    return offset ? bytes_.clamped(*offset, segment.file_size) : segment.contents;
  }
  const Section* section = section_of_type(SHT_DYNAMIC);
  if (section == nullptr) return {};
  file_.has_dynamic_ = true;
  dynamic_offset_ = section->offset;
  return section->contents;
}

Parser::Dynamic Parser::collect_dynamic(ByteView table) {
  Dynamic dynamic;
  const std::uint64_t width = file_.bits_ / 8;
  std::uint64_t count = std::min(table.size() / (2 * width), limits_.dynamic_entries);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint64_t tag = word(table, 2 * i * width).value_or(DT_NULL);
    std::uint64_t value = word(table, (2 * i + 1) * width).value_or(0);
    if (tag == DT_NULL) return dynamic;
    file_.dynamic_entries_.push_back({tag, value, dynamic_offset_ + 2 * i * width});
    if (tag == DT_NEEDED) dynamic.needed.push_back(value);
    if (tag == DT_RPATH) dynamic.rpath.push_back(value);
    if (tag == DT_RUNPATH) dynamic.runpath.push_back(value);
    if (tag == DT_SONAME) dynamic.soname = value;
    if (tag == DT_STRTAB) dynamic.strings_address = value;
    if (tag == DT_STRSZ) dynamic.strings_size = value;
    if (tag == DT_VERDEF) dynamic.version_address = value;
    if (tag == DT_VERDEFNUM) dynamic.version_count = value;
    if (tag == DT_FLAGS_1) file_.dynamic_flags_1_ = value;
  }
  if (count == limits_.dynamic_entries)
    problem(ErrorCode::limit_exceeded,
            "dynamic section: more than " + std::to_string(count) + " entries");
  else
    problem(ErrorCode::malformed, "dynamic section: no DT_NULL at its end");
  return dynamic;
}

ByteView Parser::dynamic_strings(const Dynamic& dynamic) {
  if (dynamic.strings_address) {
    std::optional<std::uint64_t> offset = file_.offset_of_address(*dynamic.strings_address);
    if (offset) {
      std::uint64_t size = dynamic.strings_size.value_or(bytes_.size());
      ByteView strings = bytes_.clamped(*offset, size);
      if (dynamic.strings_size && strings.size() < size)
        problem(ErrorCode::truncated, "DT_STRTAB: " + hex_number(size) + " bytes at offset " +
                                          hex_number(*offset) + " are not all in the file");
      return strings;
    }
    problem(ErrorCode::malformed,
            "DT_STRTAB: address " + hex_number(*dynamic.strings_address) + " is not in the file");
  }
  const Section* section = section_of_type(SHT_DYNAMIC);
  if (section == nullptr || section->link >= file_.sections_.size()) return {};
  return file_.sections_[section->link].contents;
}

// LSB Core, "Symbol Versioning": a chain of definitions, each with a chain of names of which the
// first is its own. Both chains only lead forward, so they end.
void Parser::read_version_definitions(const Dynamic& dynamic, ByteView strings) {
  if (!dynamic.version_address) return;
  std::optional<std::uint64_t> at = file_.offset_of_address(*dynamic.version_address);
  if (!at) {
    problem(ErrorCode::malformed,
            "DT_VERDEF: address " + hex_number(*dynamic.version_address) + " is not in the file");
    return;
  }
  std::uint64_t count = std::min(dynamic.version_count, limits_.dynamic_entries);
  for (std::uint64_t i = 0; i < count; ++i) {
    Result<ByteView> entry = bytes_.slice(*at, 20);
    if (!entry) {
      problem(ErrorCode::truncated,
              "DT_VERDEF: definition " + std::to_string(i) + ": " + entry.error().message);
      return;
    }
    std::uint16_t flags = number<std::uint16_t>(*entry, 2).value_or(0);
    std::uint32_t names = number<std::uint32_t>(*entry, 12).value_or(0);
    std::uint32_t next = number<std::uint32_t>(*entry, 16).value_or(0);
    Result<std::uint32_t> name = number<std::uint32_t>(bytes_, *at + names);
    if ((flags & VER_FLG_BASE) == 0 && name) {
      std::string_view text = text_at(strings, *name, "DT_VERDEF");
      if (!text.empty()) file_.version_definitions_.push_back(text);
    }
    if (next == 0) return;
    *at += next;
  }
}

const Section* Parser::section_of_type(std::uint32_t type) const {
  for (const Section& section : file_.sections_)
    if (section.type == type) return &section;
  return nullptr;
}

}  // namespace fathom::elf

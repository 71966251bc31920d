// A chain of records, each with its length: CIEs with what their FDEs share, and FDEs with the
// range of a function. The chain ends with a zero length or where its segment does; a record that
// makes no sense costs itself alone, since its length leads to the next. Every record is read once,
// and a CIE is looked up by offset, so hostile chains cost no more than their bytes.

#include "code/eh_frame.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/text.h"
#include "elf/constants.h"

namespace fathom::code {

namespace {

constexpr std::uint32_t kEhFrameHeader = 0x6474e550;  // PT_GNU_EH_FRAME

enum : std::uint8_t {
  kAbsolutePointer = 0x00,
  kUleb = 0x01,
  kTwo = 0x02,
  kFour = 0x03,
  kEight = 0x04,
  kSleb = 0x09,
  kSignedTwo = 0x0a,
  kSignedFour = 0x0b,
  kSignedEight = 0x0c,
  kRelativeToPlace = 0x10,
  kRelativeToHeader = 0x30,
  kIndirect = 0x80,
  kOmitted = 0xff,
};

// Bytes at an address, read one field after the other.
class Cursor {
 public:
  Cursor(ByteView bytes, std::uint64_t address) : bytes_(bytes), address_(address) {}

  std::uint64_t offset() const { return at_; }
  std::uint64_t address() const { return address_ + at_; }
  bool failed() const { return failed_; }
  void skip(std::uint64_t count) {
    if (count > bytes_.size() - at_) return fail();
    at_ += count;
  }
  template <class T>
  T take() {
    Result<T> value = bytes_.read<T>(at_);
    if (!value) {
      fail();
      return {};
    }
    at_ += sizeof(T);
    return *value;
  }
  std::uint64_t take_uleb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      auto byte = take<std::uint8_t>();
      if (shift < 64) value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    fail();
    return 0;
  }
  std::string_view take_text() {
    Result<std::string_view> text = bytes_.clamped(0, at_ + kLongestText).read_cstring(at_);
    if (!text) {
      fail();
      return {};
    }
    at_ += text->size() + 1;
    return *text;
  }
  // A pointer in one of the encodings of the LSB; `header` is what kRelativeToHeader refers to.
  std::uint64_t take_pointer(std::uint8_t encoding, std::uint64_t header = 0) {
    std::uint64_t place = address();
    std::uint64_t value = take_plain(encoding & 0x0f);
    if (value == 0 || failed_) return 0;
    switch (encoding & 0x70) {
      case 0:
        return value;
      case kRelativeToPlace:
        return place + value;
      case kRelativeToHeader:
        return header + value;
      default:  // relative to text, data or the function: nobody writes them
        fail();
        return 0;
    }
  }

 private:
  static constexpr std::uint64_t kLongestText = 64;

  std::uint64_t take_plain(std::uint8_t format) {
    switch (format) {
      case kAbsolutePointer:
      case kEight:
      case kSignedEight:
        return take<std::uint64_t>();
      case kUleb:
        return take_uleb();
      case kTwo:
        return take<std::uint16_t>();
      case kSignedTwo:
        return static_cast<std::uint64_t>(std::int64_t{take<std::int16_t>()});
      case kFour:
        return take<std::uint32_t>();
      case kSignedFour:
        return static_cast<std::uint64_t>(std::int64_t{take<std::int32_t>()});
      default:
        fail();
        return 0;
    }
  }
  void fail() {
    failed_ = true;
    at_ = bytes_.size();
  }

  ByteView bytes_;
  std::uint64_t address_, at_ = 0;
  bool failed_ = false;
};

class Reader {
 public:
  Reader(const Program& program, const Limits& limits) : program_(program), limits_(limits) {}

  UnwindTable run() {
    std::uint64_t address = 0;
    ByteView frames = find_frames(address);
    if (!frames.empty()) read_chain(frames, address);
    auto& entries = table_.entries;
    std::sort(entries.begin(), entries.end(), [](const UnwindEntry& a, const UnwindEntry& b) {
      return a.start != b.start ? a.start < b.start : a.end < b.end;
    });
    auto last =
        std::unique(entries.begin(), entries.end(),
                    [](const UnwindEntry& a, const UnwindEntry& b) { return a.start == b.start; });
    entries.erase(last, entries.end());
    return std::move(table_);
  }

 private:
  struct Common {
    std::uint8_t pointer_encoding = kAbsolutePointer, landing_encoding = kOmitted;
    bool has_length = false, is_signal_frame = false, is_readable = false;
  };

  // The kernel and the unwinder go by the segment; the section is for programs without it.
  ByteView find_frames(std::uint64_t& address) {
    for (const elf::Segment& segment : program_.elf().segments()) {
      if (segment.type != kEhFrameHeader) continue;
      Cursor header(program_.bytes_at(segment.address, 64), segment.address);
      auto version = header.take<std::uint8_t>();
      auto encoding = header.take<std::uint8_t>();
      header.skip(2);
      address = header.take_pointer(encoding, segment.address);
      if (version == 1 && !header.failed() && address != 0)
        if (ByteView found = to_end_of_segment(address); !found.empty()) return found;
      problem("PT_GNU_EH_FRAME: unreadable");
    }
    const elf::Section* section = program_.elf().find_section(".eh_frame");
    if (section == nullptr) return {};
    address = program_.is_object() ? section->offset : section->address;
    if (program_.is_object()) return program_.bytes_at(address, section->contents.size());
    return section->contents;
  }

  ByteView to_end_of_segment(std::uint64_t address) const {
    for (const elf::Segment& s : program_.elf().segments())
      if (s.type == elf::PT_LOAD && address >= s.address && address - s.address < s.contents.size())
        return s.contents.clamped(address - s.address, s.contents.size());
    return {};
  }

  void read_chain(ByteView frames, std::uint64_t address) {
    for (std::uint64_t at = 0; at + 4 <= frames.size();) {
      std::uint64_t length = frames.read<std::uint32_t>(at).value_or(0), head = 4;
      if (length == 0) return;  // crtend's terminator
      if (length == 0xffffffff) {
        length = frames.read<std::uint64_t>(at + 4).value_or(0);
        head = 12;
      }
      if (length < 4 || length > frames.size() - at - std::min(head, frames.size() - at))
        return problem("a record at " + hex_number(address + at) + " of " + hex_number(length) +
                       " bytes leaves the table");
      std::uint64_t body = at + head;
      std::uint32_t id = frames.read<std::uint32_t>(body).value_or(0);
      if (id != 0 && !read_function(frames, address, body, length, id))
        problem("the record at " + hex_number(address + at) + " is unreadable");
      if (table_.entries.size() >= limits_.elf_symbols) return problem("too many records");
      at = body + length;
    }
  }

  // `id` is the distance back to the CIE.
  bool read_function(ByteView frames, std::uint64_t address, std::uint64_t body,
                     std::uint64_t length, std::uint32_t id) {
    if (id > body) return false;
    const Common& common = common_at(frames, body - id);
    if (!common.is_readable) return false;
    Cursor fde(frames.clamped(body + 4, length - 4), address + body + 4);
    UnwindEntry entry;
    entry.start = fde.take_pointer(common.pointer_encoding & 0x7f);
    std::uint64_t size = fde.take_pointer(common.pointer_encoding & 0x0f);
    if (fde.failed()) return false;
    if (common.has_length) {
      std::uint64_t extra = fde.take_uleb(), from = fde.offset();
      if (common.landing_encoding != kOmitted && extra != 0)
        entry.landing_table = fde.take_pointer(common.landing_encoding & 0x7f);
      std::uint64_t used = fde.offset() - from;
      if (used > extra) return false;
      fde.skip(extra - used);
    }
    entry.is_fragment = starts_with_frame(fde);
    entry.is_signal_frame = common.is_signal_frame;
    // Discarded functions keep a record with a start of 0 or of nothing.
    const CodeRange* range = program_.code_at(entry.start);
    if (range == nullptr || size == 0) return true;
    if (size > range->end() - entry.start) {
      problem("a function at " + hex_number(entry.start) + " leaves its section");
      size = range->end() - entry.start;
    }
    entry.end = entry.start + size;
    table_.entries.push_back(entry);
    return true;
  }

  // Whether the frame is described before the first instruction has run.
  static bool starts_with_frame(Cursor fde) {
    constexpr std::uint8_t kDefineCfa = 0x0c, kDefineRegister = 0x0d, kDefineOffset = 0x0e;
    constexpr std::uint8_t kOffsetOfRegister = 0x80;
    auto first = fde.take<std::uint8_t>();
    if (fde.failed()) return false;
    return first == kDefineCfa || first == kDefineRegister || first == kDefineOffset ||
           (first & 0xc0) == kOffsetOfRegister;
  }

  const Common& common_at(ByteView frames, std::uint64_t at) {
    auto [found, is_new] = commons_.try_emplace(at);
    if (is_new) found->second = read_common(frames, at);
    return found->second;
  }

  Common read_common(ByteView frames, std::uint64_t at) const {
    Common common;
    std::uint64_t length = frames.read<std::uint32_t>(at).value_or(0), head = 4;
    if (length == 0xffffffff) {
      length = frames.read<std::uint64_t>(at + 4).value_or(0);
      head = 12;
    }
    Cursor cie(frames.clamped(at + head, length), 0);
    if (cie.take<std::uint32_t>() != 0) return common;
    auto version = cie.take<std::uint8_t>();
    std::string_view augmentation = cie.take_text();
    if (version != 1 && version != 3) return common;
    cie.take_uleb();  // code alignment
    cie.take_uleb();  // data alignment; signed, of the same length
    version == 1 ? void(cie.take<std::uint8_t>()) : void(cie.take_uleb());
    common.is_readable = read_augmentation(cie, augmentation, common) && !cie.failed();
    return common;
  }

  // Letters behind 'z' have their data in order; with an unknown one the rest is not known.
  static bool read_augmentation(Cursor& cie, std::string_view letters, Common& common) {
    if (letters.empty()) return true;
    if (letters[0] != 'z') return false;
    common.has_length = true;
    cie.take_uleb();
    for (char letter : letters.substr(1)) {
      if (letter == 'R') common.pointer_encoding = cie.take<std::uint8_t>();
      if (letter == 'L') common.landing_encoding = cie.take<std::uint8_t>();
      if (letter == 'P') cie.take_pointer(cie.take<std::uint8_t>() & 0x7f);
      if (letter == 'S') common.is_signal_frame = true;
      if (std::string_view("RLPSB").find(letter) == std::string_view::npos) return true;
    }
    return true;
  }

  void problem(std::string message) {
    if (table_.problems.size() < limits_.problems)
      table_.problems.push_back(Error{ErrorCode::malformed, std::move(message)}.in("unwind table"));
  }

  const Program& program_;
  const Limits& limits_;
  UnwindTable table_;
  std::unordered_map<std::uint64_t, Common> commons_;
};

}  // namespace

UnwindTable read_unwind_table(const Program& program, const Limits& limits) {
  return Reader(program, limits).run();
}

}  // namespace fathom::code

// Windows of 32 bytes of data that the table filter knows: constant tables (Huffman codes, curves,
// dictionaries) are compiled as they stand in the source, whatever the compiler and its options,
// and libraries without texts of their own have nothing better to be known by.
//
// Every position at a multiple of four bytes is hashed, since tables are aligned to that or more.
// All-equal windows are in no filter and are not hashed; of the others nearly all end at one bit.

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "analyzer/analyzer.h"
#include "analyzer/pieces.h"
#include "base/digest.h"
#include "base/text.h"

namespace fathom {

namespace {

constexpr std::uint64_t kSmallCount = 4096;
constexpr std::size_t kMostPlaces = 16;          // of one window
constexpr std::uint64_t kBytesPerWindow = 1024;  // of the file, for each window kept

class Collector {
 public:
  Collector(const TableFilter& filter, std::uint64_t most) : filter_(filter), most_(most) {}

  void scan(ByteView bytes, std::uint64_t offset) {
    constexpr std::size_t kWindow = TableFilter::kWindow;
    const std::span<const std::uint8_t> data = bytes.span();
    for (std::size_t at = (4 - offset % 4) % 4; at + kWindow <= data.size(); at += 4) {
      std::uint64_t words[4];
      std::memcpy(words, data.data() + at, kWindow);
      if (words[0] == words[1] && words[1] == words[2] && words[2] == words[3]) continue;
      const std::uint64_t hash = xxh3_of(bytes.clamped(at, kWindow));
      if (filter_.contains(hash)) add(hash, offset + at);
    }
  }
  std::vector<TableWindow> take() {
    std::ranges::sort(found_);
    return std::move(found_);
  }
  std::uint64_t left_out() const { return left_out_; }

 private:
  // Of a window that stands everywhere (numbers in a row, masks) more places say nothing more.
  void add(std::uint64_t hash, std::uint64_t offset) {
    if (++places_[hash] > kMostPlaces) return;
    if (found_.size() < most_)
      found_.push_back({hash, offset});
    else
      ++left_out_;
  }

  const TableFilter& filter_;
  std::uint64_t most_, left_out_ = 0;
  std::unordered_map<std::uint64_t, std::size_t> places_;
  std::vector<TableWindow> found_;
};

Done run(const FileInput& in, FileFacts& facts) {
  Collector out(*in.tables, std::min(in.limits.strings,
                                     std::max(kSmallCount, in.bytes.size() / kBytesPerWindow)));
  for (const Piece& piece : pieces_of(*in.elf))
    if (piece.plain_data) out.scan(in.bytes.clamped(piece.offset, piece.size), piece.offset);
  facts.tables = out.take();
  if (out.left_out() == 0) return Ok{};
  return Error{ErrorCode::limit_exceeded, with_thousands(out.left_out()) +
                                              " windows of tables are more than the facts of a "
                                              "file of " +
                                              human_bytes(facts.size) + " keep"};
}

}  // namespace

extern const FileAnalyzer tables = {
    .name = "tables",
    .version = 1,
    .needs = Needs::elf,
    .summary = "windows of constant tables that the sources of libraries have",
    .wants =
        [](const FileInput& in) {
          return in.elf != nullptr && in.tables != nullptr && !in.tables->empty() &&
                 !in.elf->big_endian();
        },
    .run = run,
};

}  // namespace fathom

// rpm's own store: pages of slots, each of which says where a package's blob is, and blobs between
// a head and a tail that repeat its size. All numbers are little-endian. Source:
// lib/backend/ndb/rpmpkg.c of rpm.

#include <algorithm>

#include "analyzer/rpm_store.h"

namespace fathom {

namespace {

constexpr std::uint32_t magic(const char (&text)[5]) {
  std::uint32_t out = 0;
  for (int i = 3; i >= 0; --i) out = out << 8 | static_cast<unsigned char>(text[i]);
  return out;
}
constexpr std::uint32_t kHeader = magic("RpmP"), kSlot = magic("Slot"), kHead = magic("BlbS"),
                        kTail = magic("BlbE");
constexpr std::uint64_t kPage = 4096, kSlotSize = 16, kBlock = 16, kHeadSize = 16, kTailSize = 12;
constexpr std::uint64_t kFirstSlot = 2;  // the header takes the place of two

class NdbReader {
 public:
  NdbReader(ByteView bytes, const Limits& limits) : bytes_(bytes), limits_(limits) {}

  Result<RpmStore> read() {
    if (TRY(u32(4)) != 0) return Error{ErrorCode::unsupported, "ndb: an unknown version"};
    const std::uint64_t slots = TRY(u32(12)) * (kPage / kSlotSize);
    if (slots * kSlotSize > bytes_.size())
      problem(ErrorCode::truncated, 0, "the table of slots ends outside the file");
    for (std::uint64_t i = kFirstSlot; i < slots && (i + 1) * kSlotSize <= bytes_.size(); ++i)
      read_slot(i);
    std::ranges::stable_sort(store_.blobs, {}, &RpmBlob::key);
    return std::move(store_);
  }

 private:
  Result<std::uint64_t> u32(std::uint64_t at) const {
    return std::uint64_t{TRY(bytes_.read<std::uint32_t>(at))};
  }
  std::uint64_t word(std::uint64_t at) const { return u32(at).value_or(0); }

  void read_slot(std::uint64_t index) {
    const std::uint64_t at = index * kSlotSize;
    if (word(at) != kSlot) return problem(ErrorCode::malformed, at, "no slot");
    const std::uint64_t package = word(at + 4), block = word(at + 8), blocks = word(at + 12);
    if (package == 0) return;  // free
    const std::uint64_t blob = block * kBlock, size = word(blob + 12);
    if (word(blob) != kHead || word(blob + 4) != package)
      return problem(ErrorCode::malformed, at, "leads to no blob of this package");
    Result<ByteView> content = bytes_.slice(blob + kHeadSize, size);
    if (!content || kHeadSize + size + kTailSize > blocks * kBlock)
      return problem(ErrorCode::truncated, blob, "the blob ends outside its blocks");
    const std::uint64_t tail = blob + blocks * kBlock - kTailSize;
    if (word(tail + 8) != kTail || word(tail + 4) != size)
      return problem(ErrorCode::malformed, blob, "the blob's end does not fit its beginning");
    total_ += size;
    if (store_.blobs.size() == limits_.packages || total_ > bytes_.size())
      return problem(ErrorCode::limit_exceeded, at, "more packages than are read");
    store_.blobs.push_back({{content->span().begin(), content->span().end()}, package});
  }

  void problem(ErrorCode code, std::uint64_t at, std::string_view what) {
    if (store_.problems.size() >= limits_.problems) {
      ++store_.problems_not_kept;
      return;
    }
    store_.problems.push_back(
        {code, "ndb, offset " + std::to_string(at) + ": " + std::string(what)});
  }

  ByteView bytes_;
  const Limits& limits_;
  std::uint64_t total_ = 0;
  RpmStore store_;
};

}  // namespace

bool is_rpm_ndb(ByteView bytes) { return bytes.read<std::uint32_t>(0).value_or(0) == kHeader; }

Result<RpmStore> read_rpm_ndb(ByteView bytes, const Limits& limits) {
  if (!is_rpm_ndb(bytes)) return Error{ErrorCode::malformed, "no ndb"};
  return NdbReader(bytes, limits).read();
}

}  // namespace fathom

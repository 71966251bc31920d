// A hash database of Berkeley DB 4 and 5: page 0 describes it, hash pages hold pairs of items (key,
// value), and what does not fit on a page is a chain of overflow pages. Nothing is looked up, so
// the hash itself is never needed: every hash page is read for what is on it. Byte order is that of
// the machine that made it and shows in the magic number. Source: db_page.h and hash.h of Berkeley
// DB 5.3.

#include <algorithm>
#include <set>

#include "analyzer/rpm_store.h"

namespace fathom {

namespace {

constexpr std::uint32_t kMagic = 0x061561;
constexpr std::uint64_t kPageHeader = 26;
constexpr std::uint8_t kHashUnsorted = 2, kOverflow = 7, kHashMeta = 8, kHash = 13;
constexpr std::uint8_t kKeyData = 1, kOffPage = 3;

class BdbReader {
 public:
  BdbReader(ByteView bytes, const Limits& limits) : bytes_(bytes), limits_(limits) {}

  Result<RpmStore> read() {
    big_endian_ = *bytes_.read_big<std::uint32_t>(12) == kMagic;
    page_size_ = TRY(u32(bytes_, 20));
    const std::uint8_t encryption = TRY(bytes_.read<std::uint8_t>(24));
    if (page_size_ < 512 || page_size_ > 64 * kKiB || (page_size_ & (page_size_ - 1)) != 0)
      return Error{ErrorCode::malformed,
                   "Berkeley DB: pages of " + std::to_string(page_size_) + " bytes"};
    if (encryption != 0) return Error{ErrorCode::unsupported, "Berkeley DB: encrypted"};
    const std::uint64_t pages = bytes_.size() / page_size_;
    if (bytes_.size() % page_size_ != 0) problem(ErrorCode::truncated, pages, "the page is cut");
    for (std::uint64_t i = 1; i < pages; ++i) read_page(i);
    std::ranges::stable_sort(store_.blobs, {}, &RpmBlob::key);
    return std::move(store_);
  }

 private:
  Result<std::uint64_t> u32(ByteView from, std::uint64_t at) const {
    return big_endian_ ? std::uint64_t{TRY(from.read_big<std::uint32_t>(at))}
                       : std::uint64_t{TRY(from.read<std::uint32_t>(at))};
  }
  std::uint64_t u16(ByteView from, std::uint64_t at) const {
    return big_endian_ ? from.read_big<std::uint16_t>(at).value_or(0)
                       : from.read<std::uint16_t>(at).value_or(0);
  }
  ByteView page(std::uint64_t number) const {
    return bytes_.clamped(number * page_size_, page_size_);
  }

  void read_page(std::uint64_t number) {
    ByteView view = page(number);
    std::uint8_t type = view.read<std::uint8_t>(25).value_or(0);
    if (type != kHash && type != kHashUnsorted) return;
    std::uint64_t items = u16(view, 20);
    if (items % 2 != 0) problem(ErrorCode::malformed, number, "a key without a value");
    for (std::uint64_t i = 0; i + 1 < items; i += 2) read_pair(view, number, i);
  }

  // Items are laid out from the page's end, so each ends where the one before it starts.
  ByteView item(ByteView view, std::uint64_t index) const {
    std::uint64_t begin = u16(view, kPageHeader + 2 * index);
    std::uint64_t end = index == 0 ? page_size_ : u16(view, kPageHeader + 2 * (index - 1));
    return begin < end ? view.clamped(begin, end - begin) : ByteView();
  }

  void read_pair(ByteView view, std::uint64_t number, std::uint64_t index) {
    ByteView key = item(view, index), value = item(view, index + 1);
    if (key.empty() || value.empty())
      return problem(ErrorCode::malformed, number, "an item outside the page");
    // The key is the package's number, in the byte order of the machine.
    std::uint64_t package = key.size() == 5 ? u32(key, 1).value_or(0) : 0;
    if (value.span()[0] == kKeyData) return add(package, value.clamped(1, value.size()), number);
    if (value.span()[0] != kOffPage)
      return problem(ErrorCode::unsupported, number, "an item of unknown kind");
    Result<std::uint64_t> first = u32(value, 4), size = u32(value, 8);
    if (!first || !size) return problem(ErrorCode::truncated, number, "an item is cut");
    read_chain(package, *first, *size, number);
  }

  void read_chain(std::uint64_t package, std::uint64_t first, std::uint64_t size,
                  std::uint64_t from) {
    if (size > bytes_.size()) return problem(ErrorCode::malformed, from, "a value without end");
    Bytes whole;
    std::set<std::uint64_t> seen;
    for (std::uint64_t number = first; number != 0 && whole.size() < size;) {
      ByteView view = page(number);
      if (view.size() < kPageHeader || view.span()[25] != kOverflow || !seen.insert(number).second)
        return problem(ErrorCode::malformed, from,
                       "a chain leads to page " + std::to_string(number));
      ByteView part =
          view.clamped(kPageHeader, std::min<std::uint64_t>(u16(view, 22), size - whole.size()));
      if (part.empty()) break;
      whole.insert(whole.end(), part.span().begin(), part.span().end());
      number = u32(view, 16).value_or(0);
    }
    if (whole.size() != size) return problem(ErrorCode::truncated, from, "a value is cut");
    add(package, whole, from);
  }

  void add(std::uint64_t package, ByteView value, std::uint64_t from) {
    constexpr std::uint64_t kSmallest = 16;  // record 0 holds the highest number that was given
    if (package == 0 || value.size() < kSmallest) return;
    total_ += value.size();
    if (store_.blobs.size() == limits_.packages || total_ > bytes_.size())
      return problem(ErrorCode::limit_exceeded, from, "more packages than are read");
    store_.blobs.push_back({{value.span().begin(), value.span().end()}, package});
  }

  void problem(ErrorCode code, std::uint64_t number, std::string_view what) {
    if (store_.problems.size() >= limits_.problems) {
      ++store_.problems_not_kept;
      return;
    }
    store_.problems.push_back(
        {code, "Berkeley DB, page " + std::to_string(number) + ": " + std::string(what)});
  }

  ByteView bytes_;
  const Limits& limits_;
  bool big_endian_ = false;
  std::uint64_t page_size_ = 0, total_ = 0;
  RpmStore store_;
};

}  // namespace

bool is_rpm_bdb(ByteView bytes) {
  bool magic = bytes.read<std::uint32_t>(12).value_or(0) == kMagic ||
               bytes.read_big<std::uint32_t>(12).value_or(0) == kMagic;
  return magic && bytes.read<std::uint8_t>(25).value_or(0) == kHashMeta;
}

Result<RpmStore> read_rpm_bdb(ByteView bytes, const Limits& limits) {
  if (!is_rpm_bdb(bytes)) return Error{ErrorCode::malformed, "no hash of Berkeley DB"};
  return BdbReader(bytes, limits).read();
}

}  // namespace fathom

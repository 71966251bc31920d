// Two formats. The old one, "ld.so-1.7.0", has entries of three words and the strings behind them;
// releases before 2.32 wrote it in front of the new one, which then begins at the next multiple of
// 8, and from whose start its offsets count. In the new one an entry may be for a glibc-hwcaps
// subfolder: bit 62 of its hwcap word is set then, the low 32 bits count in a table of names, which
// is found through the extension directory at the end. Byte order is that of the machine that wrote
// it; the header's flags say which one.

#include "analyzer/loader_cache.h"

#include "analyzer/analyzer.h"
#include "analyzer/members.h"
#include "base/text.h"

namespace fathom {

namespace {

constexpr std::string_view kNewMagic = "glibc-ld.so.cache1.1";
constexpr std::string_view kOldMagic = "ld.so-1.7.0";
constexpr std::uint64_t kNewHeader = 48, kNewEntry = 24;
constexpr std::uint64_t kOldHeader = 16, kOldEntry = 12;
constexpr std::uint32_t kExtensionMagic = 0xeaa42174, kTagHwcaps = 1;
constexpr std::uint64_t kHwcapsBit = std::uint64_t{1} << 62;
constexpr std::uint8_t kBigEndian = 3;  // cache_file_new_flags_endian_*

class Reader {
 public:
  Reader(ByteView bytes, const Limits& limits) : bytes_(bytes), limits_(limits) {}

  LoaderCache run() {
    if (bytes_.starts_with(kNewMagic)) {
      read_new(bytes_);
    } else {
      std::uint64_t end = read_old();
      const std::uint64_t start = (end + 7) / 8 * 8;
      if (bytes_.has_at(start, kNewMagic)) {
        out_.entries.clear();  // the same libraries
        read_new(bytes_.clamped(start, bytes_.size()));
      }
    }
    return std::move(out_);
  }

 private:
  template <class T>
  T number(ByteView bytes, std::uint64_t at) const {
    Result<T> value = big_ ? bytes.read_big<T>(at) : bytes.read<T>(at);
    return value ? *value : T{0};
  }

  std::string text(ByteView bytes, std::uint64_t at) {
    std::string_view rest = bytes.clamped(at, limits_.path_bytes).as_text();
    std::size_t end = rest.find('\0');
    if (end == rest.npos || end == 0) {
      problem(ErrorCode::malformed, "a text at " + hex_number(at) + " is not in the cache");
      return {};
    }
    return std::string(rest.substr(0, end));
  }

  std::uint64_t held(std::uint64_t count, std::uint64_t there) {
    if (count > there)
      problem(ErrorCode::truncated, "only " + std::to_string(there) + " of " +
                                        std::to_string(count) + " entries are in the file");
    return std::min({count, there, limits_.dynamic_entries});
  }

  void read_new(ByteView cache) {
    big_ = (cache.read<std::uint8_t>(28).value_or(0) & 3) == kBigEndian;
    const std::uint64_t room =
        cache.size() < kNewHeader ? 0 : (cache.size() - kNewHeader) / kNewEntry;
    const std::uint64_t count = held(number<std::uint32_t>(cache, 20), room);
    std::vector<std::string> hwcaps = read_hwcaps(cache);
    for (std::uint64_t i = 0; i < count; ++i) {
      ByteView entry = cache.clamped(kNewHeader + i * kNewEntry, kNewEntry);
      LoaderCacheEntry row;
      row.flags = number<std::uint32_t>(entry, 0);
      row.name = text(cache, number<std::uint32_t>(entry, 4));
      row.path = text(cache, number<std::uint32_t>(entry, 8));
      const auto hwcap = number<std::uint64_t>(entry, 16);
      const std::uint64_t index = hwcap & 0xffffffff;
      if (hwcap >> 32 != kHwcapsBit >> 32)
        row.hwcap = hwcap;
      else if (index < hwcaps.size())
        row.hwcaps = hwcaps[index];
      else
        problem(ErrorCode::malformed, "an entry for a subfolder that the cache does not name");
      if (!row.name.empty() && !row.path.empty()) out_.entries.push_back(std::move(row));
    }
  }

  std::vector<std::string> read_hwcaps(ByteView cache) {
    std::vector<std::string> names;
    const std::uint64_t directory = number<std::uint32_t>(cache, 32);
    if (directory == 0 || number<std::uint32_t>(cache, directory) != kExtensionMagic) return names;
    const std::uint64_t sections =
        std::min<std::uint64_t>(number<std::uint32_t>(cache, directory + 4), limits_.notes);
    for (std::uint64_t i = 0; i < sections; ++i) {
      ByteView section = cache.clamped(directory + 8 + 16 * i, 16);
      if (section.size() < 16) break;
      if (number<std::uint32_t>(section, 0) != kTagHwcaps) continue;
      ByteView offsets =
          cache.clamped(number<std::uint32_t>(section, 8), number<std::uint32_t>(section, 12));
      for (std::uint64_t at = 0; at + 4 <= offsets.size() && names.size() < limits_.notes; at += 4)
        names.push_back(text(cache, number<std::uint32_t>(offsets, at)));
    }
    return names;
  }

  // Returns where the entries end, which is where a new cache or the strings begin.
  std::uint64_t read_old() {
    const std::uint64_t room =
        bytes_.size() < kOldHeader ? 0 : (bytes_.size() - kOldHeader) / kOldEntry;
    const std::uint64_t count = held(number<std::uint32_t>(bytes_, 12), room);
    const std::uint64_t end = kOldHeader + count * kOldEntry;
    if (bytes_.has_at((end + 7) / 8 * 8, kNewMagic)) return end;
    ByteView strings = bytes_.clamped(end, bytes_.size());
    for (std::uint64_t i = 0; i < count; ++i) {
      ByteView entry = bytes_.clamped(kOldHeader + i * kOldEntry, kOldEntry);
      LoaderCacheEntry row;
      row.flags = number<std::uint32_t>(entry, 0);
      row.name = text(strings, number<std::uint32_t>(entry, 4));
      row.path = text(strings, number<std::uint32_t>(entry, 8));
      if (!row.name.empty() && !row.path.empty()) out_.entries.push_back(std::move(row));
    }
    return end;
  }

  void problem(ErrorCode code, std::string message) {
    if (out_.problems.size() < limits_.problems)
      out_.problems.push_back({code, "ld.so.cache: " + std::move(message)});
  }

  ByteView bytes_;
  const Limits& limits_;
  bool big_ = false;
  LoaderCache out_;
};

}  // namespace

bool is_loader_cache(ByteView bytes) {
  return bytes.starts_with(kNewMagic) || bytes.starts_with(kOldMagic);
}

LoaderCache read_loader_cache(ByteView bytes, const Limits& limits) {
  return Reader(bytes, limits).run();
}

extern const FileAnalyzer loader_cache = {
    .name = "ld.so.cache",
    .version = 1,
    .needs = Needs::bytes,
    .summary = "where ldconfig found libraries",
    .wants = [](const FileInput& in) { return is_loader_cache(in.bytes); },
    .run = [](const FileInput& in, FileFacts& facts) -> Done {
      LoaderCache cache = read_loader_cache(in.bytes, in.limits);
      facts.loader_cache = std::move(cache.entries);
      for (Error& problem : cache.problems)
        add_gap(facts, in.limits, "ld.so.cache", std::move(problem));
      return Ok{};
    },
};

}  // namespace fathom

#include "archive/pyinstaller.h"

#include <libdeflate.h>

#include <algorithm>
#include <memory>

#include "base/text.h"

namespace fathom::archive {

namespace {

constexpr std::string_view kMagic("MEI\014\013\012\013\016", 8);
constexpr std::uint64_t kRecord = 88;     // magic, four numbers, the name of Python's library
constexpr std::uint64_t kEntryHead = 18;  // of a row of the table

// Behind it there are at most the headers of the sections that the archive was added beside.
constexpr std::uint64_t kTail = 64 * kKiB;

std::size_t find_record(ByteView bytes) {
  const std::uint64_t from = bytes.size() - std::min(bytes.size(), kTail);
  const std::size_t at = bytes.as_text().substr(from).rfind(kMagic);
  return at == std::string_view::npos ? at : from + at;
}

}  // namespace

bool PyInstallerArchive::is_in(ByteView bytes) {
  return find_record(bytes) != std::string_view::npos;
}

Result<PyInstallerArchive> PyInstallerArchive::parse(ByteView bytes, const Limits& limits) {
  const std::size_t record = find_record(bytes);
  if (record == std::string_view::npos) return Error{ErrorCode::not_found, "no PyInstaller record"};
  std::uint64_t length = TRY(bytes.read_big<std::uint32_t>(record + 8));
  std::uint64_t table = TRY(bytes.read_big<std::uint32_t>(record + 12));
  std::uint64_t size = TRY(bytes.read_big<std::uint32_t>(record + 16));
  if (length > record + kRecord)
    return Error{ErrorCode::malformed, "PyInstaller archive: begins before the file"};
  const std::uint64_t start = record + kRecord - length;
  const ByteView rows =
      TRY(bytes.slice(start + table, size).in("PyInstaller archive: table of contents"));
  PyInstallerArchive out(bytes, limits);
  out.read_table(rows, start, limits);
  return out;
}

void PyInstallerArchive::read_table(ByteView table, std::uint64_t start, const Limits& limits) {
  for (std::uint64_t at = 0; at < table.size();) {
    ByteView head = table.clamped(at, kEntryHead);
    std::uint64_t length = head.read_big<std::uint32_t>(0).value_or(0);
    Result<ByteView> row = table.slice(at, length);
    if (length <= kEntryHead || !row || entries_.size() == limits.members)
      return problems_.note(
          ErrorCode::malformed,
          "table of contents, offset " + std::to_string(at) + ": a row that does not fit");
    PyInstallerEntry entry;
    entry.offset = start + *row->read_big<std::uint32_t>(4);
    entry.compressed_size = *row->read_big<std::uint32_t>(8);
    entry.size = *row->read_big<std::uint32_t>(12);
    entry.compressed = row->span()[16] == 1;
    entry.type = static_cast<char>(row->span()[17]);
    std::string_view name = row->as_text().substr(kEntryHead);
    entry.path = name.substr(0, name.find('\0'));
    if (!entry.path.empty()) entries_.push_back(std::move(entry));
    at += length;
  }
}

Result<Bytes> PyInstallerArchive::read(const PyInstallerEntry& entry,
                                       const InflateLimits& limits) const {
  const std::string place = printable(entry.path);
  ByteView stored = TRY(bytes_.slice(entry.offset, entry.compressed_size).in(place));
  if (entry.size > limits.output ||
      (entry.size > limits.ratio_from &&
       entry.size / std::max<std::uint64_t>(stored.size(), 1) > limits.ratio))
    return Error{ErrorCode::limit_exceeded, "more than is decompressed"}.in(place);
  if (!entry.compressed) return Bytes(stored.span().begin(), stored.span().end());
  std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> inflater(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  Bytes out(entry.size);
  std::size_t got = 0;
  if (!inflater ||
      libdeflate_zlib_decompress(inflater.get(), stored.span().data(), stored.size(), out.data(),
                                 out.size(), &got) != LIBDEFLATE_SUCCESS ||
      got != entry.size)
    return Error{ErrorCode::malformed, "not a zlib stream of the stated size"}.in(place);
  return out;
}

}  // namespace fathom::archive

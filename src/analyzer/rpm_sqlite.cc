// The table "Packages" of an SQLite database: its b-tree is walked from the root page that the
// schema names, rows are (number, blob), and what does not fit on a leaf is a chain of overflow
// pages. A reader of this one table is a tenth of what a database engine is, and has none of SQL.
// Source: "Database File Format", https://www.sqlite.org/fileformat2.html

#include <algorithm>
#include <optional>
#include <set>

#include "analyzer/rpm_store.h"
#include "base/text.h"

namespace fathom {

namespace {

constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr std::uint64_t kFileHeader = 100;
constexpr std::uint8_t kInterior = 5, kLeaf = 13;
constexpr int kMostDepth = 20;  // of a b-tree; the format's own largest files need fewer

struct Varint {
  std::uint64_t value = 0, size = 0;
};

Result<Varint> read_varint(ByteView bytes, std::uint64_t at) {
  Varint out;
  for (; out.size < 9; ++out.size) {
    std::uint8_t byte = TRY(bytes.read<std::uint8_t>(at + out.size));
    if (out.size == 8) {
      out.value = out.value << 8 | byte;
      break;
    }
    out.value = out.value << 7 | (byte & 0x7fu);
    if (byte < 0x80) break;
  }
  ++out.size;
  return out;
}

struct Row {
  std::uint64_t key = 0;
  Bytes payload;
};

// The columns of a record, as views of it.
struct Column {
  std::uint64_t type = 0;
  ByteView bytes;
  bool is_text() const { return type >= 13 && type % 2 == 1; }
  bool is_blob() const { return type >= 12 && type % 2 == 0; }
  std::uint64_t number() const {
    if (type == 9) return 1;
    std::uint64_t value = 0;
    for (std::uint8_t byte : bytes.span()) value = value << 8 | byte;
    return value;
  }
};

Result<std::vector<Column>> columns_of(ByteView record) {
  constexpr std::uint64_t kSizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
  constexpr std::size_t kMostColumns = 64;
  Varint head = TRY(read_varint(record, 0));
  std::uint64_t at = head.size, body = head.value;
  std::vector<Column> out;
  while (at < head.value && out.size() < kMostColumns) {
    Varint type = TRY(read_varint(record, at));
    at += type.size;
    std::uint64_t size = type.value >= 12 ? (type.value - 12) / 2 : kSizes[type.value];
    ByteView bytes = TRY(record.slice(body, size));
    out.push_back({type.value, bytes});
    body += size;
  }
  return out;
}

class SqliteReader {
 public:
  SqliteReader(ByteView bytes, const Limits& limits) : bytes_(bytes), limits_(limits) {}

  Result<RpmStore> read() {
    TRY(read_header());
    std::optional<std::uint64_t> root = find_packages();
    if (!root) return Error{ErrorCode::not_found, "SQLite: no table Packages"};
    seen_.clear();
    walk(*root, 0, [&](Row row) { add(std::move(row)); });
    std::ranges::stable_sort(store_.blobs, {}, &RpmBlob::key);
    return std::move(store_);
  }

  bool has_packages() { return read_header() && find_packages().has_value(); }

 private:
  Done read_header() {
    if (!bytes_.starts_with(kMagic)) return Error{ErrorCode::malformed, "not SQLite"};
    page_size_ = TRY(bytes_.read_big<std::uint16_t>(16));
    if (page_size_ == 1) page_size_ = 64 * kKiB;
    std::uint64_t reserved = TRY(bytes_.read<std::uint8_t>(20));
    if (page_size_ < 512 || (page_size_ & (page_size_ - 1)) != 0 || reserved + 480 > page_size_)
      return Error{ErrorCode::malformed,
                   "SQLite: pages of " + std::to_string(page_size_) + " bytes"};
    usable_ = page_size_ - reserved;
    return Ok{};
  }

  ByteView page(std::uint64_t number) const {
    return number == 0 ? ByteView() : bytes_.clamped((number - 1) * page_size_, page_size_);
  }

  // Rows of the schema are (type, name, table, root page, SQL).
  std::optional<std::uint64_t> find_packages() {
    std::optional<std::uint64_t> root;
    walk(1, 0, [&](const Row& row) {
      Result<std::vector<Column>> columns = columns_of(row.payload);
      if (!columns || columns->size() < 4) return;
      if ((*columns)[0].bytes.as_text() == "table" && (*columns)[1].bytes.as_text() == "Packages")
        root = (*columns)[3].number();
    });
    return root;
  }

  template <class Fn>
  void walk(std::uint64_t number, int depth, const Fn& each) {
    ByteView view = page(number);
    const std::uint64_t start = number == 1 ? kFileHeader : 0;
    if (view.size() < page_size_)
      return problem(ErrorCode::truncated, number, "the page is not in the file");
    if (depth == kMostDepth || !seen_.insert(number).second)
      return problem(ErrorCode::malformed, number, "the tree leads in a circle");
    const std::uint8_t type = view.span()[start];
    const std::uint64_t cells = *view.read_big<std::uint16_t>(start + 3);
    if (type != kInterior && type != kLeaf)
      return problem(ErrorCode::malformed, number, "no page of a table");
    const std::uint64_t pointers = start + (type == kInterior ? 12 : 8);
    for (std::uint64_t i = 0; i < cells; ++i) {
      Result<std::uint16_t> at = view.read_big<std::uint16_t>(pointers + 2 * i);
      if (!at) return problem(ErrorCode::truncated, number, "cells end outside the page");
      if (type == kInterior)
        walk(view.read_big<std::uint32_t>(*at).value_or(0), depth + 1, each);
      else
        read_leaf_cell(view, number, *at, each);
    }
    if (type == kInterior) walk(*view.read_big<std::uint32_t>(start + 8), depth + 1, each);
  }

  template <class Fn>
  void read_leaf_cell(ByteView view, std::uint64_t number, std::uint64_t at, const Fn& each) {
    Result<Varint> size = read_varint(view, at);
    if (!size) return problem(ErrorCode::truncated, number, "a cell is cut");
    Result<Varint> key = read_varint(view, at + size->size);
    if (!key) return problem(ErrorCode::truncated, number, "a cell is cut");
    if (size->value > bytes_.size())
      return problem(ErrorCode::malformed, number, "a row without end");
    at += size->size + key->size;
    // How much of a row stays on its leaf is fixed by the format.
    const std::uint64_t most = usable_ - 35, least = (usable_ - 12) * 32 / 255 - 23;
    std::uint64_t here = size->value;
    if (here > most) {
      here = least + (size->value - least) % (usable_ - 4);
      if (here > most) here = least;
    }
    Result<ByteView> local = view.slice(at, here);
    if (!local) return problem(ErrorCode::truncated, number, "a row is cut");
    Row row{key->value, {local->span().begin(), local->span().end()}};
    if (here < size->value &&
        !append_overflow(view.read_big<std::uint32_t>(at + here).value_or(0), size->value, row))
      return problem(ErrorCode::malformed, number, "a chain of pages is broken");
    each(std::move(row));
  }

  bool append_overflow(std::uint64_t number, std::uint64_t size, Row& row) {
    while (row.payload.size() < size) {
      ByteView view = page(number);
      if (view.size() < page_size_ || !seen_.insert(number).second) return false;
      ByteView part = view.clamped(4, std::min(usable_ - 4, size - row.payload.size()));
      row.payload.insert(row.payload.end(), part.span().begin(), part.span().end());
      number = *view.read_big<std::uint32_t>(0);
    }
    return true;
  }

  void add(Row row) {
    Result<std::vector<Column>> columns = columns_of(row.payload);
    // (hnum INTEGER PRIMARY KEY, blob BLOB): the key is not in the record.
    if (!columns || columns->size() < 2 || !(*columns)[1].is_blob())
      return problem(ErrorCode::malformed, 0, "row " + std::to_string(row.key) + " has no blob");
    if (store_.blobs.size() == limits_.packages)
      return problem(ErrorCode::limit_exceeded, 0, "more packages than are read");
    std::span<const std::uint8_t> blob = (*columns)[1].bytes.span();
    store_.blobs.push_back({{blob.begin(), blob.end()}, row.key});
  }

  void problem(ErrorCode code, std::uint64_t number, std::string_view what) {
    if (store_.problems.size() >= limits_.problems) {
      ++store_.problems_not_kept;
      return;
    }
    store_.problems.push_back(
        {code, "SQLite, page " + std::to_string(number) + ": " + std::string(what)});
  }

  ByteView bytes_;
  const Limits& limits_;
  std::uint64_t page_size_ = 0, usable_ = 0;
  std::set<std::uint64_t> seen_;  // pages that were visited: none belongs to two
  RpmStore store_;
};

}  // namespace

bool is_rpm_sqlite(ByteView bytes) {
  if (!bytes.starts_with(kMagic)) return false;
  const Limits limits;
  return SqliteReader(bytes, limits).has_packages();
}

Result<RpmStore> read_rpm_sqlite(ByteView bytes, const Limits& limits) {
  return SqliteReader(bytes, limits).read();
}

}  // namespace fathom

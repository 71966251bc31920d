#include "archive/pax.h"

#include <utility>

#include "base/text.h"

namespace fathom::archive {
namespace {

struct Record {
  std::string_view key, value;
  std::string_view rest;  // behind it
};

Result<Record> first_record(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == text.npos || space > 20) return Error{ErrorCode::malformed, "record has no length"};
  const std::optional<std::uint64_t> size = parse_unsigned(text.substr(0, space));
  if (!size) return Error{ErrorCode::malformed, "record length is no number"};
  if (*size > text.size()) return Error{ErrorCode::malformed, "record longer than its header"};
  if (*size < space + 3 || text[*size - 1] != '\n')
    return Error{ErrorCode::malformed, "record length is wrong"};
  const std::string_view body = text.substr(space + 1, *size - space - 2);
  const std::size_t equals = body.find('=');
  if (equals == body.npos || equals == 0)
    return Error{ErrorCode::malformed, "record without a key"};
  return Record{body.substr(0, equals), body.substr(equals + 1), text.substr(*size)};
}

// Readers that keep C strings and readers that do not would see different names.
bool has_stray_nul(const Record& record) {
  constexpr std::string_view kNul("\0", 1);
  if (record.key.find(kNul) != record.key.npos) return true;
  const bool is_name = record.key == "path" || record.key == "linkpath" || record.key == "uname" ||
                       record.key == "gname" || record.key == "GNU.sparse.name";
  return is_name && record.value.find(kNul) != record.value.npos;
}

class SparseMapJoiner {
 public:
  // Whether `record` belongs to a map of format 0.0 and stands in its place.
  Result<bool> add(const Record& record) {
    const bool is_offset = record.key == "GNU.sparse.offset";
    if (!is_offset && record.key != "GNU.sparse.numbytes") return false;
    if (is_offset == expects_size_ || record.value.find(',') != record.value.npos)
      return Error{ErrorCode::malformed, "sparse map out of order"};
    expects_size_ = is_offset;
    if (!map_.empty()) map_ += ',';
    map_ += record.value;
    return true;
  }
  const std::string& map() const { return map_; }

 private:
  std::string map_;
  bool expects_size_ = false;
};

}  // namespace

PaxHeader parse_pax(ByteView bytes) {
  PaxHeader header;
  SparseMapJoiner sparse;
  auto complain = [&](Error error) {
    if (!header.problem) header.problem = std::move(error);
  };
  std::string_view rest = bytes.as_text();
  while (!rest.empty()) {
    const Result<Record> record = first_record(rest);
    if (!record) {
      complain(record.error());
      break;
    }
    rest = record->rest;
    const Result<bool> of_sparse_map = sparse.add(*record);
    if (!of_sparse_map)
      complain(of_sparse_map.error());
    else if (has_stray_nul(*record))
      complain({ErrorCode::malformed, "NUL in " + printable(record->key)});
    else if (!*of_sparse_map)
      header.records.insert_or_assign(std::string(record->key), std::string(record->value));
  }
  if (!sparse.map().empty()) header.records.insert_or_assign("GNU.sparse.map", sparse.map());
  return header;
}

std::optional<std::int64_t> parse_pax_time(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  const std::optional<std::uint64_t> whole = parse_unsigned(text.substr(0, point));
  const std::string_view fraction =
      point == text.npos ? std::string_view() : text.substr(point + 1);
  if (!whole || *whole >= std::uint64_t{1} << 62 ||
      fraction.find_first_not_of("0123456789") != fraction.npos)
    return std::nullopt;
  const auto seconds = static_cast<std::int64_t>(*whole);
  if (!negative) return seconds;
  const bool between = fraction.find_first_not_of('0') != fraction.npos;
  return -seconds - (between ? 1 : 0);
}

}  // namespace fathom::archive

// The 512-byte header block of a tar member, in all its dialects.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace fathom::archive {

constexpr std::uint64_t kTarBlock = 512;

enum class TarDialect { v7, ustar, star, gnu };

struct TarHeader {
  TarDialect dialect = TarDialect::v7;
  char type = '\0';
  std::string path, link_target;
  // Nothing where the field holds no number.
  std::optional<std::int64_t> mode, uid, gid, size, mtime, device_major, device_minor;
};

bool is_zero(ByteView block);

// The sum may be of unsigned or, as some old tars had it, of signed bytes.
bool tar_checksum_matches(ByteView block);

// `block` must have kTarBlock bytes.
TarHeader parse_tar_header(ByteView block);

// Octal digits between spaces and NULs (none: 0), or base-256 when the first bit is set.
std::optional<std::int64_t> parse_tar_number(ByteView field);

}  // namespace fathom::archive

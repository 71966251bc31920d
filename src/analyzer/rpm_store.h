// The three forms in which RPM has kept its headers: a Berkeley DB hash (before 4.16), its own
// "ndb" (openSUSE), and a table of SQLite (Fedora 33, RHEL 9 and later). Each reader gives every
// blob that may be a header, walks what is there rather than what an index says, and bounds its
// work.

#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"

namespace fathom {

struct RpmBlob {
  Bytes bytes;            // a header, put together from the pages that hold it
  std::uint64_t key = 0;  // the package's number in the database
};

struct RpmStore {
  std::vector<RpmBlob> blobs;  // by key
  std::vector<Error> problems;
  std::uint64_t problems_not_kept = 0;
};

// Cheap: the magic of the format, and for SQLite that there is a table of packages.
bool is_rpm_bdb(ByteView bytes);
bool is_rpm_ndb(ByteView bytes);
bool is_rpm_sqlite(ByteView bytes);

Result<RpmStore> read_rpm_bdb(ByteView bytes, const Limits& limits);
Result<RpmStore> read_rpm_ndb(ByteView bytes, const Limits& limits);
Result<RpmStore> read_rpm_sqlite(ByteView bytes, const Limits& limits);

}  // namespace fathom

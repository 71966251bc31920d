// The user's own database: one pack in a folder, mapped for reading, replaced as a whole. A reader
// sees the old pack or the new one, never a part of either; there is one writer at a time.

#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "vuln/database.h"

namespace fathom::vuln {

// Where it lies: `named` (of --data or FATHOM_DATA) when it is not empty, else "fathom" below
// XDG_DATA_HOME or ~/.local/share. `named` is a folder, or a pack itself. Nothing when there is no
// home either. `variable` gives the value of an environment variable, or an empty text.
struct DataPlace {
  std::string folder, pack;  // "/home/me/.local/share/fathom", "…/advisories.pack"
};
std::optional<DataPlace> data_place(const std::string& named,
                                    const std::function<std::string(const std::string&)>& variable);

// Owns the mapping.
class UserData {
 public:
  // Nothing when there is no such file. Reads all of it once to compare it with its digest: an
  // error when it is damaged, of another version, or no pack.
  static Result<std::optional<UserData>> open(const std::string& pack);
  UserData(UserData&& other) noexcept;
  UserData& operator=(UserData&&) = delete;
  ~UserData();

  const Database& database() const { return *database_; }
  std::uint64_t size() const { return bytes_.size(); }

 private:
  explicit UserData(ByteView bytes) : bytes_(bytes) {}
  ByteView bytes_;
  std::optional<Database> database_;
};

// The right to write, until it goes out of scope.
class DataLock {
 public:
  // Makes the folder when there is none. Waits for another writer, at most `seconds`.
  static Result<DataLock> take(const DataPlace& place, int seconds);
  DataLock(DataLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  DataLock& operator=(DataLock&&) = delete;
  ~DataLock();

  // Written beside it, to the disk, then renamed; after an error the old pack is as it was.
  Done replace(const DataPlace& place, ByteView pack) const;

 private:
  explicit DataLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace fathom::vuln

// Brings files of a folder or a web server onto this machine: each into a file without a name, that
// nobody else can write to, checked against checksums and signatures before anybody reads it.
//
// A place is a file, a folder, the address of a file, or the address of a folder (it ends in "/").
// A folder may have SHA256SUMS, as sha256sum writes it: then the files named there are fetched, and
// each must be what is written there. On a web server it must have one, as nothing else says what
// is there. A single file is compared with FILE.sha256 where that exists. With a key, SHA256SUMS or
// else each file must have a signature: NAME.minisig or NAME.sig.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/feed_limits.h"
#include "base/result.h"

namespace fathom::fetch {

struct Options {
  std::string key;        // a public key or the path of one; empty: signatures are not asked for
  std::string checksum;   // SHA-256 of a single file, in hex; empty: none was given
  bool insecure = false;  // plain HTTP from other machines without a key, certificates not checked
  std::string ca_file;
  std::uint64_t timeout_seconds = 30;
  std::string scratch;  // the folder whose disk holds the files meanwhile
  FeedLimits limits;
  std::function<void(const std::string& name, std::uint64_t bytes)> progress;  // may be empty
};

// One file; its descriptor is closed with it.
class File {
 public:
  File() = default;
  File(File&& other) noexcept;
  File& operator=(File&&) = delete;
  ~File();

  int fd = -1;
  std::uint64_t size = 0;
  std::string name;     // for messages: the path, or the address without its query
  std::string sha256;   // hex
  std::string day;      // when it was last changed, as its folder or server says; may be empty
  bool listed = false;  // by the user or by SHA256SUMS: it was meant, whatever it is called
};

bool is_address(std::string_view place);
// What may be kept and shown of a place: an address without its query, a path made absolute.
std::string shown(const std::string& place);

// Calls `use` for each file in the order of names. The first error ends it.
Done fetch(const std::string& place, const Options& options,
           const std::function<Done(File&&)>& use);

}  // namespace fathom::fetch

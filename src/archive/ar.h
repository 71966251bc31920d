// Reads ar archives: static libraries and Debian packages, in the System V/GNU and BSD styles.
// Source: ar(5) of GNU binutils and of FreeBSD; deb(5).

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "archive/problems.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"

namespace fathom::archive {

struct ArMember {
  std::string name;  // as written, long names resolved
  std::uint64_t uid = 0, gid = 0;
  std::uint32_t mode = 0;
  std::int64_t mtime = 0;
  std::uint64_t size = 0;
  std::uint64_t header_offset = 0;
  std::uint64_t content_offset = 0;
};

bool looks_like_ar(ByteView first_bytes);

class ArFile {
 public:
  // Views `bytes`; must not outlive them. Fails when this is no ar archive, and for thin archives,
  // which hold names only.
  static Result<ArFile> parse(ByteView bytes, const Limits& limits);

  // Without symbol tables and tables of names.
  const std::vector<ArMember>& members() const { return members_; }
  // A damaged header, a name that is not in the table, a cut last member. Behind a damaged header
  // nothing can be found.
  const std::vector<Error>& problems() const { return problems_.all(); }

  // The content, a view on the archive; truncated when the archive ends before it.
  Result<ByteView> read(const ArMember& member) const;

 private:
  ArFile(ByteView bytes, const Limits& limits) : bytes_(bytes), problems_(limits.problems) {}
  Result<std::uint64_t> read_member(std::uint64_t offset);
  void resolve_name(ArMember& member);

  ByteView bytes_;
  ByteView names_;  // GNU's table of long names
  std::vector<ArMember> members_;
  ProblemList problems_;
};

}  // namespace fathom::archive

// Content digests, in the form the OCI image specification writes them: "sha256:<lower-case hex>".

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace fathom {

struct Digest {
  std::string algorithm;  // "sha256", "sha512"
  std::string hex;

  std::string text() const { return algorithm + ":" + hex; }
  bool empty() const { return hex.empty(); }
  auto operator<=>(const Digest&) const = default;
};

// Accepts sha256 and sha512 with exactly their number of lower-case hex digits.
Result<Digest> parse_digest(std::string_view text);

// Feeds bytes to "sha256", "sha512", "sha1" or "md5" (asserts that it is one of them).
class Hasher {
 public:
  explicit Hasher(std::string_view algorithm);
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();

  void update(ByteView bytes);
  // The digest of everything so far as hex; the hasher is done afterwards.
  std::string finish_hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What names a file, and what package databases may have of it; hex.
struct FileDigests {
  std::string sha256, sha1, md5;
};
// All three in one pass. Where the processor has instructions for two of them, in the time of MD5.
FileDigests digests_of(ByteView bytes);

Digest sha256_of(ByteView bytes);

// XXH3, 64 bits: an internal key, never a security claim.
std::uint64_t xxh3_of(ByteView bytes);

}  // namespace fathom

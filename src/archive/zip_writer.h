// Writes a zip archive, always the same bytes for the same members: no times, no owners.
// Source: PKWARE APPNOTE 6.3.10, with its Zip64 records where counts or sizes need them.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace fathom::archive {

class ZipWriter {
 public:
  using Sink = std::function<Done(std::string_view)>;
  explicit ZipWriter(Sink sink);
  ~ZipWriter();

  // Deflated where that makes it smaller. At most 4 GiB each.
  Done add(const std::string& path, std::string_view content);
  // The directory. Nothing can be added behind it.
  Done finish();

 private:
  struct Member {
    std::string path;
    std::uint16_t method = 0;
    std::uint32_t crc32 = 0, compressed = 0, size = 0;
    std::uint64_t offset = 0;
  };
  struct Compressor;
  Done put(std::string_view bytes);

  Sink sink_;
  std::unique_ptr<Compressor> compressor_;
  std::vector<Member> members_;
  std::uint64_t written_ = 0;
};

}  // namespace fathom::archive

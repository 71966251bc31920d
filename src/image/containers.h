// Two ways to keep an image's blobs together: files of a folder (OCI image layout), members of a
// tar (OCI archive, docker archive). Both answer "the bytes called NAME".

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "image/store.h"

namespace fathom::image {

class Container {
 public:
  virtual ~Container() = default;
  virtual bool has(std::string_view name) = 0;
  // The size of a blob and a stream over it, which this container must outlive.
  struct Opened {
    std::uint64_t size = 0;
    std::unique_ptr<archive::ByteSource> source;
  };
  virtual Result<Opened> open(std::string_view name) = 0;

  // A whole small document.
  Result<Bytes> read(std::string_view name, std::uint64_t most);

  // What could not be read of the container itself: it was cut, members lead out of it.
  std::vector<Gap> gaps;
};

// `store` must outlive it.
std::unique_ptr<Container> folder_container(Store& store);

// Indexes a tar by name: the last member of a name counts, links inside the archive are followed.
// Large members are stepped over, not read.
Result<std::unique_ptr<Container>> tar_container(std::unique_ptr<Blob> blob, const Limits& limits);

}  // namespace fathom::image

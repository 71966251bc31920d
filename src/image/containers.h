// Two ways to keep an image's blobs together: files of a folder (OCI image layout), members of a
// tar (OCI archive, docker archive). Both answer "the bytes called NAME".

#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "image/store.h"
#include "oci/descriptor.h"

namespace fathom::image {

struct ImageInfo;

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
  // What a manifest is called here; layouts keep it among the other blobs.
  virtual std::string manifest_name(const Digest& digest) const { return oci::blob_path(digest); }
  // A blob of which a descriptor has said how large it is.
  virtual Result<Opened> open_blob(std::string_view name, std::uint64_t /*size*/) {
    return open(name);
  }

  // A whole small document.
  virtual Result<Bytes> read(std::string_view name, std::uint64_t most);
  // Adds to `info`, whose image has these digests (its own and those of indexes above), what is
  // known about it beside its manifest.
  virtual void complete(ImageInfo& /*info*/, const std::set<std::string>& /*digests*/) {}

  // What could not be read of the container itself: it was cut, members lead out of it.
  std::vector<Gap> gaps;
};

// A repository of a registry. `store` must outlive it.
std::unique_ptr<Container> registry_container(Store& store, const Limits& limits);

// `store` must outlive it.
std::unique_ptr<Container> folder_container(Store& store);

// Indexes a tar by name: the last member of a name counts, links inside the archive are followed.
// Large members are stepped over, not read.
Result<std::unique_ptr<Container>> tar_container(std::unique_ptr<Blob> blob, const Limits& limits);

}  // namespace fathom::image

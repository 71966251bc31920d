// An image whose layers are tar blobs of a container; what OCI layouts and docker archives become.

#pragma once

#include "image/containers.h"
#include "image/documents.h"
#include "image/image.h"

namespace fathom::image {

struct LayerBlob {
  std::string name;  // in the container
  LayerInfo info;
};

class ContainerImage : public Image {
 public:
  ContainerImage(std::unique_ptr<Container> container, ImageInfo info, std::vector<LayerBlob> blobs,
                 const Limits& limits);
  Layer read_layer(std::size_t index, const EntryVisitor& visit) override;

 private:
  std::unique_ptr<Container> container_;
  std::vector<LayerBlob> blobs_;
  Limits limits_;
};

// What a config says, as an ImageInfo without layers.
ImageInfo info_of(const Config& config, std::string_view source);

// Opens an image by its OCI index: of a layout folder or archive. `names` that a tag may have are
// the annotations of the index.
Result<std::unique_ptr<Image>> open_oci(std::unique_ptr<Container> container,
                                        std::string_view source, const OpenOptions& options,
                                        const Limits& limits);

}  // namespace fathom::image

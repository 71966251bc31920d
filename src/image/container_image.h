// An image whose layers are tar blobs of a container; what OCI layouts and docker archives become.

#pragma once

#include "image/choices.h"
#include "image/containers.h"
#include "image/documents.h"
#include "image/image.h"
#include "image/layer_reader.h"

namespace fathom::image {

struct LayerBlob {
  std::string name;  // in the container
  LayerInfo info;
  bool foreign = false;  // its descriptor names other places to get it from
};

class ContainerImage : public Image {
 public:
  ContainerImage(std::unique_ptr<Container> container, ImageInfo info, std::vector<LayerBlob> blobs,
                 const Limits& limits);
  Layer read_layer(std::size_t index, const EntryVisitor& visit) override;
  Result<Bytes> read_attached(const Attachment& attached, const Limits& limits) override;

 private:
  std::unique_ptr<Container> container_;
  std::vector<LayerBlob> blobs_;
  Limits limits_;
  Budget budget_;
};

// What a config says, as an ImageInfo without layers.
ImageInfo info_of(const Config& config, std::string_view source);

// Fills diff_ids and history of the config into the layers; what does not fit together is a gap.
void describe_layers(const Config& config, std::vector<LayerBlob>& blobs, std::vector<Gap>& gaps);

// The platform that is asked for; nothing when none is. ErrorCode::usage.
Result<std::optional<oci::Platform>> wanted_platform(const OpenOptions& options);

// Whether the container has an OCI image layout.
bool has_oci_layout(Container& container);

// Opens an image by its OCI index: of a layout folder or archive. `names` that a tag may have are
// the annotations of the index.
Result<std::unique_ptr<Image>> open_oci(std::unique_ptr<Container> container,
                                        std::string_view source, const OpenOptions& options,
                                        const Limits& limits);

// The same when the index is known already.
Result<std::unique_ptr<Image>> open_index(std::unique_ptr<Container> container,
                                          const Manifest& index, std::string_view source,
                                          const OpenOptions& options, const Limits& limits);

// Every image of an index that options.reference does not exclude.
Result<std::vector<ImageChoice>> list_index(Container& container, const Manifest& index,
                                            const OpenOptions& options, const Limits& limits);
Result<Manifest> read_index(Container& container, const Limits& limits);
// In a registry, the index that a layout with nothing but the image of options.reference would
// have.
Result<Manifest> read_registry_index(Container& container, const OpenOptions& options,
                                     const Limits& limits);

// The manifest in the container's OCI index that has this config: its digest and what it says.
struct FoundManifest {
  std::string digest;
  Manifest manifest;
};
std::optional<FoundManifest> find_manifest_of(Container& container, const std::string& config,
                                              const Limits& limits);

}  // namespace fathom::image

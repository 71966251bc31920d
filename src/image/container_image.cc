#include "image/container_image.h"

#include "image/layer_reader.h"

namespace fathom::image {

ContainerImage::ContainerImage(std::unique_ptr<Container> container, ImageInfo info,
                               std::vector<LayerBlob> blobs, const Limits& limits)
    : container_(std::move(container)), blobs_(std::move(blobs)), limits_(limits) {
  info_ = std::move(info);
  for (const LayerBlob& blob : blobs_) info_.layers.push_back(blob.info);
}

Layer ContainerImage::read_layer(std::size_t index, const EntryVisitor& visit) {
  const LayerBlob& blob = blobs_[index];
  Result<Container::Opened> opened = container_->open(blob.name);
  if (opened) {
    LayerInfo info = blob.info;
    if (info.digest.empty()) info.size = opened->size;
    return read_tar_layer(std::move(opened->source), info, limits_, visit);
  }
  Layer layer;
  layer.info = blob.info;
  layer.complete = false;
  layer.gaps.push_back(
      {"layer", "", "", -1, opened.error().code,
       "the layer " + blob.info.digest + " is not there: " + opened.error().message});
  return layer;
}

ImageInfo info_of(const Config& config, std::string_view source) {
  ImageInfo info;
  info.source = source;
  info.platform = config.platform;
  info.created = config.created;
  info.user = config.user;
  info.working_dir = config.working_dir;
  info.entrypoint = config.entrypoint;
  info.command = config.command;
  info.env = config.env;
  return info;
}

}  // namespace fathom::image

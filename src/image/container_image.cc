#include "image/container_image.h"

#include "base/text.h"

namespace fathom::image {

ContainerImage::ContainerImage(std::unique_ptr<Container> container, ImageInfo info,
                               std::vector<LayerBlob> blobs, const Limits& limits)
    : container_(std::move(container)), blobs_(std::move(blobs)), limits_(limits), budget_(limits) {
  info_ = std::move(info);
  for (const LayerBlob& blob : blobs_) info_.layers.push_back(blob.info);
  for (Gap& gap : container_->gaps) info_.gaps.push_back(std::move(gap));
}

Layer ContainerImage::read_layer(std::size_t index, const EntryVisitor& visit) {
  const LayerBlob& blob = blobs_[index];
  Result<Container::Opened> opened = container_->open_blob(blob.name, blob.info.size);
  if (opened)
    return read_tar_layer(std::move(opened->source), {blob.info}, budget_, limits_, visit);
  Layer layer;
  layer.info = blob.info;
  layer.complete = false;
  std::string reason = "the layer " + (blob.info.digest.empty() ? blob.name : blob.info.digest) +
                       " is not there: " + opened.error().message;
  if (blob.foreign) reason += " (its bytes lie elsewhere, by the \"urls\" of its descriptor)";
  layer.gaps.push_back({"layer", "", "", -1, opened.error().code, std::move(reason)});
  return layer;
}

namespace {

Result<Bytes> read_checked(Container& container, const Digest& digest, const Limits& limits) {
  Bytes bytes = TRY(container.read(oci::blob_path(digest), limits.sbom_bytes));
  Hasher hasher(digest.algorithm);
  hasher.update(bytes);
  if (hasher.finish_hex() != digest.hex)
    return Error{ErrorCode::malformed, "its content has another digest"};
  return bytes;
}

}  // namespace

Result<Bytes> ContainerImage::read_attached(const Attachment& attached, const Limits& limits) {
  const Digest digest = TRY(parse_digest(attached.digest));
  // cosign's older tags name the layers themselves.
  if (attached.found.starts_with("tag ") && attached.found.find('.') != std::string::npos)
    return read_checked(*container_, digest, limits);
  const Bytes bytes =
      TRY(container_->read(container_->manifest_name(digest), limits.manifest_bytes));
  const Manifest manifest = TRY(parse_manifest(ByteView(bytes).as_text(), limits));
  if (manifest.is_index || manifest.layers.empty())
    return Error{ErrorCode::malformed, "its manifest has no layer"};
  return read_checked(*container_, manifest.layers[0].digest, limits);
}

ImageInfo info_of(const Config& config, std::string_view source) {
  ImageInfo info;
  info.source = source;
  info.platform = oci::text_of(config.platform);
  info.created = config.created;
  info.user = config.user;
  info.working_dir = config.working_dir;
  info.entrypoint = config.entrypoint;
  info.command = config.command;
  info.env = config.env;
  info.labels = config.labels;
  info.exposed_ports = config.exposed_ports;
  for (const HistoryLine& line : config.history) info.history.push_back(line.created_by);
  return info;
}

void describe_layers(const Config& config, std::vector<LayerBlob>& blobs, std::vector<Gap>& gaps) {
  const bool counts_agree = config.diff_ids.size() == blobs.size();
  if (!counts_agree)
    gaps.push_back({"image", "", "", -1, ErrorCode::malformed,
                    "the config names " + std::to_string(config.diff_ids.size()) +
                        " layers, the manifest " + std::to_string(blobs.size())});
  const std::vector<HistoryLine> history = layer_history(config, blobs.size());
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    blobs[i].info.created_by = history[i].created_by;
    blobs[i].info.created = history[i].created;
    if (!counts_agree) continue;
    if (parse_digest(config.diff_ids[i]))
      blobs[i].info.diff_id = config.diff_ids[i];
    else
      gaps.push_back({"image", "", "", static_cast<std::int64_t>(i), ErrorCode::malformed,
                      "the diff_id " + printable(config.diff_ids[i]) + " is no digest"});
  }
}

Result<std::optional<oci::Platform>> wanted_platform(const OpenOptions& options) {
  if (options.platform.empty()) return std::optional<oci::Platform>();
  return std::optional(TRY(oci::parse_platform(options.platform)));
}

bool has_oci_layout(Container& container) {
  return container.has("index.json") && container.has("oci-layout");
}

}  // namespace fathom::image

#include "image/documents.h"

#include <optional>

#include "base/text.h"
#include "json/value.h"
#include "oci/media_type.h"

namespace fathom::image {
namespace {

constexpr std::uint64_t kMostManifests = 16'384;  // of one index

std::string text(const json::Value& value) { return std::string(value.text_or()); }

std::vector<std::string> texts(const json::Value& value) {
  std::vector<std::string> out;
  for (const json::Value& item : value.elements()) out.push_back(text(item));
  return out;
}

oci::Platform platform_of(const json::Value& value) {
  oci::Platform platform{text(value["os"]), text(value["architecture"]), text(value["variant"])};
  return platform.known() ? oci::canonical(std::move(platform)) : oci::Platform{};
}

Result<json::Value> parse_document(std::string_view json, const Limits& limits) {
  json::Value value = TRY(json::parse(json, limits));
  if (value.object() == nullptr) return Error{ErrorCode::malformed, "is not a JSON object"};
  return value;
}

Result<oci::Descriptor> parse_descriptor(const json::Value& value) {
  oci::Descriptor out;
  out.media_type = text(value["mediaType"]);
  out.digest = TRY(parse_digest(value["digest"].text_or()));
  std::optional<std::int64_t> size = value["size"].integer();
  if (!size || *size < 0) return Error{ErrorCode::malformed, "descriptor without a size"};
  out.size = static_cast<std::uint64_t>(*size);
  out.urls = texts(value["urls"]);
  out.artifact_type = text(value["artifactType"]);
  out.platform = platform_of(value["platform"]);
  if (const json::Object* notes = value["annotations"].object())
    for (const auto& [key, note] : *notes) out.annotations.emplace_back(key, text(note));
  return out;
}

Result<std::vector<oci::Descriptor>> parse_descriptors(const json::Value& list,
                                                       std::string_view what, std::uint64_t most) {
  if (list.array() == nullptr)
    return Error{ErrorCode::malformed, std::string(what) + " is not a list"};
  if (list.elements().size() > most)
    return Error{ErrorCode::limit_exceeded, "more " + std::string(what) + " than the limit"};
  std::vector<oci::Descriptor> out;
  for (const json::Value& item : list.elements())
    out.push_back(
        TRY(parse_descriptor(item).in(std::string(what) + " " + std::to_string(out.size()))));
  return out;
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view json, const Limits& limits) {
  json::Value value = TRY(parse_document(json, limits));
  bool index = value.has("manifests");
  bool manifest = value.has("layers") || value.has("config");
  if (index && manifest)
    return Error{ErrorCode::malformed,
                 "is ambiguous: it has both \"manifests\" and \"layers\" or \"config\", so two "
                 "tools would see two images in it"};
  std::string_view type = value["mediaType"].text_or();
  oci::MediaKind kind = oci::parse_media_type(type).kind;
  if ((index && !type.empty() && kind != oci::MediaKind::index) ||
      (manifest && kind == oci::MediaKind::index))
    return Error{ErrorCode::malformed,
                 "its media type " + printable(type) + " contradicts what is in it"};
  Manifest out;
  out.is_index = index;
  if (const json::Object* notes = value["annotations"].object())
    for (const auto& [key, note] : *notes) out.annotations.emplace_back(key, text(note));
  if (index) {
    out.manifests = TRY(parse_descriptors(value["manifests"], "manifests", kMostManifests));
    return out;
  }
  if (!manifest) return Error{ErrorCode::malformed, "is neither an index nor a manifest"};
  if (value["schemaVersion"].integer() == 1)
    return Error{ErrorCode::unsupported, "is a manifest of schema version 1"};
  out.config = TRY(parse_descriptor(value["config"]).in("config"));
  out.layers = TRY(parse_descriptors(value["layers"], "layers", limits.layers));
  out.artifact_type = text(value["artifactType"]);
  return out;
}

bool is_attestation(const oci::Descriptor& descriptor) {
  return !descriptor.annotation("vnd.docker.reference.type").empty() ||
         (descriptor.platform.os == "unknown" && descriptor.platform.architecture == "unknown");
}

std::vector<std::string> names_of(const oci::Descriptor& descriptor) {
  std::vector<std::string> names;
  for (const char* key : {"org.opencontainers.image.ref.name", "io.containerd.image.name"})
    if (std::string_view name = descriptor.annotation(key); !name.empty()) names.emplace_back(name);
  return names;
}

Result<Config> parse_config(std::string_view json, const Limits& limits) {
  json::Value value = TRY(parse_document(json, limits));
  Config out;
  out.platform = platform_of(value);
  out.created = text(value["created"]);
  const json::Value& run = value["config"];
  out.user = text(run["User"]);
  out.working_dir = text(run["WorkingDir"]);
  out.entrypoint = texts(run["Entrypoint"]);
  out.command = texts(run["Cmd"]);
  out.env = texts(run["Env"]);
  if (const json::Object* labels = run["Labels"].object())
    for (const auto& [key, label] : *labels) out.labels.emplace_back(key, text(label));
  if (const json::Object* ports = run["ExposedPorts"].object())
    for (const auto& [port, nothing] : *ports) out.exposed_ports.push_back(port);
  out.diff_ids = texts(value["rootfs"]["diff_ids"]);
  for (const json::Value& line : value["history"].elements()) {
    const bool* empty = line["empty_layer"].boolean();
    out.history.push_back(
        {text(line["created_by"]), text(line["created"]), empty != nullptr && *empty});
  }
  return out;
}

Result<std::vector<SavedImage>> parse_saved_images(std::string_view json, const Limits& limits) {
  json::Value value = TRY(json::parse(json, limits));
  if (value.array() == nullptr) return Error{ErrorCode::malformed, "is not a JSON list"};
  std::vector<SavedImage> out;
  for (const json::Value& item : value.elements()) {
    SavedImage image{text(item["Config"]), texts(item["RepoTags"]), texts(item["Layers"])};
    if (image.config.empty() || item["Layers"].array() == nullptr)
      return Error{ErrorCode::malformed, "an image without Config or Layers"};
    if (image.layers.size() > limits.layers)
      return Error{ErrorCode::limit_exceeded, "more layers than the limit"};
    out.push_back(std::move(image));
  }
  return out;
}

std::vector<HistoryLine> layer_history(const Config& config, std::size_t layers) {
  std::vector<HistoryLine> lines;
  for (const HistoryLine& line : config.history)
    if (!line.empty_layer) lines.push_back(line);
  // Builders that write no or a partial history give no line to the layers it does not cover.
  if (lines.size() != layers) lines.assign(layers, {});
  return lines;
}

}  // namespace fathom::image

// The texts that name an image: manifests, indexes, configs, docker's manifest.json, references.

#include <cstdlib>
#include <string_view>

#include "base/bytes.h"
#include "image/documents.h"
#include "oci/media_type.h"
#include "oci/reference.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fathom;
  Limits limits;
  limits.json_nodes = 100'000;
  const std::string_view text = ByteView(std::span(data, size)).as_text();
  if (Result<image::Manifest> manifest = image::parse_manifest(text, limits)) {
    if (!manifest->is_index && manifest->config.digest.empty()) std::abort();
    for (const oci::Descriptor& layer : manifest->layers)
      if (!parse_digest(layer.digest.text())) std::abort();
    for (const oci::Descriptor& item : manifest->manifests) {
      (void)image::names_of(item);
      (void)image::is_attestation(item);
    }
  }
  if (Result<image::Config> config = image::parse_config(text, limits))
    if (image::layer_history(*config, 3).size() != 3) std::abort();
  (void)image::parse_saved_images(text, limits);
  (void)oci::parse_media_type(text);
  // What was understood is understood the same when it is written out.
  if (Result<oci::Platform> platform = oci::parse_platform(text)) {
    Result<oci::Platform> again = oci::parse_platform(oci::text_of(*platform));
    if (!again || *again != *platform) std::abort();
  }
  if (Result<oci::Reference> name = oci::parse_reference(text)) {
    std::string whole = name->registry + "/" + name->path;
    if (!name->tag.empty()) whole += ":" + name->tag;
    if (!name->digest && !oci::names_the_same(text, whole)) std::abort();
  }
  return 0;
}

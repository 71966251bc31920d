// Every kind of target, in the order in which they are tried when no scheme was given. A docker
// archive of today is an OCI archive too; its manifest.json has the tags, so it comes first.

#include <array>

#include "base/text.h"
#include "image/image.h"

namespace fathom::image {

extern const Source docker_archive_source, oci_archive_source, oci_dir_source, dir_source,
    tar_source, sbom_source, file_source, registry_source;

std::span<const Source* const> all_sources() {
  static constexpr std::array<const Source*, 8> kSources{
      &docker_archive_source, &oci_archive_source, &oci_dir_source,  &dir_source, &tar_source,
      &sbom_source,           &file_source,        &registry_source,
  };
  return kSources;
}

Result<std::unique_ptr<Image>> open_image(Store& store, const OpenOptions& options,
                                          const Limits& limits) {
  Probe probe(store, limits);
  if (store.is_registry()) return registry_source.run(probe, options);
  for (const Source* source : all_sources()) {
    bool chosen = options.scheme.empty() ? source->wants(probe) : source->name == options.scheme;
    if (chosen) return source->run(probe, options).in(source->name);
  }
  return Error{ErrorCode::usage, "there is no source \"" + printable(options.scheme) + "\""};
}

}  // namespace fathom::image

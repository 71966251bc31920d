// Statements that lie beside an image: in the attestation manifests that BuildKit puts into an
// index, and in what a registry keeps attached to an image. Read, never verified.
// Sources: BuildKit, docs/attestations/attestation-storage.md; cosign, "Tag scheme"; OCI
// distribution specification 1.1.

#pragma once

#include <vector>

#include "image/containers.h"
#include "image/image.h"

namespace fathom::image {

// Adds to info.statements those of `attestations` that are about info.digest, and those that
// info.attached lists. What cannot be read is a gap.
void add_statements(Container& container, const std::vector<oci::Descriptor>& attestations,
                    const Limits& limits, ImageInfo& info);

}  // namespace fathom::image

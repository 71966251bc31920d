// What a registry keeps beside an image: signatures, SBOMs, attestations. Listed, never verified.
// Source: OCI distribution specification 1.1, "Listing Referrers" and "Referrers Tag Schema";
// cosign, "Signature Specification" and "Tag scheme".

#pragma once

#include <set>
#include <string>
#include <vector>

#include "image/containers.h"
#include "model/report.h"

namespace fathom::image {

// What an artifact of this type is, with the predicate that its annotations name, if any.
std::string_view kind_of_artifact(std::string_view type, std::string_view predicate);

// Everything attached to one of the digests, sorted, once each. A registry that does not answer is
// a gap; one that has nothing is not.
std::vector<Attachment> find_attached(Container& container, const std::set<std::string>& digests,
                                      const Limits& limits, std::vector<Gap>& gaps);

}  // namespace fathom::image

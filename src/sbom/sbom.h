// Bills of materials that others wrote, from their bytes: CycloneDX as JSON and XML, SPDX 2 as JSON
// and tag-value, SPDX 3 as JSON-LD, Syft's own JSON; each also as the predicate of an in-toto
// statement, in a DSSE envelope or a sigstore bundle. Signatures are not looked at: what a document
// says is a claim, whoever signed it.
// Sources: https://cyclonedx.org/specification/overview/, https://spdx.github.io/spdx-spec/,
// https://github.com/anchore/syft/tree/main/schema/json, https://github.com/in-toto/attestation,
// https://github.com/secure-systems-lab/dsse.

#pragma once

#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"
#include "model/sbom.h"

namespace fathom::sbom {

// Whether the bytes are worth a try. Linear, and cheap where they are no text.
bool may_be_sbom(ByteView bytes);

// ErrorCode::malformed for bytes that are none. One that was recognised gives what could be read,
// and its problems.
Result<SbomDocument> read_sbom(ByteView bytes, const Limits& limits);

}  // namespace fathom::sbom

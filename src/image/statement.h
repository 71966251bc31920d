// in-toto statements: who says what about which digests. Read, never verified.
// Sources: in-toto attestation framework, spec/v1/statement.md and v0.1; DSSE, envelope.md;
// Sigstore bundle 0.1 to 0.3; SLSA provenance v0.2 and v1 (where the builder stands).

#pragma once

#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "json/value.h"
#include "model/origin.h"

namespace fathom::image {

// Whether it is worth parsing: a JSON object that names the type of statements or of envelopes.
// Linear in the text.
bool may_hold_statements(std::string_view text);

struct Statements {
  std::vector<Statement> list;
  std::vector<Error> problems;  // lines or payloads that are none
};

// One statement, bare, in an envelope of DSSE or in a bundle; or one on each line. An error when
// there is none.
Result<Statements> parse_statements(std::string_view text, const Limits& limits);

}  // namespace fathom::image

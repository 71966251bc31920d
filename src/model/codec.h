// The binary form of the shared vocabulary, for what crosses processes or goes to a cache.
// See base/codec.h.

#pragma once

#include "base/codec.h"
#include "model/component.h"
#include "model/evidence.h"
#include "model/hardening.h"

namespace fathom {

template <class Codec>
void describe(Codec& codec, Place& p) {
  codec(p.kind, p.value, p.text);
}

template <class Codec>
void describe(Codec& codec, Evidence& e) {
  codec(e.analyzer, e.file, e.file_digest, e.place, e.seen);
}

template <class Codec>
void describe(Codec& codec, Gap& g) {
  codec(g.stage, g.file, g.file_digest, g.layer, g.code, g.reason);
}

template <class Codec>
void describe(Codec& codec, HardeningCheck& h) {
  codec(h.id, h.value, h.rating, h.why, h.place, h.seen);
}

template <class Codec>
void describe(Codec& codec, VersionClaim& v) {
  codec(v.exact, v.low, v.high, v.candidates);
}

template <class Codec>
void describe(Codec& codec, Component& c) {
  codec(c.id, c.kind, c.name, c.version, c.ecosystem, c.purl, c.cpe, c.source_name,
        c.source_version, c.licenses, c.file, c.file_digest, c.layer, c.owned_files, c.packaged_as,
        c.confidence, c.evidence);
}

}  // namespace fathom

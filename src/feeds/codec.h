// The binary form of what a feed gave, for the way from the confined child. See base/codec.h.

#pragma once

#include "base/codec.h"
#include "feeds/feed.h"
#include "model/codec.h"
#include "policy/codec.h"

namespace fathom {

namespace vuln {

template <class Codec>
void describe(Codec& codec, Range& r) {
  codec(r.introduced, r.introduced_exclusive, r.fixed, r.last_affected);
}
template <class Codec>
void describe(Codec& codec, Advisory& a) {
  codec(a.id, a.aliases, a.ecosystem, a.package, a.scheme, a.ranges, a.unaffected, a.unreadable,
        a.fixed_in, a.severity, a.cvss, a.cvss_score, a.published, a.modified, a.source, a.document,
        a.note, a.fix, a.low_confidence, a.informational, a.withdrawn, a.disputed, a.secondary);
}
template <class Codec>
void describe(Codec& codec, Epss& e) {
  codec(e.score_e5, e.percentile_e5);
}
template <class Codec>
void describe(Codec& codec, CveFacts& c) {
  codec(c.name, c.cvss, c.cvss_score, c.severity, c.rejected, c.disputed);
}
template <class Codec>
void describe(Codec& codec, SourceRow& s) {
  codec(s.name, s.part, s.newest, s.origin, s.imported, s.digest, s.records);
}

}  // namespace vuln

template <class Codec>
void describe(Codec& codec, Error& e) {
  codec(e.code, e.message);
}

namespace feeds {

template <class Codec>
void describe(Codec& codec, Statement& s) {
  codec(s.document, s.rule);
}
template <class Codec>
void describe(Codec& codec, Batch& b) {
  codec(b.advisories, b.known_exploited, b.epss, b.cves, b.statements, b.records);
}
template <class Codec>
void describe(Codec& codec, Part& p) {
  codec(p.row, p.whole);
}
template <class Codec>
void describe(Codec& codec, Summary& s) {
  codec(s.parts, s.problems, s.problems_not_kept);
}

}  // namespace feeds
}  // namespace fathom

// The binary form of the shared vocabulary, for what crosses processes or goes to a cache.
// See base/codec.h.

#pragma once

#include "base/codec.h"
#include "model/component.h"
#include "model/evidence.h"
#include "model/hardening.h"
#include "model/origin.h"
#include "model/report.h"
#include "model/sbom.h"

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
void describe(Codec& codec, Revision& r) {
  codec(r.of, r.system, r.id, r.time, r.source, r.modified, r.evidence);
}

template <class Codec>
void describe(Codec& codec, Attested& a) {
  codec(a.predicate, a.name, a.builder, a.in_envelope, a.evidence);
}

template <class Codec>
void describe(Codec& codec, Statement::Subject& s) {
  codec(s.name, s.digest);
}

template <class Codec>
void describe(Codec& codec, Statement& s) {
  codec(s.predicate, s.builder, s.in_envelope, s.where, s.place, s.subjects, s.subjects_left_out);
}

template <class Codec>
void describe(Codec& codec, FileOrigin& o) {
  codec(o.side, o.explained, o.checksum, o.claimed_by, o.build_id, o.compilers, o.revisions,
        o.attested);
}

template <class Codec>
void describe(Codec& codec, BaseUpdate& u) {
  codec(u.component, u.name, u.installed, u.available, u.fixes);
}

template <class Codec>
void describe(Codec& codec, BaseImage& b) {
  codec(b.name, b.digest, b.by, b.layers, b.end_is_known, b.created, b.age_days, b.end_of_life,
        b.updates_known, b.updates, b.evidence);
}

template <class Codec>
void describe(Codec& codec, OriginCount& c) {
  codec(c.explained, c.files, c.bytes);
}

template <class Codec>
void describe(Codec& codec, Origins& o) {
  codec(o.base, o.counts, o.revisions, o.attested);
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
void describe(Codec& codec, HardeningRow& h) {
  codec(h.path, h.digest, h.layer, h.type, h.machine, h.language, h.libc, h.checks);
}

template <class Codec>
void describe(Codec& codec, UnloadedLibrary& u) {
  codec(u.path, u.digest, u.layer, u.soname, u.why);
}

template <class Codec>
void describe(Codec& codec, StartStep& s) {
  codec(s.what, s.path, s.seen, s.layer);
}

template <class Codec>
void describe(Codec& codec, Start& s) {
  codec(s.arguments, s.program, s.steps, s.problems);
}

template <class Codec>
void describe(Codec& codec, ToolRow& t) {
  codec(t.tool, t.category, t.what, t.path, t.digest, t.layer, t.bytes, t.names, t.commands,
        t.owner, t.executable, t.needed, t.evidence);
}

template <class Codec>
void describe(Codec& codec, Ability& a) {
  codec(a.id, a.what, a.evidence);
}

template <class Codec>
void describe(Codec& codec, ProgramRow& p) {
  codec(p.path, p.digest, p.layer, p.bytes, p.libraries, p.abilities);
}

template <class Codec>
void describe(Codec& codec, ShellProof::Reason& r) {
  codec(r.why, r.programs);
}

template <class Codec>
void describe(Codec& codec, ShellProof& s) {
  codec(s.verdict, s.programs, s.excluded, s.shells, s.doubts, s.interpreters);
}

template <class Codec>
void describe(Codec& codec, Execution& e) {
  codec(e.start, e.user, e.shell, e.tools, e.programs);
}

template <class Codec>
void describe(Codec& codec, BundleRow& b) {
  codec(b.path, b.digest, b.layer, b.owner, b.authorities, b.expired, b.distrusted, b.unknown,
        b.missing, b.unreadable);
}

template <class Codec>
void describe(Codec& codec, TimeZoneRow& t) {
  codec(t.release, t.evidence);
}

template <class Codec>
void describe(Codec& codec, Trust& t) {
  codec(t.bundles, t.time_zones);
}

template <class Codec>
void describe(Codec& codec, ConfigurationRow& c) {
  codec(c.id, c.severity, c.title, c.why, c.fix, c.count, c.evidence);
}

template <class Codec>
void describe(Codec& codec, Attachment& a) {
  codec(a.kind, a.type, a.digest, a.size, a.subject, a.found);
}

template <class Codec>
void describe(Codec& codec, VersionClaim& v) {
  codec(v.exact, v.low, v.high, v.candidates);
}

template <class Codec>
void describe(Codec& codec, Component& c) {
  codec(c.id, c.kind, c.name, c.version, c.ecosystem, c.purl, c.cpe, c.source_name,
        c.source_version, c.licenses, c.licenses_from, c.claimed, c.file, c.file_digest, c.layer,
        c.owned_files, c.packaged_as, c.side, c.confidence, c.evidence);
}

template <class Codec>
void describe(Codec& codec, Finding& f) {
  codec(f.id, f.aliases, f.component, f.severity, f.cvss, f.cvss_score, f.kev, f.epss,
        f.epss_percentile, f.fixed_in, f.fix, f.published, f.disputed, f.withdrawn, f.verdict,
        f.why, f.range_uncertain, f.source, f.evidence, f.functions, f.path, f.ignored,
        f.ignored_because, f.stated, f.in_baseline);
}

template <class Codec>
void describe(Codec& codec, FileRow& f) {
  codec(f.path, f.digest, f.size, f.layer, f.kind, f.type, f.state, f.owner, f.shadowed,
        f.shadowed_by, f.executable_bytes, f.attributed_bytes, f.origin);
}

template <class Codec>
void describe(Codec& codec, LayerRow& l) {
  codec(l.digest, l.diff_id, l.size, l.created_by, l.files, l.created);
}

template <class Codec>
void describe(Codec& codec, SbomEntry& e) {
  codec(e.name, e.version, e.type, e.purl, e.cpe, e.licenses, e.digests, e.files, e.place);
}

template <class Codec>
void describe(Codec& codec, SbomDocument& d) {
  codec(d.form, d.tool, d.subject, d.entries, d.problems, d.problems_not_kept);
}

template <class Codec>
void describe(Codec& codec, ClaimRow& c) {
  codec(c.entry, c.state, c.component, c.why, c.evidence);
}

template <class Codec>
void describe(Codec& codec, SbomRow& s) {
  codec(s.origin, s.file, s.digest, s.layer, s.form, s.tool, s.subject, s.scope, s.claims,
        s.unclaimed, s.found, s.executable_bytes, s.explained_bytes);
}

template <class Codec>
void describe(Codec& codec, ImageRow& i) {
  codec(i.digest, i.platform, i.source, i.created, i.names, i.entrypoint, i.command, i.layers,
        i.asked_for_attached, i.attached);
}

template <class Codec>
void describe(Codec& codec, EcosystemCoverage& e) {
  codec(e.ecosystem, e.components, e.advisories, e.newest, e.release, e.end_of_life);
}

template <class Codec>
void describe(Codec& codec, Coverage& c) {
  codec(c.files, c.identified, c.inert, c.gaps, c.executable_files, c.executable_bytes,
        c.attributed_bytes, c.ecosystems);
}

template <class Codec>
void describe(Codec& codec, Mention& m) {
  codec(m.library, m.version, m.file, m.evidence, m.why);
}

template <class Codec>
void describe(Codec& codec, DataRow& d) {
  codec(d.kind, d.id, d.date);
}

template <class Codec>
void describe(Codec& codec, PolicyOutcome& p) {
  codec(p.failed, p.reasons);
}

template <class Codec>
void describe(Codec& codec, Report& r) {
  codec(r.target, r.now, r.image, r.coverage, r.files, r.components, r.findings, r.mentions,
        r.hardening, r.unloaded, r.sboms, r.execution, r.trust, r.origin, r.configuration, r.gaps,
        r.notes,
        r.data, r.incomplete, r.policy, r.exit_status);
}

}  // namespace fathom

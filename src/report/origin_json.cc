#include "report/origin_json.h"

#include "report/json_parts.h"
#include "report/origin_text.h"

namespace fathom {
namespace {

using json::Writer;

void write_revisions(Writer& w, const std::vector<Revision>& revisions) {
  w.key("revisions").begin_array();
  for (const Revision& revision : revisions) {
    w.begin_object();
    w.member("of", revision.of);
    w.optional_member("system", revision.system);
    w.member("id", revision.id);
    w.optional_member("time", revision.time);
    w.optional_member("source", revision.source);
    w.member("modified", revision.modified);
    w.key("evidence");
    write_evidence(w, revision.evidence);
    w.end_object();
  }
  w.end_array();
}

void write_attested(Writer& w, const std::vector<Attested>& list) {
  w.key("attested").begin_array();
  for (const Attested& attested : list) {
    w.begin_object();
    w.optional_member("predicate", attested.predicate);
    w.optional_member("name", attested.name);
    w.optional_member("builder", attested.builder);
    w.member("in_envelope", attested.in_envelope);
    w.member("status", "not verified");
    w.key("evidence");
    write_evidence(w, attested.evidence);
    w.end_object();
  }
  w.end_array();
}

void write_base(Writer& w, const BaseImage& base) {
  w.key("base").begin_object();
  w.optional_member("name", base.name);
  w.optional_member("digest", base.digest);
  w.member("by", name_of(base.by));
  w.member("layers", base.layers);
  w.member("end_is_known", base.end_is_known);
  w.optional_member("created", base.created);
  if (base.age_days >= 0) w.member("age_days", base.age_days);
  w.optional_member("end_of_life", base.end_of_life);
  w.member("updates_known", base.updates_known);
  w.key("updates").begin_array();
  for (const BaseUpdate& update : base.updates) {
    w.begin_object();
    w.member("component", update.component).member("name", update.name);
    w.member("installed", update.installed).member("available", update.available);
    w.strings("fixes", update.fixes);
    w.end_object();
  }
  w.end_array();
  write_evidence_list(w, "evidence", base.evidence);
  w.end_object();
}

void write_component(Writer& w, const Component& component) {
  w.begin_object();
  w.member("id", component.id).member("name", component.name);
  w.optional_member("version", component.version.exact);
  w.member("ecosystem", component.ecosystem);
  w.optional_member("purl", component.purl);
  w.member("file", component.file);
  w.member("from", name_of(component.side));
  w.end_object();
}

}  // namespace

void write_file_origin(Writer& w, const FileOrigin& origin) {
  w.key("origin").begin_object();
  w.member("from", name_of(origin.side));
  w.member("explained", name_of(origin.explained));
  w.member("checksum", name_of(origin.checksum));
  w.optional_member("claimed_by", origin.claimed_by);
  w.optional_member("build_id", origin.build_id);
  if (!origin.compilers.empty()) w.strings("compilers", origin.compilers);
  if (!origin.revisions.empty()) write_revisions(w, origin.revisions);
  if (!origin.attested.empty()) write_attested(w, origin.attested);
  w.end_object();
}

void write_origins(Writer& w, const Origins& origins) {
  w.key("origin").begin_object();
  write_base(w, origins.base);
  w.key("files").begin_array();
  for (const OriginCount& count : origins.counts) {
    w.begin_object().member("explained", name_of(count.explained));
    w.member("files", count.files).member("bytes", count.bytes).end_object();
  }
  w.end_array();
  write_revisions(w, origins.revisions);
  write_attested(w, origins.attested);
  w.end_object();
}

std::string origin_json(const Report& report, const std::vector<std::string>& paths) {
  Writer w;
  w.begin_object().member("target", report.target);
  write_origins(w, report.origin);
  w.key("files").begin_array();
  for (const FileRow& file : report.files) {
    if (file.digest.empty() || (!paths.empty() && !is_at_or_below(file.path, paths))) continue;
    w.begin_object().member("path", file.path).member("digest", file.digest);
    w.member("size", file.size);
    if (file.layer >= 0) {
      w.member("layer", file.layer);
      const auto index = static_cast<std::size_t>(file.layer);
      if (index < report.image.layers.size())
        w.optional_member("created_by", report.image.layers[index].created_by);
    }
    if (file.shadowed) w.member("shadowed", true);
    w.optional_member("owner", file.owner);
    write_file_origin(w, file.origin);
    w.end_object();
  }
  w.end_array().end_object();
  return w.finish();
}

std::string base_json(const Report& report) {
  Writer w;
  w.begin_object().member("target", report.target);
  write_origins(w, report.origin);
  w.key("components").begin_array();
  for (const Component& component : report.components) write_component(w, component);
  w.end_array().end_object();
  return w.finish();
}

}  // namespace fathom

#include "report/read_origin.h"

namespace fathom {
namespace {

using json::Value;
using report_json::Members;
using report_json::read_evidence;
using report_json::Reader;

constexpr std::array kChecksums = {Checksum::none, Checksum::same, Checksum::changed,
                                   Checksum::not_recorded, Checksum::unread};
constexpr std::array kExplained = {Explained::no,       Explained::package,  Explained::attested,
                                   Explained::revision, Explained::database, Explained::base};
constexpr std::array kBaseBy = {BaseBy::nothing, BaseBy::layers, BaseBy::stated, BaseBy::packages,
                                BaseBy::distribution};

Revision read_revision(Reader& reader, const Value& value) {
  Members m(reader, value);
  Revision revision;
  revision.of = m.text("of");
  revision.system = m.optional_text("system");
  revision.id = m.text("id");
  revision.time = m.optional_text("time");
  revision.source = m.optional_text("source");
  revision.modified = m.flag("modified");
  revision.evidence = m.one("evidence", read_evidence);
  m.done();
  return revision;
}

Attested read_attested(Reader& reader, const Value& value) {
  Members m(reader, value);
  Attested attested;
  attested.predicate = m.optional_text("predicate");
  attested.name = m.optional_text("name");
  attested.builder = m.optional_text("builder");
  attested.in_envelope = m.flag("in_envelope");
  if (m.text("status") != "not verified") m.fail("status", "can only be \"not verified\"");
  attested.evidence = m.one("evidence", read_evidence);
  m.done();
  return attested;
}

BaseUpdate read_update(Reader& reader, const Value& value) {
  Members m(reader, value);
  BaseUpdate update;
  update.component = m.text("component");
  update.name = m.text("name");
  update.installed = m.text("installed");
  update.available = m.text("available");
  update.fixes = m.texts("fixes");
  m.done();
  return update;
}

BaseImage read_base(Reader& reader, const Value& value) {
  Members m(reader, value);
  BaseImage base;
  base.name = m.optional_text("name");
  base.digest = m.optional_text("digest");
  base.by = m.word("by", kBaseBy);
  base.layers = m.number("layers");
  base.end_is_known = m.flag("end_is_known");
  base.created = m.optional_text("created");
  base.age_days = m.layer("age_days");  // -1 when it is not there
  base.end_of_life = m.optional_text("end_of_life");
  base.updates_known = m.flag("updates_known");
  base.updates = m.rows("updates", read_update);
  base.evidence = m.rows("evidence", read_evidence);
  m.done();
  return base;
}

OriginCount read_count(Reader& reader, const Value& value) {
  Members m(reader, value);
  OriginCount count;
  count.explained = m.word("explained", kExplained);
  count.files = m.number("files");
  count.bytes = m.number("bytes");
  m.done();
  return count;
}

}  // namespace

FileOrigin read_file_origin(Reader& reader, const Value& value) {
  Members m(reader, value);
  FileOrigin origin;
  origin.side = m.word("from", kSides);
  origin.explained = m.word("explained", kExplained);
  origin.checksum = m.word("checksum", kChecksums);
  origin.claimed_by = m.optional_text("claimed_by");
  origin.build_id = m.optional_text("build_id");
  if (m.has("compilers")) origin.compilers = m.texts("compilers");
  if (m.has("revisions")) origin.revisions = m.rows("revisions", read_revision);
  if (m.has("attested")) origin.attested = m.rows("attested", read_attested);
  m.done();
  return origin;
}

Origins read_origins(Reader& reader, const Value& value) {
  Members m(reader, value);
  Origins origins;
  origins.base = m.one("base", read_base);
  origins.counts = m.rows("files", read_count);
  origins.revisions = m.rows("revisions", read_revision);
  origins.attested = m.rows("attested", read_attested);
  m.done();
  return origins;
}

}  // namespace fathom

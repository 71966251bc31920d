#include "report/json_members.h"

namespace fathom::report_json {

Place read_place(Reader& reader, const Value& value) {
  Members m(reader, value);
  const std::string kind = m.text("kind");
  Place place;
  if (kind == "offset" || kind == "address") {
    place.kind = kind == "offset" ? Place::Kind::offset : Place::Kind::address;
    place.value = m.number("value");
    place.text = m.optional_text("section");
  } else if (kind == "line") {
    place = Place::at_line(m.number("value"));
  } else if (kind == "pointer" || kind == "name") {
    place.kind = kind == "pointer" ? Place::Kind::pointer : Place::Kind::name;
    place.text = m.text("name");
  } else if (kind != "whole_file") {
    m.fail("kind", "unknown word \"" + printable(kind) + "\"");
  }
  m.done();
  return place;
}

Evidence read_evidence(Reader& reader, const Value& value) {
  Members m(reader, value);
  Evidence evidence;
  evidence.analyzer = m.text("analyzer");
  evidence.file = m.optional_text("file");
  evidence.file_digest = m.optional_text("digest");
  evidence.place = m.one("place", read_place);
  evidence.seen = m.text("seen");
  m.done();
  return evidence;
}

}  // namespace fathom::report_json

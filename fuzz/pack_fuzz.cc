// Any bytes as a pack: what opens can be asked anything.

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/component.h"
#include "vuln/database.h"
#include "vuln/match.h"

using namespace fathom;
using namespace fathom::vuln;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Result<Database> db = Database::open(ByteView(std::span(data, size)));
  if (!db) return 0;
  Component c;
  c.id = "c1";
  c.name = "libz";
  c.version.low = "1.0";
  c.version.high = "1.3";
  c.ecosystem = "C";
  Component go = c;
  go.id = "c2";
  go.ecosystem = "Go";
  go.name = "example.org/mod";
  go.version.exact = "v1.1.0";
  (void)match({c, go}, *db);
  (void)coverage({c, go}, *db);
  (void)db->ecosystems();
  (void)db->library("libz");
  (void)db->epss("CVE-2049-2222");
  (void)db->is_known_exploited("CVE-2049-2222");
  (void)db->section("classifiers");
  (void)db->id();
  (void)db->newest();
  return 0;
}

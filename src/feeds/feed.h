// Reads what others publish about vulnerabilities, in the forms they publish it in, into rows of
// the database. Told apart by their content, never by their name:
//
//   OSV           one record, JSON lines, a zip of records      ossf.github.io/osv-schema
//   NVD           API 2.0 and the yearly feeds nvd.nist.gov/developers/vulnerabilities KEV CISA's
//   catalogue, JSON                        cisa.gov/known-exploited-vulnerabilities-catalog EPSS
//   FIRST's scores, CSV                           first.org/epss/data_stats Debian        the
//   security tracker's JSON                   security-tracker.debian.org/tracker/data/json Alpine
//   secdb, JSON                                   secdb.alpinelinux.org CSAF 2.0      advisories
//   and VEX                            docs.oasis-open.org/csaf OpenVEX       documents with
//   statements                     openvex.dev fathom        what `fathom db export` wrote
//   docs/database.md
//
// Any of them may be compressed (gzip, zstd, xz, bzip2). Foreign bytes: call this in the confined
// child only.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/feed_limits.h"
#include "base/result.h"
#include "policy/policy.h"
#include "vuln/database.h"
#include "vuln/distributions.h"

namespace fathom::feeds {

// A vendor's word that a vulnerability does no harm in a product.
struct Statement {
  std::string document;  // the VEX document it stands in
  policy::IgnoreRule rule;
};

// Rows as they come out.
struct Batch {
  std::vector<vuln::Advisory> advisories;
  std::vector<std::string> known_exploited;
  std::vector<std::pair<std::string, vuln::Epss>> epss;
  std::vector<vuln::CveFacts> cves;
  std::vector<Statement> statements;
  // (source, record) of everything that was read, whether it gave rows or not: the record's earlier
  // rows go.
  std::vector<std::pair<std::string, std::string>> records;
};

// Rows of one source that were in the file.
struct Part {
  vuln::SourceRow row;  // name, part, newest, records; the rest is the importer's
  // The file holds all of it, so that what it no longer has goes: a catalogue, a tracker. Otherwise
  // only the records that are in the file are replaced.
  bool whole = false;
};

struct Summary {
  std::vector<Part> parts;
  std::vector<Error> problems;  // records that could not be read, at most FeedLimits::problems …
  std::uint64_t problems_not_kept = 0;
};

struct Library {
  std::string cpe;  // "vendor:product"
  std::string name;
  vuln::Scheme scheme = vuln::Scheme::dotted;
};

struct Context {
  vuln::Distributions tables;
  std::map<std::string, Library> libraries;  // of the ecosystem "C", by CPE
  // Days: of the file, for forms that state none; and the last that a record may state.
  std::string file_day, last_day;
  std::size_t jobs = 1;
  FeedLimits limits;
};

using Sink = std::function<Done(Batch&&)>;

// `name` is for messages. An error means that nothing of the file may be used: it is broken,
// truncated, of no known form, or over a limit. A record that cannot be read on its own is a
// problem.
Result<Summary> read_feed(ByteView bytes, const std::string& name, const Context& context,
                          const Sink& sink);

}  // namespace fathom::feeds

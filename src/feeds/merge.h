// Puts what a feed gave into the user's database: only what is in the feed is replaced.

#pragma once

#include <string>
#include <vector>

#include "feeds/feed.h"
#include "vuln/pack_writer.h"

namespace fathom::feeds {

// One file that was read, and where it came from.
struct Incoming {
  Batch rows;
  Summary summary;
  std::string origin, imported, digest;
};

// Collects batches; `feed_rows` of the limits bounds it on this side of the channel too.
Done append(Batch& to, Batch&& from, const FeedLimits& limits);

// Takes out of `rows` what a later file has too: its records and its whole parts.
void forget(Batch& rows, const Incoming& later);

// A catalogue (KEV, EPSS), the Debian tracker and a repository of secdb take the place of the
// earlier one as a whole; of OSV, NVD, CSAF and OpenVEX the records that are in the file do, and
// the rest stays. Counts and days of the sources are made anew.
void merge(vuln::PackContent& content, Incoming incoming);

// Section of a user's pack with its statements, and the statements of a pack.
inline constexpr std::string_view kStatements = "statements";
std::vector<Statement> statements_of(const vuln::Database& database);

// content_of(database) with the sections of a user's pack.
vuln::PackContent user_content_of(const vuln::Database& database);

}  // namespace fathom::feeds

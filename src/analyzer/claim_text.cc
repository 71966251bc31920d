#include "analyzer/claim_text.h"

#include "analyzer/line_reader.h"
#include "analyzer/members.h"

namespace fathom {

void Problems::add(ErrorCode code, std::uint64_t line, std::string_view what) {
  if (list_.size() >= limits_.problems) {
    ++not_kept_;
    return;
  }
  list_.push_back({code, "line " + std::to_string(line) + ": " + std::string(what)});
}

Evidence line_evidence(std::string_view analyzer, std::uint64_t line, std::string_view seen,
                       const Limits& limits) {
  Evidence evidence;
  evidence.analyzer = analyzer;
  evidence.place = Place::at_line(line);
  evidence.seen = kept(seen, limits);
  return evidence;
}

void add_gaps(FileFacts& facts, const Limits& limits, std::string_view stage,
              const std::vector<Error>& problems, std::uint64_t not_kept) {
  facts.gaps_not_kept += not_kept;
  for (const Error& problem : problems) add_gap(facts, limits, std::string(stage), problem);
}

}  // namespace fathom

// Facts as tests/corpus keeps them: encoded (facts/facts.h) and compressed; and what is asked of
// them, from the pack.

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "facts/facts.h"
#include "facts/table_filter.h"
#include "signature/identify.h"
#include "vuln/database.h"

namespace fathom::corpus {

inline constexpr std::string_view kSuffix = ".facts.zst";

struct Knowledge {
  vuln::Database database;
  signature::Classifiers classifiers;
  signature::Features features;
  TableFilter tables;
};
Result<Knowledge> open_knowledge();  // the pack of this build

std::string store_facts(const FileFacts& facts, int level = 3);
Result<FileFacts> load_facts(std::string_view stored);

// Leaves out what identification cannot use: texts that no classifier and no source has, and all
// that is asked by other rooms. The answers are the same.
void trim_facts(FileFacts& facts, const Knowledge& knowledge);

}  // namespace fathom::corpus

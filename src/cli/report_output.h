// The -o flags of every command that ends in a report.

#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/flags.h"
#include "report/reporter.h"

namespace fathom::cli {

struct Output {
  const Reporter* reporter = nullptr;
  std::string file;  // empty: stdout
};

// At most one goes to stdout; none given means `usual` there.
Result<std::vector<Output>> parse_outputs(const Arguments& arguments, const Reporter* usual);

Done write_outputs(const std::vector<Output>& outputs, const Report& report,
                   const Arguments& arguments);

}  // namespace fathom::cli

// What commands share that answer with one page: in which form it is, where it goes, and how they
// end.

#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/flags.h"

namespace fathom::cli {

struct PageOutput {
  std::string format;
  std::string file;  // empty: stdout
  bool json() const { return format == "json"; }
};

// From --output FORMAT[=FILE]; the first of `formats` without it. Another format is an error that
// names them.
Result<PageOutput> parse_page_output(const Arguments& arguments,
                                     std::initializer_list<std::string_view> formats = {"table",
                                                                                        "json"});

// To the file as a whole, or to stdout when it has no name.
Done write_page(const std::string& file, std::string_view text);

// Runs a command as --quiet wants it; an error is said and becomes the exit status for it.
int run_command(const Arguments& arguments, Result<int> (*body)(const Arguments&));

}  // namespace fathom::cli

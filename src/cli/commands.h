// The commands' bodies; the table of flags.h points at them.

#pragma once

#include "cli/flags.h"

namespace fathom::cli {

inline constexpr int kExitUsage = 2;  // usage, or the scan could not run

int run_scan(const Arguments& arguments);
int run_convert(const Arguments& arguments);
int run_why(const Arguments& arguments);
int run_sbom(const Arguments& arguments);
int run_audit(const Arguments& arguments);
int run_exec(const Arguments& arguments);
int run_origin(const Arguments& arguments);
int run_base(const Arguments& arguments);
int run_diff(const Arguments& arguments);
int run_config(const Arguments& arguments);
int run_hardening(const Arguments& arguments);
int run_ldd(const Arguments& arguments);
int run_functions(const Arguments& arguments);
int run_db(const Arguments& arguments);
int run_sandbox(const Arguments& arguments);
int run_learn(const Arguments& arguments);  // signatures learn
int run_signatures(const Arguments& arguments);
int run_version(const Arguments& arguments);
int run_help(const Arguments& arguments);
int run_completion(const Arguments& arguments);
int run_man(const Arguments& arguments);

}  // namespace fathom::cli

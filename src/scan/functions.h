// Lists the functions of a program: the confined child reads the file, the parent gets plain
// values.

#pragma once

#include <string>
#include <string_view>

#include "base/limits.h"
#include "code/listing.h"
#include "code/program_print.h"
#include "confine/channel.h"
#include "facts/facts.h"
#include "scan/examine.h"

namespace fathom {

struct Job;

// "libz.a(inflate.o)": a member of an ar archive, as linkers write it.
struct MemberName {
  std::string path;    // of the archive, or of the file itself
  std::string member;  // empty: the file itself
};
MemberName split_member(std::string_view name);

struct FunctionsAnswer {
  code::Listing listing;
  std::vector<HashedFunction> hashes;  // of the same functions, in the same order
};

// Of the target itself, or with a path of that file in it. `wanted` as for code::list_functions. An
// error when the file is none that fathom can take apart, or the child died.
Result<FunctionsAnswer> list_functions_confined(const Target& target, const MemberName& file,
                                                const std::string& wanted,
                                                const ExamineOptions& options);

// What of the same file can be compared with another build of it.
Result<code::ProgramPrint> print_program_confined(const Target& target, const std::string& path,
                                                  const ExamineOptions& options);

// The child's side.
Done answer_functions_job(confine::Channel& channel, const Job& job, const Limits& limits);
Done answer_print_job(confine::Channel& channel, const Job& job, const Limits& limits);

}  // namespace fathom

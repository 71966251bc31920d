// `fathom signatures learn`: a user's own libraries, as compiled, into a pack for --signatures.

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/knowledge.h"
#include "cli/output.h"
#include "model/purl.h"
#include "scan/learn.h"

namespace fathom::cli {
namespace {

Result<signature::ObjectBuild> build_of(const Arguments& arguments) {
  signature::ObjectBuild build;
  build.package = arguments.one("name");
  build.version = build.release = arguments.one("release");
  build.purl = arguments.one("purl");
  if (!build.purl.empty()) {
    const Purl purl = TRY(parse_purl(build.purl).in("--purl"));
    if (build.package.empty()) build.package = purl.name;
    if (build.version.empty()) build.version = build.release = purl.version;
  }
  if (build.package.empty() || build.version.empty())
    return Error{ErrorCode::usage,
                 "--name and --release, or a --purl that has both, say what the "
                 "library is called and which release this is"};
  build.source = build.package;
  build.source_version = build.version;
  return build;
}

Result<std::string> learn(const Arguments& arguments) {
  const std::string output(arguments.one("output"));
  if (output.empty()) return Error{ErrorCode::usage, "-o names the file to write"};
  if (arguments.operands.size() < 2)
    return Error{ErrorCode::usage, "name the library's archives, objects or shared objects"};
  signature::ObjectBuild build = TRY(build_of(arguments));
  signature::ObjectBuilder builder;
  for (std::size_t i = 1; i < arguments.operands.size(); ++i) {
    const std::string place = printable(arguments.operands[i]);
    const Target target = TRY(parse_target(arguments.operands[i]));
    const signature::RawMembers members = TRY(learn_confined(target, {}).in(place));
    for (const std::string& problem : members.problems)
      log::warning(place + ": " + printable(problem));
    build.machine = members.machine;
    builder.add(build, members.members);
  }
  const signature::ObjectLibrary library = builder.finish(build.package);
  const std::string packed = TRY(signature::pack_objects({library}));
  TRY(write_file(output, packed));
  return fmt::format("{} {}: {} functions in {} members, written to {}\n", printable(build.package),
                     printable(build.version), with_thousands(library.functions.size()),
                     with_thousands(library.members.size()), printable(output));
}

}  // namespace

int run_learn(const Arguments& arguments) {
  Result<std::string> text = learn(arguments);
  if (text) return write_stdout(*text) ? 0 : kExitUsage;
  log::error(text.error().message);
  return kExitUsage;
}

}  // namespace fathom::cli

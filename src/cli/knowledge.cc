#include "cli/knowledge.h"

#include "base/text.h"
#include "cli/output.h"
#include "vuln/embedded_pack.h"

namespace fathom::cli {

Result<std::string> merge_packs(std::string_view built_in, const std::vector<std::string>& packs) {
  constexpr std::uint64_t kLargest = std::uint64_t{1} << 30;
  std::vector<signature::ObjectLibrary> all;
  for (const std::string& path : packs) {
    const std::string bytes = TRY(read_file(path, kLargest).in(printable(path)));
    const signature::Objects own = TRY(signature::Objects::open(bytes).in(printable(path)));
    TRY(own.check().in(printable(path)));
    if (own.library_count() == 0)
      return Error{ErrorCode::malformed, printable(path) + ": no pack of signatures"};
    for (std::size_t i = 0; i < own.library_count(); ++i) all.push_back(own.library(i));
  }
  const signature::Objects known = TRY(signature::Objects::open(built_in));
  for (std::size_t i = 0; i < known.library_count(); ++i) all.push_back(known.library(i));
  return signature::pack_objects(all);
}

Result<Knowledge> open_knowledge(const std::vector<std::string>& packs) {
  vuln::Database database = TRY(vuln::Database::open(vuln::embedded_pack()).in("the pack"));
  signature::Classifiers classifiers =
      TRY(signature::Classifiers::parse(database.section("classifiers")).in("the classifiers"));
  signature::Features features =
      TRY(signature::Features::open(database.section("features")).in("the features"));
  Knowledge known{std::move(database), std::move(classifiers), std::move(features), {}, {}};
  std::string_view objects = known.database.section("objects");
  if (!packs.empty()) {
    known.merged = TRY(merge_packs(objects, packs));
    objects = known.merged;
  }
  known.objects = TRY(signature::Objects::open(objects).in("the objects"));
  return known;
}

}  // namespace fathom::cli

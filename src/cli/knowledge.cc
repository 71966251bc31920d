#include "cli/knowledge.h"

#include "vuln/embedded_pack.h"

namespace fathom::cli {

Result<Knowledge> open_knowledge() {
  vuln::Database database = TRY(vuln::Database::open(vuln::embedded_pack()).in("the pack"));
  signature::Classifiers classifiers =
      TRY(signature::Classifiers::parse(database.section("classifiers")).in("the classifiers"));
  signature::Features features =
      TRY(signature::Features::open(database.section("features")).in("the features"));
  signature::Objects objects =
      TRY(signature::Objects::open(database.section("objects")).in("the objects"));
  return Knowledge{std::move(database), std::move(classifiers), std::move(features),
                   std::move(objects)};
}

}  // namespace fathom::cli

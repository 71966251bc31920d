#include "analyzer/purl.h"

namespace fathom {

std::string golang_purl(std::string_view module, std::string_view version) {
  Purl purl{.type = "golang", .version = std::string(version)};
  const std::size_t slash = module.rfind('/');
  purl.name = module.substr(slash == module.npos ? 0 : slash + 1);
  if (slash != module.npos) purl.namespace_ = module.substr(0, slash);
  return purl.text();
}

}  // namespace fathom

#include "policy/keys.h"

#include "base/text.h"
#include "policy/purl.h"

namespace fathom::policy {

// Parts are separated by a byte that no id, name or path has.
std::string finding_key(const KeyParts& parts) {
  Result<Purl> purl = parse_purl(parts.purl);
  std::string key = utf8_or_escaped(parts.id);
  key += '\0';
  key += purl ? without_version(*purl) : utf8_or_escaped(parts.component_name);
  key += '\0';
  key += utf8_or_escaped(parts.file);
  return key;
}

}  // namespace fathom::policy

// Credentials in bytes, by the forms of data/audit/secrets.tsv. What is returned never holds one.

#pragma once

#include <vector>

#include "base/bytes.h"
#include "facts/audit_facts.h"

namespace fathom {

enum class SecretScope {
  binary,    // compiled files: only what has a check, or a prefix that is sure
  text,      // files that people write
  settings,  // an image's environment, labels and history
};

// At most AuditFacts::kMostSecrets, by place: the line in texts, the offset in binaries. Linear.
std::vector<SecretSighting> find_secrets(ByteView bytes, SecretScope scope);

}  // namespace fathom

// The binary form of rules, for what crosses processes or is kept. See base/codec.h.

#pragma once

#include "base/codec.h"
#include "policy/policy.h"

namespace fathom::policy {

template <class Codec>
void describe(Codec& codec, IgnoreRule& r) {
  codec(r.id, r.component, r.path, r.reason, r.expires, r.origin, r.aliases, r.product, r.status);
}

}  // namespace fathom::policy

// How the configured command becomes a running program.

#pragma once

#include "audit/lookup.h"

namespace fathom::audit {

Start resolve_start(const Lookup& lookup);

}  // namespace fathom::audit

// What an image lets run and what its configuration does, from facts that are already there. Pure:
// the same tree, facts, settings and time give the same rows.

#pragma once

#include <string>
#include <vector>

#include "analyzer/image_input.h"
#include "audit/knowledge.h"
#include "audit/profile.h"
#include "image/image.h"
#include "model/report.h"

namespace fathom::audit {

struct Input {
  const image::FileTree& tree;
  const FactsByDigest& facts;
  const Profiles& profiles;
  const image::ImageInfo& info;
  const Knowledge& knowledge;
  const Report& report;  // files, components and gaps are final; `now` is set
};

// Entrypoint and command, the programs an attacker could use, and whether there is a shell.
Execution examine_execution(const Input& input);

struct Configuration {
  std::vector<ConfigurationRow> rows;  // gravest first
  Trust trust;
};
Configuration audit_configuration(const Input& input);

}  // namespace fathom::audit

// What one file is to somebody who got into the container: the second stage for programs. Pure, and
// made while the facts of the file pass by, because it needs the strings that are dropped later.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "audit/knowledge.h"
#include "facts/facts.h"
#include "model/audit.h"

namespace fathom::audit {

struct Hit {
  std::size_t tool = 0;            // index into Knowledge::tools
  std::vector<Evidence> evidence;  // file and digest empty
};

struct Profile {
  std::vector<Hit> hits;
  std::vector<Ability> abilities;   // evidence without file and digest
  bool can_start_programs = false;  // or it cannot be told
};

// Content digest → profile, of ELF files only.
using Profiles = std::map<std::string, Profile>;

// `libraries` are what identification recognised in the file.
Profile profile_of(const FileFacts& facts, const std::vector<Component>& libraries,
                   const Knowledge& knowledge);

}  // namespace fathom::audit

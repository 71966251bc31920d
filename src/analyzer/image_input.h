// What image-wide analyzers see, and what they build: the inventory.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "facts/facts.h"
#include "image/file_tree.h"
#include "model/report.h"

namespace fathom {

// Content digest → facts. An entry is missing when the file could not be examined (a gap says so).
using FactsByDigest = std::map<std::string, FileFacts>;

struct ImageInput {
  const image::FileTree& tree;
  const FactsByDigest& facts;
};

// What the package data say about the content of a path, by the package that lists it.
struct RecordedFile {
  std::size_t component = 0;  // index into Inventory::components
  Checksum checksum = Checksum::not_recorded;
};

struct Inventory {
  std::vector<Component> components;
  std::vector<Mention> mentions;
  std::vector<Gap> gaps;
  // Path → index into components: which package installed it.
  std::map<std::string, std::size_t> owner_of;
  // Path → what the package that lists it recorded; of several packages the one that owns the file.
  std::map<std::string, RecordedFile> recorded;
  // Content digest → bytes of code that is a known library's, as compiled.
  std::map<std::string, std::uint64_t> known_code;
};

}  // namespace fathom

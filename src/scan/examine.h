// Reads an image in a confined child and collects what it says. The child may die at any byte of
// hostile input: what it had said stands, the files it was working on are tried one by one in a
// fresh child, and the one that kills it again becomes a gap.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "confine/channel.h"
#include "confine/channel_store.h"
#include "facts/facts.h"
#include "image/image.h"
#include "model/sbom.h"
#include "registry/registry.h"
#include "scan/target.h"

namespace fathom {

struct ExamineOptions {
  Limits limits;
  std::string_view tables;  // of a TableFilter: which windows of tables to note
  std::size_t jobs = 1;
  // The child counts as hung, is killed, and the report is marked incomplete when it says nothing
  // for this long. A last resort: all ordinary limits count work, not time.
  int stall_seconds = 300;
  bool fresh_program = true;  // see confine::ChildOptions
  registry::Options registry;
  // Called for every distinct file as its facts arrive; may take out of the facts what nobody
  // needs later. Arrival order is not stable; what it does per file must not depend on it.
  std::function<void(const std::string& digest, FileFacts& facts)> on_facts;
};

struct AttachedSbom {
  std::uint64_t index = 0;  // in ImageInfo::attached
  SbomDocument document;
};

struct Examined {
  image::ImageInfo info;
  std::vector<image::Layer> layers;          // as many as info.layers
  std::vector<Gap> gaps;                     // stage "confine": what killed the child
  std::vector<AttachedSbom> attached_sboms;  // by index
  std::vector<std::string> notes;            // walls that are missing here
  bool incomplete = false;
};

// An error means that there is no image to scan at all.
Result<Examined> examine(const Target& target, const ExamineOptions& options);

// The images of a target that has several, each named by its digest and its platform.
Result<std::vector<Target>> all_images(const Target& target, const ExamineOptions& options);

// What a child reads the target through.
Result<confine::StoreServer> open_server(const Target& target, const ExamineOptions& options);

// The child's main.
int run_confined_child(confine::Channel channel);

}  // namespace fathom

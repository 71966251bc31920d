// Which common Java libraries are in an archive, by its classes: the same bytes as in a release, or
// the same shape where the classes were moved to another package. Names of files and manifests play
// no part, so a renamed, shaded or stripped-down archive is recognised all the same.
//
// The data (data/java/, made by tools/make_java_classes.py) have a sample of each library's
// classes: those that tell most releases apart.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "signature/identify.h"

namespace fathom::signature {

class JavaClasses {
 public:
  // Lines "L <group:artifact> <version,…>", oldest first, those whose classes nobody looked at with
  // a "?" before them, and for each of its classes
  // "C <name> <digest>:<shape>:<from-to,…>;…" (hexadecimal; positions in the list of versions).
  // Tabs between fields. Any malformed line is an error: the data is ours.
  static Result<JavaClasses> parse(std::string_view text);

  std::size_t libraries() const { return libraries_.size(); }
  // Adds what the classes of the archive show; nothing when it has none.
  void identify(const FileFacts& archive, Identified& found) const;

 private:
  friend class ArchiveMatch;

  struct Content {  // of one class, in some releases
    std::uint32_t library = 0, sample = 0;
    std::vector<bool> releases;
  };
  struct Library {
    std::string name;
    std::vector<std::string> versions;
    std::vector<bool> is_known;        // whether the classes of the release are
    std::vector<std::string> samples;  // names of classes
  };
  Done add_library(const std::vector<std::string_view>& cells);
  Done add_class(const std::vector<std::string_view>& cells);

  std::vector<Library> libraries_;
  std::vector<Content> contents_;
  // Index into contents_.
  std::unordered_multimap<std::uint64_t, std::uint32_t> by_digest_, by_shape_;
  std::unordered_multimap<std::uint64_t, std::pair<std::uint32_t, std::uint32_t>> by_name_;
};

// What is known of a library by its classes is laid over what a text of the same archive states:
// one component, all evidence. The classes decide where the data have the stated release and the
// classes are of another one.
void reconcile(Component& stated, Component by_classes,
               const std::vector<std::string>& known_versions);

}  // namespace fathom::signature

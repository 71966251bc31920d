// What the sources of each release of a library have that a compiled file shows: texts, constant
// tables, and the lines at which reporting calls stand. Facts as numbers: no source text is kept,
// texts, windows of tables and file names are XXH3 hashes. data/features/README.md says where they
// come from; tools/ packs them.
//
// The packed form, little-endian, every array at a multiple of 8: "FTUR", u32 version, u32 number
// of libraries L, u32 number of texts N, u32 number of windows W; u64 size of each library's block
// [L]; the texts in the order of (hash, library): u64 hashes [N], u16 libraries [N], u32 indexes
// into the library's texts [N]; the windows of tables likewise, with indexes into the library's
// tables; u64 size, the names and the version functions of all libraries, in the form of
// base/codec.h; then the blocks (feature_view.h).

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "signature/feature_view.h"

namespace fathom::signature {

using ReleaseSet = std::vector<ReleaseSpan>;  // ascending, disjoint

struct FeatureText {
  enum Flag : std::uint8_t {
    version_like = 1,  // holds a version or a date: says nothing about the others
    identifier = 2,
    assertion = 4,
    live = 8,      // was seen in a compiled file: its absence says something
    generic = 16,  // was seen in files without the library
    shared = 32,   // three or more groups of libraries have it
    common = 64,   // more than four libraries have it
  };
  std::uint64_t hash = 0;  // not in a block: the table of all libraries has it
  std::uint8_t flags = 0;
  std::uint32_t length = 0;  // bytes
  std::uint32_t set = 0;     // index into `sets`
  std::uint32_t file = 0;    // index into `files`: the first that has it

  // Whether it speaks for the library at all.
  bool is_core() const {
    constexpr std::uint8_t kSilent = version_like | identifier | generic | shared | common;
    return (flags & kSilent) == 0 && length >= 8;
  }
};

// The texts of one body of a function, in the releases that have this body.
struct FeatureBody {
  std::uint32_t set = 0;
  std::vector<std::uint32_t> texts;
};

// Where in one source file calls stand that carry their line, in some releases.
struct FeatureLines {
  std::uint32_t set = 0;
  std::vector<std::uint32_t> first;  // line of each call, ascending
  std::vector<std::uint32_t> span;   // and how many lines further it ends
};
struct FeatureSource {
  std::uint64_t file_hash = 0;  // of the name behind the last '/'
  std::uint32_t file = 0;
  std::vector<FeatureLines> versions;
};

// A constant table, as the hashes of consecutive windows of 32 bytes (of a long one some of them).
struct FeatureTable {
  std::uint32_t set = 0;
  std::uint32_t file = 0;
  std::uint32_t windows = 0;  // how many different ones are looked for
  std::uint32_t bytes = 0;    // how far they may be apart in a file
  bool is_public = false;     // published: others have it too, it names nobody
  std::string name;
};

// How a library tells its version as numbers (data/features/version_functions.tsv).
struct VersionFunction {
  enum class How : std::uint8_t {
    one,
    pair,
    stored,
    beside_name,  // an argument of a call that also gets a source file's name
    triple,       // three fields of a struct are set, one behind the other
  };
  How how = How::one;
  std::vector<std::uint64_t> units;  // one: descending, as VersionConstant of row.h
  std::uint64_t rest = 0;
  bool proves = false;  // no other code returns such values
};

struct FeatureLibrary {
  std::string name;                   // the id that advisories and classifiers use
  std::string cpe;                    // with {version}, or empty
  std::string family;                 // of libraries with a common origin, or empty
  std::vector<std::string> releases;  // ascending by version
  std::vector<ReleaseSet> sets;
  std::vector<std::string> files;
  std::vector<FeatureText> texts;
  std::vector<FeatureBody> bodies;
  std::vector<FeatureSource> sources;  // by file_hash
  std::vector<FeatureTable> tables;
  // Calls that report a line with a text and without a file name, and where they stand.
  std::uint64_t report_text = 0;  // hash; 0: there are none
  std::vector<FeatureSource> reports;
};

// The windows of each table of each library: hashes, by library, by table.
using TableWindows = std::vector<std::vector<std::vector<std::uint64_t>>>;
using VersionFunctions = std::vector<std::vector<VersionFunction>>;  // by library

// Fails on what the form cannot hold.
Result<std::string> pack_features(const std::vector<FeatureLibrary>& libraries,
                                  const TableWindows& windows = {},
                                  const VersionFunctions& functions = {});

// Views `packed`; must not outlive it. Nothing is decoded but names and version functions: what is
// asked is read where it lies.
class Features {
 public:
  static Result<Features> open(std::string_view packed);  // an empty one holds no library

  // One text, or one window of a table, of one library.
  struct Entry {
    std::uint16_t library = 0;
    std::uint32_t index = 0;  // into the library's texts or tables
  };
  class Index {
   public:
    std::size_t size() const { return hashes_.size() / 8; }
    std::uint64_t hash_at(std::size_t i) const;
    Entry entry_at(std::size_t i) const;
    // The first that is not below `hash`, at `from` or behind it. Gallops.
    std::size_t first_not_below(std::size_t from, std::uint64_t hash) const;

   private:
    friend class Features;
    std::string_view hashes_, libraries_, indexes_;
  };
  const Index& texts() const { return texts_; }
  const Index& windows() const { return windows_; }
  // For a TableFilter (facts/table_filter.h).
  std::string_view table_windows() const { return windows_.hashes_; }

  // The name and the version functions of a library; asking decodes no block.
  const std::string& name_of(std::size_t library) const { return names_[library]; }
  std::span<const VersionFunction> functions_of(std::size_t library) const;

  std::size_t library_count() const { return blocks_.size(); }
  FeatureView library(std::size_t i) const { return FeatureView(blocks_[i]); }
  Done check() const;  // reads everything; what is wrong in a block is an error of the pack

 private:
  Index texts_, windows_;
  std::vector<std::string> names_;  // by library
  VersionFunctions functions_;
  std::vector<std::string_view> blocks_;
};

}  // namespace fathom::signature

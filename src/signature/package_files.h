// Which package revisions a file's content is from: the files of distributions' packages by their
// MD5, which every examined file has, and programs and libraries also by their build id, which
// stays when a file is stripped. data/packages/README.md says where they come from.
//
// The packed form is that of base/codec.h, "FTPF" and a version before it.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace fathom::signature {

struct PackageRevision {
  std::string package, version, source, source_version;
  std::string distribution_release;  // "12", or empty when only unstable suites have it
  std::string architecture;          // "amd64", "arm64", "all"
};

// Revisions first..last, both included.
using RevisionSet = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

struct PackageFile {
  std::uint64_t key = 0;  // the first eight bytes of the MD5, or of the build id
  std::uint32_t path = 0;
  RevisionSet revisions;
};

class PackageFiles {
 public:
  static Result<PackageFiles> open(std::string_view packed);  // an empty one knows no file

  // Of hex digests; null when no package has such a file.
  const PackageFile* by_content(std::string_view md5) const;
  const PackageFile* by_build_id(std::string_view build_id) const;
  const std::vector<PackageRevision>& revisions() const { return revisions_; }
  const std::string& path_of(const PackageFile& file) const { return paths_[file.path]; }
  std::size_t size() const { return contents_.size() + build_ids_.size(); }

  // For tools: sorts, and fails on what points nowhere.
  static Result<std::string> pack(std::vector<PackageRevision> revisions,
                                  std::vector<std::string> paths, std::vector<PackageFile> contents,
                                  std::vector<PackageFile> build_ids);

 private:
  template <class Codec>
  friend void describe(Codec& codec, PackageFiles& files);
  std::vector<PackageRevision> revisions_;
  std::vector<std::string> paths_;
  std::vector<PackageFile> contents_, build_ids_;  // by key
};

// The key of a hex digest; nothing when it is shorter than eight bytes or no hex.
std::optional<std::uint64_t> package_key(std::string_view hex);

}  // namespace fathom::signature

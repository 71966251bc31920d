#include "signature/package_files.h"

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"

namespace fathom::signature {

namespace {

constexpr std::string_view kMagic = "FTPF\1";

const PackageFile* find(const std::vector<PackageFile>& files, std::string_view hex) {
  const std::optional<std::uint64_t> key = package_key(hex);
  if (!key) return nullptr;
  auto at = std::ranges::lower_bound(files, *key, {}, &PackageFile::key);
  return at != files.end() && at->key == *key ? &*at : nullptr;
}

bool is_sound(const std::vector<PackageFile>& files, std::size_t paths, std::size_t revisions) {
  return std::ranges::is_sorted(files, {}, &PackageFile::key) &&
         std::ranges::all_of(files, [&](const PackageFile& file) {
           return file.path < paths && std::ranges::all_of(
                                           file.revisions,
                                           [&](const auto& span) {
                                             return span.first <= span.second &&
                                                    span.second < revisions;
                                           });
         });
}

}  // namespace

template <class Codec>
void describe(Codec& codec, PackageRevision& r) {
  codec(r.package, r.version, r.source, r.source_version, r.distribution_release, r.architecture);
}
template <class Codec>
void describe(Codec& codec, PackageFile& f) {
  codec(f.key, f.path, f.revisions);
}
template <class Codec>
void describe(Codec& codec, PackageFiles& files) {
  codec(files.revisions_, files.paths_, files.contents_, files.build_ids_);
}

std::optional<std::uint64_t> package_key(std::string_view hex) {
  constexpr std::size_t kDigits = 16;
  if (hex.size() < kDigits) return std::nullopt;
  return parse_unsigned(hex.substr(0, kDigits), 16);
}

Result<PackageFiles> PackageFiles::open(std::string_view packed) {
  if (packed.empty()) return PackageFiles();
  if (!packed.starts_with(kMagic)) return Error{ErrorCode::malformed, "not a table of packages"};
  PackageFiles out =
      TRY(decode_value<PackageFiles>(packed.substr(kMagic.size())).in("the table of packages"));
  for (const auto* files : {&out.contents_, &out.build_ids_})
    if (!is_sound(*files, out.paths_.size(), out.revisions_.size()))
      return Error{ErrorCode::malformed, "the table of packages points nowhere"};
  return out;
}

const PackageFile* PackageFiles::by_content(std::string_view md5) const {
  return find(contents_, md5);
}
const PackageFile* PackageFiles::by_build_id(std::string_view build_id) const {
  return find(build_ids_, build_id);
}

Result<std::string> PackageFiles::pack(std::vector<PackageRevision> revisions,
                                       std::vector<std::string> paths,
                                       std::vector<PackageFile> contents,
                                       std::vector<PackageFile> build_ids) {
  PackageFiles out;
  out.revisions_ = std::move(revisions);
  out.paths_ = std::move(paths);
  out.contents_ = std::move(contents);
  out.build_ids_ = std::move(build_ids);
  for (auto* files : {&out.contents_, &out.build_ids_}) {
    std::ranges::stable_sort(*files, {}, &PackageFile::key);
    if (!is_sound(*files, out.paths_.size(), out.revisions_.size()))
      return Error{ErrorCode::malformed, "a file of a package points nowhere"};
  }
  return std::string(kMagic) + encode_value(out);
}

}  // namespace fathom::signature

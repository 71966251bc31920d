// Two big-endian counts, entries of sixteen bytes (tag, type, offset, count), and the data that the
// offsets lead into. Numbers are big-endian, texts end with a NUL; an array of texts is one behind
// the other. File names are three arrays: folders, names, and which folder each name is in.

#include "analyzer/rpm_header.h"

#include <map>

#include "analyzer/line_reader.h"
#include "base/text.h"

namespace fathom {

namespace {

enum Tag : std::uint32_t {
  name = 1000,
  version = 1001,
  release = 1002,
  epoch = 1003,
  vendor = 1011,
  license = 1014,
  arch = 1022,
  old_file_names = 1027,
  file_modes = 1030,
  file_digests = 1035,
  file_flags = 1037,
  source_rpm = 1044,
  folder_indexes = 1116,
  base_names = 1117,
  folder_names = 1118,
  digest_algorithm = 5011,
  modularity = 5096,
};

enum Type : std::uint32_t { int16 = 3, int32 = 4, text = 6, texts = 8, i18n_texts = 9 };

// From rpmio's pgpHashAlgo_e, which is OpenPGP's.
constexpr std::uint64_t kMd5 = 1, kSha1 = 2, kSha256 = 8;
constexpr std::uint64_t kGhost = 1u << 6;  // RPMFILE_GHOST: in no package's payload

struct Entry {
  std::uint32_t type = 0, offset = 0, count = 0;
};

class HeaderReader {
 public:
  HeaderReader(ByteView bytes, const Limits& limits) : bytes_(bytes), limits_(limits) {}

  Result<RpmPackage> read() {
    TRY(read_entries());
    package_.name = first_text(name);
    package_.version = first_text(version);
    if (package_.name.empty() || package_.version.empty())
      return Error{ErrorCode::malformed, "rpm header without name or version"};
    package_.release = first_text(release);
    package_.arch = first_text(arch);
    package_.source_rpm = first_text(source_rpm);
    package_.license = first_text(license);
    package_.vendor = first_text(vendor);
    package_.modularity = first_text(modularity);
    std::vector<std::uint64_t> epochs = numbers(epoch);
    if (!epochs.empty()) package_.epoch = std::to_string(epochs[0]);
    read_files();
    return std::move(package_);
  }

 private:
  Done read_entries() {
    constexpr std::uint64_t kEntry = 16, kHead = 8;
    std::uint64_t count = TRY(bytes_.read_big<std::uint32_t>(0));
    std::uint64_t size = TRY(bytes_.read_big<std::uint32_t>(4));
    if (count > limits_.rpm_entries)
      return Error{ErrorCode::limit_exceeded, "rpm header with more entries than are read"};
    ByteView entries = TRY(bytes_.slice(kHead, count * kEntry).in("entries of an rpm header"));
    data_ = TRY(bytes_.slice(kHead + count * kEntry, size).in("data of an rpm header"));
    for (std::uint64_t i = 0; i < count; ++i) {
      Entry entry;
      std::uint32_t tag = TRY(entries.read_big<std::uint32_t>(i * kEntry));
      entry.type = TRY(entries.read_big<std::uint32_t>(i * kEntry + 4));
      entry.offset = TRY(entries.read_big<std::uint32_t>(i * kEntry + 8));
      entry.count = TRY(entries.read_big<std::uint32_t>(i * kEntry + 12));
      entries_.emplace(tag, entry);  // of a tag that stands there twice, the first counts
    }
    return Ok{};
  }

  const Entry* find(std::uint32_t tag) const {
    auto at = entries_.find(tag);
    return at == entries_.end() ? nullptr : &at->second;
  }

  // Views the header.
  std::vector<std::string_view> text_list(std::uint32_t tag) {
    const Entry* entry = find(tag);
    std::vector<std::string_view> out;
    if (!entry || (entry->type != text && entry->type != texts && entry->type != i18n_texts))
      return out;
    std::uint64_t at = entry->offset;
    const std::uint64_t count = entry->type == text ? 1 : entry->count;
    for (std::uint64_t i = 0; i < count; ++i) {
      Result<std::string_view> one = data_.read_cstring(at);
      if (!one) {
        problem(tag, "texts end outside the header");
        break;
      }
      out.push_back(*one);
      at += one->size() + 1;
    }
    return out;
  }

  std::string first_text(std::uint32_t tag) {
    std::vector<std::string_view> list = text_list(tag);
    return list.empty() ? std::string() : kept(list[0], limits_);
  }

  std::vector<std::uint64_t> numbers(std::uint32_t tag) {
    const Entry* entry = find(tag);
    std::vector<std::uint64_t> out;
    if (!entry || (entry->type != int16 && entry->type != int32)) return out;
    const std::uint64_t size = entry->type == int16 ? 2 : 4;
    Result<ByteView> list = data_.slice(entry->offset, size * entry->count);
    if (!list) {
      problem(tag, "numbers end outside the header");
      return out;
    }
    for (std::uint64_t i = 0; i < entry->count; ++i)
      out.push_back(size == 2 ? *list->read_big<std::uint16_t>(2 * i)
                              : *list->read_big<std::uint32_t>(4 * i));
    return out;
  }

  std::vector<std::string> paths() {
    std::vector<std::string> out;
    std::vector<std::string_view> names = text_list(base_names), folders = text_list(folder_names);
    std::vector<std::uint64_t> where = numbers(folder_indexes);
    if (names.empty()) {
      for (std::string_view path : text_list(old_file_names)) out.push_back(kept(path, limits_));
      return out;
    }
    bool lies = false;
    for (std::size_t i = 0; i < names.size(); ++i) {
      bool known = i < where.size() && where[i] < folders.size();
      lies |= !known;
      out.push_back(known ? kept(folders[where[i]], limits_) + kept(names[i], limits_)
                          : std::string());
    }
    if (lies) problem(base_names, "files in folders that are not there");
    return out;
  }

  void read_files() {
    const std::vector<std::string> paths = this->paths();
    const std::vector<std::string_view> digests = text_list(file_digests);
    const std::vector<std::uint64_t> flags = numbers(file_flags), modes = numbers(file_modes);
    std::vector<std::uint64_t> algorithms = numbers(digest_algorithm);
    const std::uint64_t algorithm = algorithms.empty() ? kMd5 : algorithms[0];
    constexpr std::uint64_t kFormat = 0170000, kFolder = 0040000;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const bool is_folder = i < modes.size() && (modes[i] & kFormat) == kFolder;
      const bool is_ghost = i < flags.size() && (flags[i] & kGhost) != 0;
      if (paths[i].empty() || is_folder || is_ghost) continue;
      OwnedPath owned;
      owned.path = paths[i].substr(paths[i].find_first_not_of('/') == std::string::npos
                                       ? paths[i].size()
                                       : paths[i].find_first_not_of('/'));
      if (i < digests.size()) set_digest(owned, digests[i], algorithm);
      package_.files.push_back(std::move(owned));
    }
  }

  void set_digest(OwnedPath& owned, std::string_view digest, std::uint64_t algorithm) {
    if (digest.empty()) return;  // links
    std::string* slot = algorithm == kMd5 && digest.size() == 32      ? &owned.md5
                        : algorithm == kSha1 && digest.size() == 40   ? &owned.sha1
                        : algorithm == kSha256 && digest.size() == 64 ? &owned.sha256
                                                                      : nullptr;
    if (slot)
      *slot = to_lower(digest);
    else if (!said_algorithm_)
      problem(file_digests, "digests of unknown kind " + std::to_string(algorithm));
    said_algorithm_ |= slot == nullptr;
  }

  void problem(std::uint32_t tag, std::string_view what) {
    if (package_.problems.size() < limits_.problems)
      package_.problems.push_back({ErrorCode::malformed, "rpm header, tag " + std::to_string(tag) +
                                                             ": " + std::string(what)});
  }

  ByteView bytes_, data_;
  const Limits& limits_;
  std::map<std::uint32_t, Entry> entries_;
  RpmPackage package_;
  bool said_algorithm_ = false;
};

}  // namespace

std::string RpmPackage::evr() const {
  std::string out = epoch.empty() || epoch == "0" ? "" : epoch + ":";
  out += version;
  if (!release.empty()) out += "-" + release;
  return out;
}

Result<RpmPackage> read_rpm_header(ByteView bytes, const Limits& limits) {
  return HeaderReader(bytes, limits).read();
}

RpmSource split_source_rpm(std::string_view file_name) {
  for (std::string_view end : {".src.rpm", ".nosrc.rpm"}) {
    if (!file_name.ends_with(end)) continue;
    file_name.remove_suffix(end.size());
    std::size_t release = file_name.rfind('-');
    if (release == file_name.npos || release == 0) return {};
    std::size_t version = file_name.rfind('-', release - 1);
    if (version == file_name.npos || version == 0) return {};
    return {std::string(file_name.substr(0, version)), std::string(file_name.substr(version + 1))};
  }
  return {};
}

}  // namespace fathom

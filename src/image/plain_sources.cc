// Targets that are no container image but can be looked into like one: a root folder, a tar of
// one (docker export), a single file. Each becomes an image of one layer without digests.

#include <map>

#include "base/text.h"
#include "image/gap_list.h"
#include "image/image.h"
#include "image/layer_reader.h"

namespace fathom::image {
namespace {

using archive::TarType;

// A file to its end, whatever its size was said to be: files change. What is larger than the limit
// of one file is hashed and not held.
class ContentReader {
 public:
  // `budget`: bytes that may still be read of all files together.
  ContentReader(Blob& blob, const Limits& limits, std::uint64_t& budget)
      : blob_(blob), limits_(limits), budget_(budget) {}

  // Sets the entry's size, and either `content` or the entry's digest.
  Done run(Entry& entry, std::optional<Bytes>& content) {
    TRY(read_up_to_limit());
    entry.size = bytes_.size();
    if (bytes_.size() <= limits_.file_bytes) {
      content = std::move(bytes_);
      return Ok{};
    }
    Hasher hasher("sha256");
    hasher.update(ByteView(bytes_));
    bytes_.resize(kPiece);
    while (std::size_t n = TRY(read_at(entry.size, bytes_))) {
      hasher.update(ByteView(bytes_).clamped(0, n));
      entry.size += n;
    }
    entry.digest = "sha256:" + hasher.finish_hex();
    return Ok{};
  }

 private:
  static constexpr std::uint64_t kPiece = 256 * kKiB;

  // One byte more than the limit shows whether it is exceeded. The size that the file claims saves
  // growing, no more.
  Done read_up_to_limit() {
    const std::uint64_t most = limits_.file_bytes + 1;
    std::uint64_t size = 0;
    bytes_.resize(blob_.size() > limits_.file_bytes ? most : blob_.size() + 1);
    while (std::size_t n = TRY(read_at(size, std::span(bytes_).subspan(size)))) {
      size += n;
      if (size == most) break;
      if (size == bytes_.size()) bytes_.resize(std::min(2 * size + kPiece, most));
    }
    bytes_.resize(size);
    return Ok{};
  }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) {
    const std::size_t n = TRY(blob_.read_at(offset, into));
    if (n > budget_)
      return Error{ErrorCode::limit_exceeded, "the files are together more than the limit of " +
                                                  human_bytes(limits_.image_inflated)};
    budget_ -= n;
    return n;
  }

  Blob& blob_;
  const Limits& limits_;
  std::uint64_t& budget_;
  Bytes bytes_;
};

Error too_large(const Limits& limits) {
  return {ErrorCode::limit_exceeded,
          "not examined: more than the limit of " + human_bytes(limits.file_bytes)};
}

class FolderImage : public Image {
 public:
  FolderImage(Store& store, std::vector<DirectoryEntry> entries, std::vector<Gap> gaps,
              const Limits& limits)
      : store_(store), entries_(std::move(entries)), gaps_(std::move(gaps)), limits_(limits) {
    info_.source = "dir";
    info_.layers.resize(1);
  }

  Layer read_layer(std::size_t, const EntryVisitor& visit) override {
    Layer layer;
    layer.info = info_.layers[0];
    layer.gaps = gaps_;
    GapList gaps("dir", limits_.problems);
    budget_ = limits_.image_inflated;
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> first_names;
    for (const DirectoryEntry& from : entries_) {
      Entry entry = entry_of(from);
      if (from.type == TarType::regular && from.links > 1) {
        auto [first, is_new] = first_names.emplace(std::pair{from.device, from.inode}, from.path);
        if (!is_new) {
          entry.type = TarType::hard_link;
          entry.link_target = first->second;
        }
      }
      if (entry.type != TarType::regular)
        visit(std::move(entry), std::nullopt);
      else
        read_file(std::move(entry), gaps, visit);
    }
    for (Gap& gap : gaps.take()) layer.gaps.push_back(std::move(gap));
    return layer;
  }

 private:
  static Entry entry_of(const DirectoryEntry& from) {
    Entry entry;
    entry.path = from.path;
    entry.type = from.type;
    entry.mode = from.mode;
    entry.uid = from.uid;
    entry.gid = from.gid;
    entry.mtime = from.mtime;
    entry.size = from.size;
    entry.link_target = from.link_target;
    return entry;
  }

  void read_file(Entry entry, GapList& gaps, const EntryVisitor& visit) {
    const std::uint64_t listed = entry.size;
    std::optional<Bytes> content;
    if (Done done = open_and_read(entry, content); !done)
      gaps.add(done.error().code, "not examined: " + done.error().message, entry.path);
    else if (!content)
      gaps.add(ErrorCode::limit_exceeded, too_large(limits_).message, entry.path);
    else if (entry.size != listed)
      gaps.add(ErrorCode::io,
               "had " + with_thousands(listed) + " bytes when it was listed and " +
                   with_thousands(entry.size) + " when it was read",
               entry.path);
    visit(std::move(entry), std::move(content));
  }

  Done open_and_read(Entry& entry, std::optional<Bytes>& content) {
    std::unique_ptr<Blob> blob = TRY(store_.open(entry.path));
    return ContentReader(*blob, limits_, budget_).run(entry, content);
  }

  Store& store_;
  std::vector<DirectoryEntry> entries_;
  std::vector<Gap> gaps_;
  Limits limits_;
  std::uint64_t budget_ = 0;  // bytes that may still be read
};

class TarImage : public Image {
 public:
  TarImage(std::unique_ptr<Blob> blob, const Limits& limits)
      : blob_(std::move(blob)), limits_(limits) {
    info_.source = "tar";
    info_.layers.resize(1);
  }
  Layer read_layer(std::size_t, const EntryVisitor& visit) override {
    Budget budget(limits_);
    return read_tar_layer(source_of(*blob_, 0, blob_->size()), {{}, false}, budget, limits_, visit);
  }

 private:
  std::unique_ptr<Blob> blob_;
  Limits limits_;
};

class FileImage : public Image {
 public:
  FileImage(std::unique_ptr<Blob> blob, std::string name, const Limits& limits)
      : blob_(std::move(blob)), name_(std::move(name)), limits_(limits) {
    info_.source = "file";
    info_.layers.resize(1);
  }
  void call_source(std::string_view source) { info_.source = source; }
  Layer read_layer(std::size_t, const EntryVisitor& visit) override {
    Layer layer;
    Entry entry;
    entry.path = name_;
    entry.mode = 0755;
    std::optional<Bytes> content;
    std::uint64_t budget = limits_.image_inflated;
    Done done = ContentReader(*blob_, limits_, budget).run(entry, content);
    if (done && !content) done = too_large(limits_);
    if (!done)
      layer.gaps.push_back(
          {"file", utf8_or_escaped(name_), "", -1, done.error().code, done.error().message});
    visit(std::move(entry), std::move(content));
    return layer;
  }

 private:
  std::unique_ptr<Blob> blob_;
  std::string name_;
  Limits limits_;
};

Done check_no_name(const OpenOptions& options) {
  if (options.reference.empty()) return Ok{};
  return Error{ErrorCode::usage, "has no images with names, so there is none called \"" +
                                     printable(options.reference) + "\""};
}

bool wants_folder(Probe& probe) { return probe.is_directory(); }
bool wants_tar(Probe& probe) { return probe.is_tar(); }
bool wants_file(Probe& probe) { return !probe.is_directory(); }

Result<std::unique_ptr<Image>> open_folder(Probe& probe, const OpenOptions& options) {
  if (!probe.is_directory()) return Error{ErrorCode::usage, "is not a folder"};
  TRY(check_no_name(options));
  std::vector<Gap> gaps;
  std::vector<DirectoryEntry> entries = TRY(probe.store().list(gaps));
  if (entries.size() > probe.limits().entries) {
    entries.resize(probe.limits().entries);
    gaps.push_back({"dir", "", "", -1, ErrorCode::limit_exceeded, "more files than the limit"});
  }
  return std::unique_ptr<Image>(
      new FolderImage(probe.store(), std::move(entries), std::move(gaps), probe.limits()));
}

Result<std::unique_ptr<Image>> open_tar(Probe& probe, const OpenOptions& options) {
  if (probe.is_directory()) return Error{ErrorCode::usage, "is a folder, not an archive"};
  TRY(check_no_name(options));
  const Bytes& first = probe.first_bytes();
  if (!probe.is_tar() && (first.empty() || first[0] != 0))  // zeros: an archive without members
    return Error{ErrorCode::malformed, "is not a tar archive"};
  std::unique_ptr<Blob> blob = TRY(probe.store().open(""));
  return std::unique_ptr<Image>(new TarImage(std::move(blob), probe.limits()));
}

Result<std::unique_ptr<Image>> open_file(Probe& probe, const OpenOptions& options) {
  if (probe.is_directory()) return Error{ErrorCode::usage, "is a folder, not a file"};
  TRY(check_no_name(options));
  std::string name = options.file_name.empty() ? "stdin" : options.file_name;
  std::unique_ptr<Blob> blob = TRY(probe.store().open(""));
  return std::unique_ptr<Image>(new FileImage(std::move(blob), std::move(name), probe.limits()));
}

// By the words that stand first in what tools write; any other document is taken as sbom: only.
bool wants_sbom(Probe& probe) {
  if (probe.is_directory()) return false;
  const std::string_view head = ByteView(probe.first_bytes()).as_text();
  if (head.starts_with("SPDXVersion:")) return true;
  if (head.starts_with('<')) return head.find("cyclonedx.org/schema/bom") != head.npos;
  if (!head.starts_with('{')) return false;
  for (const std::string_view word : {"\"bomFormat\"", "\"spdxVersion\"", "spdx.org/rdf/3."})
    if (head.find(word) != head.npos) return true;
  return trim(head.substr(1)).starts_with("\"artifacts\"");
}

Result<std::unique_ptr<Image>> open_sbom(Probe& probe, const OpenOptions& options) {
  if (probe.is_directory()) return Error{ErrorCode::usage, "is a folder, not a document"};
  std::unique_ptr<Image> image = TRY(open_file(probe, options));
  static_cast<FileImage&>(*image).call_source("sbom");
  return image;
}

}  // namespace

extern const Source dir_source{"dir", 1, "a root file system in a folder", wants_folder,
                               open_folder};
extern const Source tar_source{"tar", 1, "a tar of a root file system (docker export)", wants_tar,
                               open_tar};
extern const Source sbom_source{"sbom", 1, "a bill of materials: what it claims, nothing else",
                                wants_sbom, open_sbom};
extern const Source file_source{"file", 1, "a single file", wants_file, open_file};

}  // namespace fathom::image

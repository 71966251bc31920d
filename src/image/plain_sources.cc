// Targets that are no container image but can be looked into like one: a root folder, a tar of
// one (docker export), a single file. Each becomes an image of one layer without digests.

#include <map>

#include "base/text.h"
#include "image/image.h"
#include "image/layer_reader.h"

namespace fathom::image {
namespace {

using archive::TarType;

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
        read_file(std::move(entry), layer, visit);
    }
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

  void read_file(Entry entry, Layer& layer, const EntryVisitor& visit) {
    Result<Bytes> content = read_content(entry);
    if (!content) {
      layer.gaps.push_back({"dir", utf8_or_escaped(entry.path), "", -1, content.error().code,
                            content.error().message});
      return visit(std::move(entry), std::nullopt);
    }
    entry.size = content->size();
    visit(std::move(entry), std::move(*content));
  }

  // To its end, whatever its size was said to be: /proc files have none, and files change.
  Result<Bytes> read_content(const Entry& entry) {
    std::unique_ptr<Blob> blob = TRY(store_.open(entry.path));
    Bytes bytes;
    constexpr std::size_t kPiece = 1 << 20;
    for (;;) {
      if (bytes.size() > limits_.file_bytes)
        return Error{ErrorCode::limit_exceeded,
                     "not examined: more than the limit of " + human_bytes(limits_.file_bytes)};
      std::size_t before = bytes.size();
      std::size_t expected = blob->size() > before ? blob->size() - before : 1;
      bytes.resize(before + std::min(kPiece, expected));
      std::size_t n = TRY(blob->read_at(before, std::span(bytes).subspan(before)));
      bytes.resize(before + n);
      if (n == 0) return bytes;
    }
  }

  Store& store_;
  std::vector<DirectoryEntry> entries_;
  std::vector<Gap> gaps_;
  Limits limits_;
};

class TarImage : public Image {
 public:
  TarImage(std::unique_ptr<Blob> blob, const Limits& limits)
      : blob_(std::move(blob)), limits_(limits) {
    info_.source = "tar";
    info_.layers.resize(1);
  }
  Layer read_layer(std::size_t, const EntryVisitor& visit) override {
    return read_tar_layer(source_of(*blob_, 0, blob_->size()), {}, limits_, visit);
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
  Layer read_layer(std::size_t, const EntryVisitor& visit) override {
    Layer layer;
    Entry entry;
    entry.path = name_;
    entry.mode = 0755;
    entry.size = blob_->size();
    Result<Bytes> content = read_all(*blob_, limits_.file_bytes);
    if (content) {
      visit(std::move(entry), std::move(*content));
      return layer;
    }
    layer.gaps.push_back(
        {"file", name_, "", -1, content.error().code, "not examined: " + content.error().message});
    visit(std::move(entry), std::nullopt);
    return layer;
  }

 private:
  std::unique_ptr<Blob> blob_;
  std::string name_;
  Limits limits_;
};

bool wants_folder(Probe& probe) { return probe.is_directory(); }
bool wants_tar(Probe& probe) { return probe.is_tar(); }
bool wants_file(Probe& probe) { return !probe.is_directory(); }

Result<std::unique_ptr<Image>> open_folder(Probe& probe, const OpenOptions&) {
  if (!probe.is_directory()) return Error{ErrorCode::usage, "is not a folder"};
  std::vector<Gap> gaps;
  std::vector<DirectoryEntry> entries = TRY(probe.store().list(gaps));
  if (entries.size() > probe.limits().entries)
    return Error{ErrorCode::limit_exceeded, "more files than the limit"};
  return std::unique_ptr<Image>(
      new FolderImage(probe.store(), std::move(entries), std::move(gaps), probe.limits()));
}

Result<std::unique_ptr<Image>> open_tar(Probe& probe, const OpenOptions&) {
  if (probe.is_directory()) return Error{ErrorCode::usage, "is a folder, not an archive"};
  return std::unique_ptr<Image>(new TarImage(TRY(probe.take_uncompressed()), probe.limits()));
}

Result<std::unique_ptr<Image>> open_file(Probe& probe, const OpenOptions& options) {
  if (probe.is_directory()) return Error{ErrorCode::usage, "is a folder, not a file"};
  std::string name = options.file_name.empty() ? "stdin" : options.file_name;
  std::unique_ptr<Blob> blob = TRY(probe.store().open(""));
  return std::unique_ptr<Image>(new FileImage(std::move(blob), std::move(name), probe.limits()));
}

}  // namespace

extern const Source dir_source{"dir", 1, "a root file system in a folder", wants_folder,
                               open_folder};
extern const Source tar_source{"tar", 1, "a tar of a root file system (docker export)", wants_tar,
                               open_tar};
extern const Source file_source{"file", 1, "a single file", wants_file, open_file};

}  // namespace fathom::image

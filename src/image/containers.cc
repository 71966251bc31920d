#include "image/containers.h"

#include <map>
#include <optional>

#include "archive/tar.h"
#include "base/text.h"
#include "image/entry_path.h"
#include "image/gap_list.h"

namespace fathom::image {
namespace {

class OwningSource : public archive::ByteSource {
 public:
  explicit OwningSource(std::unique_ptr<Blob> blob)
      : blob_(std::move(blob)), source_(source_of(*blob_, 0, blob_->size())) {}
  Result<std::size_t> read(std::span<std::uint8_t> into) override { return source_->read(into); }

 private:
  std::unique_ptr<Blob> blob_;
  std::unique_ptr<archive::ByteSource> source_;
};

class FolderContainer : public Container {
 public:
  explicit FolderContainer(Store& store) : store_(store) {}
  bool has(std::string_view name) override { return store_.open(name).has_value(); }
  // A confined child may have few descriptors open: each goes with its stream.
  Result<Opened> open(std::string_view name) override {
    std::unique_ptr<Blob> blob = TRY(store_.open(name));
    const std::uint64_t size = blob->size();
    return Opened{size, std::make_unique<OwningSource>(std::move(blob))};
  }

 private:
  Store& store_;
};

struct Member {
  std::uint64_t offset = 0, size = 0;
  std::string link;  // the member it stands for, or empty
};
using Members = std::map<std::string, Member, std::less<>>;

class TarContainer : public Container {
 public:
  TarContainer(std::unique_ptr<Blob> blob, Members members, const Limits& limits)
      : blob_(std::move(blob)), members_(std::move(members)), limits_(limits) {}

  bool has(std::string_view name) override { return find(name) != nullptr; }

  Result<Opened> open(std::string_view name) override {
    const Member* member = find(name);
    if (member == nullptr)
      return Error{ErrorCode::not_found, "the archive has no " + printable(name)};
    return Opened{member->size, source_of(*blob_, member->offset, member->size)};
  }

 private:
  // Old docker archives have equal layers as links to one of them.
  const Member* find(std::string_view name) const {
    Result<std::string> at = normalise_path(name, limits_);
    for (std::uint64_t hops = 0; at && hops < limits_.symlink_hops; ++hops) {
      auto found = members_.find(*at);
      if (found == members_.end()) return nullptr;
      if (found->second.link.empty()) return &found->second;
      at = found->second.link;
    }
    return nullptr;
  }

  std::unique_ptr<Blob> blob_;
  Members members_;
  Limits limits_;
};

// Reads the headers of a tar; only their names and places are kept.
class TarIndex {
 public:
  TarIndex(Blob& blob, const Limits& limits)
      : blob_(blob), limits_(limits), gaps_("image", limits.problems) {}

  // From header to header. A reader reads what it skips, so behind a large member a fresh one
  // starts: an archive of ten gigabytes is indexed with a few reads.
  Result<Members> run() {
    std::optional<std::uint64_t> from = 0;
    while (from) {
      Result<std::optional<std::uint64_t>> next = read_from(*from);
      if (!next && members_.empty()) return std::move(next).error();
      // A cut archive still has the members before the cut.
      if (!next) gaps_.add(next.error().code, "the archive breaks off: " + next.error().message);
      from = next ? *next : std::nullopt;
    }
    return std::move(members_);
  }
  std::vector<Gap> take_gaps() { return gaps_.take(); }

 private:
  static constexpr std::uint64_t kLarge = 1 * kMiB;
  static constexpr std::uint64_t kBlock = 512;

  // Where to go on, or nothing at the end.
  Result<std::optional<std::uint64_t>> read_from(std::uint64_t base) {
    std::unique_ptr<archive::ByteSource> source = source_of(blob_, base, blob_.size() - base);
    archive::TarReader tar(*source, limits_);
    Result<std::optional<std::uint64_t>> next = read_members(tar, base);
    for (const Error& problem : tar.problems()) gaps_.add(problem.code, problem.message);
    return next;
  }

  Result<std::optional<std::uint64_t>> read_members(archive::TarReader& tar, std::uint64_t base) {
    for (;;) {
      std::optional<archive::TarEntry> entry = TRY(tar.next());
      if (!entry) return std::optional<std::uint64_t>();
      if (++count_ > limits_.entries)
        return Error{ErrorCode::limit_exceeded, "more members than the limit"};
      const std::uint64_t begin = base + entry->content_offset;
      add(*entry, begin);
      if (entry->type != archive::TarType::regular || entry->sparse || entry->size < kLarge)
        continue;
      if (begin > blob_.size() || entry->size > blob_.size() - begin)
        return Error{ErrorCode::truncated, "inside " + printable(entry->path)};
      const std::uint64_t end = begin + entry->size;
      return std::optional(std::min(blob_.size(), end + (kBlock - end % kBlock) % kBlock));
    }
  }

  void add(const archive::TarEntry& entry, std::uint64_t begin) {
    using archive::TarType;
    Result<std::string> path = normalise_path(entry.path, limits_);
    if (!path)
      return gaps_.add(path.error().code, "a member of the archive: " + path.error().message);
    if (path->empty() || entry.type == TarType::directory) return;
    if (entry.type == TarType::regular && !entry.sparse)
      members_[*path] = {begin, entry.size, {}};
    else if (entry.type == TarType::symlink || entry.type == TarType::hard_link)
      add_link(entry, *path);
    else
      gaps_.add(ErrorCode::unsupported,
                "a member of the archive is neither file nor link: " + printable(entry.path));
  }

  // A symlink's target is relative to its own folder, a hard link's to the archive.
  void add_link(const archive::TarEntry& entry, const std::string& path) {
    std::vector<std::string> parts;
    std::string whole = entry.link_target;
    if (entry.type == archive::TarType::symlink && !whole.starts_with('/'))
      whole = path.substr(0, path.rfind('/') + 1) + whole;
    for (std::string_view part : split(whole, '/')) {
      if (part.empty() || part == ".") continue;
      if (part != "..")
        parts.emplace_back(part);
      else if (!parts.empty())
        parts.pop_back();
    }
    if (!parts.empty()) members_[path] = {0, 0, join(parts, "/")};
  }

  Blob& blob_;
  const Limits& limits_;
  GapList gaps_;
  Members members_;
  std::uint64_t count_ = 0;
};

}  // namespace

Result<Bytes> Container::read(std::string_view name, std::uint64_t most) {
  Opened opened = TRY(open(name));
  if (opened.size > most)
    return Error{ErrorCode::limit_exceeded, printable(name) + " has " + human_bytes(opened.size) +
                                                ", the limit is " + human_bytes(most)};
  Bytes bytes(opened.size);
  if (TRY(archive::read_fully(*opened.source, bytes)) != bytes.size())
    return Error{ErrorCode::truncated, printable(name) + " ends early"};
  return bytes;
}

std::unique_ptr<Container> folder_container(Store& store) {
  return std::make_unique<FolderContainer>(store);
}

Result<std::unique_ptr<Container>> tar_container(std::unique_ptr<Blob> blob, const Limits& limits) {
  TarIndex index(*blob, limits);
  Members members = TRY(index.run());
  std::unique_ptr<Container> container(
      new TarContainer(std::move(blob), std::move(members), limits));
  container->gaps = index.take_gaps();
  return container;
}

}  // namespace fathom::image

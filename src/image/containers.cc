#include "image/containers.h"

#include "archive/tar.h"
#include "base/text.h"
#include "image/layer_reader.h"

namespace fathom::image {
namespace {

class FolderContainer : public Container {
 public:
  explicit FolderContainer(Store& store) : store_(store) {}
  bool has(std::string_view name) override { return store_.open(name).has_value(); }
  Result<Opened> open(std::string_view name) override {
    std::unique_ptr<Blob> blob = TRY(store_.open(name));
    std::uint64_t size = blob->size();
    blobs_.push_back(std::move(blob));
    return Opened{size, source_of(*blobs_.back(), 0, size)};
  }

 private:
  Store& store_;
  std::vector<std::unique_ptr<Blob>> blobs_;  // the streams look into them
};

struct Member {
  std::uint64_t offset = 0, size = 0;
  std::string link;  // the member it stands for, or empty
};

class TarContainer : public Container {
 public:
  TarContainer(std::unique_ptr<Blob> blob, std::map<std::string, Member, std::less<>> members)
      : blob_(std::move(blob)), members_(std::move(members)) {}

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
    constexpr int kMostHops = 8;
    std::string at(name);
    for (int hops = 0; hops < kMostHops; ++hops) {
      auto found = members_.find(at);
      if (found == members_.end()) return nullptr;
      if (found->second.link.empty()) return &found->second;
      at = found->second.link;
    }
    return nullptr;
  }

  std::unique_ptr<Blob> blob_;
  std::map<std::string, Member, std::less<>> members_;
};

std::string link_of(const archive::TarEntry& entry, const std::string& path) {
  if (entry.type == archive::TarType::hard_link) return entry.link_target;
  // A symlink's target is relative to its own folder.
  std::vector<std::string> parts;
  std::size_t slash = path.rfind('/');
  std::string whole =
      (slash == std::string::npos ? "" : path.substr(0, slash + 1)) + entry.link_target;
  for (std::string_view part : split(whole, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..")
      parts.emplace_back(part);
    else if (!parts.empty())
      parts.pop_back();
  }
  return join(parts, "/");
}

Result<std::map<std::string, Member, std::less<>>> index_tar(Blob& blob, const Limits& limits) {
  std::unique_ptr<archive::ByteSource> source = source_of(blob, 0, blob.size());
  archive::TarReader tar(*source, limits);
  std::map<std::string, Member, std::less<>> members;
  for (std::uint64_t count = 0;; ++count) {
    if (count > limits.entries)
      return Error{ErrorCode::limit_exceeded, "more members than the limit"};
    Result<std::optional<archive::TarEntry>> next = tar.next();
    // A cut archive still has the members before the cut.
    if (!next && members.empty()) return std::move(next).error();
    if (!next || !*next) return members;
    const archive::TarEntry& entry = **next;
    Result<std::string> path = normalise_path(entry.path, limits);
    if (!path || path->empty()) continue;
    if (entry.type == archive::TarType::regular && !entry.sparse)
      members[*path] = {entry.content_offset, entry.size, {}};
    else if (entry.type == archive::TarType::symlink || entry.type == archive::TarType::hard_link)
      members[*path] = {0, 0, link_of(entry, *path)};
  }
}

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
  auto members = TRY(index_tar(*blob, limits));
  return std::unique_ptr<Container>(new TarContainer(std::move(blob), std::move(members)));
}

}  // namespace fathom::image

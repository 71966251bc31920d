// Two hashes run along with the stream: one over the blob as it ships (before the decompressor) and
// one over the tar (after it). Reading therefore always goes to the very end of both, also behind
// the tar's end mark: bytes nobody reads are bytes nobody has checked.

#include "image/layer_reader.h"

#include <algorithm>

#include "base/text.h"
#include "image/gap_list.h"
#include "oci/media_type.h"

namespace fathom::image {
namespace {

using archive::Compression;
using archive::TarType;

constexpr std::size_t kPiece = 1 << 18;
constexpr std::size_t kMagicBytes = 18;

class HashingSource : public archive::ByteSource {
 public:
  // Hashes nothing when `algorithm` is empty.
  HashingSource(std::unique_ptr<archive::ByteSource> from, std::string_view algorithm)
      : from_(std::move(from)), algorithm_(algorithm) {
    if (!algorithm.empty()) hasher_.emplace(algorithm);
  }
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    std::size_t n = TRY(from_->read(into));
    if (hasher_) hasher_->update(ByteView(into.first(n)));
    size_ += n;
    return n;
  }
  // Reads what nobody wanted.
  Done drain() {
    Bytes buffer(kPiece);
    while (TRY(read(buffer)) > 0) {
    }
    return Ok{};
  }
  std::uint64_t size() const { return size_; }
  // The digest of everything that was read, or "" when nothing was hashed. Once.
  std::string finish() {
    return hasher_ ? std::string(algorithm_) + ":" + hasher_->finish_hex() : std::string();
  }

 private:
  std::unique_ptr<archive::ByteSource> from_;
  std::string_view algorithm_;
  std::optional<Hasher> hasher_;
  std::uint64_t size_ = 0;
};

// The first bytes were read to see the compression; they come again.
class Prefixed : public archive::ByteSource {
 public:
  Prefixed(Bytes prefix, archive::ByteSource& rest) : prefix_(std::move(prefix)), rest_(rest) {}
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    if (at_ == prefix_.size()) return rest_.read(into);
    std::size_t n = std::min(into.size(), prefix_.size() - at_);
    std::copy_n(prefix_.begin() + static_cast<std::ptrdiff_t>(at_), n, into.begin());
    at_ += n;
    return n;
  }

 private:
  Bytes prefix_;
  std::size_t at_ = 0;
  archive::ByteSource& rest_;
};

std::string_view algorithm_of(std::string_view digest) {
  return digest.starts_with("sha512:") ? "sha512" : "sha256";
}

// struct vfs_cap_data of linux/capability.h: a version word, then (permitted, inheritable) words of
// 32 capabilities each, one pair in version 1 and two in versions 2 and 3; little-endian.
std::uint64_t permitted_capabilities(std::string_view attribute) {
  constexpr std::uint32_t kVersionMask = 0xff000000, kVersion1 = 0x01000000;
  const ByteView bytes = ByteView::of(attribute);
  const Result<std::uint32_t> version = bytes.read<std::uint32_t>(0);
  const Result<std::uint32_t> low = bytes.read<std::uint32_t>(4);
  if (!version || !low) return 0;
  if ((*version & kVersionMask) == kVersion1) return *low;
  const Result<std::uint32_t> high = bytes.read<std::uint32_t>(12);
  return *low | std::uint64_t{high ? *high : 0} << 32;
}

class LayerReader {
 public:
  LayerReader(LayerRequest request, Budget& budget, const Limits& limits, const EntryVisitor& visit)
      : request_(std::move(request)),
        type_(oci::parse_media_type(request_.info.media_type)),
        budget_(budget),
        limits_(limits),
        visit_(visit),
        gaps_("layer", limits.problems) {}

  Layer run(std::unique_ptr<archive::ByteSource> blob) {
    HashingSource shipped(std::move(blob), algorithm_of(request_.info.digest));
    read_blob(shipped);
    if (Done rest = shipped.drain(); !rest) stop(rest.error());
    check_shipped(shipped);
    return {std::move(request_.info), {}, gaps_.take(), complete_};
  }

 private:
  void stop(const Error& error) {
    if (complete_) gaps_.add(error.code, "the layer breaks off: " + error.message);
    complete_ = false;
  }

  void read_blob(HashingSource& shipped) {
    Bytes first(kMagicBytes);
    Result<std::size_t> got = archive::read_fully(shipped, first);
    if (!got) return stop(got.error());
    first.resize(*got);
    if (type_.encrypted) return stop({ErrorCode::unsupported, "it is encrypted"});
    const Compression compression = archive::sniff_compression(ByteView(first));
    check_media_type(compression);
    std::unique_ptr<archive::ByteSource> stream =
        std::make_unique<Prefixed>(std::move(first), shipped);
    if (compression != Compression::none)
      stream = archive::decompress(std::move(stream), compression,
                                   {budget_.inflated, limits_.inflate_ratio, 64 * kMiB});
    read_tar(std::move(stream), compression == Compression::none);
  }

  void check_media_type(Compression compression) {
    if (type_.kind != oci::MediaKind::layer || type_.compression.empty()) return;
    if (type_.compression != name_of(compression))
      gaps_.add(ErrorCode::malformed,
                "the media type " + printable(request_.info.media_type) +
                    " does not say what the bytes are: " + std::string(name_of(compression)));
  }

  void read_tar(std::unique_ptr<archive::ByteSource> stream, bool same_bytes) {
    const std::string& claimed = request_.info.diff_id;
    // An uncompressed layer is its own tar: one hash is enough.
    same_bytes_ = same_bytes && algorithm_of(claimed) == algorithm_of(request_.info.digest);
    HashingSource tar(std::move(stream), same_bytes_ ? "" : algorithm_of(claimed));
    read_entries(tar);
    const Done rest = tar.drain();
    if (!rest) stop(rest.error());
    budget_.inflated -= std::min(budget_.inflated, same_bytes ? 0 : tar.size());
    if (same_bytes_) return;
    const std::string actual = tar.finish();
    if (rest) check_digest(claimed, actual, "the tar inside", "diff_id");
  }

  void check_shipped(HashingSource& shipped) {
    LayerInfo& info = request_.info;
    const bool has_claim = !info.digest.empty();
    if (has_claim && shipped.size() != info.size)
      gaps_.add(ErrorCode::malformed, "the layer has " + std::to_string(shipped.size()) +
                                          " bytes, its descriptor says " +
                                          std::to_string(info.size));
    const std::string actual = shipped.finish();
    check_digest(info.digest, actual, "the layer", "digest");
    if (same_bytes_) check_digest(info.diff_id, actual, "the tar inside", "diff_id");
    if (has_claim) return;
    info.digest = actual;
    info.size = shipped.size();
  }

  void check_digest(const std::string& claimed, const std::string& actual, std::string_view what,
                    std::string_view name) {
    if (claimed.empty() || actual == claimed) return;
    gaps_.add(ErrorCode::malformed, std::string(what) + " has the digest " + actual + ", but its " +
                                        std::string(name) + " is " + claimed);
  }

  void read_entries(HashingSource& source) {
    archive::TarReader tar(source, limits_);
    for (std::uint64_t count = 0;; ++count) {
      Result<std::optional<archive::TarEntry>> next = tar.next();
      if (next && !*next) break;
      if (next && budget_.entries == 0)
        next = Error{ErrorCode::limit_exceeded, "the image has more entries than the limit"};
      if (!next) {
        complete_ = false;
        gaps_.add(next.error().code, why_broken(count) + next.error().message);
        break;
      }
      --budget_.entries;
      take(tar, **next);
    }
    for (const Error& problem : tar.problems()) gaps_.add(problem.code, problem.message);
  }

  std::string why_broken(std::uint64_t count) const {
    const std::string& type = request_.info.media_type;
    if (count == 0 && !type.empty() && type_.kind != oci::MediaKind::layer)
      return "a layer of type " + printable(type) + " is no file system that can be read: ";
    return "the layer breaks off after " + std::to_string(count) + " entries: ";
  }

  void take(archive::TarReader& tar, const archive::TarEntry& from) {
    Result<std::string> path = normalise_path(from.path, limits_);
    if (!path) return gaps_.add(path.error().code, path.error().message, from.path);
    if (path->empty()) return take_root(from);
    Entry entry = entry_of(from);
    entry.path = std::move(*path);
    if (request_.whiteouts && !take_layer_name(entry, from)) return;
    if (entry.whiteout || entry.opaque) return visit_(std::move(entry), std::nullopt);
    if (!take_link(entry, from)) return;
    if (from.type != TarType::regular) return visit_(std::move(entry), std::nullopt);
    entry.size = from.size;
    read_content(tar, std::move(entry));
  }

  void take_root(const archive::TarEntry& from) {
    if (from.type != TarType::directory)
      gaps_.add(ErrorCode::malformed,
                "an entry would replace the root folder by a " + std::string(name_of(from.type)));
  }

  static Entry entry_of(const archive::TarEntry& from) {
    Entry entry;
    entry.type = from.type;
    entry.mode = from.mode;
    entry.uid = from.uid;
    entry.gid = from.gid;
    entry.mtime = from.mtime;
    auto capabilities = from.xattrs.find("security.capability");
    entry.has_capabilities = capabilities != from.xattrs.end();
    if (entry.has_capabilities) entry.capabilities = permitted_capabilities(capabilities->second);
    return entry;
  }

  // False when the entry is none of the file system.
  bool take_layer_name(Entry& entry, const archive::TarEntry& from) {
    LayerName name = read_layer_name(entry.path);
    if (name.below_whiteout)
      gaps_.add(ErrorCode::malformed, "lies below a folder that is called like a whiteout",
                entry.path);
    if (name.kind == NameKind::nameless_whiteout || name.kind == NameKind::bookkeeping) {
      gaps_.add(ErrorCode::malformed,
                name.kind == NameKind::bookkeeping
                    ? "a whiteout name that AUFS kept for itself: not examined"
                    : "a whiteout that names nothing",
                entry.path);
      return false;
    }
    // A runtime drops what stands in a whiteout; it ships all the same.
    if (name.kind != NameKind::plain && from.size > 0)
      gaps_.add(ErrorCode::malformed,
                "a whiteout with " + human_bytes(from.size) + " of content, not examined",
                entry.path);
    entry.whiteout = name.kind == NameKind::whiteout;
    entry.opaque = name.kind == NameKind::opaque;
    entry.path = std::move(name.path);
    return true;
  }

  bool take_link(Entry& entry, const archive::TarEntry& from) {
    if (from.type == TarType::symlink) {
      if (from.link_target.size() <= limits_.path_bytes)
        entry.link_target = from.link_target;
      else
        gaps_.add(ErrorCode::limit_exceeded, "a symlink's target is too long", entry.path);
    }
    if (from.type != TarType::hard_link) return true;
    if (from.size > 0)
      gaps_.add(ErrorCode::malformed, "a hard link with content of its own, not examined",
                entry.path);
    Result<std::string> target = normalise_path(from.link_target, limits_);
    if (target) {
      entry.link_target = std::move(*target);
      return true;
    }
    gaps_.add(target.error().code, "hard link to " + target.error().message, entry.path);
    return false;
  }

  void read_content(archive::TarReader& tar, Entry entry) {
    if (entry.size > budget_.content) {
      complete_ = false;
      gaps_.add(ErrorCode::limit_exceeded,
                "not examined: the files of the image are together more than the limit of " +
                    human_bytes(limits_.image_inflated),
                entry.path);
      return visit_(std::move(entry), std::nullopt);
    }
    budget_.content -= entry.size;
    if (entry.size > limits_.file_bytes) return hash_only(tar, std::move(entry));
    Result<Bytes> content = tar.read_all(limits_.file_bytes);
    if (content) return visit_(std::move(entry), std::move(*content));
    gaps_.add(content.error().code, content.error().message, entry.path);
    visit_(std::move(entry), std::nullopt);
  }

  void hash_only(archive::TarReader& tar, Entry entry) {
    Result<std::string> digest = hash(tar);
    if (digest) {
      entry.digest = std::move(*digest);
      gaps_.add(ErrorCode::limit_exceeded,
                "not examined: " + human_bytes(entry.size) + " are more than the limit of " +
                    human_bytes(limits_.file_bytes),
                entry.path);
    } else {
      gaps_.add(digest.error().code, digest.error().message, entry.path);
    }
    visit_(std::move(entry), std::nullopt);
  }

  static Result<std::string> hash(archive::TarReader& tar) {
    Hasher hasher("sha256");
    Bytes buffer(kPiece);
    while (std::size_t n = TRY(tar.read(buffer)))
      hasher.update(ByteView(std::span<const std::uint8_t>(buffer).first(n)));
    return "sha256:" + hasher.finish_hex();
  }

  LayerRequest request_;
  oci::MediaType type_;
  Budget& budget_;
  const Limits& limits_;
  const EntryVisitor& visit_;
  GapList gaps_;
  bool complete_ = true;
  bool same_bytes_ = false;
};

}  // namespace

Layer read_tar_layer(std::unique_ptr<archive::ByteSource> blob, LayerRequest request,
                     Budget& budget, const Limits& limits, const EntryVisitor& visit) {
  return LayerReader(std::move(request), budget, limits, visit).run(std::move(blob));
}

}  // namespace fathom::image

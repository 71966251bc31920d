// Two hashes run along with the stream: one over the blob as it ships (before the decompressor) and
// one over the tar (after it). Reading therefore always goes to the very end of both, also behind
// the tar's end mark: bytes nobody reads are bytes nobody has checked.

#include "image/layer_reader.h"

#include <array>

#include "base/text.h"

namespace fathom::image {
namespace {

using archive::TarType;

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr std::size_t kPiece = 1 << 18;

class HashingSource : public archive::ByteSource {
 public:
  HashingSource(std::unique_ptr<archive::ByteSource> from, std::string_view algorithm)
      : from_(std::move(from)) {
    if (!algorithm.empty()) hasher_.emplace(algorithm);
  }
  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    std::size_t n = TRY(from_->read(into));
    if (hasher_) hasher_->update(ByteView(into.first(n)));
    size_ += n;
    return n;
  }
  // Reads what nobody wanted; the number of its bytes.
  Result<std::uint64_t> drain() {
    Bytes buffer(kPiece);
    std::uint64_t before = size_;
    while (TRY(read(buffer)) > 0) {
    }
    return size_ - before;
  }
  std::uint64_t size() const { return size_; }
  std::string finish_hex() { return hasher_->finish_hex(); }

 private:
  std::unique_ptr<archive::ByteSource> from_;
  std::optional<Hasher> hasher_;
  std::uint64_t size_ = 0;
};

// Lets a decompressor own a source that somebody else still needs.
class Borrowed : public archive::ByteSource {
 public:
  explicit Borrowed(archive::ByteSource& source) : source_(source) {}
  Result<std::size_t> read(std::span<std::uint8_t> into) override { return source_.read(into); }

 private:
  archive::ByteSource& source_;
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

std::string_view algorithm_of(const std::string& digest) {
  if (digest.empty()) return {};
  return digest.starts_with("sha512:") ? "sha512" : "sha256";
}

bool media_type_agrees(std::string_view type, archive::Compression compression) {
  using archive::Compression;
  if (type.empty() || !type.starts_with("application/")) return true;
  bool says_gzip = type.ends_with("gzip");
  bool says_zstd = type.ends_with("zstd");
  switch (compression) {
    case Compression::gzip:
      return says_gzip;
    case Compression::zstd:
      return says_zstd;
    case Compression::none:
      return !says_gzip && !says_zstd;
    default:
      return false;
  }
}

class LayerReader {
 public:
  LayerReader(const LayerInfo& info, const Limits& limits, const EntryVisitor& visit)
      : limits_(limits), visit_(visit) {
    layer_.info = info;
  }

  Layer run(std::unique_ptr<archive::ByteSource> blob) {
    HashingSource shipped(std::move(blob), algorithm_of(layer_.info.digest));
    Bytes first(8);
    Result<std::size_t> got = archive::read_fully(shipped, first);
    if (!got) return stop(got.error());
    first.resize(*got);
    archive::Compression compression = archive::sniff_compression(ByteView(first));
    if (!media_type_agrees(layer_.info.media_type, compression))
      gap(ErrorCode::malformed,
          "the media type " + printable(layer_.info.media_type) +
              " does not say what the bytes are: " + std::string(name_of(compression)));
    auto whole = std::make_unique<Prefixed>(std::move(first), shipped);
    archive::InflateLimits inflate{limits_.image_inflated, limits_.inflate_ratio, 64 * kMiB};
    HashingSource tar(compression == archive::Compression::none
                          ? std::unique_ptr<archive::ByteSource>(std::move(whole))
                          : archive::decompress(std::move(whole), compression, inflate),
                      algorithm_of(layer_.info.diff_id));
    read_entries(tar);
    check_end(tar, layer_.info.diff_id, "the tar inside", "diff_id");
    check_end(shipped, layer_.info.digest, "the layer", "digest");
    if (!layer_.info.digest.empty() && shipped.size() != layer_.info.size)
      gap(ErrorCode::malformed, "the layer has " + std::to_string(shipped.size()) +
                                    " bytes, its descriptor says " +
                                    std::to_string(layer_.info.size));
    return std::move(layer_);
  }

 private:
  void gap(ErrorCode code, std::string reason, std::string path = {}) {
    layer_.gaps.push_back({"layer", std::move(path), "", -1, code, std::move(reason)});
  }

  Layer stop(const Error& error) {
    layer_.complete = false;
    gap(error.code, "the layer breaks off: " + error.message);
    return std::move(layer_);
  }

  void check_end(HashingSource& source, const std::string& claimed, std::string_view what,
                 std::string_view name) {
    Result<std::uint64_t> rest = source.drain();
    if (!rest) {
      if (layer_.complete) gap(rest.error().code, "behind the tar's end: " + rest.error().message);
      layer_.complete = false;
    }
    if (claimed.empty()) return;
    std::string actual = std::string(algorithm_of(claimed)) + ":" + source.finish_hex();
    if (actual != claimed)
      gap(ErrorCode::malformed, std::string(what) + " has the digest " + actual + ", but its " +
                                    std::string(name) + " is " + claimed);
  }

  void read_entries(HashingSource& source) {
    archive::TarReader tar(source, limits_);
    std::uint64_t count = 0;
    for (;;) {
      Result<std::optional<archive::TarEntry>> next = tar.next();
      if (next && !*next) break;
      if (next && ++count > limits_.entries)
        next = Error{ErrorCode::limit_exceeded, "more entries than the limit"};
      if (!next) {
        layer_.complete = false;
        gap(next.error().code, "the layer breaks off after " + std::to_string(count) +
                                   " entries: " + next.error().message);
        break;
      }
      take(tar, **next);
    }
    for (const Error& problem : tar.problems()) gap(problem.code, problem.message);
  }

  void take(archive::TarReader& tar, const archive::TarEntry& from) {
    Result<std::string> path = normalise_path(from.path, limits_);
    if (!path) return gap(path.error().code, path.error().message, utf8_or_escaped(from.path));
    if (path->empty()) return;  // the root folder
    Entry entry;
    entry.path = std::move(*path);
    entry.type = from.type;
    entry.mode = from.mode;
    entry.uid = from.uid;
    entry.gid = from.gid;
    entry.mtime = from.mtime;
    entry.link_target = from.link_target;
    entry.has_capabilities = from.xattrs.contains("security.capability");
    if (!take_whiteout(entry)) return;
    if (from.type == TarType::hard_link && !entry.whiteout) {
      Result<std::string> target = normalise_path(from.link_target, limits_);
      if (!target)
        return gap(target.error().code, "hard link to " + target.error().message,
                   utf8_or_escaped(entry.path));
      entry.link_target = std::move(*target);
    }
    if (from.type != TarType::regular || entry.whiteout || entry.opaque)
      return visit_(std::move(entry), std::nullopt);
    entry.size = from.size;
    read_content(tar, std::move(entry));
  }

  // False when the name is no whiteout that means anything.
  bool take_whiteout(Entry& entry) {
    std::size_t slash = entry.path.rfind('/');
    std::string folder = slash == std::string::npos ? "" : entry.path.substr(0, slash);
    std::string name = entry.path.substr(slash == std::string::npos ? 0 : slash + 1);
    if (!name.starts_with(kWhiteout)) return true;
    std::string path = utf8_or_escaped(entry.path);
    if (name == kOpaque) {
      entry.opaque = true;
      entry.path = folder;
      return true;
    }
    std::string deleted = name.substr(kWhiteout.size());
    if (deleted.empty() || deleted == "." || deleted == ".." || deleted.starts_with(kWhiteout)) {
      gap(ErrorCode::malformed, "a whiteout that names nothing", path);
      return false;
    }
    entry.whiteout = true;
    entry.path = folder.empty() ? deleted : folder + "/" + deleted;
    return true;
  }

  void read_content(archive::TarReader& tar, Entry entry) {
    if (entry.size > limits_.file_bytes) return hash_only(tar, std::move(entry));
    Result<Bytes> content = tar.read_all(limits_.file_bytes);
    if (content) return visit_(std::move(entry), std::move(*content));
    gap(content.error().code, content.error().message, utf8_or_escaped(entry.path));
    visit_(std::move(entry), std::nullopt);
  }

  void hash_only(archive::TarReader& tar, Entry entry) {
    Hasher hasher("sha256");
    Bytes buffer(kPiece);
    for (;;) {
      Result<std::size_t> n = tar.read(buffer);
      if (!n) {
        gap(n.error().code, n.error().message, utf8_or_escaped(entry.path));
        return visit_(std::move(entry), std::nullopt);
      }
      if (*n == 0) break;
      hasher.update(ByteView(std::span<const std::uint8_t>(buffer).first(*n)));
    }
    entry.digest = "sha256:" + hasher.finish_hex();
    gap(ErrorCode::limit_exceeded,
        "not examined: " + human_bytes(entry.size) + " are more than the limit of " +
            human_bytes(limits_.file_bytes),
        utf8_or_escaped(entry.path));
    visit_(std::move(entry), std::nullopt);
  }

  const Limits& limits_;
  const EntryVisitor& visit_;
  Layer layer_;
};

}  // namespace

Result<std::string> normalise_path(std::string_view path, const Limits& limits) {
  if (path.size() > limits.path_bytes)
    return Error{ErrorCode::limit_exceeded, "a path of " + std::to_string(path.size()) + " bytes"};
  if (path.find('\0') != path.npos)
    return Error{ErrorCode::malformed, "a path with a NUL: " + printable(path)};
  std::string out;
  std::uint64_t depth = 0;
  for (std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..")
      return Error{ErrorCode::malformed, "a path that leads out: " + printable(path)};
    if (++depth > limits.path_depth)
      return Error{ErrorCode::limit_exceeded, "a path deeper than the limit"};
    if (!out.empty()) out += '/';
    out += part;
  }
  return out;
}

Layer read_tar_layer(std::unique_ptr<archive::ByteSource> blob, const LayerInfo& info,
                     const Limits& limits, const EntryVisitor& visit) {
  return LayerReader(info, limits, visit).run(std::move(blob));
}

}  // namespace fathom::image

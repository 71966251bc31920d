// Images built in memory, in sight of the test that reads them.

#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "image/image.h"

namespace fathom::image::testing {

// A ustar archive.
class Tar {
 public:
  Tar& file(const std::string& path, const std::string& content = "") {
    return add(path, '0', content, "");
  }
  Tar& folder(const std::string& path) { return add(path, '5', "", ""); }
  Tar& symlink(const std::string& path, const std::string& target) {
    return add(path, '2', "", target);
  }
  Tar& hard_link(const std::string& path, const std::string& target) {
    return add(path, '1', "", target);
  }
  Tar& fifo(const std::string& path) { return add(path, '6', "", ""); }
  Tar& raw(const std::string& blocks) {
    out_ += blocks;
    return *this;
  }
  // Any type with any content: what no good writer makes.
  Tar& odd(const std::string& path, char type, const std::string& content,
           const std::string& link = "") {
    return add(path, type, content, link);
  }
  std::string str() const { return out_ + std::string(1024, '\0'); }
  std::string without_end() const { return out_; }

 private:
  Tar& add(const std::string& path, char type, const std::string& content,
           const std::string& link) {
    std::string header(512, '\0');
    auto put = [&](std::size_t at, const std::string& text) {
      header.replace(at, text.size(), text);
    };
    auto octal = [](std::size_t value, int width) {
      char text[32];
      std::snprintf(text, sizeof text, "%0*zo", width, value);
      return std::string(text);
    };
    put(0, path.substr(0, 100));
    put(100, "0000644");
    put(108, "0000000");
    put(116, "0000000");
    put(124, octal(content.size(), 11));
    put(136, "00000000000");
    put(148, "        ");
    header[156] = type;
    put(157, link.substr(0, 100));
    put(257, std::string("ustar\00000", 8));
    unsigned sum = 0;
    for (char c : header) sum += static_cast<unsigned char>(c);
    put(148, octal(sum, 6) + std::string("\0 ", 2));
    out_ += header + content + std::string((512 - content.size() % 512) % 512, '\0');
    return *this;
  }
  std::string out_;
};

inline std::string gzip(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline bool has_gap(const std::vector<Gap>& gaps, std::string_view words) {
  return std::ranges::any_of(
      gaps, [&](const Gap& gap) { return gap.reason.find(words) != gap.reason.npos; });
}

inline std::string digest_of(const std::string& bytes) {
  return sha256_of(ByteView::of(bytes)).text();
}

class MemoryBlob : public Store::Scratch {
 public:
  explicit MemoryBlob(std::string bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) override {
    ByteView piece = ByteView::of(bytes_).clamped(offset, into.size());
    std::copy(piece.span().begin(), piece.span().end(), into.begin());
    return static_cast<std::size_t>(piece.size());
  }
  Done append(ByteView bytes) override {
    bytes_ += bytes.as_text();
    return Ok{};
  }

 private:
  std::string bytes_;
};

// One file ("" → bytes) or a folder of files.
class MemoryStore : public Store {
 public:
  explicit MemoryStore(std::string file) : files_{{"", std::move(file)}}, is_directory_(false) {}
  explicit MemoryStore(std::map<std::string, std::string> files)
      : files_(std::move(files)), is_directory_(true) {}

  bool is_directory() const override { return is_directory_; }
  Result<std::unique_ptr<Blob>> open(std::string_view path) override {
    auto found = files_.find(std::string(path));
    if (found == files_.end()) return Error{ErrorCode::not_found, "no such file"};
    return std::unique_ptr<Blob>(new MemoryBlob(found->second));
  }
  Result<std::vector<DirectoryEntry>> list(std::vector<Gap>&) override {
    std::vector<DirectoryEntry> out;
    for (const auto& [path, bytes] : files_) {
      DirectoryEntry entry;
      entry.path = path;
      entry.size = bytes.size();
      out.push_back(std::move(entry));
    }
    return out;
  }
  Result<std::unique_ptr<Scratch>> scratch() override {
    return std::unique_ptr<Scratch>(new MemoryBlob(""));
  }

 private:
  std::map<std::string, std::string> files_;
  bool is_directory_;
};

inline std::string descriptor(const std::string& type, const std::string& bytes,
                              const std::string& more = "") {
  return R"({"mediaType":")" + type + R"(","digest":")" + digest_of(bytes) + R"(","size":)" +
         std::to_string(bytes.size()) + more + "}";
}

inline const std::string kManifestType = "application/vnd.oci.image.manifest.v1+json";
inline const std::string kIndexType = "application/vnd.oci.image.index.v1+json";
inline const std::string kConfigType = "application/vnd.oci.image.config.v1+json";
inline const std::string kGzipLayerType = "application/vnd.oci.image.layer.v1.tar+gzip";

// An OCI layout with one image of gzip layers; the parts can be changed before files() is called.
struct Layout {
  std::vector<std::string> tars;
  std::string platform_json = R"("os":"linux","architecture":"amd64",)";
  std::string index_more;     // behind the descriptor's fields in the index
  std::string manifest_more;  // more members of the manifest
  std::map<std::string, std::string> files;

  std::string put(const std::string& bytes) {
    files["blobs/sha256/" + digest_of(bytes).substr(7)] = bytes;
    return bytes;
  }
  // Adds config, layers and manifest; the manifest's bytes.
  std::string manifest() {
    std::string diff_ids, layers;
    for (const std::string& tar : tars) {
      if (!diff_ids.empty()) {
        diff_ids += ",";
        layers += ",";
      }
      diff_ids += "\"" + digest_of(tar) + "\"";
      layers += descriptor(kGzipLayerType, put(gzip(tar)));
    }
    std::string config =
        put("{" + platform_json + R"("config":{"Entrypoint":["/app"],"User":"65532"},)" +
            R"("rootfs":{"type":"layers","diff_ids":[)" + diff_ids + "]}}");
    return put(R"({"schemaVersion":2,"mediaType":")" + kManifestType + R"(","config":)" +
               descriptor(kConfigType, config) + R"(,"layers":[)" + layers + "]" + manifest_more +
               "}");
  }
  static std::string index(const std::string& descriptors) {
    return R"({"schemaVersion":2,"manifests":[)" + descriptors + "]}";
  }
  std::map<std::string, std::string> build() {
    files["oci-layout"] = R"({"imageLayoutVersion":"1.0.0"})";
    files["index.json"] = index(descriptor(kManifestType, manifest(), index_more));
    return files;
  }
};

inline std::string tar_of(const std::map<std::string, std::string>& files) {
  Tar tar;
  for (const auto& [path, bytes] : files) tar.file(path, bytes);
  return tar.str();
}

// Everything an image says, entries with the digests that a caller adds.
struct Everything {
  ImageInfo info;
  std::vector<Layer> layers;
  Error error;
  bool opened = false;
};

inline Everything read_everything(Store& store, const OpenOptions& options = {},
                                  const Limits& limits = {}) {
  Everything out;
  Result<std::unique_ptr<Image>> image = open_image(store, options, limits);
  if (!image) {
    out.error = std::move(image).error();
    return out;
  }
  out.opened = true;
  out.info = (*image)->info();
  for (std::size_t i = 0; i < out.info.layers.size(); ++i) {
    std::vector<Entry> entries;
    Layer layer = (*image)->read_layer(i, [&](Entry entry, std::optional<Bytes> content) {
      if (content) entry.digest = sha256_of(ByteView(*content)).text();
      entries.push_back(std::move(entry));
    });
    layer.entries = std::move(entries);
    out.layers.push_back(std::move(layer));
  }
  return out;
}

}  // namespace fathom::image::testing

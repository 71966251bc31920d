// A container image: what it says about itself, and its layers as they stream by.
//
//   Store ──open_image──▶ Image ──read_layer, each──▶ Layer (entries, gaps) ──flatten──▶ FileTree

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "archive/tar.h"
#include "base/digest.h"
#include "base/limits.h"
#include "image/store.h"
#include "model/evidence.h"
#include "model/report.h"

namespace fathom::image {

class Container;

struct LayerInfo {
  std::string digest;      // of the blob as it ships; "" for dir and file, and before the layer of
                           // a format that names none is read (tar, old docker archives)
  std::string diff_id;     // of the tar inside, from the config
  std::string media_type;  // as the manifest says it
  std::uint64_t size = 0;  // of the blob
  std::string created_by;  // the config's history line
  std::string created;     // … and when, as it says
  bool empty = false;      // history without a layer is kept out; this stays false
};

struct ImageInfo {
  std::string source;    // row name: "oci-archive"
  std::string digest;    // of the manifest; of the config for old docker archives; "" for dir/file
  std::string platform;  // "linux/arm64/v8", "" when unknown
  std::vector<std::string> names;  // tags
  std::string created;
  std::string user, working_dir;
  std::vector<std::string> entrypoint, command, env;
  std::vector<std::pair<std::string, std::string>> labels;       // in the order of the config
  std::vector<std::pair<std::string, std::string>> annotations;  // of the manifest, in its order
  std::vector<Statement> statements;       // that lie beside the image and name it or files of it
  std::vector<std::string> exposed_ports;  // "8080/tcp", as written
  std::vector<std::string> history;  // created_by of all lines, those without a layer included
  std::vector<LayerInfo> layers;     // base first
  std::vector<Gap> gaps;
  bool asked_for_attached = false;
  std::vector<Attachment> attached;  // sorted, once each
};

// One entry of one layer, path normalised: no leading "/" or "./", no "..", no empty parts.
struct Entry {
  std::string path;
  archive::TarType type = archive::TarType::regular;
  std::uint32_t mode = 0;
  std::uint64_t uid = 0, gid = 0;
  std::int64_t mtime = 0;
  std::uint64_t size = 0;
  std::string link_target;        // symlinks: as written; hard links: normalised path
  std::string digest;             // of a regular file's content, once known; "" before
  bool whiteout = false;          // deletes `path` of lower layers (".wh." already taken off)
  bool opaque = false;            // hides everything below `path` of lower layers
  bool has_capabilities = false;  // security.capability
  // The permitted set of security.capability, bit n for capability n (linux/capability.h); 0 when
  // the attribute is damaged.
  std::uint64_t capabilities = 0;
};

struct Layer {
  LayerInfo info;
  std::vector<Entry> entries;  // in archive order
  std::vector<Gap> gaps;
  bool complete = true;  // false: the stream broke; entries before the break stand
};

// Called for every entry in order. `content` is there for regular files up to limits.file_bytes;
// larger ones come with their digest already in the entry and a gap in the layer.
using EntryVisitor = std::function<void(Entry entry, std::optional<Bytes> content)>;

struct OpenOptions {
  std::string scheme;     // a row's name, or empty: found by looking
  std::string platform;   // "linux/arm64", or empty: this machine's, else the only one
  std::string file_name;  // what a target that is a single file is called
  std::string reference;  // tag or digest inside an OCI layout or docker archive, or empty
};

class Image {
 public:
  virtual ~Image() = default;
  const ImageInfo& info() const { return info_; }
  // Streams layer `index` through `visit` and checks its digests (blob and diff_id). Gaps and
  // completeness come back in the layer; its entries go to `visit` only.
  virtual Layer read_layer(std::size_t index, const EntryVisitor& visit) = 0;
  // The content of one of info().attached: of its first layer, where its digest is of a manifest.
  virtual Result<Bytes> read_attached(const Attachment& /*attached*/, const Limits& /*limits*/) {
    return Error{ErrorCode::not_found, "nothing is attached here"};
  }

 protected:
  ImageInfo info_;
};

// The target while its kind is looked for: whatever one row had to read is there for the next.
class Probe {
 public:
  Probe(Store& store, const Limits& limits);
  ~Probe();

  Store& store() { return store_; }
  const Limits& limits() const { return limits_; }
  bool is_directory() const { return store_.is_directory(); }

  // A single file's first bytes, decompressed when it is compressed as a whole; up to 512.
  const Bytes& first_bytes();
  bool is_tar();  // by the first block
  // The members of a single file that is a tar; null when it is none. Owned by the probe until
  // taken.
  Container* container();
  Result<std::unique_ptr<Container>> take_container();

 private:
  Store& store_;
  const Limits& limits_;
  std::optional<Bytes> first_bytes_;
  std::unique_ptr<Container> container_;
  std::optional<Error> container_failure_;
  std::vector<Gap> unpack_gaps_;

  // The bytes of a single file, decompressed into a temporary one when it is compressed.
  Result<std::unique_ptr<Blob>> uncompressed();
};

// A kind of target. Rows of image/list.cc, in the order in which they are tried.
struct Source {
  std::string_view name;  // the scheme: "oci-archive"
  int version;
  std::string_view summary;  // one line for --help and the docs
  bool (*wants)(Probe& probe);
  Result<std::unique_ptr<Image>> (*run)(Probe& probe, const OpenOptions& options);
};
std::span<const Source* const> all_sources();

// An error here means that there is no image to scan at all (exit status 2).
Result<std::unique_ptr<Image>> open_image(Store& store, const OpenOptions& options,
                                          const Limits& limits);

}  // namespace fathom::image

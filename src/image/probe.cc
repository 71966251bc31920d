// Looking for the kind of a target must not cost more than opening it: the index of a tar, and the
// decompressed copy of one that is compressed as a whole, are made once and handed on.

#include "archive/stream.h"
#include "base/text.h"
#include "image/containers.h"
#include "image/image.h"

namespace fathom::image {
namespace {

constexpr std::size_t kPiece = 1 << 18;
constexpr std::size_t kTarBlock = 512;

struct Opened {
  std::unique_ptr<Blob> blob;
  archive::Compression compression = archive::Compression::none;
};

Result<Opened> open_and_sniff(Store& store) {
  Opened opened;
  opened.blob = TRY(store.open(""));
  Bytes first(8);
  std::unique_ptr<archive::ByteSource> source = source_of(*opened.blob, 0, opened.blob->size());
  first.resize(TRY(archive::read_fully(*source, first)));
  opened.compression = archive::sniff_compression(ByteView(first));
  return opened;
}

std::unique_ptr<archive::ByteSource> uncompressed_source(Opened& opened, const Limits& limits) {
  std::unique_ptr<archive::ByteSource> source = source_of(*opened.blob, 0, opened.blob->size());
  if (opened.compression == archive::Compression::none) return source;
  archive::InflateLimits inflate{limits.image_inflated, limits.inflate_ratio, 64 * kMiB};
  return archive::decompress(std::move(source), opened.compression, inflate);
}

Result<Bytes> read_first_block(Store& store, const Limits& limits) {
  Opened opened = TRY(open_and_sniff(store));
  std::unique_ptr<archive::ByteSource> source = uncompressed_source(opened, limits);
  Bytes bytes(kTarBlock);
  bytes.resize(TRY(archive::read_fully(*source, bytes)));
  return bytes;
}

bool looks_like_tar(ByteView block) {
  if (block.has_at(257, "ustar")) return true;
  // v7 has no magic: a name, and a checksum that holds (counting its own place as spaces).
  if (block.size() < kTarBlock || block.span()[0] == 0) return false;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kTarBlock; ++i)
    sum += i >= 148 && i < 156 ? std::uint64_t{' '} : block.span()[i];
  std::string_view field = trim(block.clamped(148, 8).as_text());
  field = field.substr(0, field.find_first_of(std::string_view("\0 ", 2)));
  return parse_unsigned(field, 8) == sum;
}

}  // namespace

Probe::Probe(Store& store, const Limits& limits) : store_(store), limits_(limits) {}
Probe::~Probe() = default;

const Bytes& Probe::first_bytes() {
  if (!first_bytes_) {
    Result<Bytes> bytes =
        is_directory() ? Result<Bytes>(Bytes{}) : read_first_block(store_, limits_);
    first_bytes_ = bytes ? std::move(*bytes) : Bytes{};
  }
  return *first_bytes_;
}

bool Probe::is_tar() { return looks_like_tar(ByteView(first_bytes())); }

Result<std::unique_ptr<Blob>> Probe::uncompressed() {
  Opened opened = TRY(open_and_sniff(store_));
  if (opened.compression == archive::Compression::none) return std::move(opened.blob);
  std::unique_ptr<archive::ByteSource> source = uncompressed_source(opened, limits_);
  std::unique_ptr<Store::Scratch> scratch = TRY(store_.scratch());
  Bytes buffer(kPiece);
  for (;;) {
    Result<std::size_t> n = source->read(buffer);
    // What could be decompressed is kept: a cut archive has whole layers before the cut.
    if (!n && scratch->size() == 0) return std::move(n).error();
    if (!n)
      unpack_gaps_.push_back(
          {"image", "", "", -1, n.error().code, "the archive breaks off: " + n.error().message});
    if (!n || *n == 0) return std::unique_ptr<Blob>(std::move(scratch));
    TRY(scratch->append(ByteView(std::span<const std::uint8_t>(buffer).first(*n))));
  }
}

Container* Probe::container() {
  if (container_ || container_failure_ || is_directory() || !is_tar()) return container_.get();
  Result<std::unique_ptr<Blob>> blob = uncompressed();
  Result<std::unique_ptr<Container>> made =
      blob ? tar_container(std::move(*blob), limits_)
           : Result<std::unique_ptr<Container>>(std::move(blob).error());
  if (made) {
    container_ = std::move(*made);
    container_->gaps.insert(container_->gaps.begin(), unpack_gaps_.begin(), unpack_gaps_.end());
  } else {
    container_failure_ = std::move(made).error();
  }
  return container_.get();
}

Result<std::unique_ptr<Container>> Probe::take_container() {
  if (is_directory()) return Error{ErrorCode::usage, "is a folder, not an archive"};
  if (container() != nullptr) return std::move(container_);
  if (container_failure_) return *container_failure_;
  return Error{ErrorCode::malformed, "is not a tar archive"};
}

}  // namespace fathom::image

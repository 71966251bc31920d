#include "confine/channel_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "model/codec.h"

namespace fathom::image {

// Not in the image room: only what crosses the channel needs a binary form.
template <class Codec>
void describe(Codec& codec, DirectoryEntry& e) {
  codec(e.path, e.type, e.mode, e.uid, e.gid, e.mtime, e.size, e.link_target, e.device, e.inode,
        e.links);
}

template <class Codec>
void describe(Codec& codec, Store::Wanted& w) {
  codec(w.name, w.most, w.exact);
}

}  // namespace fathom::image

namespace fathom::confine {
namespace {

enum Type : std::uint32_t {
  request_open = 1,
  request_list,
  request_scratch,
  reply,
  refusal,
  request_fetch,
  request_read,
};

// One piece of a registry's blob. The child asks for each: what it has no time for waits in the
// kernel's buffers and slows the server down, and nobody needs a thread.
constexpr std::size_t kPiece = 1 << 18;

struct Refusal {
  ErrorCode code = ErrorCode::io;
  std::string message;
};
template <class Codec>
void describe(Codec& codec, Refusal& r) {
  codec(r.code, r.message);
}

struct Listing {
  std::vector<image::DirectoryEntry> entries;
  std::vector<Gap> gaps;
};
template <class Codec>
void describe(Codec& codec, Listing& l) {
  codec(l.entries, l.gaps);
}

// The number of a stream: that of the one before is refused, not confused.
struct StreamNumber {
  std::uint64_t number = 0;
};
template <class Codec>
void describe(Codec& codec, StreamNumber& s) {
  codec(s.number);
}

Result<Message> ask(Channel& channel, Type type, std::string_view payload) {
  TRY(channel.send(type, payload));
  std::optional<Message> answer = TRY(channel.receive());
  if (!answer) return Error{ErrorCode::io, "the parent is gone"};
  if (answer->type == reply) return std::move(*answer);
  Refusal why = TRY(decode_value<Refusal>(answer->payload));
  return Error{why.code, why.message};
}

class ChannelSource : public archive::ByteSource {
 public:
  ChannelSource(Channel& channel, StreamNumber number) : channel_(channel), number_(number) {}

  Result<std::size_t> read(std::span<std::uint8_t> into) override {
    if (into.empty() || at_end_) return std::size_t{0};
    if (taken_ == piece_.size()) TRY(next_piece());
    const std::size_t n = std::min(into.size(), piece_.size() - taken_);
    std::copy_n(piece_.begin() + static_cast<std::ptrdiff_t>(taken_), n, into.begin());
    taken_ += n;
    return n;
  }

 private:
  Done next_piece() {
    Message answer = TRY(ask(channel_, request_read, encode_value(number_)));
    piece_ = std::move(answer.payload);
    taken_ = 0;
    at_end_ = piece_.empty();
    return Ok{};
  }

  Channel& channel_;
  StreamNumber number_;
  std::string piece_;
  std::size_t taken_ = 0;
  bool at_end_ = false;
};

class ChannelStore : public image::Store {
 public:
  ChannelStore(Channel& channel, StoreKind kind) : channel_(channel), kind_(kind) {}

  bool is_directory() const override { return kind_ == StoreKind::folder; }
  bool is_registry() const override { return kind_ == StoreKind::registry; }

  Result<std::unique_ptr<archive::ByteSource>> fetch(const Wanted& wanted) override {
    Message answer = TRY(ask(channel_, request_fetch, encode_value(wanted)));
    const StreamNumber number = TRY(decode_value<StreamNumber>(answer.payload));
    return std::unique_ptr<archive::ByteSource>(new ChannelSource(channel_, number));
  }

  Result<std::unique_ptr<image::Blob>> open(std::string_view path) override {
    Message answer = TRY(ask(channel_, request_open, path));
    if (!answer.fd.open()) return Error{ErrorCode::io, "the parent sent no descriptor"};
    return image::blob_of_fd(answer.fd.release());
  }

  Result<std::vector<image::DirectoryEntry>> list(std::vector<Gap>& gaps) override {
    Message answer = TRY(ask(channel_, request_list, {}));
    Listing listing = TRY(decode_value<Listing>(answer.payload));
    gaps.insert(gaps.end(), listing.gaps.begin(), listing.gaps.end());
    return std::move(listing.entries);
  }

  Result<std::unique_ptr<Scratch>> scratch() override {
    Message answer = TRY(ask(channel_, request_scratch, {}));
    if (!answer.fd.open()) return Error{ErrorCode::io, "the parent sent no descriptor"};
    return image::scratch_of_fd(answer.fd.release());
  }

 private:
  Channel& channel_;
  StoreKind kind_;
};

Done refuse(Channel& channel, const Error& error) {
  return channel.send(refusal, encode_value(Refusal{error.code, error.message}));
}

Done answer_with_fd(Channel& channel, Result<int> opened) {
  if (!opened) return refuse(channel, opened.error());
  Fd fd(*opened);
  return channel.send(reply, {}, fd.get());
}

}  // namespace

std::unique_ptr<image::Store> channel_store(Channel& channel, StoreKind kind) {
  return std::make_unique<ChannelStore>(channel, kind);
}

StoreServer StoreServer::of_registry(std::unique_ptr<image::Store> registry) {
  StoreServer server;
  server.kind_ = StoreKind::registry;
  server.registry_ = std::move(registry);
  return server;
}

Result<StoreServer> StoreServer::open(const std::string& path) {
  StoreServer server;
  server.path_ = path;
  if (path == "-") {
    server.spool_ = Fd(TRY(image::spool_stdin()));
    return server;
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0)
    return Error{errno == ENOENT ? ErrorCode::not_found : ErrorCode::io, std::strerror(errno)};
  if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode))
    return Error{ErrorCode::unsupported, "neither a file nor a folder"};
  server.kind_ = S_ISDIR(status.st_mode) ? StoreKind::folder : StoreKind::file;
  return server;
}

Result<int> StoreServer::open_blob(std::string_view name) const {
  if (registry_) return Error{ErrorCode::not_found, "a registry has no files"};
  if (!spool_.open()) return image::open_local_fd(path_, kind_ == StoreKind::folder, name);
  if (!name.empty()) return Error{ErrorCode::not_found, "standard input has no files"};
  int copy = ::fcntl(spool_.get(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return Error{ErrorCode::io, std::strerror(errno)};
  return copy;
}

Done StoreServer::serve_fetch(std::string_view payload, Channel& channel) {
  const image::Store::Wanted wanted = TRY(decode_value<image::Store::Wanted>(payload));
  stream_.reset();
  stream_failure_.reset();
  if (!registry_) return refuse(channel, {ErrorCode::usage, "is no registry"});
  Result<std::unique_ptr<archive::ByteSource>> stream = registry_->fetch(wanted);
  if (!stream) return refuse(channel, stream.error());
  stream_ = std::move(*stream);
  return channel.send(reply, encode_value(StreamNumber{++stream_number_}));
}

Done StoreServer::serve_read(std::string_view payload, Channel& channel) {
  const StreamNumber asked = TRY(decode_value<StreamNumber>(payload));
  if (!stream_ || asked.number != stream_number_)
    return refuse(channel, {ErrorCode::usage, "this stream has ended"});
  Bytes piece(kPiece);
  std::size_t size = 0;
  // What came before a failure is delivered before the failure.
  while (size < piece.size() && !stream_failure_) {
    Result<std::size_t> n = stream_->read(std::span(piece).subspan(size));
    if (n && *n == 0) break;
    if (n) size += *n;
    if (!n) stream_failure_ = n.error();
  }
  if (size == 0 && stream_failure_) return refuse(channel, *stream_failure_);
  return channel.send(reply, ByteView(piece).clamped(0, size).as_text());
}

Result<bool> StoreServer::serve(const Message& message, Channel& channel) {
  switch (message.type) {
    case request_open:
      TRY(answer_with_fd(channel, open_blob(message.payload)));
      return true;
    case request_scratch:
      TRY(answer_with_fd(channel, image::open_scratch_fd()));
      return true;
    case request_fetch:
      TRY(serve_fetch(message.payload, channel));
      return true;
    case request_read:
      TRY(serve_read(message.payload, channel));
      return true;
    case request_list: {
      if (registry_) {
        TRY(refuse(channel, {ErrorCode::usage, "a registry cannot be listed"}));
        return true;
      }
      std::unique_ptr<image::Store> store = TRY(image::open_local(path_));
      Listing listing;
      Result<std::vector<image::DirectoryEntry>> entries = store->list(listing.gaps);
      if (!entries) {
        TRY(refuse(channel, entries.error()));
        return true;
      }
      listing.entries = std::move(*entries);
      TRY(channel.send(reply, encode_value(listing)));
      return true;
    }
    default:
      return false;
  }
}

}  // namespace fathom::confine

#include "confine/channel_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

}  // namespace fathom::image

namespace fathom::confine {
namespace {

enum Type : std::uint32_t { request_open = 1, request_list, request_scratch, reply, refusal };

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

class ChannelStore : public image::Store {
 public:
  ChannelStore(Channel& channel, bool is_directory)
      : channel_(channel), is_directory_(is_directory) {}

  bool is_directory() const override { return is_directory_; }

  Result<std::unique_ptr<image::Blob>> open(std::string_view path) override {
    Message answer = TRY(ask(request_open, path));
    if (!answer.fd.open()) return Error{ErrorCode::io, "the parent sent no descriptor"};
    return image::blob_of_fd(answer.fd.release());
  }

  Result<std::vector<image::DirectoryEntry>> list(std::vector<Gap>& gaps) override {
    Message answer = TRY(ask(request_list, {}));
    Listing listing = TRY(decode_value<Listing>(answer.payload));
    gaps.insert(gaps.end(), listing.gaps.begin(), listing.gaps.end());
    return std::move(listing.entries);
  }

  Result<std::unique_ptr<Scratch>> scratch() override {
    Message answer = TRY(ask(request_scratch, {}));
    if (!answer.fd.open()) return Error{ErrorCode::io, "the parent sent no descriptor"};
    return image::scratch_of_fd(answer.fd.release());
  }

 private:
  Result<Message> ask(Type type, std::string_view payload) {
    TRY(channel_.send(type, payload));
    std::optional<Message> answer = TRY(channel_.receive());
    if (!answer) return Error{ErrorCode::io, "the parent is gone"};
    if (answer->type == reply) return std::move(*answer);
    Refusal why = TRY(decode_value<Refusal>(answer->payload));
    return Error{why.code, why.message};
  }

  Channel& channel_;
  bool is_directory_;
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

std::unique_ptr<image::Store> channel_store(Channel& channel, bool is_directory) {
  return std::make_unique<ChannelStore>(channel, is_directory);
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
  server.is_directory_ = S_ISDIR(status.st_mode);
  if (!server.is_directory_ && !S_ISREG(status.st_mode))
    return Error{ErrorCode::unsupported, "neither a file nor a folder"};
  return server;
}

Result<int> StoreServer::open_blob(std::string_view name) const {
  if (!spool_.open()) return image::open_local_fd(path_, is_directory_, name);
  if (!name.empty()) return Error{ErrorCode::not_found, "standard input has no files"};
  int copy = ::fcntl(spool_.get(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return Error{ErrorCode::io, std::strerror(errno)};
  return copy;
}

Result<bool> StoreServer::serve(const Message& message, Channel& channel) {
  switch (message.type) {
    case request_open:
      TRY(answer_with_fd(channel, open_blob(message.payload)));
      return true;
    case request_scratch:
      TRY(answer_with_fd(channel, image::open_scratch_fd()));
      return true;
    case request_list: {
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

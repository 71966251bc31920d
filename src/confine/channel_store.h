// The child's only way to bytes outside: it asks the parent by name, the parent answers with an
// open read-only descriptor, or refuses.

#pragma once

#include <memory>
#include <string>

#include "confine/channel.h"
#include "image/store.h"

namespace fathom::confine {

// Message types below this belong to the store's protocol, the rest to whoever uses the channel.
inline constexpr std::uint32_t kFirstFreeType = 16;

enum class StoreKind : std::uint8_t { file, folder, registry };

// Child: a store whose every request goes over `channel`, which must outlive it.
std::unique_ptr<image::Store> channel_store(Channel& channel, StoreKind kind);

// Parent: what is served.
class StoreServer {
 public:
  // `path` is a file, a folder, or "-" for standard input (spooled to an unnamed temporary file).
  static Result<StoreServer> open(const std::string& path);
  // What a registry has. Its bytes go through the channel, in pieces that the child asks for.
  static StoreServer of_registry(std::unique_ptr<image::Store> registry);

  StoreKind kind() const { return kind_; }
  // Answers a store request; false when `message` is not one.
  Result<bool> serve(const Message& message, Channel& channel);

 private:
  Result<int> open_blob(std::string_view name) const;
  Done serve_fetch(std::string_view payload, Channel& channel);
  Done serve_read(std::string_view payload, Channel& channel);

  std::string path_;
  StoreKind kind_ = StoreKind::file;
  Fd spool_;  // standard input, once it has been read
  std::unique_ptr<image::Store> registry_;
  std::unique_ptr<archive::ByteSource> stream_;  // what the child is reading
  std::uint64_t stream_number_ = 0;
  std::optional<Error> stream_failure_;
};

}  // namespace fathom::confine

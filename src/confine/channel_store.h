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

// Child: a store whose every request goes over `channel`, which must outlive it.
std::unique_ptr<image::Store> channel_store(Channel& channel, bool is_directory);

// Parent: what is served.
class StoreServer {
 public:
  // `path` is a file, a folder, or "-" for standard input (spooled to an unnamed temporary file).
  static Result<StoreServer> open(const std::string& path);

  bool is_directory() const { return is_directory_; }
  // Answers a store request; false when `message` is not one.
  Result<bool> serve(const Message& message, Channel& channel);

 private:
  Result<int> open_blob(std::string_view name) const;

  std::string path_;
  bool is_directory_ = false;
  Fd spool_;  // standard input, once it has been read
};

}  // namespace fathom::confine

// Who the user is at a registry: what docker login and podman login have left on this machine.
// Source: containers-auth.json(5); docker login, "Credential stores".

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fathom::registry {

struct Credentials {
  std::string user, password;
  std::string identity_token;  // of an OAuth2 token service, in place of a password
  std::string registry_token;  // a bearer token for the registry itself
  std::string origin;          // the file, or the helper, for messages
  bool empty() const { return user.empty() && identity_token.empty() && registry_token.empty(); }
};

using Variable = std::function<std::string(const char*)>;  // "" when it is not set
std::string environment_variable(const char* name);

// The files to look into, in order: $REGISTRY_AUTH_FILE alone when it is set; else
// $XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json,
// $DOCKER_CONFIG/config.json or ~/.docker/config.json.
std::vector<std::string> credential_files(const Variable& variable);

// What one such file says about registry and repository path. An error is one of the form of the
// file; its text never quotes the file.
struct FileAnswer {
  Credentials credentials;  // empty: the file has none
  std::string helper;       // the suffix of the helper to ask instead, or empty
  std::string server;       // what to ask it for
};
Result<FileAnswer> credentials_in(std::string_view json, std::string_view registry,
                                  std::string_view path);

// Looks through the files and runs helpers. A file or helper that fails is warned about and is as
// good as none; empty credentials when there are none.
Credentials find_credentials(std::string_view registry, std::string_view path,
                             const Variable& variable = environment_variable);

// Asks docker-credential-NAME, found by PATH, for a server: at most 20 s, 64 KiB. Empty credentials
// when it knows none.
Result<Credentials> ask_helper(const std::string& name, const std::string& server);
// What a helper has printed.
Result<Credentials> parse_helper_answer(std::string_view json);

}  // namespace fathom::registry

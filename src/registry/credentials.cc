#include "registry/credentials.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/base64.h"
#include "base/log.h"
#include "base/text.h"
#include "json/value.h"

namespace fathom::registry {
namespace {

constexpr std::size_t kMostFileBytes = 4 * 1024 * 1024;
// What docker login writes for Docker Hub.
constexpr std::string_view kDockerHubServer = "https://index.docker.io/v1/";

// "https://index.docker.io/v1/" and "registry-1.docker.io" are docker.io; a key may name a
// namespace of a registry ("quay.io/team"), one with a scheme names a registry only.
std::string canonical_key(std::string_view key) {
  const std::size_t mark = key.find("://");
  if (mark != key.npos) {
    key.remove_prefix(mark + 3);
    key = key.substr(0, key.find('/'));
  }
  while (key.ends_with('/')) key.remove_suffix(1);
  const std::size_t slash = key.find('/');
  std::string host = to_lower(key.substr(0, slash));
  if (host == "index.docker.io" || host == "registry-1.docker.io") host = "docker.io";
  return host + (slash == key.npos ? "" : std::string(key.substr(slash)));
}

// The most specific first: "quay.io/team/app", "quay.io/team", "quay.io".
std::vector<std::string> keys_for(std::string_view registry, std::string_view path) {
  std::string key = canonical_key(registry);
  const std::size_t least = key.size();
  if (!path.empty()) key += "/" + std::string(path);
  std::vector<std::string> keys{key};
  while (key.size() > least) {
    key.resize(key.rfind('/'));
    keys.push_back(key);
  }
  return keys;
}

const json::Value* member_for(const json::Value& object, const std::string& key) {
  if (object.object() == nullptr) return nullptr;
  for (const auto& [name, value] : *object.object())
    if (canonical_key(name) == key) return &value;
  return nullptr;
}

Result<Credentials> credentials_of(const json::Value& entry) {
  Credentials out;
  out.user = entry["username"].text_or();
  out.password = entry["password"].text_or();
  out.identity_token = entry["identitytoken"].text_or();
  out.registry_token = entry["registrytoken"].text_or();
  const std::string_view joined = entry["auth"].text_or();
  if (joined.empty()) return out;
  std::optional<std::string> plain = from_base64(trim(joined));
  const std::size_t colon = plain ? plain->find(':') : std::string::npos;
  if (colon == std::string::npos)
    return Error{ErrorCode::malformed, "an \"auth\" that is not base64 of user:password"};
  out.user = plain->substr(0, colon);
  out.password = plain->substr(colon + 1);
  while (out.password.ends_with('\0')) out.password.pop_back();
  return out;
}

std::string server_for_helper(std::string_view registry) {
  return registry == "docker.io" ? std::string(kDockerHubServer) : std::string(registry);
}

bool is_helper_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

std::optional<std::string> contents_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text(kMostFileBytes, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

Result<Credentials> credentials_from(const std::string& file, std::string_view text,
                                     std::string_view registry, std::string_view path) {
  FileAnswer answer = TRY(credentials_in(text, registry, path));
  if (!answer.helper.empty()) {
    Credentials asked = TRY(ask_helper(answer.helper, answer.server));
    asked.origin = "docker-credential-" + answer.helper;
    if (!asked.empty()) return asked;
  }
  answer.credentials.origin = printable(file);
  return std::move(answer.credentials);
}

}  // namespace

std::string environment_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::vector<std::string> credential_files(const Variable& variable) {
  if (std::string named = variable("REGISTRY_AUTH_FILE"); !named.empty()) return {named};
  std::vector<std::string> files;
  const std::string runtime = variable("XDG_RUNTIME_DIR"), home = variable("HOME");
  std::string config = variable("XDG_CONFIG_HOME"), docker = variable("DOCKER_CONFIG");
  if (config.empty() && !home.empty()) config = home + "/.config";
  if (docker.empty() && !home.empty()) docker = home + "/.docker";
  if (!runtime.empty()) files.push_back(runtime + "/containers/auth.json");
  if (!config.empty()) files.push_back(config + "/containers/auth.json");
  if (!docker.empty()) files.push_back(docker + "/config.json");
  return files;
}

Result<FileAnswer> credentials_in(std::string_view text, std::string_view registry,
                                  std::string_view path) {
  Result<json::Value> parsed = json::parse(text);
  if (!parsed || parsed->object() == nullptr)
    return Error{ErrorCode::malformed, "is no JSON object"};
  const json::Value& root = *parsed;
  FileAnswer answer;
  const std::vector<std::string> keys = keys_for(registry, path);
  if (const json::Value* helper = member_for(root["credHelpers"], keys.back()))
    answer.helper = helper->text_or();
  else
    answer.helper = root["credsStore"].text_or();
  answer.server = server_for_helper(canonical_key(registry));
  if (!answer.helper.empty() && !is_helper_name(answer.helper))
    return Error{ErrorCode::malformed, "the name of a credential helper is no name"};
  for (const std::string& key : keys) {
    const json::Value* entry = member_for(root["auths"], key);
    if (entry == nullptr) continue;
    answer.credentials = TRY(credentials_of(*entry).in("the entry of " + printable(key)));
    if (!answer.credentials.empty()) break;
  }
  return answer;
}

Credentials find_credentials(std::string_view registry, std::string_view path,
                             const Variable& variable) {
  const bool named = !variable("REGISTRY_AUTH_FILE").empty();
  for (const std::string& file : credential_files(variable)) {
    std::optional<std::string> text = contents_of(file);
    if (!text) {
      const std::string why = std::strerror(errno);
      if (named) log::warning("REGISTRY_AUTH_FILE " + printable(file) + " cannot be read: " + why);
      continue;
    }
    Result<Credentials> found = credentials_from(file, *text, registry, path);
    if (!found)
      log::warning("no credentials from " + printable(file) + ": " + found.error().message);
    else if (!found->empty())
      return std::move(*found);
  }
  return {};
}

Result<Credentials> parse_helper_answer(std::string_view text) {
  Result<json::Value> parsed = json::parse(text);
  if (!parsed || parsed->object() == nullptr)
    return Error{ErrorCode::malformed, "its answer is no JSON object"};
  Credentials out;
  out.user = (*parsed)["Username"].text_or();
  out.password = (*parsed)["Secret"].text_or();
  // How helpers say that the secret is a token.
  if (out.user == "<token>") {
    out.identity_token = std::move(out.password);
    out.user.clear();
    out.password.clear();
  }
  return out;
}

}  // namespace fathom::registry

#include "scan/target.h"

#include <filesystem>

#include "base/text.h"
#include "image/image.h"
#include "registry/registry.h"

namespace fathom {
namespace {

bool exists(const std::string& path) {
  std::error_code ignored;
  return path == "-" || std::filesystem::exists(path, ignored);
}

bool is_scheme(std::string_view word) {
  for (const image::Source* source : image::all_sources())
    if (source->name == word) return true;
  return false;
}

// Cuts "path:tag" or "path@sha256:…" where the path exists.
bool cut_reference(Target& target) {
  std::string& path = target.path;
  std::size_t at = path.rfind("@sha");
  if (at != std::string::npos && exists(path.substr(0, at))) {
    target.reference = path.substr(at + 1);
    path.resize(at);
    return true;
  }
  std::size_t colon = path.rfind(':');
  if (colon != std::string::npos && colon > 0 && exists(path.substr(0, colon))) {
    target.reference = path.substr(colon + 1);
    path.resize(colon);
    return true;
  }
  return false;
}

// A file that is not there must not send its name to a registry.
bool looks_like_path(std::string_view text) {
  constexpr std::string_view kEndings[] = {".tar", ".gz",  ".tgz", ".zst", ".xz",
                                           ".bz2", ".zip", ".jar", ".json"};
  if (text.starts_with('/') || text.starts_with('.') || text.ends_with('/')) return true;
  for (std::string_view ending : kEndings)
    if (text.ends_with(ending)) return true;
  return false;
}

Done take_image(std::string_view name, Target& target) {
  target.image = TRY(registry::parse_image_name(name));
  target.scheme = "registry";
  target.path = name;
  target.reference = registry::wanted_of(*target.image);
  return Ok{};
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
  Target target;
  target.text = text;
  target.path = text;
  if (text.empty()) return Error{ErrorCode::usage, "no target was named"};
  constexpr std::string_view kRegistry = "registry:";
  if (text.starts_with(kRegistry)) {
    TRY(take_image(text.substr(kRegistry.size()), target));
    return target;
  }
  if (exists(target.path)) return target;
  std::size_t colon = text.find(':');
  if (colon != text.npos && is_scheme(text.substr(0, colon))) {
    target.scheme = text.substr(0, colon);
    target.path = text.substr(colon + 1);
    if (target.path.empty())
      return Error{ErrorCode::usage, "nothing behind \"" + target.scheme + ":\""};
    if (exists(target.path)) return target;
  }
  if (cut_reference(target)) return target;
  if (target.scheme.empty() && !looks_like_path(text)) {
    Done named = take_image(text, target);
    if (named) return target;
    if (text.find('@') != text.npos) return std::move(named).error();
  }
  std::string message = "there is no file or folder \"" + printable(target.path) + "\"";
  // How skopeo writes the names of images.
  if (text.find("://") != text.npos)
    message += "; an image in a registry is named without \"://\", as registry:debian:12";
  return Error{ErrorCode::not_found, std::move(message)};
}

}  // namespace fathom

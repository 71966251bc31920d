#include "scan/target.h"

#include <filesystem>

#include "base/text.h"
#include "image/image.h"

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

}  // namespace

Result<Target> parse_target(std::string_view text) {
  Target target;
  target.text = text;
  target.path = text;
  if (text.empty()) return Error{ErrorCode::usage, "no target was named"};
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
  return Error{ErrorCode::not_found,
               "there is no file or folder \"" + printable(target.path) + "\""};
}

}  // namespace fathom

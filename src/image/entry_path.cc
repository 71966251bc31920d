#include "image/entry_path.h"

#include "base/text.h"

namespace fathom::image {
namespace {

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kBookkeeping = ".wh..wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";

}  // namespace

Result<std::string> normalise_path(std::string_view path, const Limits& limits) {
  if (path.size() > limits.path_bytes)
    return Error{ErrorCode::limit_exceeded, "a path of " + std::to_string(path.size()) + " bytes"};
  if (path.find('\0') != path.npos)
    return Error{ErrorCode::malformed, "a path with a NUL: " + printable(path)};
  std::string out;
  std::uint64_t depth = 0;
  for (std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..")
      return Error{ErrorCode::malformed, "a path that leads out: " + printable(path)};
    if (++depth > limits.path_depth)
      return Error{ErrorCode::limit_exceeded, "a path deeper than the limit"};
    if (!out.empty()) out += '/';
    out += part;
  }
  return out;
}

LayerName read_layer_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view folder = slash == path.npos ? "" : path.substr(0, slash);
  const std::string_view name = path.substr(slash == path.npos ? 0 : slash + 1);
  LayerName out{NameKind::plain, std::string(path), false};
  out.below_whiteout =
      folder.starts_with(kWhiteout) || folder.find("/" + std::string(kWhiteout)) != folder.npos;
  if (!name.starts_with(kWhiteout)) return out;
  const std::string_view deleted = name.substr(kWhiteout.size());
  if (name == kOpaque) {
    out.kind = NameKind::opaque;
    out.path = folder;
  } else if (name.starts_with(kBookkeeping)) {
    out.kind = NameKind::bookkeeping;
  } else if (deleted.empty() || deleted == "." || deleted == "..") {
    out.kind = NameKind::nameless_whiteout;
  } else {
    out.kind = NameKind::whiteout;
    out.path =
        folder.empty() ? std::string(deleted) : std::string(folder) + "/" + std::string(deleted);
  }
  return out;
}

}  // namespace fathom::image

#include "scan/contents.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "image/file_tree.h"
#include "scan/wire.h"

namespace fathom {

Result<std::unique_ptr<image::Image>> open_job_image(image::Store& store, const Job& job,
                                                     const Limits& limits) {
  image::OpenOptions options{job.scheme, job.platform, job.file_name, job.reference};
  return image::open_image(store, options, limits);
}

Result<std::map<FilePlace, Bytes>> read_contents(image::Image& image,
                                                 const std::vector<FilePlace>& wanted,
                                                 const Limits& limits) {
  std::set<FilePlace> missing(wanted.begin(), wanted.end());
  std::map<FilePlace, Bytes> out;
  std::uint64_t bytes = 0;
  for (std::size_t layer = 0; layer < image.info().layers.size(); ++layer) {
    bool any = std::any_of(missing.begin(), missing.end(),
                           [&](const FilePlace& place) { return place.layer == layer; });
    if (!any) continue;
    image.read_layer(layer, [&](image::Entry entry, std::optional<Bytes> content) {
      FilePlace place{layer, std::move(entry.path)};
      if (!content || !missing.contains(place)) return;
      if (!out.contains(place)) bytes += content->size();
      if (bytes <= limits.member_bytes) out[std::move(place)] = std::move(*content);
    });
  }
  if (bytes > limits.member_bytes)
    return Error{ErrorCode::limit_exceeded,
                 "the programs' files together are larger than the limit"};
  return out;
}

Result<FilePlace> find_place(image::Image& image, std::string_view path, const Limits& limits) {
  std::vector<image::Layer> layers;
  for (std::size_t i = 0; i < image.info().layers.size(); ++i) {
    std::vector<image::Entry> entries;
    image::Layer layer = image.read_layer(i, [&](image::Entry entry, std::optional<Bytes> content) {
      // The tree follows hard links by what they point to; any text that is the same for both does.
      if (content) entry.digest = std::to_string(i) + ":" + entry.path;
      entries.push_back(std::move(entry));
    });
    layer.entries = std::move(entries);
    layers.push_back(std::move(layer));
  }
  image::FileTree tree = image::flatten(layers, limits);
  const image::TreeFile* file = tree.find(path);
  if (file == nullptr || file->entry.digest.empty())
    return Error{ErrorCode::usage, "there is no file \"" + printable(path) + "\" in it"};
  std::string_view content = file->entry.digest;
  std::size_t colon = content.find(':');
  return FilePlace{parse_unsigned(content.substr(0, colon)).value_or(0),
                   std::string(content.substr(colon + 1))};
}

}  // namespace fathom

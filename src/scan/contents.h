// The confined child's side of questions about some files of an image: their contents, read again
// from its layers.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "confine/channel.h"
#include "image/image.h"

namespace fathom {

struct Job;

struct FilePlace {
  std::uint64_t layer = 0;
  std::string path;  // as the layer's entry has it
  auto operator<=>(const FilePlace&) const = default;
};

Result<std::unique_ptr<image::Image>> open_job_image(image::Store& store, const Job& job,
                                                     const Limits& limits);

// Those that are there; together no more than limits.member_bytes.
Result<std::map<FilePlace, Bytes>> read_contents(image::Image& image,
                                                 const std::vector<FilePlace>& wanted,
                                                 const Limits& limits);

// The place of the visible file at `path`, symlinks followed.
Result<FilePlace> find_place(image::Image& image, std::string_view path, const Limits& limits);

}  // namespace fathom

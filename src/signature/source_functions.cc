#include "signature/source_functions.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/codec.h"

namespace fathom::signature {
namespace {

constexpr std::string_view kMagic = "FTFN";
constexpr std::uint32_t kVersion = 1;

template <class T>
void put(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(value >> 8 * i & 0xff);
}

Error bad(std::string what) { return {ErrorCode::malformed, "functions: " + std::move(what)}; }

bool fits(const SourceFunction& function, const FeatureView& library) {
  return function.file < library.files() &&
         std::ranges::all_of(
             function.bodies,
             [&](const FeatureBody& body) {
               return body.set < library.sets() &&
                      std::ranges::all_of(
                          body.texts, [&](std::uint32_t text) { return text < library.texts(); });
             });
}

}  // namespace

// Ascending numbers as differences, like the features themselves.
template <class Codec>
void describe(Codec& codec, FeatureBody& body) {
  std::vector<std::uint32_t> steps = body.texts;
  for (std::size_t i = steps.size(); i-- > 1;) steps[i] -= steps[i - 1];
  codec(body.set, steps);
  for (std::size_t i = 1; i < steps.size(); ++i) steps[i] += steps[i - 1];
  body.texts = std::move(steps);
}
template <class Codec>
void describe(Codec& codec, SourceFunction& function) {
  codec(function.name, function.file, function.bodies);
}

std::string pack_source_functions(const std::vector<SourceFunctionList>& libraries) {
  std::string sizes, blocks;
  for (const SourceFunctionList& library : libraries) {
    const std::string block = encode_value(library);
    put(sizes, static_cast<std::uint64_t>(block.size()));
    blocks += block;
  }
  std::string head(kMagic);
  put(head, kVersion);
  put(head, static_cast<std::uint32_t>(libraries.size()));
  return head + sizes + blocks;
}

Result<SourceFunctions> SourceFunctions::open(std::string_view packed) {
  SourceFunctions out;
  if (packed.empty()) return out;
  const ByteView bytes = ByteView::of(packed);
  if (!bytes.starts_with(kMagic)) return bad("not of this form");
  const std::uint32_t version = TRY(bytes.read<std::uint32_t>(4));
  const std::uint32_t count = TRY(bytes.read<std::uint32_t>(8));
  if (version != kVersion || count > 0xffff) return bad("version " + std::to_string(version));
  std::uint64_t at = 12 + 8 * std::uint64_t{count};
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t size = TRY(bytes.read<std::uint64_t>(12 + 8 * std::uint64_t{i}));
    const ByteView block = TRY(bytes.slice(at, size));
    out.blocks_.push_back(block.as_text());
    at += size;
  }
  if (at != bytes.size()) return bad("bytes behind the last library");
  return out;
}

SourceFunctionList SourceFunctions::of(const Features& features, std::size_t index) const {
  if (index >= blocks_.size() || index >= features.library_count()) return {};
  Result<SourceFunctionList> list = decode_value<SourceFunctionList>(blocks_[index]);
  if (!list) return {};
  const FeatureView library = features.library(index);
  std::erase_if(*list, [&](const SourceFunction& f) { return !fits(f, library); });
  return std::move(*list);
}

}  // namespace fathom::signature
